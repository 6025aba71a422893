"""`exotwin record move`: a record to a server or into a folder, and its files to another store."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.signing import signed
from app.paths import DATA_DIR_VARIABLE, data_dir_default, operator_name
from core.domain.people import Action
from core.errors import refuse

if TYPE_CHECKING:
    from core.store.moving.files import FilesMoved


def add_move(actions: Any, add_data_dir: Callable[[Any], None]) -> None:
    parser = actions.add_parser(
        "move", help="move the record to a server, into a folder, or its files elsewhere"
    )
    parser.add_argument(
        "--to",
        default="",
        metavar="PLACE",
        help="postgresql+psycopg://ACCOUNT@HOST/DATABASE, or a new folder for a record that lies on a server",
    )
    parser.add_argument(
        "--artifacts",
        default="",
        metavar="PLACE",
        help="where the files of results go: the path of a shared folder, s3://BUCKET/PREFIX, or here "
        "(the data folder)",
    )
    add_data_dir(parser)
    parser.set_defaults(command=_move)


def _move(args: argparse.Namespace) -> int:
    from core.store.database import require_a_record
    from core.store.moving.record import move_files, move_record
    from core.store.moving.variables import variables_to_change
    from core.store.people import RECORD
    from core.store.repository import open_store

    if not args.to and not args.artifacts:
        raise refuse(
            "PC-022",
            "This command cannot be understood.",
            "It moves the rows (--to), the files of results (--artifacts), or both.",
            "See exotwin record move --help.",
        )
    folder: Path = getattr(args, "data_dir", None) or data_dir_default()
    require_a_record(folder)
    with open_store(folder) as store:
        by, _role = signed(store, Action.LOOK_AFTER, RECORD, (operator_name(), ""))
        store.log(by, "move of the record begun", "", "rows and files" if args.to else "files")
        if not args.to:
            _print_files(move_files(store, args.artifacts, _told), args.artifacts)
            _print_notes(*variables_to_change(folder))
            return 0
        moved = move_record(store, args.to, args.artifacts, _told)
    print(f"{moved.rows} rows of {len(moved.tables)} tables are in {moved.where}, each compared.")
    print("The trail is whole there.")
    for name, table in moved.tables.items():
        if table.rows:
            print(f"  {name:<12} {table.rows:>7}  {table.sha256[:16]}")
    _print_files(moved.files, args.artifacts)
    print(f"What was in its place before stays as it was, and says that the record is in {moved.where}.")
    _print_notes(moved.left, *variables_to_change(moved.folder), _of_the_folder(moved.folder))
    return 0


def _of_the_folder(now: Path) -> str:
    """The variable that names the data folder counts more than a usual start."""
    told = os.environ.get(DATA_DIR_VARIABLE, "")
    if not told or Path(told).expanduser().absolute() == now.absolute():
        return ""
    return f"{DATA_DIR_VARIABLE} still names {told}, and the record is used with {now}: set it to that."


def _print_notes(*notes: str) -> None:
    for note in filter(None, notes):
        print(f"Note: {note}")


def _print_files(files: FilesMoved, place: str) -> None:
    where = f" in {place}" if place else ""
    print(
        f"{files.files} files of {files.results} results are{where}, {files.bytes / 1e6:.1f} MB read back "
        f"with their hash; {files.copied} of them were copied now."
    )


def _told(fraction: float, sentence: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{fraction:4.0%} {sentence}\033[K")
        sys.stderr.flush()
