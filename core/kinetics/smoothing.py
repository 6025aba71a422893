"""Smooth courses of measured coordinates, and their first and second derivatives.

A zero-lag Butterworth low-pass of the second order run both ways, so of the fourth (Winter 2009, Biomechanics
and Motor Control of Human Movement, ch. 3.4.4, with his correction of the cut-off), then a quintic spline
through the smooth samples, as OpenSim's inverse dynamics differentiates.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.interpolate import BSpline, make_interp_spline
from scipy.signal import butter, sosfiltfilt

from core.domain.arrays import FloatArray
from core.kinetics.rigid_tree import Course

WALKING_HZ = 6.0
"""Cut-off for joint angles of walking: 99.7 % of the power is below it (Winter 2009, ch. 3.4.3)."""

_BOTH_WAYS = (np.sqrt(2.0) - 1.0) ** 0.25  # two passes would let the cut-off fall to 0.8 of it
_PAUSE = 3.0  # frames' times; a longer step in time begins another way
_UNEVEN = 0.05  # of a frame's time: less does not matter
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
    Ways walked one after the other, with a pause in which nobody was seen, are smoothed each by itself.
    """
    smooth, rate, acceleration = (np.zeros_like(value, dtype=float) for _ in range(3))
    for part in ways(time_s):
        found = _without_pause(time_s[part], np.asarray(value[part], dtype=float), cutoff_hz)
        smooth[part], rate[part], acceleration[part] = found
    return Course(smooth, rate, acceleration)


def ways(time_s: FloatArray) -> list[slice]:
    """Stretches of frames (T,) without a pause in which nobody was seen."""
    step_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1.0
    ends = [0, *(np.flatnonzero(np.diff(time_s) > _PAUSE * step_s) + 1), len(time_s)]
    return [slice(int(first), int(last)) for first, last in pairwise(ends)]


def _without_pause(
    time_s: FloatArray, value: FloatArray, cutoff_hz: float | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Values, rates and accelerations of one way."""
    if len(time_s) <= _SPLINE:
        return value, np.zeros_like(value), np.zeros_like(value)
    if cutoff_hz is None:
        return value, *_slopes(make_interp_spline(time_s, value, k=_SPLINE), time_s)
    rate_hz = (len(time_s) - 1) / float(time_s[-1] - time_s[0])
    even_s = np.linspace(time_s[0], time_s[-1], len(time_s))
    if np.allclose(even_s, time_s, rtol=0.0, atol=_UNEVEN / rate_hz):
        smooth = low_pass(value, rate_hz, cutoff_hz)
        return smooth, *_slopes(make_interp_spline(time_s, smooth, k=_SPLINE), time_s)
    even = low_pass(make_interp_spline(time_s, value, k=3)(even_s), rate_hz, cutoff_hz)
    spline = make_interp_spline(even_s, even, k=_SPLINE)
    return np.asarray(spline(time_s)), *_slopes(spline, time_s)


def _slopes(spline: BSpline, time_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    first, second = (np.asarray(spline.derivative(order)(time_s)) for order in (1, 2))
    return first, second
