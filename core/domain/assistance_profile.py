"""What an exo gives over the gait cycle, on each side: size and timing of its help."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.body import SIDES, JointKind, Side
from core.domain.motion import CYCLE_POINTS


@dataclass(frozen=True, slots=True, eq=False)
class AssistanceProfile:
    """Mean torque over the gait cycle, from heel strike to heel strike of the same foot, simulated.

    Axes: 2 sides (order of SIDES), CYCLE_POINTS. Flexion and dorsiflexion are positive.
    """

    joint: JointKind
    torque_nm_kg: FloatArray  # (2, CYCLE_POINTS) per body mass
    sd_nm_kg: FloatArray  # (2, CYCLE_POINTS) from stride to stride
    strides: tuple[int, int]  # that were averaged; 0: the row is NaN

    def __post_init__(self) -> None:
        for name in ("torque_nm_kg", "sd_nm_kg"):
            frozen(self, name, (len(SIDES), CYCLE_POINTS))

    def rms_nm_kg(self, side: Side) -> float:
        """Root mean square over the cycle: how much help this side gets."""
        return float(np.sqrt(np.mean(self.torque_nm_kg[SIDES.index(side)] ** 2)))

    def peak(self, side: Side, *, flexion: bool) -> tuple[float, float]:
        """Largest torque in one direction [N m/kg], and where in the cycle (0..1) it is given."""
        curve = self.torque_nm_kg[SIDES.index(side)] * (1.0 if flexion else -1.0)
        at = int(np.argmax(curve))
        return float(curve[at]), at / (CYCLE_POINTS - 1)

    @property
    def asymmetry(self) -> float:
        """(left - right) / mean of both sides' RMS: positive when the left side gets more."""
        left, right = (self.rms_nm_kg(side) for side in SIDES)
        mean = 0.5 * (left + right)
        return (left - right) / mean if mean > 0.0 else 0.0
