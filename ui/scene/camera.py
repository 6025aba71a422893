"""The camera of the 3D view: placed on a standpoint around the pelvis, above the ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkCamera

from core.domain.scenario import Ground, line_m
from ui.scene.standpoint import CLEARANCE_M, Standpoint

VIEW_ANGLE_DEG = 27.0


def place(camera: vtkCamera, standpoint: Standpoint, pelvis_m: NDArray[np.float32], ground: Ground) -> None:
    """Look from `standpoint` at the person whose pelvis is at (3,), on a walkway that may climb."""
    height = float(line_m(ground, np.array(-float(pelvis_m[1]))))
    focus = np.array([float(pelvis_m[0]), float(pelvis_m[1]), height + standpoint.aim_m])
    eye = focus + standpoint.from_focus_m()
    below = float(line_m(ground, np.array(-eye[1])))  # uphill the ground is higher than at the person
    eye[2] = max(eye[2], below + CLEARANCE_M)
    camera.SetViewAngle(VIEW_ANGLE_DEG)
    camera.SetViewUp(0.0, 0.0, 1.0)
    camera.SetFocalPoint(*focus)
    camera.SetPosition(*eye)
