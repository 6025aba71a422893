"""How alike strides are: of the patient, and of the healthy, the impaired and the assisted twin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.body import SIDES, JointKind, Side


@dataclass(frozen=True, slots=True, eq=False)
class CycleCorrelations:
    """Mean Pearson r over all pairs of strides. Axes: G gaits, 2 sides in the order of SIDES, J joints."""

    labels: tuple[str, ...]  # G, of GaitLabel
    joints: tuple[JointKind, ...]  # J
    r: FloatArray  # (G, G, 2, J) symmetric; its diagonal pairs different strides of one gait; NaN: no pair
    strides: FloatArray  # (G, 2) of either side

    def __post_init__(self) -> None:
        gaits = len(self.labels)
        frozen(self, "r", (gaits, gaits, len(SIDES), len(self.joints)))
        frozen(self, "strides", (gaits, len(SIDES)))

    def between(self, first: str, second: str, joint: JointKind, side: Side) -> float:
        """r of two gaits, or of one gait with itself: how alike its strides are. NaN where not known."""
        if first not in self.labels or second not in self.labels or joint not in self.joints:
            return float("nan")
        pair = self.labels.index(first), self.labels.index(second)
        return float(self.r[*pair, SIDES.index(side), self.joints.index(joint)])

    def matrix(self, joint: JointKind, side: Side) -> FloatArray:
        """(G, G) of one joint, for a picture."""
        matrix: FloatArray = self.r[:, :, SIDES.index(side), self.joints.index(joint)]
        return matrix

    def mean(self, first: str, second: str) -> float:
        """Over all joints and sides that are known; NaN where none is."""
        if first not in self.labels or second not in self.labels:
            return float("nan")
        values = self.r[self.labels.index(first), self.labels.index(second)]
        return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
