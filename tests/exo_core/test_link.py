"""The bounded line of the C core: framed as by others; no host makes a tick handle more than its share."""

from __future__ import annotations

import struct

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.exo_protocol import DeviceState
from core.exo_core.link import Link, LinkUse
from tests.deploy.controllers import package
from tests.exo_core.host import EXO, HEADER, OS, READ, WRITE, Exo
from tests.virtual_exo.flood import HEARTBEAT, KINDS, TELEMETRY, bytes_of, line_of
from tests.virtual_exo.framing import FrameReader, encode_frame

FRAMES, SHARE, INBOX, OUTBOX, WAITING, STUCK, CALM = 8, 4096, 8192, 8192, 4, 50, 5
BACKLOG, NOISE = 3072, 6144
FAULT_ROW = 20


class Line:
    """A device, its link, and what the host reads of it."""

    def __init__(self, exo: Exo, core, use: LinkUse = LinkUse.OPEN) -> None:
        self.exo, self.link, self._reader = exo, Link(exo.device, use, core), FrameReader()

    def say(self, data: bytes) -> list[bytes]:
        self.link.put(data)
        self.link.serve()
        return self.read()

    def read(self, most: int = 1 << 20) -> list[bytes]:
        taken = self.link.pending[:most]
        self.link.sent(len(taken))
        return self._reader.feed(taken)

    def tick(self) -> None:
        fault = self.link.tick()
        self.exo.tick(lambda inputs: setattr(inputs, "link_fault", fault))


@pytest.fixture
def line(core):
    return Line(Exo(core), core)


@pytest.fixture(scope="module")
def worn_exo(core):
    exo = Exo(core)
    exo.wear()
    exo.name = exo.install(package(1).device_bytes)
    return exo


@pytest.fixture
def assisting(worn_exo, core):
    """A line to an exo with torque on."""
    exo = worn_exo
    exo.ask(EXO, 6, WRITE, arm=False)
    exo.ask(EXO, 9, WRITE, ack=True)
    exo.run(0.1)
    assert exo.arm(exo.name) == {"state": DeviceState.ARMED}
    exo.run(3.5)
    assert exo.state is DeviceState.ACTIVE and exo.bench.enabled
    return Line(exo, core)


def body(answer: bytes) -> dict[str, object]:
    return cbor2.loads(answer[HEADER.size :])


# framing


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=500), st.binary(max_size=40), st.integers(1, 400))
def test_it_frames_as_others_do_whatever_the_pieces_and_the_noise(core, text, noise, size):
    link = Link(Exo(core).device, LinkUse.OPEN, core)
    noise = noise.replace(b"\x06", b"").replace(b"\x04", b"")
    stream = noise + b"\n" + line_of(OS, 0, WRITE, d=text)
    for at in range(0, len(stream), size):
        link.put(stream[at : at + size])
        link.serve()
    (answer,) = FrameReader().feed(link.pending)
    assert body(answer) == {"r": text}


@pytest.mark.parametrize("length", [0, 1, 2, 3, 81, 82, 83, 84, 500, 2030])
def test_frames_of_every_length_go_both_ways(line, length):
    from smp import packet

    text = "x" * length
    request = cbor2.dumps({"d": text})
    frame = HEADER.pack(1 << 3 | WRITE, 0, len(request), OS, 7, 0) + request
    (answer,) = line.say(b"".join(packet.encode(frame)))
    assert body(answer) == {"r": text}


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_frame_is_never_obeyed_by_the_link(core, position, change):
    raw = bytearray(line_of(OS, 0, WRITE, d="a text of some length " * 9))
    raw[position % len(raw)] ^= change
    link = Link(None, LinkUse.IN_USE, core)
    link.put(bytes(raw))
    link.serve()
    whole = FrameReader().feed(bytes(raw))
    assert bool(link.pending) <= bool(whole)


def test_a_frame_that_is_longer_than_the_buffer_is_dropped_and_the_next_one_read(line):
    long = encode_frame(bytes(2049))
    assert line.say(long) == []
    assert body(line.say(line_of(OS, 0, WRITE, d="next"))[0]) == {"r": "next"}


def test_only_a_request_is_refused_and_by_its_own_number(core):
    link = Link(None, LinkUse.IN_USE, core)
    link.put(encode_frame(bytes([3, 0, 0, 0, 0, 0, 0, 0])) + encode_frame(b"short") + line_of(EXO, 0))
    link.serve()
    (answer,) = FrameReader().feed(link.pending)
    assert struct.unpack_from("!BBHHBB", answer)[3:] == (EXO, 1, 0) and body(answer) == {"rc": 10}


# bounds


def test_a_tick_handles_its_share_of_frames_and_no_more(line):
    assert len(line.say(line_of(OS, 0, WRITE, d="a") * 12)) == FRAMES
    line.link.serve()
    assert line.read() == []
    line.tick()
    assert len(line.say(b"")) == 12 - FRAMES


def test_a_host_that_waits_for_its_answers_is_served_however_fast_it_is(line):
    for tick in range(40):
        answers = [line.say(line_of(OS, 0, WRITE, d=str(number))) for number in range(FRAMES)]
        assert all(len(answer) == 1 for answer in answers)
        more = line.say(line_of(OS, 0, WRITE, d="one too many"))
        assert more == [] and not line.link.tick(), tick
        assert len(line.say(b"")) == 1
        assert not line.link.tick()


def test_the_longest_frames_one_after_the_other_are_no_flood(line):
    request = cbor2.dumps({"d": "x" * 2020})
    frame = encode_frame(HEADER.pack(1 << 3 | WRITE, 0, len(request), OS, 1, 0) + request)
    answers = 0
    for _ in range(60):
        if not line.link.waits:
            line.link.put(frame)
        line.link.serve()
        answers += len(line.read())
        assert not line.link.tick()
    assert answers >= 40


def test_five_frames_that_wait_are_a_flood_and_four_are_not(line):
    line.link.put(HEARTBEAT * (FRAMES + WAITING))
    line.link.serve()
    assert not line.link.tick()
    line.link.serve()
    line.read()
    assert not line.link.tick()
    line.link.put(HEARTBEAT * (FRAMES + WAITING + 1))
    line.link.serve()
    assert line.link.tick() and line.link.flooded


def test_what_has_no_room_is_lost_and_told(line):
    line.link.put(bytes(INBOX))
    assert line.link._link.lost == 0
    line.link.put(bytes(1))
    assert line.link._link.lost == 1 and line.link.tick()


def test_more_bytes_that_wait_than_a_frame_has_are_a_flood(line):
    line.link.put(HEARTBEAT + bytes(SHARE + BACKLOG - len(HEARTBEAT)))
    line.link.serve()
    assert not line.link.tick()
    line.link.put(bytes(SHARE + 1))
    line.link.serve()
    assert line.link.tick()


def test_noise_without_a_frame_is_a_flood_and_with_one_now_and_then_it_is_not(line):
    for _ in range(10):
        line.link.put(bytes(NOISE - 200) + b"\n" + HEARTBEAT)
        for _ in range(2):
            line.link.serve()
            line.read()
            assert not line.link.tick()
    line.link.put(bytes(NOISE + 1 - SHARE))
    line.link.serve()
    assert not line.link.tick()
    line.link.put(bytes(SHARE))
    line.link.serve()
    assert line.link.tick()


def test_a_flood_is_thrown_away_unread_and_over_after_a_calm_moment(line):
    line.link.put(HEARTBEAT * 300)
    assert line.link.tick()
    for _ in range(20):
        line.link.put(bytes(SHARE + 1))
        line.link.serve()
        assert line.link.tick() and not line.link.pending
    for _ in range(CALM - 1):
        assert line.link.tick()
    assert not line.link.tick()
    assert body(line.say(line_of(OS, 0, WRITE, d="again"))[0]) == {"r": "again"}


def test_the_oldest_telemetry_makes_room_for_other_answers(line):
    line.exo.run(0.6)
    for _ in range(4):  # 1.9 kB each, on the line 2.6 kB: the fourth has no room beside the others
        line.link.put(TELEMETRY)
        line.link.serve()
    line.link.put(line_of(OS, 0, WRITE, d="kept"))
    line.link.serve()
    waiting = len(line.link.pending)
    answers = line.read()
    assert waiting <= OUTBOX
    assert [answer[5] for answer in answers] == [EXO, EXO, OS]
    assert not line.link.tick()


def test_without_room_for_its_answer_a_request_is_not_done_and_the_link_is_at_fault(line):
    """Answers that are not telemetry are never dropped for another one."""
    for _ in range(7):
        line.link.put(line_of(OS, 0, WRITE, d="x" * 600))
        line.link.serve()
        assert not line.link.tick()
    waiting = line.link.pending
    line.link.put(line_of(OS, 5, WRITE))
    line.link.serve()
    assert (line.exo.device.reset_requested, line.link.pending) == (False, waiting)
    assert line.link.tick()


def test_a_part_of_an_answer_that_is_out_stays_in_front(line):
    line.exo.run(0.6)
    line.link.put(TELEMETRY)
    line.link.serve()
    begun, reader = line.link.pending[:100], FrameReader()
    line.link.sent(100)
    for _ in range(5):
        line.link.put(TELEMETRY)
        line.link.serve()
    frames = reader.feed(begun + line.link.pending)
    assert frames and all(frame[5] == EXO for frame in frames)


def test_answers_that_nobody_takes_are_dropped_after_half_a_second(line):
    line.link.put(HEARTBEAT)
    line.link.serve()
    for _ in range(STUCK - 1):
        assert not line.link.tick()
    assert line.link.tick() and not line.link.pending
    assert not line.link.tick()


def test_a_slow_line_that_moves_is_not_dropped(line):
    line.exo.run(0.6)
    line.link.put(TELEMETRY)
    line.link.serve()
    while line.link.pending:
        line.link.sent(20)  # 20 bytes in 10 ms
        assert not line.link.tick()


def test_a_reset_ends_the_round_so_that_the_answer_goes_out_first(line):
    line.link.put(line_of(OS, 5, WRITE) + line_of(OS, 0, WRITE, d="after"))
    line.link.serve()
    assert len(line.read()) == 1 and line.exo.device.reset_requested
    line.exo.device.boot()
    assert len(line.say(b"")) == 1


# the exo at its end


def test_s20_a_flood_latches_zero_torque_in_the_next_tick(assisting):
    exo = assisting.exo
    assisting.link.put(bytes_of("valid", 1 << 15))
    assisting.link.serve()
    assisting.tick()
    assert exo.state is DeviceState.FAULT
    assert exo.bench.torque_nm == (0.0, 0.0) and not exo.bench.enabled
    newest = exo.ask(EXO, 9)["faults"][-1]
    assert (newest["code"], newest["detail"]) == (FAULT_ROW, "fault")


@pytest.mark.parametrize("kind", KINDS)
def test_s20_whatever_floods_an_assisting_exo_the_torque_is_zero_within_five_ticks(assisting, kind):
    exo, took = assisting.exo, 0
    data = bytes_of(kind, 1 << 20)
    while exo.bench.enabled:
        for _ in range(3):  # as fast as USB, three times in a tick
            assisting.link.put(data[took * 6000 : took * 6000 + 6000])
            assisting.link.serve()
        if kind != "never read":
            assisting.read()
        assisting.tick()
        took += 1
    assert took <= 5 and exo.state is DeviceState.FAULT and exo.bench.torque_nm == (0.0, 0.0)
    for _ in range(60):
        assisting.tick()
    assert body(assisting.say(line_of(OS, 0, WRITE, d="still there"))[-1]) == {"r": "still there"}
    assert exo.ask(EXO, 9, WRITE, ack=True) == {"state": DeviceState.SAFE}
    exo.run(0.1)
    assert exo.arm(exo.name) == {"state": DeviceState.ARMED}


def test_s20_a_stop_behind_other_frames_counts_at_once_or_the_flood_does(assisting):
    """At most the frames of two ticks come before it."""
    exo = assisting.exo
    assisting.link.put(
        line_of(EXO, 8, READ, since=0, max=1) * (FRAMES + 2) + line_of(EXO, 6, WRITE, arm=False)
    )
    for _ in range(2):
        assisting.link.serve()
        assisting.read()
        assisting.tick()
    assert exo.bench.torque_nm == (0.0, 0.0) and not exo.bench.enabled


def test_s20_a_flood_at_rest_is_no_fault_but_nothing_is_armed_in_it(worn_exo, core):
    exo, line = worn_exo, Line(worn_exo, core)
    exo.ask(EXO, 6, WRITE, arm=False)
    exo.ask(EXO, 9, WRITE, ack=True)
    exo.run(0.1)
    assert exo.state is DeviceState.READY
    line.link.put(HEARTBEAT * 300)
    line.tick()
    assert exo.state is DeviceState.SAFE and exo.device.blocked_by == FAULT_ROW
    for _ in range(CALM + 1):
        line.tick()
    assert exo.state is DeviceState.READY


def test_the_numbers_of_these_tests_are_those_of_the_header(core):
    lib = core.lib
    said = (lib.EXO_LINK_FRAMES, lib.EXO_LINK_SHARE, lib.EXO_LINK_INBOX, lib.EXO_LINK_OUTBOX)
    assert said == (FRAMES, SHARE, INBOX, OUTBOX)
    assert (lib.EXO_LINK_WAITING, lib.EXO_LINK_STUCK, lib.EXO_LINK_CALM) == (WAITING, STUCK, CALM)
    assert (lib.EXO_LINK_BACKLOG, lib.EXO_LINK_NOISE) == (BACKLOG, NOISE)
    assert (int(LinkUse.IN_USE), int(LinkUse.DENIED)) == (lib.EXO_LINK_IN_USE, lib.EXO_LINK_DENIED)
