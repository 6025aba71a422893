"""Whether there is a screen to draw on."""

from __future__ import annotations

import os
import sys


def has_screen() -> bool:
    """On Linux a display has to be named; other systems have one, or Qt says what is missing."""
    named = os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    return sys.platform != "linux" or bool(named)
