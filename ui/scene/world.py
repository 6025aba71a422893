"""One VTK scene: a figure, perhaps a ghost, floor, force arrows, light and camera. No Qt in here."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import vtkmodules.vtkInteractionStyle
import vtkmodules.vtkRenderingFreeType
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - registers the drawing back end
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer

from core.domain.rollout import GaitLabel, Playback, Rollout, SceneGeometry
from core.domain.scenario import LEVEL_GROUND, Ground, line_m
from ui.scene import camera
from ui.scene.figure import Figure, drawable, surfaces_of
from ui.scene.ground import ForceArrows, Walkway, walkway
from ui.scene.palette import ScenePalette
from ui.scene.preset import Preset
from ui.scene.standpoint import Standpoint, preset_standpoint

PELVIS = "pelvis"
FACES_PER_STEP = 2500  # about 10 ms of thinning
WITH_EXO = (
    GaitLabel.WORN_WITHOUT_TORQUE,
    GaitLabel.DEFAULT_CONTROLLER,
    GaitLabel.GENERIC_CONTROLLER,
    GaitLabel.PERSONALIZED_CONTROLLER,
    GaitLabel.STRANGERS_CONTROLLER,
)


class GaitScene:
    """What one view shows. `move` brings everything to a time."""

    def __init__(self, palette: ScenePalette) -> None:
        self.renderer = vtkRenderer()
        self._palette = palette
        self._rollout: Rollout | None = None
        self._ghost_rollout: Rollout | None = None
        self._figure: Figure | None = None
        self._ghost: Figure | None = None
        self._ground = LEVEL_GROUND
        self._standpoint = preset_standpoint(Preset.CORNER)
        self._floor: Walkway | None = None
        self._arrows: ForceArrows | None = None
        self._light()

    def set_gait(self, geometry: SceneGeometry, rollout: Rollout, ground: Ground = LEVEL_GROUND) -> None:
        """Replace what is shown; the camera keeps its standpoint."""
        self._clear()
        self._rollout, self._ground = rollout, ground
        playback = rollout.playback
        self._figure = _figure(self.renderer, geometry, rollout, self._palette)
        if playback.muscle_names:
            self._figure.add_muscles(playback.muscle_start, self._palette)
        path = playback.body_position_m[:, _pelvis(playback), 1]
        self._floor = walkway(self.renderer, ground, float(path[0]), float(path[-1]), self._palette)
        self._arrows = ForceArrows(self.renderer, body_weight_n(rollout), self._palette)
        self.move(float(rollout.time_s[0]))

    def set_ghost(self, geometry: SceneGeometry, rollout: Rollout | None) -> None:
        """Another gait inside the same picture, pale, moved onto this one's pelvis."""
        if self._ghost is not None:
            self._ghost.remove()
        self._ghost, self._ghost_rollout = None, rollout
        if rollout is not None:
            self._ghost = _figure(self.renderer, geometry, rollout, self._palette, ghost=True)

    def move(self, time_s: float, ghost_time_s: float | None = None) -> None:
        """Show this moment; the ghost may be at another time of its own walk, in the same part of it."""
        if self._rollout is None or self._figure is None or self._arrows is None:
            return
        row = frame_at(self._rollout, time_s)
        playback = self._rollout.playback
        self._figure.pose(playback.body_position_m[row], playback.body_quaternion[row])
        self._figure.flex(playback.muscle_point_m[row], self._rollout.activation[row])
        self._arrows.update(self._rollout.ground_force_n[row], self._rollout.centre_of_pressure_m[row])
        pelvis = playback.body_position_m[row, _pelvis(playback)]
        if self._ghost is not None and self._ghost_rollout is not None:
            self._move_ghost(time_s if ghost_time_s is None else ghost_time_s, pelvis)
        self._place_camera(pelvis)

    def look(self, standpoint: Standpoint) -> None:
        """From now on from here; `move` keeps the camera beside the person."""
        self._standpoint = standpoint

    def smooth(self, on: bool) -> None:
        """Soft edges cost a third of the frames in software, so they are for still pictures."""
        self.renderer.SetUseFXAA(on)

    def show_muscles(self, shown: bool) -> None:
        if self._figure is not None:
            self._figure.show_muscles(shown)

    def _place_camera(self, pelvis_m: NDArray[np.float32]) -> None:
        camera.place(self.renderer.GetActiveCamera(), self._standpoint, pelvis_m, self._ground)
        self.renderer.ResetCameraClippingRange()

    def _move_ghost(self, time_s: float, pelvis_m: NDArray[np.float32]) -> None:
        assert self._ghost is not None and self._ghost_rollout is not None
        playback = self._ghost_rollout.playback
        row = frame_at(self._ghost_rollout, time_s)
        position = playback.body_position_m[row]
        own = position[_pelvis(playback)]
        shift = pelvis_m - own
        shift[2] = climbed_m(self._ground, pelvis_m) - climbed_m(self._ground, own)
        self._ghost.pose(position + shift, playback.body_quaternion[row])

    def _clear(self) -> None:
        for part in (self._figure, self._ghost, self._floor, self._arrows):
            if part is not None:
                part.remove()
        self._ghost, self._ghost_rollout = None, None

    def _light(self) -> None:
        self.renderer.SetBackground(*self._palette.sky)
        for position, strength, colour in (  # two: each light costs frames in software
            ((-3.0, -2.0, 5.0), 0.85, (1.0, 0.98, 0.95)),
            ((4.0, 2.0, 3.0), 0.50, (0.92, 0.95, 1.0)),
        ):
            light = vtkLight()
            light.SetLightTypeToSceneLight()
            light.PositionalOff()
            light.SetFocalPoint(0.0, 0.0, 0.0)
            light.SetPosition(*position)
            light.SetIntensity(strength)
            light.SetColor(*colour)
            self.renderer.AddLight(light)
        self.renderer.AutomaticLightCreationOff()


def prepare(geometry: SceneGeometry, rollout: Rollout) -> Iterator[None]:
    """Thin the surfaces that `GaitScene.set_gait` will show, a few per step; they are kept."""
    names, wears_exo = rollout.playback.body_names, rollout.label in WITH_EXO
    faces = 0
    for meshes in surfaces_of(geometry, names, wears_exo=wears_exo).values():
        drawable(meshes)
        faces += sum(len(mesh.face) for mesh in meshes)
        if faces > FACES_PER_STEP:
            faces = 0
            yield


def _figure(
    renderer: vtkRenderer,
    geometry: SceneGeometry,
    rollout: Rollout,
    palette: ScenePalette,
    *,
    ghost: bool = False,
) -> Figure:
    """Gaits of one comparison share their geometry; only those with an exo show it."""
    wears_exo = rollout.label in WITH_EXO
    names = rollout.playback.body_names
    return Figure(renderer, geometry, names, palette, wears_exo=wears_exo, ghost=ghost)


def frame_at(rollout: Rollout, time_s: float) -> int:
    """Row of the frame shown at `time_s`: the nearest one, held at both ends."""
    times = rollout.time_s
    after = int(np.clip(np.searchsorted(times, time_s), 1, max(len(times) - 1, 1)))
    if after >= len(times):
        return 0
    return after - 1 if time_s - times[after - 1] <= times[after] - time_s else after


def climbed_m(ground: Ground, pelvis_m: NDArray[np.float32]) -> float:
    """How far up the walkway has led to where the pelvis (3,) is; the mean slope of stairs."""
    return float(line_m(ground, np.array(-float(pelvis_m[1]))))


def body_weight_n(rollout: Rollout) -> float:
    """Over steady walking the mean vertical ground reaction force equals the body weight."""
    carried = float(rollout.ground_force_n[:, :, 2].sum(axis=1).mean())
    return max(carried, 100.0)


def _pelvis(playback: Playback) -> int:
    return playback.body_names.index(PELVIS) if PELVIS in playback.body_names else 0
