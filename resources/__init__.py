"""Files that ship with the program, found in a source tree, an installation and a packaged build alike."""

from __future__ import annotations

import os
from pathlib import Path

POSE_MODEL = "pose/pose_landmarker_full.task"
# The bundle that set-up makes from the networks in MediaPipe 0.10.21 (Apache-2.0).
POSE_MODEL_SHA256 = "ecef2ce4439f2062b66f9b9c7d4460e898b1680712da05dc0fdfd4da4240ecbc"
MANUAL = "manual.html"  # beside the program where it was installed; beside its sources lies README.md


def path(relative: str) -> Path:
    """Absolute path of a shipped file; it is not checked that the file is there."""
    return Path(__file__).resolve().parent / relative


def manual() -> Path:
    """The manual for whoever uses the program."""
    home = Path(__file__).resolve().parent.parent
    page = home / MANUAL
    return page if page.is_file() else home / "README.md"


def pose_model() -> Path:
    """The pose model in use: the file named by `EXOTWIN_POSE_MODEL`, else the one fetched at set-up."""
    override = os.environ.get("EXOTWIN_POSE_MODEL", "")
    return Path(override) if override else path(POSE_MODEL)
