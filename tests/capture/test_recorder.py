"""Claims about recording: what is missing is counted, and who lost it is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.devices.cameras import TimedFrame
from core.devices.recorder import CameraRecorder

PICTURE = np.zeros((48, 64, 3), dtype=np.uint8)


class Camera:
    """Sends pictures with these times, as fast as they are taken; waits for the go after a few."""

    def __init__(self, times_s: list[float], start_after: int = 5) -> None:
        self.times_s, self.start_after = times_s, start_after
        self.recorder: CameraRecorder | None = None

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def frames(self) -> Iterator[TimedFrame]:
        for number, time_s in enumerate(self.times_s):
            if number == self.start_after and self.recorder is not None:
                self.recorder.start()
            yield time_s, PICTURE


def recorded(times_s: list[float], path: Path, recorder_type: type[CameraRecorder] = CameraRecorder):
    camera = Camera(times_s)
    recorder = recorder_type(camera, path)
    camera.recorder = recorder
    with recorder:
        recorder._thread.join(timeout=10)
        recorder.finish()
    return recorder.dropped


def steady(frames: int = 60, *, without: tuple[int, ...] = ()) -> list[float]:
    return [k / 30 for k in range(frames) if k not in without]


def test_a_steady_camera_loses_nothing(tmp_path: Path) -> None:
    assert recorded(steady(), tmp_path / "a.mkv").count == 0


def test_pictures_that_the_camera_left_out_are_counted(tmp_path: Path) -> None:
    dropped = recorded(steady(without=(20, 21, 40)), tmp_path / "a.mkv")
    assert (dropped.by_camera, dropped.by_disk) == (3, 0)


def test_what_was_lost_before_the_recording_does_not_count(tmp_path: Path) -> None:
    assert recorded(steady(without=(2, 3)), tmp_path / "a.mkv").count == 0


class SlowDisk(CameraRecorder):
    def _write(self, time_s: float, image: np.ndarray) -> None:
        super()._write(time_s, image)
        if 0.88 < time_s < 0.95:
            time.sleep(0.1)


def test_pictures_lost_while_the_disk_was_busy_are_told_apart(tmp_path: Path) -> None:
    dropped = recorded(steady(without=(28, 29, 30)), tmp_path / "a.mkv", SlowDisk)
    assert (dropped.by_camera, dropped.by_disk) == (0, 3)
