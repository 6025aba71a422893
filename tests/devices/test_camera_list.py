"""Claims about the list of cameras: only those that are there, by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.devices import camera_list
from core.devices.camera_list import CameraDevice, linux_cameras
from core.jobs.values import JobSpec, Message, SilentContext
from core.tasks import list_cameras


def device(folder: Path, name: str, words: str, index: int = 0) -> None:
    (folder / name).mkdir()
    (folder / name / "name").write_text(f"{words}\n", encoding="utf-8")
    (folder / name / "index").write_text(f"{index}\n", encoding="utf-8")


def test_the_second_device_of_a_camera_is_not_counted_and_numbers_are_those_of_the_devices(
    tmp_path: Path,
) -> None:
    device(tmp_path, "video10", "Lab camera")
    device(tmp_path, "video2", "Webcam")
    device(tmp_path, "video3", "Webcam", index=1)
    found = linux_cameras(tmp_path)
    assert found == (CameraDevice(2, "Webcam (/dev/video2)"), CameraDevice(10, "Lab camera (/dev/video10)"))


def test_a_pc_without_cameras_has_none(tmp_path: Path) -> None:
    assert linux_cameras(tmp_path / "nothing") == ()


def test_the_job_tells_them_in_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device(tmp_path, "video0", "Webcam")
    monkeypatch.setattr(camera_list, "LINUX_VIDEO", tmp_path)
    monkeypatch.setattr(camera_list.sys, "platform", "linux")
    context = SilentContext(JobSpec("1", "list_cameras", {}, tmp_path), tmp_path)
    list_cameras.run({}, context)
    (told,) = context.events
    assert isinstance(told, Message)
    assert json.loads(told.text) == [{"number": 0, "name": "Webcam (/dev/video0)"}]
