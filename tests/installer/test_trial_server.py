"""Claims about the server that set-up starts for trying: open here, closed to others, gone at the end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from installer import commands, system_libraries

trial_server = pytest.importorskip("installer.trial_server", reason="Windows has no such server")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the server's user may come to: pytest's own folders are closed to others."""
    made = Path(tempfile.mkdtemp(prefix="exotwin-trial-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def asked(server: object, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """One statement by PostgreSQL's own program, not by ours."""
    command = [str(server.programs / "psql"), "--no-password", "--tuples-only", *words]
    variables = {"PGCONNECT_TIMEOUT": "10", **variables}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **variables}
    )


@pytest.mark.slow
def test_a_trial_server_has_a_record_which_its_account_by_password_may_add_to_and_nothing_runs_afterwards(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    if system_libraries.postgresql_programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    pytest.importorskip("psycopg", reason="exotwin[server] is not installed")
    monkeypatch.setattr(trial_server, "venv_python", lambda: Path(sys.executable))
    server = trial_server.find(folder / "server", free_port())
    trial_server.make_data(server)
    network = ["--host=127.0.0.1", f"--port={server.port}", "exotwin"]
    password = trial_server.password_of(server)

    with trial_server.running(server) as sockets:
        trial_server.make_record(server, sockets, password)
        assert sockets.stat().st_mode & 0o077 == 0 and server.folder.stat().st_mode & 0o077 == 0
        told = {"PGUSER": "exotwin", "PGPASSWORD": password}
        count = asked(server, *network, "--command=SELECT count(*) FROM patient", **told)
        assert count.stdout.strip() == "0"
        assert "denied" in asked(server, *network, "--command=DELETE FROM audit", **told).stderr
        assert "password" in asked(server, *network, PGUSER="exotwin", PGPASSWORD="x").stderr
        assert "password" in asked(server, *network, PGUSER="postgres").stderr
        with pytest.raises(trial_server.SetupFailure, match=r"One runs in .* already"):
            trial_server.find(server.folder, server.port)

    assert not server.is_running() and not sockets.exists()
    assert trial_server.password_of(server) == password and password in trial_server.told(server, password)


def test_without_postgresql_the_line_that_installs_it_is_told_before_anything_is_fetched(
    monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr(system_libraries, "postgresql_programs", lambda: None)
    monkeypatch.setattr(commands, "set_up", lambda _parts: pytest.fail("something was fetched"))

    assert commands.main(["server", "--folder", str(tmp_path)]) == 1
    assert "apt-get install --no-install-recommends postgresql" in capsys.readouterr().err


def test_a_port_that_is_taken_a_folder_of_other_files_and_one_that_cannot_be_reached_are_told(
    monkeypatch, folder: Path
):
    monkeypatch.setattr(system_libraries, "postgresql_programs", lambda: Path("/usr/bin"))
    monkeypatch.setattr(trial_server.TrialServer, "is_running", lambda _self: False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(trial_server.SetupFailure, match=f"Port {port} is taken.*--port"):
            trial_server.find(folder / "server", port)

    (folder / "thesis.odt").touch()
    with pytest.raises(trial_server.SetupFailure, match=r"holds other files, such as .*--folder"):
        trial_server.find(folder, free_port())

    if os.geteuid() != 0:
        pytest.skip("only root has another user run it")
    folder.chmod(0o700)
    with pytest.raises(trial_server.SetupFailure, match=r"cannot reach .*--folder"):
        trial_server.find(folder / "server", free_port())
