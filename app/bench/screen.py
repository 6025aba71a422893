"""A screen for benchmarks and galleries where there is none: Xvfb, started and ended here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import refuse

SIZE = "1920x1080x24"


@contextmanager
def a_screen() -> Iterator[dict[str, str]]:
    """Environment variables for a child that needs a screen: the real one, or a virtual one."""
    environment = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    if sys.platform != "linux" or environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        yield environment
        return
    program = shutil.which("Xvfb")
    if program is None:
        raise refuse(
            "PC-020",
            "There is no screen to draw on.",
            "This machine has neither a display nor Xvfb.",
            "Install Xvfb (on Debian: apt install xvfb) or run this on a PC with a screen.",
        )
    read_end, write_end = os.pipe()
    command = [program, "-displayfd", str(write_end), "-screen", "0", SIZE, "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(write_end,), stderr=subprocess.DEVNULL)
    os.close(write_end)
    try:
        with os.fdopen(read_end) as answer:
            environment["DISPLAY"] = f":{answer.readline().strip()}"
        yield environment
    finally:
        server.terminate()
        server.wait()
