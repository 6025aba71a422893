"""Claims about the second place: the whole record is there, only what is missing is copied, it comes back."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli import commands as cli
from app.cli.signing import PIN_VARIABLE
from core.domain.people import Role
from core.domain.record import RecordKind
from core.domain.recording import Landmarks
from core.errors import UserError
from core.jobs.values import JobSpec, Progress, SilentContext
from core.store.backup_files import backups_in
from core.store.clinic import read_clinic, write_name
from core.store.dialects.sqlite_file import database_path
from core.store.repository import Store, open_store
from core.store.restoring import restore_from
from core.store.second_place import SecondCopy, choose_second_place, copy_record, is_due
from core.tasks import copy_record as copy_record_job
from tests.people import MANAGER, NAMES, PIN, make_clinic
from tests.store.samples import a_subject
from tests.store.test_store import some_landmarks


def save(store: Store, code: str, *files: Path) -> str:
    visit_id = store.start_visit(store.add_patient(a_subject(code))).id
    return store.save(RecordKind.LANDMARKS, some_landmarks(), visit_id=visit_id, summary="seen", files=files)


def copied(store: Store) -> SecondCopy:
    store.back_up_if_due(after_s=0.0)
    done = copy_record(store.data_dir, store.stored_records())
    assert done is not None
    return done


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "data"
    open_store(folder).close()
    return folder


@pytest.fixture
def data(new: Path, tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    folder = Path(shutil.copytree(new, tmp_path / "data"))
    choose_second_place(folder, tmp_path / "place")
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "place"


def test_a_lost_data_folder_comes_back_whole_from_its_second_place(data: Path, place: Path) -> None:
    write_name(data, "Clinic")
    with open_store(data) as store:
        record_id = save(store, "P-0001")
        assert is_due(data) is False  # there is no backup yet
        copied(store)
    shutil.rmtree(data)

    assert cli.run(["restore", "--from", str(place), "--data-dir", str(data)]) == 0

    with open_store(data) as store:
        assert len(store.load(record_id, Landmarks).people) == 1
        assert store.log_entries()[-1].action == "backup restored"
    assert read_clinic(data).name == "Clinic"


def test_only_what_is_missing_is_copied(data: Path, place: Path) -> None:
    with open_store(data) as store:
        save(store, "P-0001")
        first = copied(store)
        there = next(first.folder.glob("records/*/*/arrays.npz"))
        before = there.stat().st_mtime_ns
        assert not is_due(data)
        save(store, "P-0002")
        second = copied(store)

    assert (first.copied, second.copied, second.records) == (1, 1, 2)
    assert there.stat().st_mtime_ns == before


def test_a_result_that_is_damaged_here_never_replaces_the_good_copy(data: Path, place: Path) -> None:
    with open_store(data) as store:
        record_id = save(store, "P-0001")
        copy = copied(store).folder
        (store.folder(record_id) / "arrays.npz").write_bytes(b"short")
        done = copied(store)

    assert [fault.about for fault in done.faults] == [f"landmarks/{record_id}"] and done.copied == 0
    assert next(copy.glob("records/*/*/arrays.npz")).stat().st_size > 100


def test_a_file_that_was_removed_on_request_is_removed_there_too(data: Path, tmp_path: Path) -> None:
    video = tmp_path / "walk.mp4"
    video.write_bytes(b"frames")
    with open_store(data) as store:
        record_id = save(store, "P-0001", video)
        copy = copied(store).folder
        store.remove_files(record_id, ("walk.mp4",), by="Dr Test")
        assert copied(store).faults == ()
    assert not list(copy.rglob("walk.mp4")) and list(copy.rglob("arrays.npz"))


def test_results_newer_than_the_damage_stay_and_lost_ones_come_back(data: Path, place: Path) -> None:
    with open_store(data) as store:
        record_id = save(store, "P-0001")
        kept_id = save(store, "P-0002")
        copied(store)
        shutil.rmtree(store.folder(record_id))
        shutil.rmtree(data / "backups")
    database_path(data).write_bytes(b"")
    with pytest.raises(UserError) as refused:
        open_store(data)
    assert f"exotwin restore --from {place}" in refused.value.advice.next_step

    assert restore_from(data, place).records == 1

    with open_store(data) as store:
        store.load(record_id, Landmarks)
        store.load(kept_id, Landmarks)


def test_of_a_sound_record_only_the_results_that_are_not_whole_come_back(
    data: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(data) as store:
        ids = [save(store, f"P-{number}") for number in range(3)]
        copied(store)
        shutil.rmtree(store.folder(ids[0]))
        (store.folder(ids[1]) / "arrays.npz").write_bytes(b"short")

    assert cli.run(["record", "verify", "--data-dir", str(data)]) == 2
    assert "restore --from DIR" in capsys.readouterr().err
    assert cli.run(["restore", "--from", str(place), "--data-dir", str(data)]) == 0

    assert "2 results" in capsys.readouterr().out
    with open_store(data) as store:
        for name in ids:
            store.load(name, Landmarks)
    assert (data / "quarantine" / "landmarks" / f"{ids[1]}.damaged" / "arrays.npz").read_bytes() == b"short"


def test_where_people_have_accounts_who_looks_after_a_sound_record_brings_its_results_back(
    data: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(data) as store:
        name = save(store, "P-0001")
        copied(store)
        make_clinic(store, (Role.PHYSICIAN,))
        shutil.rmtree(store.folder(name))
    monkeypatch.setenv(PIN_VARIABLE, PIN)
    words = ["restore", "--from", str(place), "--data-dir", str(data)]

    assert cli.run(words) == 2 and cli.run([*words, "--as", NAMES[Role.PHYSICIAN]]) == 2
    with pytest.raises(UserError) as unsigned:
        restore_from(data, place, by=MANAGER)
    assert code_of(unsigned) == "PPL-003" and not any((data / "records").glob("*/[!.]*"))
    assert cli.run([*words, "--as", MANAGER]) == 0

    with open_store(data) as store:
        told = [entry.who for entry in store.log_entries() if entry.action == "result restored"]
        assert told == [MANAGER] and store.load(name, Landmarks) is not None


def code_of(refused: pytest.ExceptionInfo[UserError]) -> str:
    return refused.value.advice.code


def test_a_sound_record_a_place_without_a_copy_and_a_copy_of_another_record_are_refused(
    data: Path, place: Path, tmp_path: Path
) -> None:
    with open_store(data) as store:
        save(store, "P-0001")
        copied(store)
    with pytest.raises(UserError) as sound:
        restore_from(data, place)
    with pytest.raises(UserError) as nothing:
        restore_from(tmp_path / "new", tmp_path)
    other = tmp_path / "other"
    open_store(other).close()
    database_path(other).unlink()
    with pytest.raises(UserError) as another:
        restore_from(other, place)

    assert [code_of(one) for one in (sound, nothing, another)] == ["REC-009", "REC-014", "REC-015"]


@pytest.mark.parametrize("where", ["data/inside", "missing", "."])
def test_a_place_that_is_none_is_refused(data: Path, tmp_path: Path, where: str) -> None:
    (data / "inside").mkdir()
    with pytest.raises(UserError) as refused:
        choose_second_place(data, tmp_path / where)
    assert code_of(refused) == "REC-013"


def test_a_disk_that_is_not_connected_is_told_and_the_backup_here_is_kept(data: Path, place: Path) -> None:
    with open_store(data) as store:
        save(store, "P-0001")
        place.rmdir()
        store.back_up_if_due(after_s=0.0)
        with pytest.raises(UserError) as refused:
            copy_record(data, store.stored_records())
    assert code_of(refused) == "REC-013"
    assert len(backups_in(data)) == 1 and is_due(data)


def test_the_job_copies_what_is_due(data: Path, place: Path, tmp_path: Path) -> None:
    with open_store(data) as store:
        save(store, "P-0001")
        store.back_up_if_due()
    assert is_due(data)
    context = SilentContext(JobSpec("1", "copy_record", {}, data), tmp_path)

    copy_record_job.run({}, context)

    assert not is_due(data) and context.events == [Progress(0.0, "Result 1 of 1")]
    assert list(place.glob("exotwin-*/records/*/*/arrays.npz"))


def test_a_terminal_chooses_the_place_copies_and_gives_it_up(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(data) as store:
        save(store, "P-0001")
    (tmp_path / "disk").mkdir()

    told = ["--data-dir", str(data)]
    assert cli.run(["record", "backup", "--to", str(tmp_path / "disk"), *told]) == 0
    assert "1 results, 1 of them new" in capsys.readouterr().out
    assert list((tmp_path / "disk").glob("exotwin-*/records/*/*/arrays.npz"))
    assert cli.run(["record", "backup", "--only-here", *told]) == 0
    assert "There is no second place" in capsys.readouterr().out
    assert datetime.now(UTC) >= backups_in(data)[0].made
