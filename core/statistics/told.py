"""Results of statistics as JSON values and as lines of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from core.statistics.curves import CurveTest
from core.statistics.effects import Effect
from core.statistics.paired import PairedT
from core.statistics.ranks import Normality
from core.statistics.repeated import RepeatedF
from core.statistics.study import Pair, Study, TwoFactors
from core.statistics.tails import CONFIDENCE, F_CONFIDENCE, Alternative

LEAST_P = 0.001


def p_words(p: float) -> str:
    """`p < 0.001`, `p = 0.013`."""
    if math.isnan(p):
        return "p unknown"
    return f"p < {LEAST_P}" if p < LEAST_P else f"p = {p:.3f}"


def number(value: float) -> str:
    """Four digits that count, as long as it is neither huge nor tiny."""
    return "–" if math.isnan(value) else f"{value:.4g}"


def rounded(values: Any, digits: int = 4) -> Any:
    """JSON values with so many digits that count."""
    if isinstance(values, dict):
        return {name: rounded(value, digits) for name, value in values.items()}
    if isinstance(values, list):
        return [rounded(value, digits) for value in values]
    return float(f"{values:.{digits}g}") if isinstance(values, float) else values


# JSON ------------------------------------------------------------------------------------------------


def study_values(found: Study) -> dict[str, Any]:
    return {
        "value": found.name,
        "n": found.n,
        "conditions": [
            {"name": name, "mean": mean, "sd": sd, "shapiro_wilk_p": _finite(normal.p)}
            for name, mean, sd, normal in zip(
                found.conditions, found.means, found.sds, found.normality_by_condition, strict=True
            )
        ],
        "decided_by": found.test,
        "p": _finite(found.p),
        "differs": found.shown,
        "normality": _normality(found.normality),
        "anova": None if found.f is None else f_values(found.f),
        "friedman": None
        if found.friedman is None
        else {
            "chi2": found.friedman.chi2,
            "df": found.friedman.df,
            "p": found.friedman.p,
            "kendalls_w": found.friedman.kendalls_w,
        },
        "pairs": [pair_values(pair) for pair in found.pairs],
    }


def two_factor_values(found: TwoFactors) -> dict[str, Any]:
    effects = zip(found.effect_names, found.effects, strict=True)
    return {
        "value": found.name,
        "n": found.n,
        "factors": dict(zip(found.factors, map(list, found.conditions), strict=True)),
        "means": [list(row) for row in found.means],
        "normality": _normality(found.normality),
        "anova": {name: f_values(effect) for name, effect in effects},
    }


def f_values(found: RepeatedF) -> dict[str, Any]:
    ball = found.sphericity
    return {
        "f": found.f,
        "df1": found.df1,
        "df2": found.df2,
        "p_uncorrected": found.p_uncorrected,
        "p_greenhouse_geisser": found.p_greenhouse_geisser,
        "p_huynh_feldt": found.p_huynh_feldt,
        "p": found.p,
        "corrected": found.corrected,
        "mauchly_w": _finite(ball.w),
        "mauchly_p": _finite(ball.p),
        "greenhouse_geisser": ball.greenhouse_geisser,
        "huynh_feldt": ball.huynh_feldt,
        "partial_eta_squared": effect_values(found.effect, F_CONFIDENCE),
        "generalized_eta_squared": found.generalized_eta_squared,
    }


def pair_values(pair: Pair) -> dict[str, Any]:
    return {
        "first": pair.first,
        "second": pair.second,
        "p_bonferroni": pair.p,
        "differs": pair.shown,
        "paired_t": None if pair.t is None else t_values(pair.t),
        "signed_rank_p": pair.signed_rank_p,
    }


def t_values(found: PairedT) -> dict[str, Any]:
    return {
        "n": found.n,
        "change": found.change,
        "low": _finite(found.low),
        "high": _finite(found.high),
        "t": found.t,
        "df": found.df,
        "p": found.p,
        "alternative": found.alternative.value,
        "d_z": effect_values(found.effect, CONFIDENCE),
        "d_av": _finite(found.d_av),
    }


def effect_values(effect: Effect, confidence: float) -> dict[str, Any]:
    return {
        "value": effect.value,
        "low": _finite(effect.low),
        "high": _finite(effect.high),
        "confidence": confidence,
        "words": effect.words,
    }


def curve_values(found: CurveTest) -> dict[str, Any]:
    """Places in points of the curve, from its first."""
    return {
        "n": found.n,
        "statistic": found.field.kind,
        "df": [found.field.df1, found.field.df2],
        "fwhm_points": _finite(found.field.fwhm),
        "resels": found.field.resels,
        "threshold": _finite(found.threshold),
        "differs": found.shown,
        "clusters": [
            {"begin": one.begin, "end": one.end, "p": one.p, "sign": one.sign} for one in found.clusters
        ],
        "curve": [_finite(value) for value in found.statistic.tolist()],
    }


def _normality(found: Normality) -> dict[str, Any]:
    return {"shapiro_wilk_w": _finite(found.w), "p": _finite(found.p), "doubted": found.doubted}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


# Text ------------------------------------------------------------------------------------------------


def study_lines(found: Study, who: str) -> list[str]:
    """`who` are the subjects: "subjects", "virtual people, simulated"."""
    wide = max(9, *(len(name) for name in found.conditions))
    lines = [f"{found.name} (n = {found.n} {who})", f"  {'':{wide}}  {'mean':>10}  {'SD':>10}"]
    lines += [
        f"  {name:{wide}}  {number(mean):>10}  {number(sd):>10}"
        for name, mean, sd in zip(found.conditions, found.means, found.sds, strict=True)
    ]
    left = "changes" if found.f is None else "residuals"
    lines.append(f"  Shapiro-Wilk of the {left}: W {found.normality.w:.3f}, {p_words(found.normality.p)}")
    if found.f is not None:
        lines += [f"  {line}" for line in f_lines("ANOVA", found.f)]
    if found.friedman is not None:
        ranks = found.friedman
        lines.append(
            f"  Friedman: chi² {ranks.chi2:.3f}, df {ranks.df}, {p_words(ranks.p)}, Kendall's W "
            f"{ranks.kendalls_w:.2f}"
        )
    lines.append(f"  → {verdict_words(found)}")
    if len(found.pairs) > 1:
        lines.append(f"  Pairs (p times {len(found.pairs)}, Bonferroni):")
    return lines + [f"  {line}" for pair in found.pairs for line in _pair_lines(pair, found.by_ranks)]


def verdict_words(found: Study) -> str:
    size = ""
    if found.f is not None and not found.by_ranks:
        size = f"; {found.f.effect.words} effect"
    said = "the conditions differ" if found.shown else "no difference is shown"
    return f"{found.test}: {said}, {p_words(found.p)}{size}"


def f_lines(name: str, found: RepeatedF) -> list[str]:
    """As papers write it: with the degrees of freedom that count."""
    ball, epsilon = found.sphericity, found.epsilon
    digits = 2 if found.corrected else 0
    df = f"{epsilon * found.df1:.{digits}f}, {epsilon * found.df2:.{digits}f}"
    effect = found.effect
    by = " (Greenhouse-Geisser)" if found.corrected else ""
    lines = [
        f"{name}: F[{df}] = {found.f:.3f}, {p_words(found.p)}{by}, partial η² {effect.value:.3f} "
        f"({100.0 * F_CONFIDENCE:.0f} % interval {effect.low:.3f} to {effect.high:.3f}), {effect.words}"
    ]
    if ball.df:
        w = (
            "Mauchly: too few subjects to tell"
            if math.isnan(ball.w)
            else (f"Mauchly W {ball.w:.3f}, {p_words(ball.p)}")
        )
        lines.append(
            f"{w}; ε Greenhouse-Geisser {ball.greenhouse_geisser:.3f}, Huynh-Feldt {ball.huynh_feldt:.3f}"
        )
    return lines


def two_factor_lines(found: TwoFactors, who: str) -> list[str]:
    first, second = found.conditions
    wide = max(len(name) for name in first)
    lines = [f"{found.name} (n = {found.n} {who}), means:"]
    lines.append(f"  {'':{wide}}  " + "  ".join(f"{name:>10}" for name in second))
    for name, row in zip(first, found.means, strict=True):
        lines.append(f"  {name:{wide}}  " + "  ".join(f"{number(value):>10}" for value in row))
    lines.append(f"  Shapiro-Wilk of the residuals: W {found.normality.w:.3f}, {p_words(found.normality.p)}")
    for name, effect in zip(found.effect_names, found.effects, strict=True):
        lines += [f"  {line}" for line in f_lines(name, effect)]
    return lines


def curve_lines(name: str, found: CurveTest, conditions: Sequence[str], who: str) -> list[str]:
    of = f"{conditions[1]} − {conditions[0]}" if found.field.kind == "t" else ", ".join(conditions)
    lines = [f"{name}: {of} (n = {found.n} {who})"]
    if math.isnan(found.threshold):
        return [*lines, "  No curve deviates from the others: nothing tells what chance does."]
    df = f"{found.field.df2:g}" if found.field.kind == "t" else f"{found.field.df1:g}, {found.field.df2:g}"
    lines.append(
        f"  SPM{{{found.field.kind}}}, df {df}, {found.field.points} points, FWHM {found.field.fwhm:.1f}: "
        f"threshold {found.threshold:.2f}"
    )
    for one in found.clusters:
        way = "" if found.field.kind == "F" else ", higher" if one.sign > 0 else ", lower"
        place = f"from point {one.begin:.1f} to {one.end:.1f} of 0 to {found.field.points - 1}"
        lines.append(f"  differs {place}, {p_words(one.p)}{way}")
    if not found.clusters:
        lines.append("  no difference is shown anywhere")
    return lines


def _pair_lines(pair: Pair, by_ranks: bool) -> list[str]:
    head = f"{pair.second} − {pair.first}:"
    if pair.t is None:
        return [f"{head} all subjects change alike, {p_words(pair.p)} (signed ranks)"]
    t = pair.t
    side = "" if t.alternative is Alternative.DIFFERENT else f", asked: {t.alternative.value}"
    kind = "signed ranks" if by_ranks else f"t[{t.df}] = {t.t:.3f}"
    size = f"d_z {t.effect.value:.2f} ({t.effect.low:.2f} to {t.effect.high:.2f}), {t.effect.words}"
    return [
        f"{head} {number(t.change)} ({100.0 * CONFIDENCE:.0f} % interval {_span(t.low, t.high)}), {kind}, "
        f"{p_words(pair.p)}, {size}{side}"
    ]


def _span(low: float, high: float) -> str:
    """A one-sided test has an interval with one end."""
    if math.isinf(low):
        return f"up to {number(high)}"
    return f"from {number(low)} on" if math.isinf(high) else f"{number(low)} to {number(high)}"
