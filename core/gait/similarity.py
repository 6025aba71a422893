"""Similarity of gaits: correlation and RMSE of mean cycles, and correlation of all their strides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, JointKind
from core.domain.cycle_correlations import CycleCorrelations
from core.domain.motion import GaitCycles
from core.domain.rollout import GaitLabel
from core.gait.cycles import mean_cycle

CLOSE_RMSE_DEG = 6.0  # about the difference between two good motion captures of one person
_FLAT_RAD = 1e-4  # a curve that moves less has no shape to correlate


@dataclass(frozen=True, slots=True)
class Similarity:
    correlation: float  # Pearson r of the mean cycles; NaN when one is flat or missing
    rmse_rad: float
    offset_rad: float = 0.0  # mean of the second minus the first


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
    apart = second - first
    return Similarity(pearson(first, second), float(np.sqrt(np.mean(apart**2))), float(np.mean(apart)))


def compare_cycles(first: GaitCycles, second: GaitCycles) -> dict[JointKind, Similarity]:
    """Mean cycles of two gaits of one side, joint by joint."""
    a, b = mean_cycle(first), mean_cycle(second)
    return {kind: compare_curves(a[:, i], b[:, i]) for i, kind in enumerate(JointKind)}


def cycle_matrix(
    gaits: Sequence[tuple[GaitLabel, tuple[GaitCycles, GaitCycles]]],
    joints: tuple[JointKind, ...] = SAGITTAL,
) -> CycleCorrelations:
    """Mean Pearson r over all pairs of strides of every two gaits, side by side and joint by joint.

    A gait with itself: over all pairs of different strides. Strides that are flat or have gaps are left out.
    """
    labels = tuple(label.value for label, _ in gaits)
    r = np.full((len(labels), len(labels), len(SIDES), len(joints)), np.nan)
    for side in range(len(SIDES)):
        for number, kind in enumerate(joints):
            column = list(JointKind).index(kind)
            shapes = [_shapes(sides[side].angle_rad[:, :, column]) for _, sides in gaits]
            for first, second in np.ndindex(len(labels), len(labels)):
                pair = shapes[first], shapes[second]
                r[first, second, side, number] = _within(pair[0]) if first == second else _between(*pair)
    strides = [[len(one.angle_rad) for one in sides] for _, sides in gaits]
    return CycleCorrelations(labels, joints, r, np.array(strides, dtype=np.float64).reshape(-1, len(SIDES)))


def _shapes(strides: FloatArray) -> FloatArray:
    """Strides (N, 101) with their mean at zero and of length one: r of two is their scalar product."""
    whole = strides[np.isfinite(strides).all(axis=1)]
    moving = whole[np.ptp(whole, axis=1) >= _FLAT_RAD] if len(whole) else whole
    centred = moving - moving.mean(axis=1, keepdims=True)
    shapes: FloatArray = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return shapes


def _between(first: FloatArray, second: FloatArray) -> float:
    """The mean over all pairs is the product of the mean shapes."""
    if not len(first) or not len(second):
        return float("nan")
    return float(first.mean(axis=0) @ second.mean(axis=0))


def _within(shapes: FloatArray) -> float:
    """All products without those of a stride with itself, which are one."""
    count, total = len(shapes), shapes.sum(axis=0)
    return float(total @ total - count) / (count * (count - 1)) if count > 1 else float("nan")
