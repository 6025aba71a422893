"""Jobs in a terminal: a progress bar each, and one line of advice when something has to be done."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from app.jobs.admission import Admit, anybody, by_role
from app.jobs.cluster_choice import cluster_in_use
from app.jobs.one_training import OneTraining
from app.jobs.service import JobService
from app.paths import operator_name
from core.errors import JobCancelled, UserError, refuse, without_controls
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
from core.store import second_place
from core.store.database import has_database
from core.store.repository import open_store

LINE_EVERY_S = 10.0
OPERATOR = "command line"


class JobDied(Exception):  # noqa: N818 - the end of a job, not of this program
    """A job's process ended early; carries the detail of its end, for the log."""


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
        self._plan: tuple[str, ...] = ()
        self._last_line_s = -LINE_EVERY_S

    def __enter__(self) -> Terminal:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def plan(self, kinds: Sequence[str]) -> None:
        """The jobs that will follow one another, so that each can be told as step so many of so many."""
        self._plan = tuple(kinds)

    def run(self, kind: str, params: dict[str, JsonValue], *, visit_id: str = "") -> str:
        """Run one job to its end and return its record id.

        Raises UserError when it was refused, JobCancelled when stopped, JobDied for a bug.
        """
        return self._follow(kind, lambda: self._jobs.submit(kind, params, visit_id=visit_id))

    def resume(self, kind: str, matching: dict[str, JsonValue], changes: dict[str, JsonValue]) -> str:
        """Go on with the newest unfinished job of this kind whose parameters match `matching`.

        Refuses (TRN-015) when there is none.
        """
        jobs = (state for state in self._jobs.states() if state.resumable and state.spec.kind == kind)
        found = next((job for job in jobs if matching.items() <= job.spec.params.items()), None)
        if found is None:
            raise refuse(
                "TRN-015",
                "There is nothing to go on with.",
                "No unfinished training of the same person, trial, fidelity and seed is in this data folder.",
                "Check them and --data-dir, or leave out --resume to begin.",
            )
        return self._follow(kind, lambda: self._jobs.resume(found.spec.id, changes))

    def _follow(self, kind: str, start: Callable[[], str]) -> str:
        started_s = time.monotonic()
        title = self._title(kind, "step {} of {}: {}")
        bar = self._bars.add_task("", total=1.0, title=self._title(kind, "{}/{} {}"))
        own_id: list[str] = []

        def show(job_id: str, event: Event | Outcome) -> None:
            if not own_id or job_id == own_id[0]:
                self._show(bar, title, event)

        if not self._draws:
            self._print_plain(title)
        unsubscribe = self._jobs.subscribe(show)
        try:
            job_id = start()
            own_id.append(job_id)
            outcome = self._wait(job_id)
        finally:
            unsubscribe()
        self.seconds[kind] = self.seconds.get(kind, 0.0) + time.monotonic() - started_s
        return _record_or_raise(outcome)

    def print_line(self, sentence: str) -> None:
        self._console.print(without_controls(sentence))

    def _wait(self, job_id: str) -> Outcome:
        """Wait so that Ctrl+C reaches the job as a request to cancel."""
        while True:
            try:
                outcome = self._jobs.wait(job_id, timeout_s=0.5)
            except KeyboardInterrupt:
                self._jobs.cancel(job_id)
                continue
            if outcome is not None:
                return outcome

    def _title(self, kind: str, numbered: str) -> str:
        """`numbered`: how number, count and title stand where the job is one of a plan."""
        title = JOB_TABLE[kind].title
        if kind not in self._plan:
            return title
        return numbered.format(self._plan.index(kind) + 1, len(self._plan), title)

    def _show(self, bar: TaskID, title: str, event: Event | Outcome) -> None:
        if isinstance(event, JobProgress):
            self._print_progress(title, event)
            sentence = without_controls(event.sentence)
            self._bars.update(bar, completed=event.fraction or 0.0, description=sentence)
        elif isinstance(event, Done):
            self._bars.update(bar, completed=1.0)

    @property
    def _draws(self) -> bool:
        """Whether bars can be drawn; in a log file lines are printed."""
        return self._console.is_terminal and not self._console.is_dumb_terminal

    def _print_progress(self, title: str, event: JobProgress) -> None:
        if not self._draws and time.monotonic() - self._last_line_s >= LINE_EVERY_S:
            self._print_plain(progress_line(title, event))

    def _print_plain(self, line: str) -> None:
        self._last_line_s = time.monotonic()
        self._console.print(without_controls(line), highlight=False, markup=False, soft_wrap=True)


def progress_line(title: str, progress: JobProgress) -> str:
    """For example "step 4 of 10: Teach the twin, 45 %, about 90 s left (lesson 3)"."""
    done = "" if progress.fraction is None else f", {progress.fraction:.0%}".replace("%", " %")
    left_s = progress.remaining_s
    left = "" if left_s is None else f", about {_rounded(left_s)} left"
    return f"{title}{done}{left} ({progress.sentence})"


def _rounded(left_s: float) -> str:
    """To ten seconds below two minutes, to minutes above."""
    return f"{max(1, round(left_s / 10)) * 10} s" if left_s < 120 else f"{round(left_s / 60)} min"


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


def _look_at_the_clock(data_dir: Path) -> None:
    if not has_database(data_dir):
        return
    # A record in trouble is told where it is used.
    with suppress(UserError), open_store(data_dir, to_read=True) as store:
        doubt = store.clock_doubt()
        if doubt is not None:
            Console(stderr=True).print(f"Clock: {doubt.words}")


@contextmanager
def open_terminal(data_dir: Path) -> Iterator[Terminal]:
    """A terminal with the jobs of this data folder; what still runs is stopped at the end.

    Then a backup is kept of what they added to the record.
    """
    _look_at_the_clock(data_dir)
    with open_jobs(data_dir) as jobs, Terminal(jobs) as terminal:
        yield terminal
    back_up_at_the_end(data_dir)


@contextmanager
def open_jobs(data_dir: Path) -> Iterator[JobService]:
    """The jobs of this data folder; what still runs is stopped at the end."""
    with _admission(data_dir) as admit:
        jobs = JobService(data_dir, operator=OPERATOR, admit=admit, cluster=cluster_in_use())
        try:
            yield jobs
        finally:
            jobs.close()


@contextmanager
def _admission(data_dir: Path) -> Iterator[Admit]:
    """Who may start a job: where there is no record yet, nobody has an account, and a look makes none."""
    if not has_database(data_dir):
        yield anybody
        return
    with open_store(data_dir) as store:
        trainings = OneTraining(store, by_role(store.people), operator_name())
        try:
            yield trainings.admit
        finally:
            trainings.close()


def back_up_at_the_end(data_dir: Path) -> None:
    """Keep a backup of what this session changed; that none can be made is told, and ends no session."""
    if not has_database(data_dir):
        return
    try:
        with open_store(data_dir) as store:
            store.back_up_if_due(after_s=0.0)
            if second_place.is_due(data_dir):
                second_place.copy_record(data_dir, store.stored_records())
    except UserError as error:
        if error.advice.code not in ("REC-002", "REC-010"):  # told already, or kept by who has the folder
            logging.getLogger(__name__).warning("%s", error)
