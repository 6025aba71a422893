"""Opening the database: migrations, health, backups, and errors in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import Advice, UserError, refuse
from core.store.files import disk_is_full, folder_errors, folder_is_unusable

HEAD = "0002"
BACKUPS_KEPT = 10
_BACKUP_STAMP = "%Y%m%d-%H%M%S"
_WAIT_FOR_LOCK_S = 5.0
_UNREACHABLE = ("unable to open", "readonly", "disk I/O error")  # SQLite's words
_MIGRATIONS = Path(__file__).with_name("migrations")


def database_path(data_dir: Path) -> Path:
    return data_dir / "exotwin.db"


def open_engine(data_dir: Path) -> Engine:
    """Open the database of a data folder, made or migrated as needed.

    A backup is kept of one that is migrated. Raises UserError REC-001 (locked), REC-002 (damaged), REC-003
    (full disk), REC-005 (written by a newer ExoTwin), REC-006 (folder missing or not writable) or REC-008.
    """
    path = database_path(data_dir)
    with folder_errors(data_dir):
        data_dir.mkdir(parents=True, exist_ok=True)
    _refuse_damaged(path)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _WAIT_FOR_LOCK_S})
    event.listen(engine, "connect", _prepare_connection)
    with database_errors(data_dir):
        revision = _revision(engine)
        if revision is not None and revision > HEAD:
            raise refuse(
                "REC-005",
                "This data folder cannot be opened.",
                "It was written by a newer version of ExoTwin.",
                "Start the newer version, or choose another data folder.",
            )
        if revision is not None and revision < HEAD:
            back_up(data_dir, datetime.now(UTC))
        if revision != HEAD:
            _migrate(engine)
    return engine


@contextmanager
def database_errors(data_dir: Path) -> Iterator[None]:
    """Turn what SQLite reports into advice."""
    try:
        yield
    except OperationalError as error:
        reason = str(error.orig)
        if "locked" in reason:
            raise _busy() from error
        if "full" in reason:
            raise disk_is_full() from error
        if any(words in reason for words in _UNREACHABLE):
            raise folder_is_unusable(data_dir, reason) from error
        raise
    except DatabaseError as error:
        if "malformed" in str(error.orig) or "not a database" in str(error.orig):
            raise UserError(damaged_advice(data_dir)) from error
        raise


def damaged_advice(data_dir: Path) -> Advice:
    newest = newest_backup(data_dir)
    next_step = "Copy a saved data folder back in its place."
    if newest is not None:
        next_step = f"Restore the last good backup, of {backup_time(newest).astimezone():%Y-%m-%d %H:%M}."
    return Advice(
        what="The record cannot be opened.",
        why="The database file is damaged, for example by a power cut or a failing disk.",
        next_step=next_step,
        code="REC-002",
    )


def back_up(data_dir: Path, now: datetime) -> Path:
    """Copy the database aside through SQLite's own backup, keeping the newest few.

    `now` is in UTC. Raises UserError REC-008 when no copy can be made; older backups stay.
    """
    folder = data_dir / "backups"
    target = folder / f"exotwin-{now:{_BACKUP_STAMP}}.db"
    aside = target.with_suffix(".part")
    try:
        folder.mkdir(exist_ok=True)
        with (
            closing(sqlite3.connect(database_path(data_dir))) as source,
            closing(sqlite3.connect(aside)) as copy,
        ):
            source.backup(copy)
        aside.replace(target)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise refuse(
            "REC-008",
            "No backup of the record could be made.",
            f"The folder {folder} could not be written: {error}.",
            "Free some space there, or copy the data folder to another disk today.",
        ) from error
    for old in sorted(folder.glob("exotwin-*.db"))[:-BACKUPS_KEPT]:
        old.unlink()
    return target


def backup_time(backup: Path) -> datetime:
    """When a backup was made, in UTC, from its name."""
    stamp = backup.stem.removeprefix("exotwin-")
    return datetime.strptime(stamp, _BACKUP_STAMP).replace(tzinfo=UTC)


def newest_backup(data_dir: Path) -> Path | None:
    backups = sorted((data_dir / "backups").glob("exotwin-*.db"), reverse=True)
    return next((path for path in backups if _is_healthy(path)), None)


def restore_backup(data_dir: Path) -> Path:
    """Put the last good backup in place; the damaged file is kept beside it. Returns the backup used.

    Raises UserError REC-002 when there is no good backup, REC-003 or REC-006 when the disk does not allow it.
    """
    backup = newest_backup(data_dir)
    if backup is None:
        raise UserError(damaged_advice(data_dir))
    path = database_path(data_dir)
    with folder_errors(data_dir):
        fresh = path.with_suffix(".restored")
        fresh.write_bytes(backup.read_bytes())
        _keep_damaged(path)
        fresh.replace(path)
    return backup


def is_damaged(data_dir: Path) -> bool:
    """Whether the database cannot be read. Raises UserError REC-001 while another program holds it."""
    path = database_path(data_dir)
    return path.exists() and path.stat().st_size > 0 and not _is_sound(path)


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


def _prepare_connection(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _is_healthy(backup: Path) -> bool:
    try:
        return _passes_check(backup, "ro")
    except sqlite3.DatabaseError:
        return False


def _is_sound(path: Path) -> bool:
    try:
        return _passes_check(path, "rw")  # may write: a transaction cut short is rolled back first
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise _busy() from error
        return True  # out of reach is not damaged; the next statement reports it
    except sqlite3.DatabaseError:
        return False


def _passes_check(path: Path, mode: str) -> bool:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(address, uri=True, timeout=_WAIT_FOR_LOCK_S)) as connection:
        return bool(connection.execute("PRAGMA quick_check").fetchone()[0] == "ok")


def _busy() -> UserError:
    return refuse(
        "REC-001",
        "The record is busy.",
        "Another program holds the database of this data folder.",
        "Close the other program, then try again; nothing was lost.",
    )


def _refuse_damaged(path: Path) -> None:
    if is_damaged(path.parent):
        raise UserError(damaged_advice(path.parent))


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type='table' AND name='alembic_version'")
        ).first()
        if found is None:
            return None
        row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
        return None if row is None else str(row[0])


def _migrate(engine: Engine) -> None:
    # Alembic is slow to import and is needed only for a new or an older data folder.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
