"""Claims about reading video: bad files are named, times are the frames' own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.devices.cameras import (
    ReplayedCameraSource,
    TimedFrame,
    VideoFileSource,
    open_live,
    probe,
    save_times,
)
from core.errors import UserError
from tests.capture.figures import noise, write_video


class ArraySource:
    """A frame source of pictures from memory (T, H, W, 3) at a constant rate."""

    def __init__(self, images: np.ndarray, rate_hz: float) -> None:
        self._images = images
        self._rate_hz = rate_hz

    def __enter__(self) -> ArraySource:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def frames(self) -> Iterator[TimedFrame]:
        for number, image in enumerate(self._images):
            yield number / self._rate_hz, image


def _ignore(number: int, time_s: float, image: np.ndarray) -> None:
    return None


def _code(path: Path) -> str:
    with pytest.raises(UserError) as refused:
        probe(path, _ignore)
    return refused.value.advice.code


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert _code(tmp_path / "gone.mp4") == "CAP-001"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    assert _code(tmp_path / "empty.mp4") == "CAP-002"


def test_text_renamed_mp4_is_refused_as_no_video(tmp_path: Path) -> None:
    path = tmp_path / "letter.mp4"
    path.write_text("Dear patient, " * 200)
    assert _code(path) == "CAP-003"


def test_a_video_without_its_end_is_refused_as_damaged(tmp_path: Path, shared_data) -> None:
    whole = shared_data("video-sagittal-walk/walk.mp4").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    assert _code(path) == "CAP-004"


def test_a_video_cut_short_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.avi", noise(60), 30.0, "MJPG").read_bytes()
    path = tmp_path / "cut.avi"
    path.write_bytes(whole[: len(whole) // 2])
    info = probe(path, _ignore)
    assert info.cut_short
    assert 20 <= len(info.time_s) < 40


@pytest.mark.slow
def test_a_whole_video_is_not_called_cut_short(tmp_path: Path, shared_data) -> None:
    assert not probe(shared_data("video-sagittal-walk/walk.mp4"), _ignore).cut_short
    assert not probe(shared_data("video-squat-mocap/video.mp4"), _ignore, every=100).cut_short
    assert not probe(write_video(tmp_path / "whole.avi", noise(40), 30.0, "MJPG"), _ignore).cut_short


def test_five_frames_per_second_are_refused(tmp_path: Path) -> None:
    assert _code(write_video(tmp_path / "slow.mp4", noise(15), 5.0)) == "CAP-005"


def test_a_moment_is_refused_as_too_short(tmp_path: Path) -> None:
    assert _code(write_video(tmp_path / "short.mp4", noise(6), 30.0)) == "CAP-006"


@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi"])
def test_the_rate_is_that_of_the_frames(tmp_path: Path, ending: str) -> None:
    info = probe(write_video(tmp_path / f"video.{ending}", noise(40), 30.0), _ignore)
    assert info.fps_hz == pytest.approx(30.0, rel=0.005)
    assert len(info.time_s) == 40


def test_the_true_times_of_a_recording_win_over_its_header(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.mkv", noise(30), 30.0)
    save_times(path, tuple(k / 20.0 for k in range(30)))
    assert probe(path, _ignore).fps_hz == pytest.approx(20.0)


@pytest.mark.slow
def test_times_always_increase(shared_data) -> None:
    with VideoFileSource(shared_data("video-sagittal-walk/demo.mp4")) as source:
        times = np.array(list(source.times()))
    assert len(times) == 230
    assert times[0] == 0.0
    assert (np.diff(times) > 0).all()


def test_a_replayed_recording_keeps_its_pace() -> None:
    images = noise(6)
    with ReplayedCameraSource(lambda: ArraySource(images, 60.0), repeat=False) as source:
        times = [time_s for time_s, _ in source.frames()]
    assert len(times) == 6
    assert times[-1] >= 5 / 60.0


def test_a_camera_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError) as refused:
        open_live(63)
    assert refused.value.advice.code == "CAP-040"
