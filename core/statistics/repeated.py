"""Analysis of variance with repeated measures, one or two factors within subjects, and its sphericity.

Every effect is a set of orthonormal contrasts of a subject's cells; what the contrasts of all subjects do
is all that the tests need (Rouanet & Lépine 1970; Winer 1971).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.statistics.effects import Effect, eta_effect
from core.statistics.scatter import constant
from core.statistics.tails import chi2_p, f_p

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Sphericity:
    """Whether all differences of conditions scatter alike, which the F test takes for granted.

    W and p are NaN with two conditions, which cannot differ so, and with too few subjects to tell.
    """

    w: float  # Mauchly 1940
    chi2: float
    df: int
    p: float
    greenhouse_geisser: float  # epsilon, from 1 / (conditions - 1) to 1
    huynh_feldt: float  # at most 1

    @property
    def violated(self) -> bool:
        """Where it cannot be told, it counts as violated unless the effect has one contrast only."""
        return self.df > 0 and not self.p >= SIGNIFICANT


@dataclass(frozen=True, slots=True)
class RepeatedF:
    """One effect. `p` is what counts: corrected (Greenhouse-Geisser) where sphericity is violated."""

    f: float
    df1: float  # uncorrected
    df2: float
    p_uncorrected: float
    p_greenhouse_geisser: float
    p_huynh_feldt: float
    sphericity: Sphericity
    effect: Effect  # partial eta squared
    generalized_eta_squared: float  # Olejnik & Algina 2003: over all scatter, subjects' too

    @property
    def corrected(self) -> bool:
        return self.sphericity.violated

    @property
    def epsilon(self) -> float:
        return self.sphericity.greenhouse_geisser if self.corrected else 1.0

    @property
    def p(self) -> float:
        return self.p_greenhouse_geisser if self.corrected else self.p_uncorrected


def repeated_anova(values: FloatArray) -> RepeatedF:
    """One factor: `values` (n subjects, k conditions), n and k at least 2.

    Raises ValueError where no subject differs from the others in how it responds: F has no scatter to go by.
    """
    (effect,) = _effects(values, (_contrasts(values.shape[1]),))
    return effect


def repeated_anova_two(values: FloatArray) -> tuple[RepeatedF, RepeatedF, RepeatedF]:
    """Two factors, crossed: `values` (n, a, b). The first, the second, and how they act together."""
    subjects, a, b = values.shape
    of_a, of_b = _contrasts(a), _contrasts(b)
    all_a, all_b = (np.full((size, 1), size**-0.5, dtype=np.float64) for size in (a, b))
    both = tuple(
        np.asarray(np.kron(x, y), dtype=np.float64) for x, y in ((of_a, all_b), (all_a, of_b), (of_a, of_b))
    )
    first, second, together = _effects(values.reshape(subjects, a * b), both)
    return first, second, together


def _contrasts(count: int) -> FloatArray:
    """(count, count - 1) orthonormal columns that sum to zero (Helmert)."""
    columns = np.zeros((count, count - 1))
    for number in range(1, count):
        columns[:number, number - 1] = 1.0
        columns[number, number - 1] = -number
    return np.asarray(columns / np.linalg.norm(columns, axis=0))


def _effects(values: FloatArray, contrasts: tuple[FloatArray, ...]) -> tuple[RepeatedF, ...]:
    subjects, cells = values.shape
    if subjects < 2 or cells < 2:
        raise ValueError("repeated measures need two or more subjects and conditions")
    of_effects = float(sum(_between(values @ one) for one in contrasts))
    total = float(((values - values.mean()) ** 2).sum())
    return tuple(_effect(values, one, total - of_effects) for one in contrasts)


def _between(contrast: FloatArray) -> float:
    return float(len(contrast) * (contrast.mean(axis=0) ** 2).sum())


def _effect(values: FloatArray, contrasts: FloatArray, other_scatter: float) -> RepeatedF:
    contrast = values @ contrasts
    subjects, df1 = contrast.shape
    residual = contrast - contrast.mean(axis=0)
    if all(constant(column, values) for column in contrast.T):
        raise ValueError("all subjects respond alike")
    between, within, df2 = _between(contrast), float((residual**2).sum()), df1 * (subjects - 1)
    f = (between / df1) / (within / df2)
    ball = sphericity(contrast)
    gg, hf = ball.greenhouse_geisser, ball.huynh_feldt
    used = gg if ball.violated else 1.0
    return RepeatedF(
        f,
        df1,
        df2,
        f_p(f, df1, df2),
        f_p(f, gg * df1, gg * df2),
        f_p(f, hf * df1, hf * df2),
        ball,
        eta_effect(f, used * df1, used * df2),
        between / (between + other_scatter),
    )


def sphericity(contrast: FloatArray) -> Sphericity:
    """Of orthonormal contrasts (n subjects, d).

    Epsilon: Greenhouse & Geisser 1959, after Box 1954; Huynh & Feldt 1976. W: Mauchly 1940. Its p by the
    expansion of chi squared to second order in 1 / n (Anderson 1958, 10.7.4).
    """
    subjects, d = contrast.shape
    covariance = np.atleast_2d(np.cov(contrast.T))
    trace = float(np.trace(covariance))
    gg = min(1.0, trace**2 / (d * float((covariance**2).sum())))
    left = d * (subjects - 1 - d * gg)
    hf = min(1.0, (subjects * d * gg - 2.0) / left) if left > 0.0 else 1.0
    if d == 1:
        return Sphericity(math.nan, math.nan, 0, math.nan, 1.0, 1.0)
    f = d * (d + 1) // 2 - 1
    sign, logarithm = np.linalg.slogdet(covariance)
    if subjects - 1 < d or sign <= 0:
        return Sphericity(math.nan, math.nan, f, math.nan, gg, max(hf, gg))
    w = math.exp(float(logarithm) - d * math.log(trace / d))
    chi2, p = _mauchly_p(w, subjects - 1, d, f)
    return Sphericity(w, chi2, f, p, gg, max(hf, gg))


def _mauchly_p(w: float, n: int, d: int, f: int) -> tuple[float, float]:
    """Chi squared and p of Mauchly's W; n degrees of freedom of the covariance of d contrasts."""
    rho = 1.0 - (2.0 * d * d + d + 2.0) / (6.0 * d * n)
    w2 = (d + 2) * (d - 1) * (d - 2) * (2 * d**3 + 6 * d**2 + 3 * d + 2) / (288.0 * (n * d * rho) ** 2)
    chi2 = -n * rho * math.log(w) if w > 0.0 else math.inf
    first = chi2_p(chi2, f)
    return chi2, min(1.0, max(0.0, first + w2 * (chi2_p(chi2, f + 4) - first)))
