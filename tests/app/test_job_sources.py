"""Claims about what a job remembers of the files that it was made from: nothing, unless it can go on."""

from __future__ import annotations

from pathlib import Path

from app.jobs.history import ended_jobs, write_outcome, write_spec
from core.jobs.values import Crashed, Done, JobSpec

SOURCE = str(Path("/films/Jane Doe/Jane Doe walks.MP4").absolute())


def a_job(data_dir: Path) -> Path:
    params = {"files": [SOURCE, "camera"], "turn_deg": 90, "plates": {"file": SOURCE}}
    folder = write_spec(JobSpec("job-1", "import_video", params, data_dir, "visit-1", "A"))
    (folder / "worker.log").write_text(f"cannot seek in {SOURCE}\nJane Doe walks.MP4 is odd\n")
    return folder


def told_in(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.iterdir())


def test_a_job_that_ended_keeps_no_name_of_a_source(tmp_path: Path) -> None:
    folder = a_job(tmp_path)
    assert "Jane" in told_in(folder)
    write_outcome(folder, Done("record-1"))
    assert "Jane" not in told_in(folder)
    (state,) = ended_jobs(tmp_path)
    assert state.spec.params == {
        "files": ["file.mp4", "camera"],
        "turn_deg": 90,
        "plates": {"file": "file.mp4"},
    }


def test_a_job_that_died_with_its_program_forgets_at_the_next_start(tmp_path: Path) -> None:
    folder = a_job(tmp_path)
    ended_jobs(tmp_path)
    assert "Jane" not in told_in(folder)


def test_a_job_that_can_go_on_still_knows_its_files(tmp_path: Path) -> None:
    folder = a_job(tmp_path)
    (folder / "checkpoint.pt").write_bytes(b"")
    write_outcome(folder, Crashed("no memory"))
    (state,) = ended_jobs(tmp_path)
    assert state.resumable and state.spec.params["files"] == [SOURCE, "camera"]
