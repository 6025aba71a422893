"""OpenSim's tables over time: motion files (.mot) and storage files (.sto) of all versions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.findings import Finding, Severity
from core.errors import Advice, UserError, refuse
from core.laboratory.names import unique
from core.laboratory.text_files import number, read_text, table_of

_ENDINGS_OF_VECTORS = {"vec3": 3, "vec6": 6, "spatialvec": 6, "quaternion": 4}


@dataclass(frozen=True, slots=True, eq=False)
class OpenSimTable:
    """Axes: T rows, N columns. Numbers as in the file: nothing is converted."""

    names: tuple[str, ...]  # N, without the time, unique
    time_s: FloatArray  # (T,) strictly increasing
    values: FloatArray  # (T, N); NaN where the file has no number
    in_degrees: bool | None  # None where the file does not tell
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        frozen(self, "time_s", (None,))
        frozen(self, "values", (len(self.time_s), len(self.names)))

    def of(self, name: str) -> FloatArray:
        """One column, (T,). Raises KeyError for a name that the table lacks."""
        if name not in self.names:
            raise KeyError(name)
        return self.values[:, self.names.index(name)]


def read_table(path: Path) -> OpenSimTable:
    """Read a .mot or .sto file.

    Refuses LAB-001 (not there, empty or locked), LAB-007 (too large), LAB-020 (no such table, with the line)
    and LAB-021 (times that go back). In the findings: LAB-022 (rows that repeat a time), LAB-023 (fewer rows
    than told), LAB-025 (a .mot file that does not tell the unit of angles).
    """
    lines = [line.rstrip("\r\n\t ") for line in read_text(path).split("\n")]
    start, header = _header(path, lines)
    names = _names(lines[start])
    table = _rows(path, lines, start + 1, names, header)
    if "datatype" in header:
        names = _spread(names, _ENDINGS_OF_VECTORS.get(header["datatype"].lower(), 1))
    return _table(path, names, table, header)


def _header(path: Path, lines: list[str]) -> tuple[int, dict[str, str]]:
    """The line with the names, and what the lines before it say; in old files a space stands for the `=`."""
    header: dict[str, str] = {}
    ended = False
    for place, line in enumerate(lines):
        text = line.strip()
        if text.lower() == "endheader":
            ended = True
        elif text and (ended or re.match(r"time\s", text, re.IGNORECASE)):
            if re.match(r"(time|t)\b", text, re.IGNORECASE):
                return place, header
            break
        elif found := re.match(r"(\w+)\s*[= ]\s*(.+)", text):
            header[found[1].lower()] = found[2].strip()
        if sentence := re.search(r"angles are in (degrees|radians)", text, re.IGNORECASE):
            header["sentence"] = sentence[1].lower()
    raise _no_table(path, "no column is called “time”")


def _names(line: str) -> tuple[str, ...]:
    parts = line.split("\t") if "\t" in line else line.split()
    return tuple(part.strip() for part in parts)


def _spread(names: tuple[str, ...], size: int) -> tuple[str, ...]:
    """Names of the parts of vectors, whose numbers stand in one cell: knee_1, knee_2, knee_3."""
    if size == 1:
        return names
    return (names[0], *(f"{name}_{part}" for name in names[1:] for part in range(1, size + 1)))


def _rows(
    path: Path, lines: list[str], first: int, names: tuple[str, ...], header: dict[str, str]
) -> FloatArray:
    size = _ENDINGS_OF_VECTORS.get(header.get("datatype", "").lower(), 1)
    width = 1 + (len(names) - 1) * size
    rows = ((place, lines[place]) for place in range(first, len(lines)) if lines[place].strip())
    return table_of((_row(path, place, line, width, vectors=size > 1) for place, line in rows), width)


def _row(path: Path, place: int, line: str, width: int, *, vectors: bool) -> list[float]:
    """One line: the usual one at once, else cell by cell, with gaps and other words. Refuses LAB-020."""
    try:
        usual = list(map(float, line.split()))
        if len(usual) == width:
            return usual
    except ValueError:
        pass
    cells = line.split("\t") if "\t" in line else line.split()
    if vectors:
        cells = [part for cell in cells for part in cell.split(",")]
    cells += [""] * (width - len(cells))
    if any(cell.strip() for cell in cells[width:]):
        raise _no_table(path, f"line {place + 1} has {len(cells)} entries, the names are {width}")
    try:
        return [number(cell) for cell in cells[:width]]
    except ValueError as error:
        raise _no_table(path, f"line {place + 1} is not numbers") from error


def _table(path: Path, names: tuple[str, ...], table: FloatArray, header: dict[str, str]) -> OpenSimTable:
    if not len(table) or len(names) < 2:
        raise _no_table(path, "no numbers follow the names")
    findings = _short(path, header, len(table))
    time_s = table[:, 0]
    kept = np.r_[True, np.diff(time_s) != 0.0] & np.isfinite(time_s)
    if (np.diff(time_s[kept]) < 0.0).any() or not kept.any():
        raise refuse(
            "LAB-021",
            f"The times in {path.name} go back.",
            "A table over time must grow from row to row; two recordings may stand in one file.",
            "Export each recording into a file of its own.",
        )
    if dropped := int((~kept).sum()):
        advice = Advice(
            f"{dropped} rows of {path.name} repeat the time of the row before, or have none.",
            "The first row of each time is taken.",
            "Nothing needs to be done if the recording is whole.",
            "LAB-022",
        )
        findings = (*findings, Finding(Severity.NOTE, advice))
    in_degrees = _in_degrees(header)
    if in_degrees is None and path.suffix.lower() == ".mot":
        findings = (*findings, _unit_untold(path))
    return OpenSimTable(unique(names[1:]), time_s[kept], table[kept, 1:], in_degrees, findings)


def _unit_untold(path: Path) -> Finding:
    advice = Advice(
        f"{path.name} does not tell whether angles in it are degrees or radians.",
        "Its header has no inDegrees. Forces are in newtons either way and were read as they are.",
        "Nothing needs to be done for forces.",
        "LAB-025",
    )
    return Finding(Severity.NOTE, advice)


def _in_degrees(header: dict[str, str]) -> bool | None:
    """The key counts, then the sentence, which OpenSim does not read (findings/opensim-angles-*.sh)."""
    told = header.get("indegrees", "").lower()
    if told in ("yes", "no", "y", "n", "true", "false"):
        return told[0] in "yt"
    return {"degrees": True, "radians": False}.get(header.get("sentence", ""))


def _short(path: Path, header: dict[str, str], rows: int) -> tuple[Finding, ...]:
    told = header.get("nrows", header.get("datarows", ""))
    if not told.isdigit() or int(told) <= rows + 1:  # some count the line of names
        return ()
    advice = Advice(
        f"{path.name} ends after {rows} of {told} rows.",
        "It was cut, or its header was copied from another file.",
        "Export it again if the end is missing.",
        "LAB-023",
    )
    return (Finding(Severity.WARNING, advice),)


def _no_table(path: Path, why: str) -> UserError:
    return refuse(
        "LAB-020",
        f"{path.name} is not a table of OpenSim.",
        f"It cannot be read as MOT or STO: {why}.",
        "Export it again from OpenSim, or choose the file with the table.",
    )
