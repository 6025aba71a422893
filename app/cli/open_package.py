"""`exotwin open FILE`: what a double click on a controller package does."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.paths import data_dir_default
from app.screen import has_screen
from core.domain.package_look import PackageLook, PackageUse, unreadable
from core.errors import UserError

EXIT_OK, EXIT_FAILED = 0, 2
WINDOW_NAME = "The window of ExoTwin"  # how another program is told who has the data folder


def add_open(commands: Any, add_data_dir: Callable[[argparse.ArgumentParser], None]) -> None:
    parser = commands.add_parser("open", help="show a controller package in a window, as a double click does")
    parser.add_argument("file", type=Path, help="the .exopkg file")
    add_data_dir(parser)
    parser.set_defaults(command=_open)


def _open(args: argparse.Namespace) -> int:
    folder = getattr(args, "data_dir", None) or data_dir_default()
    if has_screen():
        return _in_a_window(args.file, folder)
    look = looked_at(args.file, folder)
    print(look.text)
    return EXIT_FAILED if look.use is PackageUse.NOBODY else EXIT_OK


def looked_at(file: Path, data_dir: Path) -> PackageLook:
    """Read by a process with limits that claims no data folder: ExoTwin may be open meanwhile.

    Raises UserError IMP-001 to IMP-004, DEP-006 and KEY-006.
    """
    from app.jobs.guarded import guarded
    from core.deploy.package_look import look_at

    return guarded((file,), look_at, file.absolute(), data_dir)


def _in_a_window(file: Path, data_dir: Path) -> int:
    """A refusal is shown, too: after a double click nobody sees a terminal."""
    from app.package_window import show_package

    try:
        look = looked_at(file, data_dir)
    except UserError as error:
        look = unreadable(file.name, error.advice)
    if not show_package(look, data_dir):
        return EXIT_OK
    from app.main import run_gui
    from core.store.folder_lock import name_program

    name_program(WINDOW_NAME)
    return run_gui(data_dir)
