"""Claims about a program that ends in mid-training: no process stays, and the training goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.bench.screen import a_screen
from app.jobs.history import ended_jobs
from core.domain.record import Verdict
from core.jobs.values import Cancelled, Crashed, JobSpec, JobState, SilentContext, outcome_advice
from core.store.repository import open_store
from core.tasks import demo_patient, solve_motion

pytestmark = pytest.mark.slow

GO_ON = "Go on learning"
ORPHANS_S = 45.0  # the grace of an orphan is 20 s


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a demo patient whose motion is accepted."""
    data_dir = tmp_path_factory.mktemp("interrupted") / "data"
    data_dir.mkdir()
    context = SilentContext(JobSpec("made", "demo_patient", {}, data_dir), data_dir / "made")
    context.work_dir.mkdir()
    landmarks_id = demo_patient.run({}, context)
    motion_id = solve_motion.run({"landmarks_id": landmarks_id}, context)
    with open_store(data_dir) as store:
        visit_id = store.info(motion_id).visit_id
        store.decide(visit_id, "motion", Verdict.ACCEPTED, record_id=motion_id, by="Dr Test")
    return data_dir


@contextmanager
def program(data_dir: Path, button: str, then: str, repository: Path) -> Iterator[subprocess.Popen[str]]:
    script = repository / "tests" / "session" / "interrupted.py"
    with a_screen() as environment:
        environment["PYTHONPATH"] = str(repository)
        command = [sys.executable, str(script), str(data_dir), button, then]
        running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            yield running
        finally:
            running.kill()
            running.wait()
            assert running.stdout is not None
            running.stdout.close()


def heard(running: subprocess.Popen[str]) -> dict[str, Any]:
    """The program's line, which comes when the twin is learning."""
    assert running.stdout is not None
    line = running.stdout.readline()
    assert line, f"the program ended with {running.wait()}"
    report: dict[str, Any] = json.loads(line)
    assert report["workers"]
    return report


def assert_gone(pids: list[int], within_s: float) -> None:
    end_s = time.monotonic() + within_s
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < end_s:
        time.sleep(0.1)
    assert not any(map(psutil.pid_exists, pids))


def training_state(data_dir: Path) -> JobState:
    return next(state for state in ended_jobs(data_dir) if state.spec.kind == "learn_gait")


@pytest.mark.timeout(400)
def test_closing_the_window_saves_the_training_and_leaves_no_process(
    prepared: Path, repository: Path
) -> None:
    with program(prepared, "Personalize", "close", repository) as running:
        workers = heard(running)["workers"]
        assert running.wait(60.0) == 0
        assert_gone(workers, 5.0)
    state = training_state(prepared)
    assert isinstance(state.outcome, Cancelled) and state.resumable


@pytest.mark.timeout(400)
def test_a_program_that_is_killed_leaves_no_process_and_offers_to_go_on(
    prepared: Path, repository: Path
) -> None:
    with program(prepared, begin(prepared), "stay", repository) as running:
        workers = heard(running)["workers"]
        running.kill()
    assert_gone(workers, ORPHANS_S)
    state = training_state(prepared)
    advice = None if state.outcome is None else outcome_advice(state.outcome, resumable=state.resumable)
    assert isinstance(state.outcome, Crashed) and advice is not None and advice.code == "JOB-001"

    with program(prepared, GO_ON, "close", repository) as running:
        assert any(text.startswith("Continues after") for text in heard(running)["messages"])
        assert running.wait(60.0) == 0


def begin(data_dir: Path) -> str:
    """The button that starts the training: another one when it was closed before."""
    return GO_ON if any(state.resumable for state in ended_jobs(data_dir)) else "Personalize"
