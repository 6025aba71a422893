"""`exotwin stats`: repeated measures of the same subjects in several conditions, from a table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.statistics.question import Question


def add_stats(commands: Any, _add_data_dir: Callable[[Any], None]) -> None:
    parser = commands.add_parser(
        "stats",
        help="test a table of repeated measures: t, F, ranks, effect sizes; curves point by point",
        description="Long tables have a row per subject and condition: name the column of the condition "
        "after --within. In wide ones, without --within, each --value column is one condition.",
    )
    _add_columns(parser)
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
    told = parser.add_mutually_exclusive_group()
    told.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    told.add_argument("--csv", action="store_true", dest="as_csv", help="print as CSV, a number a line")
    parser.set_defaults(command=_stats)


def _add_columns(parser: argparse.ArgumentParser) -> None:
    """Which columns are what."""
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


def _stats(args: argparse.Namespace) -> int:
    from app.jobs.guarded import guarded
    from app.session_request import check_files
    from core.statistics.question import Question
    from core.statistics.told_csv import told_csv

    check_files(args.file)
    question = Question(
        args.subject,
        tuple(args.within),
        tuple(args.value),
        tuple(args.conditions),
        args.curve,
        args.average,
        args.alternative,
        args.simulated,
    )
    found, lines = guarded((args.file,), _answer, args.file, question)
    if args.as_csv:
        print(told_csv(found), end="")
    else:
        print(json.dumps(found, indent=2, ensure_ascii=False) if args.as_json else "\n".join(lines))
    return 0


def _answer(file: Path, question: Question) -> tuple[dict[str, Any], list[str]]:
    """In a process of its own: only that one loads what computes."""
    from core.statistics.answer import answer

    return answer(file, question)
