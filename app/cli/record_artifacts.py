"""`exotwin record artifacts`: where the files of results lie, and which shared store this PC uses."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.cli.signing import signed
from app.paths import data_dir_default, operator_name
from core.domain.people import Action


def add_artifacts(actions: Any, add_data_dir: Callable[[Any], None]) -> None:
    parser = actions.add_parser("artifacts", help="where the files of results lie; or which store is used")
    parser.add_argument(
        "place",
        nargs="?",
        default="",
        metavar="PLACE",
        help="use this store of the record: the path of a shared folder, or s3://BUCKET/PREFIX",
    )
    add_data_dir(parser)
    parser.set_defaults(command=_artifacts)


def _artifacts(args: argparse.Namespace) -> int:
    from core.store.artifacts.choice import use_store
    from core.store.database import require_a_record
    from core.store.people import RECORD
    from core.store.repository import open_store

    folder: Path = getattr(args, "data_dir", None) or data_dir_default()
    require_a_record(folder)
    with open_store(folder, to_read=not args.place) as store:
        if args.place:
            by, _role = signed(store, Action.LOOK_AFTER, RECORD, (operator_name(), ""))
            use_store(folder, args.place, fresh=store.is_fresh)
            store.log(by, "store of files chosen", "")  # its address may name people
        print(f"The files of results lie in {store.artifacts.place}.")
        if not store.shares_files:
            print("Other PCs do not reach them there; exotwin record move --artifacts PLACE moves them.")
    return 0
