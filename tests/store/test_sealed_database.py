"""Claims about encrypted databases: what the record does with SQLite works, and nothing is to be read."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError

from core.store.sealed_database import connect, dbapi, encrypt_database, is_plain_database, sqlite_errors
from tests.refusals import code_of

KEY, OTHER = bytes(range(32)), bytes(32)
MARKER = "a patient's code"


def open_with(path, key=KEY, mode="rwc"):
    return connect(path, mode, key, 5.0)


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "exotwin.db"
    with closing(open_with(path)) as connection, connection:
        connection.execute("CREATE TABLE log (detail TEXT)")
        connection.execute("CREATE TRIGGER keep BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'kept'); END")
        connection.execute("INSERT INTO log VALUES (?)", (MARKER,))
        connection.execute("PRAGMA user_version = 77")
    return path


def rows(path, key=KEY):
    with closing(open_with(path, key, "ro")) as connection:
        return connection.execute("SELECT detail FROM log").fetchall()


def test_nothing_of_it_is_to_be_read_without_the_key(database):
    assert rows(database) == [(MARKER,)]
    assert MARKER.encode() not in database.read_bytes() and not is_plain_database(database)
    with pytest.raises(sqlite_errors("DatabaseError"), match="not a database"):
        rows(database, OTHER)
    with closing(sqlite3.connect(database)) as connection, pytest.raises(sqlite3.DatabaseError):
        connection.execute("SELECT * FROM log")


def test_its_journal_is_encrypted_too(database):
    with closing(open_with(database)) as connection:
        connection.execute("INSERT INTO log SELECT 'more' FROM log")
        connection.execute("UPDATE log SET detail = detail || '!'")
        beside = [path for path in database.parent.iterdir() if path != database]
        assert beside and not any(MARKER.encode() in path.read_bytes() for path in beside)


def test_a_backup_through_sqlite_is_encrypted_as_well(database, tmp_path):
    copy = tmp_path / "backup.db"
    with closing(open_with(database, mode="ro")) as source, closing(open_with(copy)) as target:
        source.backup(target)
    assert rows(copy) == [(MARKER,)] and MARKER.encode() not in copy.read_bytes()


def test_a_plain_database_is_encrypted_with_all_that_is_in_it(tmp_path):
    plain, made = tmp_path / "plain.db", tmp_path / "made.db"
    with closing(sqlite3.connect(plain)) as connection, connection:
        connection.execute("CREATE TABLE log (detail TEXT)")
        connection.execute("CREATE TRIGGER keep BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'kept'); END")
        connection.execute("INSERT INTO log VALUES (?)", (MARKER,))
        connection.execute("PRAGMA user_version = 77")
    encrypt_database(plain, made, KEY)
    with closing(open_with(made, mode="rw")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (77,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        with pytest.raises(sqlite_errors("IntegrityError"), match="kept"):
            connection.execute("DELETE FROM log")
    assert rows(made) == [(MARKER,)] and is_plain_database(plain)


def test_an_installation_without_sqlcipher_is_told_and_touches_nothing(database, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)
    before = database.read_bytes()
    assert code_of(rows, database) == "REC-037" and database.read_bytes() == before


def test_sqlalchemy_names_its_errors_as_those_of_sqlite(database):
    engine = create_engine("sqlite://", module=dbapi(), creator=lambda: open_with(database, OTHER, "rw"))
    with pytest.raises(DatabaseError, match="not a database"), engine.connect() as connection:
        connection.execute(text("SELECT * FROM log"))
    engine.dispose()
