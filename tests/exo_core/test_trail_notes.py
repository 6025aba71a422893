"""Claims about the notes of a trail that an exo keeps: they stay, only grow, and survive cuts of power."""

from __future__ import annotations

import hashlib

import pytest

from core.devices.exo_protocol import TrailNote, unpack_trail
from core.domain.exo_protocol import DeviceState, Rc
from core.exo_core.device import Device, Identity
from core.exo_core.library import Library
from core.exo_core.safety import Profile
from core.exo_core.storage import Area
from tests.deploy.controllers import EXO_KEYS
from tests.exo_core.host import EXO, FILES, WRITE, Bench, Host
from tests.exo_core.test_device import ready_exo

ALICE, BOB = b"alice-pc", b"bobs--pc"
IDENTITY = Identity("EXO-1", "Hippo_L1", "exotwin-virtual 1", True, Profile(), 1 << 16, EXO_KEYS)
NOTES_PER_AREA = 4
SMALL = dict.fromkeys(Area, 1 << 12) | {Area.TRAIL_0: 40 * NOTES_PER_AREA, Area.TRAIL_1: 170}


def booted(core: Library, bench: Bench) -> Host:
    bench.power_on()
    return Host(Device(bench, IDENTITY, core))


def bench_of(sizes: dict[Area, int]) -> Bench:
    bench = Bench()
    bench.sizes, bench.areas = sizes, {area: bytearray(b"\xff" * size) for area, size in sizes.items()}
    return bench


def note(length: int, tag: bytes = ALICE, salt: bytes = b"") -> TrailNote:
    return TrailNote(tag, length, hashlib.sha256(bytes([length]) + salt).digest()[:16])


def kept(exo: Host, told: TrailNote) -> bool:
    answer = exo.ask(EXO, 11, WRITE, tag=told.tag, length=told.length, hash=told.hash)
    assert not answer["kept"] or (answer["length"], answer["hash"]) == (told.length, told.hash)
    return answer["kept"]


def notes(exo: Host) -> list[TrailNote]:
    data, total = b"", 1
    while len(data) < total:
        answer = exo.ask(FILES, 0, name="/log/trail.bin", off=len(data))
        total = answer.get("len", total)
        data += answer["data"]
        if not answer["data"]:
            break
    return list(unpack_trail(data))


def test_notes_are_kept_in_order_and_survive_a_start(core: Library) -> None:
    bench = Bench()
    exo = booted(core, bench)
    assert notes(exo) == []
    assert kept(exo, note(3)) and kept(exo, note(2, BOB)) and kept(exo, note(9))
    assert notes(booted(core, bench)) == [note(3), note(2, BOB), note(9)]


def test_a_trail_that_is_shorter_or_another_is_not_taken_and_the_answer_says_where_it_stood(
    core: Library,
) -> None:
    exo = booted(core, Bench())
    assert kept(exo, note(9))
    assert not kept(exo, note(8)) and not kept(exo, note(9, salt=b"rewritten"))
    answer = exo.ask(EXO, 11, WRITE, tag=ALICE, length=8, hash=note(8).hash)
    assert (answer["length"], answer["hash"]) == (9, note(9).hash)
    assert kept(exo, note(9)) and notes(exo) == [note(9)]  # the same again is not written again


def test_the_newest_stay_when_both_areas_are_full(core: Library) -> None:
    exo = booted(core, bench_of(SMALL))
    for length in range(1, 31):
        assert kept(exo, note(length))
        there = notes(exo)
        assert there == [note(each) for each in range(length - len(there) + 1, length + 1)]
        assert len(there) >= min(length, NOTES_PER_AREA)


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
def test_a_cut_of_power_loses_no_note_that_was_answered(core: Library, fraction: float) -> None:
    for cut in range(1, 6):
        bench = bench_of(SMALL)
        exo, answered = booted(core, bench), 0
        bench.cut, bench.fraction = 14 + cut, fraction  # around the change from area to area
        for length in range(1, 12):
            answered = length if kept(exo, note(length)) else answered
        exo = booted(core, bench)
        assert note(answered) in notes(exo) and note(12).length > answered
        assert kept(exo, note(12)) and notes(exo)[-1] == note(12)


def test_an_exo_without_room_says_that_it_keeps_nothing(core: Library) -> None:
    exo = booted(core, bench_of(SMALL | {Area.TRAIL_0: 0, Area.TRAIL_1: 0}))
    assert not kept(exo, note(1)) and notes(exo) == []


def test_nothing_is_written_while_torque_may_flow(core: Library) -> None:
    exo, name = ready_exo(core)
    assert exo.arm(name) == {"state": DeviceState.ARMED}
    answer = exo.ask(EXO, 11, WRITE, tag=ALICE, length=1, hash=note(1).hash)
    assert answer["err"]["rc"] == Rc.BAD_STATE and notes(exo) == []


@pytest.mark.parametrize(
    "request_", [{}, {"tag": ALICE, "length": 1}, {"tag": b"short", "length": 1, "hash": bytes(16)}]
)
def test_a_broken_request_is_refused(core: Library, request_: dict[str, object]) -> None:
    exo = booted(core, Bench())
    assert exo.ask(EXO, 11, WRITE, **request_)["rc"] == 3
