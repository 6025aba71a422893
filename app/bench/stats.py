"""`exotwin bench stats`: our statistics against two other programs, and against chance.

pingouin and spm1d are GPL-3 and never ship; where they are not installed, that part is left out. What chance
does is simulated: curves and tables in which nothing differs, and how often the tests see a difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from core.statistics.curves import CurveTest, paired_curves, repeated_curves
from core.statistics.effects import standardized_change
from core.statistics.paired import paired_t
from core.statistics.random_field import Field
from core.statistics.ranks import friedman, shapiro_wilk, signed_rank_p
from core.statistics.repeated import RepeatedF, repeated_anova, repeated_anova_two
from core.statistics.tails import Alternative, t_quantile

TABLES, TWO_FACTOR_TABLES, FIELDS = 200, 40, 40
CHANCE_RUNS = 2000
POINTS = 101
Numbers = dict[str, float]
Table = tuple[int, FloatArray]  # its seed, and (n, k) or (n, a, b) or (2, n, points) values


def bench_stats(runs: int = CHANCE_RUNS) -> dict[str, Any]:
    """Largest differences from the other programs, and rates of false alarms; ready for JSON."""
    found: dict[str, Any] = {"simulated": True}
    for name, theirs in (("pingouin", pingouin_numbers), ("spm1d", spm1d_numbers)):
        if find_spec(name) is None:
            found[name] = "not installed; it is in the extra “oracle”"
            continue
        own = own_tables() if name == "pingouin" else own_fields()
        found[name] = {"tables": len(own), "largest_difference": largest_differences(own, theirs())}
    return found | {"chance": chance(runs)}


def largest_differences(own: dict[str, Numbers], theirs: dict[str, Numbers]) -> Numbers:
    """Quantity by quantity over all tables, of those that both tell."""
    worst: Numbers = {}
    for table, numbers in theirs.items():
        for name, value in numbers.items():
            apart = abs(own[table][name] - value)
            worst[name] = max(worst.get(name, 0.0), apart if math.isfinite(apart) else math.inf)
    return {name: float(f"{value:.3g}") for name, value in worst.items()}


# Tables that depend on their seeds only: NumPy promises never to change RandomState.


def one_factor_tables() -> Iterator[Table]:
    for seed in range(TABLES):
        random = np.random.RandomState(seed)
        subjects, conditions = random.randint(4, 21), random.randint(2, 9)
        scatter = random.randn(subjects, conditions) * (0.5 + 2.0 * random.rand(conditions))
        yield seed, scatter + 2.0 * random.randn(subjects, 1) + random.randn(conditions)


def two_factor_tables() -> Iterator[Table]:
    for seed in range(TWO_FACTOR_TABLES):
        random = np.random.RandomState(1000 + seed)
        subjects, *sizes = random.randint(3, 16), random.randint(2, 5), random.randint(2, 5)
        scatter = random.randn(subjects, *sizes) * (0.5 + 2.0 * random.rand(*sizes))
        yield seed, scatter + random.randn(subjects, 1, 1) + random.randn(*sizes)


def fields() -> Iterator[Table]:
    """Pairs of curves, rough and smooth; one rises in the middle."""
    for seed in range(FIELDS):
        random = np.random.RandomState(2000 + seed)
        subjects, width = random.randint(5, 16), random.uniform(1.0, 15.0)
        curves = smooth(random.randn(2 * subjects, POINTS + 8 * math.ceil(width)), width)
        pair = curves.reshape(2, subjects, -1)[..., :POINTS].copy()
        bump = np.exp(-(((np.arange(POINTS) - 50.0) / 12.0) ** 2))
        pair[1] += random.uniform(0.0, 2.5) * pair.std() * bump
        yield seed, pair


def smooth(noise: FloatArray, width: float) -> FloatArray:
    """Rows smoothed by a Gaussian of this standard deviation, without their ends."""
    reach = math.ceil(4.0 * width)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    kernel /= math.sqrt(float((kernel**2).sum()))  # so that variance stays as it is
    return np.asarray([np.convolve(row, kernel, "valid") for row in noise], dtype=np.float64)


# Ours ------------------------------------------------------------------------------------------------


def own_tables() -> dict[str, Numbers]:
    found = {f"one {seed}": _own_one(values) for seed, values in one_factor_tables()}
    for seed, cube in two_factor_tables():
        for number, effect in enumerate(repeated_anova_two(cube)):
            found[f"two {seed} {number}"] = _of_f(effect)
    return found


def _of_f(effect: RepeatedF) -> Numbers:
    return {
        "f": effect.f,
        "p": effect.p_uncorrected,
        "partial_eta_squared": effect.effect.value,
        "epsilon": effect.sphericity.greenhouse_geisser,
        "p_greenhouse_geisser": effect.p_greenhouse_geisser,
    }


def _own_one(values: FloatArray) -> Numbers:
    anova, first, second = repeated_anova(values), values[:, 0], values[:, 1]
    found = _of_f(anova) | {
        "generalized_eta_squared": anova.generalized_eta_squared,
        "mauchly_w": anova.sphericity.w,
        "mauchly_p": anova.sphericity.p,
        "huynh_feldt": anova.sphericity.huynh_feldt,
        "signed_rank_p": signed_rank_p(first, second),
        "shapiro_wilk_w": shapiro_wilk(first).w,
        "shapiro_wilk_p": shapiro_wilk(first).p,
    }
    if values.shape[1] > 2:
        ranks = friedman(values)
        found |= {"friedman": ranks.chi2, "friedman_p": ranks.p, "kendalls_w": ranks.kendalls_w}
    for alternative in Alternative:
        t = paired_t(first, second, alternative)
        found |= {f"t_p_{alternative}": t.p, "t": t.t, "d_av": abs(t.d_av)}
    return found


def own_fields() -> dict[str, Numbers]:
    return {f"field {seed}": field_numbers(paired_curves(*pair)) for seed, pair in fields()}


def field_numbers(found: CurveTest) -> Numbers:
    numbers = {
        "fwhm": found.field.fwhm,
        "threshold": found.threshold,
        "threshold_one_sided": found.field.threshold(0.05),
        "largest_t": float(np.abs(found.statistic).max()),
        "threshold_f_of_3": Field("F", 3.0, 3.0 * found.field.df2, POINTS, found.field.fwhm).threshold(0.05),
        "clusters": float(len(found.clusters)),
    }
    for number, cluster in enumerate(found.clusters):
        parts = {"begin": cluster.begin, "end": cluster.end, "p": cluster.p}
        numbers |= {f"cluster_{number}_{name}": value for name, value in parts.items()}
    return numbers


# Theirs ----------------------------------------------------------------------------------------------


def pingouin_numbers() -> dict[str, Numbers]:
    """The same from pingouin, as far as it tells them."""
    found = {f"one {seed}": _pingouin_one(values) for seed, values in one_factor_tables()}
    for seed, cube in two_factor_tables():
        import pingouin

        subjects, a, b = cube.shape
        table = _long(cube.reshape(subjects, a * b))
        table["a"], table["b"] = table["condition"] // b, table["condition"] % b
        anova = pingouin.rm_anova(table, "value", ["a", "b"], "subject", effsize="np2")
        for number in range(3):
            found[f"two {seed} {number}"] = _of_row(anova.iloc[number])
    return found


def _long(values: FloatArray) -> Any:
    import pandas

    subject, condition = np.indices(values.shape).reshape(2, -1)
    return pandas.DataFrame({"subject": subject, "condition": condition, "value": values.ravel()})


def _of_row(row: Any) -> Numbers:
    found = {"f": row["F"], "p": row["p_unc"], "partial_eta_squared": row["np2"], "epsilon": row["eps"]}
    if math.isfinite(row.get("p_GG_corr", math.nan)):
        found["p_greenhouse_geisser"] = row["p_GG_corr"]
    return {name: float(value) for name, value in found.items()}


def _pingouin_one(values: FloatArray) -> Numbers:
    import pingouin

    subjects, conditions = values.shape
    table, first, second = _long(values), values[:, 0], values[:, 1]
    names = {"data": table, "dv": "value", "within": "condition", "subject": "subject"}
    row = pingouin.rm_anova(**names, correction=True, effsize="np2").iloc[0]
    normal = pingouin.normality(first).iloc[0]
    found = _of_row(row) | {
        "generalized_eta_squared": pingouin.rm_anova(**names, effsize="ng2").iloc[0]["ng2"],
        "signed_rank_p": pingouin.wilcoxon(second, first).iloc[0]["p_val"],
        "shapiro_wilk_w": normal["W"],
        "shapiro_wilk_p": normal["pval"],
    }
    if conditions > 2:
        ranks = pingouin.friedman(**names).iloc[0]
        found |= {"friedman": ranks["Q"], "friedman_p": ranks["p_unc"], "kendalls_w": ranks["W"]}
        found["huynh_feldt"] = pingouin.epsilon(**names, correction="hf")
    if conditions > 2 and subjects >= conditions:  # with fewer it gives a p of a rounding error
        found["mauchly_w"] = row["W_spher"]
        if conditions == 3:  # with more its p has a term of its own, see findings/
            found["mauchly_p"] = row["p_spher"]
    for own, theirs in (("different", "two-sided"), ("less", "less"), ("greater", "greater")):
        t = pingouin.ttest(second, first, paired=True, alternative=theirs).iloc[0]
        found |= {f"t_p_{own}": t["p_val"], "t": t["T"], "d_av": t["cohen_d"]}
    return {name: float(value) for name, value in found.items()}


def spm1d_numbers() -> dict[str, Numbers]:
    import spm1d

    found = {}
    for seed, (first, second) in fields():
        test = spm1d.stats.ttest_paired(second, first)
        both, one = test.inference(0.05, two_tailed=True), test.inference(0.05, two_tailed=False)
        f = spm1d.rft1d.f.isf(0.05, (3.0, 3.0 * (len(first) - 1)), POINTS, test.fwhm)
        clusters = sorted(both.clusters, key=lambda cluster: cluster.endpoints[0])
        numbers = {
            "fwhm": test.fwhm,
            "threshold": both.zstar,
            "threshold_one_sided": one.zstar,
            "largest_t": np.abs(test.z).max(),
            "threshold_f_of_3": f,
            "clusters": len(clusters),
        }
        for number, cluster in enumerate(clusters):
            begin, end = cluster.endpoints
            parts = {"begin": begin, "end": end, "p": cluster.P}
            numbers |= {f"cluster_{number}_{name}": value for name, value in parts.items()}
        found[f"field {seed}"] = {name: float(value) for name, value in numbers.items()}
    return found


# Chance ----------------------------------------------------------------------------------------------


def chance(runs: int) -> dict[str, Any]:
    """How often each test says that something differs where nothing does; it should be one in twenty."""
    random = np.random.RandomState(7)

    def rate(differs: Callable[[], bool]) -> float:
        return round(sum(differs() for _ in range(runs)) / runs, 4)

    def curves(count: int) -> FloatArray:
        found: FloatArray = smooth(random.randn(count, POINTS + 80), 10.0)[:, :POINTS]
        return found

    def unequal() -> FloatArray:
        """Twelve subjects, five conditions that scatter very differently."""
        scatter: FloatArray = random.randn(12, 5) * np.array([0.2, 0.5, 1.0, 2.0, 4.0])
        return scatter + random.randn(12, 1)

    def of_three_curves() -> bool:
        return repeated_curves(curves(24).reshape(8, 3, POINTS)).shown

    def covers() -> bool:
        effect = standardized_change(random.randn(12) + 0.8)
        return effect.low <= 0.8 <= effect.high

    return {
        "runs": runs,
        "spm_t_of_8": rate(lambda: paired_curves(curves(8), curves(8)).shown),
        "spm_t_of_5": rate(lambda: paired_curves(curves(5), curves(5)).shown),
        "spm_f_of_8_in_3": rate(of_three_curves),
        "points_one_by_one_of_8": rate(lambda: _point_by_point(curves(8), curves(8))),
        "anova_unequal_scatter_uncorrected": rate(lambda: repeated_anova(unequal()).p_uncorrected < 0.05),
        "anova_unequal_scatter_greenhouse_geisser": rate(
            lambda: repeated_anova(unequal()).p_greenhouse_geisser < 0.05
        ),
        "anova_unequal_scatter_as_decided": rate(lambda: repeated_anova(unequal()).p < 0.05),
        "d_z_interval_covers": rate(covers),
    }


def _point_by_point(first: FloatArray, second: FloatArray) -> bool:
    """What one finds without the theory: an ordinary paired t anywhere along the curve."""
    highest = np.abs(paired_curves(first, second).statistic).max()
    return bool(highest > t_quantile(0.975, len(first) - 1))
