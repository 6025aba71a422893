"""Claims about a calibration from a board that cameras filmed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.capture.calibration.boards import Board
from core.capture.calibration.floor import aligned_to_floor
from core.capture.calibration.from_board import Wishes, calibrate
from core.capture.calibration.placing import moved_world
from core.capture.calibration.rotations import angle_between, turn
from core.domain.calibration import Calibration
from tests.capture.calibration.filmed_board import BOARD, CHESSBOARD, FLOOR_S, filmed
from tests.capture.calibration.rigs import camera_at, rig
from tests.capture.calibration.test_files import codes
from tests.refusals import refused

ON_FLOOR = Wishes(floor_s=1.0)


def assert_same_places(found: Calibration, expected: Calibration, *, mm: float, deg: float) -> None:
    """Places of the cameras to each other, in the world of the first one."""
    for one, other in zip(found.cameras[1:], expected.cameras[1:], strict=True):
        relative = [
            (camera.rotation @ first.rotation.T, first.rotation @ (camera.centre_m - first.centre_m))
            for camera, first in ((one, found.cameras[0]), (other, expected.cameras[0]))
        ]
        assert np.degrees(angle_between(relative[0][0], relative[1][0])) < deg
        assert np.linalg.norm(relative[0][1] - relative[1][1]) * 1000 < mm


def assert_same_lenses(found: Calibration, expected: Calibration, percent: float) -> None:
    for one, other in zip(found.cameras, expected.cameras, strict=True):
        ratio = one.matrix[[0, 1], [0, 1]] / other.matrix[[0, 1], [0, 1]]
        assert np.abs(ratio - 1).max() * 100 < percent


@pytest.mark.parametrize("board", [BOARD, CHESSBOARD])
def test_lenses_places_and_floor_come_out_of_a_filmed_board(board: Board) -> None:
    truth = rig(3)

    found = calibrate(filmed(truth.cameras, board=board), board, ON_FLOOR)

    assert_same_lenses(found.calibration, truth, percent=1.0)
    assert_same_places(found.calibration, truth, mm=15.0, deg=0.3)
    assert max(found.calibration.error_px) < 0.4
    assert found.calibration.error_mm < 1.5 and len(found.calibration.camera_error_mm) == 3
    heights = [camera.centre_m[2] for camera in found.calibration.cameras]
    assert heights == pytest.approx([camera.centre_m[2] for camera in truth.cameras], abs=0.02)
    assert codes(found.calibration) == []


def test_a_camera_whose_pictures_come_late_is_found_out() -> None:
    truth = rig(3)

    found = calibrate(filmed(truth.cameras, late_s=(0.0, 0.13, -0.04)), BOARD, Wishes())

    np.testing.assert_allclose(found.late_s, [0.0, 0.13, -0.04], atol=0.004)
    assert_same_places(found.calibration, truth, mm=20.0, deg=0.4)
    assert codes(found.calibration) == ["CAL-032", "CAL-032", "CAL-033"]


def test_times_taken_as_told_put_cameras_elsewhere() -> None:
    late = filmed(rig(3).cameras, late_s=(0.0, 0.13, -0.04))

    told, found = (calibrate(late, BOARD, Wishes(clocks=clocks)) for clocks in (False, True))

    assert max(told.calibration.error_px) > 3 * max(found.calibration.error_px)


def test_cameras_started_one_by_one_find_their_common_time() -> None:
    truth = rig(3)
    wishes = replace(ON_FLOOR, synchronous=False)

    found = calibrate(filmed(truth.cameras, late_s=(0.0, 5.31, -2.6)), BOARD, wishes)

    np.testing.assert_allclose(found.late_s, [0.0, 5.31, -2.6], atol=0.01)
    assert codes(found.calibration) == []
    assert_same_places(found.calibration, truth, mm=20.0, deg=0.4)


def test_with_known_lenses_only_places_are_found() -> None:
    truth = rig(3)

    found = calibrate(filmed(truth.cameras), BOARD, Wishes(), truth.cameras)

    for one, other in zip(found.calibration.cameras, truth.cameras, strict=True):
        np.testing.assert_array_equal(one.matrix, other.matrix)
    assert_same_places(found.calibration, truth, mm=5.0, deg=0.1)


def test_one_camera_gives_its_lens() -> None:
    near = camera_at((0.1, -2.1, 1.1), name="near", looks_at_m=(0.1, -0.7, 0.9))

    found = calibrate(filmed([near]), BOARD, Wishes())

    truth = replace(rig(1), cameras=(near,))
    assert_same_lenses(found.calibration, truth, percent=1.0)
    assert found.focal_spread[0] < 0.01


def test_feet_of_a_straight_walk_and_level_cameras_give_the_floor() -> None:
    truth = rig(3)
    leaning = moved_world(truth, turn(np.array([0.3, -0.2, 0.5])), np.array([0.4, 1.0, -0.7]))
    random = np.random.default_rng(2)
    steps = np.array([[x, 0.1 * (-1) ** n, 0.0] for n, x in enumerate(np.arange(-2, 2, 0.3))])
    feet = (steps + random.normal(0, 0.01, steps.shape) - [0.4, 1.0, -0.7]) @ turn(
        np.array([0.3, -0.2, 0.5])
    ).T
    feet[4] += leaning.cameras[0].rotation[1] * -0.4  # a foot that was in the air

    found = aligned_to_floor(leaning, feet)

    assert_same_places(found, truth, mm=1e-6, deg=1e-5)
    heights = [camera.centre_m[2] for camera in found.cameras]
    assert heights == pytest.approx([camera.centre_m[2] for camera in truth.cameras], abs=0.03)


def test_a_board_that_was_not_on_the_floor_is_doubted() -> None:
    sightings = filmed(rig(2).cameras)

    upright = calibrate(sightings, BOARD, Wishes(floor_s=FLOOR_S + 4.0))

    assert "CAL-034" in codes(upright.calibration)
    with refused("CAL-028"):
        calibrate(sightings, BOARD, Wishes(floor_s=300.0))


def test_too_few_pictures_are_refused_by_camera() -> None:
    whole = filmed(rig(2).cameras)
    blind = replace(whole[1], seen=(None,) * len(whole[1].seen))
    with refused("CAL-024") as told:
        calibrate((whole[0], blind), BOARD, Wishes())
    assert "cam02" in told.value.advice.what


def test_cameras_that_never_saw_the_board_together_are_refused() -> None:
    first, second = filmed(rig(2).cameras)
    half = len(first.seen) // 2
    early = replace(first, seen=first.seen[:half] + (None,) * (len(first.seen) - half))
    late = replace(second, seen=(None,) * half + second.seen[half:])
    with refused("CAL-025"):
        calibrate((early, late), BOARD, Wishes())


def test_films_of_different_moments_have_no_common_time() -> None:
    first, second = filmed(rig(2).cameras)
    order = np.random.default_rng(3).permutation(len(second.seen))
    mixed = replace(second, seen=tuple(second.seen[number] for number in order))
    with refused("CAL-026"):
        calibrate((first, mixed), BOARD, Wishes(synchronous=False))


def test_a_board_that_looks_alike_after_half_a_turn_is_refused_for_two_cameras() -> None:
    square = replace(CHESSBOARD, columns=8, rows=6)
    sightings = filmed(rig(2).cameras, board=square)
    with refused("CAL-027"):
        calibrate(sightings, square, Wishes())
    assert calibrate(sightings[:1], square, Wishes()).calibration.error_px[0] < 0.4


def test_a_bent_board_is_told() -> None:
    """Corners off by many pixels in one camera: a board that bent, or a camera that was moved."""
    first, second = filmed(rig(2).cameras)
    random = np.random.default_rng(1)
    shaken = replace(
        second,
        seen=tuple(
            None if seen is None else replace(seen, px=seen.px + random.normal(0, 6, seen.px.shape))
            for seen in second.seen
        ),
    )
    assert "CAL-030" in codes(calibrate((first, shaken), BOARD, Wishes()).calibration)
