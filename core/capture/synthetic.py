"""Calibrated cameras that film a simulated walk, with noise. For the demo patient and for tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.recording import LANDMARK_COUNT, Landmark, LandmarkTrack

_SEEN = 0.95  # visibility that the pose detector typically reports for a landmark in plain view


@dataclass(frozen=True, slots=True)
class PinholeCamera:
    """An ideal camera on a tripod, level, looking at a point. World axes: z up, metres."""

    position_m: tuple[float, float, float]
    target_m: tuple[float, float, float]
    focal_px: float = 900.0
    width_px: int = 1280
    height_px: int = 720

    def rotation(self) -> FloatArray:
        """World to camera (3, 3): rows are the camera's x (right), y (down) and z (away)."""
        away = np.subtract(self.target_m, self.position_m)
        away = away / np.linalg.norm(away)
        right = np.cross(away, (0.0, 0.0, 1.0))
        right = right / np.linalg.norm(right)
        return np.stack([right, np.cross(away, right), away])

    def projection(self) -> FloatArray:
        """(3, 4) from homogeneous world points to pixels."""
        intrinsic = np.array(
            [[self.focal_px, 0, self.width_px / 2], [0, self.focal_px, self.height_px / 2], [0, 0, 1.0]]
        )
        rotation_matrix = self.rotation()
        shift = -rotation_matrix @ np.asarray(self.position_m)
        return np.asarray(intrinsic @ np.column_stack([rotation_matrix, shift]))


def project_landmarks(
    time_s: FloatArray,
    point_m: FloatArray,
    landmarks: tuple[Landmark, ...],
    camera: PinholeCamera,
    *,
    noise_px: float,
    seed: int,
) -> LandmarkTrack:
    """What a pose detector would report of points (T, P, 3), with independent noise of `noise_px` per axis.

    Landmarks that are not among the points are not seen.
    """
    frames = len(time_s)
    columns = [landmark.value for landmark in landmarks]
    homogeneous = np.concatenate([point_m, np.ones((*point_m.shape[:2], 1))], axis=2)
    projected = homogeneous @ camera.projection().T
    pixel = projected[:, :, :2] / projected[:, :, 2:]
    pixel = pixel + np.random.default_rng(seed).normal(0.0, noise_px, pixel.shape)
    size_px = np.array([camera.width_px, camera.height_px])
    inside = np.all((pixel >= 0) & (pixel < size_px), axis=2)
    hips = point_m[:, [landmarks.index(Landmark.LEFT_HIP), landmarks.index(Landmark.RIGHT_HIP)]].mean(axis=1)
    image = np.full((frames, LANDMARK_COUNT, 2), np.nan)
    world = np.full((frames, LANDMARK_COUNT, 3), np.nan)
    visibility = np.zeros((frames, LANDMARK_COUNT))
    image[:, columns] = np.where(inside[:, :, None], pixel, np.nan)
    world[:, columns] = (point_m - hips[:, None]) @ camera.rotation().T
    visibility[:, columns] = np.where(inside, _SEEN, 0.0)
    return LandmarkTrack(
        time_s, image, world, visibility, camera.width_px, camera.height_px, camera.projection()
    )
