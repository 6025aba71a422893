"""Options of a session for the log of an exo that was worn during the recording."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UserError, refuse

if TYPE_CHECKING:
    from core.jobs.values import JsonValue


def add_exo_log_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--exo-log",
        type=Path,
        metavar="FILE",
        help="torques [N·m] of an exo that was worn during the recording, by time, side and joint (CSV, STO, "
        "MOT): they are taken off the person's moments",
    )
    parser.add_argument(
        "--exo-log-offset",
        type=float,
        metavar="S",
        help="seconds that added to the log's time give the motion's (default: they run alike)",
    )
    parser.add_argument(
        "--exo-log-positive",
        choices=("flexion", "extension"),
        help="what a positive torque does to the person, where the columns do not name it",
    )
    parser.add_argument(
        "--exo-log-device", metavar="NAME", help="which exo of this program it was: its mass is carried"
    )


def exo_log_options(args: argparse.Namespace) -> dict[str, JsonValue]:
    """Parameters of `import_exo_log`; empty without a log.

    Reads the log once, so that what cannot be used is refused before anything takes time: PC-022 (options
    without a log), PC-024, PC-025, EXO-030 and what `read_exo_log` refuses.
    """
    from app.cli.terminal_advice import in_a_terminal
    from app.jobs.guarded import guarded
    from app.session_request import check_files, out_of_range
    from core.devices.profiles import load_profile

    given = (args.exo_log_offset, args.exo_log_positive, args.exo_log_device)
    if args.exo_log is None and any(value is not None for value in given):
        raise refuse(
            "PC-022",
            "This command cannot be understood.",
            "It tells something about the log of an exo, but names no log.",
            "Give the log with --exo-log FILE, or leave the other options out.",
        )
    if args.exo_log is None:
        return {}
    check_files(args.exo_log)
    if args.exo_log_offset is not None and not math.isfinite(args.exo_log_offset):
        raise out_of_range("exo-log-offset", f"{args.exo_log_offset:g}", "a number of seconds")
    if args.exo_log_device is not None:
        load_profile(args.exo_log_device)
    try:
        guarded((args.exo_log,), check_log, args.exo_log, args.exo_log_positive or "")
    except UserError as error:
        raise UserError(in_a_terminal(error.advice)) from error
    return {
        "file": str(args.exo_log.absolute()),
        "offset_s": args.exo_log_offset,
        "positive": args.exo_log_positive,
        "device": args.exo_log_device,
    }


def check_log(file: Path, positive: str) -> None:
    """In a process of its own. Refuses what `read_exo_log` does."""
    from core.kinetics.exo_log import read_exo_log

    read_exo_log(file, positive=positive)
