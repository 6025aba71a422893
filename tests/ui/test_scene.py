"""The 3D scene: the arithmetic without a screen, and the real thing on a virtual screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from core.domain.body import Side
from core.domain.rollout import GaitLabel
from core.domain.scene_arrays import pack_scene, unpack_scene
from core.gait.load_strikes import heel_strikes_s
from tests.ui import walks
from ui.scene.cycle_clock import CycleClock, same_moment
from ui.scene.gait_view import GaitView
from ui.scene.live_twin import strip_rollout
from ui.scene.stage import GaitStage, StagedGait
from ui.scene.tubes import SIDES_OF_TUBE, TubeShape


def test_the_cycle_clock_goes_from_time_to_cycle_and_back() -> None:
    clock = CycleClock(walks.rollout(GaitLabel.DEFAULT_TWIN, period_s=1.1))
    at_s = clock.time_at(Side.LEFT, 0.3, near_s=2.8)
    assert at_s is not None
    assert clock.fraction(Side.LEFT, at_s) == pytest.approx(0.3, abs=1e-6)
    assert clock.fraction(Side.RIGHT, at_s) == pytest.approx(0.8, abs=0.03)  # frames are 0.02 s apart


def test_a_toe_that_scuffs_the_floor_is_not_a_step() -> None:
    walk = walks.rollout(GaitLabel.DEFAULT_TWIN)
    force = walk.ground_force_n[:, 0, 2].copy()
    clean = heel_strikes_s(walk.time_s, force)
    swing = int(np.searchsorted(walk.time_s, clean[1] + 0.8))
    force[swing : swing + 3] = 90.0
    np.testing.assert_allclose(heel_strikes_s(walk.time_s, force), clean)


def test_before_the_first_heel_strike_there_is_no_place_in_the_cycle() -> None:
    assert CycleClock(walks.rollout(GaitLabel.DEFAULT_TWIN)).fraction(Side.LEFT, 0.1) is None


def test_a_slower_gait_follows_the_leader_by_its_place_in_the_cycle() -> None:
    leader = CycleClock(walks.rollout(GaitLabel.WITHOUT_EXO, period_s=1.0))
    slower = CycleClock(walks.rollout(GaitLabel.DEFAULT_CONTROLLER, period_s=1.3))
    at_s = same_moment(leader, slower, 2.65)
    assert slower.fraction(Side.LEFT, at_s) == pytest.approx(leader.fraction(Side.LEFT, 2.65), abs=1e-6)


def test_muscle_tubes_keep_their_paths_apart_and_point_outwards() -> None:
    shape = TubeShape(np.array([0, 4, 10]))
    path = np.concatenate(
        [np.linspace([0, 0, 1], [0, 0, 0.5], 4), np.linspace([0.1, 0, 1], [0.1, 0.1, 0.4], 6)]
    ).astype(np.float32)
    vertex, normal = shape.surface(path)
    centre = np.repeat(path, SIDES_OF_TUBE, axis=0)
    assert np.einsum("ij,ij->i", vertex - centre, normal).min() > 0
    muscle = np.repeat([0, 1], np.array([4, 6]) * SIDES_OF_TUBE)
    assert (muscle[shape.quads].min(axis=1) == muscle[shape.quads].max(axis=1)).all()


def test_a_scene_survives_the_way_through_a_picture() -> None:
    geometry = walks.geometry()
    back = unpack_scene(pack_scene(geometry, walks.BODIES))
    assert back is not None
    assert [(mesh.body, mesh.kind) for mesh in back.meshes] == [(m.body, m.kind) for m in geometry.meshes]
    for new, old in zip(back.meshes, geometry.meshes, strict=True):
        np.testing.assert_array_equal(new.vertex_m, old.vertex_m)
        np.testing.assert_array_equal(new.face, old.face)
    assert unpack_scene({"body_position_m": np.zeros((1, 3))}) is None


def test_a_strip_of_poses_becomes_a_walk_without_muscles() -> None:
    strip = strip_rollout(walks.BODIES, np.zeros((50, 3, 3)), np.zeros((50, 3, 4)), wears_exo=True)
    assert strip.time_s[-1] == pytest.approx(1.96)
    assert strip.playback.muscle_names == ()


def test_without_a_screen_the_view_says_so_and_loads_no_vtk(app: QApplication) -> None:
    view = GaitView()
    view.show()
    view.set_gait(walks.geometry(), walks.rollout(GaitLabel.DEFAULT_TWIN), "Default twin")
    app.processEvents()
    assert "cannot be shown" in view._message.text()
    assert view._scene is None
    view.close()


def test_a_stage_without_a_screen_still_keeps_the_time(app: QApplication) -> None:
    stage = GaitStage(2)
    geometry = walks.geometry()
    labels = (GaitLabel.DEFAULT_TWIN, GaitLabel.PERSONALIZED_TWIN)
    stage.show_gaits(*(StagedGait(walks.rollout(label), geometry, label.value) for label in labels))
    emitted: list[float] = []
    stage.time_changed.connect(emitted.append)
    stage.go_to_fraction(Side.LEFT, 0.5)
    assert stage.cycle_fraction(Side.LEFT) == pytest.approx(0.5, abs=1e-6)
    stage.step(1)
    assert emitted[1] - emitted[0] == pytest.approx(0.02)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="needs xvfb-run, a virtual screen")
def test_on_a_screen_bones_muscles_exo_and_ghost_are_drawn(repository: Path) -> None:
    """In a process of its own: VTK needs a real window, and this one has none."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(repository)}
    command = [
        "xvfb-run",
        "-a",
        "-s",
        "-screen 0 1280x800x24",
        sys.executable,
        "-m",
        "tests.ui.scene_on_screen",
    ]
    done = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    seen = dict(line.split("=") for line in done.stdout.split())
    assert seen["advice"] == "None"
    assert int(seen["colours"]) > 50  # a shaded figure, not an empty canvas
    assert int(seen["exo_left"]) == 0  # the gait without the exo shows none, although they share the scene
    assert int(seen["exo_right"]) > 50
    assert int(seen["changed_by_time"]) > 200
