"""Claims about encrypting a data folder: all of it stays, nothing is to be read, a crash loses nothing."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from core.domain.frames import read_frame, read_index, write_frames
from core.domain.record import RecordKind
from core.domain.recording import Landmarks
from core.domain.subject import Sex, Subject
from core.store import protection
from core.store.backup_files import newest_backup
from core.store.backups import back_up_if_due, restore_backup
from core.store.dialects.sqlite_file import database_path
from core.store.protection import encrypt, protection_of
from core.store.repository import open_store
from core.store.restoring import restore_from
from core.store.sealed_database import is_plain_database
from core.store.second_place import choose_second_place, copy_record
from core.store.trouble import trouble_of
from core.vault import files, key_store, opened
from core.vault.data_key import PASSPHRASE_VARIABLE
from core.vault.keys import Keys, patient
from core.vault.places import key_files
from tests.refusals import code_of
from tests.store.test_store import some_landmarks
from tests.vault.protected import PASSPHRASE, begun, protect

CODE, DIAGNOSIS = "Marker-4711", "a diagnosis that nobody may read"
FRAME = b"\xff\xd8\xff" + b"a frame of the patient " * 9


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain data folder with a patient, results, pictures, a job, a log and a backup."""
    data = tmp_path_factory.mktemp("filled")
    fill(data)
    return data


@pytest.fixture
def folder(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of it, on a computer without a key store."""
    monkeypatch.setattr(key_store.keyring, "get_keyring", NoKeyring)
    monkeypatch.setattr("core.vault.passphrase._N", 2)
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    data = tmp_path / "data"
    shutil.copytree(filled, data)
    yield data
    opened.forget(data)


def fill(data: Path) -> str:
    with open_store(data) as store:
        subject = Subject(CODE, 1980, Sex.FEMALE, 1.68, 60.0, diagnosis=DIAGNOSIS)
        visit = store.start_visit(store.add_patient(subject))
        work = data / "jobs" / "0123"
        work.mkdir(parents=True, exist_ok=True)
        pictures = write_frames(work, [(0.0, FRAME)], size_px=(4, 4), source_size_px=(8, 8))
        record_id = store.save(
            RecordKind.LANDMARKS, some_landmarks(), visit_id=visit.id, summary=CODE, files=tuple(pictures)
        )
        files.write_text(work / "job.json", json.dumps({"file": f"/home/{CODE}.mp4"}))
    (data / "logs").mkdir(exist_ok=True)
    (data / "logs" / "exotwin.log").write_text(f"2026 INFO {CODE} was opened\n")
    (data / "preferences.ini").write_text(f"[folder]\nread=/home/{CODE}\n\n[look]\nmode=dark\n")
    back_up_if_due(data, after_s=0.0)
    return record_id


def found(data: Path) -> list[str]:
    """Files, or names of files, in which something of the patient is to be read."""
    marks = (CODE.encode(), DIAGNOSIS.encode(), FRAME[3:40], b"SQLite format", b"PK\x03\x04")
    return [
        str(path.relative_to(data))
        for path in data.rglob("*")
        if CODE in path.name or (path.is_file() and any(mark in path.read_bytes() for mark in marks))
    ]


def the_record(data: Path) -> tuple[object, ...]:
    with open_store(data) as store:
        (row,) = store.patients()
        (info,) = store.records(store.visits(row.id)[0].id)
        folder = store.folder(info.id)
        index = read_index(folder)
        assert index is not None
        read = store.load(info.id, Landmarks)
        return row, info, read_frame(folder, index, 0), np.array(read.patient.tracks[0].image_px).tobytes()


def test_everything_stays_and_nothing_is_to_be_read_any_more(folder: Path) -> None:
    before = the_record(folder)
    assert len(found(folder)) >= 7
    protect(folder)
    assert found(folder) == [] and not is_plain_database(database_path(folder))
    assert the_record(folder) == before
    assert protection_of(folder) == protection.ProtectionState(True, True)
    assert "mode=dark" in (folder / "preferences.ini").read_text()


def test_what_is_new_is_encrypted_from_its_first_byte_on(folder: Path) -> None:
    protect(folder)
    with open_store(folder) as store:
        (row,) = store.patients()
        visit = store.start_visit(row.id)
        record_id = store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id=visit.id, summary=CODE)
        store.load(record_id, Landmarks)
    back_up_if_due(folder, after_s=0.0)
    (folder / "logs" / "exotwin.log").unlink()  # another test's
    assert found(folder) == []


def test_a_new_folder_is_encrypted_before_there_is_anything_in_it(tmp_path: Path, folder: Path) -> None:
    protect(tmp_path / "new")
    with open_store(tmp_path / "new") as store:
        store.add_patient(Subject(CODE, 1980, Sex.FEMALE, 1.68, 60.0))
    assert found(tmp_path / "new") == []
    opened.forget(tmp_path / "new")


def test_a_locked_folder_is_not_taken_for_a_damaged_one(folder: Path) -> None:
    protect(folder)
    opened.forget(folder)
    assert code_of(open_store, folder) == code_of(trouble_of, folder) == "REC-030"
    assert code_of(opened.ensure_open, folder, "a wrong passphrase") == "REC-031"
    assert code_of(open_store, folder) == "REC-030"
    for place in key_files(folder):
        place.unlink()
    assert code_of(open_store, folder) == code_of(trouble_of, folder) == "REC-033"


def test_the_key_of_another_folder_is_not_taken_for_damage(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for data in (folder, other):
        protect(data)
        opened.forget(data)
    for name in ("keys/data.json", "keys/data.sealed.json", "backups/data-key.json"):
        (folder / name).write_bytes((other / name).read_bytes())
    assert code_of(opened.ensure_open, folder, PASSPHRASE) == "REC-033"


@pytest.mark.parametrize("lost", ["a result", "the database and its backups"])
def test_what_comes_back_from_a_plain_second_place_is_encrypted(
    folder: Path, tmp_path: Path, lost: str
) -> None:
    """It was not connected when the data folder was encrypted."""
    before, place = the_record(folder), tmp_path / "place"
    place.mkdir()
    choose_second_place(folder, place)
    with open_store(folder) as store:
        copy_record(folder, store.stored_records())
    choose_second_place(folder, None)
    protect(folder)
    if lost == "a result":
        shutil.rmtree(next((folder / "records" / "landmarks").iterdir()))
    else:
        database_path(folder).unlink()
        shutil.rmtree(folder / "backups")

    restored = restore_from(folder, place)

    assert (restored.records, restored.backup is None) == ((1, True) if lost == "a result" else (0, False))
    assert the_record(folder) == before
    assert found(folder) == []
    assert protection_of(folder).plain == ()


def test_a_plain_backup_that_lies_in_an_encrypted_folder_does_not_keep_the_encrypted_one_from_coming_back(
    folder: Path,
) -> None:
    before = the_record(folder)
    plain = database_path(folder).read_bytes()
    protect(folder)
    (folder / "backups" / "exotwin-20990101-000000.db").write_bytes(plain)
    database_path(folder).unlink()
    assert not is_plain_database(restore_backup(folder))
    assert the_record(folder) == before


def test_a_plain_database_in_the_place_of_the_encrypted_one_is_refused(folder: Path) -> None:
    plain = database_path(folder).read_bytes()
    protect(folder)
    database_path(folder).write_bytes(plain)
    assert code_of(open_store, folder) == "REC-034"


def test_an_old_plain_database_with_its_old_store_json_is_refused_and_the_backup_comes_back(
    folder: Path,
) -> None:
    before = the_record(folder)
    old = {path: path.read_bytes() for path in (database_path(folder), folder / "store.json")}
    protect(folder)
    for path, content in old.items():
        path.write_bytes(content)
    assert code_of(open_store, folder) == "REC-034"
    (folder / "keys" / "data.begun").write_text("somebody without the key says so")
    assert code_of(open_store, folder) == "REC-034"
    database_path(folder).unlink()  # as the advice says
    assert not is_plain_database(restore_backup(folder))
    assert the_record(folder) == before


def test_a_damaged_encrypted_database_is_restored_from_an_encrypted_backup(folder: Path) -> None:
    from core.store.backups import restore_backup

    protect(folder)
    before = the_record(folder)
    database_path(folder).write_bytes(secrets.token_bytes(9000))
    assert code_of(open_store, folder) == "REC-002" and newest_backup(folder) is not None
    restore_backup(folder)
    assert the_record(folder) == before and found(folder) == []


@pytest.mark.parametrize("step", (1, 3, 6, 9))
def test_encrypting_goes_on_where_it_was_interrupted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    before = the_record(folder)
    begun(folder)
    count, rename = iter(range(1, 100)), Path.replace

    def interrupted(path: Path, target: Path) -> Path:
        if next(count) == step:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    try:
        encrypt(folder)
    except KeyboardInterrupt:
        monkeypatch.setattr(Path, "replace", rename)
        assert not protection_of(folder).encrypted
        assert the_record(folder) == before  # half of it is encrypted, and all of it is there
        encrypt(folder)
    monkeypatch.setattr(Path, "replace", rename)
    assert the_record(folder) == before and found(folder) == []


def test_nothing_is_begun_without_a_passphrase_or_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert code_of(begun, folder, "") == "REC-030"
    monkeypatch.setattr(protection, "_SPARE_BYTES", 1 << 60)
    assert code_of(begun, folder) == "REC-039"
    assert not protection_of(folder).begun and opened.ensure_open(folder) is None


def test_a_patient_whose_key_is_destroyed_is_gone_and_the_record_goes_on(folder: Path) -> None:
    protect(folder)
    keys = opened.ensure_open(folder)
    assert isinstance(keys, Keys)
    with open_store(folder) as store:
        (row,) = store.patients()
        (info,) = store.records(store.visits(row.id)[0].id)
        keys.destroy(patient(row.id))
        assert code_of(store.load, info.id, Landmarks) == "REC-035"
        assert store.patients() == (row,)
