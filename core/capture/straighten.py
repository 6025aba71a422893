"""Take the lens's distortion out of landmarks: a calibrated camera's projection knows straight lines only."""

from __future__ import annotations

import cv2
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.calibration import Camera
from core.domain.recording import LandmarkTrack


def straightened_px(image_px: FloatArray, camera: Camera) -> FloatArray:
    """Pixels (..., 2) as a camera with the same focal length and no distortion would show them; NaN stays."""
    flat = np.array(image_px, dtype=float).reshape(-1, 1, 2)
    seen = np.isfinite(flat).all(axis=(1, 2))
    if seen.any() and np.any(camera.distortion):
        flat[seen] = cv2.undistortPoints(flat[seen], camera.matrix, camera.distortion, P=camera.matrix)
    return flat.reshape(np.shape(image_px))


def straight_px(track: LandmarkTrack) -> FloatArray:
    """The landmarks of a track, (T, 33, 2), as its `projection` knows them."""
    return track.image_px if track.camera is None else straightened_px(track.image_px, track.camera)
