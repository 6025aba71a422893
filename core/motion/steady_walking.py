"""The part of a recording in which the person walks steadily past the camera."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.domain.recording import LandmarkTrack

SMOOTHING_S = 0.6  # about a step: the hips' speed swings with every step
SLOW = 0.4  # of the usual walking speed; slower is starting, stopping or turning
LEAST_DISTANCE = 0.5  # of the body's size; less is no walk
_USUAL = 90  # percentile of a trial's speeds that stands for walking, even when most of it is standing


def steady_walking_span(time_s: FloatArray, hip_px: FloatArray, size_px: float) -> slice | None:
    """Frames of the longest way walked in one direction without stopping; None when nobody walks.

    `hip_px` (T,) is where the hips are across the picture, `size_px` the body's size in the picture. Standing
    before and after, and the way back, are left out: strides are compared at one speed, from one side.
    """
    spans = steady_walking_spans(time_s, hip_px, size_px)
    return max(spans, key=lambda span: abs(float(hip_px[span.stop - 1] - hip_px[span.start])), default=None)


def steady_walking_spans(time_s: FloatArray, hip_px: FloatArray, size_px: float) -> tuple[slice, ...]:
    """Frames of every way walked in one direction without stopping, in the order of time.

    Arguments as of `steady_walking_span`. Both directions count; ways shorter than half of the body's size
    do not.
    """
    speed = _speed(time_s, hip_px)
    usual = float(np.percentile(np.abs(speed), _USUAL))
    found = [
        slice(start, stop)
        for direction in (1.0, -1.0)
        for start, stop in _spans(direction * speed > SLOW * usual)
        if abs(float(hip_px[stop - 1] - hip_px[start])) > LEAST_DISTANCE * size_px
    ]
    return tuple(sorted(found, key=lambda span: span.start))


def inside_picture(track: LandmarkTrack) -> NDArray[np.bool_]:
    """Which landmarks lie in the picture, (T, 33); the detector goes on guessing beyond its edge."""
    x, y = track.image_px[..., 0], track.image_px[..., 1]
    with np.errstate(invalid="ignore"):
        return np.asarray((x >= 0) & (x <= track.width_px) & (y >= 0) & (y <= track.height_px))


def _speed(time_s: FloatArray, path: FloatArray) -> FloatArray:
    """Mean speed over `SMOOTHING_S` around every frame, shorter at the ends. (T,)"""
    half = SMOOTHING_S / 2
    before = np.maximum(np.searchsorted(time_s, time_s - half), 0)
    after = np.minimum(np.searchsorted(time_s, time_s + half), len(time_s) - 1)
    return np.asarray((path[after] - path[before]) / (time_s[after] - time_s[before]))


def _spans(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(flags, dtype=np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
