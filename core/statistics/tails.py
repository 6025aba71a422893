"""Tails, quantiles and noncentral intervals of Student's t, F and chi squared, by scipy's special functions.

`scipy.stats` would do the same and takes half a second to load, which the windows would wait for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from functools import cache

import numpy as np
from scipy import special

from core.domain.arrays import FloatArray

CONFIDENCE = 0.95
F_CONFIDENCE = 0.90
"""Of intervals of eta squared: with 90 % the interval leaves out zero just where p < 0.05 (Steiger 2004)."""
_NODES = 300
_HALVINGS = 36  # of an interval of some hundred: to eight digits


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
    """95 % interval of the noncentrality behind this t (Cumming & Finch 2001)."""
    ends = (0.5 + 0.5 * CONFIDENCE, 0.5 - 0.5 * CONFIDENCE)
    scale, weight = _chi_nodes(df)

    def cdf(nc: float) -> float:
        return float(weight @ special.ndtr(t * scale - nc))

    reach = 10.0 + abs(t) * (1.0 + 5.0 / math.sqrt(df))
    low, high = (_falling(cdf, p, -reach, reach) for p in ends)
    return low, high


@cache
def _legendre() -> tuple[FloatArray, FloatArray]:
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    return np.asarray(node), np.asarray(weight)


def _chi_nodes(df: float) -> tuple[FloatArray, FloatArray]:
    """Where to take the integrand of noncentral t, over the scatter of the standard deviation, and weights.

    scipy's own function has no number for many small `df`.
    """
    low, high = (math.sqrt(special.chdtri(df, tail) / df) for tail in (1.0 - 1e-12, 1e-15))
    node, weight = _legendre()
    scale = 0.5 * (high - low) * node + 0.5 * (high + low)
    half = 0.5 * df
    logarithm = math.log(2.0) + half * math.log(half) - special.gammaln(half) - half * scale**2
    density = np.exp(logarithm + (df - 1.0) * np.log(scale))
    return scale, np.asarray(0.5 * (high - low) * weight * density)


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
