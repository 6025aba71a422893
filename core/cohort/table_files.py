"""Tables as files: Parquet with pyarrow, which only this module loads, or CSV. Same table, same bytes."""

from __future__ import annotations

import csv
import io
import json
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.cohort.tables import Table
from core.errors import refuse
from core.store.files import folder_errors, write_synced


class TableFormat(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"


def require_format(wanted: TableFormat) -> None:
    """Refuses STU-009 Parquet where nothing here writes it: before a study runs for hours."""
    if wanted is TableFormat.CSV or find_spec("pyarrow") is not None:
        return
    raise refuse(
        "STU-009",
        "The results cannot be written as Parquet.",
        "pyarrow, which writes it, is not installed; a single PC does without.",
        "Add it (python3 installer/bootstrap.py setup --with cluster), or ask for CSV with --format csv.",
    )


def write_tables(folder: Path, tables: dict[str, Table], wanted: TableFormat) -> tuple[Path, ...]:
    """One file a table; one without rows is left out. Raises UserError STU-009, REC-003 and REC-006."""
    require_format(wanted)
    files = []
    with folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            path = folder / f"{name}.{wanted.value}"
            if not table:
                path.unlink(missing_ok=True)
                continue
            write_synced(path, _parquet(table) if wanted is TableFormat.PARQUET else _csv(table))
            files.append(path)
    return tuple(files)


def _parquet(table: Table) -> bytes:
    import pyarrow
    import pyarrow.parquet

    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(table), stream, compression="zstd")
    return stream.getvalue()


def _csv(table: Table) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table)
    writer.writerows([_cell(value) for value in row] for row in zip(*table.values(), strict=True))
    return stream.getvalue().encode("utf-8")


def _cell(value: Any) -> Any:
    """A curve is a list in its cell; numbers are written so that they are read back as they were."""
    return (
        json.dumps(value) if isinstance(value, list) else repr(value) if isinstance(value, float) else value
    )
