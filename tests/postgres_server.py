"""A PostgreSQL server of the test run, with one record whose rows are put back for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from app.bench.local_postgres import ADMIN, LocalPostgres, missing, running_postgres

__all__ = ["ADMIN", "missing"]

ACCOUNT, WITH_PASSWORD, PASSWORD = "exotwin", "with_password", "Gehheim 7"
RECORD = "record"  # the database of every test that needs just any
EMPTY = "empty"  # its state as it was set up
_PUBLIC = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_NUMBERED = (("record", "sequence"), ("decision", "sequence"), ("log", "sequence"), ("signature", "number"))
_CARELESS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB", "autovacuum": "off"}
_WHO_MAY = f"local all {WITH_PASSWORD} scram-sha-256\nlocal all all trust\nhost all all 127.0.0.1/32 trust\n"


@dataclass(frozen=True)
class PostgresServer:
    """A running one. A database of 7 MB for each test would cost more than the tests, so they share one."""

    running: LocalPostgres
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str, account: str = ACCOUNT) -> str:
        return self.running.url(database, account)

    def tcp_url(self, database: str, account: str = ACCOUNT, more: str = "") -> str:
        return f"postgresql+psycopg://{account}@127.0.0.1:{self.running.port}/{database}{more}"

    def sql(self, statement: str, database: str = ADMIN, account: str = ADMIN) -> list[tuple[Any, ...]]:
        return self.running.sql(statement, database, account)

    def start(self) -> None:
        self.running.start()

    def stop(self) -> None:
        self.running.stop()

    def set_up_record(self) -> None:
        """As `exotwin record server-setup` leaves it."""
        from core.store.dialects.postgresql_setup import set_up
        from core.store.record_address import checked_url

        set_up(checked_url(self.url(RECORD, ADMIN)), ACCOUNT, lambda: None)
        self.sql(f"CREATE ROLE {WITH_PASSWORD} LOGIN PASSWORD '{PASSWORD}' IN ROLE {ACCOUNT}")
        self.keep(EMPTY)

    def new_database(self) -> str:
        """Its name; without tables."""
        name = f"{RECORD}_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def keep(self, state: str) -> None:
        """Remember all rows of `RECORD`, to `bring` them back for other tests."""
        copies = [f"CREATE TABLE {state}.{name} AS TABLE public.{name}" for name in self._tables()]
        self.sql("; ".join([f"CREATE SCHEMA {state}", *copies]), RECORD)

    def bring(self, state: str) -> None:
        """`RECORD` as it was kept; who is still connected is cut off."""
        names = self._tables()
        fill = [f"INSERT INTO public.{name} SELECT * FROM {state}.{name}" for name in names]
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        next_ones = [
            f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), "
            f"coalesce(max({key}), 0) + 1, false) FROM {table}"
            for table, key in _NUMBERED
        ]
        statements = [
            f"{cut} AND datname = '{RECORD}'",
            "SET session_replication_role = replica",  # without the triggers that refuse it
            f"TRUNCATE {', '.join(names)}",
            *fill,
            *next_ones,
        ]
        self.sql("; ".join(statements), RECORD)

    def _tables(self) -> list[str]:
        return sorted(name for (name,) in self.sql(_PUBLIC, RECORD))


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Until the end of the block; a power cut would damage it."""
    with running_postgres(_CARELESS, _WHO_MAY) as running:
        yield PostgresServer(running)
