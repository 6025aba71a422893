"""What a clinician concludes from a visit, in free words."""

from __future__ import annotations

from dataclasses import dataclass

MOST_LETTERS = 1200  # what the report's first page has room for


@dataclass(frozen=True, slots=True)
class Interpretation:
    """A newer one replaces it on the report; the record keeps both."""

    text: str
    by: str
    role: str = ""
