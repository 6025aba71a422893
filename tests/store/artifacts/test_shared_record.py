"""Claims about a record whose files lie in a store that PCs share: nothing half written, nothing trusted."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from core.domain.record import RecordKind
from core.domain.recording import Landmarks
from core.store.artifacts.blobs import MARKER
from core.store.artifacts.interface import Artifact
from core.store.artifacts.local_copies import NUMBERS, trim
from core.store.repository import Store, open_store
from core.store.verifying import verify_record
from tests.refusals import code_of
from tests.store.artifacts.conftest import S3Server
from tests.store.samples import a_subject
from tests.store.test_store import some_landmarks

VIDEO = b"film " * 5000


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    monkeypatch.setenv("EXOTWIN_ARTIFACTS", str(folder))
    return folder


@pytest.fixture
def store(share: Path, tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data") as opened:
        opened.start_visit(opened.add_patient(a_subject()))
        yield opened


def saved(store: Store) -> str:
    video = store.data_dir.parent / "walk.mp4"
    video.write_bytes(VIDEO)
    (visit,) = store.visits(store.patients()[0].id)
    return store.save(
        RecordKind.LANDMARKS, some_landmarks(), visit_id=visit.id, summary="seen", files=(video,)
    )


def files_in(share: Path) -> list[Path]:
    return sorted(path for path in share.rglob("*") if path.is_file() and path.name != MARKER)


def forget_here(store: Store) -> None:
    shutil.rmtree(store.data_dir / "records")


def test_another_pc_reads_what_this_one_saved(store: Store, share: Path) -> None:
    record_id = saved(store)
    assert len(files_in(share)) == 3
    forget_here(store)

    loaded = store.load(record_id, Landmarks)

    np.testing.assert_array_equal(
        loaded.patient.tracks[0].image_px, some_landmarks().patient.tracks[0].image_px
    )
    assert not list(store.data_dir.rglob("walk.mp4"))  # the film comes when it is asked for
    assert (store.folder(record_id) / "walk.mp4").read_bytes() == VIDEO
    assert verify_record(store).whole


def test_a_copy_that_was_changed_here_is_fetched_again(store: Store) -> None:
    record_id = saved(store)
    folder = store.folder(record_id)
    for name in ("arrays.npz", "record.json"):
        (folder / name).write_bytes(b"{}")
        assert len(store.load(record_id, Landmarks).people) == 1


@pytest.mark.parametrize(("done", "code"), [("changed", "REC-074"), ("removed", "REC-075")])
def test_a_result_that_somebody_touched_in_the_store_is_refused_and_found(
    store: Store, share: Path, done: str, code: str
) -> None:
    record_id = saved(store)
    for path in files_in(share):
        if done == "changed":
            path.write_bytes(path.read_bytes()[:-1] + b"!")
        else:
            path.unlink()
    forget_here(store)

    assert code_of(store.load, record_id, Landmarks) == code
    (fault,) = verify_record(store).faults
    assert fault.about.endswith(record_id)


def test_a_stranger_in_the_store_is_found(store: Store, share: Path) -> None:
    saved(store)
    (files_in(share)[0].parent / ("f" * 64)).touch()
    (fault,) = verify_record(store).faults
    assert fault.kind.value == "extra"


def test_a_share_that_vanishes_while_a_result_is_saved_leaves_the_record_as_before(
    store: Store, share: Path
) -> None:
    saved(store)
    share.rename(share.with_name("away"))
    (visit,) = store.visits(store.patients()[0].id)

    assert code_of(saved, store) == "REC-070"

    assert len(store.records(visit.id)) == 1
    share.with_name("away").rename(share)
    assert verify_record(store).whole and len(files_in(share)) == 3


def test_an_attached_file_that_is_removed_is_removed_from_the_store(store: Store, share: Path) -> None:
    record_id = saved(store)
    store.remove_files(record_id, ("walk.mp4",), by="Dr Test")
    assert len(files_in(share)) == 2
    forget_here(store)
    assert not (store.folder(record_id) / "walk.mp4").exists()
    assert verify_record(store).whole


def test_an_erased_patient_is_erased_from_the_store(store: Store, share: Path) -> None:
    saved(store)
    assert store.erase_patient(store.patients()[0].id, "asked for it", by="Dr Test").waiting == ()
    assert files_in(share) == [] and [path.name for path in share.iterdir()] == [MARKER]


def test_an_erasure_waits_for_a_store_that_is_away(store: Store, share: Path) -> None:
    saved(store)
    share.rename(share.with_name("away"))
    waiting = store.erase_patient(store.patients()[0].id, "asked for it", by="Dr Test").waiting
    assert len(waiting) == 1 and "cannot be reached" in waiting[0]
    share.with_name("away").rename(share)
    assert store.finish_erasures() == () and files_in(share) == []


def test_a_copy_of_an_erased_patient_is_gone_from_another_pc_when_it_starts(
    store: Store, tmp_path: Path
) -> None:
    record_id = saved(store)
    folder = store.folder(record_id)
    shutil.copytree(folder, tmp_path / "kept")
    store.erase_patient(store.patients()[0].id, "asked for it", by="Dr Test")
    shutil.copytree(tmp_path / "kept", folder)  # as it is there that the other PC erased it
    store.close()
    with open_store(store.data_dir) as again:
        assert again.stored_records() == () and not folder.exists()
    assert not (store.data_dir / "quarantine").exists()


def test_a_result_that_an_older_dump_does_not_know_stays_in_the_store_for_a_newer_one(
    store: Store, share: Path
) -> None:
    database = store.data_dir / "exotwin.db"
    shutil.copy(database, database.with_suffix(".older"))
    record_id = saved(store)
    store.close()
    shutil.copy(database, database.with_suffix(".newer"))
    shutil.copy(database.with_suffix(".older"), database)
    with open_store(store.data_dir) as older:
        assert older.stored_records() == () and len(files_in(share)) == 3
    shutil.copy(database.with_suffix(".newer"), database)
    with open_store(store.data_dir) as newer:
        assert len(newer.load(record_id, Landmarks).people) == 1 and verify_record(newer).whole


def test_a_store_out_of_reach_keeps_nobody_from_what_is_here(store: Store, share: Path) -> None:
    record_id = saved(store)
    assert store.is_here(record_id)
    store.close()
    share.rename(share.with_name("away"))
    with open_store(store.data_dir) as again:
        assert (again.folder(record_id) / "walk.mp4").is_file() and again.is_here(record_id)
        (again.folder(record_id) / "walk.mp4").unlink()
        assert not again.is_here(record_id) and again.is_here(record_id, NUMBERS)
        assert code_of(again.folder, record_id) == "REC-072"


def test_two_processes_that_fetch_and_remove_the_same_copy_are_not_in_each_others_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_id = saved(store)
    folder = store.folder(record_id)
    for path in folder.iterdir():  # as another process has it that is about to fetch the first file
        path.unlink()
    (folder / ".record.json-begun").touch()
    assert len(store.load(record_id, Landmarks).people) == 1 and (folder / ".record.json-begun").exists()
    real = Path.iterdir

    def gone_meanwhile(path: Path) -> Iterator[Path]:
        if path == folder:
            shutil.rmtree(folder, ignore_errors=True)
        return real(path)

    monkeypatch.setattr(Path, "iterdir", gone_meanwhile)
    trim(store.data_dir)
    monkeypatch.undo()


def test_local_copies_keep_within_their_room(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = saved(store), saved(store)
    os.utime(store.folder(old), (time.time() - 9000,) * 2)
    monkeypatch.setenv("EXOTWIN_CACHE_GB", "0.00005")
    trim(store.data_dir)
    assert [path.name for path in (store.data_dir / "records").glob("*/*")] == [new]
    assert len(store.load(old, Landmarks).people) == 1


@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_a_program_killed_while_it_sends_leaves_neither_row_nor_file(store: Store, share: Path) -> None:
    saved(store)
    store.close()
    child = os.fork()
    if child == 0:
        try:
            with open_store(store.data_dir) as mine:
                put = mine.artifacts.put

                def put_and_die(artifact: Artifact, content: BinaryIO) -> None:
                    put(artifact, content)
                    (share / artifact.scope / ".aside-begun").touch()  # of the next file
                    os.kill(os.getpid(), signal.SIGKILL)

                mine.artifacts.put = put_and_die  # type: ignore[method-assign]
                saved(mine)
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and len(files_in(share)) == 5

    with open_store(store.data_dir) as again:
        assert len(again.stored_records()) == 1 and verify_record(again).whole
    assert len(files_in(share)) == 3 and not list((store.data_dir / "records").glob("*/.*"))


def test_a_program_killed_before_the_store_was_ever_used_leaves_nothing(store: Store) -> None:
    (visit,) = store.visits(store.patients()[0].id)
    store.close()
    child = os.fork()
    if child == 0:
        try:
            with open_store(store.data_dir) as mine:
                mine.__dict__["artifacts"] = _Killer()
                saved(mine)
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    left = list((store.data_dir / "records").glob("*/.*"))
    assert os.WIFSIGNALED(status) and left

    with open_store(store.data_dir) as again:
        assert not again.records(visit.id) and not list((store.data_dir / "records").glob("*/.*"))
        saved(again)
        assert verify_record(again).whole


class _Killer:
    """In place of a store: the program dies as it looks for it."""

    def __getattr__(self, name: str) -> object:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError(name)


def test_results_that_lie_in_the_data_folder_are_not_looked_for_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "share").mkdir()
    with open_store(tmp_path / "data") as store:
        store.start_visit(store.add_patient(a_subject()))
        record_id = saved(store)
        os.utime(store.folder(record_id), (time.time() - 9000,) * 2)
    monkeypatch.setenv("EXOTWIN_ARTIFACTS", str(tmp_path / "share"))
    monkeypatch.setenv("EXOTWIN_CACHE_GB", "0")
    with open_store(tmp_path / "data") as store:
        assert len(store.load(record_id, Landmarks).people) == 1  # no copy that may go: it is all there is
        assert code_of(saved, store) == "REC-076"
    monkeypatch.delenv("EXOTWIN_ARTIFACTS")
    with open_store(tmp_path / "data") as store:
        assert len(store.load(record_id, Landmarks).people) == 1


def test_a_record_in_s3_survives_a_network_that_is_cut_while_results_are_saved(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXOTWIN_ARTIFACTS", f"s3://{s3.a_bucket()}/clinic")
    monkeypatch.setattr("core.store.artifacts.s3.PAUSES_S", (0.01,))
    with open_store(tmp_path / "data") as store:
        visit = store.start_visit(store.add_patient(a_subject()))
        saved(store)
        for after_bytes in (0, 9_000, 18_000, 27_000):
            s3.network.cut(after_bytes=after_bytes)
            code_of(saved, store)
            s3.network.mend()
        saved(store)
        assert len(store.records(visit.id)) == 2 and verify_record(store).whole
        assert len(list(store.artifacts.scopes())) > 2
    with open_store(tmp_path / "data") as store:  # what was sent without getting a row is removed now
        assert set(store.artifacts.scopes()) == {record.name for record in store.stored_records()}
        assert not list((store.data_dir / "records").glob("*/.*"))
