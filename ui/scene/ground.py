"""The floor with metre marks, and the arrows of the ground-reaction forces."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkFiltersSources import vtkArrowSource, vtkPlaneSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer
from vtkmodules.vtkRenderingFreeType import vtkVectorText

from ui.scene.palette import Rgb, ScenePalette

HALF_WIDTH_M = 3.0
MARKS_X_M = -0.42  # beside the feet, on the side of the side view
MARGIN_M = 4.0
ARROW_M_PER_BODY_WEIGHT = 0.6
SMALLEST_ARROW_BODY_WEIGHT = 0.03


class Floor:
    """A quiet grid under the whole walk, half a metre apart, numbered every metre."""

    def __init__(self, renderer: vtkRenderer, y_from_m: float, y_to_m: float, palette: ScenePalette) -> None:
        self._renderer = renderer
        low = math.floor(min(y_from_m, y_to_m) - MARGIN_M)
        high = math.ceil(max(y_from_m, y_to_m) + MARGIN_M)
        self._actors = [_plane(low, high, palette.floor), _grid(low, high, palette.grid)]
        self._actors += [_mark(metre, y_from_m, palette.mark) for metre in range(math.ceil(y_from_m - low))]
        for actor in self._actors:
            renderer.AddActor(actor)

    def remove(self) -> None:
        for actor in self._actors:
            self._renderer.RemoveActor(actor)


class ForceArrows:
    """One arrow per foot, its length in body weights."""

    def __init__(self, renderer: vtkRenderer, body_weight_n: float, palette: ScenePalette) -> None:
        self._renderer = renderer
        self._body_weight_n = body_weight_n
        self._arrows = [_arrow(colour) for colour in (palette.left, palette.right)]
        for actor, _ in self._arrows:
            renderer.AddActor(actor)

    def update(self, force_n: NDArray[np.float64], at_m: NDArray[np.float64]) -> None:
        """Forces and points of attack, both (2, 3) in the order of SIDES; NaN points hide the arrow."""
        for (actor, matrix), force, point in zip(self._arrows, force_n, at_m, strict=True):
            share = float(np.linalg.norm(force)) / self._body_weight_n
            shown = bool(np.isfinite(point).all()) and share > SMALLEST_ARROW_BODY_WEIGHT
            actor.SetVisibility(shown)
            if shown:
                matrix.DeepCopy(_arrow_matrix(force, point, share * ARROW_M_PER_BODY_WEIGHT))

    def show(self, shown: bool) -> None:
        for actor, _ in self._arrows:
            actor.SetVisibility(shown)

    def remove(self) -> None:
        for actor, _ in self._arrows:
            self._renderer.RemoveActor(actor)


def _flat(surface: vtkPolyData, colour: Rgb) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(surface)
    mapper.StaticOn()
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*colour)
    actor.GetProperty().LightingOff()
    actor.PickableOff()
    return actor


def _plane(low_m: float, high_m: float, colour: Rgb) -> vtkActor:
    plane = vtkPlaneSource()
    plane.SetOrigin(-HALF_WIDTH_M, low_m, -0.004)
    plane.SetPoint1(HALF_WIDTH_M, low_m, -0.004)
    plane.SetPoint2(-HALF_WIDTH_M, high_m, -0.004)
    plane.Update()
    return _flat(plane.GetOutput(), colour)


def _grid(low_m: float, high_m: float, colour: Rgb) -> vtkActor:
    points, lines = vtkPoints(), vtkCellArray()
    across = [(-HALF_WIDTH_M, y, HALF_WIDTH_M, y) for y in np.arange(low_m, high_m + 0.01, 0.5)]
    along = [(x, low_m, x, high_m) for x in np.arange(-HALF_WIDTH_M, HALF_WIDTH_M + 0.01, 0.5)]
    for x0, y0, x1, y1 in across + along:
        lines.InsertNextCell(2)
        lines.InsertCellPoint(points.InsertNextPoint(x0, y0, 0.0))
        lines.InsertCellPoint(points.InsertNextPoint(x1, y1, 0.0))
    surface = vtkPolyData()
    surface.SetPoints(points)
    surface.SetLines(lines)
    return _flat(surface, colour)


def _mark(metre: int, start_y_m: float, colour: Rgb) -> vtkActor:
    """`3 m` written on the floor, readable from the person's right, where the side view stands."""
    text = vtkVectorText()
    text.SetText(f"{metre} m")
    text.Update()
    actor = _flat(text.GetOutput(), colour)
    actor.SetScale(0.10)
    actor.SetPosition(MARKS_X_M, start_y_m - metre + 0.03, 0.003)
    actor.RotateZ(-90.0)
    return actor


def _arrow(colour: Rgb) -> tuple[vtkActor, vtkMatrix4x4]:
    source = vtkArrowSource()
    source.SetTipResolution(20)
    source.SetShaftResolution(16)
    source.SetShaftRadius(0.016)
    source.SetTipRadius(0.045)
    source.SetTipLength(0.16)
    source.Update()
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(source.GetOutput())
    actor, matrix = vtkActor(), vtkMatrix4x4()
    actor.SetMapper(mapper)
    actor.SetUserMatrix(matrix)
    actor.GetProperty().SetColor(*colour)
    actor.GetProperty().SetAmbient(0.35)
    actor.VisibilityOff()
    return actor, matrix


def _arrow_matrix(force: NDArray[np.float64], point: NDArray[np.float64], length_m: float) -> list[float]:
    """Turn the arrow source (from the origin along x, 1 m long) onto the force."""
    along = force / np.linalg.norm(force)
    across = np.cross(along, (0.0, 1.0, 0.0))
    across /= max(float(np.linalg.norm(across)), 1e-9)
    matrix = np.eye(4)
    matrix[:3, 0] = along * length_m
    matrix[:3, 1] = across * max(length_m, 0.25)  # a short arrow stays thick enough to be seen
    matrix[:3, 2] = np.cross(along, across) * max(length_m, 0.25)
    matrix[:3, 3] = point
    return [float(value) for value in matrix.ravel()]
