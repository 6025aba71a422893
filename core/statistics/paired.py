"""Two conditions of the same subjects: paired t, one- and two-sided, and Bonferroni over several pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.domain.arrays import FloatArray
from core.statistics.effects import Effect, average_d, standardized_change
from core.statistics.scatter import constant
from core.statistics.tails import CONFIDENCE, Alternative, t_p, t_quantile


@dataclass(frozen=True, slots=True)
class PairedT:
    """Second minus first condition."""

    n: int  # subjects
    mean_first: float
    mean_second: float
    change: float
    low: float  # 95 % interval of the change; open to one side (inf) for a one-sided test
    high: float
    t: float
    p: float
    alternative: Alternative
    effect: Effect  # d_z
    d_av: float

    @property
    def df(self) -> int:
        return self.n - 1


def paired_t(
    first: FloatArray, second: FloatArray, alternative: Alternative = Alternative.DIFFERENT
) -> PairedT:
    """Student's t of the changes (n,) from `first` to `second`, n >= 2 (Student 1908).

    `alternative` says what is asked of the second. Raises ValueError where all change alike: t has no scatter
    to go by.
    """
    change = np.asarray(second, dtype=np.float64) - first
    count = len(change)
    if count < 2 or len(first) != len(second):
        raise ValueError("a paired test needs the same two or more subjects in both conditions")
    if constant(change, np.concatenate([first, second])):
        raise ValueError("all subjects change by the same amount")
    mean, error = float(change.mean()), float(change.std(ddof=1)) / math.sqrt(count)
    t = mean / error
    low, high = _interval(mean, error, count - 1, alternative)
    return PairedT(
        count,
        float(np.mean(first)),
        float(np.mean(second)),
        mean,
        low,
        high,
        t,
        t_p(t, count - 1, alternative),
        alternative,
        standardized_change(change),
        average_d(first, second),
    )


def _interval(mean: float, error: float, df: int, alternative: Alternative) -> tuple[float, float]:
    two_sided = alternative is Alternative.DIFFERENT
    half = error * t_quantile(0.5 + 0.5 * CONFIDENCE if two_sided else CONFIDENCE, df)
    low = -math.inf if alternative is Alternative.LESS else mean - half
    return low, math.inf if alternative is Alternative.GREATER else mean + half


def bonferroni(p: float, tests: int) -> float:
    """Bonferroni 1936: the chance of so small a p in any of so many tests is at most this."""
    return min(1.0, p * tests)


def pairs(conditions: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Every two conditions, the earlier first."""
    return tuple(combinations(range(len(conditions)), 2))
