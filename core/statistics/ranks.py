"""Tests that need no normal distribution: Friedman, Wilcoxon's signed ranks; and whether it is needed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.statistics.scatter import constant
from core.statistics.tails import Alternative, chi2_p

MOST_SHAPIRO = 5000  # values; beyond that its p is not known to be right


@dataclass(frozen=True, slots=True)
class Normality:
    """Of Shapiro & Wilk 1965, by Royston's 1995 algorithm; NaN where it cannot be told."""

    w: float
    p: float

    @property
    def doubted(self) -> bool:
        return self.p < 0.05


@dataclass(frozen=True, slots=True)
class Friedman:
    """Of ranks within each subject, corrected for ties (Friedman 1937)."""

    n: int
    chi2: float
    df: int
    p: float
    kendalls_w: float  # 0..1: how far the subjects agree in their order (Kendall & Smith 1939)


def shapiro_wilk(values: FloatArray) -> Normality:
    """Of independent values (n,); NaN for fewer than three, more than 5000, or constant ones."""
    if not 3 <= len(values) <= MOST_SHAPIRO or constant(values):
        return Normality(math.nan, math.nan)
    from scipy.stats import shapiro  # half a second to load

    found = shapiro(values)
    return Normality(float(found.statistic), float(found.pvalue))


def residuals(values: FloatArray) -> FloatArray:
    """(n * k,) what is left of (n, k) values without the means of subjects and conditions."""
    left = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    return np.asarray(left.ravel())


def friedman(values: FloatArray) -> Friedman:
    """`values` (n subjects, k >= 3 conditions). Raises ValueError where every subject has ties only."""
    subjects, count = values.shape
    ranks = np.apply_along_axis(_ranks, 1, values)
    ties = sum(_ties(row) for row in values)
    scatter = subjects * (count**3 - count) - ties
    if scatter <= 0:
        raise ValueError("every subject has the same value in all conditions")
    apart = float(((ranks.sum(axis=0) - subjects * (count + 1) / 2.0) ** 2).sum())
    w = 12.0 * apart / (subjects * scatter)
    chi2 = subjects * (count - 1) * w
    return Friedman(subjects, chi2, count - 1, chi2_p(chi2, count - 1), w)


def signed_rank_p(
    first: FloatArray, second: FloatArray, alternative: Alternative = Alternative.DIFFERENT
) -> float:
    """p of Wilcoxon's signed ranks of the changes to the second condition; 1 where nothing changes.

    Exact for up to 50 changes without ties (scipy), else by the normal distribution.
    """
    change = np.asarray(second, dtype=np.float64) - first
    if not change.any():
        return 1.0
    from scipy.stats import wilcoxon

    words = "two-sided" if alternative is Alternative.DIFFERENT else alternative.value
    return float(wilcoxon(change, alternative=words).pvalue)


def _ranks(values: FloatArray) -> FloatArray:
    """From 1; equal values share their mean rank."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2.0)[place])


def _ties(values: FloatArray) -> int:
    _, count = np.unique(values, return_counts=True)
    return int((count**3 - count).sum())
