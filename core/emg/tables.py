"""Tables with one column per signal: text files in any layout and sheets of a workbook."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.findings import Finding, Severity
from core.emg.file_access import reading
from core.emg.text_layout import TextLayout, clock_s, find_layout, is_comment, is_missing
from core.errors import Advice, UserError, refuse

_LONGEST_FOOTER = 20  # lines


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Axes: T rows, N columns; NaN where an entry is missing."""

    names: tuple[str, ...]  # N, not unique; empty where a column has none
    units: tuple[str, ...]  # N
    values: FloatArray  # (T, N)
    rate_hz: float | None = None  # told beside the numbers, not by a time column
    header_line: int = 0  # from 1; 0 without a header
    findings: tuple[Finding, ...] = ()
    sheet: str = ""


def read_text(path: Path, header_line: int | None = None) -> Table:
    """Read a text file.

    Raises UserError EMG-001 and EMG-032 (see `find_layout`), EMG-031 (a line that is not numbers), EMG-038.
    """
    layout = find_layout(path, header_line)
    rows = _Rows(path, layout)
    with reading(path), path.open(encoding=layout.encoding, errors="replace") as stream:
        numbered = enumerate(stream, 1)
        rows.read((number, line) for number, line in numbered if number >= layout.first_line)
    return Table(
        layout.names,
        layout.units,
        rows.values(),
        layout.rate_hz,
        layout.header_line,
        tuple(rows.findings),
    )


@dataclass(slots=True)
class _Rows:
    """Fills with the numbers of one text file, line by line, so that no line is held longer than needed."""

    path: Path
    layout: TextLayout
    numbers: array[float] = field(default_factory=lambda: array("d"))
    short: list[int] = field(default_factory=list)  # lines with too few entries, none complete after them
    findings: list[Finding] = field(default_factory=list)

    @property
    def width(self) -> int:
        return len(self.layout.names)

    def read(self, lines: Iterable[tuple[int, str]]) -> None:
        after_blank = False
        for number, line in lines:
            text = line.rstrip("\r\n")
            if not text.strip():
                after_blank = True
                continue
            if is_comment(text):
                continue
            cells = self.layout.cells(text)
            try:
                entries = self._entries(number, cells, stops=after_blank)
            except UserError:
                if _number(cells[0]) is not None or not self._ends(lines):
                    raise
                entries = None
            if entries is None:
                self.findings.append(_rest_left_out(self.path, number))
                return
            self.numbers.extend(entries)
            after_blank = False

    def _ends(self, lines: Iterable[tuple[int, str]]) -> bool:
        """Whether what follows is a few lines of words at the end of the file, and no more numbers."""
        rest = list(islice(lines, _LONGEST_FOOTER))
        cells = (self.layout.cells(line.strip()) for _number_of, line in rest if line.strip())
        return len(rest) < _LONGEST_FOOTER and all(_number(entries[0]) is None for entries in cells)

    def values(self) -> FloatArray:
        values = np.frombuffer(self.numbers, dtype=float).reshape(-1, self.width)
        if len(self.short) == 1 and len(values) > 1:  # the export was cut off within its last line
            self.findings.append(_last_line_left_out(self.path, self.short[0]))
            return values[:-1]
        return values

    def _entries(self, number: int, cells: list[str], *, stops: bool) -> Iterable[float] | None:
        """The numbers of a line; None where another table begins."""
        width = self.width
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) == width and not self.short:
            try:
                return [float(cell) for cell in cells]
            except ValueError:
                pass
        values = [_number(cell) for cell in cells]
        if stops and any(value is None for value in values):
            return None
        if len(cells) > width or None in values or not cells:
            raise self._no_numbers(number, cells, values)
        if len(cells) < width:
            self.short.append(number)
        elif self.short:
            raise self._no_numbers(self.short[0], [], [])
        return (*(np.nan if value is None else value for value in values), *[np.nan] * (width - len(cells)))

    def _no_numbers(self, number: int, cells: list[str], values: list[float | None]) -> Exception:
        wrong = next((place for place, value in enumerate(values) if value is None), None)
        if wrong is None:
            why = f"It has another number of entries than the {self.width} columns of this table."
        else:
            name = self.layout.names[wrong] if wrong < self.width else ""
            column = f"column {wrong + 1}" + (f" ({name})" if name and not name.startswith("column ") else "")
            why = f"It reads “{cells[wrong][:30]}” in {column}."
        return refuse(
            "EMG-031",
            f"Line {number} of {self.path.name} is not numbers.",
            why,
            "Choose the header line if the table begins further down; else correct or remove this line.",
        )


def _number(cell: str) -> float | None:
    """The number of an entry; NaN where it is missing, None where it is something else."""
    try:
        return float(cell)
    except ValueError:
        return float("nan") if is_missing(cell) else clock_s(cell)


def _rest_left_out(path: Path, line: int) -> Finding:
    return Finding(
        Severity.NOTE,
        Advice(
            f"What stands in {path.name} from line {line} on was left out.",
            "Another table or a remark begins there.",
            "Nothing to do if the EMG stands in the first table; else export the EMG alone.",
            "EMG-045",
        ),
    )


def _last_line_left_out(path: Path, line: int) -> Finding:
    return Finding(
        Severity.NOTE,
        Advice(
            f"The last line of {path.name} was left out.",
            f"Line {line} is incomplete: the export may have been cut off.",
            "Export again if the recording should be longer.",
            "EMG-045",
        ),
    )


def table_of(rows: Iterator[list[float]], width: int) -> FloatArray:
    """Numbers of a sheet (T, N), filled row by row."""
    numbers = array("d")
    for row in rows:
        numbers.extend(row)
    return np.frombuffer(numbers, dtype=float).reshape(-1, width)
