"""Results whose files lie in a shared store: a job brings them here, and the window answers meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from core.domain.frames import PICTURES
from core.errors import Advice
from core.jobs.values import Done, JobState, Outcome, outcome_advice
from core.store.artifacts.look import where_results_lie
from core.store.repository import Store
from ui.jobs_bridge import JobsBridge

JOB = "fetch_results"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Files that a page shows; where they lie elsewhere, it waits until they are here. Usually a film's."""

    record_ids: tuple[str, ...] = ()
    like: str = PICTURES  # pattern of their names
    coming: str = "The film is being fetched."
    absent: str = "The film is not here."
    lying: str = "Its pictures lie"
    action: str = "Fetch it"
    icon: str = ""  # in place of the step's


class Fetching(QObject):
    """One job at a time; what else is wanted is asked for again when it has ended."""

    changed = Signal()  # something came, or did not

    def __init__(self, store: Store, jobs: JobsBridge) -> None:
        super().__init__()
        self._store, self._jobs = store, jobs
        self._job = ""
        self._asked: tuple[str, ...] = ()  # results that the running job fetches
        self._failed: dict[str, Advice | None] = {}  # by result: why it did not come; None: it was cancelled
        jobs.ended.connect(self._ended)

    @property
    def place(self) -> str:
        return where_results_lie(self._store.data_dir)

    @property
    def running(self) -> JobState | None:
        return self._jobs.state(self._job) if self._job else None

    def missing(self, record_ids: Iterable[str], like: str) -> tuple[str, ...]:
        """Those of which files with such names are not here.

        None in a window that only reads: it starts no job, and fetches what it shows when it shows it.
        """
        if not self._store.shares_files or self._store.only_read is not None:
            return ()
        return tuple(one for one in dict.fromkeys(record_ids) if not self._store.is_here(one, like))

    def bring(self, record_ids: Iterable[str], like: str) -> None:
        """Have them fetched, but for those that did not come before; see `forget_failures`."""
        wanted = [one for one in record_ids if one not in self._failed]
        if wanted and not self._job:
            self._asked = tuple(wanted)
            self._job = self._jobs.submit(JOB, {"record_ids": list(wanted), "like": like})

    def failed(self, record_ids: Iterable[str]) -> bool:
        return any(one in self._failed for one in record_ids)

    def why_not(self, record_ids: Iterable[str]) -> Advice | None:
        """The first reason for which one of them did not come."""
        return next((why for one in record_ids if (why := self._failed.get(one)) is not None), None)

    def forget_failures(self) -> None:
        """A person asks for them again."""
        self._failed.clear()

    def _ended(self, job_id: str, outcome: Outcome) -> None:
        if job_id != self._job:
            return
        self._job = ""
        if not isinstance(outcome, Done):
            self._failed |= dict.fromkeys(self._asked, outcome_advice(outcome))
        self.changed.emit()
