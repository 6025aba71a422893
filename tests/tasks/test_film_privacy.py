"""Claims about turned films, hidden heads and removed originals, each job run as a worker would run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.capture.heads import heads_of
from core.devices.cameras import VideoFileSource
from core.domain.body import JOINTS, JointKind
from core.domain.frames import read_index
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.recording import Landmarks, LandmarkTrack, Recording
from core.domain.subject import Sex, Subject
from core.jobs.values import JobSpec, SilentContext
from core.motion.solve import motion_from_tracks
from core.store.repository import open_store
from core.tasks import choose_person, detect_pose, import_video, remove_original
from tests.capture.figures import noise, write_video
from tests.refusals import refused
from tests.ui.samples import landmarks as some_landmarks

FLEXION = (JointKind.HIP_FLEXION, JointKind.KNEE)


def context_in(data_dir: Path) -> SilentContext:
    spec = JobSpec("job", "import_video", {}, data_dir, operator="Dr. Lind")
    return SilentContext(spec, data_dir / "jobs" / "job")


def new_visit(data_dir: Path) -> str:
    with open_store(data_dir) as store:
        return store.start_visit(store.add_patient(Subject("P-1", 1980, Sex.FEMALE, 1.68, 60.0))).id


def imported(data_dir: Path, **params: object) -> str:
    visit_id = params.pop("visit_id", None) or new_visit(data_dir)
    return import_video.run({"visit_id": visit_id, **params}, context_in(data_dir))  # type: ignore[dict-item]


def recording_of(data_dir: Path, record_id: str) -> tuple[Recording, Path]:
    with open_store(data_dir) as store:
        return store.load(record_id, Recording), store.folder(record_id)


def searched(data_dir: Path, recording_id: str) -> tuple[str, Landmarks]:
    made = detect_pose.run({"recording_id": recording_id, "person": None}, context_in(data_dir))
    with open_store(data_dir) as store:
        return made, store.load(made, Landmarks)


def pictures(path: Path, turn_deg: int = 0) -> list[np.ndarray]:
    with VideoFileSource(path, turn_deg) as source:
        return [image.copy() for _, image in source.frames()]


def test_a_turned_recording_shows_its_pictures_turned(tmp_path: Path) -> None:
    images = noise(40)
    images[:, :30, :40] = 255  # a bright corner, top left
    video = write_video(tmp_path / "walk.avi", images, 30.0, "MJPG")
    record_id = imported(tmp_path, files=[str(video)], turn_deg=90)
    recording, folder = recording_of(tmp_path, record_id)
    (kept,) = recording.videos
    assert (kept.width_px, kept.height_px, kept.turn_deg) == (120, 160, 90)
    first = pictures(folder / kept.name, kept.turn_deg)[0]
    assert first[:40, -30:].mean() > 240 > first[:40, :30].mean()


def test_turning_an_earlier_recording_adds_up_and_makes_a_new_one(tmp_path: Path) -> None:
    video = write_video(tmp_path / "walk.avi", noise(40), 30.0, "MJPG")
    visit_id = new_visit(tmp_path)
    first = imported(tmp_path, visit_id=visit_id, files=[str(video)], turn_deg=90)
    second = imported(tmp_path, visit_id=visit_id, recording_id=first, turn_deg=[180])
    assert recording_of(tmp_path, second)[0].videos[0].turn_deg == 270
    assert recording_of(tmp_path, first)[0].videos[0].turn_deg == 90


@pytest.mark.parametrize("turn", [45, [90, 90], "left"])
def test_what_is_no_quarter_turn_is_refused(tmp_path: Path, turn: object) -> None:
    video = write_video(tmp_path / "walk.avi", noise(40), 30.0, "MJPG")
    with refused("CAP-033"):
        imported(tmp_path, files=[str(video)], turn_deg=turn)


def test_a_film_without_people_is_not_kept_when_heads_shall_be_hidden(
    tmp_path: Path, pose_model: Path
) -> None:
    video = write_video(tmp_path / "room.mp4", noise(40), 30.0)
    visit_id = new_visit(tmp_path)
    with refused("CAP-034"):
        imported(tmp_path, visit_id=visit_id, files=[str(video)], hide_face=True)
    with open_store(tmp_path) as store:
        assert store.records(visit_id) == ()
    assert list((tmp_path / "jobs" / "job").iterdir()) == []


@pytest.mark.slow
def test_a_walk_filmed_sideways_is_noticed_and_righted(
    tmp_path: Path, shared_data: Callable[[str], Path], pose_model: Path
) -> None:
    upright = pictures(shared_data("video-sagittal-walk/walk.mp4"))
    sideways = np.array([cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE) for image in upright])
    video = write_video(tmp_path / "sideways.avi", sideways, 30.0, "MJPG")
    visit_id = new_visit(tmp_path)
    first = imported(tmp_path, visit_id=visit_id, files=[str(video)])
    found = {f.advice.code: f for f in searched(tmp_path, first)[1].findings}
    assert "by 270 degrees clockwise" in found["CAP-032"].advice.next_step

    righted = imported(tmp_path, visit_id=visit_id, recording_id=first, turn_deg=270)

    landmarks = searched(tmp_path, righted)[1]
    assert "CAP-032" not in [f.advice.code for f in landmarks.findings]
    assert landmarks.patient.label == "Person 1, walks to the left"


@dataclass(frozen=True)
class Hidden:
    data_dir: Path
    source: Path
    original_id: str
    original: LandmarkTrack
    landmarks_id: str
    copy_id: str


@pytest.fixture(scope="module")
def hidden(
    tmp_path_factory: pytest.TempPathFactory, shared_data: Callable[[str], Path], pose_model: Path
) -> Hidden:
    data_dir = tmp_path_factory.mktemp("hidden")
    source = shared_data("video-sagittal-walk/walk.mp4")
    visit_id = new_visit(data_dir)
    original_id = imported(data_dir, visit_id=visit_id, files=[str(source)])
    landmarks_id, landmarks = searched(data_dir, original_id)
    copy_id = imported(data_dir, visit_id=visit_id, recording_id=original_id, hide_face=True)
    track = landmarks.patient.tracks[0]
    return Hidden(data_dir, source, original_id, track, landmarks_id, copy_id)


@pytest.mark.slow
def test_the_head_is_hidden_in_every_frame_of_the_copy(hidden: Hidden) -> None:
    recording, folder = recording_of(hidden.data_dir, hidden.copy_id)
    (video,) = recording.videos
    heads = heads_of([hidden.original], hidden.original.time_s)
    assert recording.heads_hidden and "CAP-035" in [f.advice.code for f in recording.findings]
    assert video.frames == 137 and video.fps_hz == pytest.approx(30.0, rel=0.01)
    for number, image in enumerate(pictures(folder / video.name)):
        (x, y), radius = heads.centre_px[number, 0], heads.radius_px[number, 0]
        inner = 0.6 * radius
        left, right = max(0, round(x - inner)), min(image.shape[1], round(x + inner))
        face = image[max(0, round(y - inner)) : round(y + inner), left:right]
        if face.size and right - left > 8:
            assert cv2.Laplacian(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), cv2.CV_32F).std() < 4.0


@pytest.mark.slow
def test_the_walk_with_a_hidden_head_has_the_same_gait(hidden: Hidden) -> None:
    """Encoding the film anew without hiding anything changes hip and knee by 0.8 and 1.7 degrees."""
    again = searched(hidden.data_dir, hidden.copy_id)[1].patient.tracks[0]
    motions: list[Motion] = [
        motion_from_tracks((track,), height_m=1.68, mass_kg=60.0) for track in (hidden.original, again)
    ]
    assert again.detected_fraction >= hidden.original.detected_fraction - 0.02
    one, other = (motion.kinematics for motion in motions)
    columns = [joint.column for joint in JOINTS if joint.kind in FLEXION]
    moved = [np.interp(one.time_s, other.time_s, other.angle_rad[:, column]) for column in columns]
    off_deg = np.degrees(np.abs(np.stack(moved, axis=1) - one.angle_rad[:, columns]))
    assert np.median(off_deg) < 2.0
    speeds = [motion.measures.speed_m_s for motion in motions]
    assert speeds[0] == pytest.approx(speeds[1], rel=0.03)


@pytest.mark.slow
def test_the_original_is_removed_on_request_with_a_trace_and_the_numbers_stay(hidden: Hidden) -> None:
    chosen = choose_person.run(
        {"landmarks_id": hidden.landmarks_id, "person": 0}, context_in(hidden.data_dir)
    )
    copy_landmarks, _ = searched(hidden.data_dir, hidden.copy_id)

    remove_original.run({"recording_id": hidden.copy_id}, context_in(hidden.data_dir))

    with open_store(hidden.data_dir) as store:
        original, copy = store.folder(hidden.original_id), store.folder(hidden.copy_id)
        assert not list(original.glob("camera-*")) and (copy / "camera-1.mkv").is_file()
        assert read_index(store.folder(hidden.landmarks_id)) is None
        assert read_index(store.folder(chosen)) is None
        assert read_index(store.folder(copy_landmarks)) is not None
        assert len(store.load(hidden.landmarks_id, Landmarks).patient.tracks[0].time_s) == 137
        trail = [entry.event for entry in store.audit_trail()]
        assert store.audit_break() is None
    assert {event.record_id for event in trail} == {hidden.original_id, hidden.landmarks_id, chosen}
    assert {(event.step, event.who) for event in trail} == {("original removed", "Dr. Lind")}
    assert hidden.source.is_file()
    assert not list(hidden.data_dir.rglob("camera-1.mp4"))
    with refused("CAP-036"):
        searched(hidden.data_dir, hidden.original_id)
    with refused("CAP-038"):
        remove_original.run({"recording_id": hidden.copy_id}, context_in(hidden.data_dir))


def test_an_original_without_a_hidden_copy_is_not_removed(tmp_path: Path) -> None:
    video = write_video(tmp_path / "walk.avi", noise(40), 30.0, "MJPG")
    record_id = imported(tmp_path, files=[str(video)])
    with refused("CAP-037"):
        remove_original.run({"recording_id": record_id}, context_in(tmp_path))
    assert (recording_of(tmp_path, record_id)[1] / "camera-1.avi").is_file()


def test_what_a_record_is_made_of_is_never_removed(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = new_visit(tmp_path)
        record_id = store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id=visit_id, summary="")
        with pytest.raises(ValueError, match="attached"):
            store.remove_files(record_id, ("record.json",), by="Dr. Lind")
