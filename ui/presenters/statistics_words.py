"""The answer of a table's tests, as a worker sends it, in tables and sentences for the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ui.pages.number_table import NumberRow, NumberTable

UNKNOWN = "–"
_LEAST_P = 0.001


def p_words(p: float | None) -> str:
    if p is None:
        return UNKNOWN
    return f"< {_LEAST_P}" if p < _LEAST_P else f"{p:.3f}"


def verdicts(found: dict[str, Any]) -> tuple[str, ...]:
    """A sentence for each value."""
    return tuple(_verdict(one, who_words(found)) for one in found["values"])


def who_words(found: dict[str, Any]) -> str:
    return "subjects, simulated" if found.get("simulated") else "subjects"


def _verdict(one: dict[str, Any], who: str) -> str:
    if "n" not in one:
        return f"{one['value']}: not tested; see below."
    head = f"{one['value']} (n = {one['n']} {who})"
    if "decided_by" not in one:
        shown = [name for name, effect in one["anova"].items() if _differs(effect["p"])]
        return (
            f"{head}: {', '.join(shown) or 'neither factor'} makes a difference by repeated-measures ANOVA."
        )
    says = "the conditions differ" if one["differs"] else "no difference is shown"
    return f"{head}: {says}, p {equals(one['p'])} by {one['decided_by']}."


def _differs(p: float | None) -> bool:
    return p is not None and p < 0.05


def equals(p: float | None) -> str:
    words = p_words(p)
    return words if words.startswith("<") else f"= {words}"


def effect_table(found: dict[str, Any]) -> NumberTable:
    """F, its degrees of freedom and p, sphericity, and how large the effect is; Friedman below."""
    rows = [row for one in found["values"] for row in _effect_rows(one)]
    columns = ("", "F", "df", "p", "Mauchly W", "p of W", "ε G-G", "partial η² (90 %)")
    return NumberTable(columns, tuple(rows))


def _effect_rows(one: dict[str, Any]) -> Iterator[NumberRow]:
    anova = one.get("anova")
    if not anova:
        return
    effects = {"": anova} if "f" in anova else anova
    for name, effect in effects.items():
        yield NumberRow(" · ".join(filter(None, (one["value"], name))), _f_cells(effect))
    ranks = one.get("friedman")
    if ranks:
        cells = (f"χ² {ranks['chi2']:.2f}", str(ranks["df"]), p_words(ranks["p"]))
        yield NumberRow(
            f"{one['value']} · ranks",
            (*cells, UNKNOWN, UNKNOWN, UNKNOWN, f"Kendall's W {ranks['kendalls_w']:.2f}"),
            tip="Friedman's test by ranks",
        )


def _f_cells(effect: dict[str, Any]) -> tuple[str, ...]:
    """With the degrees of freedom and the p that count: corrected where sphericity is violated."""
    epsilon = effect["greenhouse_geisser"] if effect["corrected"] else 1.0
    digits = 2 if effect["corrected"] else 0
    size = effect["partial_eta_squared"]
    return (
        f"{effect['f']:.3f}",
        f"{epsilon * effect['df1']:.{digits}f}, {epsilon * effect['df2']:.{digits}f}",
        p_words(effect["p"]) + (" (G-G)" if effect["corrected"] else ""),
        _digits(effect["mauchly_w"]),
        p_words(effect["mauchly_p"]),
        f"{effect['greenhouse_geisser']:.3f}",
        f"{size['value']:.3f} ({size['low']:.2f} to {size['high']:.2f}), {size['words']}",
    )


def pair_table(found: dict[str, Any]) -> NumberTable:
    rows = [
        NumberRow(f"{_of(found, one)}{pair['second']} − {pair['first']}", _pair_cells(pair))
        for one in found["values"]
        for pair in one.get("pairs", ())
    ]
    columns = ("", "change", "95 % interval", "t", "p", "by ranks", "d_z")
    return NumberTable(columns, tuple(rows))


def _pair_cells(pair: dict[str, Any]) -> tuple[str, ...]:
    ranks, t = p_words(pair["signed_rank_p"]), pair["paired_t"]
    if t is None:
        return UNKNOWN, UNKNOWN, UNKNOWN, p_words(pair["p_bonferroni"]), ranks, "all change alike"
    size = t["d_z"]
    return (
        _digits(t["change"]),
        _span(t),
        _minus(f"{t['t']:.2f}"),
        p_words(pair["p_bonferroni"]),
        ranks,
        _minus(f"{size['value']:.2f}, {size['words']}"),
    )


def condition_table(found: dict[str, Any]) -> NumberTable:
    rows = [
        NumberRow(
            f"{_of(found, one)}{condition['name']}",
            (_digits(condition["mean"]), _digits(condition["sd"]), p_words(condition["shapiro_wilk_p"])),
        )
        for one in found["values"]
        for condition in one.get("conditions", ())
    ]
    return NumberTable(("", "mean", "SD", "Shapiro-Wilk p"), tuple(rows))


def _of(found: dict[str, Any], one: dict[str, Any]) -> str:
    """Which value, where there are several."""
    return f"{one['value']}: " if len(found["values"]) > 1 else ""


def _span(told: dict[str, Any]) -> str:
    low, high = told["low"], told["high"]
    return f"{_digits(low)} to {_digits(high)}"


def _digits(value: float | None) -> str:
    return UNKNOWN if value is None else _minus(f"{value:.4g}")


def _minus(words: str) -> str:
    return words.replace("-", "−")
