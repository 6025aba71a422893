"""How a person moves up and down in one camera's picture, and how alike two cameras saw it.

The vertical speed of hands, hips and feet looks much the same from every side, so it tells how two cameras'
clocks run without knowing where the cameras stand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import binary_erosion, gaussian_filter1d
from scipy.signal import correlate

from core.domain.arrays import BoolArray, FloatArray
from core.domain.recording import Landmark, LandmarkTrack, body_size_px

RATE_HZ = 100.0
LEAST_OVERLAP_S = 0.8
_SMOOTH_S = 0.04  # as wide as a picture of a slow camera; a step lasts ten times as long
_LONGEST_GAP_S = 0.15
_EDGE_S = 0.08  # beside a gap the smoothed speed is not to be trusted
_LEAST_VISIBILITY = 0.3
_HIPS = (Landmark.LEFT_HIP.value, Landmark.RIGHT_HIP.value)
_LIMBS = tuple(
    Landmark[f"{side}_{part}"].value
    for side in ("LEFT", "RIGHT")
    for part in ("SHOULDER", "WRIST", "KNEE", "ANKLE", "HEEL", "FOOT_INDEX")
)


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """Upward speeds in body sizes per second. Axes: N moments at `RATE_HZ`, R rows: hips, then limbs."""

    start_s: float
    speed: FloatArray  # (N, R) 0 where not known
    known: BoolArray  # (N, R)

    def exchanged(self) -> Movement:
        """The same with left and right exchanged."""
        order = [0, *np.roll(np.arange(1, len(_LIMBS) + 1), len(_LIMBS) // 2)]
        return replace(self, speed=self.speed[:, order], known=self.known[:, order])

    @property
    def duration_s(self) -> float:
        return (len(self.speed) - 1) / RATE_HZ

    @property
    def known_s(self) -> float:
        """For how long the person's movement is known."""
        return float(self.known.any(axis=1).sum()) / RATE_HZ


def movement_of(track: LandmarkTrack) -> Movement:
    """The movement in one camera's picture: hips in the room, limbs against the hips."""
    moments = max(2, int((track.time_s[-1] - track.time_s[0]) * RATE_HZ) + 1)
    time_s = track.time_s[0] + np.arange(moments) / RATE_HZ
    height = -np.where(track.visibility >= _LEAST_VISIBILITY, track.image_px[..., 1], np.nan)
    hips = height[:, _HIPS].mean(axis=1)
    rows = np.column_stack([hips, height[:, _LIMBS] - hips[:, None]]) / body_size_px(track)
    pairs = [_speed(track.time_s, row, time_s) for row in rows.T]
    speed = np.column_stack([pair[0] for pair in pairs])
    return Movement(float(time_s[0]), speed, np.column_stack([pair[1] for pair in pairs]))


def likeness_by_lag(first: Movement, other: Movement) -> tuple[FloatArray, FloatArray]:
    """Lags (L,) [s] to add to the other's times, and how alike the movements are then, -1..1.

    The normalised correlation of all rows together, weighted down where little time overlaps: a short piece
    agrees easily. NaN where less than `LEAST_OVERLAP_S` does.
    """
    a, b = np.where(first.known, first.speed, 0.0), np.where(other.known, other.speed, 0.0)
    ka, kb = first.known.astype(float), other.known.astype(float)
    product, squares_a, squares_b, shared = (
        sum(correlate(x, y, mode="full", method="fft") for x, y in zip(left.T, right.T, strict=True))
        for left, right in ((a, b), (a**2, kb), (ka, b**2), (ka, kb))
    )
    overlap_s = np.maximum(shared, 0.0) / RATE_HZ / first.speed.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        likeness = product / np.sqrt(np.maximum(squares_a, 1e-12) * np.maximum(squares_b, 1e-12))
    shorter_s = min(first.known_s, other.known_s)
    likeness = likeness * np.sqrt(overlap_s / (overlap_s + 0.3))
    enough = overlap_s >= max(min(LEAST_OVERLAP_S, 0.6 * shorter_s), 0.25 * shorter_s)
    lag_s = (np.arange(len(likeness)) - (len(b) - 1)) / RATE_HZ + first.start_s - other.start_s
    return lag_s, np.where(enough, likeness, np.nan)


def likeness_at(
    first: Movement, other: Movement, reference_s: FloatArray, own_s: FloatArray
) -> tuple[float, float]:
    """How alike the movements are at these moments (N,) of both clocks, -1..1, and how long they overlap."""
    a, known_a = _at(first, reference_s)
    b, known_b = _at(other, own_s)
    both = known_a & known_b
    a, b = a[both], b[both]
    scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
    overlap_s = float(both.any(axis=1).sum()) / RATE_HZ
    return (float((a * b).sum()) / scale if scale > 0 else 0.0), overlap_s


def _at(movement: Movement, time_s: FloatArray) -> tuple[FloatArray, BoolArray]:
    place = (time_s - movement.start_s) * RATE_HZ
    left = np.clip(np.floor(place).astype(int), 0, len(movement.speed) - 2)
    fraction = (place - left)[:, None]
    speed = (1 - fraction) * movement.speed[left] + fraction * movement.speed[left + 1]
    inside = (place >= 0) & (place <= len(movement.speed) - 1)
    return speed, movement.known[left] & movement.known[left + 1] & inside[:, None]


def _speed(time_s: FloatArray, height: FloatArray, moments_s: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Smoothed rate of change at evenly spaced moments, and where it is known."""
    seen = np.isfinite(height)
    if seen.sum() < 4:
        return np.zeros(len(moments_s)), np.zeros(len(moments_s), dtype=bool)
    seen_s = time_s[seen]
    smooth = gaussian_filter1d(np.interp(moments_s, seen_s, height[seen]), _SMOOTH_S * RATE_HZ)
    after = np.clip(np.searchsorted(seen_s, moments_s), 1, len(seen_s) - 1)
    known = (seen_s[after] - seen_s[after - 1] <= _LONGEST_GAP_S) & (moments_s >= seen_s[0])
    known &= moments_s <= seen_s[-1]
    known = binary_erosion(known, iterations=int(_EDGE_S * RATE_HZ), border_value=0)
    return np.where(known, np.gradient(smooth) * RATE_HZ, 0.0), np.asarray(known)
