"""Fetch the pose networks once, check them, and put the bundle where the program looks for it."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from pathlib import Path

import resources
from installer.environment import venv_python
from installer.processes import run
from installer.terminal import Board, SetupFailure

# The last MediaPipe wheel that carries the networks. It is only read, never installed.
WHEEL = "mediapipe==0.10.21"
WHEEL_TARGET = ("--python-version", "3.11", "--platform", "manylinux_2_28_x86_64")
PARTS = {
    # path inside the wheel -> SHA-256
    "mediapipe/modules/pose_detection/pose_detection.tflite": (
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c"
    ),
    "mediapipe/modules/pose_landmark/pose_landmark_full.tflite": (
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"
    ),
    "mediapipe/tasks/metadata/schema_py_generated.py": (
        "49a26cf90cdf5271271e61f61d4bf3a293da4777824c73d08f5cb9e0e2cbc29a"
    ),
}
BUNDLER = Path(__file__).resolve().parent / "pose_bundle.py"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def extract_parts(wheel: Path, folder: Path, parts: dict[str, str] = PARTS) -> None:
    """Copy the wanted files out of the wheel; raises SetupFailure when one is not what it was."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name, expected in parts.items():
                content = archive.read(name)
                if hashlib.sha256(content).hexdigest() != expected:
                    raise KeyError(f"{name} has another SHA-256 than the pinned one")
                (folder / Path(name).name).write_bytes(content)
    except (zipfile.BadZipFile, KeyError) as error:
        raise SetupFailure(
            "The downloaded pose model is not the expected one.",
            f"{error}.",
            "Check the package server; nothing was installed from this file.",
        ) from error


def ensure(board: Board, log: Path) -> str:
    """Make sure the pose model is there; returns what was found or done."""
    target = resources.path(resources.POSE_MODEL)
    if target.is_file():
        if sha256(target) == resources.POSE_MODEL_SHA256:
            return "there, SHA-256 verified"
        return f"there, put in place by hand: its SHA-256 {sha256(target)[:12]}... is not the pinned one"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as name:
        fetch(Path(name), target, board, log)
    return "fetched, SHA-256 verified"


def fetch(folder: Path, target: Path, board: Board, log: Path) -> None:
    """Download, check, bundle, check again, and only then put in place."""
    python = str(venv_python())
    board.update(0.1, "downloading 36 MB")
    options = ["--retries", "2", "--progress-bar", "off", "--no-deps", "--only-binary=:all:"]
    download = [python, "-m", "pip", "download", *options, *WHEEL_TARGET, "--dest", str(folder), WHEEL]
    run(download, what="The pose model could not be downloaded.", log=log)
    board.update(0.6, "checking")
    extract_parts(next(folder.glob("mediapipe-*.whl")), folder)
    board.update(0.7, "bundling")
    bundle = folder / target.name
    run(
        [python, str(BUNDLER), str(folder), str(bundle)], what="The pose model could not be bundled.", log=log
    )
    if sha256(bundle) != resources.POSE_MODEL_SHA256:
        raise SetupFailure(
            "The bundled pose model is not the expected one.",
            f"Its SHA-256 is {sha256(bundle)}, pinned is {resources.POSE_MODEL_SHA256}.",
            "Delete the folder .venv and run this again.",
        )
    bundle.replace(target)
