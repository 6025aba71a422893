"""The answer of a table of repeated measures as a table itself: one number a line, under what it is of."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

COLUMNS = ("value", "part", "of", "measure", "number")
_Row = tuple[str, str, str, str, str]


def told_csv(found: dict[str, Any]) -> str:
    """Of `answer`'s values. A number that is not known is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in found.get("values", [found]):
        writer.writerows(_rows(one))
    return text.getvalue()


def _rows(one: dict[str, Any]) -> Iterator[_Row]:
    name = str(one.get("value") or one.get("curve_of") or "")
    yield from _numbers(name, "test", "", {k: v for k, v in one.items() if k in _OF_THE_TEST})
    for condition in one.get("conditions", ()):
        if isinstance(condition, dict):
            yield from _numbers(name, "condition", str(condition["name"]), condition)
    anova = one.get("anova") or {}
    effects = anova if anova and all(isinstance(part, dict) for part in anova.values()) else {"": anova}
    if "f" in anova:
        effects = {"": anova}
    for effect, numbers in effects.items():
        yield from _numbers(name, "repeated-measures ANOVA", effect, numbers)
    yield from _numbers(name, "Friedman", "", one.get("friedman") or {})
    for pair in one.get("pairs", ()):
        yield from _numbers(name, "pair", f"{pair['second']} - {pair['first']}", pair)
    for number, cluster in enumerate(one.get("clusters", ()), start=1):
        yield from _numbers(name, "cluster", str(number), cluster)
    yield from _points(name, one)
    for finding in one.get("findings", ()):
        yield name, "finding", finding["code"], finding["severity"], finding["what"]


def _points(name: str, one: dict[str, Any]) -> Iterator[_Row]:
    """Of a curve: the statistic, and means and SDs of the conditions, point by point."""
    for number, statistic in enumerate(one.get("curve", ())):
        yield name, "point", str(number), "statistic", _written(statistic)
        for condition, mean, sd in zip(one["conditions"], one["means"], one["sds"], strict=True):
            yield name, "point", str(number), f"mean of {condition}", _written(mean[number])
            yield name, "point", str(number), f"SD of {condition}", _written(sd[number])


_OF_THE_TEST = (
    *(
        "n",
        "decided_by",
        "p",
        "differs",
        "normality",
        "statistic",
        "df",
        "fwhm_points",
        "resels",
        "threshold",
    ),
    *("left_out", "rows_averaged"),
)


def _numbers(name: str, part: str, of: str, numbers: dict[str, Any], before: str = "") -> Iterator[_Row]:
    """What is nested gets names with a space."""
    for measure, number in numbers.items():
        words = f"{before}{measure.replace('_', ' ')}"
        if isinstance(number, dict):
            yield from _numbers(name, part, of, number, f"{words} ")
        elif measure not in ("name", "first", "second"):
            yield name, part, of, words, _written(number)


def _written(number: Any) -> str:
    if number is None or (isinstance(number, float) and not math.isfinite(number)):
        return ""
    if isinstance(number, bool):
        return "yes" if number else "no"
    if isinstance(number, (list, tuple)):
        return "; ".join(_written(one) for one in number)
    return f"{number:.12g}" if isinstance(number, float) else str(number)
