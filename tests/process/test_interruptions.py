"""Claims about long work in trouble: killed, without room on the disk, or with a damaged history."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.jobs.service import JobService
from core.domain.record import RecordKind
from core.domain.subject import Sex, Subject
from core.errors import UserError
from core.gait.norms import normal_reference
from core.jobs.table import JobKind
from core.jobs.values import (
    Crashed,
    Done,
    Event,
    JsonValue,
    Message,
    Outcome,
    Refused,
    Sample,
    outcome_advice,
)
from core.learning.rl import training_loop
from core.store.repository import open_store
from core.tasks.policy_files import shipped_policy
from tests.tasks.test_controller_tasks import DEVICE, walking
from tests.tasks.test_learn_gait import TWIN, motion

NAMES = ("learn_gait", "train_controller", "learn_gait_on_a_full_disk", "write_to_a_full_disk", "ask")
TABLE = {name: JobKind(f"tasks_in_trouble:{name}", name) for name in NAMES}
LIMIT_S = 120.0
MINUTES, ITERATIONS = 0.06, 16  # of both trainings
full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


@pytest.fixture(autouse=True)
def _tasks_can_be_imported_by_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[JobService]:
    service = JobService(tmp_path, "tester", TABLE)
    yield service
    service.close()


@pytest.fixture
def training_params(tmp_path: Path) -> dict[str, dict[str, JsonValue]]:
    """The parameters of both trainings for one visit."""
    with open_store(tmp_path) as store:
        patient = store.add_patient(Subject("P-1", 1980, Sex.FEMALE, 1.68, 60.0, synthetic=True))
        visit_id = store.start_visit(patient).id
        twin = store.save(RecordKind.TWIN, TWIN, visit_id=visit_id, summary="body")
        walk = store.save(RecordKind.MOTION, motion(normal_reference()), visit_id=visit_id, summary="walk")
        policy = walking(shipped_policy())
        policy_id = store.save(RecordKind.GAIT_POLICY, policy, visit_id=visit_id, summary="walks")
    time = {"minutes": MINUTES, "seed": 0}
    return {
        "learn_gait": {"twin_id": twin, "motion_id": walk, **time},
        "train_controller": {"policy_id": policy_id, "device": DEVICE, "iterations": ITERATIONS, **time},
    }


class Watch:
    """Hears one service and can wait for a kind of event."""

    def __init__(self, jobs: JobService) -> None:
        self._events: list[Event | Outcome] = []
        self._arrived = threading.Condition()
        jobs.subscribe(self._hear)

    def _hear(self, _job_id: str, event: Event | Outcome) -> None:
        with self._arrived:
            self._events.append(event)
            self._arrived.notify_all()

    def of(self, kind: type) -> list[Event | Outcome]:
        with self._arrived:
            return [event for event in self._events if isinstance(event, kind)]

    def waits_for(self, kind: type) -> None:
        with self._arrived:
            assert self._arrived.wait_for(
                lambda: any(isinstance(event, (kind, Crashed, Refused)) for event in self._events), LIMIT_S
            )
            assert any(isinstance(event, kind) for event in self._events), self._events


def kill_the_worker() -> None:
    """SIGKILL, as the system does when memory runs out."""
    workers = [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]
    (worker,) = workers
    worker.kill()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["learn_gait", pytest.param("train_controller", marks=pytest.mark.long)])
def test_a_lesson_whose_worker_is_killed_goes_on_from_its_checkpoint(
    jobs: JobService, training_params: dict[str, dict[str, JsonValue]], tmp_path: Path, kind: str
) -> None:
    watch = Watch(jobs)
    job_id = jobs.submit(kind, training_params[kind])
    watch.waits_for(Sample)
    while not list((tmp_path / "jobs" / job_id).glob("*.pt")):
        assert jobs.wait(job_id, 0.05) is None
    kill_the_worker()

    outcome = jobs.wait(job_id, LIMIT_S)
    state = jobs.states()[0]
    advice = outcome_advice(outcome, resumable=state.resumable)
    assert isinstance(outcome, Crashed) and advice is not None and advice.code == "JOB-001"
    assert advice.next_step.startswith("Resume it")
    samples = len(watch.of(Sample))
    done = 60.0 * MINUTES * (state.progress.fraction or 0.0) if kind == "learn_gait" else samples

    jobs.resume(job_id)
    assert isinstance(jobs.wait(job_id, LIMIT_S), Done)
    messages = " ".join(event.text for event in watch.of(Message) if isinstance(event, Message))
    # Seconds of each part, or iterations; half a second is between checkpoints, and a round may last.
    kept = [float(number) for number in re.findall(r"Continues after (\d+) (?:s|iterations)", messages)]
    assert kept and done - sum(kept) < 4.0
    assert not list((tmp_path / "jobs" / job_id).glob("*.pt"))  # its result is in the record


def test_at_most_a_minute_of_learning_is_lost() -> None:
    assert training_loop.CHECKPOINT_EVERY_S <= 30.0


@full_disk
def test_a_full_disk_is_told_with_its_code_whatever_a_task_was_writing(jobs: JobService) -> None:
    outcome = jobs.wait(jobs.submit("write_to_a_full_disk", {}), LIMIT_S)
    assert isinstance(outcome, Refused) and outcome.advice.code == "REC-003"


@pytest.mark.slow
@full_disk
def test_a_full_disk_stops_a_lesson_with_advice_and_keeps_its_last_checkpoint(
    jobs: JobService, training_params: dict[str, dict[str, JsonValue]], tmp_path: Path
) -> None:
    job_id = jobs.submit("learn_gait_on_a_full_disk", training_params["learn_gait"])
    outcome = jobs.wait(job_id, LIMIT_S)
    assert isinstance(outcome, Refused) and outcome.advice.code == "REC-003"
    assert not (tmp_path / "jobs" / job_id / "checkpoint.pt").exists()
    with open_store(tmp_path) as store:
        assert len(store.records(store.visits(store.patients()[0].id)[0].id)) == 3


@full_disk
def test_a_job_whose_end_cannot_be_written_ends_all_the_same(jobs: JobService, tmp_path: Path) -> None:
    watch = Watch(jobs)
    job_id = jobs.submit("ask", {"answer": "r-1"})
    (tmp_path / "jobs" / job_id / "outcome.tmp").symlink_to("/dev/full")
    assert jobs.wait(job_id, LIMIT_S) == Done("r-1")
    watch.waits_for(Done)
    again = jobs.submit("ask", {"answer": "r-2"})
    assert jobs.wait(again, LIMIT_S) == Done("r-2")


def test_a_listener_with_a_bug_does_not_keep_a_job_from_ending(jobs: JobService) -> None:
    def stumble(_job_id: str, _event: Event | Outcome) -> None:
        raise ZeroDivisionError("a bug")

    jobs.subscribe(stumble)
    assert jobs.wait(jobs.submit("ask", {"answer": "r-1"}), LIMIT_S) == Done("r-1")


def test_a_job_without_its_parameters_is_refused(jobs: JobService) -> None:
    outcome = jobs.wait(jobs.submit("ask", {}), LIMIT_S)
    assert isinstance(outcome, Refused) and outcome.advice.code == "JOB-004"
    assert "answer" in outcome.advice.why


@pytest.mark.parametrize("content", ["", "{", "[]", '{"id": "x"}'])
def test_a_damaged_history_does_not_keep_the_program_from_starting(
    jobs: JobService, tmp_path: Path, content: str
) -> None:
    good = jobs.submit("ask", {"answer": "r-1"})
    jobs.wait(good, LIMIT_S)
    bad = tmp_path / "jobs" / "damaged"
    bad.mkdir()
    (bad / "job.json").write_text(content, encoding="utf-8")
    (tmp_path / "jobs" / good / "outcome.json").write_text(content, encoding="utf-8")

    restarted = JobService(tmp_path, "tester", TABLE)

    assert [state.spec.id for state in restarted.states()] == [good]
    assert isinstance(restarted.states()[0].outcome, Crashed)


def test_a_job_in_a_folder_out_of_reach_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    service = JobService(tmp_path / "file", "tester", TABLE)
    with pytest.raises(UserError) as refused:
        service.submit("ask", {"answer": "r-1"})
    assert refused.value.advice.code == "REC-006"
    assert service.states() == ()
