"""Claims about long work: it ends in exactly one way, follows commands, and leaves no process behind."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.jobs import local as local_module
from app.jobs.service import JobService
from app.jobs.worker import work_dir
from core.jobs.table import JobKind
from core.jobs.values import Cancelled, Crashed, Done, Event, Message, Outcome, Progress, Refused, Sample
from tests.masks import mode

NAMES = (
    "finish",
    "wait_for_cancel",
    "never_look_up",
    "refuse_it",
    "crash",
    "die_after_checkpoint",
    "count",
    "write_files",
    "hold_everything_up",
)
TABLE = {name: JobKind(f"tasks_for_tests:{name}", name) for name in NAMES}
TABLE |= {"heavy": JobKind("tasks_for_tests:wait_for_cancel", "heavy", heavy=True)}
TABLE |= {"echo": JobKind("tasks_for_tests:echo", "echo", stream=True)}
LONG_S = 20.0


@pytest.fixture(autouse=True)
def _tasks_can_be_imported_by_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[JobService]:
    service = JobService(tmp_path, "tester", TABLE)
    yield service
    service.close()
    assert _only_trackers()  # the system's word: multiprocessing's own list lags when two threads join


def _only_trackers() -> bool:
    children = psutil.Process().children(recursive=True)
    return all("resource_tracker" in " ".join(child.cmdline()) for child in children)


class Listener:
    def __init__(self, jobs: JobService, limit_s: float = LONG_S) -> None:
        self.events: list[tuple[str, Event | Outcome]] = []
        self._limit_s = limit_s
        self._arrived = threading.Condition()
        jobs.subscribe(self._hear)

    def _hear(self, job_id: str, event: Event | Outcome) -> None:
        with self._arrived:
            self.events.append((job_id, event))
            self._arrived.notify_all()

    def wait_for(self, kind: type, count: int = 1) -> list[Event | Outcome]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self._of(kind)) >= count, self._limit_s), self.events
            return self._of(kind)

    def _of(self, kind: type) -> list[Event | Outcome]:
        return [event for _id, event in self.events if isinstance(event, kind)]


@pytest.mark.skipif(os.name == "nt", reason="holds every thread up by a POSIX function")
def test_a_worker_that_says_nothing_though_it_lives_is_told_and_can_be_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_module, "_COOPERATE_S", 0.2)
    jobs = JobService(tmp_path, "tester", TABLE, silent_after_s=0.5)
    listener = Listener(jobs)
    job_id = jobs.submit("hold_everything_up", {})

    def told() -> list[str]:
        return [event.sentence for event in listener.wait_for(Progress) if isinstance(event, Progress)]

    def told_silent_at_work() -> bool:
        words = told()
        return "busy" in words and "Silent for 0.5 s" in words[words.index("busy") :]

    end_s = time.monotonic() + LONG_S
    while not told_silent_at_work() and time.monotonic() < end_s:
        time.sleep(0.02)
    assert told_silent_at_work()
    while "awake" not in told() and time.monotonic() < end_s:
        time.sleep(0.02)
    while jobs.states()[0].silent_s and time.monotonic() < end_s:  # it sleeps on, but beats
        time.sleep(0.02)
    assert jobs.states()[0].silent_s == 0.0

    jobs.cancel(job_id)
    assert jobs.wait(job_id, LONG_S) == Cancelled()
    jobs.close()


def test_a_finished_job_reports_its_record_and_its_events(jobs: JobService) -> None:
    listener = Listener(jobs)
    job_id = jobs.submit("finish", {"answer": "r-1"})
    assert jobs.wait(job_id, LONG_S) == Done("r-1")
    assert Progress(0.5, "half way") in [event for _id, event in listener.events]
    assert listener.wait_for(Sample)[0].values == {"value": 1.0}


def test_a_refusal_carries_its_advice(jobs: JobService) -> None:
    outcome = jobs.wait(jobs.submit("refuse_it", {}), LONG_S)
    assert isinstance(outcome, Refused) and outcome.advice.code == "TST-001"


def test_a_bug_keeps_its_traceback_and_the_program_lives(jobs: JobService) -> None:
    outcome = jobs.wait(jobs.submit("crash", {}), LONG_S)
    assert isinstance(outcome, Crashed) and "ZeroDivisionError" in outcome.detail
    assert jobs.wait(jobs.submit("finish", {"answer": "after"}), LONG_S) == Done("after")


def test_cancelling_is_not_failing(jobs: JobService) -> None:
    listener = Listener(jobs)
    job_id = jobs.submit("wait_for_cancel", {})
    listener.wait_for(Progress, 2)
    jobs.cancel(job_id)
    assert jobs.wait(job_id, LONG_S) == Cancelled()


def test_a_job_that_does_not_listen_is_ended_all_the_same(
    jobs: JobService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_module, "_COOPERATE_S", 0.2)
    listener = Listener(jobs)
    job_id = jobs.submit("never_look_up", {})
    listener.wait_for(Progress, 2)
    jobs.cancel(job_id)
    assert jobs.wait(job_id, LONG_S) == Cancelled()


def test_a_killed_worker_can_resume_from_its_checkpoint(jobs: JobService) -> None:
    job_id = jobs.submit("die_after_checkpoint", {})
    outcome = jobs.wait(job_id, LONG_S)
    assert isinstance(outcome, Crashed)
    assert jobs.states()[0].resumable
    jobs.resume(job_id)
    assert jobs.wait(job_id, LONG_S) == Done("kept")


def test_a_job_that_died_with_its_program_is_offered_again(jobs: JobService, tmp_path: Path) -> None:
    job_id = jobs.submit("die_after_checkpoint", {})
    jobs.wait(job_id, LONG_S)
    (tmp_path / "jobs" / job_id / "outcome.json").unlink()  # as after a power cut
    restarted = JobService(tmp_path, "tester", TABLE)
    state = restarted.states()[0]
    assert state.spec.id == job_id and state.resumable and isinstance(state.outcome, Crashed)
    restarted.resume(job_id)
    assert restarted.wait(job_id, LONG_S) == Done("kept")


@pytest.mark.slow
def test_a_paused_job_stands_still_until_it_goes_on(jobs: JobService) -> None:
    listener = Listener(jobs)
    job_id = jobs.submit("count", {})
    listener.wait_for(Sample, 3)
    jobs.pause(job_id, True)
    time.sleep(0.5)
    stopped_at = len(listener.wait_for(Sample))
    time.sleep(0.5)
    assert len(listener.wait_for(Sample)) == stopped_at
    jobs.pause(job_id, False)
    listener.wait_for(Sample, stopped_at + 1)
    jobs.cancel(job_id)
    jobs.wait(job_id, LONG_S)


def test_heavy_jobs_run_one_at_a_time(jobs: JobService) -> None:
    listener = Listener(jobs)
    first, second = jobs.submit("heavy", {}), jobs.submit("heavy", {})
    listener.wait_for(Progress, 3)
    assert (second, Progress(0.1, "waiting")) not in [(i, e) for i, e in listener.events]
    jobs.cancel(first)
    assert jobs.wait(first, LONG_S) == Cancelled()
    listener.wait_for(Progress, 4)
    jobs.cancel(second)
    assert jobs.wait(second, LONG_S) == Cancelled()


def test_a_stream_hears_what_is_sent_and_leaves_no_history(jobs: JobService, tmp_path: Path) -> None:
    listener = Listener(jobs)
    job_id = jobs.submit("echo", {})
    jobs.send(job_id, "arm")
    assert listener.wait_for(Message) == [Message("arm")]
    jobs.cancel(job_id)
    jobs.wait(job_id, LONG_S)
    assert not (tmp_path / "jobs" / job_id).exists()


def test_closing_the_program_ends_every_worker(tmp_path: Path) -> None:
    service = JobService(tmp_path, "tester", TABLE)
    listener = Listener(service)
    service.submit("wait_for_cancel", {})
    listener.wait_for(Progress, 2)
    service.close()
    assert _only_trackers()
    assert listener.wait_for(Cancelled) == [Cancelled()]


def test_heavy_work_leaves_the_cores_to_the_screens(jobs: JobService) -> None:
    listener = Listener(jobs)
    jobs.submit("wait_for_cancel", {})
    jobs.submit("heavy", {})
    listener.wait_for(Progress, 4)  # each says that it waits, and later that it runs
    own = psutil.Process().nice()
    niceness = {
        worker.name: psutil.Process(worker.pid).nice() for worker in multiprocessing.active_children()
    }
    assert niceness["exotwin-wait_for_cancel"] == own != niceness["exotwin-heavy"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_a_worker_writes_for_the_owner_alone_whoever_started_it(jobs: JobService, tmp_path: Path) -> None:
    job_id = jobs.submit("write_files", {})
    assert isinstance(jobs.wait(job_id, LONG_S), Done)
    folder = work_dir(tmp_path, job_id)
    written = (folder / "worker.log", folder / "folder", folder / "folder" / "file")
    assert [mode(path) for path in written] == ["600", "700", "600"]
