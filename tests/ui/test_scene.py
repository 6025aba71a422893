"""The 3D scene: the arithmetic without a screen, and the real thing on a virtual screen."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from vtkmodules.vtkRenderingCore import vtkCamera

from core.domain.body import Side
from core.domain.rollout import GaitLabel
from core.domain.scenario import line_m, scenario_of
from core.domain.scene_arrays import pack_scene, unpack_scene
from core.gait.load_strikes import heel_strikes_s
from tests.ui import walks
from ui.plots.color_map import contrast
from ui.scene.camera import place
from ui.scene.cycle_clock import CycleClock, same_moment
from ui.scene.figure import GHOST_OPACITY
from ui.scene.gait_view import GaitView
from ui.scene.ground import ARROW_M_PER_BODY_WEIGHT
from ui.scene.live_twin import MOST_DRAWN, pause_ms, strip_rollout
from ui.scene.mouse import OrbitMouse
from ui.scene.palette import Rgb, mixed, scene_palette
from ui.scene.preset import Preset
from ui.scene.stage import GaitStage, StagedGait
from ui.scene.standpoint import CLEARANCE_M, HIGHEST_RAD, NEAREST_M, preset_standpoint
from ui.scene.tubes import SIDES_OF_TUBE, TubeShape
from ui.theme.tokens import DARK, LIGHT, Colors


def test_the_cycle_clock_goes_from_time_to_cycle_and_back() -> None:
    clock = CycleClock(walks.rollout(GaitLabel.DEFAULT_TWIN, period_s=1.1))
    at_s = clock.time_at(Side.LEFT, 0.3, near_s=2.8)
    assert at_s is not None
    assert clock.fraction(Side.LEFT, at_s) == pytest.approx(0.3, abs=1e-6)
    assert clock.fraction(Side.RIGHT, at_s) == pytest.approx(0.8, abs=0.03)  # frames are 0.02 s apart


def test_the_picture_of_a_twin_that_learns_leaves_the_processor_to_it() -> None:
    assert pause_ms(0.002) == 38  # a graphics card draws 25 pictures a second
    for drawn_s in (0.02, 0.05, 0.4):  # a processor draws as many as it has time for
        assert drawn_s / (drawn_s + pause_ms(drawn_s) / 1000) == pytest.approx(MOST_DRAWN, rel=0.01)


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


def test_the_person_is_never_seen_from_under_the_floor() -> None:
    seen = preset_standpoint(Preset.RIGHT)
    for _ in range(40):
        seen = seen.turned(0.0, -60.0)  # dragged upwards, again and again
    assert seen.aim_m + seen.from_focus_m()[2] == pytest.approx(CLEARANCE_M)
    assert seen.raised(-2000.0, 400).turned(0.0, -900.0).from_focus_m()[2] < 0.0  # aimed high, from below
    for closer in (seen.closer(-30.0), seen.raised(900.0, 400)):
        assert closer.aim_m + closer.from_focus_m()[2] >= CLEARANCE_M - 1e-9
    for _ in range(40):
        seen = seen.turned(0.0, 60.0)
    assert seen.elevation_rad == HIGHEST_RAD


@pytest.mark.parametrize("key", ["level", "ramp-up-5", "ramp-down-5", "stairs-up", "stairs-down"])
def test_the_camera_stays_above_the_ground_that_it_stands_on(key: str) -> None:
    scenario = scenario_of(key)
    assert scenario is not None
    for heading_deg in range(0, 360, 30):
        standpoint = replace(preset_standpoint(Preset.FRONT), heading_rad=math.radians(heading_deg))
        low = standpoint.turned(0.0, -900.0).closer(-20.0)
        camera = vtkCamera()
        place(camera, low, np.array([0.0, -7.0, 1.0], np.float32), scenario.ground)
        _, y, z = camera.GetPosition()
        assert z >= line_m(scenario.ground, np.array(-y)) + CLEARANCE_M - 1e-9


def test_the_wheel_comes_closer_within_bounds_and_presets_look_from_their_side() -> None:
    seen = preset_standpoint(Preset.LEFT)
    assert seen.from_focus_m()[0] > 4.0 > -4.0 > preset_standpoint(Preset.RIGHT).from_focus_m()[0]
    assert seen.closer(1.0).distance_m < seen.distance_m < seen.closer(-1.0).distance_m
    assert seen.closer(500.0).distance_m == NEAREST_M


def test_mouse_turns_raises_comes_closer_and_resets_and_the_page_does_not_scroll(app: QApplication) -> None:
    told: list[tuple[str, float]] = []
    canvas = QWidget()
    mouse = OrbitMouse(canvas)
    mouse.turned.connect(lambda right, down: told.append(("turned", right - down)))
    mouse.raised.connect(lambda up: told.append(("raised", up)))
    mouse.closer.connect(lambda notches: told.append(("closer", notches)))
    mouse.reset.connect(lambda: told.append(("reset", 0.0)))
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
        QTest.mousePress(canvas, button, pos=QPoint(10, 10))
        moved = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(17, 13),
            QPointF(17, 13),
            button,
            button,
            Qt.KeyboardModifier.NoModifier,
        )
        app.sendEvent(canvas, moved)
        QTest.mouseRelease(canvas, button, pos=QPoint(17, 13))
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    app.sendEvent(canvas, wheel)
    assert wheel.isAccepted()
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton)
    assert told == [("turned", 4.0), ("raised", -3.0), ("closer", 2.0), ("reset", 0.0)]
    canvas.deleteLater()


def test_both_pictures_are_turned_together_and_a_double_click_resets_both(app: QApplication) -> None:
    stage = GaitStage(2)
    first, second = stage.views
    stage.view_bar.buttons[Preset.LEFT].click()
    assert first.standpoint == second.standpoint == preset_standpoint(Preset.LEFT)
    first._person_looks(first.standpoint.turned(30.0, 10.0))
    assert second.standpoint == first.standpoint != preset_standpoint(Preset.LEFT)
    assert not any(button.isChecked() for button in stage.view_bar.buttons.values())
    second._reset()
    assert first.standpoint == second.standpoint == preset_standpoint(Preset.LEFT)
    assert stage.view_bar.buttons[Preset.LEFT].isChecked()
    QTest.keyClick(stage, Qt.Key.Key_Plus)
    assert second.standpoint == first.standpoint == preset_standpoint(Preset.LEFT).closer(1.0)
    QTest.keyClick(stage, Qt.Key.Key_Home)
    assert second.standpoint == first.standpoint == preset_standpoint(Preset.LEFT)
    stage.deleteLater()


def test_the_view_from_the_affected_side_is_named(app: QApplication) -> None:
    stage = GaitStage(2)
    stage.show_affected(Side.RIGHT)
    left, right = (stage.view_bar.buttons[preset] for preset in (Preset.LEFT, Preset.RIGHT))
    assert (left.text(), right.text()) == ("Left", "Right, affected")
    right.click()
    assert stage.views[0].standpoint.from_focus_m()[0] < 0.0  # the person's right
    stage.show_affected(None)
    assert right.text() == "Right"
    stage.deleteLater()


@pytest.mark.parametrize("colors", [LIGHT, DARK])
def test_legs_carry_the_colour_of_their_side_and_the_ghost_is_seen(colors: Colors) -> None:
    palette = scene_palette(colors)
    for body, side in (("femur_l", palette.left), ("calcn_r", palette.right)):
        assert distance(palette.bone_of(body), side) < 0.5 * distance(palette.bone, side)
    assert palette.bone_of("torso") == palette.bone
    seen = mixed(palette.sky, palette.ghost, GHOST_OPACITY)
    assert contrast(qcolor(seen), qcolor(palette.sky)) >= 1.8
    assert distance(seen, palette.bone) > 0.3  # tinted: it is not taken for the other gait


def distance(one: Rgb, other: Rgb) -> float:
    return math.dist(one, other)


def qcolor(colour: Rgb) -> QColor:
    return QColor.fromRgbF(*colour)


def test_the_key_explains_what_the_pictures_have_and_an_arrow_is_as_long_as_it_says(
    app: QApplication,
) -> None:
    stage = GaitStage(2)
    geometry = walks.geometry()
    walk = walks.rollout(GaitLabel.DEFAULT_TWIN)
    stage.show_gaits(*(StagedGait(walk, geometry, name) for name in ("One", "Other")))
    key = stage.key
    assert key.forces.isVisibleTo(stage) and key.ghost.isVisibleTo(stage)
    assert f"{ARROW_M_PER_BODY_WEIGHT:.1f} m = body weight" in key.forces.text()
    key.ghost.click()
    assert stage.heads[0].ghost.isVisibleTo(stage)  # its colour, beside its name
    assert [view.isVisibleTo(stage) for view in stage.views] == [False, True]
    still = replace(walk, ground_force_n=np.zeros_like(walk.ground_force_n))
    stage.show_gaits(StagedGait(still, geometry, "No force"))
    assert not key.forces.isVisibleTo(stage) and not key.ghost.isVisibleTo(stage)
    stage.deleteLater()


def test_without_a_screen_the_view_says_so_and_loads_no_vtk(app: QApplication) -> None:
    view = GaitView()
    view.show()
    view.set_gait(walks.geometry(), walks.rollout(GaitLabel.DEFAULT_TWIN))
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
    assert int(seen["turned_with_it"]) > 200  # a mouse over one picture turns the other too
    assert int(seen["dark_sky"]) < 60  # no white picture on a dark page
