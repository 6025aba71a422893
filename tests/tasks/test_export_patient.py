"""Claims about exporting a patient as a job: all of it, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import JobCancelled
from core.jobs.values import JobSpec, SilentContext
from core.store.repository import open_store
from core.tasks import export_patient
from tests.refusals import code_of
from tests.store.test_erasing import CODE, treated


class Stopped(SilentContext):
    def check_cancelled(self) -> None:
        raise JobCancelled


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with open_store(tmp_path / "data") as store:
        treated(store)
    return tmp_path / "data"


def job(data: Path, folder: Path, kind: type[SilentContext] = SilentContext) -> tuple[object, SilentContext]:
    with open_store(data) as store:
        patient_id = next(row.id for row in store.patients() if row.subject.code == CODE)
    spec = JobSpec("1", "export_patient", {"patient_id": patient_id, "folder": str(folder)}, data)
    return spec.params, kind(spec, data)


def test_everything_is_written_into_a_new_folder(data: Path, tmp_path: Path) -> None:
    assert export_patient.run(*job(data, tmp_path / "out")) == ""
    assert (tmp_path / "out" / "everything.json").is_file()


def test_one_that_is_stopped_leaves_nothing(data: Path, tmp_path: Path) -> None:
    with pytest.raises(JobCancelled):
        export_patient.run(*job(data, tmp_path / "out", Stopped))
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_files_is_left_alone_and_one_that_is_none_refused(
    data: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    assert code_of(export_patient.run, *job(data, tmp_path / "mine")) == "PAT-030"
    assert code_of(export_patient.run, *job(data, tmp_path / "mine" / "letter.txt")) == "PAT-038"
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"
