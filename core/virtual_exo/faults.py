"""Faults of the virtual exo's surroundings, injected by a channel of its own, never over the link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from core.domain.body import Side
from core.exo_core.storage import Area

MAX_TIME_US = 1 << 62


class FaultKind(StrEnum):
    IMU_NAN = "imu_nan"
    IMU_IMPLAUSIBLE = "imu_implausible"
    IMU_STUCK = "imu_stuck"
    IMU_STALE = "imu_stale"
    IMU_QUEUED = "imu_queued"
    IMU_DROPOUT = "imu_dropout"
    IMU_BIAS = "imu_bias"
    IMU_TILT = "imu_tilt"
    IMU_SWAPPED = "imu_swapped"
    IMU_ONE_LEG = "imu_one_leg"
    POSTURE = "posture"
    STRIDES = "strides"
    MOTOR_SILENT = "motor_silent"
    MOTOR_HOLDS = "motor_holds"
    MOTOR_DEAD = "motor_dead"
    MOTOR_WRONG = "motor_wrong"
    OVERHEAT = "overheat"
    BATTERY = "battery"
    UNPLUGGED = "unplugged"
    ESTOP = "estop"
    LATE_TICKS = "late_ticks"
    STALL = "stall"
    WILD_CONTROLLER = "wild_controller"
    MEMORY_FLIP = "memory_flip"
    FLASH_FLIP = "flash_flip"
    STORAGE_FAILS = "storage_fails"
    POWER_CUT = "power_cut"


# Faults that are events; all others last for a time.
ONCE = frozenset(
    {
        FaultKind.STALL,
        FaultKind.WILD_CONTROLLER,
        FaultKind.MEMORY_FLIP,
        FaultKind.FLASH_FLIP,
        FaultKind.POWER_CUT,
    }
)

# Not bound to ticks: they take effect for the next frame of the host or the wait for the next tick.
IMMEDIATE = ONCE | {FaultKind.STORAGE_FAILS, FaultKind.LATE_TICKS}

# Their numbers are offsets and times, never negative; other faults allow any value of a broken part.
_COUNTED = {
    FaultKind.IMU_QUEUED,
    FaultKind.LATE_TICKS,
    FaultKind.STALL,
    FaultKind.MEMORY_FLIP,
    FaultKind.FLASH_FLIP,
    FaultKind.POWER_CUT,
}
# A person's motion and a sensor's placement have finite values too.
_FINITE = _COUNTED | {FaultKind.POSTURE, FaultKind.STRIDES, FaultKind.IMU_TILT}

_NO_NUMBERS: Mapping[str, float] = {}
# The numbers of each fault with their defaults.
_NUMBERS: dict[FaultKind, Mapping[str, float]] = {
    FaultKind.IMU_NAN: {"value": float("nan")},
    FaultKind.IMU_IMPLAUSIBLE: {"angle_rad": 4.0},
    FaultKind.IMU_QUEUED: {"delay_s": 0.2},
    FaultKind.IMU_DROPOUT: {"fraction": 0.5},
    FaultKind.IMU_BIAS: {"rad": 0.0, "rad_s": 0.0},
    FaultKind.IMU_TILT: {"flexion_deg": 0.0, "forward_deg": 0.0, "thigh_deg": 0.0},
    FaultKind.POSTURE: {"angle_rad": 0.0},
    FaultKind.STRIDES: {"scale": 0.3},
    FaultKind.MOTOR_WRONG: {"nm": 8.0},
    FaultKind.OVERHEAT: {"case_c": 0.0, "winding_c": 0.0, "skin_c": 0.0},
    FaultKind.BATTERY: {"volts": 17.0},
    FaultKind.LATE_TICKS: {"s": 0.005},
    FaultKind.STALL: {"s": 0.06},
    FaultKind.WILD_CONTROLLER: {"gain": 1e6},
    FaultKind.MEMORY_FLIP: {"offset": 64.0, "bit": 0.0},
    FaultKind.FLASH_FLIP: {"area": 0.0, "offset": 64.0, "bit": 0.0},
    FaultKind.POWER_CUT: {"at_change": 1.0, "fraction": 0.5},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault between two times of the exo's clock, on one side or on both."""

    kind: FaultKind
    side: Side | None
    from_us: int
    until_us: int
    numbers: tuple[tuple[str, float], ...]

    def number(self, name: str) -> float:
        return dict(self.numbers)[name]

    def touches(self, side: Side) -> bool:
        return self.side is None or self.side is side


def read_numbers(kind: FaultKind, given: Mapping[str, object]) -> tuple[tuple[str, float], ...]:
    """Validated numbers of a fault. Raises ValueError for an unknown name or an unusable value."""
    known = _NUMBERS.get(kind, _NO_NUMBERS)
    for name in given:
        if name not in known:
            raise ValueError(f"{kind} has no {name}; it has {', '.join(known) or 'nothing to say'}")
    numbers = tuple((name, float(str(given.get(name, default)))) for name, default in known.items())
    if kind in _FINITE and not all(isfinite(value) for _, value in numbers):
        raise ValueError(f"{kind} needs numbers")
    if kind in _COUNTED and not all(value >= 0.0 for _, value in numbers):
        raise ValueError(f"{kind} needs numbers that are not negative")
    if kind is FaultKind.FLASH_FLIP:
        Area(int(dict(numbers)["area"]))
    return numbers


class Faults:
    """All injected faults that are active or scheduled."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self.now_us = 0

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def advance_to(self, now_us: int) -> None:
        """Set the time, and drop the faults that have ended."""
        self.now_us = now_us
        self._faults = [fault for fault in self._faults if fault.until_us > now_us]

    def active(self, kind: FaultKind, side: Side | None = None) -> Fault | None:
        """The fault of this kind that is active now (on this side), if any; the newest of several."""
        for fault in reversed(self._faults):
            if fault.kind is kind and fault.from_us <= self.now_us and (side is None or fault.touches(side)):
                return fault
        return None

    def take_due(self) -> tuple[Fault, ...]:
        """Remove and return the one-time faults whose time has come."""
        due = tuple(fault for fault in self._faults if fault.kind in ONCE and fault.from_us <= self.now_us)
        self._faults = [fault for fault in self._faults if fault not in due]
        return due
