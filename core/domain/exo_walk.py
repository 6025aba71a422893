"""A walk with the exo armed: measurements, and delivered against predicted torque."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray, frozen
from core.domain.body import SIDES, JointKind

MIN_STRIDES = 10  # of each leg with full assistance, before a controller may be confirmed


@dataclass(frozen=True, slots=True)
class TorqueMatch:
    """Delivered against predicted torque while the exo assisted fully. Pairs are left, right."""

    correlation: tuple[float, float]  # Pearson; NaN where there is nothing to compare
    rmse_nm_kg: tuple[float, float]
    seconds: float  # compared

    @property
    def known(self) -> bool:
        return all(math.isfinite(value) for value in (*self.correlation, *self.rmse_nm_kg))


@dataclass(frozen=True, slots=True, eq=False)
class ExoWalk:
    """Every control tick from shortly before arming to the end. Axes: T ticks, 2 sides (left, right)."""

    time_s: FloatArray  # (T,)   of the exo, 0 where it was armed
    angle_rad: FloatArray  # (T, 2) of `joint`, flexion positive
    velocity_rad_s: FloatArray  # (T, 2)
    command_nm: FloatArray  # (T, 2) commanded to the motors
    delivered_nm: FloatArray  # (T, 2) measured at the motors
    predicted_nm: FloatArray  # (T, 2) computed by the controller from these angles, clipped to the limit
    assisting: NDArray[np.bool_]  # (T,)   fully, after the ramp
    limit_nm: float  # largest torque allowed in this walk
    strides: tuple[int, int]  # left, right, with full assistance
    lost_ticks: int
    match: TorqueMatch
    package_sha256: str
    device_serial: str
    on_trial: bool  # persisted name: the controller was provisional
    virtual: bool
    end: str  # how it ended, in words
    fault: bool = False  # a fault ended it
    joint: JointKind = JointKind.HIP_FLEXION  # that the exo turns

    def __post_init__(self) -> None:
        ticks = len(self.time_s)
        frozen(self, "time_s", (ticks,))
        for name in ("angle_rad", "velocity_rad_s", "command_nm", "delivered_nm", "predicted_nm"):
            frozen(self, name, (ticks, len(SIDES)))
        frozen(self, "assisting", (ticks,), np.bool_)

    @property
    def strides_word(self) -> str:
        """With a virtual exo nobody walks."""
        return "simulated strides" if self.virtual else "strides"

    @property
    def seconds(self) -> float:
        """Duration since arming."""
        return float(self.time_s[-1]) if len(self.time_s) else 0.0

    @property
    def enough(self) -> bool:
        """Whether the controller may be confirmed after it."""
        return not self.fault and min(self.strides) >= MIN_STRIDES
