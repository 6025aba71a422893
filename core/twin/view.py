"""From where one camera sees a person."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.recording import Landmark, LandmarkTrack

_ACROSS = ((Landmark.LEFT_HIP, Landmark.RIGHT_HIP), (Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER))


def facing(track: LandmarkTrack) -> FloatArray:
    """Unit vector (right, away) in the camera's horizontal plane to which the person's left points.

    From the lines of hips and shoulders, the median over the trial; straight away from the camera, as seen
    from the right side, when there are no world landmarks.
    """
    across = sum(track.world_m[:, left.value] - track.world_m[:, right.value] for left, right in _ACROSS)
    plane = np.asarray(across)[:, [0, 2]]
    seen = plane[np.isfinite(plane).all(axis=1)]
    if not len(seen):
        return np.array([0.0, 1.0])
    left = np.median(seen / np.linalg.norm(seen, axis=1, keepdims=True), axis=0)
    return np.asarray(left / np.linalg.norm(left))


def view_angle_rad(track: LandmarkTrack) -> float:
    """Angle between where the person faces and the picture plane: 0 from the side, pi/2 from the front."""
    left = facing(track)
    return float(np.arctan2(abs(left[0]), abs(left[1])))
