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
# In this spelling pip takes the build for processors where the package server, or a folder of wheels, has it:
# on Windows always; on Linux only where `2.13.0+cpu` is on offer, which PyPI does not have. There it brings
# the libraries for NVIDIA cards as well, which ExoTwin never uses.
TORCH = "torch==2.13.0"
CPU_BUILD = "+cpu"  # at the end of its version
# pip compiles on one core, for about half a minute; this, on all. Files of other Pythons are passed over.
COMPILE = (
    "import compileall, sysconfig; compileall.compile_dir(sysconfig.get_path('purelib'), quiet=2, workers=0)"
)
FREE_BYTES_NEEDED = 5_000_000_000  # 2.8 GB installed, about 1 GB fetched, and again while it is unpacked
FREE_BYTES_NEEDED_WITH_CUDA = 13_000_000_000  # 6.5 GB installed, 3.3 GB fetched, and again while unpacked


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


def check_disk(needed_bytes: int = FREE_BYTES_NEEDED, why: str = "") -> None:
    """Raises SetupFailure when less is free; `why` tells what makes it so much."""
    free_bytes = shutil.disk_usage(ROOT).free
    if free_bytes < needed_bytes:
        needs = f"{free_bytes / 1e9:.1f} GB are free, set-up needs {needed_bytes / 1e9:.0f} GB"
        raise SetupFailure(
            f"There is not enough room on the disk of {ROOT}.",
            f"{needs}{why}.",
            "Free some space and run this again.",
        )


def check_disk_for_torch(dry_run: str) -> None:
    """Room for the build of PyTorch that pip would take; `dry_run` is what pip says about it."""
    taken = re.search(r"^Would install .*\btorch-(\S+)", dry_run, re.MULTILINE)
    if sys.platform == "linux" and taken and not taken[1].endswith(CPU_BUILD):
        why = ": the package server has PyTorch only with its libraries for NVIDIA cards"
        check_disk(FREE_BYTES_NEEDED_WITH_CUDA, why)
    else:
        check_disk()


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
    on_line = pip_follower(board)
    python = str(venv_python())
    pip = [python, "-m", "pip", "install", "--retries", "2", "--progress-bar", "off", "--no-compile"]
    what = "The Python packages could not be installed."
    check_disk_for_torch(run([*pip, "--dry-run", "--no-deps", TORCH], what=what, log=log, on_line=on_line))
    run([*pip, TORCH], what=what, log=log, on_line=on_line)
    project = f"{ROOT}[dev]" if with_tests else str(ROOT)
    arguments = ["--constraint", str(CONSTRAINTS), "--editable", project]
    run([*pip, *arguments], what=what, log=log, on_line=on_line)
    run([python, "-c", COMPILE], what=what, log=log, on_line=on_line)
    STAMP.write_text(f"{fingerprint()} {'dev' if with_tests else 'runtime'}\n", encoding="utf-8")
    return "installed in the pinned versions"
