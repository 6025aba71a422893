"""EMG in Excel files: one sheet at a time, read row by row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from core.emg.file_access import reading, refuse_file
from core.emg.tables import Table, table_of
from core.emg.text_layout import is_missing
from core.emg.units import in_volts, is_unit, split_unit, time_unit_s, unit_symbol
from core.errors import refuse

_HEAD_ROWS = 100
_SURE_ROWS = 5


def sheets_with_numbers(path: Path) -> tuple[str, ...]:
    """Names of the sheets that hold rows of numbers. Raises UserError EMG-001, EMG-038."""
    with _opened(path) as book:
        return tuple(sheet.title for sheet in book.worksheets if _first_row(_head(sheet), None) is not None)


def read_workbook(path: Path, sheet: str = "", header_line: int | None = None) -> Table:
    """Read one sheet; of a workbook with one that holds numbers, that one.

    Raises UserError EMG-001, EMG-036 (several sheets, or none of that name), EMG-031 (text among numbers).
    """
    with _opened(path) as book:
        filled = [ws.title for ws in book.worksheets if _first_row(_head(ws), header_line) is not None]
        chosen = _chosen(path, sheet, filled)
        return _read_sheet(path, book[chosen], header_line)


class _opened:  # noqa: N801 - used like a function
    """A workbook open for reading; openpyxl keeps the file open until it is closed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Any:
        import openpyxl  # not before a workbook is read

        with reading(self._path):
            self._stream = self._path.open("rb")  # a stream, because openpyxl judges files by their names
        try:
            self._book = openpyxl.load_workbook(self._stream, read_only=True, data_only=True)
        except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
            self._stream.close()
            raise refuse_file(self._path, "It is damaged, or not an Excel file.") from error
        return self._book

    def __exit__(self, *_args: object) -> None:
        self._book.close()
        self._stream.close()


def _chosen(path: Path, sheet: str, filled: list[str]) -> str:
    names = ", ".join(f"“{name}”" for name in filled[:12])
    if not filled:
        raise refuse_file(path, "None of its sheets holds rows of numbers.")
    if sheet and sheet not in filled:
        raise refuse(
            "EMG-036",
            f"{path.name} has no sheet “{sheet}” with numbers.",
            f"It has {names}.",
            "Choose one of these sheets.",
        )
    if not sheet and len(filled) > 1:
        raise refuse(
            "EMG-036",
            f"{path.name} has {len(filled)} sheets with numbers.",
            f"They are {names}; only one can be the recording.",
            "Choose the sheet.",
        )
    return sheet or filled[0]


def _head(sheet: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in islice(sheet.iter_rows(values_only=True), _HEAD_ROWS)]


def _width(rows: list[tuple[Any, ...]]) -> int:
    return max((place + 1 for row in rows for place, cell in enumerate(row) if cell is not None), default=0)


def _first_row(rows: list[tuple[Any, ...]], header_line: int | None) -> int | None:
    """Index of the first row of numbers that others follow; None where there is none."""
    for place in range(header_line or 0, len(rows)):
        following = [row for row in rows[place:] if any(cell is not None for cell in row)][:_SURE_ROWS]
        if following and any(cell is not None for cell in rows[place]) and all(map(_is_row, following)):
            return place
    return None


def _is_row(row: tuple[Any, ...]) -> bool:
    numbers = sum(_cell(cell) is not None for cell in row if cell is not None)
    return numbers > 0 and all(_cell(cell) is not None for cell in row if cell is not None)


def _cell(cell: Any) -> float | None:
    """The number of a cell; NaN where it is missing, None for text, dates and logical values."""
    if cell is None:
        return float("nan")
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    if isinstance(cell, str):
        text = cell.strip()
        if is_missing(text):
            return float("nan")
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return None
    return None


def _read_sheet(path: Path, sheet: Any, header_line: int | None) -> Table:
    head = _head(sheet)
    first, width = _first_row(head, header_line), _width(head)
    assert first is not None
    names_at, names, units = _header(head, first, width, header_line)
    values = table_of(_rows(path, sheet, first, width), width)
    told = [split_unit(name) for name in names]
    return Table(
        tuple(name for name, _unit in told),
        tuple(unit_symbol(unit) or own for unit, (_name, own) in zip(units, told, strict=True)),
        values,
        None,
        names_at,
        sheet=sheet.title,
    )


def _header(
    head: list[tuple[Any, ...]], first: int, width: int, header_line: int | None
) -> tuple[int, list[str], list[str]]:
    """Row number, names and units of the columns, from the nearest filled rows above the numbers."""
    filled = [place for place in range(first) if any(cell is not None for cell in head[place])]
    if header_line is not None:
        filled = [place for place in filled if place < header_line]
    texts = {
        place: ["" if cell is None else str(cell).strip() for cell in (*head[place], *[None] * width)[:width]]
        for place in filled
    }
    units = [""] * width
    if header_line is None and len(filled) > 1 and _are_units(texts[filled[-1]]):
        units = texts[filled.pop()]
    if not filled or header_line == 0:
        return 0, [f"column {number}" for number in range(1, width + 1)], units
    return filled[-1] + 1, texts[filled[-1]], units


def _are_units(cells: list[str]) -> bool:
    known = [cell for cell in cells if cell]
    sure = [cell for cell in known if in_volts(unit_symbol(cell)) or time_unit_s(cell)]
    return bool(sure) and all(map(is_unit, known))


def _rows(path: Path, sheet: Any, first: int, width: int) -> Iterator[list[float]]:
    for number, row in enumerate(sheet.iter_rows(min_row=first + 1, values_only=True), first + 1):
        cells = (*row, *[None] * width)[:width]
        if all(cell is None for cell in cells):
            continue
        values = [_cell(cell) for cell in cells]
        if None in values:
            wrong = values.index(None)
            raise refuse(
                "EMG-031",
                f"Row {number} of sheet “{sheet.title}” in {path.name} is not numbers.",
                f"It reads “{str(cells[wrong])[:30]}” in column {wrong + 1}.",
                "Choose the header line if the table begins further down; else correct or remove this row.",
            )
        yield [value for value in values if value is not None]
