"""Assistance forces as people write them."""

from __future__ import annotations

import math
import re

from core.errors import refuse

MOST_N = 100.0  # more than any belt of this kind gives
_WRITTEN = re.compile(r"^\s*([-+]?\d+(?:[.,]\d+)?)\s*(\S*)\s*$")


def force_of(text: str) -> float:
    """Newtons from "10", "10 N" or "10,5". Raises UserError AMP-006."""
    written = _WRITTEN.match(text)
    unit = "" if written is None else written[2]
    if written is None or unit.lower() not in ("", "n", "newton", "newtons"):
        why = f"“{unit}” is not newtons." if unit else "It is not a number."
        raise refuse(
            "AMP-006", f"“{text.strip()}” is no force.", why, "Write newtons, for example 10 or 10 N."
        )
    value = float(written[1].replace(",", "."))
    if not math.isfinite(value) or not 0.0 < value <= MOST_N:
        raise refuse(
            "AMP-006",
            f"{value:g} N is no force of an assistance that this is for.",
            f"It has to be above 0 and at most {MOST_N:.0f} N.",
            "Write the force in newtons at which this recording was made.",
        )
    return value
