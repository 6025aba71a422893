"""Smooth courses of measured coordinates, and their first and second derivatives.

A zero-lag Butterworth low-pass of the second order run both ways, so of the fourth (Winter 2009, Biomechanics
and Motor Control of Human Movement, ch. 3.4.4, with his correction of the cut-off), then a quintic spline
through the smooth samples, as OpenSim's inverse dynamics differentiates.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.signal import butter, sosfiltfilt

from core.domain.arrays import FloatArray
from core.kinetics.rigid_tree import Course

WALKING_HZ = 6.0
"""Cut-off for joint angles of walking: 99.7 % of the power is below it (Winter 2009, ch. 3.4.3)."""

_BOTH_WAYS = (np.sqrt(2.0) - 1.0) ** 0.25  # two passes would let the cut-off fall to 0.8 of it
_SPLINE, _LEAST = 5, 12  # samples that a spline and the filter's run-in need


def low_pass(values: FloatArray, rate_hz: float, cutoff_hz: float) -> FloatArray:
    """Columns (T, ...) without what is faster than `cutoff_hz`; as given where the rate is too low for it."""
    corner = cutoff_hz / _BOTH_WAYS / (0.5 * rate_hz)
    if corner >= 0.95 or len(values) < _LEAST:
        return np.array(values)
    sections = butter(2, corner, output="sos")
    pad = min(len(values) - 1, round(rate_hz / cutoff_hz) * 3)
    return np.asarray(sosfiltfilt(sections, values, axis=0, padlen=pad))


def course_of(time_s: FloatArray, value: FloatArray, cutoff_hz: float | None = WALKING_HZ) -> Course:
    """Smooth coordinates (T, N) with rates and accelerations; `cutoff_hz` None leaves the values as they are.

    The times may be uneven, as cameras give them: the filter then works on an even grid of as many samples.
    """
    if len(time_s) <= _SPLINE:
        still = np.zeros_like(value)
        return Course(np.array(value), still, still)
    smooth, rate_hz = np.asarray(value, dtype=float), (len(time_s) - 1) / float(time_s[-1] - time_s[0])
    if cutoff_hz is not None:
        even_s = np.linspace(time_s[0], time_s[-1], len(time_s))
        is_even = bool(np.allclose(even_s, time_s, atol=0.05 / rate_hz))
        even = smooth if is_even else make_interp_spline(time_s, smooth, k=3)(even_s)
        smooth = low_pass(even, rate_hz, cutoff_hz)
        time_s = even_s if not is_even else time_s
    spline = make_interp_spline(time_s, smooth, k=_SPLINE)
    return Course(smooth, *(np.asarray(spline.derivative(order)(time_s)) for order in (1, 2)))
