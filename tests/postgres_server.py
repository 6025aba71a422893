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

ADMIN, ACCOUNT, WITH_PASSWORD, PASSWORD = "postgres", "exotwin", "with_password", "Gehheim 7"
TEMPLATE = "exotwin_template"
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
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
    """A running one. Databases are made from a template that is set up once."""

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

    def set_up_template(self) -> None:
        """As `exotwin record server-setup` leaves a database, and roles that may sign in to its copies."""
        from core.store.dialects.postgresql_setup import set_up
        from core.store.record_address import checked_url

        set_up(checked_url(self.url(TEMPLATE, ADMIN)), ACCOUNT, None)
        self.sql(f"CREATE ROLE {WITH_PASSWORD} LOGIN PASSWORD '{PASSWORD}' IN ROLE {ACCOUNT}")

    def new_database(self, template: str = TEMPLATE) -> str:
        """Its name; with the tables of a record, or empty from `template0`."""
        name = f"record_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, database: str) -> None:
        self.sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

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
        _run_as_its_user(["initdb", "-D", data, "-U", ADMIN, "-A", "trust", "-E", "UTF8", "--no-sync", "-N"])
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
        done = subprocess.run(
            words, stdout=told, stderr=told, stdin=subprocess.DEVNULL, cwd="/", env=environment
        )
        if done.returncode != 0:
            told.seek(0)
            raise subprocess.CalledProcessError(done.returncode, words, told.read())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
