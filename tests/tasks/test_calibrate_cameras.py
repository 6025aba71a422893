"""Claims about the job `calibrate_cameras` and its commands, with films of a rendered board."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.cli import commands as cli
from core.capture.calibration.boards import SHIPPED, opencv_board
from core.capture.calibration.export import calibration_toml
from core.capture.calibration.files import read_calibration
from core.domain.calibration import Calibration, Camera
from core.domain.record import RecordKind
from core.domain.subject import Sex, Subject
from core.jobs.values import JobSpec, SilentContext
from core.store.repository import open_store
from core.tasks import calibrate_cameras
from tests.capture.calibration.filmed_board import BOARD, board_in_room
from tests.capture.calibration.rigs import camera_at, rig
from tests.capture.figures import write_video
from tests.refusals import refused

RATE_HZ = 10.0
SECONDS = 9.0
SQUARE_PX = 40
NO_LENS = (0.0, 0.0, 0.0, 0.0, 0.0)
CAMERAS = tuple(
    camera_at(
        place, looks_at_m=(0.1, -0.4, 0.5), name=name, size_px=(480, 400), focal_px=430.0, distortion=NO_LENS
    )
    for name, place in (("left", (-0.9, -2.3, 2.2)), ("right", (1.0, -2.2, 2.4)))
)
DECLARED = {"square_mm": BOARD.square_m * 1000}


def film(path: Path, camera: Camera, seconds: float = SECONDS) -> Path:
    print_px = opencv_board(BOARD).generateImage((BOARD.columns * SQUARE_PX, BOARD.rows * SQUARE_PX))
    rim = SQUARE_PX // 2
    print_px = cv2.copyMakeBorder(print_px, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=255)
    corners = BOARD.corners_m[:, :2] / BOARD.square_m * SQUARE_PX + SQUARE_PX + rim - 0.5
    pictures = []
    for time_s in np.arange(0.0, seconds, 1.0 / RATE_HZ):
        world = board_in_room(BOARD, float(time_s))
        image = np.column_stack([world, np.ones(len(world))]) @ camera.projection.T
        homography, _ = cv2.findHomography(corners, image[:, :2] / image[:, 2:], 0)
        warped = cv2.warpPerspective(
            print_px, homography, (camera.width_px, camera.height_px), flags=cv2.INTER_AREA, borderValue=120
        )
        pictures.append(np.repeat(warped[..., None], 3, axis=2))
    return write_video(path, np.array(pictures), RATE_HZ, "MJPG")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("films")
    return tuple(film(folder / f"{camera.name}.avi", camera) for camera in CAMERAS)


def run(data_dir: Path, **params: Any) -> str:
    spec = JobSpec("job", "calibrate_cameras", {}, data_dir, operator="tester")
    return calibrate_cameras.run(params, SilentContext(spec, data_dir / "work"))


def new_visit(data_dir: Path) -> str:
    with open_store(data_dir) as store:
        return store.start_visit(store.add_patient(Subject("P-1", 1980, Sex.FEMALE, 1.68, 60.0))).id


def loaded(data_dir: Path, record_id: str) -> Calibration:
    with open_store(data_dir) as store:
        return store.load(record_id, Calibration)


@pytest.mark.slow
def test_films_of_a_board_become_a_calibration_of_the_visit(films: tuple[Path, ...], tmp_path: Path) -> None:
    visit_id = new_visit(tmp_path)
    out, summary = tmp_path / "calibration.toml", tmp_path / "summary.json"

    record_id = run(
        tmp_path,
        visit_id=visit_id,
        videos=[str(path) for path in films],
        board=DECLARED,
        synchronous=True,
        floor_s=1.0,
        out=str(out),
        summary=str(summary),
    )

    found = loaded(tmp_path, record_id)
    assert [camera.name for camera in found.cameras] == ["left", "right"]
    assert max(found.error_px) < 0.5 and found.findings == ()
    for camera, truth in zip(found.cameras, CAMERAS, strict=True):
        assert camera.matrix[0, 0] == pytest.approx(truth.matrix[0, 0], rel=0.02)
        assert camera.centre_m[2] == pytest.approx(truth.centre_m[2], abs=0.06)
    apart = [np.linalg.norm(both[0].centre_m - both[1].centre_m) for both in (found.cameras, CAMERAS)]
    assert apart[0] == pytest.approx(apart[1], rel=0.02)
    written = read_calibration(out)
    np.testing.assert_allclose(written.cameras[1].projection, found.cameras[1].projection, rtol=1e-9)
    told = json.loads(summary.read_text(encoding="utf-8"))
    assert [camera["pictures"] > 40 for camera in told["cameras"]] == [True, True]
    with open_store(tmp_path) as store:
        info = store.latest(visit_id, RecordKind.CALIBRATION)
        assert info is not None and info.id == record_id and "2 cameras" in info.summary


@pytest.mark.slow
def test_films_that_were_started_one_by_one_need_no_times(films: tuple[Path, ...], tmp_path: Path) -> None:
    late = film(tmp_path / "right.avi", CAMERAS[1], SECONDS - 1.0)
    run(
        tmp_path,
        videos=[str(films[0]), str(late)],
        board=DECLARED,
        summary=str(tmp_path / "summary.json"),
    )
    told = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert abs(told["cameras"][1]["late_ms"]) < 15


@pytest.mark.slow
def test_times_of_other_films_are_refused(films: tuple[Path, ...], tmp_path: Path) -> None:
    times = tmp_path / "times.csv"
    with times.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["cam_id", "frame_index", "frame_time"])
        rows.writerows((name, n + 26, n / RATE_HZ) for name in ("left", "right") for n in range(50))
    with refused("CAL-037"):
        run(tmp_path, videos=[str(path) for path in films], board=DECLARED, times=str(times))
    times.write_text("a,b\n1,2\n", encoding="utf-8")
    with refused("CAL-037"):
        run(tmp_path, videos=[str(path) for path in films], board=DECLARED, times=str(times))


@pytest.mark.slow
def test_stills_give_the_lens_and_one_picture_each_the_places(tmp_path: Path) -> None:
    folders, pictures = [], []
    for camera in CAMERAS:
        capture = cv2.VideoCapture(str(film(tmp_path / f"{camera.name}.avi", camera)))
        frames = [capture.read()[1] for _ in range(int(SECONDS * RATE_HZ))]
        folder = tmp_path / f"{camera.name}_lens"
        folder.mkdir()
        for number in range(0, len(frames), 6):
            cv2.imwrite(str(folder / f"{number:03d}.png"), frames[number])
        folders.append(str(folder))
        pictures.append(str(tmp_path / f"{camera.name}.png"))
        cv2.imwrite(pictures[-1], frames[50])

    run(
        tmp_path,
        videos=pictures,
        lens_pictures=folders,
        board=DECLARED,
        out=str(tmp_path / "calibration.toml"),
    )

    found = read_calibration(tmp_path / "calibration.toml")
    apart = [np.linalg.norm(both[0].centre_m - both[1].centre_m) for both in (found.cameras, CAMERAS)]
    assert apart[0] == pytest.approx(apart[1], rel=0.06)


def test_a_calibration_file_becomes_a_record_and_is_kept_with_it(tmp_path: Path) -> None:
    file = tmp_path / "Calib.toml"
    file.write_text(calibration_toml(rig(3)), encoding="utf-8")
    visit_id = new_visit(tmp_path)

    record_id = run(tmp_path, visit_id=visit_id, file=str(file))

    assert loaded(tmp_path, record_id).error_px == rig(3).error_px
    with open_store(tmp_path) as store:
        assert (store.folder(record_id) / "Calib.toml").is_file()


def test_cameras_that_have_not_moved_need_no_new_calibration(tmp_path: Path) -> None:
    file = tmp_path / "Calib.toml"
    file.write_text(calibration_toml(rig(2)), encoding="utf-8")
    first = run(tmp_path, visit_id=new_visit(tmp_path), file=str(file))
    with open_store(tmp_path) as store:
        patient = store.patients()[0].id
        later = store.start_visit(patient).id

    again = run(tmp_path, visit_id=later, earlier=first, by="Dr. A")

    assert "said by Dr. A not to have moved" in loaded(tmp_path, again).source
    with open_store(tmp_path) as store:
        assert store.info(again).provenance.inputs[0][0] == first


def test_without_films_or_file_there_is_nothing_to_calibrate_with(tmp_path: Path) -> None:
    with refused("CAL-035"):
        run(tmp_path)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    with refused("CAL-036"):
        run(tmp_path, videos=[str(tmp_path / "left")])
    (tmp_path / "left" / "001.jpg").write_bytes(b"no picture")
    with refused("CAL-036"):
        run(tmp_path, videos=[str(tmp_path / "left")])


def test_a_calibration_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "Calib.toml"
    file.write_text(calibration_toml(rig(2)), encoding="utf-8")
    with refused("CAL-038"):
        run(tmp_path, file=str(file), out=str(tmp_path / "nowhere" / "calibration.toml"))


def test_a_board_is_printed_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "board.pdf"

    assert cli.run(["calibration-board", "--out", str(out)]) == cli.EXIT_OK

    assert out.read_bytes().startswith(b"%PDF") and SHIPPED.told() in capsys.readouterr().out


@pytest.mark.slow
def test_a_file_is_checked_and_converted_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "Calib.toml", tmp_path / "ours.toml"
    file.write_text(calibration_toml(rig(2)), encoding="utf-8")
    words = [
        "calibrate",
        "--file",
        str(file),
        "--out",
        str(out),
        "--json",
        "--data-dir",
        str(tmp_path / "data"),
    ]

    assert cli.run(words) == cli.EXIT_OK

    told = json.loads(capsys.readouterr().out)
    assert [camera["error_px"] for camera in told["cameras"]] == [0.2, 0.2]
    assert read_calibration(out).cameras[1].name == "cam02"
    assert cli.run(["calibrate"]) == cli.EXIT_REFUSED
    assert capsys.readouterr().err.strip().endswith("[CAL-035]")


@pytest.mark.slow
def test_the_published_webcams_are_calibrated(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    """Films of 6 frames/s whose stamps are wrong by up to 140 ms, a board white on black of 12 corners."""
    folder = shared_data("calibration-charuco/charuco_calibration")
    extrinsic = folder / "calibration/extrinsic"

    run(
        tmp_path,
        videos=[str(extrinsic / f"cam_{number}.mp4") for number in range(4)],
        board={"square_mm": 54.0},  # rows, columns, markers and print are found
        times=str(extrinsic / "timestamps.csv"),
        out=str(tmp_path / "calibration.toml"),
    )

    found = read_calibration(tmp_path / "calibration.toml")
    published = read_calibration(folder / "camera_array.toml")
    for one, other in zip(found.cameras, published.cameras, strict=True):
        # The published lenses come from other films, closer to each camera; these tell 1 to 2 %.
        assert one.matrix[0, 0] == pytest.approx(other.matrix[0, 0], rel=0.025)
    assert max(found.error_px) < 1.0
