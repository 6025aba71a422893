"""The floor, ramp or stairs with metre marks, and the arrows of the ground-reaction forces."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkCommonTransforms import vtkTransform
from vtkmodules.vtkFiltersSources import vtkArrowSource, vtkPlaneSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer
from vtkmodules.vtkRenderingFreeType import vtkVectorText

from core.domain.scenario import STEPS_AHEAD, STEPS_BEHIND, Ground, GroundKind
from ui.scene.palette import Rgb, ScenePalette, mixed

HALF_WIDTH_M = 3.0
MARKS_X_M = -0.42  # beside the feet, on the side of the side view
MARGIN_M = 4.0
STAIRS_HALF_WIDTH_M = 0.75  # narrow, so that their profile is seen from the side
STAIRS_THICKNESS_M = 0.30
COURSE_M, GAUGE_M = 0.25, 1.0
ARROW_M_PER_BODY_WEIGHT = 0.5  # a square of the floor's grid
IN_FRONT = -66000.0  # of everything, in the units of the depth buffer: the force goes through the leg
SMALLEST_ARROW_BODY_WEIGHT = 0.03


class Walkway(Protocol):
    """The drawn floor, ramp or stairs."""

    def remove(self) -> None: ...


def walkway(
    renderer: vtkRenderer, ground: Ground, y_from_m: float, y_to_m: float, palette: ScenePalette
) -> Walkway:
    """The ground of a walk that begins and ends at these places."""
    if ground.kind is GroundKind.COURSE:
        return CourseWay(renderer, ground, y_from_m, y_to_m, palette)
    if ground.kind is GroundKind.STAIRS:
        return Stairs(renderer, ground, y_from_m, y_to_m, palette)
    if ground.kind is GroundKind.RAMP:
        return Ramp(renderer, ground.slope_rad, y_from_m, y_to_m, palette)
    return Floor(renderer, y_from_m, y_to_m, palette)


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


class Ramp:
    """A tilted walkway with level lines beside it that show how steep it is from every standpoint."""

    def __init__(
        self, renderer: vtkRenderer, slope_rad: float, y_from_m: float, y_to_m: float, palette: ScenePalette
    ) -> None:
        self._renderer = renderer
        near = math.floor(min(-y_from_m, -y_to_m) - MARGIN_M)
        far = math.ceil(max(-y_from_m, -y_to_m) + MARGIN_M)
        slope, x = math.tan(slope_rad), STAIRS_HALF_WIDTH_M
        across = [((-x, -at, slope * at), (x, -at, slope * at)) for at in np.arange(near, far + 0.01, 0.5)]
        along = [((side, -near, slope * near), (side, -far, slope * far)) for side in (-x, x)]
        self._actors = [
            _flat(_quads([_across(near, slope * near - 0.004, far, slope * far - 0.004)]), palette.floor),
            _flat(_lines(_gauge(near, far, slope)), palette.grid),
            _flat(_lines(across), palette.grid),
            _flat(_lines(along), palette.mark),
        ]
        marks = [_mark(metre, y_from_m, palette.mark) for metre in range(math.ceil(far + y_from_m))]
        tilt = vtkTransform()
        tilt.RotateX(-math.degrees(slope_rad))  # rises towards -y
        for actor in marks:
            actor.SetUserTransform(tilt)
        self._actors += marks
        for actor in self._actors:
            renderer.AddActor(actor)

    def remove(self) -> None:
        for actor in self._actors:
            self._renderer.RemoveActor(actor)


class Stairs:
    """The treads and risers around a walk, with their profile at both sides."""

    def __init__(
        self, renderer: vtkRenderer, ground: Ground, y_from_m: float, y_to_m: float, palette: ScenePalette
    ) -> None:
        self._renderer = renderer
        steps = _steps(ground, min(-y_from_m, -y_to_m) - MARGIN_M, max(-y_from_m, -y_to_m) + MARGIN_M)
        self._actors = [
            _flat(_quads(step.tread() for step in steps), palette.floor),
            _flat(_quads(step.riser() for step in steps), mixed(palette.floor, palette.grid, 0.5)),
            _flat(_quads(side for step in steps for side in step.sides()), palette.grid),
            _flat(_lines(edge for step in steps for edge in step.edges()), palette.mark),
        ]
        for actor in self._actors:
            renderer.AddActor(actor)

    def remove(self) -> None:
        for actor in self._actors:
            self._renderer.RemoveActor(actor)


class CourseWay:
    """A floor and the steps that stand on it."""

    def __init__(
        self, renderer: vtkRenderer, ground: Ground, y_from_m: float, y_to_m: float, palette: ScenePalette
    ) -> None:
        self._parts = (
            Floor(renderer, y_from_m, y_to_m, palette),
            Stairs(renderer, ground, y_from_m, y_to_m, palette),
        )

    def remove(self) -> None:
        for part in self._parts:
            part.remove()


class ForceArrows:
    """One arrow per foot, its length in body weights."""

    def __init__(self, renderer: vtkRenderer, body_weight_n: float, palette: ScenePalette) -> None:
        self._renderer = renderer
        self._body_weight_n = body_weight_n
        self._arrows = [_arrow(colour) for colour in (palette.left, palette.right)]
        for actor, _ in self._arrows:
            renderer.AddActor(actor)

    def update(self, force_n: NDArray[np.float64], at_m: NDArray[np.float64]) -> None:
        """Forces and centres of pressure, both (2, 3) in the order of SIDES; NaN points hide the arrow."""
        for (actor, matrix), force, point in zip(self._arrows, force_n, at_m, strict=True):
            fraction = float(np.linalg.norm(force)) / self._body_weight_n
            shown = bool(np.isfinite(point).all()) and fraction > SMALLEST_ARROW_BODY_WEIGHT
            actor.SetVisibility(shown)
            if shown:
                matrix.DeepCopy(_arrow_matrix(force, point, fraction * ARROW_M_PER_BODY_WEIGHT))

    def remove(self) -> None:
        for actor, _ in self._arrows:
            self._renderer.RemoveActor(actor)


Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class _Step:
    """One step: its tread from `near_m` to `far_m` ahead, and the riser down or up to the next one."""

    near_m: float
    far_m: float
    height_m: float
    next_height_m: float

    def tread(self) -> tuple[Point, ...]:
        return _across(self.near_m, self.height_m, self.far_m, self.height_m)

    def riser(self) -> tuple[Point, ...]:
        return _across(self.far_m, self.height_m, self.far_m, self.next_height_m)

    def sides(self) -> tuple[tuple[Point, ...], ...]:
        low = min(self.height_m, self.next_height_m) - STAIRS_THICKNESS_M
        return tuple(
            (
                (x, -self.near_m, self.height_m),
                (x, -self.far_m, self.height_m),
                (x, -self.far_m, low),
                (x, -self.near_m, low),
            )
            for x in (-STAIRS_HALF_WIDTH_M, STAIRS_HALF_WIDTH_M)
        )

    def edges(self) -> tuple[tuple[Point, Point], ...]:
        """Both ends of the riser across the stairs, and the profile on the side of the side view."""
        x, far, above = STAIRS_HALF_WIDTH_M, -self.far_m, 0.004  # or the surfaces would hide the lines
        upper = max(self.height_m, self.next_height_m) + above
        out = -x - above
        return (
            ((-x, far, upper), (x, far, upper)),
            ((out, -self.near_m, self.height_m), (out, far, self.height_m)),
            ((out, far, self.height_m), (out, far, self.next_height_m)),
        )


def _gauge(near_m: float, far_m: float, slope: float) -> list[tuple[Point, Point]]:
    """Level and upright lines at the person's left, from a ramp's surface to the height of a hand rail."""
    x, low, high = STAIRS_HALF_WIDTH_M, *sorted((slope * near_m, slope * far_m))
    lines = [
        ((x, -at, slope * at), (x, -at, slope * at + GAUGE_M)) for at in np.arange(near_m, far_m + 0.01, 0.5)
    ]
    for height in np.arange(math.ceil(low / COURSE_M) * COURSE_M, high + GAUGE_M, COURSE_M):
        ends = np.clip(sorted((height / slope, (height - GAUGE_M) / slope)), near_m, far_m)
        lines.append(((x, -ends[0], height), (x, -ends[1], height)))
    return lines


def _across(ahead_m: float, height_m: float, ahead_2_m: float, height_2_m: float) -> tuple[Point, ...]:
    x = STAIRS_HALF_WIDTH_M
    first = ((-x, -ahead_m, height_m), (x, -ahead_m, height_m))
    return (*first, (x, -ahead_2_m, height_2_m), (-x, -ahead_2_m, height_2_m))


def _steps(ground: Ground, from_m: float, to_m: float) -> list[_Step]:
    """The steps between two distances ahead; the landings are as long as they are seen."""
    lowest, highest = (0, ground.steps) if ground.steps else (-STEPS_BEHIND, STEPS_AHEAD)
    first = max(lowest, math.floor((from_m - ground.first_middle_m) / ground.tread_m))
    last = min(highest, math.ceil((to_m - ground.first_middle_m) / ground.tread_m))
    steps = []
    for number in range(first, last + 1):
        near = ground.first_middle_m + (number - 0.5) * ground.tread_m
        far = near + ground.tread_m
        near = near - MARGIN_M if number == -STEPS_BEHIND else near
        is_landing = number == highest
        height = number * ground.rise_m
        following = height if is_landing else height + ground.rise_m
        far = max(far + MARGIN_M, to_m) if is_landing else far
        steps.append(_Step(near, far, height, following))
    return steps


def _quads(corners: Iterable[tuple[Point, ...]]) -> vtkPolyData:
    points, cells = vtkPoints(), vtkCellArray()
    for quad in corners:
        cells.InsertNextCell(len(quad))
        for point in quad:
            cells.InsertCellPoint(points.InsertNextPoint(*point))
    surface = vtkPolyData()
    surface.SetPoints(points)
    surface.SetPolys(cells)
    return surface


def _lines(ends: Iterable[tuple[Point, Point]]) -> vtkPolyData:
    points, cells = vtkPoints(), vtkCellArray()
    for line in ends:
        cells.InsertNextCell(2)
        for point in line:
            cells.InsertCellPoint(points.InsertNextPoint(*point))
    surface = vtkPolyData()
    surface.SetPoints(points)
    surface.SetLines(cells)
    return surface


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
    across = [(-HALF_WIDTH_M, y, HALF_WIDTH_M, y) for y in np.arange(low_m, high_m + 0.01, 0.5)]
    along = [(x, low_m, x, high_m) for x in np.arange(-HALF_WIDTH_M, HALF_WIDTH_M + 0.01, 0.5)]
    return _flat(_lines(((x0, y0, 0.0), (x1, y1, 0.0)) for x0, y0, x1, y1 in across + along), colour)


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
    source.SetShaftRadius(0.022)
    source.SetTipRadius(0.060)
    source.SetTipLength(0.16)
    source.Update()
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(source.GetOutput())
    mapper.SetResolveCoincidentTopologyToPolygonOffset()
    mapper.SetRelativeCoincidentTopologyPolygonOffsetParameters(0.0, IN_FRONT)
    actor, matrix = vtkActor(), vtkMatrix4x4()
    actor.SetMapper(mapper)
    actor.SetUserMatrix(matrix)
    actor.GetProperty().SetColor(*colour)
    actor.GetProperty().LightingOff()  # its own full colour, or it would be lost on the leg's
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
