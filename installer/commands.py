"""The commands of set-up: `setup`, `run`, `test` and `server`."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Collection, Mapping
from itertools import count
from pathlib import Path

from installer import environment, locks, pose_model, system_libraries
from installer.checks import run_checks
from installer.environment import LOG_NAME, ROOT, VENV
from installer.locks import EXTRAS, TESTED, Part
from installer.terminal import Board, SetupFailure, Step

STEPS = (
    Step("Python", 0.0),
    Step("System libraries", 25.0),
    Step("Virtual environment", 6.0),
    Step("Python packages", 110.0),
    Step("Pose model", 7.0),
)
DEMO_OUT = ROOT / "build" / "demo-session"
SERVER_FOLDER = ROOT / "build" / "record-server"
SERVER_PORT = 5433  # a server of the system's own has 5432


def check_machine() -> str:
    """Say which Python this is; refuse one that no pinned package was built for."""
    if sys.maxsize < 2**32:
        raise SetupFailure(
            "This Python cannot run ExoTwin.",
            "It is a 32-bit Python, and the packages exist for 64 bits only.",
            "Install a 64-bit Python (3.11, 3.12 or 3.13) and run this again.",
        )
    return f"{platform.python_version()}, {platform.system()} {platform.machine()}"


def set_up(parts: Collection[Part] = ()) -> None:
    """Everything from a fresh machine to an environment that can start; raises SetupFailure.

    `parts`: of the lock, besides the runtime; what was chosen before stays.
    """
    board = Board(STEPS)
    log = ROOT / "build" / LOG_NAME
    log.parent.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    board.finish(check_machine())
    with_tests = Part.DEV in parts
    parts = environment.chosen_before() | set(parts)
    extra = system_libraries.TEST_PACKAGES if with_tests else ()
    found = system_libraries.ensure(board, log, extra=extra)
    if with_tests:
        system_libraries.try_to_install(system_libraries.TRIAL_PACKAGES, board, log)
    board.finish(found)
    board.finish(environment.ensure_venv(board, parts))
    board.finish(environment.ensure_packages(board, log, parts))
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
    setup = commands.add_parser("setup", help="make .venv with everything ExoTwin needs")
    setup.add_argument(
        "--with",
        dest="extras",
        action="append",
        default=[],
        choices=[part.extra for part in EXTRAS],
        help="add what a record on a server, a cluster or a graphics card needs; may be given again",
    )
    commands.add_parser("run", help="set up, then start ExoTwin with a demo patient")
    commands.add_parser("test", help="set up, then run all checks and tests")
    server = commands.add_parser(
        "server", help="set up, then run a PostgreSQL server with a record, to try one"
    )
    server.add_argument("--folder", type=Path, default=SERVER_FOLDER, help="where its data lie (%(default)s)")
    server.add_argument("--port", type=int, default=SERVER_PORT, help="on this PC alone (%(default)s)")
    return parser.parse_args(argv)


def parts_of(asked: argparse.Namespace) -> tuple[Part, ...]:
    """The parts of the lock that a command needs."""
    if asked.command == "test":
        return TESTED
    if asked.command == "server":
        return (Part.SERVER,)
    return locks.named(getattr(asked, "extras", ()))


def start_server(asked: argparse.Namespace) -> int:
    """Set up and run a server until Ctrl-C; what is in its way is said before anything is fetched."""
    if os.name == "nt":
        raise SetupFailure(
            "There is no server to try on Windows.",
            "It is started by programs of Linux and macOS.",
            "Start it on a PC with Linux, or use a PostgreSQL server that is there.",
        )
    from installer import trial_server  # cannot be imported on Windows

    server = trial_server.find(asked.folder, asked.port)
    set_up(parts_of(asked))
    return trial_server.serve(server)


def main(argv: list[str]) -> int:
    asked = arguments(argv)
    try:
        if asked.command == "server":
            return start_server(asked)
        set_up(parts_of(asked))
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
    if asked.command == "run":
        return start_demo()
    if asked.command == "test":
        return run_checks()
    program = environment.venv_python().parent / "exotwin"
    print(f"ExoTwin is set up in {VENV}. Start it with: {program}", flush=True)
    return 0
