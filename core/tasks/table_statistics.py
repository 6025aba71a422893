"""Job `table_statistics`: tests of a table of repeated measures, or the names of its columns, as one message.

Not in the GUI process, which loads nothing that computes; a damaged file may end whichever process reads it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.jobs.values import JobContext, Params
from core.statistics.answer import answer
from core.statistics.question import Question
from core.statistics.table import MOST_CONDITIONS, curves_of
from core.statistics.table_file import read_table
from core.statistics.told_csv import told_csv


def run(params: Params, context: JobContext) -> str:
    """Sends the columns of `file` where no `question` is given, else its answer; writes no record.

    `question`: subject, and as far as they are told within and values (lists of columns), curve (what the
    columns of one begin with), average, simulated. Refuses STA-001 to STA-009.
    """
    file = Path(str(params["file"]))
    context.progress(None, f"Reading {file.name}")
    told = params.get("question")
    message = _columns(file) if not isinstance(told, dict) else _answered(file, told)
    context.check_cancelled()
    context.message(json.dumps(message, ensure_ascii=False))
    return ""


def _columns(file: Path) -> dict[str, Any]:
    """Curves are told with how many points they have; their columns, too, where they may be conditions."""
    table = read_table(file)
    curves = curves_of(table)
    points = {name for columns in curves.values() if len(columns) > MOST_CONDITIONS for name in columns}
    named = [number for number, name in enumerate(table.names) if name and name not in points]
    return {
        "curves": {name: len(columns) for name, columns in curves.items()},
        "columns": [table.names[number] for number in named],
        "numbers": [table.names[number] for number in named if table.numeric(number)],
        "rows": len(table.cells),
    }


def _answered(file: Path, told: dict[str, Any]) -> dict[str, Any]:
    question = Question(
        str(told["subject"]),
        tuple(map(str, told.get("within", ()))),
        tuple(map(str, told.get("values", ()))),
        curve=str(told.get("curve", "")),
        average=bool(told.get("average")),
        simulated=bool(told.get("simulated")),
    )
    found, lines = answer(file, question)
    return {"found": found, "lines": lines, "csv": told_csv(found)}
