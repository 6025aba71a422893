"""Tails, quantiles and noncentral intervals of Student's t, F and chi squared, by scipy's special functions.

`scipy.stats` would do the same and takes half a second to load, which the windows would wait for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum

from scipy import special

CONFIDENCE = 0.95
F_CONFIDENCE = 0.90
"""Of intervals of eta squared: with 90 % the interval leaves out zero just where p < 0.05 (Steiger 2004)."""
_HALVINGS = 80


class Alternative(StrEnum):
    """What a test asks of the second of two conditions against the first."""

    DIFFERENT = "different"
    LESS = "less"
    GREATER = "greater"


def t_p(t: float, df: float, alternative: Alternative = Alternative.DIFFERENT) -> float:
    """p of Student's t with `df` degrees of freedom, not necessarily whole."""
    match alternative:
        case Alternative.LESS:
            return float(special.stdtr(df, t))
        case Alternative.GREATER:
            return float(special.stdtr(df, -t))
        case Alternative.DIFFERENT:
            return 2.0 * float(special.stdtr(df, -abs(t)))


def t_quantile(p: float, df: float) -> float:
    return float(special.stdtrit(df, p))


def f_p(f: float, df1: float, df2: float) -> float:
    """Upper tail of F."""
    return float(special.fdtrc(df1, df2, f))


def chi2_p(value: float, df: float) -> float:
    """Upper tail of chi squared."""
    return float(special.chdtrc(df, value))


def t_noncentrality(t: float, df: float) -> tuple[float, float]:
    """95 % interval of the noncentrality behind this t (Cumming & Finch 2001); NaN where out of reach."""
    ends = (0.5 + 0.5 * CONFIDENCE, 0.5 - 0.5 * CONFIDENCE)
    reach = abs(t) + 10.0 + 5.0 * abs(t) / math.sqrt(df)
    low, high = (_falling(lambda nc: float(special.nctdtr(df, nc, t)), p, -reach, reach) for p in ends)
    return low, high


def f_noncentrality(f: float, df1: float, df2: float) -> tuple[float, float]:
    """90 % interval of the noncentrality behind this F (Steiger 2004); NaN where out of reach."""
    ends = (0.5 + 0.5 * F_CONFIDENCE, 0.5 - 0.5 * F_CONFIDENCE)
    reach = 10.0 * (f * df1 + df1 + 10.0)
    low, high = (_falling(lambda nc: float(special.ncfdtr(df1, df2, nc, f)), p, 0.0, reach) for p in ends)
    return low, high


def _falling(cdf: Callable[[float], float], p: float, low: float, high: float) -> float:
    """Where a falling function is `p`; `low` where it is below that everywhere, NaN where it is no number."""
    first = cdf(low)
    if math.isnan(first):
        return math.nan
    if first <= p:
        return low
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        value = cdf(middle)
        if math.isnan(value):
            return math.nan
        low, high = (middle, high) if value > p else (low, middle)
    return 0.5 * (low + high)
