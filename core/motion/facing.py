"""Which way a person faces, seen by one camera: from the body, never from the way across the picture.

Directions are horizontal, in the detector's axes (right, away).
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.recording import Landmark, LandmarkTrack, frame_rate_hz

_ACROSS = (("LEFT_HIP", "RIGHT_HIP"), ("LEFT_SHOULDER", "RIGHT_SHOULDER"))
_SMOOTHING_S = 0.5


def forward_directions(track: LandmarkTrack) -> FloatArray:
    """Unit vectors (T, 2) in which the body faces, smooth over half a second.

    The lines of hips and shoulders say along which line, toes before heels say which way along it. Without
    landmarks in space: to the right.
    """
    width = max(1, round(_SMOOTHING_S * frame_rate_hz(track.time_s)))

    def smooth(vectors: list[FloatArray]) -> FloatArray:
        units = [_unit(np.nan_to_num(vector)) for vector in vectors]
        return np.asarray(uniform_filter1d(np.sum(units, axis=0), width, axis=0, mode="nearest"))

    left = smooth([_between(track, a, b) for a, b in _ACROSS])
    feet = smooth([_between(track, f"{s.name}_FOOT_INDEX", f"{s.name}_HEEL") for s in SIDES])
    across = np.column_stack([left[:, 1], -left[:, 0]])
    agree = (across * feet).sum(axis=1, keepdims=True) > 0.0
    forward = _unit(np.where(agree, across, feet))
    forward[np.linalg.norm(forward, axis=1) < 0.5] = (1.0, 0.0)
    return forward


def camera_yaw_rad(track: LandmarkTrack) -> float:
    """Direction the camera looks along in the walker's world (z up, facing -y); 0 sees the face."""
    right, away = np.median(forward_directions(track), axis=0)
    return float(np.arctan2(-right, -away))


def _between(track: LandmarkTrack, tip: str, base: str) -> FloatArray:
    vector = track.world_m[:, Landmark[tip].value] - track.world_m[:, Landmark[base].value]
    return np.asarray(vector[:, [0, 2]])


def _unit(vector: FloatArray) -> FloatArray:
    length = np.linalg.norm(vector, axis=1, keepdims=True)
    return np.asarray(vector / np.maximum(length, 1e-9))
