"""Backups of the database: made through SQLite, read back, thinned by age, and put back in place."""

from __future__ import annotations

from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.errors import UserError, refuse
from core.store.backup_files import (
    backup_name,
    backups_dir,
    backups_in,
    last_backup,
    series,
    superfluous,
)
from core.store.dialects.sqlite_file import database_path, entries_of, open_connection, set_stamp
from core.store.files import folder_errors, make_folder, sync_file, sync_folder
from core.store.folder_lock import held
from core.store.identity import read_identity
from core.store.sealed_database import is_plain_database, may_be_plain, sqlite_errors
from core.store.trouble import Trouble, damaged_advice, trouble_of

BACKUP_AFTER_S = 3600.0
PART = ".part"  # ending of a backup that is being written


def back_up_if_due(data_dir: Path, after_s: float = BACKUP_AFTER_S) -> Path | None:
    """Keep a backup, when something changed since the newest one and that is older than `after_s`.

    Raises UserError REC-008 when none can be made, and what `back_up` raises of a database in trouble.
    """
    now, path = datetime.now(UTC), database_path(data_dir)
    newest = last_backup(data_dir)
    if newest is not None and path.exists():
        made_s = newest.stat().st_mtime
        unchanged = path.stat().st_mtime <= made_s
        if unchanged or now.timestamp() - made_s < after_s:
            return None
    return back_up(data_dir, now)


def back_up(data_dir: Path, now: datetime) -> Path:
    """Copy the database aside through SQLite's own backup, read the copy back, and thin the older ones.

    `now` is in UTC. Older backups stay when none can be made. Raises UserError REC-001 (locked), REC-002 (the
    database is in trouble, and no backup of it would be a good one) or REC-008 (no room, no right to write).
    """
    trouble = trouble_of(data_dir)
    if trouble is not None:
        raise UserError(damaged_advice(data_dir, trouble))
    folder = backups_dir(data_dir)
    aside = (folder / backup_name(now)).with_suffix(PART)
    try:
        make_folder(folder)
        entries = _copy(database_path(data_dir), aside)
        target = _free_name(folder, now, entries)
        aside.replace(target)
        sync_folder(folder)
    except sqlite_errors("Error", OSError) as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise refuse(
            "REC-008",
            "No backup of the record could be made.",
            f"The folder {folder} could not be written: {error}.",
            "Free some space there, or copy the data folder to another disk today.",
        ) from error
    for old in superfluous(backups_in(data_dir)):
        old.path.unlink()
    return target


def _copy(source: Path, aside: Path) -> int:
    """Copy a database; returns how many entries the copy holds. Raises OSError when it does not read back."""
    aside.unlink(missing_ok=True)
    with (
        closing(open_connection(source, "ro")) as original,
        closing(open_connection(aside, "rwc", like=source)) as copy,
    ):
        original.backup(copy)
    sync_file(aside)
    entries = entries_of(aside)
    if entries is None:
        raise OSError("what was written does not read back")
    return entries


def _free_name(folder: Path, now: datetime, entries: int) -> Path:
    """A name of its own, or that of one made in the same second which holds no more."""
    target = folder / backup_name(now)
    while target.exists() and (entries_of(target) or 0) > entries:
        now += timedelta(seconds=1)
        target = folder / backup_name(now)
    return target


def restore_backup(data_dir: Path) -> Path:
    """Put the last good backup in place; the damaged file is kept beside it. Returns the backup used.

    Raises UserError REC-002 when there is no good backup, REC-003 or REC-006 when the disk does not allow it,
    REC-010 while another program has the folder.
    """
    with held(data_dir):
        return _restore(data_dir)


def _restore(data_dir: Path) -> Path:
    backup = _to_restore(data_dir)
    if backup is None:
        raise UserError(damaged_advice(data_dir, trouble_of(data_dir) or Trouble.DAMAGED))
    path = database_path(data_dir)
    identity = read_identity(data_dir)
    with folder_errors(data_dir):
        fresh = path.with_suffix(".restored")
        fresh.write_bytes(backup.read_bytes())
        if identity is not None:  # a backup from before there were stamps, or before `store.json` was lost
            set_stamp(fresh, identity.stamp)
        sync_file(fresh)
        _keep_damaged(path)
        fresh.replace(path)
        sync_folder(data_dir)
    return backup


def _to_restore(data_dir: Path) -> Path | None:
    """The last good backup; a plain one in an encrypted folder came from elsewhere, and is passed by."""
    plain_too = may_be_plain(data_dir)
    ours = [one for one in backups_in(data_dir) if plain_too or not is_plain_database(one.path)]
    complete, _emptier = series(ours)
    return complete[-1].path if complete else None


def _keep_damaged(path: Path) -> None:
    """Move the database aside. Its journal goes too: SQLite would replay it into the restored file."""
    kept = path.with_suffix(".damaged")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_suffix(f".damaged-{number}")
    for ending in ("", "-journal", "-wal", "-shm"):
        source = path.with_name(path.name + ending)
        if source.exists():
            source.replace(kept.with_name(kept.name + ending))
