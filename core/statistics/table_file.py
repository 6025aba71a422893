"""Tables from other programs: CSV and its relatives, with a line of names above and any text in the cells."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

from core.errors import UserError, refuse
from core.statistics.table import Table

MOST_BYTES = 64 << 20
MOST_COLUMNS = 4096
_DELIMITERS = (",", ";", "\t", "|")
_LOOKED_AT = 50  # lines, to find what sets the cells apart
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NEXT = "Save the table as CSV, with one line of names above the data, and name that file."


def read_table(path: Path) -> Table:
    """Names and cells as they are written. Raises UserError STA-001 for what is no table."""
    lines = _text(path).splitlines()
    delimiter = _delimiter(path, lines)
    try:
        rows = [
            (number, [cell.strip() for cell in row])
            for number, row in _rows(lines, delimiter)
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise _no_table(path, f"It breaks off within quotation marks ({error}).") from error
    if len(rows) < 2:
        raise _no_table(path, "It has no line below the names.")
    (_, names), *body = rows
    if len(names) > MOST_COLUMNS:
        raise _no_table(path, f"It has {len(names)} columns; at most {MOST_COLUMNS} are read.")
    _check_names(path, names)
    for number, row in body:
        if len(row) > len(names) and any(row[len(names) :]):
            raise _no_table(path, f"Line {number} has {len(row)} cells below {len(names)} names.")
    cells = tuple(tuple((row + [""] * len(names))[: len(names)]) for _, row in body)
    comma = delimiter != "," and _decimal_comma(cells)
    return Table(path.name, tuple(names), cells, tuple(number for number, _ in body), comma)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise _no_table(path, "It is not there, or another program holds it.") from error
    if not raw.strip():
        raise _no_table(path, "It is empty.")
    if len(raw) > MOST_BYTES:
        raise _no_table(path, f"It has more than {MOST_BYTES >> 20} MB.")
    encoding = next((name for bom, name in _BOMS if raw.startswith(bom)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    if "\0" in text:
        raise _no_table(path, "It is not text: a workbook or another binary file, perhaps.")
    return text


def _delimiter(path: Path, lines: list[str]) -> str:
    """What gives the most cells in the line of names, and about as many below it."""
    head = [line for line in lines if line.strip()][:_LOOKED_AT]
    best, most = "", 1
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for _, row in _rows(head, delimiter)]
        except csv.Error:
            continue
        if not widths:
            continue
        usual, _ = Counter(widths).most_common(1)[0]
        if min(usual, widths[0]) > most:
            best, most = delimiter, min(usual, widths[0])
    if not best:
        raise _no_table(path, "No comma, semicolon, tabulator or bar sets two or more columns apart.")
    return best


def _rows(lines: list[str], delimiter: str) -> list[tuple[int, list[str]]]:
    """Every row with the number of its last line, from 1."""
    reader = csv.reader(
        io.StringIO("\n".join(lines)), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    return [(reader.line_num, row) for row in reader]


def _check_names(path: Path, names: list[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if twice:
        raise _no_table(path, f"Two columns are called “{twice[0]}”.")


def _decimal_comma(cells: tuple[tuple[str, ...], ...]) -> bool:
    """Whether numbers are written with a comma: some become numbers that way, and none has a point."""

    def number(text: str) -> bool:
        try:
            float(text)
        except ValueError:
            return False
        return True

    flat = [cell for row in cells for cell in row]
    with_comma = sum(number(cell.replace(",", ".")) for cell in flat if cell.count(",") == 1)
    return with_comma > 0 and not any("." in cell and number(cell) for cell in flat)


def _no_table(path: Path, why: str) -> UserError:
    return refuse("STA-001", f"{path.name} cannot be read as a table.", why, _NEXT)
