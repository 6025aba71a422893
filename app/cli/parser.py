"""The program's parser: refuses like everything else does, and knows what holds for every command."""

from __future__ import annotations

import argparse
from typing import NoReturn

import resources
from app.cli.version import version_words
from core.errors import refuse


class Parser(argparse.ArgumentParser):
    """Refuses a wrong command in one line, like every other refusal."""

    def error(self, message: str) -> NoReturn:
        what, why = "This command cannot be understood.", f"{message[:1].upper()}{message[1:]}."
        raise refuse("PC-022", what, why, f"See {self.prog} --help.")


class _Version(argparse.Action):
    """Tells versions; reads them only when asked."""

    def __call__(self, parser: argparse.ArgumentParser, *_told: object) -> NoReturn:
        print(version_words())
        parser.exit()


def program_parser() -> Parser:
    """Without any command."""
    parser = Parser(
        prog="exotwin",
        description="From a walking video to an exo controller.",
        epilog=f"Manual: {resources.manual()}",
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="version of the program, and of its parts"
    )
    parser.add_argument("--demo", action="store_true", help="start with a synthetic demo patient ready")
    return parser
