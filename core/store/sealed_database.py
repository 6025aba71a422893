"""Encrypted databases: SQLCipher with its defaults, AES-256 and HMAC-SHA512 for each page.

The module `sqlcipher3` brings its own SQLite and is imported only here, for a data folder that is
encrypted. Its connections behave as those of `sqlite3`, but its exceptions are others: `sqlite_errors` has
both.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any, cast

from core.errors import refuse

PLAIN_MAGIC = b"SQLite format 3\0"


def is_plain_database(path: Path) -> bool:
    """Whether a file is a SQLite database that is not encrypted; one that is looks like random bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(PLAIN_MAGIC)) == PLAIN_MAGIC
    except OSError:
        return False


def connect(path: Path, mode: str, key: bytes, timeout_s: float) -> sqlite3.Connection:
    """A connection to an encrypted database. `mode` as in SQLite's URIs: `ro`, `rw`, `rwc` to make the file.

    A key that does not fit shows at the first statement: "file is not a database". Raises UserError REC-037
    when SQLCipher is not installed.
    """
    module = dbapi()
    connection = module.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=timeout_s, check_same_thread=False
    )
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    return cast(sqlite3.Connection, connection)


def dbapi() -> Any:
    """The module for SQLAlchemy. Raises UserError REC-037."""
    try:
        import sqlcipher3.dbapi2
    except ImportError as error:
        raise refuse(
            "REC-037",
            "This data folder is encrypted, and this installation cannot read encrypted databases.",
            f"The part sqlcipher3 is missing or does not start: {error}.",
            "Install ExoTwin again; the data are untouched.",
        ) from error
    return sqlcipher3.dbapi2


def sqlite_errors(name: str = "Error") -> tuple[type[Exception], ...]:
    """Exceptions of this name in `sqlite3`, and in `sqlcipher3` where it is in use: for `except`."""
    modules = [sqlite3, sys.modules.get("sqlcipher3.dbapi2")]
    return tuple(getattr(module, name) for module in modules if module is not None)


def encrypt_database(plain: Path, encrypted: Path, key: bytes) -> None:
    """Write an encrypted copy by SQLCipher's own export: tables, triggers, indexes, the user's version."""
    module = dbapi()
    encrypted.unlink(missing_ok=True)
    connection = module.connect(str(plain), timeout=5.0, isolation_level=None)
    try:
        connection.execute(f"ATTACH DATABASE ? AS encrypted KEY \"x'{key.hex()}'\"", (str(encrypted),))
        connection.execute("SELECT sqlcipher_export('encrypted')")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute(f"PRAGMA encrypted.user_version = {int(version)}")
        connection.execute("DETACH DATABASE encrypted")
    finally:
        connection.close()
