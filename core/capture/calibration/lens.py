"""The lens: where a point is seen, and where it would be seen without the lens's distortion."""

from __future__ import annotations

import cv2
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.calibration import Camera

_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-10)
_AGREES_PX = 0.5  # a point that does not come back to where it was seen lies outside the lens model


def straightened_px(image_px: FloatArray, camera: Camera) -> FloatArray:
    """Where points (..., 2) would be seen by the same camera with a lens that does not bend.

    `Camera.projection` holds for the result. NaN stays NaN, and so becomes a point so far out that the lens
    model folds over there: no direction in space belongs to it.
    """
    flat = np.asarray(image_px, dtype=np.float64).reshape(-1, 2)
    result = np.full(flat.shape, np.nan)
    seen = np.isfinite(flat).all(axis=1)
    if not seen.any():
        return result.reshape(np.shape(image_px))
    points = np.ascontiguousarray(flat[seen])[:, None]
    straight = cv2.undistortImagePoints(points, camera.matrix, camera.distortion, arg1=_CRITERIA)[:, 0]
    back = distorted_px(straight, camera)
    straight[~(np.linalg.norm(back - flat[seen], axis=1) < _AGREES_PX)] = np.nan
    result[seen] = straight
    return result.reshape(np.shape(image_px))


def distorted_px(straight_px: FloatArray, camera: Camera) -> FloatArray:
    """Where the camera sees points whose straightened pixels (..., 2) are given: the way back."""
    focal = np.array([camera.matrix[0, 0], camera.matrix[1, 1]])
    centre = camera.matrix[:2, 2]
    return np.asarray(bent(np.asarray((straight_px - centre) / focal), camera.distortion) * focal + centre)


def bent(slope: FloatArray, distortion: FloatArray) -> FloatArray:
    """Slopes x/z, y/z (..., 2) after the lens (Brown 1966, coefficients in OpenCV's order)."""
    k1, k2, p1, p2, k3 = distortion
    square = (slope**2).sum(axis=-1, keepdims=True)
    radial = 1 + square * (k1 + square * (k2 + square * k3))
    sideways = np.array([p2, p1])
    along = (slope * sideways).sum(axis=-1, keepdims=True)
    return np.asarray(slope * radial + 2 * slope * along + sideways * square)


def seen_px(world_m: FloatArray, camera: Camera) -> FloatArray:
    """Where the camera sees points (..., 3) of the world; NaN for what is behind it."""
    inside = world_m @ camera.rotation.T + camera.translation_m
    depth = np.where(inside[..., 2:] > 1e-9, inside[..., 2:], np.nan)
    straight = inside[..., :2] / depth * [camera.matrix[0, 0], camera.matrix[1, 1]] + camera.matrix[:2, 2]
    return distorted_px(np.asarray(straight), camera)
