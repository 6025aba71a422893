"""The reference loop of a machine: ticks by a measured clock, whatever the link does in between."""

from __future__ import annotations

from dataclasses import fields

import cbor2
import pytest

from core.domain.exo_protocol import DeviceState
from core.exo_core.link import Link, LinkUse
from tests.deploy.controllers import package
from tests.exo_core.host import EXO, HEADER, OS, WRITE, Exo
from tests.exo_core.wearer import TICK_US
from tests.virtual_exo.flood import KINDS, bytes_of, line_of
from tests.virtual_exo.framing import FrameReader

TURN_US = 1000


class Board:
    """A machine with a serial line that takes so many bytes in a turn."""

    def __init__(self, core, exo: Exo) -> None:
        self.exo, self.core, ffi = exo, core, core.ffi
        self.link = Link(exo.device, LinkUse.OPEN, core)
        self.takes, self.out, self.fed = 1 << 12, bytearray(), 0
        self._callbacks = (
            ffi.callback("void(void *, exo_inputs *)", self._sense),
            ffi.callback("uint32_t(void *, uint8_t *, uint32_t)", self._send),
            ffi.callback("void(void *)", self._feed),
        )
        self._board = ffi.new("exo_board *")
        for member, function in zip(("sense", "send", "feed_watchdog"), self._callbacks, strict=True):
            kind = next(kind for name, kind in ffi.typeof("exo_board").fields if name == member)
            setattr(self._board, member, ffi.cast(kind.type, function))
        self._port = ffi.new("exo_port *")
        core.lib.exo_port_start(self._port, exo.device.handle, self.link._link, self._board)

    def _sense(self, _, inputs) -> None:
        wearer = self.exo.wearer
        wearer.step()
        wearer.now_us = self.exo.bench.clock_us
        read = wearer.inputs()
        read.motor_nm = self.exo.bench.torque_nm
        for item in fields(read):
            setattr(inputs, item.name, getattr(read, item.name))
        inputs.now_us = 0  # the port knows better

    def _send(self, _, data, length) -> int:
        count = min(length, self.takes)
        self.out += bytes(self.core.ffi.buffer(data, count))
        return count

    def _feed(self, _) -> None:
        self.fed += 1

    def turn(self, passes_us: int = TURN_US) -> bool:
        self.exo.bench.clock_us += passes_us
        return bool(self.core.lib.exo_port_turn(self._port))

    def run(self, seconds: float) -> int:
        """Ticks in so long, with a host that sends its heartbeats."""
        ticks = 0
        for turn in range(round(seconds * 1e6 / TURN_US)):
            if turn % 100 == 0:
                self.link.put(line_of(EXO, 7, 2, t_host=1))
            ticks += self.turn()
        return ticks

    def frames(self):
        frames = FrameReader().feed(bytes(self.out))
        self.out.clear()
        return frames


@pytest.fixture(scope="module")
def worn(core):
    exo = Exo(core)
    exo.wear()
    exo.name = exo.install(package(1).device_bytes)
    return exo


@pytest.fixture
def board(core, worn):
    """The loop of an exo with torque on."""
    worn.bench.clock_us = worn.wearer.now_us
    worn.ask(EXO, 6, WRITE, arm=False)
    worn.ask(EXO, 9, WRITE, ack=True)
    board = Board(core, worn)
    board.run(0.1)
    assert worn.arm(worn.name) == {"state": DeviceState.ARMED}
    board.run(3.5)
    assert worn.state is DeviceState.ACTIVE and worn.bench.enabled
    board.out.clear()
    return board


def test_it_ticks_every_ten_milliseconds_and_feeds_the_watchdog_with_each(board):
    before = board.fed
    assert board.run(0.5) == 50 and board.fed - before == 50


def test_a_turn_that_comes_later_than_s14_bears_latches_zero_torque(board):
    exo = board.exo
    assert board.turn(2 * TICK_US) and exo.bench.enabled
    assert board.turn(2 * TICK_US + TURN_US)
    assert exo.state is DeviceState.FAULT and not exo.bench.enabled
    assert exo.ask(EXO, 9)["faults"][-1]["code"] == 14


def test_missed_ticks_are_not_made_up_for(board):
    board.turn(TICK_US)
    board.turn(10 * TICK_US)
    assert sum(board.turn() for _ in range(20)) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_s20_a_flooded_port_has_no_torque_after_50_ms_and_answers_afterwards(board, kind):
    exo, data, began_us, at = board.exo, bytes_of(kind, 1 << 20), board.exo.bench.clock_us, 0
    board.takes = 0 if kind == "never read" else board.takes
    while exo.bench.enabled:
        board.link.put(data[at : at + 1500])  # 12 Mbit/s
        at += 1500
        board.turn()
    assert exo.bench.clock_us - began_us <= 50_000 and exo.bench.torque_nm == (0.0, 0.0)
    board.takes = 1 << 12
    for _ in range(800):
        board.turn()
    board.out.clear()
    board.link.put(line_of(OS, 0, WRITE, d="still there"))
    board.turn()
    (answer,) = board.frames()
    assert cbor2.loads(answer[HEADER.size :]) == {"r": "still there"}
    assert exo.ask(EXO, 9, WRITE, ack=True) == {"state": DeviceState.SAFE}


def test_a_reset_waits_until_its_answer_is_out(core):
    board = Board(core, Exo(core))
    board.takes = 3
    board.link.put(line_of(OS, 5, WRITE))
    board.turn()
    assert board.exo.device.reset_requested
    for _ in range(20):
        board.turn()
    assert not board.exo.device.reset_requested and len(board.frames()) == 1
