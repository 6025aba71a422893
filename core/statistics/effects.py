"""Sizes of effects, with intervals and words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.statistics.tails import f_noncentrality, t_noncentrality

ETA_WORDS = ((0.14, "large"), (0.06, "medium"), (0.01, "small"))
"""Of partial eta squared, after Cohen 1988."""
D_WORDS = ((0.8, "large"), (0.5, "medium"), (0.2, "small"))
"""Of a mean difference over a standard deviation, Cohen 1988."""
NEGLIGIBLE = "negligible"


@dataclass(frozen=True, slots=True)
class Effect:
    """A size and its interval; the ends are NaN where they cannot be computed."""

    value: float
    low: float
    high: float
    words: str  # "large"


def partial_eta_squared(f: float, df1: float, df2: float) -> float:
    """Of an F and its degrees of freedom: F df1 / (F df1 + df2) (Cohen 1973).

    The same with both degrees of freedom multiplied by an epsilon.
    """
    return f * df1 / (f * df1 + df2)


def eta_effect(f: float, df1: float, df2: float) -> Effect:
    """Partial eta squared with its 90 % interval.

    From the noncentrality L of F: L / (L + df1 + df2 + 1) (Steiger 2004; Smithson 2001).
    """
    value = partial_eta_squared(f, df1, df2)
    low, high = (nc / (nc + df1 + df2 + 1.0) for nc in f_noncentrality(f, df1, df2))
    return Effect(value, low, high, eta_words(value))


def eta_words(value: float) -> str:
    return _words(value, ETA_WORDS)


def standardized_change(change: FloatArray) -> Effect:
    """Mean change over the standard deviation of the changes (d_z), exact 95 % interval.

    `change` is (n,), n >= 2, and not constant. From the noncentrality of t (Cumming & Finch 2001).
    """
    count = len(change)
    value = float(np.mean(change) / np.std(change, ddof=1))
    low, high = (nc / math.sqrt(count) for nc in t_noncentrality(value * math.sqrt(count), count - 1))
    return Effect(value, low, high, d_words(value))


def average_d(first: FloatArray, second: FloatArray) -> float:
    """Mean change over the root mean square of both SDs (d_av; Cumming 2012); NaN for 0 / 0."""
    spread = math.sqrt(0.5 * float(np.var(first, ddof=1) + np.var(second, ddof=1)))
    return float(np.mean(second - first)) / spread if spread > 0.0 else math.nan


def d_words(value: float) -> str:
    return _words(abs(value), D_WORDS)


def _words(value: float, table: tuple[tuple[float, str], ...]) -> str:
    return next((words for least, words in table if value >= least), NEGLIGIBLE)
