"""The three commands of set-up: `setup`, `run` and `test`."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from installer import environment, pose_model, system_libraries
from installer.checks import run_checks
from installer.environment import LOG_NAME, ROOT, VENV
from installer.terminal import Board, SetupFailure, Step

STEPS = (
    Step("Python", 0.0),
    Step("System libraries", 25.0),
    Step("Virtual environment", 6.0),
    Step("Python packages", 110.0),
    Step("Pose model", 7.0),
)
DEMO_OUT = ROOT / "build" / "demo-session"


def check_machine() -> str:
    """Say which Python this is; refuse one that no pinned package was built for."""
    if sys.maxsize < 2**32:
        raise SetupFailure(
            "This Python cannot run ExoTwin.",
            "It is a 32-bit Python, and the packages exist for 64 bits only.",
            "Install a 64-bit Python (3.11, 3.12 or 3.13) and run this again.",
        )
    return f"{platform.python_version()}, {platform.system()} {platform.machine()}"


def set_up(*, with_tests: bool) -> None:
    """Everything from a fresh machine to an environment that can start; raises SetupFailure."""
    board = Board(STEPS)
    log = ROOT / "build" / LOG_NAME
    log.parent.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    board.finish(check_machine())
    extra = system_libraries.TEST_PACKAGES if with_tests else ()
    found = system_libraries.ensure(board, log, extra=extra)
    if with_tests:
        system_libraries.try_to_install(system_libraries.TRIAL_PACKAGES, board, log)
    board.finish(found)
    board.finish(environment.ensure_venv(board))
    board.finish(environment.ensure_packages(board, log, with_tests=with_tests))
    board.finish(pose_model.ensure(board, log))


def has_screen(variables: Mapping[str, str], system: str = sys.platform) -> bool:
    """True where a window can be shown."""
    if system != "linux":
        return True
    return bool(variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY"))


def start_demo() -> int:
    """Start ExoTwin with the demo patient; without a screen, run the same session to its end."""
    python = str(environment.venv_python())
    if has_screen(os.environ):
        print("Starting ExoTwin with a demo patient (synthetic data).", flush=True)
        return subprocess.call([python, "-m", "app", "--demo"], cwd=ROOT)
    print("There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set).")
    out = free_folder(DEMO_OUT)
    print(f"The same demo session runs without one; its results go to {out}.", flush=True)
    session = ["session", "demo", "--minutes", "2", "--out", str(out)]
    return subprocess.call([python, "-m", "app", *session], cwd=ROOT)


def free_folder(wanted: Path) -> Path:
    """`wanted`, or the first of `wanted-2`, `wanted-3`, … that is not there: results are not written over."""
    others = (wanted.with_name(f"{wanted.name}-{number}") for number in count(2))
    return wanted if not wanted.exists() else next(folder for folder in others if not folder.exists())


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bootstrap.py", description="Set up, start or test ExoTwin.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("setup", help="make .venv with everything ExoTwin needs")
    commands.add_parser("run", help="set up, then start ExoTwin with a demo patient")
    commands.add_parser("test", help="set up, then run all checks and tests")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    command = arguments(argv).command
    try:
        set_up(with_tests=command == "test")
    except SetupFailure as failure:
        print(f"\n{failure.what}\n{failure.why}\n{failure.next_step}", file=sys.stderr, flush=True)
        return 1
    except OSError as error:
        print(f"\nA file could not be read or written: {error}.", file=sys.stderr)
        print("Check the disk's free space and who owns this folder, then run this again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return 130
    if command == "run":
        return start_demo()
    if command == "test":
        return run_checks()
    program = environment.venv_python().parent / "exotwin"
    print(f"ExoTwin is set up in {VENV}. Start it with: {program}", flush=True)
    return 0
