"""Similarity of two gaits: correlation and RMSE of their mean cycles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JointKind
from core.domain.motion import GaitCycles
from core.gait.cycles import mean_cycle

_FLAT_RAD = 1e-4  # a curve that moves less has no shape to correlate


@dataclass(frozen=True, slots=True)
class Similarity:
    correlation: float  # Pearson r of the mean cycles; NaN when one is flat or missing
    rmse_rad: float


def pearson(first: FloatArray, second: FloatArray) -> float:
    """Pearson's r of two curves of the same length; NaN when one of them is flat or has NaN."""
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return float("nan")
    a, b = first - first.mean(), second - second.mean()
    if np.ptp(first) < _FLAT_RAD or np.ptp(second) < _FLAT_RAD:
        return float("nan")
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def compare_curves(first: FloatArray, second: FloatArray) -> Similarity:
    """Two curves over the same points, radians."""
    return Similarity(pearson(first, second), float(np.sqrt(np.mean((first - second) ** 2))))


def compare_cycles(first: GaitCycles, second: GaitCycles) -> dict[JointKind, Similarity]:
    """Mean cycles of two gaits of one side, joint by joint."""
    a, b = mean_cycle(first), mean_cycle(second)
    return {kind: compare_curves(a[:, i], b[:, i]) for i, kind in enumerate(JointKind)}
