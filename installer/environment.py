"""The virtual environment `.venv` with the pinned packages and ExoTwin itself."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from installer.processes import run
from installer.terminal import Board, SetupFailure

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CONSTRAINTS = ROOT / "installer" / "constraints.txt"
STAMP = VENV / "exotwin-installed.txt"
LOG_NAME = "exotwin-setup.log"
# Alone and in this spelling: others may pull several gigabytes for graphics cards that are not there.
TORCH = "torch==2.13.0"
FREE_BYTES_NEEDED = 5_000_000_000  # 2.8 GB installed, the rest while downloads are unpacked


def venv_python(venv: Path = VENV, windows: bool = os.name == "nt") -> Path:
    """The Python inside a virtual environment."""
    return venv / "Scripts" / "python.exe" if windows else venv / "bin" / "python"


def fingerprint() -> str:
    """Changes whenever what should be installed or compiled, or the place of this folder, changes."""
    digest = hashlib.sha256(f"{ROOT} {sys.version_info[:2]}".encode())
    compiled = sorted((ROOT / "core" / "exo_core" / "src").glob("*.[ch]"))
    for path in (ROOT / "pyproject.toml", CONSTRAINTS, Path(__file__), *compiled):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_installed(*, with_tests: bool) -> bool:
    """True when the stamp says that exactly this was installed to its end."""
    if not STAMP.is_file() or not venv_python().is_file():
        return False
    stamped = STAMP.read_text(encoding="utf-8").split()
    return stamped[:1] == [fingerprint()] and (not with_tests or "dev" in stamped)


def check_disk() -> None:
    free_bytes = shutil.disk_usage(ROOT).free
    if free_bytes < FREE_BYTES_NEEDED:
        raise SetupFailure(
            f"There is not enough room on the disk of {ROOT}.",
            f"{free_bytes / 1e9:.1f} GB are free, set-up needs {FREE_BYTES_NEEDED / 1e9:.0f} GB.",
            "Free some space and run this again.",
        )


def ensure_venv(board: Board) -> str:
    """Make `.venv` where it is not there or does not answer; returns what was found or done."""
    python = venv_python()
    if python.is_file():
        try:
            run([str(python), "-m", "pip", "--version"], what="The environment does not answer.")
        except SetupFailure:
            board.note(f"{VENV} is damaged and is made anew.")
        else:
            return "there"
    check_disk()
    board.update(0.2, "making it")
    make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    run(make, what=f"The virtual environment {VENV} could not be made.")
    return "made"


def expected_packages() -> int:
    """How many packages the pinned list holds."""
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    return sum(1 for line in lines if "==" in line)


def pip_follower(board: Board) -> Callable[[str], None]:
    """Move the bar by what pip says: one name after the other, then the unpacking."""
    seen: set[str] = set()
    expected = expected_packages()
    text = "asking the package server"

    def on_line(line: str) -> None:
        nonlocal text
        said = re.match(r"(Collecting|Requirement already satisfied:) ([\w.-]+)", line)
        if said:
            seen.add(said[2])
            text = f"fetching {said[2]}" if said[1] == "Collecting" else text
        elif line.startswith("Installing collected packages"):
            text = "unpacking, this takes a minute"
        board.update(min(0.95, len(seen) / expected), text)

    return on_line


def ensure_packages(board: Board, log: Path, *, with_tests: bool) -> str:
    """Install the pinned packages and ExoTwin (editable); returns what was found or done."""
    if is_installed(with_tests=with_tests):
        return "installed before, nothing to do"
    check_disk()
    on_line = pip_follower(board)
    pip = [str(venv_python()), "-m", "pip", "install", "--retries", "2", "--progress-bar", "off"]
    what = "The Python packages could not be installed."
    run([*pip, TORCH], what=what, log=log, on_line=on_line)
    project = f"{ROOT}[dev]" if with_tests else str(ROOT)
    arguments = ["--constraint", str(CONSTRAINTS), "--editable", project]
    run([*pip, *arguments], what=what, log=log, on_line=on_line)
    STAMP.write_text(f"{fingerprint()} {'dev' if with_tests else 'runtime'}\n", encoding="utf-8")
    return "installed in the pinned versions"
