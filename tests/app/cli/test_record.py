"""Claims about commands beside an open program, and about the copies that a session leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import commands as cli
from app.terminal import open_terminal
from core.store.backup_files import backups_in
from core.store.dialects.sqlite_file import database_path
from core.store.repository import open_store
from core.store.second_place import choose_second_place, is_due
from tests.store.programs import another_program
from tests.store.test_recovery import a_record


def test_beside_an_open_program_a_terminal_reads_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, params = tmp_path / "data", tmp_path / "params.json"
    a_record(data)
    params.write_text(json.dumps({}))
    before = database_path(data).read_bytes()

    with another_program(data):
        told = ["--data-dir", str(data)]
        assert cli.run(["visits", "P-0001", *told]) == 0
        assert cli.run(["audit", "verify", *told]) == 0
        for words in (["job", "demo_patient", str(params)], ["record", "backup"]):
            assert cli.run([*words, *told]) == 2
            assert "REC-010" in capsys.readouterr().err
    assert database_path(data).read_bytes() == before


def test_a_session_in_a_terminal_keeps_a_backup_here_and_in_the_second_place(tmp_path: Path) -> None:
    data, place = tmp_path / "data", tmp_path / "place"
    place.mkdir()
    with open_terminal(data):
        a_record(data)
        choose_second_place(data, place)

    assert len(backups_in(data)) == 1 and not is_due(data)
    with open_terminal(data):
        pass
    assert len(backups_in(data)) == 1


def test_a_terminal_without_a_record_makes_none(tmp_path: Path) -> None:
    with open_terminal(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_second_place_that_is_gone_ends_no_session(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data, place = tmp_path / "data", tmp_path / "place"
    place.mkdir()
    with open_terminal(data), open_store(data):
        choose_second_place(data, place)
        place.rmdir()

    assert "REC-013" in caplog.text and len(backups_in(data)) == 1
