"""Claims about the one program that may write in a data folder."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from core.errors import UserError
from core.store import folder_lock
from core.store.folder_lock import LOCK_FILE, Holder, hold, holder_of
from core.store.repository import open_store
from core.store.verifying import verify_record
from tests.store.programs import another_program
from tests.store.samples import a_subject
from tests.store.test_recovery import a_record, refusal


def test_a_second_program_is_told_who_has_the_folder_and_may_only_read(tmp_path: Path) -> None:
    a_record(tmp_path)
    with another_program(tmp_path) as other:
        with pytest.raises(UserError) as refused:
            open_store(tmp_path)
        told = refused.value.advice
        assert told.code == "REC-010"
        assert "The windows of ExoTwin" in told.why and str(other.pid) in told.why

        with open_store(tmp_path, to_read=True) as store:
            assert not store.writable and len(store.patients()) == 1
            with pytest.raises(UserError) as refused:
                store.add_patient(a_subject("P-0002"))
            assert refused.value.advice.code == "REC-010"
    with open_store(tmp_path, to_read=True) as store:
        assert store.writable and len(store.patients()) == 1


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "REC-003"), (errno.EROFS, "REC-006")])
def test_a_record_on_a_full_or_read_only_disk_is_read_and_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    a_record(tmp_path)

    def refused_by_the_disk(*_told: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(folder_lock, "_write", refused_by_the_disk)
    assert refusal(tmp_path) == code
    with open_store(tmp_path, to_read=True) as store:
        assert len(store.patients()) == 1 and verify_record(store).whole
        with pytest.raises(UserError) as refused:
            store.add_patient(a_subject("P-0002"))
        assert refused.value.advice.code == code


def test_the_lock_of_a_killed_program_is_taken_over(tmp_path: Path) -> None:
    with another_program(tmp_path) as other:
        other.kill()
        other.wait()
        assert holder_of(tmp_path) is not None

        a_record(tmp_path)


def test_a_process_that_a_program_starts_is_no_second_program(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from core.store.repository import open_store\n"
        "with open_store(Path(sys.argv[1])) as store: store.log('', 'worked', '', '')\n"
    )
    with open_store(tmp_path) as store:
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
        assert store.log_entries()[-1].action == "worked"
        told = holder_of(tmp_path)
        assert told is not None and told.pid == os.getpid()


def test_the_folder_is_free_when_the_last_store_of_a_process_is_closed(tmp_path: Path) -> None:
    with open_store(tmp_path):
        open_store(tmp_path).close()
        assert holder_of(tmp_path) is not None
    assert holder_of(tmp_path) is None


def on_another_pc(data_dir: Path) -> None:
    told = Holder(4242, "the-other-pc", "The windows of ExoTwin", "2026-11-20T10:15:00+00:00", "other")
    (data_dir / LOCK_FILE).write_text(json.dumps(asdict(told)))


def test_a_program_on_another_pc_that_did_not_close_the_folder_is_told(tmp_path: Path) -> None:
    a_record(tmp_path)
    on_another_pc(tmp_path)

    assert refusal(tmp_path) == "REC-011"
    (tmp_path / LOCK_FILE).unlink()
    a_record(tmp_path, "P-0002")


def test_where_the_disk_has_no_locks_the_process_in_the_file_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.folder_lock.try_lock", lambda _descriptor: None)
    claim = hold(tmp_path)
    told = holder_of(tmp_path)
    assert told is not None
    claim.give_back()

    (tmp_path / LOCK_FILE).write_text(json.dumps(asdict(replace(told, pid=os.getppid(), token="other"))))
    assert refusal(tmp_path) == "REC-010"
    (tmp_path / LOCK_FILE).write_text(json.dumps(asdict(replace(told, pid=2**22 + 1, token="other"))))
    a_record(tmp_path)
