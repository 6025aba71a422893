"""One walking body as VTK actors: bones and exo follow their bodies, muscles are redrawn per frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkLookupTable, vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkFiltersCore import vtkPolyDataNormals, vtkQuadricClustering, vtkQuadricDecimation
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from core.domain.rollout import BodyMesh, SceneGeometry
from ui.scene.palette import Rgb, ScenePalette
from ui.scene.tubes import TubeShape

CLUSTERED_ABOVE_FACES = 9000  # exo shells come with up to 170 000 faces; clustering is fast on those
CLUSTER_DIVISIONS = 44
FINEST_BODY_FACES = {"bone": 2200, "exo": 5000}  # per body; more costs frames and shows nothing at this size
GHOST_OPACITY = 0.55


class Figure:
    """Bones, exo and muscles of one gait. `pose` moves everything to one frame."""

    def __init__(
        self,
        renderer: vtkRenderer,
        geometry: SceneGeometry,
        body_names: Sequence[str],
        palette: ScenePalette,
        *,
        wears_exo: bool = True,
        ghost: bool = False,
    ) -> None:
        self._renderer = renderer
        self._ghost = ghost
        self._rows: list[int] = []
        self._matrices: list[vtkMatrix4x4] = []
        self._actors: list[vtkActor] = []
        self._muscles: MuscleBundle | None = None
        self._add_surfaces(geometry, list(body_names), palette, wears_exo)

    def add_muscles(self, muscle_start: NDArray[np.int64], palette: ScenePalette) -> None:
        self._muscles = MuscleBundle(TubeShape(muscle_start), palette)
        self._add(self._muscles.actor)

    def pose(self, position_m: NDArray[np.float32], quaternion: NDArray[np.float32]) -> None:
        """Axes: (B, 3) and (B, 4) w x y z, order of the body names."""
        transforms = pose_matrices(position_m, quaternion)
        for row, matrix in zip(self._rows, self._matrices, strict=True):
            matrix.DeepCopy(transforms[row].ravel().tolist())

    def flex(self, point_m: NDArray[np.float32], activation: NDArray[np.float64]) -> None:
        """Muscle paths (P, 3) and activations (M,) of one frame."""
        if self._muscles is not None:
            self._muscles.update(point_m, activation)

    def show_muscles(self, shown: bool) -> None:
        if self._muscles is not None:
            self._muscles.actor.SetVisibility(shown)

    def remove(self) -> None:
        for actor in self._actors:
            self._renderer.RemoveActor(actor)

    def _add(self, actor: vtkActor) -> None:
        if self._ghost:
            actor.GetProperty().SetOpacity(GHOST_OPACITY)
            actor.GetProperty().BackfaceCullingOn()  # or its far half would shine through its near one
        self._renderer.AddActor(actor)
        self._actors.append(actor)

    def _add_surfaces(
        self, geometry: SceneGeometry, names: list[str], palette: ScenePalette, wears_exo: bool
    ) -> None:
        for (body, kind), meshes in surfaces_of(geometry, names, wears_exo=wears_exo).items():
            colour = palette.exo if kind == "exo" else palette.bone_of(body)
            actor = surface_actor(meshes, palette.ghost if self._ghost else colour)
            matrix = vtkMatrix4x4()
            actor.SetUserMatrix(matrix)
            self._rows.append(names.index(body))
            self._matrices.append(matrix)
            self._add(actor)


class MuscleBundle:
    """All muscles as one surface; only its points, normals and scalars change."""

    def __init__(self, shape: TubeShape, palette: ScenePalette) -> None:
        self._shape = shape
        vertices = shape.vertex_count
        self._surface = vtkPolyData()
        points = vtkPoints()
        points.SetData(numpy_to_vtk(np.zeros((vertices, 3), np.float32), deep=True))
        self._surface.SetPoints(points)
        self._surface.SetPolys(_cells(shape.quads))
        self._points = vtk_to_numpy(points.GetData())
        normals = numpy_to_vtk(np.zeros((vertices, 3), np.float32), deep=True)
        scalars = numpy_to_vtk(np.zeros(vertices, np.float32), deep=True)
        self._surface.GetPointData().SetNormals(normals)
        self._surface.GetPointData().SetScalars(scalars)
        self._normals, self._scalars = vtk_to_numpy(normals), vtk_to_numpy(scalars)
        self._changed = (points, normals, scalars)
        self.actor = self._make_actor(palette)

    def update(self, point_m: NDArray[np.float32], activation: NDArray[np.float64]) -> None:
        self._points[:], self._normals[:] = self._shape.surface(point_m)
        self._scalars[:] = self._shape.per_vertex(activation)
        for array in self._changed:
            array.Modified()
        self._surface.Modified()

    def _make_actor(self, palette: ScenePalette) -> vtkActor:
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(self._surface)
        mapper.SetLookupTable(activation_colours(palette.muscle_rest, palette.muscle_active))
        mapper.SetScalarRange(0.0, 0.7)  # walking rarely exceeds this; above it the colour is full
        mapper.StaticOff()
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.GetProperty().SetSpecular(0.12)
        actor.GetProperty().SetAmbient(0.15)
        return actor


def activation_colours(rest: Rgb, active: Rgb) -> vtkLookupTable:
    """Straight from the colour of rest to the colour of full activity."""
    table = vtkLookupTable()
    table.SetNumberOfTableValues(64)
    table.SetTableRange(0.0, 0.7)
    for step in range(64):
        fraction = step / 63
        colour = [a + (b - a) * fraction for a, b in zip(rest, active, strict=True)]
        table.SetTableValue(step, [*colour, 1.0])
    return table


def surfaces_of(
    geometry: SceneGeometry, names: Sequence[str], *, wears_exo: bool
) -> dict[tuple[str, str], tuple[BodyMesh, ...]]:
    """The meshes to show, by body and kind."""
    groups: dict[tuple[str, str], tuple[BodyMesh, ...]] = defaultdict(tuple)
    for mesh in geometry.meshes:
        if mesh.body in names and (wears_exo or mesh.kind != "exo"):
            groups[mesh.body, mesh.kind] += (mesh,)
    return groups


def surface_actor(meshes: tuple[BodyMesh, ...], colour: Rgb) -> vtkActor:
    """All surfaces of one body and one kind as a single smooth actor."""
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(drawable(meshes))
    mapper.StaticOn()
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    look = actor.GetProperty()
    look.SetColor(*colour)
    look.SetAmbient(0.24)
    look.SetDiffuse(0.9)
    look.SetSpecular(0.12)
    look.SetSpecularPower(18)
    return actor


def pose_matrices(position_m: NDArray[np.float32], quaternion: NDArray[np.float32]) -> NDArray[np.float64]:
    """Homogeneous transforms (B, 4, 4) from positions (B, 3) and unit quaternions (B, 4), w first."""
    w, x, y, z = np.asarray(quaternion, dtype=np.float64).T
    matrices = np.zeros((len(w), 4, 4))
    matrices[:, 0, :3] = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], axis=1)
    matrices[:, 1, :3] = np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], axis=1)
    matrices[:, 2, :3] = np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=1)
    matrices[:, :3, 3] = position_m
    matrices[:, 3, 3] = 1.0
    return matrices


def _merged(meshes: Sequence[BodyMesh]) -> vtkPolyData:
    vertices, faces, base = [], [], 0
    for mesh in meshes:
        vertices.append(mesh.vertex_m)
        faces.append(mesh.face + base)
        base += len(mesh.vertex_m)
    points = vtkPoints()
    points.SetData(numpy_to_vtk(np.concatenate(vertices), deep=True))
    surface = vtkPolyData()
    surface.SetPoints(points)
    surface.SetPolys(_cells(np.concatenate(faces)))
    return surface


@lru_cache(maxsize=128)
def drawable(meshes: tuple[BodyMesh, ...]) -> vtkPolyData:
    """Thinned and smoothly shaded; kept, because two views and a ghost often show the same body."""
    normals = vtkPolyDataNormals()
    normals.SetInputData(_thinned(_merged(meshes), FINEST_BODY_FACES.get(meshes[0].kind, 2200)))
    normals.SetFeatureAngle(50.0)
    normals.Update()
    shaded: vtkPolyData = normals.GetOutput()
    return shaded


def _thinned(surface: vtkPolyData, finest_faces: int) -> vtkPolyData:
    if surface.GetNumberOfPolys() > CLUSTERED_ABOVE_FACES:
        cluster = vtkQuadricClustering()
        cluster.SetInputData(surface)
        cluster.AutoAdjustNumberOfDivisionsOff()
        cluster.SetNumberOfDivisions(CLUSTER_DIVISIONS, CLUSTER_DIVISIONS, CLUSTER_DIVISIONS)
        cluster.Update()
        surface = cluster.GetOutput()
    faces = surface.GetNumberOfPolys()
    if faces <= finest_faces:
        return surface
    decimate = vtkQuadricDecimation()
    decimate.SetInputData(surface)
    decimate.SetTargetReduction(1.0 - finest_faces / faces)
    decimate.Update()
    thinned: vtkPolyData = decimate.GetOutput()
    return thinned


def _cells(polygons: NDArray[np.int64]) -> vtkCellArray:
    """Cells from an (N, corners) table of point numbers."""
    count, corners = polygons.shape
    cells = vtkCellArray()
    cells.SetData(
        numpy_to_vtkIdTypeArray(np.arange(0, (count + 1) * corners, corners, dtype=np.int64), deep=True),
        numpy_to_vtkIdTypeArray(np.ascontiguousarray(polygons).ravel(), deep=True),
    )
    return cells
