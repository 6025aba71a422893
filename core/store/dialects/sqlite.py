"""SQLite, plain or encrypted: the record lies in the data folder, as one file."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, delete
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session

from core.errors import UserError, refuse
from core.store import audit, trail
from core.store.backup_files import backup_time, last_backup
from core.store.backups import back_up, back_up_if_due
from core.store.dialects.port import Counter, Row
from core.store.dialects.sqlite_file import database_path, open_connection
from core.store.dialects.sqlite_turns import take_turns
from core.store.files import disk_is_full, folder_errors, folder_is_unusable
from core.store.identity import (
    StoreIdentity,
    make_identity,
    read_identity,
    write_identity,
    written_by_a_newer_version,
)
from core.store.migrating import HEAD, upgrade
from core.store.moving.refusals import moved_away, not_empty
from core.store.record_address import DATABASE_VARIABLE
from core.store.schema import Base
from core.store.sealed_database import dbapi, key_of, sqlite_errors
from core.store.trouble import busy, damaged_advice, trouble_of
from core.store.way_back import keep_revision

_WAIT_TO_OPEN_S = 60.0  # of many processes that open a new folder at once, the last waits for all others
_AT_ONCE = 500  # values in one statement
_LIFTED = ("record_no_delete", "decision_no_delete", "log_no_delete", "audit_no_update")
_UNREACHABLE = ("unable to open", "readonly", "disk I/O error")  # SQLite's words
_MOST_TOLD = 20  # of SQLite's own findings
T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SqliteDatabase:
    """`RecordDatabase` of a data folder."""

    data_dir: Path

    @property
    def words(self) -> str:
        return f"the data folder {self.data_dir}"

    @property
    def shared(self) -> bool:
        return False

    def is_there(self) -> bool:
        return database_path(self.data_dir).exists()

    def check(self) -> None:
        identity = read_identity(self.data_dir)
        if identity is not None and identity.server:
            told = moved_away if self.is_there() else _lies_elsewhere
            raise told(self.data_dir, identity.server)
        trouble = trouble_of(self.data_dir)
        if trouble is not None:
            raise UserError(damaged_advice(self.data_dir, trouble))

    def engine(self, *, to_read: bool = False) -> Engine:
        path = database_path(self.data_dir)

        def connected() -> sqlite3.Connection:
            connection = open_connection(path, "rw" if to_read else "rwc")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA synchronous=FULL")
            if to_read:
                connection.execute("PRAGMA query_only=ON")
            return connection

        sealed = {} if key_of(path) is None else {"module": dbapi()}
        engine = create_engine(f"sqlite:///{path}", creator=connected, **sealed)
        if not to_read:
            take_turns(engine, self.data_dir.absolute())
        return engine

    @contextmanager
    def errors(self) -> Iterator[None]:
        """SQLite tells them in words only."""
        try:
            yield
        except OperationalError as error:
            reason = str(error.orig)
            if "locked" in reason:
                raise busy() from error
            if "full" in reason:
                raise disk_is_full() from error
            if any(words in reason for words in _UNREACHABLE):
                raise folder_is_unusable(self.data_dir, reason) from error
            raise
        except DatabaseError as error:
            if "malformed" in str(error.orig) or "not a database" in str(error.orig):
                raise UserError(damaged_advice(self.data_dir)) from error
            raise

    def revision(self, engine: Engine) -> str | None:
        with engine.connect() as connection:
            return _revision(connection)

    def upgrade(self, engine: Engine) -> None:
        with _locked(engine) as connection:
            revision = _revision(connection)
            if revision is not None and revision > HEAD:
                raise self.newer()
            if revision is not None and revision < HEAD:
                self._keep(revision)
            if revision != HEAD:  # else another process has done it meanwhile
                upgrade(connection)

    def _keep(self, revision: str) -> None:
        """Before it is converted: a backup like others, and one that stays for whoever has to go back."""
        backup = back_up(self.data_dir, datetime.now(UTC))
        with folder_errors(self.data_dir):
            kept = keep_revision(self.data_dir, backup, revision)
        _log.info("The database of revision %s is converted; %s has it as it was", revision, kept.name)

    def newer(self) -> UserError:
        return written_by_a_newer_version()

    def bind(self, engine: Engine, *, to_read: bool = False) -> None:
        """In this order: a database without a stamp is accepted; one of another folder `check` refuses."""
        if to_read or self._is_bound(engine):
            return
        with _locked(engine) as connection:
            identity = read_identity(self.data_dir) or make_identity(self.data_dir)
            connection.exec_driver_sql(f"PRAGMA user_version={identity.stamp}")

    def _is_bound(self, engine: Engine) -> bool:
        identity = read_identity(self.data_dir)
        with engine.connect() as connection:
            stamp = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        return identity is not None and stamp == identity.stamp

    def see_one_moment(self, session: Session) -> None:
        """One program at a time writes in a folder, and a reader that waited would hold it up."""

    def placing(self, session: Session) -> None:
        session.flush()  # what it writes locks the whole database

    @contextmanager
    def sweeping(self, engine: Engine) -> Iterator[None]:
        with _locked(engine):
            yield

    def erase_rows(self, session: Session, patient_id: str, rows: Sequence[Row]) -> None:
        visits = [str(key) for table, key in rows if table == "visit"]
        with _lifted(session):
            for name in dict.fromkeys(table for table, _key in rows):
                table = Base.metadata.tables[name]
                column = table.c[trail.CHAINED[name]]
                for part in _parts([key for of, key in rows if of == name]):
                    session.execute(delete(table).where(column.in_(part)))
            for some in _parts(visits):
                audit.erase_words(session, some)
            for some_rows in _parts(rows):
                trail.forget_salts(session, some_rows)

    def scrub(self, engine: Engine) -> None:
        """Write the database anew without its free pages, and without a copy of it in a temporary folder."""
        with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            for statement in ("PRAGMA temp_store=MEMORY", "PRAGMA secure_delete=ON", "VACUUM"):
                cursor.execute(statement)

    def back_up(self, now: datetime) -> Path:
        return back_up(self.data_dir, now)

    def back_up_if_due(self, after_s: float) -> Path | None:
        return back_up_if_due(self.data_dir, after_s)

    def back_up_now(self, now: datetime) -> Path | None:
        return back_up_if_due(self.data_dir, 0.0)

    def last_backup(self) -> datetime | None:
        newest = last_backup(self.data_dir)
        return None if newest is None else backup_time(newest)

    def renew_backups(self, now: datetime) -> None:
        """`core.store.erasures.remove_from` looks into the others."""
        back_up(self.data_dir, now)

    def faults(self) -> tuple[str, ...]:
        try:
            with closing(open_connection(database_path(self.data_dir), "ro")) as connection:
                told = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_MOST_TOLD})")]
                lost = connection.execute("PRAGMA foreign_key_check").fetchall()
        except sqlite_errors() as error:
            told, lost = [str(error)], []
        found = [f"SQLite says: {sentence}." for sentence in told if sentence != "ok"]
        rows = (
            f"A row of the table {table} names one of {parent} that is not there."
            for table, _r, parent, _k in lost
        )
        return (*found, *rows)

    def look(self) -> str:
        self.check()
        sound = "The database of the data folder is sound."
        return sound if self.is_there() else "There is no database yet; the first start makes one."

    @contextmanager
    def frozen(self, engine: Engine) -> Iterator[Connection]:
        with _locked(engine) as connection:
            yield connection

    def adopt(self, connection: Connection, identity: StoreIdentity, last: Mapping[Counter, int]) -> None:
        ours = read_identity(self.data_dir)
        if ours is not None and ours.id != identity.id:
            raise not_empty(str(self.data_dir), "It has another record.")
        write_identity(self.data_dir, replace(identity, server=""))
        connection.exec_driver_sql(f"PRAGMA user_version={identity.stamp}")

    def note_moved(self, connection: Connection, where: str) -> None:
        identity = read_identity(self.data_dir)
        assert identity is not None, "a record that was opened has one"
        write_identity(self.data_dir, replace(identity, server=where))

    def require_file(self, code: str, what: str) -> None:
        """It is one."""


def _lies_elsewhere(data_dir: Path, server: str) -> UserError:
    return refuse(
        "REC-059",
        "The record of this data folder is not in it.",
        f"{data_dir} holds files of a record that lies on the server {server}, and no address of a server "
        "was given.",
        f"Give its address by exotwin record server use ADDRESS or {DATABASE_VARIABLE}, or choose another "
        "data folder with --data-dir.",
    )


def _revision(connection: Connection) -> str | None:
    found = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type='table' AND name='alembic_version'"
    ).first()
    if found is None:
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return None if row is None else str(row[0])


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    """A transaction, all or nothing, in which nobody else writes.

    Begun by hand: the driver begins none for statements that make tables.
    """
    with engine.begin() as connection:
        waited_ms = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
        connection.exec_driver_sql(f"PRAGMA busy_timeout={round(_WAIT_TO_OPEN_S * 1000)}")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={waited_ms}")


@contextmanager
def _lifted(session: Session) -> Iterator[None]:
    """Without the triggers that refuse to erase, within the transaction: a crash brings them back."""
    connection = session.connection()
    driver = connection.connection.dbapi_connection
    assert driver is not None, "a session has a connection"
    connection.exec_driver_sql("PRAGMA secure_delete=ON")
    if not driver.in_transaction:  # SQLite's driver begins none for statements about triggers
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    wanted = ", ".join(f"'{name}'" for name in _LIFTED)
    texts = (
        connection.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name IN ({wanted})").scalars().all()
    )
    for name in _LIFTED:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for text in texts:
        connection.exec_driver_sql(text)


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
