"""Opening the database: migrations, health, backups, and errors in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import Advice, UserError, refuse

HEAD = "0001"
BACKUPS_KEPT = 10
_WAIT_FOR_LOCK_S = 5.0
_MIGRATIONS = Path(__file__).with_name("migrations")


def database_path(data_dir: Path) -> Path:
    return data_dir / "exotwin.db"


def open_engine(data_dir: Path) -> Engine:
    """Open the database of a data folder, made or migrated as needed.

    Raises UserError REC-001 (locked), REC-002 (damaged) or REC-005 (written by a newer ExoTwin).
    """
    path = database_path(data_dir)
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
        if revision != HEAD:
            _migrate(engine)
    return engine


@contextmanager
def database_errors(data_dir: Path) -> Iterator[None]:
    """Turn what SQLite reports into advice."""
    try:
        yield
    except OperationalError as error:
        if "locked" in str(error.orig):
            raise refuse(
                "REC-001",
                "The record is busy.",
                "Another program holds the database of this data folder.",
                "Close the other program, then try again; nothing was lost.",
            ) from error
        if "full" in str(error.orig):
            raise refuse(
                "REC-003",
                "The result could not be saved.",
                "The disk with the data folder is full.",
                "Free some space and do the step again; earlier results are untouched.",
            ) from error
        raise
    except DatabaseError as error:
        if "malformed" in str(error.orig) or "not a database" in str(error.orig):
            raise UserError(damaged_advice(data_dir)) from error
        raise


def damaged_advice(data_dir: Path) -> Advice:
    newest = newest_backup(data_dir)
    next_step = "Copy a saved data folder back in its place."
    if newest is not None:
        next_step = f"Restore the last good backup, {newest.stem.removeprefix('exotwin-')}."
    return Advice(
        what="The record cannot be opened.",
        why="The database file is damaged, for example by a power cut or a failing disk.",
        next_step=next_step,
        code="REC-002",
    )


def back_up(data_dir: Path, now: datetime) -> Path:
    """Copy the database aside through SQLite's own backup, keeping the newest few."""
    folder = data_dir / "backups"
    folder.mkdir(exist_ok=True)
    target = folder / f"exotwin-{now:%Y%m%d-%H%M%S}.db"
    with (
        closing(sqlite3.connect(database_path(data_dir))) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
    for old in sorted(folder.glob("exotwin-*.db"))[:-BACKUPS_KEPT]:
        old.unlink()
    return target


def newest_backup(data_dir: Path) -> Path | None:
    backups = sorted((data_dir / "backups").glob("exotwin-*.db"), reverse=True)
    return next((path for path in backups if _is_healthy(path)), None)


def restore_backup(data_dir: Path) -> Path:
    """Put the last good backup in place; the damaged file is kept beside it. Returns the backup used."""
    backup = newest_backup(data_dir)
    if backup is None:
        raise UserError(damaged_advice(data_dir))
    path = database_path(data_dir)
    if path.exists():
        path.replace(path.with_suffix(".damaged"))
    path.write_bytes(backup.read_bytes())
    return backup


def _prepare_connection(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _is_healthy(path: Path) -> bool:
    try:
        with closing(
            sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_WAIT_FOR_LOCK_S)
        ) as connection:
            return bool(connection.execute("PRAGMA quick_check").fetchone()[0] == "ok")
    except sqlite3.OperationalError as error:
        return "locked" in str(error)  # busy is not damaged; the next statement reports it
    except sqlite3.DatabaseError:
        return False


def _refuse_damaged(path: Path) -> None:
    if path.exists() and path.stat().st_size > 0 and not _is_healthy(path):
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
