"""The camera of the 3D view. It follows the pelvis and can be turned by mouse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkCamera

from ui.scene.preset import Preset

FOCUS_HEIGHT_M = 0.80  # kept in the middle of the picture, so that the floor marks stay in it
DISTANCE_M = 4.2
VIEW_ANGLE_DEG = 27.0


_DIRECTIONS: dict[Preset, tuple[float, float, float]] = {
    Preset.CORNER: (-0.86, -0.46, 0.20),
    Preset.SIDE: (-1.0, 0.0, 0.10),
    Preset.FRONT: (0.0, -1.0, 0.10),
    Preset.BACK: (0.0, 1.0, 0.10),
    Preset.ABOVE: (-0.001, 0.12, 1.0),
}


def stand(camera: vtkCamera, preset: Preset, pelvis_m: NDArray[np.float32], climbed_m: float = 0.0) -> None:
    """Put the camera on a preset standpoint around the pelvis (3,), raised by the height climbed so far."""
    focus = np.array([pelvis_m[0], pelvis_m[1], FOCUS_HEIGHT_M + climbed_m])
    direction = np.array(_DIRECTIONS[preset])
    direction /= np.linalg.norm(direction)
    camera.SetViewAngle(VIEW_ANGLE_DEG)
    camera.SetFocalPoint(*focus)
    camera.SetPosition(*(focus + direction * DISTANCE_M))
    camera.SetViewUp(*((0.0, -1.0, 0.0) if preset is Preset.ABOVE else (0.0, 0.0, 1.0)))


def follow(camera: vtkCamera, pelvis_m: NDArray[np.float32], rise_m: float = 0.0) -> None:
    """Move along with the pelvis (3,) horizontally and `rise_m` up, keeping standpoint and zoom."""
    focus = np.array(camera.GetFocalPoint())
    shift = np.array([pelvis_m[0] - focus[0], pelvis_m[1] - focus[1], rise_m])
    camera.SetFocalPoint(*(focus + shift))
    camera.SetPosition(*(np.array(camera.GetPosition()) + shift))
