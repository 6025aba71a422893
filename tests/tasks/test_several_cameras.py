"""Claims about several cameras in one recording, each run as a worker would run it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from core.capture.calibration.files import read_calibration
from core.capture.triangulation import triangulate
from core.devices.cameras import VideoFileSource
from core.domain.frames import read_index
from core.domain.record import RecordKind
from core.domain.recording import Landmarks, Recording
from core.domain.subject import Sex, Subject
from core.errors import JobCancelled
from core.jobs.values import JobSpec, SilentContext
from core.store.repository import open_store
from core.tasks import choose_person, detect_pose, import_video
from core.tasks.import_video import camera_in_name
from tests.capture.figures import noise, write_video
from tests.refusals import refused

RIG = "video-4cam-balance/Demo_SinglePerson"
Find = Callable[[str], Path]


class Visit:
    """A data folder with a visit."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.context = SilentContext(JobSpec("job", "detect_pose", {}, self.data), folder / "work")
        with open_store(self.data) as store:
            self.id = store.start_visit(store.add_patient(Subject("P-1", 1980, Sex.FEMALE, 1.68, 60.0))).id

    def recorded(self, files: Sequence[Path], calibration: Path | None = None) -> str:
        told = {} if calibration is None else {"calibration": str(calibration)}
        params = {"visit_id": self.id, "files": [str(path) for path in files], **told}
        return import_video.run(params, self.context)

    def landmarks(self, files: Sequence[Path], calibration: Path | None = None) -> Landmarks:
        recording_id = self.recorded(files, calibration)
        told = None if calibration is None else str(calibration)
        params = {"recording_id": recording_id, "person": None, "calibration": told}
        self.landmarks_id = detect_pose.run(params, self.context)
        with open_store(self.data) as store:
            return store.load(self.landmarks_id, Landmarks)

    def recording(self, recording_id: str) -> Recording:
        with open_store(self.data) as store:
            return store.load(recording_id, Recording)


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    return Visit(tmp_path)


@pytest.fixture
def films(shared_data: Find) -> list[Path]:
    return [shared_data(f"{RIG}/videos/cam0{number}.mp4") for number in (1, 2, 3, 4)]


@pytest.fixture
def calibration(shared_data: Find) -> Path:
    return shared_data(f"{RIG}/calibration/Calib.qca.txt")


def codes(landmarks: Landmarks) -> list[str]:
    return [finding.advice.code for finding in landmarks.findings]


def later(film: Path, path: Path, first: int, every: int = 1) -> Path:
    """The film from picture `first` on, with every `every`-th picture."""
    with VideoFileSource(film) as source:
        pictures = [image.copy() for _, image in itertools.islice(source.frames(), first, None, every)]
    return write_video(path, np.array(pictures), 60.0 / every)


@pytest.mark.slow
def test_four_cameras_see_one_person_in_space(
    visit: Visit, films: list[Path], calibration: Path, pose_model: Path
) -> None:
    landmarks = visit.landmarks(films, calibration)
    patient = landmarks.patient
    placed = triangulate(patient.tracks)
    thigh_m = np.linalg.norm(placed.world_m[:, 23] - placed.world_m[:, 25], axis=1)

    assert len(landmarks.people) == 1 and patient.videos == (0, 1, 2, 3)
    assert [track.camera.name for track in patient.tracks if track.camera] == [
        "cam01",
        "cam02",
        "cam03",
        "cam04",
    ]
    assert [verdict.left_out for verdict in landmarks.cameras] == [""] * 4
    # The cameras were started by one signal.
    assert max(abs(verdict.offset_frames) for verdict in landmarks.cameras) < 1.5
    assert np.nanmedian(placed.residual_px) < 12.0
    assert np.nanstd(thigh_m) < 0.015 and 0.3 < np.nanmedian(thigh_m) < 0.5
    with open_store(visit.data) as store:
        folder = store.folder(visit.landmarks_id)
        assert all(read_index(folder, camera) is not None for camera in range(4))
        used = [store.info(name) for name, _ in store.info(visit.landmarks_id).provenance.inputs]
    assert [info.kind for info in used] == [RecordKind.RECORDING, RecordKind.CALIBRATION]


@pytest.mark.slow
def test_a_calibration_is_used_again_by_its_record(
    visit: Visit, films: list[Path], calibration: Path, pose_model: Path
) -> None:
    recording_id = visit.recorded(films[2:])
    with open_store(visit.data) as store:
        known = read_calibration(calibration)
        kept = store.save(RecordKind.CALIBRATION, known, visit_id=visit.id, summary="rig")
    params = {"recording_id": recording_id, "person": None, "calibration": kept}
    landmarks_id = detect_pose.run(params, visit.context)
    with open_store(visit.data) as store:
        landmarks = store.load(landmarks_id, Landmarks)
        assert kept in [name for name, _ in store.info(landmarks_id).provenance.inputs]
        assert len([info for info in store.records(visit.id) if info.kind is RecordKind.CALIBRATION]) == 1
    assert [track.camera.name for track in landmarks.patient.tracks if track.camera] == ["cam03", "cam04"]


@pytest.mark.slow
def test_films_that_begin_at_other_times_are_brought_together(
    visit: Visit, films: list[Path], calibration: Path, pose_model: Path, tmp_path: Path
) -> None:
    """Every second picture from an odd one on: 12.5 pictures at 30 per second."""
    late = [
        films[0],
        later(films[2], tmp_path / "cam03.mp4", 25, 2),
        later(films[3], tmp_path / "cam04.mp4", 14),
    ]
    landmarks = visit.landmarks(late, calibration)
    third, fourth = landmarks.cameras[1:]
    assert (third.rate_hz, fourth.rate_hz) == (pytest.approx(30.0), pytest.approx(60.0))
    assert abs(third.offset_frames - 12.5) < 1.0 and abs(fourth.offset_frames - 14.0) < 1.0
    assert np.nanmedian(triangulate(landmarks.patient.tracks).residual_px) < 12.0
    assert "CAP-050" not in codes(landmarks)


@pytest.mark.slow
def test_a_camera_without_a_person_drops_out_and_is_named(
    visit: Visit, films: list[Path], calibration: Path, pose_model: Path, tmp_path: Path
) -> None:
    empty = write_video(tmp_path / "cam04.mp4", noise(30, 1088, 1920), 30.0)
    landmarks = visit.landmarks([films[0], empty, films[2]], calibration)
    assert landmarks.patient.videos == (0, 2)
    assert [verdict.left_out for verdict in landmarks.cameras] == ["", "It saw nobody.", ""]
    assert [verdict.name for verdict in landmarks.cameras] == ["cam01", "cam04", "cam03"]
    assert "CAP-029" in codes(landmarks) and "CAP-052" not in codes(landmarks)
    assert np.isfinite(triangulate(landmarks.patient.tracks).world_m).any()


@pytest.mark.slow
def test_one_calibrated_camera_that_is_left_is_told(
    visit: Visit, films: list[Path], calibration: Path, pose_model: Path, tmp_path: Path
) -> None:
    empty = write_video(tmp_path / "cam04.mp4", noise(30, 1088, 1920), 30.0)
    landmarks = visit.landmarks([films[2], empty], calibration)
    assert landmarks.patient.videos == (0,) and "CAP-052" in codes(landmarks)


@pytest.mark.slow
def test_two_films_of_different_walks_are_refused(
    visit: Visit, films: list[Path], calibration: Path, pose_model: Path, tmp_path: Path
) -> None:
    """What camera 4 filmed cannot be what camera 2 would have seen at any time."""
    wrong = later(films[3], tmp_path / "cam03.mp4", 0)
    with refused("CAP-050"):
        visit.landmarks([films[0], wrong], calibration)


@pytest.mark.long
def test_a_film_of_another_walk_is_left_out_beside_two_others(
    visit: Visit, films: list[Path], calibration: Path, pose_model: Path, tmp_path: Path
) -> None:
    wrong = later(films[3], tmp_path / "cam03.mp4", 0)
    landmarks = visit.landmarks([films[0], wrong, films[3]], calibration)
    assert landmarks.patient.videos == (0, 2) and "CAP-051" in codes(landmarks)
    assert landmarks.cameras[1].left_out == "Its film agrees with no other."


def test_more_cameras_than_videos_without_names_is_refused(
    visit: Visit, calibration: Path, tmp_path: Path
) -> None:
    films = [write_video(tmp_path / f"{name}.avi", noise(30), 30.0, "MJPG") for name in ("left", "right")]
    with refused("CAL-007"):
        visit.recorded(films, calibration)
    with open_store(visit.data) as store:
        assert store.records(visit.id) == ()


def test_videos_of_another_shape_than_the_calibration_are_refused(
    visit: Visit, calibration: Path, tmp_path: Path
) -> None:
    films = [write_video(tmp_path / f"cam0{n}.avi", noise(30), 30.0, "MJPG") for n in (1, 2)]
    with refused("CAL-009"):
        visit.recorded(films, calibration)
    recording_id = visit.recorded(films)
    params = {"recording_id": recording_id, "person": None, "calibration": str(calibration)}
    with refused("CAL-009"):
        detect_pose.run(params, visit.context)


def test_a_calibration_that_cannot_be_read_is_refused_before_anything_is_kept(
    visit: Visit, tmp_path: Path
) -> None:
    film = write_video(tmp_path / "cam01.avi", noise(30), 30.0, "MJPG")
    with refused("CAL-001"):
        visit.recorded([film], tmp_path / "missing.toml")
    with open_store(visit.data) as store:
        assert store.records(visit.id) == ()


def test_cameras_of_different_length_are_told(visit: Visit, tmp_path: Path) -> None:
    films = [
        write_video(tmp_path / f"{name}.avi", noise(frames), 30.0, "MJPG")
        for name, frames in (("a", 30), ("b", 60))
    ]
    (finding,) = (
        finding
        for finding in visit.recording(visit.recorded(films)).findings
        if finding.advice.code == "CAP-017"
    )
    assert finding.advice.what == "The videos last from 1.0 s to 2.0 s."


def test_of_a_files_name_only_the_camera_is_kept(visit: Visit, tmp_path: Path) -> None:
    assert camera_in_name("Jane Doe 1964 cam 02") == "cam 02"
    assert camera_in_name("GoPro3_trial") == "gopro3"
    assert camera_in_name("Jane Doe 1964") == "" and camera_in_name("webcams 12") == ""
    film = write_video(tmp_path / "Doe_Cam7.avi", noise(30), 30.0, "MJPG")
    (video,) = visit.recording(visit.recorded([film])).videos
    assert (video.camera, video.name) == ("cam7", "camera-1.avi")


def test_a_video_that_is_turned_still_tells_its_camera(visit: Visit, tmp_path: Path) -> None:
    earlier = visit.recorded([write_video(tmp_path / "Doe_Cam7.avi", noise(30), 30.0, "MJPG")])
    params = {"visit_id": visit.id, "recording_id": earlier, "turn_deg": 90}
    (video,) = visit.recording(import_video.run(params, visit.context)).videos
    assert (video.camera, video.width_px, video.height_px) == ("cam7", 120, 160)


@pytest.mark.slow
def test_uncalibrated_cameras_are_compared_by_movement_and_named(
    visit: Visit, shared_data: Find, pose_model: Path, tmp_path: Path
) -> None:
    walk = shared_data("video-sagittal-walk/walk.mp4")
    with VideoFileSource(walk) as source:
        pictures = np.array([image[::2, ::2].copy() for _, image in source.frames()])
    late = write_video(tmp_path / "phone 2.mp4", pictures[12:], 30.0)
    landmarks = visit.landmarks([walk, late])
    assert landmarks.patient.videos == (0, 1)
    assert abs(landmarks.cameras[1].offset_frames - 12.0) < 1.0
    chosen = choose_person.run({"landmarks_id": visit.landmarks_id, "person": 0}, visit.context)
    with open_store(visit.data) as store:
        assert store.load(chosen, Landmarks).cameras == landmarks.cameras


class Impatient(SilentContext):
    """Cancels while the cameras are looked through."""

    def check_cancelled(self) -> None:
        if len(self.events) > 8:
            raise JobCancelled


@pytest.mark.slow
def test_cancelling_ends_the_search_in_every_video(
    visit: Visit, films: list[Path], pose_model: Path, tmp_path: Path
) -> None:
    recording_id = visit.recorded(films[2:])
    context = Impatient(JobSpec("job", "detect_pose", {}, visit.data), tmp_path / "work")
    with pytest.raises(JobCancelled):
        detect_pose.run({"recording_id": recording_id, "person": None}, context)
    left = ("decode", "searcher", "camera")
    assert not any(thread.name.startswith(left) for thread in threading.enumerate())


@pytest.mark.slow
def test_a_person_is_seen_the_same_whether_every_picture_is_looked_at_or_every_second(
    films: list[Path], pose_model: Path
) -> None:
    """Why 60 pictures per second are followed at 30 where several cameras share the PC."""
    from core.capture.common_time import resampled
    from core.capture.detection import detect_people
    from core.domain.recording import body_size_px
    from core.tasks.see_cameras import open_detector, read_frames

    def followed(every: int):
        people = detect_people(
            lambda: read_frames(films[2], every=every),
            open_detector,
            expected=100 // every,
            observe=lambda *_: None,
            report=lambda _: None,
        ).people
        return people[0].tracks[0]

    whole, half = followed(1), followed(2)
    legs = slice(23, 33)
    between = resampled(half.time_s, half.image_px, whole.time_s)[:, legs] - whole.image_px[:, legs]
    assert np.nanmedian(np.linalg.norm(between, axis=2)) < 0.01 * body_size_px(whole)
