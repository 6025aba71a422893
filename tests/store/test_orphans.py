"""Claims about what a killed program leaves behind: cleared at the next start, nothing whole is deleted."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.domain.record import RecordKind
from core.domain.recording import Landmarks
from core.store.backups import back_up, restore_backup
from core.store.dialects.sqlite_file import database_path
from core.store.repository import open_store
from tests.store.samples import a_subject
from tests.store.test_store import some_landmarks

MOTIONS = "records/motion"


def saved(data_dir: Path) -> str:
    with open_store(data_dir) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        return store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id=visit_id, summary="seen")


@pytest.mark.usefixtures("each_database")
def test_a_result_without_a_row_is_set_aside_and_logged(tmp_path: Path) -> None:
    saved(tmp_path)
    orphan = tmp_path / MOTIONS / "0123"
    orphan.mkdir(parents=True)
    (orphan / "record.json").write_text("{}")

    with open_store(tmp_path) as store:
        assert [entry.subject_id for entry in store.log_entries()][-1] == "motion/0123"
    assert not orphan.exists() and (tmp_path / "quarantine/motion/0123/record.json").exists()


def test_what_was_never_finished_is_removed_unless_a_process_may_still_write_it(tmp_path: Path) -> None:
    record_id = saved(tmp_path)
    folder = tmp_path / "records" / "landmarks"
    dead, living = folder / f".aa-{2**22 + 1}-bb", folder / f".aa-{os.getppid()}-bb"
    earlier, just_now = folder / ".aa-bb", folder / ".aa-cc"  # of a version that wrote no pid
    for path in (dead, living, earlier, just_now):
        path.mkdir()
    os.utime(earlier, (0, 0))
    (tmp_path / "backups").mkdir()
    part = tmp_path / "backups" / "exotwin-20261120-101500.part"
    part.touch()

    with open_store(tmp_path) as store:
        store.load(record_id, Landmarks)
    assert [path.exists() for path in (dead, earlier, part)] == [False, False, False]
    assert living.exists() and just_now.exists()


@pytest.mark.usefixtures("each_database")
def test_nothing_is_swept_under_a_program_that_works(tmp_path: Path) -> None:
    saved(tmp_path)
    orphan = tmp_path / MOTIONS / "0123"
    with open_store(tmp_path):
        orphan.mkdir(parents=True)
        open_store(tmp_path).close()
        assert orphan.exists()


def test_a_result_comes_back_from_quarantine_with_the_row_that_names_it(tmp_path: Path) -> None:
    """An older backup is put in place, and later the newer database after all."""
    with open_store(tmp_path) as store:
        store.add_patient(a_subject("P-0000"))
    back_up(tmp_path, datetime(2026, 11, 20, tzinfo=UTC))
    record_id = saved(tmp_path)
    newer = shutil.copy(database_path(tmp_path), tmp_path / "newer")
    database_path(tmp_path).unlink()
    restore_backup(tmp_path)
    open_store(tmp_path).close()
    assert (tmp_path / "quarantine" / "landmarks" / record_id).is_dir()

    Path(newer).replace(database_path(tmp_path))
    with open_store(tmp_path) as store:
        store.load(record_id, Landmarks)


def test_a_row_is_written_only_when_its_folder_is_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object) -> None:
        raise OSError("no")

    with open_store(tmp_path) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        monkeypatch.setattr("core.store.files.StagedRecord.put_in_place", fails)
        with pytest.raises(OSError, match="no"):
            store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id=visit_id, summary="seen")
        assert store.records(visit_id) == ()
    assert list((tmp_path / "records" / "landmarks").iterdir()) == []
