"""Several cameras' tracks at the same moments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.recording import LandmarkTrack


def common_time(tracks: tuple[LandmarkTrack, ...]) -> tuple[LandmarkTrack, ...]:
    """Tracks of one person as if all cameras had taken their pictures with the first one.

    The result has the times of the first track, and no `sync` any more; pixels stay as filmed. Between two
    pictures a landmark moves on a cubic; where a camera had no picture or did not see it, it is NaN with
    visibility 0.
    """
    first = tracks[0]
    reference_s = first.time_s if first.sync is None else first.sync.reference_s(first.time_s)
    return (replace(first, sync=None), *(_at(track, reference_s, first.time_s) for track in tracks[1:]))


def _at(track: LandmarkTrack, reference_s: FloatArray, time_s: FloatArray) -> LandmarkTrack:
    own_s = reference_s if track.sync is None else track.sync.own_s(reference_s)
    image_px = resampled(track.time_s, track.image_px, own_s)
    visibility = np.nan_to_num(np.clip(resampled(track.time_s, track.visibility, own_s, cubic=False), 0, 1))
    return replace(
        track,
        time_s=time_s,
        image_px=image_px,
        world_m=resampled(track.time_s, track.world_m, own_s),
        visibility=np.where(np.isfinite(image_px).all(axis=-1), visibility, 0.0),
        sync=None,
    )


def resampled(
    time_s: FloatArray, values: FloatArray, target_s: FloatArray, *, cubic: bool = True
) -> FloatArray:
    """Values (T, ...) at other times (N,): (N, ...). NaN stays NaN, and nothing is invented outside.

    On a cubic whose slope at each sample is that of the parabola through it and its neighbours (Hermite);
    beside a gap, and with `cubic` off, on a straight line.
    """
    values = np.asarray(values, dtype=float)
    if len(time_s) == len(target_s) and np.allclose(time_s, target_s, atol=1e-6):
        return values
    if len(time_s) < 2:
        return np.full((len(target_s), *values.shape[1:]), np.nan)
    left = np.clip(np.searchsorted(time_s, target_s, side="right") - 1, 0, len(time_s) - 2)
    step_s = np.diff(time_s)
    fraction = _column((target_s - time_s[left]) / step_s[left], values.ndim)
    before, after = values[left], values[left + 1]
    result = before + fraction * (after - before)
    if cubic:
        slope = _slopes(step_s, values)
        width = _column(step_s[left], values.ndim)
        rise = after - before
        start = np.where(np.isfinite(slope[left]), slope[left] * width - rise, 0.0)
        end = np.where(np.isfinite(slope[left + 1]), slope[left + 1] * width - rise, 0.0)
        result = result + fraction * (1 - fraction) * ((1 - fraction) * start - fraction * end)
    for near, own in ((fraction < 1e-6, before), (fraction > 1.0 - 1e-6, after)):
        result = np.where(near, own, result)  # a picture beside a gap still counts at its own time
    outside = (target_s < time_s[0] - 1e-6) | (target_s > time_s[-1] + 1e-6)
    result[outside] = np.nan
    return np.asarray(result)


def _slopes(step_s: FloatArray, values: FloatArray) -> FloatArray:
    """Slope at every sample, (T, ...), NaN at the ends and beside a gap."""
    steps = _column(step_s, values.ndim)
    secant = np.diff(values, axis=0) / steps
    slope = np.full_like(values, np.nan)
    slope[1:-1] = (secant[:-1] * steps[1:] + secant[1:] * steps[:-1]) / (steps[:-1] + steps[1:])
    return slope


def _column(values: FloatArray, dimensions: int) -> FloatArray:
    return values.reshape(-1, *([1] * (dimensions - 1)))
