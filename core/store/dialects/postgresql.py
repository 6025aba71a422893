"""PostgreSQL 13 or later: one record for many PCs; the data folder of each holds only files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.orm import Session

from core.errors import UserError, refuse
from core.store.dialects import postgresql_refusals as refusals
from core.store.dialects import postgresql_schema as schema
from core.store.dialects.port import BACKED_UP, Counter, Row
from core.store.dialects.postgresql_connect import connect, driver, facts_of, settings_for_programs
from core.store.dialects.postgresql_dump import dump, dumps_in
from core.store.dialects.sqlite_file import database_path
from core.store.identity import StoreIdentity, has_identity, new_identity, read_identity, write_identity
from core.store.migrating import HEAD, upgrade
from core.store.moving.refusals import not_empty, not_moved
from core.store.record_address import words_of

# Advisory locks of this database; any two numbers that nothing else uses.
_UPGRADING, _PLACING = 0x45786F01, 0x45786F02
_PATIENT = "SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
_NAME_IT = "INSERT INTO record_identity (number, id, made_utc) VALUES (1, :id, :made) ON CONFLICT DO NOTHING"
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)
# By counting: the application's account may not set a counter.
_COUNT_ON = (
    "SELECT count(nextval(pg_get_serial_sequence(:table, :column))) FROM generate_series(1, :last) "
    "WHERE :last > 0"
)
_LAST_BACKUP = "SELECT max(on_utc) FROM log WHERE action = :action"
_CONNECTIONS = 2  # that a store keeps; more are made while they are needed


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """`RecordDatabase` of a server."""

    data_dir: Path
    url: URL

    @property
    def words(self) -> str:
        return f"the record server {words_of(self.url)}"

    @property
    def shared(self) -> bool:
        return True

    def is_there(self) -> bool:
        return True

    def check(self) -> None:
        """A folder with a record of its own would be shadowed by the server's."""
        identity = read_identity(self.data_dir)
        if database_path(self.data_dir).exists() and (identity is None or not identity.server):
            raise self._has_its_own()

    def engine(self, *, to_read: bool = False) -> Engine:
        driver()
        return create_engine(
            "postgresql+psycopg://",
            creator=lambda: connect(self.url, to_read=to_read),
            pool_size=_CONNECTIONS,
            pool_pre_ping=True,  # the server was restarted in between: the next step works again
        )

    @contextmanager
    def errors(self) -> Iterator[None]:
        driver()
        with refusals.advised(self.url):
            yield

    def revision(self, engine: Engine) -> str | None:
        with engine.connect() as connection:
            return _revision(connection)

    def upgrade(self, engine: Engine) -> None:
        with engine.begin() as connection:
            revision = lock_tables(connection)
            if revision is not None and revision > HEAD:
                raise self.newer()
            if revision == HEAD:  # another process has done it meanwhile
                return
            if not _may_make_tables(connection):
                raise refusals.not_allowed(self.url, f"its tables are of revision {revision}, not {HEAD}.")
            if revision is not None:
                self.back_up(datetime.now(UTC))
            upgrade(connection)
            schema.complete(connection)

    def newer(self) -> UserError:
        return refusals.newer_record(self.url)

    def bind(self, engine: Engine, *, to_read: bool = False) -> None:
        ours = read_identity(self.data_dir)
        with engine.begin() as connection:
            theirs, gone = _identity(connection)
            if theirs is None and not to_read and not has_identity(self.data_dir):
                note_identity(connection, new_identity())  # another PC may have been first
                theirs, gone = _identity(connection)
        if gone:
            raise self._moved(gone)
        if theirs is None or (ours is not None and ours.id != theirs.id):
            raise self._of_another(ours)
        bound = replace(ours or theirs, server=words_of(self.url))
        if bound != ours and not to_read:
            write_identity(self.data_dir, bound)

    def see_one_moment(self, session: Session) -> None:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))

    def placing(self, session: Session) -> None:
        session.execute(text(f"SELECT pg_advisory_xact_lock_shared({_PLACING})"))

    @contextmanager
    def sweeping(self, engine: Engine) -> Iterator[None]:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_PLACING})")
            yield

    def erase_rows(self, session: Session, patient_id: str, rows: Sequence[Row]) -> None:
        gone = session.execute(text("SELECT exotwin_erase(:patient)"), {"patient": patient_id}).scalar_one()
        if gone != len(rows):  # somebody added one meanwhile; nothing is erased then, and it is tried again
            raise refusals.busy(self.url)

    def scrub(self, engine: Engine) -> None:
        """The server does it by itself (autovacuum)."""

    def back_up(self, now: datetime) -> Path:
        return dump(self.data_dir, settings_for_programs(self.url), now)

    def back_up_if_due(self, after_s: float) -> Path | None:
        """Never by itself: the server is backed up by whoever looks after it, once for all PCs."""
        return None

    def back_up_now(self, now: datetime) -> Path | None:
        return self.back_up(now)

    def last_backup(self) -> datetime | None:
        """By ExoTwin, on whichever PC: the log has it."""
        engine = self.engine(to_read=True)
        try:
            with self.errors(), engine.connect() as connection:
                if _revision(connection) is None:
                    return None
                last = connection.execute(text(_LAST_BACKUP), {"action": BACKED_UP}).scalar_one()
        finally:
            engine.dispose()
        return None if last is None else cast(datetime, last).replace(tzinfo=UTC)

    def renew_backups(self, now: datetime) -> None:
        older = dumps_in(self.data_dir)
        made = self.back_up(now) if older else None
        for path in older:
            if path != made:
                path.unlink()

    def faults(self) -> tuple[str, ...]:
        """The server checks its own pages; what refuses changes is looked at here."""
        engine = self.engine(to_read=True)
        try:
            with self.errors(), engine.connect() as connection:
                return schema.lost_guards(connection)
        finally:
            engine.dispose()

    def look(self) -> str:
        self.check()
        facts = facts_of(self.url)
        if facts.revision is not None and facts.revision > HEAD:
            raise self.newer()
        where = f"{words_of(self.url)} answers: PostgreSQL {facts.version}, account {facts.account}"
        safe = "encrypted" if facts.encrypted else "NOT encrypted"
        return f"The record server {where}, the connection is {safe}."

    @contextmanager
    def frozen(self, engine: Engine) -> Iterator[Connection]:
        engine.dispose()  # what is open beside this one is of others then
        with engine.begin() as connection:
            connection.exec_driver_sql("LOCK TABLE audit_head IN EXCLUSIVE MODE")  # every writer's first
            others = connection.exec_driver_sql(_OTHERS).scalar_one()
            if others:
                raise not_moved(
                    f"{others} connections to {words_of(self.url)} are open.",
                    "Close ExoTwin on all other PCs and end what else uses this database, then try again.",
                )
            connection.exec_driver_sql(_PATIENT)  # files that came last may take long to copy
            yield connection

    def adopt(self, connection: Connection, identity: StoreIdentity, last: Mapping[Counter, int]) -> None:
        note_identity(connection, identity)
        theirs, _gone = _identity(connection)
        if theirs is None or theirs.id != identity.id:
            raise not_empty(words_of(self.url), "The database has another record.")
        for (table, column), number in last.items():
            connection.execute(text(_COUNT_ON), {"table": table, "column": column, "last": number})

    def note_moved(self, connection: Connection, where: str) -> None:
        note_moved(connection, where)

    def require_file(self, code: str, what: str) -> None:
        raise refuse(
            code,
            what,
            f"The record of this folder lies on the server {words_of(self.url)}, not in the folder.",
            "Ask whoever looks after the server: a backup of it comes back by PostgreSQL's pg_restore.",
        )

    def _has_its_own(self) -> UserError:
        return refuse(
            "REC-059",
            f"This data folder cannot be used with {self.words}.",
            f"{self.data_dir} has a record of its own, which would be out of sight.",
            "Choose an empty data folder; or leave out the address (exotwin record server here), "
            "to go on with this record.",
        )

    def _moved(self, where: str) -> UserError:
        return refuse(
            "REC-059",
            f"The record on the server {words_of(self.url)} is not used any more.",
            f"It was moved to {where}.",
            "Use it there; what is left here stays as it was then.",
        )

    def _of_another(self, ours: StoreIdentity | None) -> UserError:
        where = f"on {ours.server}" if ours is not None and ours.server else "that lies elsewhere"
        return refuse(
            "REC-059",
            f"This data folder cannot be used with {self.words}.",
            f"{self.data_dir} belongs to a record {where}, and the server has another one or none.",
            "Use the address of its own server, or choose another data folder with --data-dir.",
        )


def lock_tables(connection: Connection) -> str | None:
    """Until the end of this transaction nobody else makes or converts the tables; their revision."""
    connection.exec_driver_sql(_PATIENT)
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADING})")
    return _revision(connection)


def _revision(connection: Connection) -> str | None:
    if connection.exec_driver_sql("SELECT to_regclass('alembic_version')").scalar() is None:
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return None if row is None else str(row[0])


def _may_make_tables(connection: Connection) -> bool:
    return bool(
        connection.exec_driver_sql("SELECT has_schema_privilege(current_schema(), 'CREATE')").scalar()
    )


def _identity(connection: Connection) -> tuple[StoreIdentity | None, str]:
    """Which record this is, and where it went, if it did."""
    row: Any = connection.exec_driver_sql("SELECT id, made_utc, moved_to FROM record_identity").first()
    return (None, "") if row is None else (StoreIdentity(row.id, row.made_utc), str(row.moved_to))


def moved_to(connection: Connection) -> str:
    """Where the record went that lay on this server; "" of one that is here."""
    return _identity(connection)[1]


def note_identity(connection: Connection, identity: StoreIdentity) -> None:
    """Say which record this is, of a database that holds none yet."""
    connection.execute(text(_NAME_IT), {"id": identity.id, "made": identity.made_utc})


def note_moved(connection: Connection, where: str) -> None:
    """From now on this database refuses to be used as a record; "": it is one again."""
    connection.execute(text("UPDATE record_identity SET moved_to = :where"), {"where": where})
