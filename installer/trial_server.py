"""`bootstrap.py server`: a PostgreSQL server with an empty record, to try one.

It answers on this PC alone and is no service of the system: its data are in one folder, and it ends with
the command. A clinic's own server is set up as README.md says.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from installer import system_libraries
from installer.environment import ROOT, venv_python
from installer.processes import run
from installer.terminal import SetupFailure

ADMIN, ACCOUNT, DATABASE = "postgres", "exotwin", "exotwin"
INSTALL = "Install it: sudo apt-get update && sudo apt-get install --no-install-recommends postgresql"
OWN_FILES = {"data", "password.txt", "server.log"}
# The admin comes in by the socket, which lies in a folder of its own user's; who comes by the network needs
# the password.
WHO_MAY = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True, slots=True)
class TrialServer:
    """Where it lies and who runs it."""

    programs: Path
    folder: Path
    port: int
    user: str | None  # another account of this system; None: who calls

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def address(self) -> str:
        return f"postgresql+psycopg://{ACCOUNT}@127.0.0.1:{self.port}/{DATABASE}"

    def command(self, program: str, *words: str) -> list[str]:
        """How to start one of PostgreSQL's programs as the user who runs the server."""
        become = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups"]
        return [*(become if self.user else []), str(self.programs / program), *words]

    def is_running(self) -> bool:
        status = self.command("pg_ctl", "-D", str(self.data), "status")
        return subprocess.run(status, capture_output=True, check=False, cwd="/").returncode == 0


def find(folder: Path, port: int) -> TrialServer:
    """The server that can be started here; raises SetupFailure where none can."""
    programs = system_libraries.postgresql_programs()
    if programs is None:
        raise SetupFailure(
            "There is no server to try.", "PostgreSQL is not installed on this machine.", INSTALL
        )
    folder = folder.resolve()
    server = TrialServer(programs, folder, port, _user())
    _make_folder(server)
    if server.is_running():
        raise SetupFailure(
            "No second server was started.",
            f"One runs in {folder} already.",
            f"End its command, or: {' '.join(server.command('pg_ctl', '-D', str(server.data), 'stop'))}",
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL: it may just have ended
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SetupFailure(
                "The server was not started.",
                f"Port {port} is taken: {error}.",
                "Choose another with --port.",
            ) from error
    return server


def _user() -> str | None:
    """PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return ADMIN if ADMIN in names else "nobody"


def _make_folder(server: TrialServer) -> None:
    """Raises SetupFailure where the user who runs the server cannot reach it, or where it is another's."""
    server.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if others := sorted({path.name for path in server.folder.iterdir()} - OWN_FILES):
        raise SetupFailure(
            "The server was not started.",
            f"{server.folder} holds other files, such as {others[0]}.",
            "Name a new folder with --folder.",
        )
    if server.user is None:
        return
    shutil.chown(server.folder, server.user)
    reached = ["setpriv", f"--reuid={server.user}", "--clear-groups", "test", "-w", str(server.folder)]
    if subprocess.run(reached, check=False).returncode != 0:
        raise SetupFailure(
            "The server was not started.",
            f"PostgreSQL does not run as root, and {server.user} cannot reach {server.folder}.",
            "Run this as an ordinary user, or name a folder outside of root's own with --folder.",
        )


def make_data(server: TrialServer) -> None:
    """The server's own files, where they are not there yet."""
    if (server.data / "PG_VERSION").is_file():
        return
    words = ["--pgdata", str(server.data), "--username", ADMIN, "--encoding", "UTF8", "--locale", "C.UTF-8"]
    words += ["--auth-local", "trust", "--auth-host", "scram-sha-256"]
    run(server.command("initdb", *words), what=f"The server's files in {server.folder} could not be made.")
    (server.data / "pg_hba.conf").write_text(WHO_MAY, encoding="utf-8")


def password_of(server: TrialServer) -> str:
    """The same at each start."""
    kept = server.folder / "password.txt"
    if not kept.is_file():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(18) + "\n", encoding="utf-8")
    return kept.read_text(encoding="utf-8").strip()


@contextmanager
def running(server: TrialServer) -> Iterator[Path]:
    """The server answers until the end of the block; the folder of its socket."""
    with tempfile.TemporaryDirectory(prefix="exotwin-server-") as sockets:
        if server.user is not None:
            shutil.chown(sockets, server.user)
        options = f"-c listen_addresses=127.0.0.1 -c port={server.port} -c unix_socket_directories={sockets}"
        control = server.command("pg_ctl", "-D", str(server.data), "-w")
        log = str(server.folder / "server.log")
        started = [*control, "-l", log, "-o", options, "start"]
        # Its output goes nowhere: the server would keep a pipe open, and nobody would see its end.
        done = subprocess.run(
            started, check=False, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        if done.returncode != 0:
            raise SetupFailure("The server did not start.", f"What it said is in {log}.", "Mend that first.")
        try:
            yield Path(sockets)
        finally:
            subprocess.run([*control, "-m", "fast", "stop"], check=False, cwd="/", stdout=subprocess.DEVNULL)


def make_record(server: TrialServer, sockets: Path, password: str) -> None:
    """Database, account and rights, as on a clinic's server."""
    admin = f"postgresql+psycopg://{ADMIN}@/{DATABASE}?host={sockets}&port={server.port}"
    command = [str(venv_python()), "-m", "app", "record", "server-setup", admin, "--account", ACCOUNT]
    done = subprocess.run(
        [*command, "--new-password"],
        input=f"{password}\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode != 0:
        raise SetupFailure(
            "The record on the server could not be made.",
            done.stderr.strip(),
            "Mend that and run this again.",
        )


def serve(server: TrialServer) -> int:
    """Run it until Ctrl-C (or a terminal that is closed); returns the exit status."""
    make_data(server)
    password = password_of(server)
    with running(server) as sockets, _ended_by_signals():
        make_record(server, sockets, password)
        print(told(server, password), flush=True)
        try:
            while server.is_running():
                time.sleep(1.0)
        except KeyboardInterrupt:
            print("\nStopped.", flush=True)
            return 0
    print(f"The server has ended; what it said is in {server.folder / 'server.log'}.", file=sys.stderr)
    return 1


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A closed terminal and `kill` end it as Ctrl-C does, so that no server stays behind."""

    def end(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def told(server: TrialServer, password: str) -> str:
    """What somebody who wants to try it needs."""
    program = venv_python().parent / "exotwin"
    lines: Sequence[str] = (
        "",
        "A record server for trying runs here, on this PC alone, without TLS and without backups.",
        f"Address:   {server.address}",
        f"Password:  {password}",
        "Start ExoTwin with it from another terminal; each PC that you play has a data folder of its own:",
        f"    EXOTWIN_DATABASE={server.address} PGPASSWORD={password} \\",
        f"        {program} --data-dir {ROOT / 'build' / 'room-1'}",
        f"Its data stay in {server.folder}; without that folder the next start begins anew.",
        "Ctrl-C ends it.",
    )
    return "\n".join(lines)
