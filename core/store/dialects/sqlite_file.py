"""The file of SQLite, or a backup of one: where it lies, how it is opened, what is in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from core.store.sealed_database import connect, key_of, sqlite_errors

OUR_TABLES = frozenset({"alembic_version", "patient", "visit", "record", "decision", "log"})
_GROWING = ("record", "decision", "log")  # rows are only ever added to these
_WAIT_FOR_LOCK_S = 5.0


def database_path(data_dir: Path) -> Path:
    return data_dir / "exotwin.db"


def open_connection(path: Path, mode: str, *, like: Path | None = None) -> sqlite3.Connection:
    """Every connection to a database or a backup is made here. `mode`: `ro`, `rw`, `rwc` to make the file.

    Encrypted as the file is, and a new one as its data folder or as the database `like`.
    """
    key = key_of(path if like is None else like)
    if key is not None:
        return connect(path, mode, key, _WAIT_FOR_LOCK_S)
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_WAIT_FOR_LOCK_S,
        check_same_thread=False,  # SQLAlchemy's pool lends one connection to one thread after another
    )


def sound_tables(path: Path, mode: str) -> frozenset[str] | None:
    """Names of the tables, none in an empty file; None when a page is damaged."""
    with closing(open_connection(path, mode)) as connection:
        if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            return None
        names = connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        return frozenset(str(name) for (name,) in names if not name.startswith("sqlite_"))


def entries_of(path: Path) -> int | None:
    """Number of append-only rows in a database or backup; None when it is damaged or no record."""
    try:
        tables = sound_tables(path, "ro")
        if tables is None or not tables >= OUR_TABLES:
            return None
        return counted_entries(path)
    except sqlite_errors():
        return None


def counted_entries(path: Path) -> int:
    """The same of a database that is known to be sound."""
    with closing(open_connection(path, "ro")) as connection:
        statements = (f"SELECT count(*) FROM {name}" for name in _GROWING)
        return sum(int(connection.execute(statement).fetchone()[0]) for statement in statements)


def stamp_of(path: Path) -> int:
    """Of which record a database says it is; 0 when it was made before there were stamps."""
    with closing(open_connection(path, "ro")) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def set_stamp(path: Path, stamp: int) -> None:
    with closing(open_connection(path, "rw")) as connection, connection:
        connection.execute(f"PRAGMA user_version={stamp}")
