"""Claims about the way back: after an update the older program can still have the record as it left it."""

from __future__ import annotations

import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.cli.commands import run
from core.store.backup_files import backups_dir, backups_in, newest_backup, superfluous
from core.store.dialects.sqlite import SqliteDatabase
from core.store.dialects.sqlite_file import database_path
from core.store.migrating import HEAD, upgrade
from core.store.repository import open_store
from core.store.way_back import revisions_kept, write_older_copy
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.store.test_earlier_versions import GOLDEN

REVISION = "0003"


def bring_to(folder: Path, revision: str) -> None:
    """Convert a folder as a version in between would have."""
    engine = SqliteDatabase(folder).engine()
    with engine.begin() as connection:
        upgrade(connection, revision)
    engine.dispose()


def rows(path: Path) -> dict[str, list[Any]]:
    """All that an older program reads."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[Any]]]:
    """A folder of an earlier version that this one converted and went on with, and its rows before."""
    folder = tmp_path_factory.mktemp("clinic") / "data"
    with zipfile.ZipFile(GOLDEN) as archive:
        archive.extractall(folder)
    bring_to(folder, REVISION)
    before = rows(database_path(folder))
    with open_store(folder) as store:
        store.add_patient(a_subject("P-LATER"))
    return folder, before


def test_the_older_program_gets_its_rows_and_results_and_the_new_folder_stays(
    converted: tuple[Path, dict[str, list[Any]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, before = converted
    assert before["alembic_version"] == [(REVISION,)] and REVISION < HEAD
    assert list(revisions_kept(folder)) == [REVISION]

    out = tmp_path / "older"
    words = ["restore", "--revision", REVISION, "--out", str(out), "--data-dir", str(folder)]
    assert run(words) == 0, capsys.readouterr().err

    assert rows(database_path(out)) == before
    held = {f"{path.parent.name}/{path.name}" for path in (out / "records").glob("*/*")}
    assert held == {f"{kind}/{name}" for name, kind in _ids(database_path(out))} and held
    assert (out / "keys" / "site.pub.pem").read_bytes() == (folder / "keys" / "site.pub.pem").read_bytes()
    with open_store(folder) as store:
        assert "P-LATER" in {row.subject.code for row in store.patients()}
        assert store.log_entries()[-1].action == "older copy written"


def _ids(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT id, kind FROM record").fetchall()


def test_the_copy_can_be_converted_again(
    converted: tuple[Path, dict[str, list[Any]]], tmp_path: Path
) -> None:
    folder, before = converted
    write_older_copy(folder, REVISION, tmp_path / "older")

    with open_store(tmp_path / "older") as store:
        assert len(store.patients()) == len(before["patient"])
        assert store.audit_break() is None and len(store.stored_records()) == len(before["record"])


def test_what_was_kept_before_an_update_is_never_thinned_nor_taken_for_the_last_backup(
    converted: tuple[Path, dict[str, list[Any]]],
) -> None:
    folder, _before = converted
    (kept,) = revisions_kept(folder).values()

    assert kept.parent == backups_dir(folder)
    assert kept not in {backup.path for backup in superfluous(backups_in(folder))}
    assert newest_backup(folder) != kept


def test_without_a_state_or_a_new_folder_nothing_is_written(
    converted: tuple[Path, dict[str, list[Any]]], tmp_path: Path
) -> None:
    folder, _before = converted
    with refused("REC-017") as told:
        write_older_copy(folder, "0001", tmp_path / "older")
    assert REVISION in told.value.advice.why
    for taken in (folder / "older", folder.parent, tmp_path):
        (tmp_path / "a file").touch()
        with refused("REC-018"):
            write_older_copy(folder, REVISION, taken)

    assert [path.name for path in tmp_path.iterdir()] == ["a file"] and not (folder / "older").exists()


def test_an_encrypted_folder_has_no_way_back_to_a_program_that_cannot_read_it(
    converted: tuple[Path, dict[str, list[Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _before = converted
    monkeypatch.setattr("core.store.way_back.is_protected", lambda _folder: True)

    with refused("REC-017") as told:
        write_older_copy(folder, REVISION, tmp_path / "older")
    assert "encrypted" in told.value.advice.why and not (tmp_path / "older").exists()


def test_a_copy_needs_both_a_revision_and_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["restore", "--out", str(tmp_path / "older"), "--data-dir", str(tmp_path)]) == 2
    assert "[PC-022]" in capsys.readouterr().err and list(tmp_path.iterdir()) == []
