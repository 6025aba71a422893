"""A PostgreSQL server of the test run: on a socket in a temporary folder, without care for power cuts."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

ADMIN, ACCOUNT, WITH_PASSWORD, PASSWORD = "postgres", "exotwin", "with_password", "Gehheim 7"
RECORD = "record"  # the database of every test that needs just any
EMPTY = "empty"  # its state as it was set up
_PUBLIC = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_NUMBERED = (("record", "sequence"), ("decision", "sequence"), ("log", "sequence"), ("signature", "number"))
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
}
_WHO_MAY = f"local all {WITH_PASSWORD} scram-sha-256\nlocal all all trust\nhost all all 127.0.0.1/32 trust\n"


def missing() -> str:
    """Why there can be no server; "" where there can."""
    if _programs() is None:
        return "PostgreSQL is not installed (Debian: apt install postgresql)"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed (pip install 'exotwin[server]')"
    return ""


@dataclass
class PostgresServer:
    """A running one. A database of 7 MB for each test would cost more than the tests, so they share one."""

    folder: Path
    port: int
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def sockets(self) -> Path:
        return self.folder / "s"

    def url(self, database: str, account: str = ACCOUNT) -> str:
        return f"postgresql+psycopg://{account}@/{database}?host={self.sockets}&port={self.port}"

    def tcp_url(self, database: str, account: str = ACCOUNT, more: str = "") -> str:
        return f"postgresql+psycopg://{account}@127.0.0.1:{self.port}/{database}{more}"

    def sql(self, statement: str, database: str = "postgres", account: str = ADMIN) -> list[tuple]:
        """Run one statement of its own, for example `CREATE DATABASE`."""
        import psycopg

        words = f"host={self.sockets} port={self.port} user={account} dbname={database}"
        with psycopg.connect(words, autocommit=True) as connection:
            done = connection.execute(statement)
            return [] if done.description is None else done.fetchall()

    def set_up_record(self) -> None:
        """As `exotwin record server-setup` leaves it."""
        from core.store.dialects.postgresql_setup import set_up
        from core.store.record_address import checked_url

        set_up(checked_url(self.url(RECORD, ADMIN)), ACCOUNT, lambda: None)
        self.sql(f"CREATE ROLE {WITH_PASSWORD} LOGIN PASSWORD '{PASSWORD}' IN ROLE {ACCOUNT}")
        self.keep(EMPTY)

    def new_database(self, like: str = "template0") -> str:
        """Its name; without tables."""
        name = f"{RECORD}_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {like}")
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

    def start(self) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        options += f" -c unix_socket_directories={self.sockets} -c port={self.port}"
        self._control("start", "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        self._control("stop", "-w", "-m", "immediate")

    def _control(self, *words: str) -> None:
        _run_as_its_user(["pg_ctl", "-D", str(self.folder / "data"), *words])


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Until the end of the block; nothing of it stays."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    server = PostgresServer(folder, _free_port())
    try:
        folder.chmod(0o755)
        server.sockets.mkdir()
        server.sockets.chmod(0o777)
        if os.geteuid() == 0:
            shutil.chown(folder, _user())
        data = str(folder / "data")
        _run_as_its_user(
            ["initdb", "-D", data, "-U", ADMIN, "-A", "trust", "-E", "UTF8", "-N", "--wal-segsize=1"]
        )
        (folder / "data" / "pg_hba.conf").write_text(_WHO_MAY)
        server.start()
        yield server
    finally:
        with suppress(subprocess.CalledProcessError):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return None if program is None else Path(program).resolve().parent


def _user() -> str:
    """PostgreSQL does not run as root."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run_as_its_user(words: list[str]) -> None:
    programs = _programs()
    assert programs is not None, "asked for only where it is installed"
    words = [str(programs / words[0]), *words[1:]]
    if os.geteuid() == 0:
        words = ["runuser", "-u", _user(), "--", *words]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    # Its output into a file: the server keeps a pipe open, and nobody would see its end.
    with tempfile.TemporaryFile("w+") as told:
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": told, "stderr": told}
        done = subprocess.run(words, cwd="/", env=environment, **streams)
        if done.returncode != 0:
            told.seek(0)
            raise subprocess.CalledProcessError(done.returncode, words, told.read())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
