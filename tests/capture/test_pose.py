"""Claims about finding people, with MediaPipe on real recordings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.capture.detection import DetectedPeople, detect_people
from core.capture.pipeline import TimedFrame
from core.capture.playback import PlaybackPictures
from core.capture.pose import PoseDetector
from core.capture.quality import patient_findings
from core.devices.cameras import VideoFileSource
from core.domain.recording import Landmark
from core.errors import UserError

pytestmark = pytest.mark.slow


def _see(file: Path, model: Path, frames: int, observe) -> DetectedPeople:
    def read() -> Iterator[TimedFrame]:
        with VideoFileSource(file) as source:
            yield from source.frames()

    def detector(people: int, tracking: bool) -> PoseDetector:
        return PoseDetector(model, people=people, tracking=tracking)

    return detect_people(read, detector, expected=frames, observe=observe, report=lambda fraction: None)


@pytest.fixture(scope="module")
def pictures() -> PlaybackPictures:
    return PlaybackPictures(137)


@pytest.fixture(scope="module")
def walk(shared_data, pose_model: Path, pictures: PlaybackPictures) -> DetectedPeople:
    return _see(shared_data("video-sagittal-walk/walk.mp4"), pose_model, 137, pictures.add)


def test_the_walker_is_seen_in_nearly_every_frame(walk: DetectedPeople) -> None:
    (person,) = walk.people
    assert len(walk.time_s) == 137
    assert person.seen_fraction > 0.98
    assert person.label == "Person 1, walks to the left"


def test_the_path_of_the_walker_is_smooth(walk: DetectedPeople) -> None:
    hips = (
        walk.people[0].tracks[0].image_px[:, [Landmark.LEFT_HIP.value, Landmark.RIGHT_HIP.value]].mean(axis=1)
    )
    step_px = np.diff(hips[:, 0])
    assert np.median(step_px) < -5.0
    assert np.abs(step_px).max() < 40.0  # a tenth of her height; an identity switch would be far more


def test_a_good_walk_has_no_findings(walk: DetectedPeople, pictures: PlaybackPictures) -> None:
    assert patient_findings(walk.people[0].tracks[0]) == ()
    assert pictures.camera_findings(walk.people, 0) == ()


def test_every_frame_can_be_played_back(walk: DetectedPeople, pictures: PlaybackPictures) -> None:
    assert [time_s for time_s, _ in pictures.jpegs] == list(walk.time_s)
    assert pictures.size_px == (640, 210)
    assert all(jpeg.startswith(b"\xff\xd8") for _, jpeg in pictures.jpegs)


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        PoseDetector(tmp_path / "pose.task")
    assert refused.value.advice.code == "CAP-020"
    assert "setup" in refused.value.advice.next_step
