"""Whether numbers differ from each other by more than the computer's rounding."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray

_ROUNDING = 1e-11  # of the largest value: what sums and means of equal numbers are apart


def constant(values: FloatArray, among: FloatArray | None = None) -> bool:
    """Whether `values` are all alike, to the rounding of numbers as large as `among` (or themselves)."""
    size = float(np.abs(values if among is None else among).max(initial=0.0))
    return bool(np.ptp(values) <= _ROUNDING * size)
