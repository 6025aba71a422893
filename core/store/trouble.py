"""A database that cannot be used: how that is noticed, and what the person is told."""

from __future__ import annotations

import shlex
from contextlib import closing
from enum import StrEnum
from pathlib import Path

from core.errors import Advice, UserError, refuse
from core.store.backup_files import BACKUP_NAMES, backup_time, backups_in, newest_backup
from core.store.dialects.sqlite_file import (
    OUR_TABLES,
    counted_entries,
    database_path,
    open_connection,
    sound_tables,
    stamp_of,
)
from core.store.identity import has_identity, read_identity
from core.store.sealed_database import sqlite_errors
from core.store.second_place import second_copy

# Files that only exist where there was a database: results, its backups, the keys of its packages.
_RESULTS, _BACKUPS, _KEYS = "records/*/[!.]*", f"backups/{BACKUP_NAMES}", "keys/*"


class Trouble(StrEnum):
    """Why a database cannot be used, in the words of the advice."""

    DAMAGED = "The database file is damaged, for example by a power cut or a failing disk."
    MISSING = "The database file is missing, but this folder had one."
    EMPTY = "The database file is empty, but this folder had a full one."
    FOREIGN = "The database file holds no record of ExoTwin: it is of another program, or was never finished."
    OTHER = "The database file is of another data folder than the one it lies in."


def trouble_of(data_dir: Path) -> Trouble | None:
    """What is wrong with the database; None when it is sound, and where there was never one.

    Raises UserError REC-001 while another program holds it.
    """
    path = database_path(data_dir)
    if not path.exists():
        lost = has_traces_of_a_record(data_dir) and not path.exists()  # another program may make it just now
        return Trouble.MISSING if lost else None
    try:
        tables = sound_tables(path, "rw")  # may write: a transaction cut short is rolled back first
        if tables is None:
            return Trouble.DAMAGED
        if not tables:
            return Trouble.EMPTY if has_traces_of_a_record(data_dir) else None
        return _trouble_of_sound(data_dir) if tables >= OUR_TABLES else Trouble.FOREIGN
    except sqlite_errors("OperationalError") as error:
        if "locked" in str(error):
            raise busy() from error
        return None  # out of reach is not damaged; the next statement reports it
    except sqlite_errors("DatabaseError"):
        return Trouble.DAMAGED


def _trouble_of_sound(data_dir: Path) -> Trouble | None:
    """Of a database with our tables: of another folder, or a blank one in the place of a full one."""
    path, identity = database_path(data_dir), read_identity(data_dir)
    stamp = stamp_of(path)
    if identity is not None and stamp not in (0, identity.stamp):
        return Trouble.OTHER
    if stamp == 0 and _names_none_of_the_results(data_dir):
        return Trouble.OTHER
    if counted_entries(path) > 0:
        return None
    fuller = any(data_dir.glob(_RESULTS)) or any(backup.entries for backup in backups_in(data_dir))
    return Trouble.EMPTY if fuller else None


def _names_none_of_the_results(data_dir: Path) -> bool:
    """Of a database from before there were stamps: results lie here, and all that it names lie elsewhere.

    Taken for ours, it would have every result here swept into quarantine.
    """
    here = {"/".join(path.parts[-2:]) for path in data_dir.glob(_RESULTS)}
    if not here:
        return False
    with closing(open_connection(database_path(data_dir), "ro")) as connection:
        named = {f"{kind}/{name}" for kind, name in connection.execute("SELECT kind, id FROM record")}
    return bool(named) and not named & here


def has_traces_of_a_record(data_dir: Path) -> bool:
    return has_identity(data_dir) or any(any(data_dir.glob(sign)) for sign in (_RESULTS, _BACKUPS, _KEYS))


def damaged_advice(data_dir: Path, trouble: Trouble = Trouble.DAMAGED) -> Advice:
    newest, copy = newest_backup(data_dir), second_copy(data_dir)
    if newest is None and copy is not None:
        next_step = f"Restore it from its second place: exotwin restore --from {shlex.quote(str(copy))}."
    elif newest is None:
        next_step = f"Nothing can be restored: no good backup is there. {_without_backup(data_dir, trouble)}"
    else:
        next_step = f"Restore the last good backup, of {backup_time(newest).astimezone():%Y-%m-%d %H:%M}."
    return Advice(what="The record cannot be opened.", why=trouble.value, next_step=next_step, code="REC-002")


def _without_backup(data_dir: Path, trouble: Trouble) -> str:
    other = (
        "Copy a saved data folder back in its place, or go on in another, empty folder and leave this one."
    )
    begun = trouble not in (Trouble.MISSING, Trouble.EMPTY) or has_identity(data_dir)
    if begun or any(data_dir.glob(_RESULTS)) or any(data_dir.glob(_BACKUPS)):
        return other
    # Only keys are left, and earlier versions made a key also where there was no database yet.
    return (
        "If a key was made here but never a visit, move the folder keys out, start ExoTwin once and move it "
        f"back. Otherwise: {other[0].lower()}{other[1:]}"
    )


def busy() -> UserError:
    return refuse(
        "REC-001",
        "The record is busy.",
        "Another program holds the database of this data folder.",
        "Close the other program, then try again; nothing was lost.",
    )
