"""What a table of repeated measures shows: which test counts, how large the difference is, between whom.

The rule is fixed before anything is computed. Where Shapiro and Wilk doubt that what is left of subject and
condition (of two conditions, the change) is normally distributed (p < 0.05), ranks decide: Friedman or
Wilcoxon. Else the means do: paired t of two conditions, F of more, with Greenhouse and Geisser's correction
where Mauchly's test finds sphericity violated. Pairs are compared by the same kind of test, their p
multiplied by their number (Bonferroni). What does not decide is given beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.findings import Finding, Severity
from core.errors import Advice, refuse
from core.statistics.paired import PairedT, bonferroni, paired_t, pairs
from core.statistics.ranks import Friedman, Normality, friedman, residuals, shapiro_wilk, signed_rank_p
from core.statistics.repeated import SIGNIFICANT, RepeatedF, repeated_anova, repeated_anova_two
from core.statistics.scatter import constant
from core.statistics.tails import Alternative


@dataclass(frozen=True, slots=True)
class Pair:
    """Two of the conditions."""

    first: str
    second: str
    t: PairedT | None  # None where all subjects change alike
    signed_rank_p: float
    p: float  # of the kind that decides, times the number of pairs

    @property
    def shown(self) -> bool:
        return self.p < SIGNIFICANT


@dataclass(frozen=True, slots=True)
class Study:
    """One measured value of n subjects in conditions of one factor."""

    name: str
    n: int
    conditions: tuple[str, ...]
    means: tuple[float, ...]
    sds: tuple[float, ...]
    normality: Normality  # of what decides between means and ranks
    normality_by_condition: tuple[Normality, ...]
    f: RepeatedF | None  # None with two conditions
    friedman: Friedman | None
    pairs: tuple[Pair, ...]

    @property
    def by_ranks(self) -> bool:
        return self.normality.doubted

    @property
    def test(self) -> str:
        if self.f is None:
            return "Wilcoxon signed ranks" if self.by_ranks else "paired t"
        return "Friedman" if self.by_ranks else "repeated-measures ANOVA"

    @property
    def p(self) -> float:
        if self.f is None:
            return self.pairs[0].p
        return self.friedman.p if self.by_ranks and self.friedman is not None else self.f.p

    @property
    def shown(self) -> bool:
        """Whether the conditions differ by more than chance."""
        return self.p < SIGNIFICANT

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (_not_normal(self.name, self.test),) if self.by_ranks else ()


@dataclass(frozen=True, slots=True)
class TwoFactors:
    """One measured value in two crossed factors; pairs are for tables of one factor."""

    name: str
    n: int
    factors: tuple[str, str]
    conditions: tuple[tuple[str, ...], tuple[str, ...]]
    means: tuple[tuple[float, ...], ...]  # of the first factor's conditions, each over the second's
    normality: Normality
    effects: tuple[RepeatedF, RepeatedF, RepeatedF]

    @property
    def effect_names(self) -> tuple[str, str, str]:
        first, second = self.factors
        return first, second, f"{first} × {second}"

    @property
    def findings(self) -> tuple[Finding, ...]:
        if not self.normality.doubted:
            return ()
        return (_not_normal(self.name, ""),)


def study(
    name: str,
    conditions: tuple[str, ...],
    values: FloatArray,
    alternative: Alternative = Alternative.DIFFERENT,
) -> Study:
    """Of `values` (n subjects, k conditions). `alternative`: what is asked of the later of two conditions.

    Raises UserError STA-005 where nothing scatters.
    """
    values = np.asarray(values, dtype=np.float64)
    _check_scatter(name, values)
    left = values[:, 1] - values[:, 0] if len(conditions) == 2 else residuals(values)
    normality = shapiro_wilk(left)
    several = len(conditions) > 2
    return Study(
        name,
        len(values),
        conditions,
        tuple(values.mean(axis=0).tolist()),
        tuple(values.std(axis=0, ddof=1).tolist()),
        normality,
        tuple(shapiro_wilk(column) for column in values.T),
        repeated_anova(values) if several else None,
        friedman(values) if several else None,
        tuple(_pairs(conditions, values, alternative, by_ranks=normality.doubted)),
    )


def study_two(
    name: str,
    factors: tuple[str, str],
    conditions: tuple[tuple[str, ...], tuple[str, ...]],
    values: FloatArray,
) -> TwoFactors:
    """Of `values` (n subjects, a, b). Raises UserError STA-005 where nothing scatters."""
    values = np.asarray(values, dtype=np.float64)
    flat = values.reshape(len(values), -1)
    _check_scatter(name, flat)
    try:
        effects = repeated_anova_two(values)
    except ValueError as error:
        raise _no_scatter(name) from error
    means = tuple(tuple(row) for row in values.mean(axis=0).tolist())
    return TwoFactors(name, len(values), factors, conditions, means, shapiro_wilk(residuals(flat)), effects)


def _pairs(
    conditions: tuple[str, ...], values: FloatArray, alternative: Alternative, *, by_ranks: bool
) -> Iterator[Pair]:
    places = pairs(conditions)
    for a, b in places:
        first, second = values[:, a], values[:, b]
        alike = constant(second - first, np.concatenate([first, second]))
        t = None if alike else paired_t(first, second, alternative)
        ranked = signed_rank_p(first, second, alternative)
        p = ranked if by_ranks or t is None else t.p
        yield Pair(conditions[a], conditions[b], t, ranked, bonferroni(p, len(places)))


def _check_scatter(name: str, values: FloatArray) -> None:
    if constant(residuals(values), values):
        raise _no_scatter(name)


def _no_scatter(name: str) -> Exception:
    return refuse(
        "STA-005",
        f"“{name}” cannot be tested.",
        "All subjects respond to the conditions by the same amount, so nothing tells what chance does.",
        "Check whether the column holds measured values; constant columns need no test.",
    )


def _not_normal(name: str, test: str) -> Finding:
    step = f"{test} decides; the test of means stands beside it."
    if not test:
        step = "Read the F tests with caution; with one factor alone, ranks decide instead."
    told = Advice(
        f"“{name}” is not normally distributed (Shapiro-Wilk p < 0.05).",
        "Tests of means take normal scatter for granted.",
        step,
        "STA-008",
    )
    return Finding(Severity.WARNING, told)
