"""A PostgreSQL server for a while: in a temporary folder, on a socket there, never a service of the system.

Started by its own programs where they are installed (Debian: the package postgresql). It does not run as
root, who starts it as another user.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from core.errors import UserError
from core.store.dialects.postgresql_connect import driver

ADMIN = "postgres"
PROGRAMS_VARIABLE = "EXOTWIN_POSTGRESQL"  # the folder of initdb and pg_ctl, to try another version
_SETTINGS = {"max_connections": "60", "listen_addresses": "127.0.0.1"}
_PREFIX, _OWNER = "exotwin-pg-", "owner"
_WHO_MAY = "local all all trust\n"


def missing() -> str:
    """Why there can be no server; "" where there can."""
    if _programs() is None:
        return "PostgreSQL is not installed (Debian: apt install postgresql)"
    try:
        driver()
    except UserError as error:
        return error.advice.why
    return ""


@dataclass(frozen=True)
class LocalPostgres:
    """A running one."""

    folder: Path
    port: int
    settings: Mapping[str, str]

    @property
    def sockets(self) -> Path:
        return self.folder / "s"

    def url(self, database: str, account: str) -> str:
        return f"postgresql+psycopg://{account}@/{database}?host={self.sockets}&port={self.port}"

    def sql(self, statement: str, database: str = ADMIN, account: str = ADMIN) -> list[tuple[Any, ...]]:
        """Run statements, each for itself: `CREATE DATABASE` is never part of a transaction."""
        words = f"host={self.sockets} port={self.port} user={account} dbname={database}"
        with driver().connect(words, autocommit=True) as connection:
            done = connection.execute(statement)
            return [] if done.description is None else list(done.fetchall())

    def start(self) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in self.settings.items())
        options += f" -c unix_socket_directories={self.sockets} -c port={self.port}"
        self._control("start", "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        """As a power cut would."""
        self._control("stop", "-w", "-m", "immediate")

    def _control(self, *words: str) -> None:
        _run_as_its_user(["pg_ctl", "-D", str(self.folder / "data"), *words])


@contextmanager
def running_postgres(
    settings: Mapping[str, str] | None = None, who_may: str = _WHO_MAY
) -> Iterator[LocalPostgres]:
    """Until the end of the block; nothing of it stays. `who_may`: lines of pg_hba.conf."""
    _end_orphans()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))  # short: the path of a socket has at most 107 letters
    (folder / _OWNER).write_text(str(os.getpid()))
    server = LocalPostgres(folder, _free_port(), {**_SETTINGS, **(settings or {})})
    try:
        folder.chmod(0o755)
        server.sockets.mkdir()
        server.sockets.chmod(0o777)
        if os.geteuid() == 0:
            shutil.chown(folder, _user())
        data = folder / "data"
        _run_as_its_user(
            ["initdb", "-D", str(data), "-U", ADMIN, "-A", "trust", "-E", "UTF8", "-N", "--wal-segsize=1"]
        )
        (data / "pg_hba.conf").write_text(who_may, encoding="utf-8")
        server.start()
        yield server
    finally:
        with suppress(subprocess.CalledProcessError):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _end_orphans() -> None:
    """Servers whose program was killed before it could end them."""
    for owner in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_OWNER}"):
        with suppress(OSError, ValueError, subprocess.CalledProcessError):
            if not psutil.pid_exists(int(owner.read_text())):
                LocalPostgres(owner.parent, 0, {}).stop()
                shutil.rmtree(owner.parent, ignore_errors=True)


def _programs() -> Path | None:
    told = os.environ.get(PROGRAMS_VARIABLE, "")
    if told:
        return Path(told)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return None if program is None else Path(program).resolve().parent


def _user() -> str:
    """Who runs it in the place of root."""
    import pwd

    return "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


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
