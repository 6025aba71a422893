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

from core.errors import UserError, refuse
from core.vault.opened import ensure_open, keys_for
from core.vault.places import told_protection

PLAIN_MAGIC = b"SQLite format 3\0"


def is_plain_database(path: Path) -> bool:
    """Whether a file is a SQLite database that is not encrypted; one that is looks like random bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(PLAIN_MAGIC)) == PLAIN_MAGIC
    except OSError:
        return False


def key_of(path: Path) -> bytes | None:
    """The key with which a database or a new one is opened there; None for a plain one.

    Refuses REC-034 a plain database in the place of an encrypted one, and raises as `ensure_open`.
    """
    keys = keys_for(path)
    if keys is None:
        return None
    if not is_plain_database(path):
        return keys.database_key
    if path.resolve().parent == keys.data_dir.resolve() and not may_be_plain(keys.data_dir):
        raise _plain_in_place_of_encrypted()
    return None


def may_be_plain(data_dir: Path) -> bool:
    """Whether a plain database belongs to this folder: it is not encrypted, or just being it.

    `store.json` alone does not tell: an older one can be put back with the database. Raises as `ensure_open`.
    """
    keys = ensure_open(data_dir)
    if keys is None:
        return True
    from core.vault.begun import is_marked  # slow to import, and of no use to a folder that is not encrypted

    return is_marked(keys) and not told_protection(data_dir)[0]


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


def sqlite_errors(name: str = "Error", *others: type[Exception]) -> tuple[type[Exception], ...]:
    """For `except`: exceptions of this name in `sqlite3` and, if in use, `sqlcipher3`; and others."""
    modules = [sqlite3, sys.modules.get("sqlcipher3.dbapi2")]
    return (*(getattr(module, name) for module in modules if module is not None), *others)


def _plain_in_place_of_encrypted() -> UserError:
    return refuse(
        "REC-034",
        "The record cannot be opened.",
        "This data folder is encrypted, and the database in it is a plain one, put there from elsewhere.",
        "Put the encrypted one back. If it is lost, move exotwin.db out of the folder, and the last backup "
        "comes back by `exotwin restore`.",
    )


def encrypt_database(plain: Path, encrypted: Path, key: bytes) -> None:
    """Write an encrypted copy by SQLCipher's own export: tables, triggers, indexes, the user's version."""
    module = dbapi()
    encrypted.unlink(missing_ok=True)
    connection = module.connect(str(plain), timeout=5.0, isolation_level=None)
    try:
        connection.execute(f"ATTACH DATABASE ? AS encrypted KEY \"x'{key.hex()}'\"", (str(encrypted),))
        for setting in ("synchronous = OFF", "journal_mode = MEMORY"):  # the caller syncs what was made whole
            connection.execute(f"PRAGMA encrypted.{setting}")
        connection.execute("SELECT sqlcipher_export('encrypted')")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute(f"PRAGMA encrypted.user_version = {int(version)}")
        connection.execute("DETACH DATABASE encrypted")
    finally:
        connection.close()
