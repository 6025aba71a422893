"""Opening the database: migrations, integrity checks, backups, and errors as advice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import Advice, UserError, refuse
from core.store.files import disk_is_full, folder_errors, folder_is_unusable
from core.store.private import make_private

HEAD = "0005"
BACKUPS_KEPT = 10
_BACKUP_STAMP = "%Y%m%d-%H%M%S"
_BACKUP_NAMES = "exotwin-????????-??????.db"
_WAIT_FOR_LOCK_S = 5.0
_UNREACHABLE = ("unable to open", "readonly", "disk I/O error")  # SQLite's words
_MIGRATIONS = Path(__file__).with_name("migrations")
_OUR_TABLES = frozenset({"alembic_version", "patient", "visit", "record", "decision", "log"})
# Files that only exist where there was a database: results, its backups, the keys of its packages.
_RESULTS, _BACKUPS, _KEYS = "records/*/[!.]*", f"backups/{_BACKUP_NAMES}", "keys/*"


class Trouble(StrEnum):
    """Why a database cannot be used, in the words of the advice."""

    DAMAGED = "The database file is damaged, for example by a power cut or a failing disk."
    MISSING = "The database file is missing, but results, backups or keys that belong to one are there."
    EMPTY = "The database file is empty, but results, backups or keys that belong to a full one are there."
    FOREIGN = "The database file holds no record of ExoTwin: it is of another program, or was never finished."


def database_path(data_dir: Path) -> Path:
    return data_dir / "exotwin.db"


def open_engine(data_dir: Path) -> Engine:
    """Open the database of a data folder, made or migrated as needed.

    A new one is made only where there is no trace of an earlier one; a database is backed up before it is
    migrated. Permissions of other users of the PC are removed. Raises UserError REC-001 (locked), REC-002
    (`Trouble`), REC-003 (full disk), REC-005 (written by a newer ExoTwin), REC-006 (folder missing or not
    writable) or REC-008.
    """
    path = database_path(data_dir)
    with folder_errors(data_dir):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_private(data_dir)
    trouble = trouble_of(data_dir)
    if trouble is not None:
        raise UserError(damaged_advice(data_dir, trouble))
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
    """Turn SQLite's errors into advice."""
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


def damaged_advice(data_dir: Path, trouble: Trouble = Trouble.DAMAGED) -> Advice:
    newest = newest_backup(data_dir)
    if newest is None:
        next_step = f"Nothing can be restored: no good backup is there. {_without_backup(data_dir, trouble)}"
    else:
        next_step = f"Restore the last good backup, of {backup_time(newest).astimezone():%Y-%m-%d %H:%M}."
    return Advice(what="The record cannot be opened.", why=trouble.value, next_step=next_step, code="REC-002")


def _without_backup(data_dir: Path, trouble: Trouble) -> str:
    other = (
        "Copy a saved data folder back in its place, or go on in another, empty folder and leave this one."
    )
    begun = trouble not in (Trouble.MISSING, Trouble.EMPTY)
    if begun or any(data_dir.glob(_RESULTS)) or any(data_dir.glob(_BACKUPS)):
        return other
    # Only keys are left, and earlier versions made a key also where there was no database yet.
    return (
        "If a key was made here but never a visit, move the folder keys out, start ExoTwin once and move it "
        f"back. Otherwise: {other[0].lower()}{other[1:]}"
    )


def back_up(data_dir: Path, now: datetime) -> Path:
    """Copy the database aside through SQLite's own backup, keeping the newest few.

    `now` is in UTC. Older backups stay when none can be made. Raises UserError REC-001 (locked), REC-002 (the
    database is in trouble, and no backup of it would be a good one) or REC-008 (no room, no right to write).
    """
    trouble = trouble_of(data_dir)
    if trouble is not None:
        raise UserError(damaged_advice(data_dir, trouble))
    folder = data_dir / "backups"
    target = folder / f"exotwin-{now:{_BACKUP_STAMP}}.db"
    aside = target.with_suffix(".part")
    try:
        folder.mkdir(exist_ok=True)
        with (
            closing(_connected(database_path(data_dir), "ro")) as source,
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
    for series in _backups(data_dir):
        for old in series[:-BACKUPS_KEPT]:
            old.unlink()
    return target


def backup_time(backup: Path) -> datetime:
    """When a backup was made, in UTC, from its name."""
    stamp = backup.stem.removeprefix("exotwin-")
    return datetime.strptime(stamp, _BACKUP_STAMP).replace(tzinfo=UTC)


def newest_backup(data_dir: Path) -> Path | None:
    """The last good backup: the newest that holds no less than any before it."""
    complete, _emptier = _backups(data_dir)
    return complete[-1] if complete else None


def last_backup(data_dir: Path) -> Path | None:
    """The backup that was made last, of whatever was the record then; damaged ones do not count."""
    backups = sorted((data_dir / "backups").glob(_BACKUP_NAMES), reverse=True)
    return next((path for path in backups if _entries(path) is not None), None)


def _backups(data_dir: Path) -> tuple[list[Path], list[Path]]:
    """Those that hold no less than any before them, and the others, both oldest first.

    A record only ever grows. One that shrank was lost and begun anew, or is an older copy: its backups are
    counted apart, so that however many of them are made, those of the fuller record stay.
    """
    complete: list[Path] = []
    emptier: list[Path] = []
    most = 0
    for backup in sorted((data_dir / "backups").glob(_BACKUP_NAMES)):
        entries = _entries(backup)
        if entries is None or entries < most:
            emptier.append(backup)
        else:
            complete.append(backup)
            most = entries
    return complete, emptier


def _entries(backup: Path) -> int | None:
    """Number of append-only rows in a backup; None when it is damaged or no record."""
    try:
        tables = _sound_tables(backup, "ro")
        if tables is None or not tables >= _OUR_TABLES:
            return None
        with closing(_connected(backup, "ro")) as connection:
            statements = (f"SELECT count(*) FROM {name}" for name in ("record", "decision", "log"))
            return sum(int(connection.execute(statement).fetchone()[0]) for statement in statements)
    except sqlite3.Error:
        return None


def restore_backup(data_dir: Path) -> Path:
    """Put the last good backup in place; the damaged file is kept beside it. Returns the backup used.

    Raises UserError REC-002 when there is no good backup, REC-003 or REC-006 when the disk does not allow it.
    """
    backup = newest_backup(data_dir)
    if backup is None:
        raise UserError(damaged_advice(data_dir, trouble_of(data_dir) or Trouble.DAMAGED))
    path = database_path(data_dir)
    with folder_errors(data_dir):
        fresh = path.with_suffix(".restored")
        fresh.write_bytes(backup.read_bytes())
        _keep_damaged(path)
        fresh.replace(path)
    return backup


def is_damaged(data_dir: Path) -> bool:
    """Whether the database is in trouble. Raises UserError REC-001 while another program holds it."""
    return trouble_of(data_dir) is not None


def trouble_of(data_dir: Path) -> Trouble | None:
    """What is wrong with the database; None when it is sound, and where there was never one.

    Raises UserError REC-001 while another program holds it.
    """
    path = database_path(data_dir)
    if not path.exists():
        lost = _has_traces_of_a_record(data_dir) and not path.exists()  # another program may make it just now
        return Trouble.MISSING if lost else None
    try:
        tables = _sound_tables(path, "rw")  # may write: a transaction cut short is rolled back first
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise _busy() from error
        return None  # out of reach is not damaged; the next statement reports it
    except sqlite3.DatabaseError:
        return Trouble.DAMAGED
    if tables is None:
        return Trouble.DAMAGED
    if not tables:
        return Trouble.EMPTY if _has_traces_of_a_record(data_dir) else None
    return None if tables >= _OUR_TABLES else Trouble.FOREIGN


def _has_traces_of_a_record(data_dir: Path) -> bool:
    return any(any(data_dir.glob(sign)) for sign in (_RESULTS, _BACKUPS, _KEYS))


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


def _sound_tables(path: Path, mode: str) -> frozenset[str] | None:
    """Names of the tables, none in an empty file; None when a page is damaged."""
    with closing(_connected(path, mode)) as connection:
        if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            return None
        names = connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        return frozenset(str(name) for (name,) in names if not name.startswith("sqlite_"))


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    """Unlike a plain connection it creates no file where there is none."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_WAIT_FOR_LOCK_S)


def _busy() -> UserError:
    return refuse(
        "REC-001",
        "The record is busy.",
        "Another program holds the database of this data folder.",
        "Close the other program, then try again; nothing was lost.",
    )


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
        # All or nothing: sqlite3 begins no transaction for statements that make tables.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
