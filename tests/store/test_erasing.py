"""Claims about erasing a patient: nothing is left, the record is whole, what waits is not forgotten."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.domain.people import Action, Role
from core.domain.record import RecordKind, Verdict
from core.domain.report import Report
from core.domain.walking_ability import VisitNotes
from core.store import erasures
from core.store.backup_files import backups_dir, newest_backup
from core.store.backups import back_up
from core.store.dialects.sqlite_file import database_path
from core.store.erasures import ERASURES_FILE, waiting_erasures
from core.store.identity import read_identity
from core.store.repository import Store, open_store
from core.store.second_place import choose_second_place, copy_folder, copy_record
from core.store.verifying import verify_record
from core.vault import opened
from tests.people import NAMES, PIN, make_clinic
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.vault.protected import protect

CODE, DIAGNOSIS, NOTES, MARKER = "P-ZEBRA", "dystonia quokka", "walks like a heron", b"axolotl in a film"
TRACES = (CODE.encode(), b"quokka", b"heron", MARKER, b"wombat")
WHO = {"by": "Dr Lind", "role": "physician"}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def found_in(folder: Path, traces: tuple[bytes, ...] = TRACES) -> list[str]:
    """Every file below that holds one of these bytes, in its content or its name."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [
        str(path.relative_to(folder))
        for path in files
        if any(trace in path.read_bytes() or trace in path.name.encode() for trace in traces)
    ]


def treated(store: Store, code: str = CODE) -> str:
    """A patient with a visit, a result with a film, decisions and a job; returns the id."""
    subject = replace(a_subject(code), diagnosis=DIAGNOSIS, notes=NOTES)
    patient_id = store.add_patient(subject, by="Dr A")
    visit = store.start_visit(patient_id, by="Dr A")
    store.note_visit(visit.id, VisitNotes(notes=NOTES), by="Dr A")
    film = store.data_dir.parent / "camera-1.mp4"
    film.write_bytes(MARKER)
    record_id = store.save(
        RecordKind.REPORT, Report("a.pdf", "P", 1), visit_id=visit.id, summary="a wombat", files=(film,)
    )
    store.decide(visit.id, "motion", Verdict.ACCEPTED, record_id=record_id, by="Dr A", reason="a wombat")
    store.decide(visit.id, "compare", Verdict.SIGNED, record_id=record_id, by="Dr A", reason="a wombat")
    job = store.data_dir / "jobs" / code
    job.mkdir(parents=True)
    (job / "job.json").write_text(json.dumps({"params": {"file": "wombat.mp4"}, "visit_id": visit.id}))
    (job / "worker.log").write_text("wombat")
    return patient_id


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def any_store(tmp_path: Path, each_database: str) -> Iterator[Store]:
    with open_store(tmp_path / "data") as opened:
        yield opened


def test_no_byte_of_an_erased_patient_is_left_and_the_record_is_whole(store: Store) -> None:
    other = store.add_patient(a_subject("P-OTHER"))
    before = back_up(store.data_dir, LONG_AGO)
    patient_id = treated(store)
    back_up(store.data_dir, LONG_AGO + timedelta(days=1))
    folder = store.data_dir
    shutil.copy(database_path(folder), folder / "exotwin.damaged")
    shutil.copy(database_path(folder), backups_dir(folder) / "revision-0004-20260101-000000.db")
    shutil.copytree(folder / "records", folder / "quarantine")
    (folder / "logs").mkdir()
    (folder / "logs" / "exotwin.log").write_text("Reading wombat.mp4")
    (folder / "logs" / "exotwin.log.1").write_text("Reading wombat.mp4")
    (folder / "preferences.ini").write_text(
        f"[folder]\nread=/films/wombat\n[look]\nmode=dark\n[open]\npatient={patient_id}\n"
    )
    assert len(found_in(folder)) >= 9  # of what is erased below

    done = store.erase_patient(patient_id, "at the patient's wish", **WHO)

    assert found_in(folder) == [] and done.waiting == () and done.records == 1
    assert not (folder / ERASURES_FILE).exists() and before.exists()  # that backup never held the patient
    assert [row.id for row in store.patients()] == [other]
    assert (folder / "preferences.ini").read_text() == "[look]\nmode=dark\n[open]\n"
    check = verify_record(store)
    assert check.whole and f"{done.rows} rows were erased" in check.notes[0]
    entry = next(one.event for one in store.audit_trail() if one.event.step == "patient erased")
    assert (entry.who, entry.role, entry.meaning) == ("Dr Lind", "physician", "at the patient's wish")
    assert store.log_entries()[-1].detail == "at the patient's wish"
    assert triggers(store) >= {"record_no_delete", "decision_no_delete", "log_no_delete", "audit_no_update"}


def test_words_of_a_signature_that_are_changed_or_taken_away_are_found(store: Store) -> None:
    treated(store)
    assert store.audit_break() is None
    for change in ("meaning='yes'", "meaning='', salt=''"):
        with store._session() as session:
            run = session.connection().exec_driver_sql
            run("DROP TRIGGER IF EXISTS audit_no_update")
            run(f"UPDATE audit SET {change} WHERE step='approved'")
        broken = store.audit_break()
        assert broken is not None and "words were changed or taken away" in broken.why


def triggers(store: Store) -> set[str]:
    with store._session() as session:
        found = session.connection().exec_driver_sql("SELECT name FROM sqlite_master WHERE type='trigger'")
        return set(found.scalars())


def test_an_erasure_that_is_cut_short_goes_on_at_the_next_start(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient_id, folder = treated(store), store.data_dir
    back_up(folder, LONG_AGO)
    monkeypatch.setattr("core.store.dialects.sqlite.back_up", _no_room)

    done = store.erase_patient(patient_id, "at the patient's wish", **WHO)

    assert "tried again" in done.waiting[0] and store.patients() == ()
    assert newest_backup(folder) is not None  # the older one stays until there is a newer one
    monkeypatch.undo()
    store.close()
    with open_store(folder) as again:
        assert found_in(folder) == [] and again.check_trail().faults == ()
        assert waiting_erasures(folder) == () and newest_backup(folder) is not None


def _no_room(*_arguments: object) -> Path:
    raise OSError("no room")


def test_an_erasure_that_never_began_is_forgotten_and_the_patient_stays(any_store: Store) -> None:
    patient_id = treated(any_store)
    erasures.keep_erasure(any_store.data_dir, erasures.Erasure(patient_id, (patient_id,), ()))
    assert any_store.finish_erasures() == () and waiting_erasures(any_store.data_dir) == ()
    assert [row.id for row in any_store.patients()] == [patient_id] and verify_record(any_store).whole


def test_the_second_place_is_cleared_when_it_is_there_again(store: Store, tmp_path: Path) -> None:
    place, folder = tmp_path / "disk", store.data_dir
    place.mkdir()
    choose_second_place(folder, place)
    store.add_patient(a_subject("P-OTHER"))
    patient_id = treated(store)
    back_up(folder, LONG_AGO)
    copy_record(folder, store.stored_records())
    place.rename(tmp_path / "unplugged")
    place.mkdir()  # as where a disk is mounted

    done = store.erase_patient(patient_id, "at the patient's wish", **WHO)

    assert "still holds data of an erased patient" in done.waiting[0]
    assert "still holds" in verify_record(store).notes[0] and found_in(folder) == []
    place.rmdir()
    (tmp_path / "unplugged").rename(place)
    assert found_in(place) != []
    assert store.finish_erasures() == () and found_in(place) == []
    identity = read_identity(folder)
    assert identity is not None
    assert len(list(backups_dir(copy_folder(place, identity)).iterdir())) == 1
    copy_record(folder, store.stored_records())
    assert verify_record(store).whole and found_in(place) == []


def test_a_patient_whom_an_older_copy_brought_back_is_erased_again(any_store: Store, tmp_path: Path) -> None:
    patient_id, folder = treated(any_store), any_store.data_dir
    erasure = erasures.Erasure(patient_id, (patient_id,), (), rows_gone=True, here=True, place="/nowhere")
    erasures.keep_erasure(folder, erasure)  # as it waits for a disk, while the rows came back
    assert len(any_store.finish_erasures()) == 1  # the disk
    assert any_store.patients() == () and found_in(folder) == [] and any_store.check_trail().faults == ()


def test_who_erases_says_why_and_does_not_name_the_patient(any_store: Store) -> None:
    patient_id = treated(any_store)
    with refused("PAT-031"):
        any_store.erase_patient(patient_id, " ", **WHO)
    with refused("PAT-032"):
        any_store.erase_patient(patient_id, f"{CODE.lower()} asked for it", **WHO)
    assert waiting_erasures(any_store.data_dir) == () and len(any_store.patients()) == 1


def test_only_who_may_erases_and_only_with_a_signature_for_this_patient(any_store: Store) -> None:
    patient_id = treated(any_store)
    make_clinic(any_store)
    name = NAMES[Role.PHYSICIAN]
    with refused("PPL-003"):
        any_store.erase_patient(patient_id, "a wish", by=name)
    any_store.people.prove(name, PIN, Action.ERASE, patient_id)
    any_store.erase_patient(patient_id, "a wish", by=name)
    assert found_in(any_store.data_dir, (b"quokka", MARKER)) == []


def test_erasing_destroys_the_key_of_the_patient_in_an_encrypted_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.vault.passphrase._N", 2)
    folder, place = tmp_path / "data", tmp_path / "disk"
    place.mkdir()
    with open_store(folder) as store:
        patient_id = treated(store)
        choose_second_place(folder, place)
    protect(folder)
    kept = list(tmp_path.rglob(f"{patient_id}.key"))
    assert len(kept) == 2  # here and in the second place

    with open_store(folder) as store:
        done = store.erase_patient(patient_id, "at the patient's wish", **WHO)
        assert done.waiting == () and verify_record(store).whole
    opened.forget(folder)

    assert list(tmp_path.rglob(f"{patient_id}.key")) == []
    assert list(tmp_path.rglob("*.mp4")) == [tmp_path / "camera-1.mp4"]  # the person's own
    assert not list((folder / "jobs").iterdir()) and found_in(folder) == found_in(place) == []
