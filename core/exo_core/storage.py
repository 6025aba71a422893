"""The hardware abstraction layer of the core in Python: storage, time, random numbers and motors."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Protocol

from core.exo_core.library import Library


class Area(IntEnum):
    """Areas of the storage."""

    SLOT_A = 0
    SLOT_B = 1
    RECORD_0 = 2
    RECORD_1 = 3
    TRAIL_0 = 4
    TRAIL_1 = 5


class Machine(Protocol):
    """What a port of the core provides. Storage is flash-like: an erased byte is 0xFF."""

    def read(self, area: Area, offset: int, length: int) -> bytes | None:
        """The stored bytes; None when they cannot be read."""

    def write(self, area: Area, offset: int, data: bytes) -> bool:
        """Write bytes to an erased range; True once they survive a power cut."""

    def erase(self, area: Area) -> bool:
        """Erase a whole area to 0xFF; True once that survives a power cut."""

    def size(self, area: Area) -> int:
        """Size of an area in bytes."""

    def now_us(self) -> int:
        """Microseconds since power on."""

    def random(self, length: int) -> bytes:
        """Unpredictable bytes."""

    def motor(self, torque_nm: tuple[float, float], enable: bool) -> None:
        """Give the motors their torque; not enabled means zero."""


class Hal:
    """The function table that the core calls. It must live as long as the core uses it."""

    def __init__(self, core: Library, machine: Machine) -> None:
        self._ffi = ffi = core.ffi
        self._machine = machine
        self.table = ffi.new("exo_hal *")
        self._functions = {
            "read": ffi.callback("bool(void *, exo_area, uint32_t, uint8_t *, uint32_t)", self._read),
            "write": ffi.callback("bool(void *, exo_area, uint32_t, uint8_t *, uint32_t)", self._write),
            "erase": ffi.callback("bool(void *, exo_area)", lambda _, area: machine.erase(Area(area))),
            "size": ffi.callback("uint32_t(void *, exo_area)", lambda _, area: machine.size(Area(area))),
            "now_us": ffi.callback("uint64_t(void *)", lambda _: machine.now_us()),
            "random": ffi.callback("void(void *, uint8_t *, uint32_t)", self._random),
            "motor": ffi.callback("void(void *, float *, bool)", self._motor),
        }
        for name, function in self._functions.items():
            member = next(kind for field, kind in ffi.typeof("exo_hal").fields if field == name)
            setattr(self.table, name, ffi.cast(member.type, function))

    def _read(self, _: Any, area: int, offset: int, data: Any, length: int) -> bool:
        found = self._machine.read(Area(area), offset, length)
        if found is None or len(found) != length:
            return False
        self._ffi.memmove(data, found, length)
        return True

    def _write(self, _: Any, area: int, offset: int, data: Any, length: int) -> bool:
        return self._machine.write(Area(area), offset, bytes(self._ffi.buffer(data, length)))

    def _random(self, _: Any, data: Any, length: int) -> None:
        self._ffi.memmove(data, self._machine.random(length), length)

    def _motor(self, _: Any, torque_nm: Any, enable: bool) -> None:
        self._machine.motor((torque_nm[0], torque_nm[1]), bool(enable))
