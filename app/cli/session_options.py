"""What both kinds of session can be told on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.film_options import film_options
from app.cli.motion import add_override
from core.domain.condition import Condition

if TYPE_CHECKING:
    from app.session_request import SessionRequest


def add_session_options(parser: argparse.ArgumentParser) -> None:
    """Add exo, trainings, what a person answers, and where the results go."""
    parser.add_argument(
        "--device",
        default="",
        help="exo model, which is the patient's from then on (default: the one that the patient has; "
        "Hippo_L1 for a new one)",
    )
    parser.add_argument("--minutes", type=float, default=6.0, help="training time in all (default 6)")
    parser.add_argument(
        "--fidelity",
        choices=("fast", "standard"),
        default="fast",
        help="what moves the twin: joint torques (fast, the default) or its own 80 muscles (standard), which "
        "take several times as long",
    )
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    parser.add_argument(
        "--sides",
        choices=("as-detected", "repaired"),
        default="",
        help="whose left and right are right, after a session stopped because they were in doubt",
    )
    add_override(parser)
    parser.add_argument(
        "--impairment",
        action="append",
        default=[],
        metavar="KIND,SIDE,PLACE,SEVERITY",
        help='an impairment that the twin gets, as in "weakness,left,hip flexors,0.5"; up to four, each '
        "after an option of its own; “,occasional” at its end: in some strides only",
    )
    parser.add_argument(
        "--impairments-by", default="", metavar="NAME", help="who answers for these impairments, with --role"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for summary, report and package")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print the summary")


def add_condition(parser: argparse.ArgumentParser) -> None:
    """Add with which exo the walk was recorded, so that visits can be compared."""
    conditions = tuple(one.option for one in Condition if one is not Condition.NOT_STATED)
    parser.add_argument(
        "--condition",
        choices=conditions,
        default="",
        help="with which exo the patient walks in this recording (default: not stated)",
    )


def session_request(args: argparse.Namespace, data_dir: Path, person: int | None = None) -> SessionRequest:
    from app.cli.session_impairments import read_impairment
    from app.session_request import SessionRequest

    return SessionRequest(
        args.device,
        args.minutes,
        data_dir,
        args.out,
        args.seed,
        person=person,
        fidelity=args.fidelity,
        sides=args.sides,
        accepted_by=args.accept_stopped,
        role=args.role,
        impairments=tuple(read_impairment(words) for words in args.impairment),
        impairments_by=args.impairments_by,
        condition=getattr(args, "condition", ""),
        **film_options(args),
    )
