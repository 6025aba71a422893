"""Cameras whose place and lens are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.findings import Finding


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """One calibrated camera. World axes: z up, metres; camera axes: x right, y down, z away."""

    name: str
    width_px: int
    height_px: int
    matrix: FloatArray  # (3, 3) focal lengths and principal point, px
    distortion: FloatArray  # (5,) k1, k2, p1, p2, k3 as in OpenCV (Brown 1966)
    rotation: FloatArray  # (3, 3) from world to camera axes
    translation_m: FloatArray  # (3,) of the world's origin, in camera axes

    def __post_init__(self) -> None:
        frozen(self, "matrix", (3, 3))
        frozen(self, "distortion", (5,))
        frozen(self, "rotation", (3, 3))
        frozen(self, "translation_m", (3,))

    @property
    def projection(self) -> FloatArray:
        """(3, 4) from the world to straightened pixels: without the lens's distortion."""
        return np.asarray(self.matrix @ np.column_stack([self.rotation, self.translation_m]))

    @property
    def centre_m(self) -> FloatArray:
        """Where the camera is in the world, (3,)."""
        return np.asarray(-self.rotation.T @ self.translation_m)


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Cameras of one set-up, and how well they agree."""

    cameras: tuple[Camera, ...]
    source: str  # what it was read from or made with, for people: "ChArUco board 4 x 5", "Qualisys file"
    error_px: tuple[float, ...]  # root mean square reprojection error of each camera; NaN where not told
    error_mm: float = float("nan")  # the same in space, at the board
    findings: tuple[Finding, ...] = ()
    camera_error_mm: tuple[float, ...] = ()  # of each camera, across its line of sight; empty where not told
