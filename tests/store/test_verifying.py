"""Claims about `exotwin record verify`: whatever is not as it was written is found, and told in words."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.cli import commands as cli
from core.domain.people import Role
from core.store.backup_files import backups_in
from core.store.checking import FaultKind
from core.store.dialects.sqlite_file import database_path
from core.store.repository import open_store
from core.store.second_place import choose_second_place
from core.store.verifying import RecordCheck, verify_record
from tests.people import CHEAP
from tests.store.programs import another_program
from tests.store.test_second_place import copied, save


@pytest.fixture
def data(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "data"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    video = folder / "walk.mp4"
    video.write_bytes(b"frames")
    with open_store(folder / "data") as store:
        save(store, "P-0001", video)
        store.back_up_if_due()
    return folder / "data"


def checked(data_dir: Path) -> RecordCheck:
    with open_store(data_dir) as store:
        return verify_record(store)


def test_a_record_as_it_was_written_is_whole(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["record", "verify", "--data-dir", str(data)]) == 0
    assert "The record is whole: 1 results, 1 backups" in capsys.readouterr().out


def _folder(data_dir: Path) -> Path:
    return next((data_dir / "records").glob("*/[!.]*"))


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _move_away(path: Path) -> None:
    """To outside of the data folder, with a link in its place."""
    data = next(parent for parent in path.parents if parent.name == "data")
    path.rename(data.with_name("elsewhere"))
    path.symlink_to(data.with_name("elsewhere"))


def _lose_a_row(data_dir: Path) -> None:
    with closing(sqlite3.connect(database_path(data_dir))) as connection, connection:
        connection.execute("DELETE FROM patient")


WRONGS: dict[str, tuple[set[FaultKind], Callable[[Path], object]]] = {
    "folder lost": ({FaultKind.MISSING}, lambda data: shutil.rmtree(_folder(data))),
    "file lost": ({FaultKind.MISSING}, lambda data: (_folder(data) / "walk.mp4").unlink()),
    "manifest lost": ({FaultKind.MISSING}, lambda data: (_folder(data) / "record.json").unlink()),
    "arrays changed": ({FaultKind.CHANGED}, lambda data: _flip(_folder(data) / "arrays.npz")),
    "video changed": ({FaultKind.CHANGED}, lambda data: _flip(_folder(data) / "walk.mp4")),
    "manifest changed": ({FaultKind.CHANGED}, lambda data: _flip(_folder(data) / "record.json")),
    "folder is a link": ({FaultKind.CHANGED}, lambda data: _move_away(_folder(data))),
    "kind is a link": ({FaultKind.CHANGED}, lambda data: _move_away(_folder(data).parent)),
    "records is a link": ({FaultKind.CHANGED}, lambda data: _move_away(data / "records")),
    "file is a link": ({FaultKind.CHANGED}, lambda data: _move_away(_folder(data) / "walk.mp4")),
    "manifest is a link": ({FaultKind.CHANGED}, lambda data: _move_away(_folder(data) / "record.json")),
    "file added": ({FaultKind.EXTRA}, lambda data: (_folder(data) / "more").touch()),
    "row lost": ({FaultKind.DATABASE, FaultKind.TRAIL}, _lose_a_row),
    "backup damaged": (
        {FaultKind.BACKUP},
        lambda data: next(data.glob("backups/*")).write_bytes(b"no" * 999),
    ),
}


@pytest.mark.parametrize("wrong", WRONGS)
def test_what_is_not_as_it_was_written_is_found(data: Path, wrong: str) -> None:
    kinds, make = WRONGS[wrong]
    make(data)

    assert {fault.kind for fault in checked(data).faults} == kinds


def test_a_result_without_a_row_is_told_and_is_no_fault(data: Path) -> None:
    shutil.copytree(_folder(data), data / "records" / "motion" / "0123")

    found = checked(data)
    assert found.whole and "1 results that no row" in found.notes[0]


def test_a_file_removed_on_request_is_no_fault(data: Path) -> None:
    with open_store(data) as store:
        store.remove_files(_folder(data).name, ("walk.mp4",), by="Dr Test")
        assert verify_record(store).whole


def test_the_second_place_is_rehashed_too(data: Path, tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    choose_second_place(data, tmp_path / "place")
    with open_store(data) as store:
        copy = copied(store).folder
        assert verify_record(store).whole
    _flip(_folder(copy) / "arrays.npz")

    (fault,) = checked(data).faults
    assert fault.kind is FaultKind.SECOND_PLACE and "arrays.npz was changed" in fault.sentence


def test_a_second_place_that_is_gone_or_behind_is_told_and_is_no_fault(data: Path, tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    choose_second_place(data, tmp_path / "place")
    behind = checked(data)
    (tmp_path / "place").rmdir()
    gone = checked(data)

    assert behind.whole and "1 results are not in the second place yet" in behind.notes[0]
    assert gone.whole and "is not there now" in gone.notes[0]


def test_it_works_beside_a_program_and_prints_json(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _flip(_folder(data) / "arrays.npz")
    with another_program(data):
        assert cli.run(["record", "verify", "--json", "--data-dir", str(data)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["whole"] is False and told["faults"][0]["kind"] == "changed"


def test_it_refuses_in_words_what_is_not_whole_and_where_nothing_is(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _flip(_folder(data) / "arrays.npz")
    assert cli.run(["record", "verify", "--data-dir", str(data)]) == 2
    told = capsys.readouterr()
    assert "Its file arrays.npz was changed." in told.out and "REC-012" in told.err
    assert cli.run(["record", "verify", "--data-dir", str(tmp_path / "empty")]) == 2
    assert "REC-016" in capsys.readouterr().err
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("record", "verify"),
        ("audit", "verify"),
        ("audit", "list"),
        ("export", "P-0001", "--out", "out"),
        ("report", "P-0001", "--json"),
        ("visits", "P-0001", "--json"),
        ("people", "list"),
        ("people", "deactivate", "P. Dorn"),
        ("people", "four-eyes", "on"),
        ("patient", "export", "P-0001", "--out", "out"),
        ("patient", "keep", "10"),
        ("package", "verify", "x.exopkg", "--patient", "P-0001"),
        ("audit", "clock", "--name", "Dr A", "--reason", "it is right"),
        ("rollback", "--patient", "P-0001", "--exo", "tcp:127.0.0.1:1", "--reason", "too strong"),
        ("key", "show", "--as", "P. Dorn"),
    ],
)
def test_who_means_a_record_that_is_there_makes_none_in_a_mistyped_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    folder = tmp_path / "mistyped"
    assert cli.run([*words, "--data-dir", str(folder)]) == 2
    assert "REC-016" in capsys.readouterr().err
    assert not folder.exists()


def test_a_backup_that_knows_more_of_the_trail_than_the_record_is_told(data: Path) -> None:
    before = database_path(data).read_bytes()
    with open_store(data) as store:
        store.log("Dr Test", "something that shall be forgotten", "")
        store.back_up_if_due(after_s=0.0)
        newer = backups_in(data)[-1].path.name
    database_path(data).write_bytes(before)

    found = checked(data)
    assert [(fault.kind, fault.about) for fault in found.faults] == [(FaultKind.TRAIL, newer)]


def test_a_database_of_before_the_accounts_is_told(data: Path) -> None:
    before = database_path(data).read_bytes()
    with open_store(data) as store:
        store.people.add("Ines Tech", Role.IT, "274951", cost=CHEAP)
    database_path(data).write_bytes(before)

    assert "People had accounts" in checked(data).faults[0].sentence
