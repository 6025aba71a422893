"""Claims about the jobs of the Capture step, each run as a worker would run it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.devices.cameras import VideoFileSource
from core.domain.findings import Severity
from core.domain.frames import read_frame, read_index
from core.domain.record import RecordKind
from core.domain.recording import Landmarks, Recording
from core.domain.subject import Sex, Subject
from core.errors import JobCancelled, UserError
from core.jobs.values import JobSpec, Picture, Sample, SilentContext
from core.store.repository import open_store
from core.tasks import choose_person, detect_pose, import_video, record_camera
from tests.capture.figures import noise, write_video
from tests.devices.mp4_edits import trimmed


def _context(data_dir: Path, kind: str = "import_video") -> SilentContext:
    return SilentContext(JobSpec("job", kind, {}, data_dir), data_dir / "work")


def _visit(data_dir: Path) -> str:
    with open_store(data_dir) as store:
        return store.start_visit(store.add_patient(Subject("P-1", 1980, Sex.FEMALE, 1.68, 60.0))).id


@dataclass(frozen=True)
class Walked:
    data_dir: Path
    visit_id: str
    recording_id: str
    landmarks_id: str


@pytest.fixture(scope="module")
def walked(tmp_path_factory, shared_data: Callable[[str], Path], pose_model: Path) -> Walked:
    data_dir = tmp_path_factory.mktemp("walked")
    visit_id = _visit(data_dir)
    files = [str(shared_data("video-sagittal-walk/walk.mp4"))]
    recording_id = import_video.run({"visit_id": visit_id, "files": files}, _context(data_dir))
    params = {"recording_id": recording_id, "person": None}
    return Walked(data_dir, visit_id, recording_id, detect_pose.run(params, _context(data_dir)))


@pytest.mark.slow
def test_a_walk_becomes_a_recording_without_findings(walked: Walked) -> None:
    with open_store(walked.data_dir) as store:
        recording = store.load(walked.recording_id, Recording)
        assert (store.folder(walked.recording_id) / "camera-1.mp4").is_file()
        assert store.info(walked.recording_id).summary == "4.6 s, 30 frames/s, 1660x544"
    assert (recording.videos[0].frames, recording.findings) == (137, ())


@pytest.mark.slow
def test_the_person_in_the_walk_becomes_landmarks_with_pictures(walked: Walked) -> None:
    with open_store(walked.data_dir) as store:
        landmarks = store.load(walked.landmarks_id, Landmarks)
        folder = store.folder(walked.landmarks_id)
        info = store.info(walked.landmarks_id)
    index = read_index(folder)
    assert landmarks.patient.seen_fraction > 0.95
    assert (landmarks.chosen_by, landmarks.findings) == ("only person", ())
    assert info.provenance.inputs[0][0] == walked.recording_id
    assert index is not None and len(index) == 137
    assert read_frame(folder, index, 136).startswith(b"\xff\xd8")


@pytest.mark.slow
def test_the_choice_of_the_clinician_is_a_new_record(walked: Walked) -> None:
    params = {"landmarks_id": walked.landmarks_id, "person": 0}
    chosen_id = choose_person.run(params, _context(walked.data_dir))
    with open_store(walked.data_dir) as store:
        assert store.load(chosen_id, Landmarks).chosen_by == "clinician"
        assert read_index(store.folder(chosen_id)) is not None
    assert chosen_id != walked.landmarks_id


@pytest.mark.slow
def test_a_person_who_is_not_there_cannot_be_chosen(walked: Walked) -> None:
    with pytest.raises(UserError) as refused:
        choose_person.run({"landmarks_id": walked.landmarks_id, "person": 3}, _context(walked.data_dir))
    assert refused.value.advice.code == "CAP-030"


def test_a_bad_file_leaves_no_record(tmp_path: Path) -> None:
    visit_id = _visit(tmp_path)
    (tmp_path / "letter.mp4").write_text("not a video")
    params = {"visit_id": visit_id, "files": [str(tmp_path / "letter.mp4")]}
    with pytest.raises(UserError) as refused:
        import_video.run(params, _context(tmp_path))
    with open_store(tmp_path) as store:
        assert store.records(visit_id) == ()
    assert refused.value.advice.code == "CAP-003"
    assert (tmp_path / "letter.mp4").exists()


def test_a_video_cut_short_is_kept_with_a_warning(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.avi", noise(60), 30.0, "MJPG").read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) // 2])
    params = {"visit_id": _visit(tmp_path), "files": [str(tmp_path / "cut.avi")]}
    recording_id = import_video.run(params, _context(tmp_path))
    with open_store(tmp_path) as store:
        findings = store.load(recording_id, Recording).findings
    assert "CAP-010" in [finding.advice.code for finding in findings]


def test_the_job_keeps_no_second_name_of_the_persons_file(tmp_path: Path) -> None:
    video = write_video(tmp_path / "patient.avi", noise(40), 30.0, "MJPG")
    context = _context(tmp_path / "data")
    recording_id = import_video.run({"visit_id": _visit(tmp_path / "data"), "files": [str(video)]}, context)
    with open_store(tmp_path / "data") as store:
        assert (store.folder(recording_id) / "camera-1.avi").read_bytes() == video.read_bytes()
    assert list(context.work_dir.glob("*")) == [] and video.stat().st_nlink == 1


def test_a_video_without_people_is_refused_and_the_recording_stays(tmp_path: Path, pose_model: Path) -> None:
    visit_id = _visit(tmp_path)
    video = write_video(tmp_path / "empty-room.mp4", noise(40), 30.0)
    recording_id = import_video.run({"visit_id": visit_id, "files": [str(video)]}, _context(tmp_path))
    with pytest.raises(UserError) as refused:
        detect_pose.run({"recording_id": recording_id, "person": None}, _context(tmp_path))
    with open_store(tmp_path) as store:
        assert [record.id for record in store.records(visit_id)] == [recording_id]
    assert refused.value.advice.code == "CAP-021"


class Impatient(SilentContext):
    """Cancels while the person is being followed."""

    def check_cancelled(self) -> None:
        if len(self.events) > 5:
            raise JobCancelled


@pytest.mark.slow
def test_a_cancelled_search_leaves_no_record_and_no_thread(walked: Walked, tmp_path: Path) -> None:
    context = Impatient(JobSpec("job", "detect_pose", {}, walked.data_dir), tmp_path)
    with open_store(walked.data_dir) as store:
        before = store.records(walked.visit_id)
    with pytest.raises(JobCancelled):
        detect_pose.run({"recording_id": walked.recording_id, "person": None}, context)
    with open_store(walked.data_dir) as store:
        assert store.records(walked.visit_id) == before
    assert not any(thread.name.startswith(("decode", "searcher")) for thread in threading.enumerate())


@pytest.mark.slow
def test_the_camera_that_sees_the_patient_is_enough(
    tmp_path: Path, shared_data: Callable[[str], Path], pose_model: Path
) -> None:
    walk = shared_data("video-sagittal-walk/walk.mp4")
    room = write_video(tmp_path / "room.mp4", noise(137), 30.0)
    params = {"visit_id": _visit(tmp_path), "files": [str(room), str(walk)]}
    recording_id = import_video.run(params, _context(tmp_path))
    landmarks_id = detect_pose.run({"recording_id": recording_id, "person": None}, _context(tmp_path))
    with open_store(tmp_path) as store:
        landmarks = store.load(landmarks_id, Landmarks)
        index = read_index(store.folder(landmarks_id), camera=1)
    assert len(landmarks.patient.tracks) == 1 and landmarks.patient.videos == (1,)
    assert [verdict.left_out for verdict in landmarks.cameras] == ["It saw nobody.", ""]
    assert "CAP-029" in [finding.advice.code for finding in landmarks.findings]
    assert index is not None and index.source_width_px == 1660


@dataclass
class Operator(SilentContext):
    """Presses start and stop after so many pictures."""

    presses: tuple[tuple[int, str], ...] = ()

    def received(self) -> tuple[str, ...]:
        shown = sum(isinstance(event, Picture) for event in self.events)
        due = tuple(text for after, text in self.presses if after <= shown)
        self.presses = tuple(press for press in self.presses if press[0] > shown)
        return due


def _record(data_dir: Path, camera: str | list[str], *presses: tuple[int, str]) -> tuple[str, Operator]:
    context = Operator(JobSpec("job", "record_camera", {}, data_dir), data_dir / "work", presses=presses)
    which = "camera" if isinstance(camera, str) else "cameras"
    return record_camera.run({"visit_id": _visit(data_dir), which: camera}, context), context  # type: ignore[dict-item]


@pytest.mark.slow
def test_a_live_walk_is_shown_judged_and_recorded(tmp_path: Path, shared_data, pose_model: Path) -> None:
    camera = str(shared_data("video-sagittal-walk/walk.mp4"))
    recording_id, context = _record(tmp_path, camera, (10, "start"), (45, "stop"))
    pictures = [event.arrays for event in context.events if isinstance(event, Picture)]
    samples = [event.values for event in context.events if isinstance(event, Sample)]
    with open_store(tmp_path) as store:
        info = store.info(recording_id)
        (video,) = store.load(recording_id, Recording).videos
        landmarks_id = detect_pose.run({"recording_id": recording_id, "person": None}, _context(tmp_path))
        landmarks = store.load(landmarks_id, Landmarks)
    assert info.kind is RecordKind.RECORDING
    assert video.frames >= 30 and 20.0 < video.fps_hz < 40.0
    assert pictures[0]["jpeg"][:2].tolist() == [0xFF, 0xD8]
    assert np.isfinite(pictures[-1]["landmarks_px"]).all()
    assert samples[-1]["in_view"] == 1.0 and samples[-1]["recorded_s"] > 0.5
    assert landmarks.patient.seen_fraction > 0.9


def test_stopping_before_recording_leaves_nothing(tmp_path: Path, pose_model: Path) -> None:
    camera = str(write_video(tmp_path / "room.mp4", noise(30), 30.0))
    record_id, _ = _record(tmp_path, camera, (2, "stop"))
    assert record_id == ""


def test_a_recording_of_a_moment_is_refused(tmp_path: Path, pose_model: Path) -> None:
    camera = str(write_video(tmp_path / "room.mp4", noise(30), 30.0))
    with pytest.raises(UserError) as refused:
        _record(tmp_path, camera, (2, "start"), (5, "stop"))
    assert refused.value.advice.code == "CAP-042"


def test_a_trimmed_clip_is_told_as_trimmed_and_not_as_interrupted(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mp4", noise(271), 30.0)
    clip = trimmed(whole, tmp_path / "clip.mp4", start_s=3.33, length_s=2.5)
    recording_id = import_video.run({"visit_id": _visit(tmp_path), "files": [str(clip)]}, _context(tmp_path))
    with open_store(tmp_path) as store:
        found = {f.advice.code: f for f in store.load(recording_id, Recording).findings}
    assert "CAP-010" not in found
    assert found["CAP-031"].severity is Severity.NOTE
    assert found["CAP-031"].advice.what == "The clip was trimmed: 75 of its 271 frames are played."


@pytest.mark.slow
def test_several_cameras_are_recorded_with_one_button(tmp_path: Path, shared_data, pose_model: Path) -> None:
    walk = shared_data("video-sagittal-walk/walk.mp4")
    other = write_video(tmp_path / "mirrored.mp4", _mirrored(walk), 30.0)
    recording_id, context = _record(tmp_path, [str(walk), str(other)], (10, "start"), (50, "stop"))
    samples = [event.values for event in context.events if isinstance(event, Sample)]
    previews = [event.arrays["jpeg"] for event in context.events if isinstance(event, Picture)]
    with open_store(tmp_path) as store:
        videos = store.load(recording_id, Recording).videos
        files = {path.name for path in store.folder(recording_id).glob("camera-*.mkv")}
    assert files == {"camera-1.mkv", "camera-2.mkv"}
    assert abs(videos[0].duration_s - videos[1].duration_s) < 0.3
    assert {"dropped_by_camera", "view_deg", "feet_in_view"} <= samples[-1].keys()
    height, width = cv2.imdecode(previews[-1].astype(np.uint8), cv2.IMREAD_COLOR).shape[:2]
    assert width > 5 * height  # two wide pictures side by side


def _mirrored(path: Path) -> np.ndarray:
    with VideoFileSource(path) as source:
        return np.array([image[:, ::-1] for _, image in source.frames()])
