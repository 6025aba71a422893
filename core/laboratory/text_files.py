"""Text files of laboratories: their letters, and numbers as programs and countries write them."""

from __future__ import annotations

import math
from pathlib import Path

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


def read_text(path: Path) -> str:
    """The content of a text file. Refuses LAB-001: not there, locked or empty."""
    try:
        data = path.read_bytes()
    except OSError as error:
        why = "It is missing, or another program keeps it locked."
        raise refuse("LAB-001", f"{path.name} cannot be read.", why, _AGAIN) from error
    if not data.strip():
        raise refuse("LAB-001", f"{path.name} cannot be read.", "The file is empty.", _AGAIN)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


_AGAIN = "Close it elsewhere, or choose the file again."


def number(cell: str) -> float:
    """A cell of a table; NaN for what says that there is none. Raises ValueError for other words."""
    text = cell.strip()
    if text.lower() in _NO_NUMBER:
        return math.nan
    try:
        return float(text)
    except ValueError:
        return float(text.replace(",", "."))
