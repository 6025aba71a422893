"""`exotwin assist`: assistance that is planned from measurements, without training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.cli.assist_plan import add_plan
from app.cli.assist_tune import add_tune


def add_assist(commands: Any, add_data_dir: Callable[[Any], None]) -> None:
    parser = commands.add_parser("assist", help="plan what a belt exo gives, from measurements")
    kinds = parser.add_subparsers(title="what", metavar="WHAT", dest="assist_word", required=True)
    add_plan(kinds, add_data_dir)
    add_tune(kinds, add_data_dir)
