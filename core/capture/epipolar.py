"""How far two calibrated cameras' views of one person are from being views of the same points.

Sampson distance to the epipolar lines: Hartley and Zisserman 2004, "Multiple View Geometry", eq. 11.9.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from core.capture.common_time import resampled
from core.capture.straighten import straight_px
from core.domain.arrays import FloatArray
from core.domain.recording import Landmark, LandmarkTrack, frame_rate_hz

_PARTS = tuple(
    Landmark[f"{side}_{part}"].value
    for side in ("LEFT", "RIGHT")
    for part in ("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE", "HEEL", "FOOT_INDEX")
)
_LEAST_VISIBILITY = 0.3
_SMOOTH_S = 0.04
_MOST_MOMENTS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class ViewPair:
    """One person in two calibrated cameras. Axes: T frames, K landmarks."""

    fundamental: FloatArray  # (3, 3) other' F first = 0
    first_s: FloatArray
    first_px: FloatArray  # (T, K, 2) straightened; NaN where not clearly seen
    other_s: FloatArray
    other_px: FloatArray

    def signed_px(self, reference_s: FloatArray, own_s: FloatArray) -> FloatArray:
        """(N, K) signed distances at these moments of both clocks; NaN where one of them does not see it."""
        first = resampled(self.first_s, self.first_px, reference_s)
        other = resampled(self.other_s, self.other_px, own_s)
        return signed_sampson_px(self.fundamental, first, other)

    def exchanged(self) -> ViewPair:
        """The same with left and right exchanged in the other camera."""
        return replace(self, other_px=np.roll(self.other_px, len(_PARTS) // 2, axis=1))

    def moments_s(self, span_s: tuple[float, float] | None = None) -> FloatArray:
        """Some of the times at which the first camera saw the person."""
        seen = self.first_s[np.isfinite(self.first_px[..., 0]).any(axis=1)]
        if span_s is not None:
            seen = seen[(seen >= span_s[0]) & (seen <= span_s[1])]
        return seen[:: max(1, len(seen) // _MOST_MOMENTS)]


def view_pair(first: LandmarkTrack, other: LandmarkTrack) -> ViewPair | None:
    """The pair, or None where one of them is not calibrated."""
    if first.projection is None or other.projection is None:
        return None
    pixels = [
        _smooth(
            np.where(
                track.visibility[:, _PARTS, None] >= _LEAST_VISIBILITY, straight_px(track)[:, _PARTS], np.nan
            ),
            frame_rate_hz(track.time_s),
        )
        for track in (first, other)
    ]
    return ViewPair(
        fundamental_matrix(first.projection, other.projection),
        first.time_s,
        pixels[0],
        other.time_s,
        pixels[1],
    )


def _smooth(image_px: FloatArray, rate_hz: float) -> FloatArray:
    """Paths (T, K, 2) without the detector's noise from picture to picture; NaN stays.

    Between two pictures noise averages out by itself, so that noisy paths would seem to agree best half a
    picture off.
    """
    seen = np.isfinite(image_px)
    width = _SMOOTH_S * rate_hz
    total = gaussian_filter1d(np.where(seen, image_px, 0.0), width, axis=0, mode="constant")
    weight = gaussian_filter1d(seen.astype(float), width, axis=0, mode="constant")
    return np.where(seen, total / np.maximum(weight, 1e-9), np.nan)


def fundamental_matrix(first: FloatArray, other: FloatArray) -> FloatArray:
    """(3, 3) F of two projections (3, 4): p in the first lies on the line F p in the other (eq. 9.1)."""
    centre = np.linalg.svd(first)[2][-1]
    e = other @ centre
    cross = np.array([[0.0, -e[2], e[1]], [e[2], 0.0, -e[0]], [-e[1], e[0], 0.0]])
    return np.asarray(cross @ other @ np.linalg.pinv(first))


def signed_sampson_px(fundamental: FloatArray, first_px: FloatArray, other_px: FloatArray) -> FloatArray:
    """(...,) first-order distance in pixels of pairs (..., 2) from being one point in space; signed."""
    a = np.concatenate([first_px, np.ones_like(first_px[..., :1])], axis=-1)
    b = np.concatenate([other_px, np.ones_like(other_px[..., :1])], axis=-1)
    in_other, in_first = a @ fundamental.T, b @ fundamental
    miss = np.sum(b * in_other, axis=-1)
    scale = np.sqrt(np.sum(in_other[..., :2] ** 2, axis=-1) + np.sum(in_first[..., :2] ** 2, axis=-1))
    return np.asarray(miss / np.maximum(scale, 1e-12))
