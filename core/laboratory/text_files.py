"""Text files of laboratories: their letters, and numbers as programs and countries write them."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from core.domain.arrays import FloatArray
from core.errors import refuse

_NO_NUMBER = {  # what programs of several compilers print
    "",
    "nan",
    "-nan",
    "nan(ind)",
    "-nan(ind)",
    "1.#qnan",
    "-1.#qnan",
    "1.#ind",
    "-1.#ind",
    "na",
    "null",
}


_MOST_BYTES = 300_000_000  # of text; half an hour of 100 markers at 100 Hz has half as many


def read_text(path: Path) -> str:
    """The content of a text file. Refuses LAB-001 (not there, locked or empty) and LAB-007 (too large)."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        why = "It is missing, or another program keeps it locked."
        raise refuse("LAB-001", f"{path.name} cannot be read.", why, _AGAIN) from error
    if len(data) > _MOST_BYTES:
        raise refuse(
            "LAB-007",
            f"{path.name} is too large.",
            f"At most {_MOST_BYTES / 1e6:g} MB of text can be read from one file.",
            "Export a shorter part of the trial, or markers and plates as C3D, which is smaller.",
        )
    if not data[:4096].strip() and not data.strip():
        raise refuse("LAB-001", f"{path.name} cannot be read.", "The file is empty.", _AGAIN)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


_AGAIN = "Close it elsewhere, or choose the file again."


def table_of(rows: Iterable[Iterable[float]], width: int) -> FloatArray:
    """Numbers (T, N) row by row, of which each has `width`, without a second copy in memory."""
    numbers = array("d")
    for row in rows:
        numbers.extend(row)
    return np.frombuffer(numbers, dtype=float).reshape(-1, width).copy()


def number(cell: str) -> float:
    """A cell of a table; NaN for what says that there is none. Raises ValueError for other words."""
    text = cell.strip()
    if text.lower() in _NO_NUMBER:
        return math.nan
    try:
        return float(text)
    except ValueError:
        return float(text.replace(",", "."))
