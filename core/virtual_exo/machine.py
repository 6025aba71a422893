"""The hardware layer of the C core on a PC: flash in files, a clock, random numbers, two motors."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Callable
from pathlib import Path

from core.deploy.blob import MAX_BLOB_BYTES
from core.exo_core.safety import Pair
from core.exo_core.storage import Area

SIZES = {
    Area.SLOT_A: MAX_BLOB_BYTES,
    Area.SLOT_B: MAX_BLOB_BYTES,
    Area.RECORD_0: 4096,
    Area.RECORD_1: 4096,
    Area.TRAIL_0: 4096,
    Area.TRAIL_1: 4096,
}
_ERASED = b"\xff"
_sync = getattr(os, "fdatasync", os.fsync)


class Flash:
    """One file per area. A write or erase is synchronised to disk before it returns.

    A power cut is simulated by ending this process in the middle of a change, as SIGKILL does.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._paths = {area: folder / f"{area.name.lower()}.flash" for area in Area}
        self.changes = 0
        self.fails = False
        self._cut_at = 0  # number of the change during which the power fails; 0: never
        self._cut_fraction = 0.0
        for area, path in self._paths.items():
            if not path.exists() or path.stat().st_size != SIZES[area]:
                _make(path, SIZES[area])

    def cut_power(self, at_change: int, fraction: float) -> None:
        """End this process in the `at_change`-th change from now, after doing `fraction` of it."""
        self._cut_at, self._cut_fraction = self.changes + at_change, min(1.0, max(0.0, fraction))

    def flip(self, area: Area, offset: int, bit: int) -> None:
        """Bit rot: invert one bit of a stored byte."""
        with self._paths[area].open("r+b") as file:
            file.seek(offset % SIZES[area])
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1 << bit % 8]))

    def read(self, area: Area, offset: int, length: int) -> bytes | None:
        with self._paths[area].open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def write(self, area: Area, offset: int, data: bytes) -> bool:
        before = self.read(area, offset, len(data)) or b""
        erased = len(before) == len(data) and before.count(_ERASED) == len(before)
        return erased and self._change(area, offset, data)

    def erase(self, area: Area) -> bool:
        return self._change(area, 0, _ERASED * SIZES[area])

    def size(self, area: Area) -> int:
        return SIZES[area]

    def _change(self, area: Area, offset: int, data: bytes) -> bool:
        if self.fails:
            return False
        self.changes += 1
        dies = self.changes == self._cut_at
        with self._paths[area].open("r+b", buffering=0) as file:
            file.seek(offset)
            file.write(data[: int(self._cut_fraction * len(data))] if dies else data)
            _sync(file.fileno())
        if dies:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        return True


def _make(path: Path, size: int) -> None:
    """A new, erased area; it appears whole or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(_ERASED * size)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


class Clock:
    """The exo's time: ten milliseconds a tick, and in between the processor's time that this thread used.

    A busy PC therefore does not appear as a slow exo, whenever the exo looks at its clock, and yet the exo
    can measure its own run time.
    """

    def __init__(self) -> None:
        self._began_s = time.thread_time()
        self._base_us = 0
        self._reported_us = 0
        self.in_tick = False

    def advance(self, step_us: int) -> int:
        """Begin the next tick; returns its time, never before a time that was reported."""
        self._base_us = max(self._base_us + step_us, self._reported_us)
        self._began_s = time.thread_time()
        return self._base_us

    def now_us(self) -> int:
        now_us = self._base_us + int((time.thread_time() - self._began_s) * 1e6)
        if not self.in_tick:  # inside a tick the time only measures its duration
            self._reported_us = max(self._reported_us, now_us)
        return now_us


class PcMachine:
    """A `Machine` for the core on this PC."""

    def __init__(self, flash: Flash, clock: Clock, motor: Callable[[Pair, bool], None]) -> None:
        self.read, self.write, self.erase, self.size = flash.read, flash.write, flash.erase, flash.size
        self.now_us = clock.now_us
        self.random = secrets.token_bytes
        self.motor = motor
