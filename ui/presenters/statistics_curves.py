"""The answer of a test of curves, as a worker sends it, for the page."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from ui.pages.number_table import NumberRow, NumberTable
from ui.plots.curve_test import ShownCurve
from ui.presenters.statistics_words import equals, p_words, who_words


def curve_verdict(found: dict[str, Any]) -> str:
    """Where the conditions differ, in a sentence."""
    head = f"{found['curve_of']} (n = {found['n']} {who_words(found)})"
    if found["threshold"] is None:
        return f"{head}: no curve deviates from the others, so that nothing tells what chance does."
    if not found["clusters"]:
        return f"{head}: no difference is shown anywhere on the curve (SPM{{{found['statistic']}}})."
    places = [
        f"{_percent(found, one['begin'])} to {_percent(found, one['end'])} % (p {equals(one['p'])})"
        for one in found["clusters"]
    ]
    return f"{head}: the conditions differ at {', '.join(places)} by SPM{{{found['statistic']}}}."


def place_table(found: dict[str, Any]) -> NumberTable:
    """Where the conditions differ, and which is higher."""
    rows = [
        NumberRow(
            _way(found, one["sign"]),
            (_percent(found, one["begin"]), _percent(found, one["end"]), p_words(one["p"])),
        )
        for one in found["clusters"]
    ]
    return NumberTable(("", "from %", "to %", "p"), tuple(rows))


def _way(found: dict[str, Any], sign: int) -> str:
    if found["statistic"] != "t":
        return "the conditions differ"
    first, second = found["conditions"]
    return f"{second} {'higher' if sign > 0 else 'lower'} than {first}"


def _percent(found: dict[str, Any], place: float) -> str:
    return f"{100.0 * place / (len(found['curve']) - 1):.0f}"


def shown_curve(found: dict[str, Any]) -> ShownCurve:
    threshold = found["threshold"]
    return ShownCurve(
        str(found["curve_of"]),
        tuple(map(str, found["conditions"])),
        _numbers(found["means"]),
        _numbers(found["sds"]),
        _numbers(found["curve"]),
        str(found["statistic"]),
        float("nan") if threshold is None else float(threshold),
        tuple((float(one["begin"]), float(one["end"])) for one in found["clusters"]),
    )


def _numbers(values: Any) -> FloatArray:
    """What is unknown is null."""
    return np.array(values, dtype=np.float64)
