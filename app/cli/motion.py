"""`exotwin motion …`: joint motion, strides and findings of a walk, through the same jobs as the pages."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.domain.motion import BELT_SPEEDS_M_S
from core.errors import UserError, refuse

EXIT_STOPPED = 3  # a finding stops: everything is reported all the same
_FACTORS = (1.0, 32.0)


@dataclass(frozen=True, slots=True)
class MotionRequest:
    """What to solve, of whom, and what a person says about it."""

    videos: tuple[Path, ...]
    landmarks: Path | None
    height_m: float
    mass_kg: float
    out: Path
    person: int | None = None
    treadmill_m_s: float | None = None
    slow_motion: float | None = None
    sides: str = ""  # a `SideSource`; empty: nobody answers for the sides
    accepted_by: str = ""  # who goes on in spite of findings that stop
    role: str = ""
    calibration: Path | None = None
    turn_deg: int = 0


def add_motion(commands: Any, add_data_dir: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add `motion` to the parsers of the commands."""
    parser = commands.add_parser("motion", help="joint angles, strides and findings of a walk")
    parser.add_argument("videos", nargs="*", type=Path, metavar="VIDEO", help="of one walk, one per camera")
    parser.add_argument("--calibration", type=Path, metavar="FILE", help="places and lenses of the cameras")
    parser.add_argument(
        "--landmarks", type=Path, metavar="FILE", help=".npz file with landmarks, not a video"
    )
    parser.add_argument(
        "--turn", type=int, choices=(90, 180, 270), default=0, help="turn the videos clockwise first"
    )
    parser.add_argument("--height", type=float, required=True, metavar="M", help="body height in metres")
    parser.add_argument("--mass", type=float, required=True, metavar="KG", help="body mass in kilograms")
    parser.add_argument("--person", type=int, help="which person, when several are seen (0 is the first)")
    parser.add_argument("--treadmill", type=float, metavar="SPEED", help="speed of the belt in m/s")
    parser.add_argument("--slow-motion", type=float, metavar="FACTOR", help="4 when 120 frames/s play at 30")
    parser.add_argument(
        "--sides",
        choices=("as-detected", "repaired"),
        default="",
        help="whose left and right are right, after a person has looked; kept with the login name",
    )
    add_override(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for angles and numbers")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print the numbers as JSON")
    add_data_dir(parser)
    parser.set_defaults(command=_motion)


def add_override(parser: argparse.ArgumentParser) -> None:
    """The explicit override of findings that stop a motion."""
    parser.add_argument(
        "--accept-stopped", default="", metavar="NAME", help="who goes on in spite of findings that stop"
    )
    parser.add_argument("--role", default="", help="role of the person who is named")


def _motion(args: argparse.Namespace) -> int:
    request = MotionRequest(
        tuple(args.videos),
        args.landmarks,
        args.height,
        args.mass,
        args.out,
        args.person,
        args.treadmill,
        args.slow_motion,
        args.sides,
        args.accept_stopped,
        args.role,
        args.calibration,
        args.turn,
    )
    check_motion_request(request)
    from app.cli.motion_run import lines_for_people, solve_from_terminal

    with _data_folder(getattr(args, "data_dir", None)) as folder:
        numbers = solve_from_terminal(request, folder)
    print(json.dumps(numbers, indent=2) if args.as_json else "\n".join(lines_for_people(numbers, args.out)))
    return EXIT_STOPPED if numbers["stopped"] else 0


def check_motion_request(request: MotionRequest) -> None:
    """Refuse now what would be refused after minutes of work.

    Raises UserError PC-022 (not one kind of input; a name without a role), PC-024 (a number out of range),
    PC-025 (a file is missing) or PC-023 (`out` cannot be written).
    """
    from app.session_request import check_files, check_name_and_role, check_results_folder, out_of_range

    if bool(request.videos) == (request.landmarks is not None):
        raise _unclear("Either videos or a file of landmarks is needed, not both.", "Give one of them.")
    if request.calibration is not None and len(request.videos) < 2:
        raise _unclear("A calibration tells where several cameras stand.", "Give the videos of all cameras.")
    if request.landmarks is not None and request.turn_deg:
        raise _unclear("Only videos can be turned.", "Give the video instead of its landmarks.")
    check_name_and_role(request.accepted_by, request.role)
    if request.person is not None and request.person < 0:
        raise out_of_range("person", str(request.person), "0 for the first person, 1 for the next, and so on")
    _check_range("treadmill", request.treadmill_m_s, BELT_SPEEDS_M_S, " m/s")
    _check_range("slow-motion", request.slow_motion, _FACTORS)
    check_files(*request.videos, request.landmarks, request.calibration)
    check_results_folder(request.out)


def _unclear(why: str, next_step: str) -> UserError:
    return refuse(
        "PC-022", "This command cannot be understood.", why, f"{next_step} See exotwin motion --help."
    )


def _check_range(name: str, value: float | None, limits: tuple[float, float], unit: str = "") -> None:
    from app.session_request import out_of_range

    low, high = limits
    if value is not None and not low <= value <= high:
        raise out_of_range(name, f"{value:g}", f"{low:g} to {high:g}{unit}")


@contextmanager
def _data_folder(given: Path | None) -> Iterator[Path]:
    """The data folder given, or one that is gone afterwards."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="exotwin-motion-") as folder:
        yield Path(folder)
