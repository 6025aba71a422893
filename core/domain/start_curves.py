"""Mean curves of one gait over the cycle, start by start: what two gaits of a twin are tested by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray, frozen
from core.domain.body import SIDES, JointKind
from core.domain.motion import CYCLE_POINTS


@dataclass(frozen=True, slots=True, eq=False)
class StartCurves:
    """Of walks in one condition, simulated. Axes: S seeds of starts, 2 sides, J joints, CYCLE_POINTS.

    All conditions of a comparison walk from the same starts, seed by seed. The strides of one seed are not
    independent of each other, so that a seed counts once, with the mean of all strides of its walks; a side
    without a complete stride is NaN.
    """

    label: str  # a GaitLabel
    joints: tuple[JointKind, ...]  # J
    angle_rad: FloatArray  # (S, 2, J, CYCLE_POINTS)
    strides: NDArray[np.int64]  # (S, 2) that each mean is of
    walks: int  # of each seed
    torque_nm_kg: FloatArray | None = None  # (S, 2, CYCLE_POINTS) of the exo; None where it gives none

    def __post_init__(self) -> None:
        seeds, sides = len(self.angle_rad), len(SIDES)
        frozen(self, "angle_rad", (seeds, sides, len(self.joints), CYCLE_POINTS))
        frozen(self, "strides", (seeds, sides), np.int64)
        if self.torque_nm_kg is not None:
            frozen(self, "torque_nm_kg", (seeds, sides, CYCLE_POINTS))

    @property
    def seeds(self) -> int:
        return len(self.angle_rad)
