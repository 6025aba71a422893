"""Claims about the record: what is written comes back, nothing changes, and trouble comes with advice."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from core.domain.findings import Finding, Severity
from core.domain.record import RecordKind, Verdict
from core.domain.recording import LANDMARK_COUNT, Landmarks, LandmarkTrack, Person
from core.errors import Advice, UserError
from core.store.backups import back_up, restore_backup
from core.store.dialects.sqlite_file import database_path
from core.store.repository import Store, open_store
from tests.store.samples import a_subject


def some_landmarks() -> Landmarks:
    frames = 4
    shape = (frames, LANDMARK_COUNT)
    track = LandmarkTrack(
        time_s=np.arange(frames) / 30,
        image_px=np.random.default_rng(0).random((*shape, 2)),
        world_m=np.full((*shape, 3), np.nan),
        visibility=np.ones(shape),
        width_px=640,
        height_px=480,
    )
    finding = Finding(Severity.NOTE, Advice("a", "b", "c", "CAP-999"))
    return Landmarks((Person("Person 1", 1.0, 300.0, (track,)),), 0, "only person", (finding,))


@pytest.fixture
def store(tmp_path: Path, each_database: str) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[Store]:
    """Where the claim is about the file of SQLite."""
    with open_store(tmp_path) as opened:
        yield opened


def a_visit(store: Store) -> str:
    return store.start_visit(store.add_patient(a_subject())).id


def test_a_patient_comes_back_as_entered(store: Store) -> None:
    patient_id = store.add_patient(a_subject())
    assert store.patient(patient_id).subject == a_subject()


def test_search_finds_by_code_and_diagnosis_and_hides_the_archived(store: Store) -> None:
    first = store.add_patient(a_subject("P-0001"))
    store.add_patient(a_subject("P-0002"))
    store.archive_patient(first, True)
    assert [row.subject.code for row in store.patients("STROKE")] == ["P-0002"]
    assert [row.id for row in store.patients(archived=True)] == [first]


def test_two_patients_cannot_share_a_code(store: Store) -> None:
    store.add_patient(a_subject())
    with pytest.raises(UserError) as refused:
        store.add_patient(a_subject())
    assert refused.value.advice.code == "PAT-005"


def test_a_record_with_arrays_comes_back_equal(store: Store) -> None:
    visit_id = a_visit(store)
    landmarks = some_landmarks()
    record_id = store.save(RecordKind.LANDMARKS, landmarks, visit_id=visit_id, summary="seen")
    loaded = store.load(record_id, Landmarks)
    assert loaded.findings == landmarks.findings
    np.testing.assert_array_equal(loaded.patient.tracks[0].image_px, landmarks.patient.tracks[0].image_px)
    assert not loaded.patient.tracks[0].image_px.flags.writeable


def test_a_record_names_its_inputs_with_their_hashes(store: Store) -> None:
    visit_id = a_visit(store)
    first = store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id=visit_id, summary="first")
    second = store.save(
        RecordKind.LANDMARKS, some_landmarks(), visit_id=visit_id, summary="second", inputs=(first,)
    )
    assert store.info(second).provenance.inputs == ((first, store.info(first).content_sha256),)
    assert store.latest(visit_id, RecordKind.LANDMARKS) == store.info(second)


def test_a_record_changed_on_disk_is_refused(store: Store) -> None:
    record_id = store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id=a_visit(store), summary="seen")
    arrays = store.folder(record_id) / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:-1])
    with pytest.raises(UserError) as refused:
        store.load(record_id, Landmarks)
    assert refused.value.advice.code == "REC-004"


def test_records_decisions_and_the_log_cannot_be_rewritten(store: Store) -> None:
    visit_id = a_visit(store)
    store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id=visit_id, summary="seen")
    store.decide(visit_id, "motion", Verdict.ACCEPTED, by="Dr Test")
    words = r"append-only|permission denied"
    for statement in ("UPDATE record SET summary='x'", "DELETE FROM decision", "DELETE FROM log"):
        with pytest.raises((DBAPIError, UserError), match=words), store._session() as session:
            session.connection().exec_driver_sql(statement)


def test_every_act_is_in_the_log(store: Store) -> None:
    visit_id = a_visit(store)
    store.decide(visit_id, "emg", Verdict.SKIPPED, by="Dr Test", reason="no electrodes")
    assert [entry.action for entry in store.log_entries()] == [
        "patient created",
        "visit started",
        "emg skipped",
    ]


def test_a_record_of_an_unknown_visit_is_a_bug_not_a_row(store: Store) -> None:
    with pytest.raises(IntegrityError):
        store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id="nowhere", summary="")


def test_the_data_folder_can_be_copied(file_store: Store, tmp_path: Path) -> None:
    import shutil

    record_id = file_store.save(
        RecordKind.LANDMARKS, some_landmarks(), visit_id=a_visit(file_store), summary="seen"
    )
    copy = tmp_path.parent / f"{tmp_path.name}-copy"
    shutil.copytree(tmp_path, copy)
    with open_store(copy) as copied:
        assert copied.load(record_id, Landmarks).chosen == 0


def test_a_locked_database_is_told_in_words(
    file_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.dialects.sqlite_file._WAIT_FOR_LOCK_S", 0.05)
    with closing(sqlite3.connect(database_path(tmp_path))) as other, open_store(tmp_path) as impatient:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UserError) as refused:
            impatient.add_patient(a_subject())
    assert refused.value.advice.code == "REC-001"


def test_a_damaged_database_offers_the_last_good_backup(file_store: Store, tmp_path: Path) -> None:
    patient_id = file_store.add_patient(a_subject())
    back_up(tmp_path, datetime.now(UTC))
    file_store.close()
    path = database_path(tmp_path)
    path.write_bytes(b"\x00garbage" * 1000)
    with pytest.raises(UserError) as refused:
        open_store(tmp_path)
    assert refused.value.advice.code == "REC-002"
    assert "Restore the last good backup" in refused.value.advice.next_step

    restore_backup(tmp_path)
    with open_store(tmp_path) as restored:
        assert restored.patient(patient_id).subject.code == "P-0001"
    assert path.with_suffix(".damaged").exists()


def test_a_full_disk_leaves_nothing_half_written(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit_id = a_visit(store)

    def full(*_args: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(UserError) as refused:
        store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id=visit_id, summary="seen")
    assert refused.value.advice.code == "REC-003"
    assert store.records(visit_id) == ()
    assert list((tmp_path / "records" / "landmarks").iterdir()) == []


def test_a_database_of_a_newer_program_is_left_alone(file_store: Store, tmp_path: Path) -> None:
    file_store.close()
    with closing(sqlite3.connect(database_path(tmp_path))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num='9999'")
    with pytest.raises(UserError) as refused:
        open_store(tmp_path)
    assert refused.value.advice.code == "REC-005"
    still_open = {file.path for file in psutil.Process().open_files()}
    assert str(database_path(tmp_path)) not in still_open  # on Windows nobody could replace it
