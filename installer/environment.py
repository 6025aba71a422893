"""The virtual environment `.venv` with the pinned packages and ExoTwin itself."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from installer import locks, pytorch
from installer.locks import EXTRAS, Part, Pin, Target
from installer.processes import run
from installer.terminal import Board, SetupFailure

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "exotwin-installed.txt"
LOG_NAME = "exotwin-setup.log"
TELL_VERSION = "import sys; print('{}.{}'.format(*sys.version_info[:2]))"
WANTED_VERSION = "{}.{}".format(*sys.version_info[:2])  # the locks are of one Python each
# pip compiles on one core, for about half a minute; this, on all. Files of other Pythons are passed over.
COMPILE = (
    "import compileall, sysconfig; compileall.compile_dir(sysconfig.get_path('purelib'), quiet=2, workers=0)"
)
FREE_BYTES_NEEDED = 5_000_000_000  # installed, fetched, and again while it is unpacked
FREE_BYTES_NEEDED_WITH_PARTS = (
    6_000_000_000  # with tests, server, cluster and graphics card: 3.9 GB installed
)
FREE_BYTES_NEEDED_WITH_CUDA = 13_000_000_000  # 6.5 GB installed, 3.3 GB fetched, and again while unpacked
ONLY_WITH_GPU = (
    "neither the package server nor PyTorch's own offers PyTorch without the libraries for NVIDIA cards, so "
    "3.3 GB are fetched"
)
BUILDER = "setuptools"  # builds ExoTwin and the packages that have no wheel
COMPILER = "ziglang"  # a C compiler from the package server, for machines without one
COMPILER_RULES = ROOT / "core" / "exo_core" / "building.py"


def venv_python(venv: Path = VENV, windows: bool = os.name == "nt") -> Path:
    """The Python inside a virtual environment."""
    return venv / "Scripts" / "python.exe" if windows else venv / "bin" / "python"


def fingerprint() -> str:
    """Changes whenever what should be installed or compiled, or the place of this folder, changes."""
    digest = hashlib.sha256(f"{ROOT} {sys.version_info[:2]}".encode())
    compiled = sorted((ROOT / "core" / "exo_core" / "src").glob("*.[ch]"))
    wanted = sorted(locks.LOCKS.glob("*.txt"))
    for path in (ROOT / "pyproject.toml", *wanted, Path(__file__), *compiled):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stamp_text(parts: Iterable[Part]) -> str:
    """What is written when these parts of the lock were installed to their end."""
    return " ".join([fingerprint(), "runtime", *(part.extra for part in parts if part.extra)]) + "\n"


def _stamped() -> list[str]:
    there = STAMP.is_file() and venv_python().is_file()
    return STAMP.read_text(encoding="utf-8").split() if there else []


def chosen_before() -> frozenset[Part]:
    """The parts besides the runtime that an earlier set-up installed; they are kept with each update."""
    words = _stamped()[1:]
    return frozenset(part for part in (Part.DEV, *EXTRAS) if part.extra in words)


def is_installed(parts: Collection[Part]) -> bool:
    """True when the stamp says that exactly this, with these parts, was installed to its end."""
    stamped = _stamped()
    return stamped[:1] == [fingerprint()] and {part.extra for part in parts if part.extra} <= set(stamped)


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


def ensure_venv(board: Board, parts: Collection[Part] = ()) -> str:
    """Make `.venv` where it is not there or does not answer; returns what was found or done."""
    python = venv_python()
    if python.is_file():
        try:
            run([str(python), "-m", "pip", "--version"], what="The environment does not answer.")
            found = run([str(python), "-c", TELL_VERSION], what="The environment does not answer.").strip()
        except SetupFailure:
            board.note(f"{VENV} is damaged and is made anew.")
        else:
            if found == WANTED_VERSION:
                return "there"
            board.note(f"{VENV} is of Python {found} and is made anew for {WANTED_VERSION}.")
    check_disk(FREE_BYTES_NEEDED_WITH_PARTS if parts else FREE_BYTES_NEEDED)
    board.update(0.2, "making it")
    make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    run(make, what=f"The virtual environment {VENV} could not be made.")
    return "made"


def pip_follower(board: Board, expected: int) -> Callable[[str], None]:
    """Move the bar by what pip says: one name after the other, then the unpacking."""
    seen: set[str] = set()
    text = "asking the package server"

    def on_line(line: str) -> None:
        nonlocal text
        said = re.match(r"(Collecting|Processing|Requirement already satisfied:) (\S+)", line)
        if said:
            seen.add(said[2])
            text = f"fetching {said[2].partition('==')[0]}" if said[1] == "Collecting" else text
        elif line.startswith("Installing collected packages"):
            text = "unpacking, this takes a minute"
        board.update(min(0.95, len(seen) / expected), text)

    return on_line


def compiler_is_there() -> bool:
    """True where the C core of the exo can be compiled without fetching a compiler."""
    spec = importlib.util.spec_from_file_location("building", COMPILER_RULES)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(COMPILER_RULES)
    rules = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rules)
    return rules.find_compiler() is not None


def ensure_packages(board: Board, log: Path, parts: Collection[Part] = ()) -> str:
    """Install the locked packages, with those of `parts`, and ExoTwin; returns what was found or done."""
    if is_installed(parts):
        return "installed before, nothing to do"
    target = locks.this_machine()
    wanted = tuple(part for part in Part if part is Part.RUNTIME or part in parts)
    pins = locks.read(target, *wanted)
    with tempfile.TemporaryDirectory(dir=log.parent) as folder:
        where_from = install(target, pins, Path(folder), board, log)
    what = "The Python packages could not be installed."
    run([str(venv_python()), "-c", COMPILE], what=what, log=log)
    STAMP.write_text(stamp_text(wanted), encoding="utf-8")
    return f"{len(pins)} installed as locked, PyTorch from {where_from}"


def install(target: Target, pins: tuple[Pin, ...], folder: Path, board: Board, log: Path) -> str:
    """Install `pins`, each file only with its SHA-256, and ExoTwin; returns where PyTorch is from.

    The builder comes first, PyTorch second, then the rest without anything that builds it unseen.
    """
    follow = pip_follower(board, len(pins))
    what = "The Python packages could not be installed."
    plain = ["--retries", "2", "--progress-bar", "off", "--no-compile", "--no-deps", "--no-build-isolation"]

    def pip(arguments: Sequence[str]) -> str:
        command = [str(venv_python()), "-m", "pip", "install", *plain, *arguments]
        return run(command, what=what, log=log, on_line=follow)

    def locked(arguments: Sequence[str]) -> str:
        return pip(["--require-hashes", *arguments])

    def before_gpu() -> None:
        check_disk(FREE_BYTES_NEEDED_WITH_CUDA, f": {ONLY_WITH_GPU}")
        board.note(f"{ONLY_WITH_GPU[0].upper()}{ONLY_WITH_GPU[1:]}. ExoTwin runs with it, too.")

    borrowed = () if compiler_is_there() else (COMPILER,)
    tools = [pin for pin in locks.read(target, Part.RUNTIME, Part.DEV) if pin.name in (BUILDER, *borrowed)]
    locked(["--requirement", str(locks.write(tools, folder / "tools.txt"))])
    source = pytorch.install(pytorch.sources(target), folder, pip=locked, before_gpu=before_gpu)
    rest = [pin for pin in pins if pin.name != "torch"]
    locked(["--requirement", str(locks.write(rest, folder / "rest.txt"))])
    pip(["--editable", str(ROOT)])
    if borrowed and COMPILER not in {pin.name for pin in pins}:
        run([str(venv_python()), "-m", "pip", "uninstall", "--yes", COMPILER], what=what, log=log)
    return source.title
