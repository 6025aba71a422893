"""Which keys of other sites somebody has accepted here, as the chained trail tells; read beside any program.

A file in the folder of keys proves nothing: whoever can write there can lay one. So where people have
accounts a key counts by a row of the log that the trail covers, which is written for who may accept keys.
"""

from __future__ import annotations

from pathlib import Path

from core.errors import UserError
from core.store.database import database_of
from core.store.dialects.port import RecordDatabase
from core.store.identity import read_identity

KEY_TRUSTED, KEY_RETIRED = "key trusted", "key retired"  # the log's words; a retired one still verifies
_WITH_ACCOUNTS = "0005"  # revision


def accepted_keys(data_dir: Path) -> frozenset[str] | None:
    """Their ids; None in single-user mode, in which all count.

    Where people have accounts and the record cannot be read: none.
    """
    from sqlalchemy.exc import DatabaseError  # slow to import, and few folders have keys of others

    from core.store.sealed_database import sqlite_errors

    unread = None
    try:
        identity = read_identity(data_dir)
        unread = frozenset[str]() if identity is not None and identity.may_have_people else None
        database = database_of(data_dir)
        return _told(database, unread) if database.is_there() else unread
    except sqlite_errors("Error", UserError, DatabaseError):
        return unread


def _told(database: RecordDatabase, unread: frozenset[str] | None) -> frozenset[str] | None:
    from sqlalchemy import select
    from sqlalchemy.orm import Session

    from core.store import trail
    from core.store.accounts import has_accounts
    from core.store.schema import LogTable

    engine = database.engine(to_read=True)
    try:
        if (database.revision(engine) or "") < _WITH_ACCOUNTS:
            return unread
        with Session(engine) as session:
            if not has_accounts(session):
                return unread
            told = select(LogTable.sequence, LogTable.detail).where(
                LogTable.action.in_((KEY_TRUSTED, KEY_RETIRED))
            )
            rows = session.execute(told).all()
            return frozenset(key for number, key in rows if trail.is_chained(session, ("log", number)))
    finally:
        engine.dispose()
