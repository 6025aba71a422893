"""`exotwin record` and `exotwin restore`: what keeps the record, and what brings it back."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.paths import data_dir_default, operator_name
from core.errors import refuse


def add_record(commands: Any, add_data_dir: Callable[[Any], None]) -> None:
    restore = commands.add_parser("restore", help="put the last good backup of a damaged record in place")
    restore.set_defaults(command=_restore)
    add_data_dir(restore)


def _restore(args: argparse.Namespace) -> int:
    from core.store.backups import restore_backup
    from core.store.database import database_path
    from core.store.repository import open_store
    from core.store.trouble import is_damaged

    folder = _data_dir(args)
    existed = database_path(folder).exists()
    if not is_damaged(folder):
        raise refuse(
            "REC-009",
            "Nothing was restored.",
            f"The record in {folder} is not damaged." if existed else f"There is no record in {folder} yet.",
            "Start ExoTwin as usual, or name another folder with --data-dir.",
        )
    backup = restore_backup(folder)
    kept = "the damaged database is kept beside it" if existed else "there was no database"
    with open_store(folder) as store:
        store.log(operator_name(), "backup restored", backup.name, kept)
    print(f"{backup.name} is in place; {kept}.")
    return 0


def _data_dir(args: argparse.Namespace) -> Path:
    return getattr(args, "data_dir", None) or data_dir_default()
