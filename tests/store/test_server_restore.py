"""A claim about what README.md tells who looks after a record server: how a dump comes back."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli.commands import run
from core.store.record_address import DATABASE_VARIABLE
from core.store.repository import open_store
from tests.postgres_server import ADMIN, PostgresServer
from tests.store.samples import a_subject


@pytest.mark.slow
def test_a_dump_comes_back_in_another_database_with_rights_and_trail(
    postgres: PostgresServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = shutil.which("pg_restore")
    assert program is not None, "it comes with pg_dump, which made the dump"
    assert run(["record", "server-setup", postgres.url("before", ADMIN), "--no-password"]) == 0
    monkeypatch.setenv(DATABASE_VARIABLE, postgres.url("before"))
    with open_store(tmp_path / "room") as store:
        store.add_patient(a_subject())
        dump = store.database.back_up(datetime(2026, 1, 1, tzinfo=UTC))

    set_up = ["record", "server-setup", postgres.url("again", ADMIN), "--no-password"]
    assert run(set_up) == 0
    where = [
        f"--host={postgres.running.sockets}",
        f"--port={postgres.running.port}",
        f"--username={ADMIN}",
        "-d",
        "again",
    ]
    as_told = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--role=again_owner"]
    subprocess.run([program, *as_told, *where, "--exit-on-error", str(dump)], check=True)
    assert run(set_up) == 0

    monkeypatch.setenv(DATABASE_VARIABLE, postgres.url("again"))
    with open_store(tmp_path / "room") as store:
        assert [row.subject for row in store.patients()] == [a_subject()]
    capsys.readouterr()
    assert run(["record", "verify", "--data-dir", str(tmp_path / "room")]) == 0
    for statement in ("DELETE FROM audit", "UPDATE log SET action = 'x'"):
        with pytest.raises(Exception, match="permission denied"):
            postgres.sql(statement, "again", "exotwin")
