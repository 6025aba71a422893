"""The answer of a table's tests, as a worker sends it, in tables and sentences for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ui.pages.number_table import NumberRow, NumberTable

UNKNOWN = "–"
_LEAST_P = 0.001
_BELOW = "    "  # before the name of a row that is part of the row above


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
        who = " and ".join(shown) or "neither factor"
        make = "make" if len(shown) > 1 else "makes"
        return f"{head}: {who} {make} a difference by repeated-measures ANOVA."
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
    columns = ("", "F", "df", "p", "partial η² (90 %)", "Mauchly\nW", "p of\nW", "ε\nG-G")
    return NumberTable(columns, tuple(rows))


def _effect_rows(one: dict[str, Any]) -> Iterator[NumberRow]:
    anova = one.get("anova")
    if not anova:
        return
    if "f" in anova:
        yield NumberRow(one["value"], _f_cells(anova))
    else:
        yield NumberRow(one["value"], ())
        yield from (NumberRow(_BELOW + name, _f_cells(effect)) for name, effect in anova.items())
    ranks = one.get("friedman")
    if ranks:
        cells = (f"χ² {ranks['chi2']:.2f}", str(ranks["df"]), p_words(ranks["p"]))
        yield NumberRow(
            f"{_BELOW}ranks",
            (*cells, f"Kendall's W {ranks['kendalls_w']:.2f}", UNKNOWN, UNKNOWN, UNKNOWN),
            tip="Friedman's test by ranks",
        )


def _f_cells(effect: dict[str, Any]) -> tuple[str, ...]:
    """With the degrees of freedom and the p that count: corrected where sphericity is violated."""
    epsilon = effect["greenhouse_geisser"] if effect["corrected"] else 1.0
    digits = 2 if effect["corrected"] else 0
    size = effect["partial_eta_squared"]
    return (
        f"{effect['f']:.2f}",
        f"{epsilon * effect['df1']:.{digits}f}, {epsilon * effect['df2']:.{digits}f}",
        p_words(effect["p"]) + (" (G-G)" if effect["corrected"] else ""),
        f"{size['value']:.2f} ({size['low']:.2f} to {size['high']:.2f}), {size['words']}",
        UNKNOWN if effect["mauchly_w"] is None else f"{effect['mauchly_w']:.3f}",
        p_words(effect["mauchly_p"]),
        f"{effect['greenhouse_geisser']:.3f}",
    )


def pair_table(found: dict[str, Any]) -> NumberTable:
    columns = ("", "change", "95 % interval", "t", "p", "by ranks", "d_z")
    return NumberTable(columns, tuple(_each_value(found, _pair_rows)))


def _pair_rows(one: dict[str, Any]) -> Iterator[NumberRow]:
    for pair in one.get("pairs", ()):
        yield NumberRow(f"{pair['second']} − {pair['first']}", _pair_cells(pair))


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
    columns = ("", "mean", "SD", "Shapiro-Wilk p")
    return NumberTable(columns, tuple(_each_value(found, _condition_rows)))


def _condition_rows(one: dict[str, Any]) -> Iterator[NumberRow]:
    for told in one.get("conditions", ()):
        normal = p_words(told["shapiro_wilk_p"])
        yield NumberRow(told["name"], (_digits(told["mean"]), _digits(told["sd"]), normal))


def _each_value(
    found: dict[str, Any], rows_of: Callable[[dict[str, Any]], Iterator[NumberRow]]
) -> Iterator[NumberRow]:
    """The rows of every value; where there are several, below its name."""
    for one in found["values"]:
        rows = tuple(rows_of(one))
        if len(found["values"]) == 1:
            yield from rows
        elif rows:
            yield NumberRow(one["value"], ())
            yield from (replace(row, name=_BELOW + row.name) for row in rows)


def _span(told: dict[str, Any]) -> str:
    low, high = told["low"], told["high"]
    return f"{_digits(low)} to {_digits(high)}"


def _digits(value: float | None) -> str:
    return UNKNOWN if value is None else _minus(f"{value:.4g}")


def _minus(words: str) -> str:
    return words.replace("-", "−")
