"""EMG in Excel files: one sheet at a time, read row by row."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

from core.emg.file_access import LONGEST_NAME, check_channels, reading, refuse_file
from core.emg.tables import Table, table_of
from core.emg.text_layout import is_missing
from core.emg.units import in_volts, is_unit, split_unit, time_unit_s, unit_symbol
from core.errors import UserError, refuse

_HEAD_ROWS = 100
_SURE_ROWS = 5
_MOST_UNFOLDED = 1_000_000_000  # bytes; a quarter of an hour of 16 channels at 1 kHz, as text
_MOST_ROWS = (
    1_048_576  # of a sheet, in every Excel; a row may claim any number, and all before it are looked at
)
_MOST_SHEETS = 100  # each is looked into
_MOST_PARTS = 2_000  # files in it
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,  # of its XML
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    NotImplementedError,  # packed in a way that nobody uses
    RuntimeError,  # locked by a password
)


def sheets_with_numbers(path: Path) -> tuple[str, ...]:
    """Names of the sheets that hold rows of numbers. Raises UserError EMG-001, EMG-038."""
    with _opened(path) as book:
        sheets = tuple(book.worksheets)
        return tuple(sheet.title for sheet in sheets if _first_row(_head(path, sheet), None) is not None)


def read_workbook(path: Path, sheet: str = "", header_line: int | None = None) -> Table:
    """Read one sheet; of a workbook with one that holds numbers, that one.

    Raises UserError EMG-001, EMG-036 (several sheets, or none of that name), EMG-031 (text among numbers).
    """
    with _opened(path) as book:
        sheets = tuple(book.worksheets)
        filled = [sh.title for sh in sheets if _first_row(_head(path, sh), header_line) is not None]
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
            with _undamaged(self._path):
                _check_unfolded(self._path, self._stream)
                _check_sheets(self._path, self._stream)
                self._book = openpyxl.load_workbook(self._stream, read_only=True, data_only=True)
                for sheet in self._book.worksheets:
                    sheet.reset_dimensions()  # what it says of its size may be anything; its rows count
        except UserError:
            self._stream.close()
            raise
        return self._book

    def __exit__(self, *_args: object) -> None:
        self._book.close()
        self._stream.close()


def _check_unfolded(path: Path, stream: IO[bytes]) -> None:
    """Refuses EMG-013, before any of it is unfolded, a workbook that would fill the memory."""
    with zipfile.ZipFile(stream) as archive:
        parts = archive.infolist()
    unfolded = sum(part.file_size for part in parts)
    stream.seek(0)
    if len(parts) > _MOST_PARTS:
        raise refuse_file(path, f"It is packed of {len(parts)} files, as no program does.")
    if unfolded > _MOST_UNFOLDED:
        raise refuse(
            "EMG-013",
            f"{path.name} is too large a workbook.",
            f"It unfolds to {unfolded / 1e9:.1f} GB; at most {_MOST_UNFOLDED / 1e9:g} GB can be read.",
            "Export the recording as CSV, or fewer channels or a shorter part of it.",
        )


def _check_sheets(path: Path, stream: IO[bytes]) -> None:
    """Refuses EMG-001 too many sheets before any is opened: thousands may share one part."""
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(stream, read_only=True, data_only=True)
    reader.read_manifest()
    reader.read_workbook()
    if len(reader.parser.sheets) > _MOST_SHEETS:
        raise refuse_file(path, f"It has more than {_MOST_SHEETS} sheets.")
    stream.seek(0)


@contextmanager
def _undamaged(path: Path) -> Iterator[None]:
    """What openpyxl raises over a damaged file, as advice."""
    try:
        yield
    except (*_DAMAGED, OSError) as error:
        raise refuse_file(path, "It is damaged, or not an Excel file.") from error


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


def _head(path: Path, sheet: Any) -> list[tuple[Any, ...]]:
    with _undamaged(path):
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
    head = _head(path, sheet)
    first, width = _first_row(head, header_line), _width(head)
    assert first is not None
    check_channels(path, width)
    names_at, names, units = _header(head, first, width, header_line)
    with _undamaged(path):
        values = table_of(_rows(path, sheet, first, width), width)
    told = [split_unit(name[:LONGEST_NAME]) for name in names]
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
        if number > _MOST_ROWS:
            raise refuse_file(path, f"A row of it is numbered beyond {_MOST_ROWS}, the last one of a sheet.")
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
