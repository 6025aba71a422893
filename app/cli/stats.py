"""`exotwin stats`: repeated measures of the same subjects in several conditions, from a table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UserError, refuse

if TYPE_CHECKING:
    from core.domain.findings import Finding
    from core.statistics.table import Asked, Repeated, Table

_WIDE = "values"  # a table with a column per condition does not name what was measured


@dataclass(frozen=True, slots=True)
class Question:
    """What the command line asks of the table."""

    subject: str
    within: tuple[str, ...]
    values: tuple[str, ...]
    conditions: tuple[str, ...]
    curve: str
    average: bool
    alternative: str
    who: str


def add_stats(commands: Any, _add_data_dir: Callable[[Any], None]) -> None:
    parser = commands.add_parser(
        "stats",
        help="test a table of repeated measures: t, F, ranks, effect sizes; curves point by point",
        description="Long tables have a row per subject and condition: name the column of the condition "
        "after --within. In wide ones, without --within, each --value column is one condition.",
    )
    parser.add_argument("file", type=Path, help="CSV with one line of names")
    parser.add_argument("--subject", required=True, metavar="COLUMN", help="who was measured")
    parser.add_argument(
        "--within",
        action="append",
        default=[],
        metavar="COLUMN",
        help="in which condition; twice for two crossed factors",
    )
    parser.add_argument(
        "--value",
        action="append",
        default=[],
        metavar="COLUMN",
        help="what was measured; default: all numbers",
    )
    parser.add_argument(
        "--conditions", nargs="+", default=[], metavar="NAME", help="only these, in this order"
    )
    parser.add_argument("--curve", default="", metavar="NAME", help="columns NAME_0, NAME_1, … are one curve")
    parser.add_argument(
        "--average", action="store_true", help="several rows of a subject in a condition count as their mean"
    )
    parser.add_argument(
        "--alternative",
        choices=("different", "less", "greater"),
        default="different",
        help="one-sided pairs: the later condition is less or greater than the earlier",
    )
    parser.add_argument("--simulated", action="store_true", help="says so beside every n")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    parser.set_defaults(command=_stats)


def _stats(args: argparse.Namespace) -> int:
    from app.jobs.guarded import guarded
    from app.session_request import check_files

    check_files(args.file)
    question = Question(
        args.subject,
        tuple(args.within),
        tuple(args.value),
        tuple(args.conditions),
        args.curve,
        args.average,
        args.alternative,
        "subjects, simulated" if args.simulated else "subjects",
    )
    found, lines = guarded((args.file,), answer, args.file, question)
    print(json.dumps(found, indent=2, ensure_ascii=False) if args.as_json else "\n".join(lines))
    return 0


def answer(file: Path, question: Question) -> tuple[dict[str, Any], list[str]]:
    """As JSON and as text; in a process of its own. Raises UserError STA-001 to STA-009."""
    from core.statistics.table import Asked, value_columns
    from core.statistics.table_file import read_table

    table = read_table(file)
    asked = Asked(question.subject, question.within, question.conditions, question.average)
    _check(question)
    head: dict[str, Any] = {"file": file.name, "simulated": "simulated" in question.who}
    if question.curve:
        found, lines = _curves(table, asked, question)
        return head | found, lines
    columns = question.values or value_columns(table, asked)
    if not question.within:
        data = _wide(table, asked, columns)
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


def _wide(table: Table, asked: Asked, columns: tuple[str, ...]) -> Repeated:
    from core.statistics.table import wide_values

    return wide_values(table, asked, columns)


def _column(
    table: Table, asked: Asked, name: str, question: Question, *, alone: bool
) -> tuple[dict[str, Any], list[str]]:
    """One of several columns may be beyond testing; the others are tested all the same."""
    from core.statistics.table import long_values

    try:
        return _one(name, long_values(table, asked, (name,)), question)
    except UserError as error:
        if alone or error.advice.code not in ("STA-004", "STA-005"):
            raise
        from core.domain.findings import Finding, Severity

        told = Finding(Severity.WARNING, error.advice)
        return {"value": name, "findings": _told((told,))}, [name, *_finding_lines((told,))]


def _one(name: str, data: Repeated, question: Question) -> tuple[dict[str, Any], list[str]]:
    from core.statistics.study import study, study_two
    from core.statistics.tails import Alternative
    from core.statistics.told import study_lines, study_values, two_factor_lines, two_factor_values

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
    from core.statistics.curves import paired_curves, repeated_curves
    from core.statistics.table import curve_columns, long_values
    from core.statistics.told import curve_lines, curve_values

    columns = curve_columns(table, question.curve)
    data = long_values(table, asked, columns)
    names, values = data.conditions[0], data.values
    test = paired_curves(values[:, 0], values[:, 1]) if len(names) == 2 else repeated_curves(values)
    found = {"curve_of": question.curve, "first_column": columns[0], "conditions": list(names)}
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
