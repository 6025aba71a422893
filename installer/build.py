"""Build the packaged program: one folder that runs without Python, with the pose model inside.

`python3 installer/build.py` after `bootstrap.py setup`; the result is `dist/exotwin`. The built program is
then started once, from its own folder, and must find everything it brought along. It runs on the kind of
system it was built on.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from installer import system_libraries  # noqa: E402
from installer.environment import venv_python  # noqa: E402 - found only after the line above
from installer.processes import run  # noqa: E402
from installer.terminal import Board, SetupFailure, Step  # noqa: E402

PYINSTALLER = "pyinstaller==6.22.3"
DIST = ROOT / "dist"
LOG = ROOT / "build" / "exotwin-build.log"
STEPS = (
    Step("System libraries", 3.0),
    Step("Builder", 10.0),
    Step("Program", 400.0),
    Step("Smoke test", 20.0),
)
# Jobs, pages and migrations are named by strings or found on disk, so nothing can be seen to need them.
OWN_PACKAGES = ("app", "core", "ui", "resources")
WITH_EVERYTHING = ("mediapipe", "mujoco", "ezc3d", "alembic", "myo_sim", "assist_sim")
FOLDERS = ("resources", "core/store/migrations", "core/exo_core")
LEFT_OUT = ("tkinter", "pytest", "mypy", "hypothesis", "IPython")


def pyinstaller_arguments() -> list[str]:
    """What PyInstaller is told; its own hooks know PySide6, VTK, torch, SQLAlchemy and scipy."""
    work = ROOT / "build" / "pyinstaller"
    told = ["--noconfirm", "--onedir", "--name", "exotwin", "--paths", str(ROOT)]
    told += ["--distpath", str(DIST), "--workpath", str(work), "--specpath", str(work)]
    told += ["--copy-metadata", "exotwin"]
    for package in OWN_PACKAGES:
        told += ["--collect-submodules", package]
    for package in WITH_EVERYTHING:
        told += ["--collect-all", package]
    for folder in FOLDERS:
        told += ["--add-data", f"{ROOT / folder}{os.pathsep}{folder}"]
    for module in LEFT_OUT:
        told += ["--exclude-module", module]
    return [*told, str(ROOT / "app" / "__main__.py")]


def program() -> Path:
    return DIST / "exotwin" / ("exotwin.exe" if os.name == "nt" else "exotwin")


def build(board: Board) -> str:
    """Run PyInstaller; returns how large the result is."""

    def on_line(line: str) -> None:
        board.update(0.5, line.split("INFO: ")[-1][:60] or "at work")

    command = [str(venv_python()), "-m", "PyInstaller", *pyinstaller_arguments()]
    run(command, what="The program could not be built.", log=LOG, on_line=on_line)
    size_gb = sum(path.stat().st_size for path in program().parent.rglob("*") if path.is_file()) / 1e9
    return f"{program()} ({size_gb:.1f} GB with its folder)"


def judge_smoke_test(said: str) -> str:
    """Read what `exotwin doctor --json` said; raises SetupFailure unless what it brings along is there."""
    report = json.loads(said[said.index("{") :])
    found = {check["name"]: check for check in report["checks"]}
    for name in ("Python", "Pose model"):
        if found[name]["state"] != "ok":
            raise SetupFailure(
                "The built program does not work.", found[name]["finding"], "Look at build/ for its log."
            )
    return " ".join(found[name]["finding"] for name in ("Python", "Pose model"))


def smoke_test() -> str:
    """Start the built program and let it look at itself."""
    said = run(
        [str(program()), "doctor", "--json"],
        what="The built program does not start.",
        log=LOG,
        environment={"EXOTWIN_DATA_DIR": str(ROOT / "build" / "smoke-data"), "PYTHONPATH": ""},
    )
    return judge_smoke_test(said)


def main() -> int:
    board = Board(STEPS)
    LOG.parent.mkdir(exist_ok=True)
    LOG.unlink(missing_ok=True)
    pip = [str(venv_python()), "-m", "pip", "install", "--quiet", PYINSTALLER]
    try:
        board.finish(system_libraries.ensure(board, LOG, extra=system_libraries.BUILD_PACKAGES))
        run(pip, what="The builder could not be installed.", log=LOG)
        board.finish(PYINSTALLER)
        board.finish(build(board))
        board.finish(smoke_test())
    except SetupFailure as failure:
        print(f"\n{failure.what}\n{failure.why}\n{failure.next_step}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
