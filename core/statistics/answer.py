"""A question to a table of repeated measures, and its answer as values and as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.domain.findings import Finding, Severity
from core.errors import UserError, refuse
from core.statistics.curves import paired_curves, repeated_curves
from core.statistics.question import Question
from core.statistics.study import study, study_two
from core.statistics.table import (
    Asked,
    Repeated,
    Table,
    curve_columns,
    long_values,
    value_columns,
    wide_values,
)
from core.statistics.table_file import read_table
from core.statistics.tails import Alternative
from core.statistics.told import (
    curve_lines,
    curve_values,
    study_lines,
    study_values,
    two_factor_lines,
    two_factor_values,
)

_WIDE = "values"  # a table with a column per condition does not name what was measured


def answer(file: Path, question: Question) -> tuple[dict[str, Any], list[str]]:
    """As values for JSON, and as text. Raises UserError STA-001 to STA-009."""
    table = read_table(file)
    asked = Asked(question.subject, question.within, question.conditions, question.average)
    _check(question)
    head: dict[str, Any] = {"file": file.name, "simulated": question.simulated}
    if question.curve:
        found, lines = _curves(table, asked, question)
        return head | found, lines
    columns = question.values or value_columns(table, asked)
    if not question.within:
        data = wide_values(table, asked, columns)
        found, lines = _one(_WIDE, data, question)
        return head | {"values": [found]}, lines
    parts = [_column(table, asked, name, question, alone=len(columns) == 1) for name in columns]
    texts = [text for _, text in parts]
    lines = [line for number, text in enumerate(texts) for line in ([""] if number else []) + text]
    return head | {"values": [found for found, _ in parts]}, lines


def _check(question: Question) -> None:
    """What does not go together. Raises UserError STA-004."""
    if len(question.within) <= 2 and not (question.curve and len(question.within) != 1):
        return
    most = "one --within" if question.curve else "at most two --within"
    raise refuse(
        "STA-004",
        f"{len(question.within)} columns were named as conditions.",
        f"{'Curves need' if question.curve else 'Other tables can have'} {most}.",
        "Leave out the others, or choose the rows of one condition of theirs before.",
    )


def _column(
    table: Table, asked: Asked, name: str, question: Question, *, alone: bool
) -> tuple[dict[str, Any], list[str]]:
    """One of several columns may be beyond testing; the others are tested all the same."""
    try:
        return _one(name, long_values(table, asked, (name,)), question)
    except UserError as error:
        if alone or error.advice.code not in ("STA-004", "STA-005"):
            raise
        told = Finding(Severity.WARNING, error.advice)
        return {"value": name, "findings": _told((told,))}, [name, *_finding_lines((told,))]


def _one(name: str, data: Repeated, question: Question) -> tuple[dict[str, Any], list[str]]:
    values = data.values[:, :, 0]
    if len(data.conditions) == 2:
        first, second = data.conditions
        cube = values.reshape(len(values), len(first), len(second))
        both = study_two(name, (question.within[0], question.within[1]), (first, second), cube)
        found, lines, own = two_factor_values(both), two_factor_lines(both, question.who), both.findings
    else:
        one = study(name, data.conditions[0], values, Alternative(question.alternative))
        found, lines, own = study_values(one), study_lines(one, question.who), one.findings
    return _with_data(found, lines, data, (*data.findings, *own))


def _curves(table: Table, asked: Asked, question: Question) -> tuple[dict[str, Any], list[str]]:
    columns = curve_columns(table, question.curve)
    data = long_values(table, asked, columns)
    names, values = data.conditions[0], data.values
    test = paired_curves(values[:, 0], values[:, 1]) if len(names) == 2 else repeated_curves(values)
    found = {
        "curve_of": question.curve,
        "first_column": columns[0],
        "conditions": list(names),
        "means": values.mean(axis=0).tolist(),
        "sds": values.std(axis=0, ddof=1).tolist(),
    }
    lines = curve_lines(question.curve, test, names, question.who)
    return _with_data(found | curve_values(test), lines, data, data.findings)


def _with_data(
    found: dict[str, Any], lines: list[str], data: Repeated, findings: tuple[Finding, ...]
) -> tuple[dict[str, Any], list[str]]:
    told = {
        "subjects": list(data.subjects),
        "left_out": list(data.left_out),
        "rows_averaged": data.averaged,
        "findings": _told(findings),
    }
    repeats = [f"  {data.averaged} repeated rows went into means of their subjects."] if data.averaged else []
    return found | told, [*lines, *repeats, *_finding_lines(findings)]


def _told(findings: tuple[Finding, ...]) -> list[dict[str, str]]:
    return [
        {
            "severity": one.severity.value,
            "code": one.advice.code,
            "what": one.advice.what,
            "why": one.advice.why,
            "next_step": one.advice.next_step,
        }
        for one in findings
    ]


def _finding_lines(findings: tuple[Finding, ...]) -> list[str]:
    return [f"  {one.severity.value}: {one.advice.one_line()}" for one in findings]
