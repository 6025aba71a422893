"""What a person can say about a film, as options of the commands that read one."""

from __future__ import annotations

import argparse
from typing import Any


def add_film_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--slow-motion",
        type=float,
        metavar="FACTOR",
        help="how many times slower than life the film plays; 1: as fast as life",
    )
    parser.add_argument(
        "--turn",
        type=int,
        choices=(90, 180, 270),
        default=0,
        metavar="DEGREES",
        help="turn the film clockwise by 90, 180 or 270 degrees, because it lies on its side",
    )
    parser.add_argument(
        "--hide-face", action="store_true", help="keep the film with blurred heads, and no other copy of it"
    )


def film_options(args: argparse.Namespace) -> dict[str, Any]:
    """The fields of `SessionRequest` that these options fill."""
    return {
        "slow_motion": getattr(args, "slow_motion", None),
        "turn_deg": getattr(args, "turn", 0),
        "hide_face": getattr(args, "hide_face", False),
    }
