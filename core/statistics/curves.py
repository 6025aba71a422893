"""Statistical parametric mapping of curves: where over the gait cycle conditions differ (Pataky 2010).

A test statistic at every point, and one threshold for all of them, which a chance curve of the same
smoothness passes anywhere with 5 %. The curve is taken as a line: a cluster that goes on from 100 % to 0 %
counts as two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.statistics.paired import bonferroni
from core.statistics.random_field import Field, smoothness
from core.statistics.repeated import SIGNIFICANT

LEAST = 3  # subjects; with two, the threshold is so high that nothing passes it


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the statistic is beyond the threshold, in points from 0; between points by a straight line."""

    begin: float
    end: float
    p: float
    sign: int  # 1 where the second condition is higher, -1 where it is lower; 1 for F


@dataclass(frozen=True, slots=True, eq=False)
class CurveTest:
    """Of `n` subjects; `statistic` is (points,)."""

    field: Field
    n: int
    statistic: FloatArray
    threshold: float  # NaN where no curve deviates from the others, or the theory has nothing to go by
    clusters: tuple[Cluster, ...]

    def __post_init__(self) -> None:
        frozen(self, "statistic", (self.field.points,))

    @property
    def shown(self) -> bool:
        """Whether the conditions differ anywhere, with at most 5 % chance of saying so where they do not."""
        return bool(self.clusters)


def paired_curves(first: FloatArray, second: FloatArray, *, tests: int = 1) -> CurveTest:
    """Two-sided paired t of curves (n, points) of the same n subjects, second minus first.

    Of several curves that are tested at once, `tests` is their number: the chance is that of all together.
    """
    change = np.asarray(second, dtype=np.float64) - first
    _check(change)
    count, points = change.shape
    residual = _without_rounding(change - change.mean(axis=0), np.abs(first).max())
    error = np.sqrt((residual**2).sum(axis=0) / (count - 1) / count)
    statistic = _ratio(_without_rounding(change.mean(axis=0), np.abs(first).max()), error)
    field = Field("t", 1, count - 1, points, smoothness(residual))
    threshold = _threshold(field, 0.5 * SIGNIFICANT / tests)
    clusters = [
        Cluster(begin, end, bonferroni(field.p_cluster(end - begin, threshold), 2 * tests), sign)
        for sign in (1, -1)
        for begin, end in _beyond(sign * statistic, threshold)
    ]
    ordered = tuple(sorted(clusters, key=lambda one: one.begin))
    return CurveTest(field, count, statistic, threshold, ordered)


def repeated_curves(values: FloatArray) -> CurveTest:
    """F of curves (n, k conditions, points) of the same n subjects, without correction for sphericity.

    The smoothness is that of what F divides by: residuals without the curves of subjects and conditions.
    """
    values = np.asarray(values, dtype=np.float64)
    subjects, conditions, points = values.shape
    _check(values[:, 0])
    of_conditions, of_subjects = values.mean(axis=0), values.mean(axis=1, keepdims=True)
    whole = values.mean(axis=(0, 1))
    residual = _without_rounding(values - of_conditions - of_subjects + whole, np.abs(values).max())
    df1, df2 = conditions - 1, (conditions - 1) * (subjects - 1)
    between = subjects * ((of_conditions - whole) ** 2).sum(axis=0) / df1
    statistic = _ratio(between, (residual**2).sum(axis=(0, 1)) / df2)
    field = Field("F", df1, df2, points, smoothness(residual.reshape(-1, points)))
    threshold = _threshold(field, SIGNIFICANT)
    clusters = tuple(
        Cluster(begin, end, field.p_cluster(end - begin, threshold), 1)
        for begin, end in _beyond(statistic, threshold)
    )
    return CurveTest(field, subjects, statistic, threshold, clusters)


def _check(curves: FloatArray) -> None:
    if len(curves) < LEAST or not np.isfinite(curves).all():
        raise ValueError(f"curves are compared of {LEAST} or more subjects, and without gaps")


def _without_rounding(values: FloatArray, size: float) -> FloatArray:
    """Exactly zero what is only the rounding of numbers of this size."""
    return np.where(np.abs(values) > 1e-12 * size, values, 0.0)


def _ratio(effect: FloatArray, error: FloatArray) -> FloatArray:
    """Zero where nothing differs and nothing scatters; endless where only nothing scatters."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((error == 0.0) & (effect == 0.0), 0.0, effect / error)


def _threshold(field: Field, alpha: float) -> float:
    return field.threshold(alpha) if math.isfinite(field.fwhm) else math.nan


def _beyond(statistic: FloatArray, threshold: float) -> list[tuple[float, float]]:
    """Begin and end of every stretch above the threshold."""
    above = np.concatenate([[False], statistic > threshold, [False]])
    edges = np.diff(above.astype(int))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [
        (_crossing(statistic, start, start - 1, threshold), _crossing(statistic, end, end + 1, threshold))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]


def _crossing(statistic: FloatArray, inside: int, outside: int, threshold: float) -> float:
    """Where the straight line from a point inside to its neighbour outside meets the threshold."""
    if not 0 <= outside < len(statistic):
        return float(inside)
    high, low = float(statistic[inside]), float(statistic[outside])
    share = 1.0 if math.isinf(high) else (high - threshold) / (high - low)
    return inside + share * (outside - inside)
