"""From the cells of a table to numbers of the same subjects in all conditions.

Long tables have a line for every subject in every condition, wide ones a line for every subject and a column
for every condition.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.findings import Finding, Severity
from core.errors import Advice, UserError, refuse

LEAST_SUBJECTS = 3
MOST_CONDITIONS = 50
ENDLESS = 1e60  # nobody measures more, and its fourth power is still a number
_MISSING = frozenset(("", "nan", "na", "n/a", "#n/a", "-", "--", "null", "none", "missing"))
_MOST_NAMED = 6
LEAST_POINTS = 10  # of a curve
_NUMBERED = re.compile(r"[ _.-]?(\d{1,5})")
_OF_A_CURVE = re.compile(r"(.+?)[ _.-]?\d{1,5}")


@dataclass(frozen=True, slots=True)
class Table:
    """As it is written."""

    file: str
    names: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]  # row by row, as many as there are names
    lines: tuple[int, ...]  # of each row in the file, from 1
    decimal_comma: bool = False

    def column(self, name: str, option: str) -> int:
        """Raises UserError STA-002 where there is none of this name."""
        if name not in self.names:
            near = [one for one in self.names if one.lower() == name.lower()]
            meant = f"Did you mean “{near[0]}”? " if near else ""
            raise refuse(
                "STA-002",
                f"{self.file} has no column “{name}”.",
                f"Its columns are: {_listed(self.names)}.",
                f"{meant}Name one of these after {option}, spelled the same.",
            )
        return self.names.index(name)

    def number(self, row: int, column: int) -> float:
        """NaN where there is none. Raises UserError STA-003 for other words."""
        cell = self.cells[row][column]
        if cell.lower() in _MISSING:
            return math.nan
        text = cell.replace(",", ".") if self.decimal_comma and cell.count(",") == 1 else cell
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not abs(value) < ENDLESS:
            what = "is no number" if math.isnan(value) else "is too large a number"
            raise refuse(
                "STA-003",
                f"“{cell[:40]}” in column “{self.names[column]}” {what}.",
                f"It stands in line {self.lines[row]} of {self.file}.",
                "Write a number there, or leave the cell empty; or name other columns after --value.",
            )
        return value

    def numeric(self, column: int) -> bool:
        """Whether every cell is a number or empty, and some are numbers."""
        try:
            return any(math.isfinite(self.number(row, column)) for row in range(len(self.cells)))
        except UserError:
            return False


@dataclass(frozen=True, slots=True, eq=False)
class Repeated:
    """The same subjects in all conditions. Axes: n subjects, k conditions, values (one, or those of a curve).

    The conditions of two factors are crossed, and those of the second change first.
    """

    subjects: tuple[str, ...]  # n
    conditions: tuple[tuple[str, ...], ...]  # of each factor, in their order
    values: FloatArray  # (n, k, values)
    left_out: tuple[str, ...] = ()  # subjects without all conditions
    averaged: int = 0  # rows that went into the mean of another one's

    def __post_init__(self) -> None:
        cells = math.prod(len(names) for names in self.conditions)
        frozen(self, "values", (len(self.subjects), cells, None))

    @property
    def findings(self) -> tuple[Finding, ...]:
        if not self.left_out:
            return ()
        all_of_them = len(self.subjects) + len(self.left_out)
        count = len(self.left_out)
        told = Advice(
            f"{count} of {all_of_them} subjects {'is' if count == 1 else 'are'} left out: "
            f"{_listed(self.left_out)}.",
            "A value is missing in at least one condition, and repeated measures need them all.",
            "Fill the empty cells, or compare only the conditions that everybody has, with --conditions.",
            "STA-007",
        )
        return (Finding(Severity.WARNING, told),)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which columns are what; without `within` the table is wide, and each value column is one condition."""

    subject: str
    within: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()  # of the first factor, to choose and order them; (): all, as they come
    average: bool = False  # several rows of a subject in a condition count as their mean


def value_columns(table: Table, asked: Asked) -> tuple[str, ...]:
    """All columns of numbers but those that say who and in which condition."""
    told = {table.column(asked.subject, "--subject")}
    told |= {table.column(name, "--within") for name in asked.within}
    found = [n for n in range(len(table.names)) if n not in told and table.names[n] and table.numeric(n)]
    if not found:
        raise refuse(
            "STA-003",
            f"{table.file} has no column of numbers.",
            "Beside the subject and the condition, every column has words in it.",
            "Name the columns with --value, and write numbers in them or leave cells empty.",
        )
    return tuple(table.names[number] for number in found)


def curve_columns(table: Table, prefix: str) -> tuple[str, ...]:
    """The columns `prefix` 0, 1, 2 … in their order. Raises UserError STA-009 for fewer than ten."""
    numbered = {
        int(found.group(1)): name
        for name in table.names
        if name.startswith(prefix) and (found := _NUMBERED.fullmatch(name[len(prefix) :]))
    }
    order = sorted(numbered)
    if len(order) < LEAST_POINTS or order != list(range(order[0], order[0] + len(order))):
        raise refuse(
            "STA-009",
            f"{table.file} has no curve “{prefix}”.",
            f"{len(order)} of its columns are called {prefix} and a number; ten or more are needed, in a row "
            "without a gap.",
            f"Name the columns {prefix}_0, {prefix}_1, … over the gait cycle.",
        )
    return tuple(numbered[number] for number in order)


def curves_of(table: Table) -> dict[str, tuple[str, ...]]:
    """The columns of every curve in the table, by what their names begin with."""
    begins = Counter(found.group(1) for name in table.names if (found := _OF_A_CURVE.fullmatch(name)))
    curves = {}
    for prefix in (name for name, count in begins.items() if count >= LEAST_POINTS):
        try:
            curves[prefix] = curve_columns(table, prefix)
        except UserError:  # STA-009: numbered, and not in a row
            continue
    return curves


def long_values(table: Table, asked: Asked, values: Sequence[str]) -> Repeated:
    """From a table with a row per subject and condition.

    Raises UserError STA-002 to STA-004 and STA-006.
    """
    subject = table.column(asked.subject, "--subject")
    within = [table.column(name, "--within") for name in asked.within]
    columns = [table.column(name, "--value") for name in values]
    rows: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for row, cells in enumerate(table.cells):
        key = cells[subject], tuple(cells[column] for column in within)
        if key[0] and all(key[1]):
            rows.setdefault(key, []).append(row)
    levels = [tuple(dict.fromkeys(key[1][n] for key in rows)) for n in range(len(within))]
    levels[0] = _chosen(table, asked, levels[0])
    averaged = _check_repeats(table, asked, rows, levels)
    crossed = _crossed(levels)
    found: dict[str, FloatArray] = {}
    for name in dict.fromkeys(key[0] for key in rows):
        found[name] = np.array(
            [_mean(table, rows.get((name, cell), []), columns) for cell in crossed], dtype=np.float64
        )
    return _complete(table, found, tuple(levels), averaged)


def wide_values(table: Table, asked: Asked, conditions: Sequence[str]) -> Repeated:
    """From a table with a row per subject; each of the columns `conditions` is one condition."""
    subject = table.column(asked.subject, "--subject")
    chosen = _chosen(table, asked, tuple(conditions))
    columns = [table.column(name, "--value") for name in chosen]
    rows: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for row, cells in enumerate(table.cells):
        if cells[subject]:
            rows.setdefault((cells[subject], (chosen[0],)), []).append(row)
    averaged = _check_repeats(table, asked, rows, [(chosen[0],)])
    found = {name: _mean(table, own, columns)[:, None] for (name, _), own in rows.items()}
    return _complete(table, found, (chosen,), averaged)


def _crossed(levels: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    cells: list[tuple[str, ...]] = [()]
    for names in levels:
        cells = [(*cell, name) for cell in cells for name in names]
    return cells


def _mean(table: Table, rows: Sequence[int], columns: Sequence[int]) -> FloatArray:
    """Of the rows that have a value; NaN without one."""
    values = np.array([[table.number(row, column) for column in columns] for row in rows])
    if not len(values):
        return np.full(len(columns), np.nan)
    seen = np.isfinite(values)
    count = seen.sum(axis=0)
    total = np.where(seen, values, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _chosen(table: Table, asked: Asked, found: tuple[str, ...]) -> tuple[str, ...]:
    for name in asked.conditions:
        if name not in found:
            raise refuse(
                "STA-002",
                f"{table.file} has no condition “{name}”.",
                f"Its conditions are: {_listed(found)}.",
                "Name some of these after --conditions, spelled the same.",
            )
    chosen = tuple(dict.fromkeys(asked.conditions)) or found
    if not 2 <= len(chosen) <= MOST_CONDITIONS:
        raise refuse(
            "STA-004",
            f"{table.file} has {len(chosen)} condition{'' if len(chosen) == 1 else 's'} to compare.",
            f"Two to {MOST_CONDITIONS} can be compared; a column of measured values is no condition.",
            "Name the column that says the condition after --within; in a table with a column per condition, "
            "leave --within out and name these columns after --value.",
        )
    return chosen


def _check_repeats(
    table: Table,
    asked: Asked,
    rows: dict[tuple[str, tuple[str, ...]], list[int]],
    levels: Sequence[tuple[str, ...]],
) -> int:
    """How many rows are more than one of a subject in a condition."""
    wanted = set(_crossed(levels))
    repeated = {key: own for key, own in rows.items() if len(own) > 1 and key[1] in wanted}
    if repeated and not asked.average:
        (name, condition), own = next(iter(repeated.items()))
        where = f" in “{', '.join(condition)}”" if asked.within else ""
        raise refuse(
            "STA-006",
            f"“{name}” has {len(own)} rows{where} (lines {_listed([str(table.lines[row]) for row in own])}).",
            "Several rows of one subject, such as strides or trials, are not several subjects.",
            "Run again with --average, so that each subject counts once, with the mean of its rows; or take "
            "out rows that are there twice by mistake.",
        )
    return sum(len(own) - 1 for own in repeated.values())


def _complete(
    table: Table, found: dict[str, FloatArray], levels: tuple[tuple[str, ...], ...], averaged: int
) -> Repeated:
    whole = {name: values for name, values in found.items() if np.isfinite(values).all()}
    left_out = tuple(name for name in found if name not in whole)
    if len(whole) < LEAST_SUBJECTS:
        missing = f"; {len(left_out)} more lack a value in at least one condition" if left_out else ""
        raise refuse(
            "STA-004",
            f"{table.file} has {len(whole)} subject{'' if len(whole) == 1 else 's'} with all conditions.",
            f"{LEAST_SUBJECTS} are the least from which anything can be said about others{missing}.",
            "Add subjects or their missing values; many rows of one person make no more subjects.",
        )
    return Repeated(tuple(whole), levels, np.stack(list(whole.values())), left_out, averaged)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"{name[:40]}" for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
