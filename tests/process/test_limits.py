"""Claims about a process that reads a file from outside: whatever the file does to it ends in advice."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.jobs import guarded as guarded_module
from app.jobs.guarded import ReadingFailed, guarded
from app.jobs.service import JobService
from core.jobs.limits import LOOK, Limits, files_of
from core.jobs.table import JOB_TABLE, JobKind
from core.jobs.values import Crashed, Done, Outcome, Refused
from tests.process import tasks_at_their_limits as tasks
from tests.refusals import refused

SMALL = Limits(memory_mb=400, silent_s=60.0, message_mb=1)
HASTY = Limits(memory_mb=400, silent_s=1.0)
NAMES = ("die", "fill_the_memory", "ask_for_everything", "tell_too_much", "tell_a_little")
TABLE = {name: JobKind(f"tasks_at_their_limits:{name}", name, limits=SMALL) for name in NAMES}
TABLE |= {"hang": JobKind("tasks_at_their_limits:hang", "hang", limits=HASTY)}
TABLE |= {"die_unlimited": JobKind("tasks_at_their_limits:die", "die_unlimited")}
LONG_S = 30.0


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome | None]]:
    """How each of the tasks ended; all run at once, beside one another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        service = JobService(tmp_path_factory.mktemp("data"), "tester", TABLE)
        jobs = {name: service.submit(name, {"file": "/far/away/walk.c3d"}) for name in TABLE}
        yield {name: service.wait(job_id, LONG_S) for name, job_id in jobs.items()}
        service.close()


@pytest.mark.parametrize(
    ("task", "code"),
    [
        ("die", "IMP-001"),
        ("fill_the_memory", "IMP-002"),
        ("ask_for_everything", "IMP-002"),
        ("hang", "IMP-003"),
        ("tell_too_much", "IMP-004"),
    ],
)
def test_what_takes_more_than_it_may_ends_in_advice_that_names_the_file(
    ends: dict[str, Outcome | None], task: str, code: str
) -> None:
    if task == "ask_for_everything" and sys.platform == "win32":
        pytest.skip("Windows has no limit from inside")
    outcome = ends[task]
    assert isinstance(outcome, Refused), outcome
    assert outcome.advice.code == code and "walk.c3d" in outcome.advice.what
    assert "/far/away" not in outcome.advice.one_line()


def test_what_keeps_to_its_limits_is_not_disturbed(ends: dict[str, Outcome | None]) -> None:
    assert ends["tell_a_little"] == Done("told")


def test_of_a_job_that_reads_no_file_a_death_is_a_bug(ends: dict[str, Outcome | None]) -> None:
    assert isinstance(ends["die_unlimited"], Crashed)


def test_every_job_whose_parameters_name_a_file_has_limits() -> None:
    reading = {
        "import_video", "calibrate_cameras", "detect_pose", "import_trial", "import_exo_log", "read_emg_head",
        "import_emg", "take_logo", "tune_amplitude", "table_statistics",
    }  # fmt: skip
    assert {kind for kind, job in JOB_TABLE.items() if job.limits is not None} == reading


def test_advice_names_the_files_of_a_job_and_no_more_than_three() -> None:
    assert files_of({"file": "/a/walk.c3d", "standing": "/a/stand.c3d"}) == "walk.c3d or stand.c3d"
    many: dict[str, object] = {"files": [f"/a/{number}.mp4" for number in range(5)]}
    assert files_of(many) == "0.mp4 or 1.mp4 or 2.mp4 or 2 more"  # type: ignore[arg-type]
    assert files_of({"recording_id": "r-1"}) == "the recording"


def test_a_command_that_reads_a_file_gets_its_value_its_advice_or_its_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guarded_module, "TABLES", SMALL)
    file = (Path("walk.c3d"),)
    pid, value = guarded(file, tasks.give, "answer")
    assert value == "answer" and pid != os.getpid()
    with refused("TST-001"):
        guarded(file, tasks.refuse_it)
    with refused("IMP-001"):
        guarded(file, tasks.vanish)
    with pytest.raises(ReadingFailed, match="ZeroDivisionError"):
        guarded(file, tasks.crash)


def test_the_limits_of_a_look_leave_room_for_a_recording_of_a_visit() -> None:
    assert LOOK.memory_mb >= 1024 and LOOK.silent_s >= 60.0
