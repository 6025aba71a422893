"""Claims about which camera belongs to which video, and about pictures of another size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.capture.calibration.bars import black_bars
from core.capture.calibration.files import read_calibration
from core.capture.calibration.lens import seen_px
from core.capture.calibration.matching import View, fitted, matched
from core.capture.calibration.placing import Bars
from core.domain.calibration import Calibration
from tests.capture.calibration.rigs import camera_at, rig
from tests.capture.calibration.test_files import POINTS_M, codes
from tests.refusals import refused


def views(*names: str) -> list[View]:
    return [View(name, 640, 480) for name in names]


def named(*names: str) -> Calibration:
    made = rig(len(names))
    cameras = tuple(replace(camera, name=name) for camera, name in zip(made.cameras, names, strict=True))
    return replace(made, cameras=cameras)


@pytest.mark.parametrize(
    ("cameras", "videos"),
    [
        (("cam01", "cam02", "cam03"), ("cam3.mp4", "Cam_1.mp4")),
        (("26578", "26579", "26580"), ("walk_26580_trial2.avi", "walk_26578_trial2.avi")),
        (("cam_0", "cam_1", "cam_2"), ("gait4-cam2.mp4", "gait4-cam0.mp4")),
        (("left phone", "back", "right phone"), ("Right Phone.MOV", "left_phone.MOV")),
    ],
)
def test_names_tell_the_camera(cameras: tuple[str, ...], videos: tuple[str, str]) -> None:
    found = matched(named(*cameras), views(*videos))

    assert [camera.name for camera in found.cameras] == [cameras[2], cameras[0]]
    assert codes(found) == [] and len(found.error_px) == 2


def test_errors_stay_with_their_cameras() -> None:
    made = replace(named("a", "b", "c"), error_px=(1.0, 2.0, 3.0), camera_error_mm=(10.0, 20.0, 30.0))
    found = matched(made, views("c.mp4", "a.mp4"))

    assert (found.error_px, found.camera_error_mm) == ((3.0, 1.0), (30.0, 10.0))


def test_numbers_alone_tell_nothing() -> None:
    """Otherwise camera-1 would become cam_1, the second one."""
    with refused("CAL-007"):
        matched(named("cam_0", "cam_1", "cam_2"), views("camera-1.mp4", "camera-2.mp4"))


def test_without_names_the_order_decides_and_is_told() -> None:
    found = matched(named("left", "right"), views("A.mp4", "B.mp4"))

    assert [camera.name for camera in found.cameras] == ["left", "right"]
    assert codes(found) == ["CAL-010"]
    assert "A.mp4: left; B.mp4: right" in found.findings[0].advice.why


def test_names_that_match_partly_are_refused() -> None:
    with refused("CAL-008"):
        matched(named("left", "right"), views("left.mp4", "walk.mp4"))
    with refused("CAL-008"):
        matched(named("left", "right"), views("left.mp4", "left (2).mp4"))


@pytest.mark.parametrize("videos", [("a.mp4",), ("cam01.mp4", "cam02.mp4", "cam03.mp4", "cam09.mp4")])
def test_another_number_of_cameras_is_refused(videos: tuple[str, ...]) -> None:
    with refused("CAL-007"):
        matched(rig(3), views(*videos))


def test_the_same_camera_in_half_the_size_sees_half_as_large() -> None:
    camera = camera_at((0.3, -3.0, 1.0))

    half, findings = fitted(camera, View("walk.mp4", 320, 240))

    expected = (seen_px(POINTS_M, camera) + 0.5) / 2 - 0.5
    np.testing.assert_allclose(seen_px(POINTS_M, half), expected, atol=1e-9)
    assert [finding.advice.code for finding in findings] == ["CAL-014"]


@pytest.mark.parametrize("size", [(640, 360), (636, 480), (480, 640), (1280, 480)])
def test_a_cut_or_squeezed_picture_is_refused(size: tuple[int, int]) -> None:
    with refused("CAL-009"):
        fitted(camera_at((0.3, -3.0, 1.0)), View("walk.mp4", *size))


def test_black_bars_explain_another_shape() -> None:
    camera = camera_at((0.3, -3.0, 1.0), size_px=(1088, 1920))

    fit, findings = fitted(camera, View("cam01.mp4", 1080, 1920, Bars(0, 7, 0, 6)))

    expected = (seen_px(POINTS_M, camera) + 0.5) * (1080 / 1088) - 0.5 + [0, 7]
    np.testing.assert_allclose(seen_px(POINTS_M, fit), expected, atol=1e-9)
    assert [finding.advice.code for finding in findings] == ["CAL-014"]


def test_bars_are_what_is_black_on_both_sides_in_every_picture() -> None:
    noise = np.random.default_rng(5).integers(60, 200, (3, 48, 64, 3)).astype(np.uint8)
    noise[:, :5] = 9
    noise[:, -4:] = 12
    noise[:, :, :8] = 0  # a dark wall at the left only

    assert black_bars(noise) == Bars(0, 5, 0, 4)
    assert black_bars(np.zeros((1, 48, 64, 3), np.uint8)) == Bars()


@pytest.mark.parametrize(("name", "width"), [("cam01", 1080), ("cam02", 1080), ("cam03", 1088)])
def test_the_published_trap_of_8_pixels_is_seen_through(
    shared_data: Callable[[str], Path], name: str, width: int
) -> None:
    """Two videos were made 8 pixels narrower: scaled in both directions and put between black bars."""
    folder = shared_data("video-4cam-balance/Demo_SinglePerson")
    calibration = read_calibration(folder / "calibration/Calib.qca.txt")
    capture = cv2.VideoCapture(str(folder / f"videos/{name}.mp4"))
    pictures = [capture.read()[1] for _ in range(3)]
    view = View(f"{name}.mp4", pictures[0].shape[1], pictures[0].shape[0], black_bars(pictures))

    (found,) = matched(calibration, [view]).cameras

    (original,) = (camera for camera in calibration.cameras if camera.name == name)
    assert found.width_px == width
    assert found.matrix[1, 1] / original.matrix[1, 1] == pytest.approx(width / 1088)
