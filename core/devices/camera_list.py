"""The cameras of this PC, by name where the system tells it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

LINUX_VIDEO = Path("/sys/class/video4linux")
_TRIED = range(4)  # numbers, where only trying tells


@dataclass(frozen=True, slots=True)
class CameraDevice:
    number: int  # by which it is opened
    name: str  # "Integrated Camera (/dev/video0)"


def list_cameras() -> tuple[CameraDevice, ...]:
    """On Linux none is opened, elsewhere each is, for a moment: Windows and macOS number them only."""
    return linux_cameras(LINUX_VIDEO) if sys.platform == "linux" else opened_cameras()


def linux_cameras(folder: Path) -> tuple[CameraDevice, ...]:
    """The video devices below `folder`; a camera's second device only carries metadata."""
    found = []
    for device in folder.glob("video*"):
        index, number = device / "index", device.name.removeprefix("video")
        if number.isdigit() and (not index.is_file() or index.read_text(encoding="utf-8").strip() == "0"):
            name = (device / "name").read_text(encoding="utf-8").strip()
            found.append(CameraDevice(int(number), f"{name} (/dev/{device.name})"))
    return tuple(sorted(found, key=lambda one: one.number))


def opened_cameras() -> tuple[CameraDevice, ...]:
    """Those of the first numbers that can be opened."""
    import cv2

    found = []
    for number in _TRIED:
        capture = cv2.VideoCapture(number)
        if capture.isOpened():
            found.append(CameraDevice(number, f"Camera {number + 1}"))
        capture.release()
    return tuple(found)
