"""What --version tells: the program and the parts that decide what it computes."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PARTS = ("torch", "mujoco", "mediapipe", "opencv-contrib-python", "PySide6-Essentials")


def version_words() -> str:
    """Two lines: the program on its system, then the versions of its parts."""
    system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    parts = ", ".join(f"{name} {_version(name)}" for name in PARTS)
    return f"ExoTwin {_version('exotwin')} ({system})\n{parts}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # a part that is missing is what one wants to know here
        return "missing"
