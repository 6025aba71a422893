"""The parts of a recording in which a person walks steadily in one direction."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import BoolArray, FloatArray

SMOOTHING_S = 0.6  # about a step: the hips' speed swings with every step
SLOW = 0.4  # of the usual walking speed; slower is starting, stopping or turning
LEAST_DISTANCE = 0.4  # of body height; less is no walk
_USUAL = 90  # percentile of a trial's speeds that stands for walking, even when most of it is standing


def steady_spans(
    time_s: FloatArray, path_m: FloatArray, in_view: BoolArray, least_m: float
) -> tuple[slice, ...]:
    """Frames of each way of at least `least_m` walked in one direction without stopping, in order.

    `path_m` (T, 2) is where the hips are, seen from above, `in_view` (T,) where that is known. Standing
    before and after and turning round are left out: strides are compared at one speed. The direction is the
    main axis of all movement, so ways to and fro count as two.
    """
    velocity = mean_velocity(time_s, path_m)
    axis = np.linalg.eigh(velocity.T @ velocity)[1][:, -1]
    speed = velocity @ axis
    usual = float(np.percentile(np.abs(speed), _USUAL))
    spans = [
        slice(start, stop)
        for direction in (1.0, -1.0)
        for start, stop in spans_of((direction * speed > SLOW * usual) & in_view)
        if abs(float((path_m[stop - 1] - path_m[start]) @ axis)) >= least_m
    ]
    return tuple(sorted(spans, key=lambda span: span.start))


def mean_velocity(time_s: FloatArray, path: FloatArray) -> FloatArray:
    """Mean velocity (T, ...) over `SMOOTHING_S` around every frame, shorter at the ends."""
    half = SMOOTHING_S / 2
    before = np.maximum(np.searchsorted(time_s, time_s - half), 0)
    after = np.minimum(np.searchsorted(time_s, time_s + half), len(time_s) - 1)
    lasted = (time_s[after] - time_s[before]).reshape(-1, *([1] * (path.ndim - 1)))
    return np.asarray((path[after] - path[before]) / lasted)


def long_gaps(time_s: FloatArray, hidden: BoolArray, longest_s: float) -> BoolArray:
    """Frames (T,) of gaps longer than `longest_s`."""
    long = np.zeros(len(hidden), dtype=bool)
    for start, stop in spans_of(hidden):
        if time_s[min(stop, len(time_s) - 1)] - time_s[start] > longest_s:
            long[start:stop] = True
    return long


def spans_of(flags: BoolArray) -> list[tuple[int, int]]:
    """First and one past the last frame of every stretch of true flags (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flags, dtype=np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
