"""Claims about a damaged database with a good backup beside it: found at the start, and recovered."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.cli import commands as cli
from core.domain.record import RecordKind
from core.domain.recording import Landmarks
from core.errors import UserError
from core.store.backups import back_up
from core.store.dialects.sqlite_file import database_path, set_stamp
from core.store.repository import open_store
from core.store.trouble import Trouble, trouble_of
from tests.store.samples import a_subject
from tests.store.test_recovery import MORNING, a_record
from tests.store.test_store import some_landmarks

_PAGE_BYTES = 4096


def _write(data_dir: Path, begin: int, content: bytes) -> None:
    with database_path(data_dir).open("rb+") as stream:
        stream.seek(begin)
        stream.write(content)


def _truncate(data_dir: Path) -> None:
    path = database_path(data_dir)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 + 100])


def _foreign(data_dir: Path) -> None:
    database_path(data_dir).unlink()
    with closing(sqlite3.connect(database_path(data_dir))) as connection, connection:
        connection.execute("CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT)")


def _from_elsewhere(data_dir: Path, *, blank: bool) -> None:
    elsewhere = data_dir.parent / "elsewhere"
    open_store(elsewhere).close()
    if blank:  # of a version that stamped none
        set_stamp(database_path(elsewhere), 0)
    else:
        a_record(elsewhere, "P-9999")
    database_path(elsewhere).replace(database_path(data_dir))


def _from_elsewhere_of_an_earlier_version(data_dir: Path) -> None:
    elsewhere = data_dir.parent / "elsewhere"
    with open_store(elsewhere) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id=visit_id, summary="seen there")
    set_stamp(database_path(elsewhere), 0)
    database_path(elsewhere).replace(database_path(data_dir))


WAYS: dict[str, tuple[Trouble, Callable[[Path], object]]] = {
    "0 bytes": (Trouble.EMPTY, lambda data: database_path(data).write_bytes(b"")),
    "missing": (Trouble.MISSING, lambda data: database_path(data).unlink()),
    "cut in the middle": (Trouble.DAMAGED, _truncate),
    "a page overwritten": (Trouble.DAMAGED, lambda data: _write(data, _PAGE_BYTES, b"\xff" * _PAGE_BYTES)),
    "its head overwritten": (Trouble.DAMAGED, lambda data: _write(data, 0, b"\0" * 100)),
    "of another program": (Trouble.FOREIGN, _foreign),
    "a text file": (Trouble.DAMAGED, lambda data: database_path(data).write_text("Shopping list\n" * 99)),
    "blank, with our tables": (Trouble.EMPTY, lambda data: _from_elsewhere(data, blank=True)),
    "of another data folder": (Trouble.OTHER, lambda data: _from_elsewhere(data, blank=False)),
    "of another, earlier data folder": (Trouble.OTHER, _from_elsewhere_of_an_earlier_version),
}


@pytest.fixture
def data(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "data"))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small record with a result, and a backup of it."""
    folder = tmp_path_factory.mktemp("recorded") / "data"
    with open_store(folder) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id=visit_id, summary="seen")
    back_up(folder, MORNING)
    return folder


@pytest.mark.parametrize("way", WAYS)
def test_a_damaged_database_is_found_at_the_start_and_restore_recovers_it(data: Path, way: str) -> None:
    trouble, damage = WAYS[way]
    damage(data)

    with pytest.raises(UserError) as refused:
        open_store(data)
    assert refused.value.advice.code == "REC-002" and refused.value.advice.why == trouble.value
    assert cli.run(["restore", "--data-dir", str(data)]) == 0

    with open_store(data) as store:
        (visit,) = store.visits(store.patients()[0].id)
        (info,) = store.records(visit.id)
        assert len(store.load(info.id, Landmarks).people) == 1


def test_an_own_database_of_an_earlier_version_is_taken_as_ours(data: Path) -> None:
    set_stamp(database_path(data), 0)

    with open_store(data) as store:
        assert len(store.stored_records()) == 1


@pytest.mark.parametrize("content", [b"\xff", b"\0"])
def test_whichever_page_is_overwritten_it_is_found(data: Path, content: bytes) -> None:
    sound = database_path(data).read_bytes()
    pages = len(sound) // _PAGE_BYTES
    assert pages > 10
    missed = []
    for page in range(pages):
        database_path(data).write_bytes(sound)
        _write(data, page * _PAGE_BYTES, content * _PAGE_BYTES)
        if trouble_of(data) is None:
            missed.append(page)
    assert missed == []
