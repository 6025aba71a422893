"""Frames in which something was not seen."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray


def bridged(time_s: FloatArray, values: FloatArray) -> FloatArray:
    """Values (T, ...) with straight lines across missing frames; NaN stays where nothing was ever seen.

    Before the first and after the last sighting the value stays as it was there.
    """
    flat = np.array(values).reshape(len(values), -1)
    for column in range(flat.shape[1]):
        seen = np.isfinite(flat[:, column])
        if seen.any() and not seen.all():
            flat[:, column] = np.interp(time_s, time_s[seen], flat[seen, column])
    return flat.reshape(values.shape)
