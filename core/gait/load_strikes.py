"""Heel strikes of a walk whose ground forces are known."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray

CONTACT_FRACTION_OF_PEAK = 0.05
CARRIES_FRACTION_OF_PEAK = 0.4
SHORTEST_CYCLE_S = 0.5


def heel_strikes_s(time_s: FloatArray, vertical_force_n: FloatArray) -> FloatArray:
    """Times (N,) at which the foot takes the load; a toe that scuffs the floor in swing is not a step."""
    peak = max(float(vertical_force_n.max(initial=0.0)), 1.0)
    loaded = np.concatenate([[False], vertical_force_n > CONTACT_FRACTION_OF_PEAK * peak, [False]])
    starts = np.flatnonzero(loaded[1:] & ~loaded[:-1])
    ends = np.flatnonzero(~loaded[1:] & loaded[:-1])
    strikes: list[float] = []
    for start, end in zip(starts, ends, strict=True):
        carries = float(vertical_force_n[start:end].max()) > CARRIES_FRACTION_OF_PEAK * peak
        apart = not strikes or time_s[start] - strikes[-1] >= SHORTEST_CYCLE_S
        if start > 0 and carries and apart:  # a foot that is down at the beginning did not strike then
            strikes.append(float(time_s[start]))
    return np.array(strikes)
