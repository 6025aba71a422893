"""A job board whose events are all sent by the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.jobs.values import Event, JobSpec, JobState, JsonValue, Listener, Outcome, Progress


class HandBoard:
    """Fulfils `core.jobs.values.JobBoard`; a test moves the jobs by hand."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.jobs: dict[str, JobState] = {}
        self.sent: list[tuple[str, str]] = []
        self.cancelled: list[str] = []
        self._listeners: list[Listener] = []

    def submit(self, kind: str, params: dict[str, JsonValue], *, visit_id: str = "") -> str:
        job_id = f"job-{len(self.jobs) + 1}"
        self.jobs[job_id] = JobState(JobSpec(job_id, kind, params, self.data_dir, visit_id))
        return job_id

    def resume(self, job_id: str) -> str:
        self.jobs[job_id] = replace(self.jobs[job_id], outcome=None)
        return job_id

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)

    def pause(self, job_id: str, paused: bool) -> None:
        self.jobs[job_id] = replace(self.jobs[job_id], paused=paused)

    def send(self, job_id: str, text: str) -> None:
        self.sent.append((job_id, text))

    def states(self) -> tuple[JobState, ...]:
        newest_first = list(reversed(self.jobs.values()))
        return tuple(sorted(newest_first, key=lambda state: state.outcome is not None))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def happens(self, job_id: str, event: Event | Outcome, *, resumable: bool = False) -> None:
        """Tell the listeners, as a reader thread would."""
        state = self.jobs[job_id]
        if isinstance(event, Progress):
            self.jobs[job_id] = replace(state, progress=event)
        elif type(event).__name__ in ("Done", "Cancelled", "Refused", "Crashed"):
            self.jobs[job_id] = replace(state, outcome=event, resumable=resumable)
        for listener in tuple(self._listeners):
            listener(job_id, event)
