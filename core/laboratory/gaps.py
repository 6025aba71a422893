"""Markers that were out of view for a moment."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from core.domain.arrays import BoolArray, FloatArray

LONGEST_BRIDGED_S = 0.1  # a tenth of a stride: a path cannot turn much in it


def bridged(time_s: FloatArray, marker_m: FloatArray) -> tuple[FloatArray, int]:
    """Paths (T, P, 3) with gaps up to `LONGEST_BRIDGED_S` filled along a smooth curve, and how many were.

    Gaps at the beginning and end stay: nothing is known beyond them.
    """
    filled = np.array(marker_m, dtype=float)
    count = 0
    for number in range(filled.shape[1]):
        missing = ~np.isfinite(filled[:, number]).all(axis=1)
        if not missing.any() or missing.all():
            continue
        runs = [run for run in _runs(missing) if time_s[run.stop] - time_s[run.start - 1] <= _LIMIT_S]
        if runs:
            seen = ~missing
            path = PchipInterpolator(time_s[seen], filled[seen, number], axis=0)
            for run in runs:
                filled[run, number] = path(time_s[run])
        count += len(runs)
    return filled, count


_LIMIT_S = LONGEST_BRIDGED_S + 1e-6


def _runs(missing: BoolArray) -> list[slice]:
    """Stretches of missing frames with a frame on either side."""
    edges = np.flatnonzero(np.diff(np.r_[False, missing, False].astype(int)))
    return [slice(a, b) for a, b in edges.reshape(-1, 2) if a > 0 and b < len(missing)]
