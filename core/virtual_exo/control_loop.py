"""The loop of the virtual exo: a tick every 10 ms, and the link in between, for as long as a tick bears."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.exo_core.link import Link
from core.virtual_exo.exo import TICK_US, VirtualExo
from core.virtual_exo.fault_channel import FaultChannel
from core.virtual_exo.ports import CHUNK_BYTES, Port
from core.virtual_exo.trust import TrustedFolder
from core.virtual_exo.watchdog import Watchdog

READ_BYTES = 1 << 14  # taken from the port in a tick; the core looks at less
READ_FLOODED_BYTES = 1 << 19  # in a flood, to get rid of what the system still holds
_MAX_CATCH_UP_S = 0.05  # longer pauses of the PC are skipped instead of caught up
_TICK_S = TICK_US * 1e-6


class ControlLoop:
    """Ticks in real time; received frames are answered between ticks.

    The deadline of S14 is measured in the processor's time that this thread has used since the last tick:
    what the link, the fault channel and the tick itself took. A busy PC therefore is no slow exo. A loop that
    hangs is found by the watchdog.
    """

    def __init__(
        self,
        exo: VirtualExo,
        port: Port,
        channel: FaultChannel | None,
        trust: TrustedFolder,
        watchdog: Watchdog,
    ) -> None:
        self._exo, self._port, self._channel = exo, port, channel
        self._trust, self._watchdog = trust, watchdog
        self._link = Link(exo.device)
        self._due_s = time.monotonic()
        self._began_s = time.thread_time()
        self._may_read = READ_BYTES
        self._lost = False

    def run(self, stopped: Callable[[], bool]) -> None:
        while not stopped():
            self.turn()

    def turn(self) -> None:
        """Wait for the host or for the next tick, and do what is due."""
        self._read(max(0.0, self._due_s - time.monotonic()))
        self._answer()
        if self._port.take_lost():
            self._lost = True
            self._link.open()
        if time.monotonic() >= self._due_s:
            self._tick()

    def _read(self, wait_s: float) -> None:
        if self._may_read <= 0:
            time.sleep(wait_s)
            return
        data = self._port.receive(wait_s, min(CHUNK_BYTES, self._may_read))
        self._may_read -= len(data)
        self._link.put(data)

    def _answer(self) -> None:
        link, device = self._link, self._exo.device
        if link.waits and self._trust.refresh():
            device.trust(self._trust.keys)
        link.serve()
        answers = link.pending
        if answers:
            link.sent(self._port.send(answers))
        self._exo.boot_if_requested()

    def _tick(self) -> None:
        exo, link = self._exo, self._link
        if self._channel is not None:
            self._channel.serve()
        exo.connected, self._lost = self._port.connected and not self._lost, False
        exo.link_fault = link.tick()
        self._may_read = READ_FLOODED_BYTES if link.flooded else READ_BYTES
        step_s = exo.tick(self._late_s())
        self._watchdog.feed()
        exo.restore_motors()
        self._due_s = max(self._due_s + step_s, time.monotonic() - _MAX_CATCH_UP_S)

    def _late_s(self) -> float:
        """How much later than 10 ms after the last tick this one comes; at rest it may take its time."""
        now_s = time.thread_time()
        worked_s, self._began_s = now_s - self._began_s, now_s
        if not self._exo.moves:
            return 0.0
        return max(0.0, worked_s - _TICK_S, self._watchdog.starved_s - _TICK_S)
