"""A Python that ExoTwin can be set up with: one that is on this machine, or one that uv brings.

Like bootstrap.py, readable by Python 3.7 and later, and without anything but the standard library.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The first is the one that all checks run with at every change.
FITTING = ((3, 11), (3, 13), (3, 12))
ROOT = Path(__file__).resolve().parent.parent
UV_LOCK = ROOT / "installer" / "lock" / "uv.txt"
UV_FOLDER = ROOT / "build" / "uv"
BROUGHT = (3, 13)  # what uv is asked for
MISSING = (
    "ExoTwin needs Python 3.11, 3.12 or 3.13; this is Python {0}.{1}, and no other was found.\n"
    "{2}\n"
    "Install one (Debian 12 and 13, Ubuntu 24.04: apt install python3 python3-venv; else from python.org)\n"
    "and run this again with it.\n"
)


def version_of(command: list[str]) -> tuple[int, int] | None:
    """What this Python is, or None where it does not answer."""
    probe = [*command, "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        answer = subprocess.run(probe, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        major, minor = answer.stdout.split()
        return int(major), int(minor)
    except (OSError, ValueError):
        return None


def on_this_machine() -> list[str] | None:
    """The command of the first fitting Python that is installed here."""
    for wanted in FITTING:
        name = "{}.{}".format(*wanted)
        direct = shutil.which("python" + name)
        candidates = [[direct]] if direct else []
        if os.name == "nt" and shutil.which("py"):
            candidates.append(["py", "-" + name])
        for command in candidates:
            if version_of(command) == wanted:
                return command
    return None


def brought_by_uv(folder: Path = UV_FOLDER) -> list[str] | None:
    """Let uv, itself from the package server, fetch a Python into `folder`; None where that fails.

    It changes nothing outside of this folder.
    """
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python, uv = str(scripts / "python"), str(scripts / "uv")
    places = {"UV_PYTHON_INSTALL_DIR": str(folder / "pythons"), "UV_CACHE_DIR": str(folder / "cache")}
    pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    wanted = "{}.{}".format(*BROUGHT)
    find = [uv, "python", "find", "--managed-python", "--no-config", wanted]
    steps = (
        [sys.executable, "-m", "venv", str(folder / "venv")],
        [*pip, "--requirement", str(UV_LOCK)],
        [uv, "python", "install", "--no-bin", "--no-config", wanted],
    )
    try:
        for step in steps:
            subprocess.run(step, check=True, env={**os.environ, **places})
        found = subprocess.run(find, stdout=subprocess.PIPE, check=True, env={**os.environ, **places})
    except (OSError, subprocess.CalledProcessError):
        return None
    command = [found.stdout.decode().strip()]
    return command if version_of(command) == BROUGHT else None


def another() -> list[str] | None:
    """The command of a fitting Python, brought here where none is installed; None where there is none."""
    found = on_this_machine()
    if found is not None:
        return found
    sys.stderr.write("No Python 3.11, 3.12 or 3.13 was found; one is fetched into {}.\n".format(UV_FOLDER))  # noqa: UP032
    return brought_by_uv()


def missing() -> str:
    """What to say where no fitting Python could be had."""
    return MISSING.format(*sys.version_info[:2], "None could be fetched either; what failed is said above.")
