"""How a text file with numbers is laid out: code page, separators, header, units, first line of numbers.

Nothing is taken as given. Every way to set entries and decimals apart is tried on the head of the file; the
one that makes the most lines into equally many numbers is taken. The names stand in the nearest line above
the numbers that has as many entries, with a row of units between them or not.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.emg.file_access import LONGEST_NAME, check_channels, reading, refuse_file
from core.emg.units import in_volts, is_unit, split_unit, time_unit_s, unit_symbol
from core.errors import refuse

_HEAD_BYTES = 64 * 1024
_SURE_ROWS = 5  # lines of numbers in a row that begin a table
_COMMENTS = "#%"
_MISSING = frozenset(("", "nan", "na", "n/a", "#n/a", "-", "--", "null", "none", "missing", "inf", "-inf"))
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+")
_CLOCK = re.compile(r"(\d{1,4}[-./]\d{1,2}[-./]\d{1,4}[ T]+)?(\d{1,2}:\d{2}(:\d{2})?(\.\d+)?)Z?")
_WAYS = (
    ("\t", "."),
    ("\t", ","),
    (";", "."),
    (";", ","),
    (",", "."),
    ("|", "."),
    ("", "."),
    ("", ","),
    (",", ","),
)
_RATE_WORDS = re.compile(
    r"abtast|frequen|\bfreq\b|\brate\b|\bfs\b|echantillon|sampl\w*[ _]?(rate|freq)", re.I
)
_NAMED_RATE = re.compile(r"sampl\w*[ _]?(?:rate|freq\w*)\W{1,4}(\d+(?:\.\d+)?)", re.I)
_OTHER_RATES = re.compile(
    r"filter|pass|cut|band|notch|video|marker|camera|interval|period|number|no_of", re.I
)
_RATES_HZ = (10.0, 100_000.0)


@dataclass(frozen=True, slots=True)
class TextLayout:
    """How a text file writes its table."""

    encoding: str
    delimiter: str  # empty: any blank space
    decimal: str
    names: tuple[str, ...]  # without units; "column 1", … where the file has no header
    units: tuple[str, ...]  # as `unit_symbol` spells them
    header_line: int  # from 1; 0 without a header
    first_line: int  # of numbers, from 1
    rate_hz: float | None = None  # told above the header

    def cells(self, line: str) -> list[str]:
        """The entries of one line, with points as decimal signs where this file has commas."""
        return split_line(line, self.delimiter, self.decimal)


def find_layout(path: Path, header_line: int | None = None) -> TextLayout:
    """Look into the head of a text file. `header_line` (from 1; 0: none) is a person's word for it.

    Raises UserError EMG-001 (no table of numbers), EMG-012 (too many columns), EMG-032 (names and numbers do
    not fit), EMG-038 (locked).
    """
    encoding, lines = _head(path)
    delimiter, decimal, width = _best_way(lines)
    check_channels(path, width)
    rows = [split_line(line, delimiter, decimal) for line in lines]
    first = _first_row(path, rows, width, lines, header_line)
    names_at, names, units = _header(path, lines, rows, first, width, (delimiter, header_line))
    told = [split_unit(name[:LONGEST_NAME]) for name in names]
    return TextLayout(
        encoding,
        delimiter,
        decimal,
        tuple(name for name, _unit in told),
        tuple(
            unit_symbol(unit[:LONGEST_NAME]) or own for unit, (_name, own) in zip(units, told, strict=True)
        ),
        names_at,
        first + 1,
        _told_rate(rows[:first]),
    )


def split_line(line: str, delimiter: str, decimal: str) -> list[str]:
    """The entries of a line; an empty `delimiter` is any blank space."""
    if not delimiter:
        cells = line.split()
    elif '"' in line:
        cells = _quoted(line, delimiter)
    else:
        cells = line.split(delimiter)
    if decimal == ",":
        return [_with_point(cell.strip()) if "," in cell else cell.strip() for cell in cells]
    return [cell.strip() for cell in cells]


def _quoted(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:  # a quote that is never closed, around more than any entry holds
        return line.split(delimiter)


def _with_point(cell: str) -> str:
    """A number with its decimal comma as a point, without the points that set its thousands apart."""
    if "." in cell and _THOUSANDS.fullmatch(cell):
        cell = cell.replace(".", "")
    return cell.replace(",", ".") if cell.count(",") == 1 else cell


def is_missing(cell: str) -> bool:
    """Whether an entry says that there is no value."""
    return cell.lower() in _MISSING


def clock_s(cell: str) -> float | None:
    """Seconds of a clock time such as 00:01:02.5, with or without a date before it; None when it is none."""
    found = _CLOCK.fullmatch(cell)
    if found is None:
        return None
    clock, seconds = found.group(2), 0.0
    for part in clock.split(":"):
        seconds = 60.0 * seconds + float(part)
    return seconds if clock.count(":") == 2 or "." in clock else 60.0 * seconds


def is_comment(line: str) -> bool:
    return line.lstrip()[:1] in tuple(_COMMENTS)


def _head(path: Path) -> tuple[str, list[str]]:
    with reading(path), path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    encoding = _encoding(path, head)
    lines = head.decode(encoding, errors="replace").splitlines()
    if len(head) == _HEAD_BYTES and len(lines) > 1:
        lines.pop()  # cut off in its middle
    return encoding, lines


def _encoding(path: Path, head: bytes) -> str:
    """The code page: told by the first bytes, else UTF-8 where it fits, else the one of Windows."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    for encoding, nul_at in (("utf-16-le", 1), ("utf-16-be", 0)):
        high, low = head[nul_at:2000:2], head[1 - nul_at : 2000 : 2]
        if len(high) > 4 and high.count(0) > 0.9 * len(high) and low.count(0) < 0.1 * len(low):
            return encoding
    if b"\0" in head[:4000]:
        raise refuse_file(path, "It is neither text nor a kind of EMG file that is known here.")
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return "cp1252"
    return "utf-8"


def _is_row(cells: Sequence[str], width: int) -> bool:
    """Whether a line is `width` entries of numbers, some of which may be missing."""
    while len(cells) > width and not cells[-1]:
        cells = cells[:-1]
    if len(cells) != width:
        return False
    numbers = sum(bool(_NUMBER.fullmatch(cell) or _CLOCK.fullmatch(cell)) for cell in cells)
    return numbers > 0 and numbers + sum(map(is_missing, cells)) == len(cells)


def _best_way(lines: list[str]) -> tuple[str, str, int]:
    """Delimiter, decimal sign and number of entries that make the most lines into rows of numbers."""
    best, chosen = (0, False, 0), (",", ".", 0)
    for delimiter, decimal in _WAYS:
        rows = [
            split_line(line, delimiter, decimal) for line in lines if line.strip() and not is_comment(line)
        ]
        widths = Counter(len(cells) for cells in rows if _is_row(cells, len(cells)))
        for width, _often in widths.most_common(2):
            of_width = [_is_row(cells, width) for cells in rows]
            first = of_width.index(True)
            named = any(len(cells) == width for cells in rows[max(0, first - 3) : first])
            score = (sum(of_width), named, width)
            if score > best:
                best, chosen = score, (delimiter, decimal, width)
    return chosen


def _first_row(
    path: Path, rows: list[list[str]], width: int, lines: list[str], header_line: int | None
) -> int:
    """Index of the first line of numbers that others follow."""
    for place in range(header_line or 0, len(rows)):
        if not lines[place].strip():
            continue
        following = list(
            islice((rows[at] for at in range(place, len(rows)) if lines[at].strip()), _SURE_ROWS)
        )
        if width and all(_is_row(cells, width) for cells in following):
            return place
    where = next((place for place, line in enumerate(lines[1:], 2) if line.strip()), 1)
    text = lines[where - 1].strip()[:40] if lines else ""
    raise refuse(
        "EMG-001",
        f"{path.name} cannot be read as EMG.",
        f"No line of it is a row of numbers; line {where} reads “{text}”.",
        "Export it as CSV with one column per muscle and a line of names above, or as C3D.",
    )


def _header(
    path: Path,
    lines: list[str],
    rows: list[list[str]],
    first: int,
    width: int,
    told: tuple[str, int | None],
) -> tuple[int, list[str], list[str]]:
    """Line number, names and units of the columns."""
    delimiter, header_line = told
    nothing = [""] * width
    above = [place for place in range(first) if lines[place].strip()]
    if header_line is not None:
        above = [place for place in above if place < header_line]
    units = nothing
    if header_line is None and len(above) > 1 and _is_unit_row(_fitted(lines[above[-1]], delimiter, width)):
        units = _fitted(lines[above.pop()], delimiter, width) or nothing
    elif header_line and first > header_line:
        between = [_fitted(line, delimiter, width) for line in lines[header_line:first]]
        units = next((cells for cells in between if cells is not None and _is_unit_row(cells)), nothing)
    if not above or header_line == 0:
        return 0, [f"column {number}" for number in range(1, width + 1)], units
    names = _named_line(lines, above, width) or _fitted(lines[above[-1]], delimiter, width)
    if names is None and header_line is None and len(rows[above[-1]]) < 2:
        return 0, [f"column {number}" for number in range(1, width + 1)], units
    if names is None:
        raise _names_do_not_fit(path, above[-1] + 1, len(rows[above[-1]]), first + 1, width)
    return above[-1] + 1, names, units


def _named_line(lines: list[str], above: list[int], width: int) -> list[str] | None:
    """The names where a line calls itself so, as Qualisys writes them."""
    for place in above:
        cells = lines[place].split("\t")
        if cells[0].strip().upper() == "CHANNEL_NAMES" and len(cells) == width + 1:
            return [cell.strip() for cell in cells[1:]]
    return None


def _fitted(line: str, delimiter: str, width: int) -> list[str] | None:
    """The entries of a line above the numbers, if there is a way to find as many as the numbers have."""
    text = line.strip("\r\n")
    plain = text.lstrip().lstrip(_COMMENTS).strip() if is_comment(text) else text
    ways = [split_line(plain, mark, ".") for mark in (delimiter, "\t", ";", ",") if mark or delimiter == mark]
    ways.append([cell.strip() for cell in re.split(r"\s{2,}|\t", plain.strip())])
    for cells in ways:
        while len(cells) > width and not cells[-1]:
            cells = cells[:-1]
        if len(cells) == width:
            return cells
    if len(ways[0]) == width - 1 and width > 2:  # R leaves the place above its row numbers out
        return ["", *ways[0]]
    return None


def _is_unit_row(cells: list[str] | None) -> bool:
    if cells is None or not any(cells):
        return False
    known = [cell for cell in cells if cell and is_unit(cell)]
    sure = [cell for cell in known if in_volts(unit_symbol(cell)) or time_unit_s(cell)]
    return len(known) == sum(map(bool, cells)) and bool(sure or len(known) == len(cells))


def _told_rate(rows_above: list[list[str]]) -> float | None:
    """The sampling rate that a line above the header tells, in hertz."""
    for place, cells in enumerate(rows_above):
        text = " ".join(cells)
        after_devices = place > 0 and rows_above[place - 1][:1] == ["Devices"]  # how Vicon Nexus writes it
        if not after_devices and (not _RATE_WORDS.search(text) or _OTHER_RATES.search(text)):
            continue
        numbers = [float(found.group()) for found in re.finditer(r"\d+(\.\d+)?", text)]
        scale = 1000.0 if re.search(r"khz", text, re.I) else 1.0
        if len(numbers) > 1 and (named := set(_NAMED_RATE.findall(text))):  # in a line of many settings
            numbers = [float(number) for number in named]
        if len(numbers) == 1 and _RATES_HZ[0] <= scale * numbers[0] <= _RATES_HZ[1]:
            return scale * numbers[0]
    return None


def _names_do_not_fit(path: Path, line: int, names: int, first: int, width: int) -> Exception:
    return refuse(
        "EMG-032",
        f"Line {line} of {path.name} has {names} entries, but line {first} has {width} numbers.",
        "The line above the numbers must name every column.",
        "Choose the header line that names the columns, or export again with semicolons between the columns.",
    )
