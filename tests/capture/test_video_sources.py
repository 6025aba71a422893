"""Claims about reading video: bad files are named, times are the frames' own."""

from __future__ import annotations

import os
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
from core.devices.mp4_samples import samples_of
from core.errors import UserError
from tests.capture.figures import noise, write_video
from tests.devices.mp4_edits import trimmed


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


@pytest.mark.skipif(os.name != "posix", reason="names of files are letters there")
def test_a_video_whose_name_is_no_text_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller.mp4"))
    path.write_bytes(b"as Latin-1 wrote it")
    assert _code(path) == "CAP-061"


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


@pytest.fixture(scope="module")
def whole_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """271 frames of nobody, 9 s."""
    return write_video(tmp_path_factory.mktemp("clip") / "whole.mp4", noise(271), 30.0)


@pytest.mark.parametrize(("start_s", "length_s"), [(0.0, 2.5), (3.33, 2.5), (6.5, 2.4)])
def test_a_trimmed_clip_is_whole(whole_clip: Path, tmp_path: Path, start_s: float, length_s: float) -> None:
    clip = trimmed(whole_clip, tmp_path / "clip.mp4", start_s=start_s, length_s=length_s)
    info = probe(clip, _ignore)
    assert info.trimmed and not info.cut_short
    assert info.stored_frames == 271
    assert info.promised_frames == pytest.approx(30.0 * length_s, abs=2)
    assert len(info.time_s) == pytest.approx(info.promised_frames, abs=2)


def test_an_edit_list_that_plays_everything_trims_nothing(whole_clip: Path, tmp_path: Path) -> None:
    info = probe(trimmed(whole_clip, tmp_path / "clip.mp4", start_s=0.0, length_s=9.04), _ignore)
    assert not info.trimmed and not info.cut_short and len(info.time_s) == 271


def test_a_clip_without_an_edit_list_is_not_called_trimmed(whole_clip: Path) -> None:
    info = probe(whole_clip, _ignore)
    assert (info.trimmed, info.cut_short, info.promised_frames) == (False, False, 271)


@pytest.mark.parametrize("name", ["video.mkv", "video.avi"])
def test_other_containers_have_no_samples_to_count(tmp_path: Path, name: str) -> None:
    assert samples_of(write_video(tmp_path / name, noise(40), 30.0)) is None


def test_a_header_that_makes_no_sense_is_left_alone(whole_clip: Path, tmp_path: Path) -> None:
    data = whole_clip.read_bytes()
    spoilt = tmp_path / "spoilt.mp4"
    for at in range(data.find(b"moov"), len(data), 7):
        spoilt.write_bytes(data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :])
        samples_of(spoilt)
