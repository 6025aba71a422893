"""What an exo gives over the gait cycle, on each side: size and timing of its help."""

from __future__ import annotations

from collections.abc import Sequence
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

    @staticmethod
    def joined(parts: Sequence[AssistanceProfile]) -> AssistanceProfile:
        """All strides of several profiles of one joint together, as if they had been averaged at once.

        Raises ValueError where there is none, or where their joints differ.
        """
        if len({part.joint for part in parts}) != 1:
            raise ValueError("profiles of one joint are joined")
        count = np.array([part.strides for part in parts], dtype=np.float64)[..., None]  # (P, 2, 1)
        seen = count > 0
        mean = np.where(seen, [part.torque_nm_kg for part in parts], 0.0)
        spread = np.where(seen, [part.sd_nm_kg for part in parts], 0.0)
        total = count.sum(axis=0)
        joined = (count * mean).sum(axis=0) / np.where(total > 0, total, np.nan)
        squares = (np.maximum(count - 1, 0) * spread**2 + count * (mean - joined) ** 2).sum(axis=0)
        sd = np.sqrt(squares / np.maximum(total - 1, 1))
        left, right = (int(strides) for strides in total[:, 0])
        return AssistanceProfile(parts[0].joint, joined, np.where(total > 0, sd, np.nan), (left, right))

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
