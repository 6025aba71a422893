"""`exotwin bench …`: its options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.bench.commands import BENCHES, SCALE_PARTS, BenchOptions, bench_command
from app.paths import data_dir_default

ASSIST_PARTS = {
    "deficits": "instead, help for one-sided deficits",
    "situations": "instead, help on ramps, stairs and the run, and when the exo fails",
    "ankle": "instead, exos at the ankle",
    "adapt": "instead, a controller adapted to a wearer who walks otherwise than the twin",
}


def add_bench(commands: Any, add_data_dir: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add `bench` to the parsers of the commands."""
    parser = commands.add_parser("bench", help="measure this program on this PC")
    parser.add_argument("what", choices=tuple(BENCHES), help="what is measured")
    parser.add_argument("--file", type=Path, help="video for `bench video`")
    parser.add_argument(
        "--quick", action="store_true", help="`bench assist`, `student`, `amplitude`, `scale`: smaller"
    )
    for part, measured in ASSIST_PARTS.items():
        parser.add_argument(f"--{part}", action="store_true", help=f"`bench assist`: {measured}")
    parser.add_argument(
        "--part",
        action="append",
        default=[],
        choices=SCALE_PARTS,
        help="`bench scale`: only this; may be given again",
    )
    parser.add_argument(
        "--fidelity",
        choices=("fast", "standard", "full"),
        default="fast",
        help="for `bench walk` and `bench scenarios`",
    )
    parser.add_argument("--starts", type=int, default=64, help="random starts of these two")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each of their walks")
    parser.add_argument("--seed", type=int, default=0, help="of these starts")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    add_data_dir(parser)
    parser.set_defaults(command=_bench)


def _bench(args: argparse.Namespace) -> int:
    from app.session_request import check_walks

    check_walks(args.starts, args.seconds)
    options = BenchOptions(
        data_dir=getattr(args, "data_dir", None) or data_dir_default(),
        file=args.file,
        quick=args.quick,
        assist_parts=tuple(part for part in ASSIST_PARTS if getattr(args, part)),
        scale_parts=tuple(args.part),
        fidelity=args.fidelity,
        starts=args.starts,
        seconds=args.seconds,
        seed=args.seed,
    )
    return bench_command(args.what, options, as_json=args.as_json)
