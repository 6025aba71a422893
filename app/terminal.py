"""Jobs in a terminal: a progress bar each, and one line of advice when something has to be mended."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from app.jobs.service import JobService
from core.errors import JobCancelled, UserError
from core.jobs.table import JOB_TABLE
from core.jobs.values import (
    Cancelled,
    Crashed,
    Done,
    Event,
    JsonValue,
    Outcome,
    Refused,
)
from core.jobs.values import Progress as JobProgress


class JobDied(Exception):  # noqa: N818 - the end of a job, not of this program
    """A job's process ended early; carries what it said last, for the log."""


class Terminal:
    """Runs jobs one after another and shows each as a line. Progress goes to stderr, results to stdout."""

    def __init__(self, jobs: JobService) -> None:
        self._jobs = jobs
        self._console = Console(stderr=True)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[title]}", table_column=Column(min_width=22, no_wrap=True)),
            BarColumn(bar_width=16),
            TextColumn("{task.percentage:>3.0f} %", table_column=Column(min_width=5, no_wrap=True)),
            TimeElapsedColumn(table_column=Column(min_width=7, no_wrap=True)),
            TextColumn("[dim]{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis")),
            console=self._console,
        )
        self.seconds: dict[str, float] = {}

    def __enter__(self) -> Terminal:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def run(self, kind: str, params: dict[str, JsonValue], *, visit_id: str = "") -> str:
        """Run one job to its end and return its record id.

        Raises UserError when it was refused, JobCancelled when stopped, JobDied for a bug.
        """
        started_s = time.monotonic()
        bar = self._bars.add_task("", total=1.0, title=JOB_TABLE[kind].title)
        own_id: list[str] = []
        unsubscribe = self._jobs.subscribe(lambda job_id, event: self._show(bar, own_id, job_id, event))
        try:
            job_id = self._jobs.submit(kind, params, visit_id=visit_id)
            own_id.append(job_id)
            outcome = self._wait(job_id)
        finally:
            unsubscribe()
        self.seconds[kind] = self.seconds.get(kind, 0.0) + time.monotonic() - started_s
        return _record_or_raise(outcome)

    def say(self, sentence: str) -> None:
        self._console.print(sentence)

    def _wait(self, job_id: str) -> Outcome:
        """Wait so that Ctrl+C reaches the job as a wish to stop."""
        while True:
            try:
                outcome = self._jobs.wait(job_id, timeout_s=0.5)
            except KeyboardInterrupt:
                self._jobs.cancel(job_id)
                continue
            if outcome is not None:
                return outcome

    def _show(self, bar: TaskID, own_id: list[str], job_id: str, event: Event | Outcome) -> None:
        if own_id and job_id != own_id[0]:
            return
        if isinstance(event, JobProgress):
            self._bars.update(bar, completed=event.fraction or 0.0, description=event.sentence)
        elif isinstance(event, Done):
            self._bars.update(bar, completed=1.0)


def _record_or_raise(outcome: Outcome) -> str:
    match outcome:
        case Done(record_id):
            return record_id
        case Cancelled():
            raise JobCancelled
        case Refused(advice):
            raise UserError(advice)
        case Crashed(detail):
            raise JobDied(detail)
