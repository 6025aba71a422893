"""Claims about calibrations that other programs made."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.capture.calibration.export import calibration_toml
from core.capture.calibration.files import read_calibration
from core.capture.calibration.lens import seen_px
from core.capture.calibration.placing import moved_world, quarter_turned
from core.domain.calibration import Calibration, Camera
from tests.capture.calibration.rigs import rig
from tests.refusals import refused

POINTS_M = np.random.default_rng(3).uniform([-0.5, -0.4, 0.2], [0.5, 0.4, 1.6], (30, 3))


def codes(calibration: Calibration) -> list[str]:
    return [finding.advice.code for finding in calibration.findings]


def assert_see_alike(found: Camera, expected: Camera, tolerance_px: float = 1e-3) -> None:
    assert (found.width_px, found.height_px) == (expected.width_px, expected.height_px)
    np.testing.assert_allclose(seen_px(POINTS_M, found), seen_px(POINTS_M, expected), atol=tolerance_px)


def qualisys(cameras: tuple[Camera, ...], extra: str = "", view_rotation: int = 0) -> str:
    """As Qualisys writes it: millimetres, 64ths of a pixel, y up and z back in the picture."""

    def camera_xml(camera: Camera) -> str:
        axes = np.diag([1.0, -1.0, -1.0]) @ camera.rotation
        r = " ".join(f'r{i + 1}{j + 1}="{axes[i, j]:.9f}"' for i in range(3) for j in range(3))
        x, y, z = camera.centre_m * 1000
        (fx, _, cx), (_, fy, cy), _ = camera.matrix * 64
        k1, k2, p1, p2, k3 = camera.distortion
        return (
            f'<camera active="1" avg-residual="0.4" serial="{camera.name}" model="Miqus Video" '
            f'viewrotation="{view_rotation}">'
            f'<fov_video left="0" top="0" right="{camera.width_px - 1}" bottom="{camera.height_px - 1}"/>'
            f'<transform x="{x}" y="{y}" z="{z}" {r}/>'
            f'<intrinsic focalLengthU="{fx}" focalLengthV="{fy}" centerPointU="{cx}" centerPointV="{cy}" '
            f'skew="0" radialDistortion1="{k1}" radialDistortion2="{k2}" radialDistortion3="{k3}" '
            f'tangentalDistortion1="{p1}" tangentalDistortion2="{p2}"/></camera>'
        )

    inside = "".join(camera_xml(camera) for camera in cameras)
    return f"<?xml version='1.0'?><calibration><cameras>{inside}{extra}</cameras></calibration>"


def caliscope(cameras: tuple[Camera, ...]) -> str:
    tables = []
    for number, camera in enumerate(cameras):
        tables.append(
            f"[cameras.{number}]\ncam_id = {number}\nrotation_count = 0\nerror = 0.4\nignore = false\n"
            f"size = [{camera.width_px}, {camera.height_px}]\nmatrix = {camera.matrix.tolist()}\n"
            f"distortions = {camera.distortion.tolist()}\ntranslation = {camera.translation_m.tolist()}\n"
            f"rotation = {camera.rotation.tolist()}\n"
        )
    return "\n".join(tables)


def pose2sim(cameras: tuple[Camera, ...], unit: float = 1.0) -> str:
    tables = []
    for camera in cameras:
        turn = cv2.Rodrigues(camera.rotation)[0].ravel().tolist()
        tables.append(
            f'[{camera.name}]\nname = "{camera.name}"\nsize = [{camera.width_px}.0, {camera.height_px}.0]\n'
            f"matrix = {camera.matrix.tolist()}\ndistortions = {camera.distortion[:4].tolist()}\n"
            f"rotation = {turn}\ntranslation = {(camera.translation_m * unit).tolist()}\nfisheye = false\n"
        )
    return "\n".join([*tables, "[metadata]\nadjusted = false\nerror = 0.0\n"])


def written(folder: Path, text: str | bytes, name: str = "calibration.toml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_qualisys_file_sees_what_its_cameras_saw(tmp_path: Path) -> None:
    made = rig().cameras

    found = read_calibration(written(tmp_path, qualisys(made), "Calib.qca.txt"))

    for camera, expected in zip(found.cameras, made, strict=True):
        assert_see_alike(camera, expected)
    assert found.error_mm == pytest.approx(0.4) and all(math.isnan(error) for error in found.error_px)


@pytest.mark.parametrize("turns", [1, 3])
def test_a_turned_qualisys_view_becomes_an_upright_camera(tmp_path: Path, turns: int) -> None:
    upright = rig(1).cameras[0]
    lying = quarter_turned(upright, turns)  # as the sensor lies in its housing

    text = qualisys((lying,), view_rotation=90 * turns)
    (found,) = read_calibration(written(tmp_path, text, "Calib.qca.txt")).cameras

    assert_see_alike(found, upright)


def test_a_caliscope_file_is_read(tmp_path: Path) -> None:
    made = rig().cameras
    text = caliscope(made).replace("ignore = false", "ignore = true", 1)  # the maker left the first one out

    found = read_calibration(written(tmp_path, text, "camera_array.toml"))

    assert [camera.name for camera in found.cameras] == ["cam_1", "cam_2"]
    assert_see_alike(found.cameras[0], made[1])
    assert found.error_px == (0.4, 0.4)


@pytest.mark.parametrize(("unit", "expected"), [(1.0, []), (1000.0, ["CAL-011"])])
def test_a_pose2sim_file_is_read_in_metres_or_millimetres(
    tmp_path: Path, unit: float, expected: list[str]
) -> None:
    made = rig().cameras

    found = read_calibration(written(tmp_path, pose2sim(made, unit)))

    assert codes(found) == expected
    assert [camera.name for camera in found.cameras] == [camera.name for camera in made]
    np.testing.assert_allclose(found.cameras[0].centre_m, made[0].centre_m, atol=1e-9)
    assert found.cameras[0].distortion[4] == 0  # that format has four coefficients


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    made = rig()

    found = read_calibration(written(tmp_path, calibration_toml(made)))

    for camera, expected in zip(found.cameras, made.cameras, strict=True):
        assert camera.name == expected.name
        assert_see_alike(camera, expected, 1e-9)
    assert found.error_px == made.error_px and found.error_mm == made.error_mm
    assert made.source in found.source


def test_a_world_upside_down_is_turned_over_and_one_on_its_side_is_told(tmp_path: Path) -> None:
    over = moved_world(rig(), np.diag([1.0, -1.0, -1.0]), np.zeros(3))
    aside = moved_world(rig(), np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]), np.zeros(3))

    turned = read_calibration(written(tmp_path, pose2sim(over.cameras)))
    told = read_calibration(written(tmp_path, pose2sim(aside.cameras)))

    assert codes(turned) == ["CAL-012"] and codes(told) == ["CAL-013"]
    assert_see_alike(turned.cameras[1], _without_k3(rig().cameras[1]))


def _without_k3(camera: Camera) -> Camera:
    return Camera(
        camera.name,
        camera.width_px,
        camera.height_px,
        camera.matrix,
        np.append(camera.distortion[:4], 0.0),
        camera.rotation,
        camera.translation_m,
    )


class Runs:
    """Would be run by whoever opens the pickle."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, ...]]:
        return pytest.fail, ("the pickle was opened",)


@pytest.mark.parametrize("name", ["cameraIntrinsicsExtrinsics.pickle", "renamed.toml"])
def test_a_pickle_is_refused_unopened(tmp_path: Path, name: str) -> None:
    with refused("CAL-003"):
        read_calibration(written(tmp_path, pickle.dumps(Runs()), name))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"frame,x,y\n0,1,2\n", "calibration.csv"),
        (b"\xff\xd8\xff\xe0 a picture", "calibration.jpg"),
        (b'[project]\nname = "no cameras"\n', "Config.toml"),
        (b"<?xml version='1.0'?><html/>", "calib.xml"),
    ],
)
def test_an_unknown_format_is_refused(tmp_path: Path, content: bytes, name: str) -> None:
    with refused("CAL-002"):
        read_calibration(written(tmp_path, content, name))


def test_a_file_that_is_not_there_or_empty_is_refused(tmp_path: Path) -> None:
    with refused("CAL-001"):
        read_calibration(tmp_path / "nowhere.toml")
    with refused("CAL-001"):
        read_calibration(written(tmp_path, b"\n"))


DAMAGED: dict[str, Callable[[str], str]] = {
    "cut": lambda text: text[: len(text) // 2],
    "a number that is none": lambda text: text.replace("translation = [", 'translation = ["far", ', 1),
    "not a number": lambda text: text.replace("translation = [", "translation = [nan, ", 1),
    "matrix of another shape": lambda text: text.replace("[0.0, 0.0, 1.0]]", "]", 1),
    "no size": lambda text: text.replace("size =", "sise =", 1),
    "rotation that is none": lambda text: text.replace("rotation = [[", "rotation = [[9.0, 0.0, 0.0], [", 1),
}


@pytest.mark.parametrize("fault", DAMAGED)
def test_a_damaged_file_is_refused_with_the_place(tmp_path: Path, fault: str) -> None:
    text = DAMAGED[fault](caliscope(rig().cameras))
    with refused("CAL-004"):
        read_calibration(written(tmp_path, text))


@pytest.mark.parametrize("cut", [0.3, 0.95])
def test_a_damaged_qualisys_file_is_refused(tmp_path: Path, cut: float) -> None:
    text = qualisys(rig().cameras)
    with refused("CAL-004"):
        read_calibration(written(tmp_path, text[: int(len(text) * cut)], "Calib.qca.txt"))


def test_a_qualisys_camera_without_a_lens_is_named(tmp_path: Path) -> None:
    text = qualisys(rig().cameras).replace("focalLengthU", "focalLength", 1)
    with refused("CAL-004") as told:
        read_calibration(written(tmp_path, text, "Calib.qca.txt"))
    assert "cam01" in told.value.advice.why


@pytest.mark.parametrize(
    "change", [("fisheye = false", "fisheye = true"), ("distortions = [", "distortions = [0.1, 0.2, ")]
)
def test_another_lens_model_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    with refused("CAL-005"):
        read_calibration(written(tmp_path, pose2sim(rig().cameras).replace(*change)))


def test_a_camera_without_a_place_is_refused_by_name(tmp_path: Path) -> None:
    text = caliscope(rig().cameras).replace("translation", "moved")
    with refused("CAL-006") as told:
        read_calibration(written(tmp_path, text))
    assert "cam_0" in told.value.advice.what


def test_the_published_files_are_read(shared_data: Callable[[str], Path]) -> None:
    four = read_calibration(shared_data("video-4cam-balance/Demo_SinglePerson/calibration/Calib.qca.txt"))
    webcams = read_calibration(shared_data("calibration-charuco/charuco_calibration/camera_array.toml"))

    assert [(camera.width_px, camera.height_px) for camera in four.cameras] == [(1088, 1920)] * 4
    # All four look at the person in the middle of the room, from above a man's height.
    looked_at = np.array([camera.centre_m + 3.0 * camera.rotation[2] for camera in four.cameras])
    assert np.ptp(looked_at, axis=0).max() < 2.0
    assert all(1.5 < camera.centre_m[2] < 2.5 for camera in four.cameras)
    assert [camera.matrix[0, 0] for camera in webcams.cameras] == pytest.approx(
        [903.55, 760.33, 650.80, 639.88], abs=0.01
    )
    assert webcams.error_px == (0.541, 0.401, 0.366, 0.329)
