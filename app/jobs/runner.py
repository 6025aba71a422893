"""What runs a job: processes of this PC (`app.jobs.local`) or a cluster (`app.jobs.cluster_runner`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.jobs.table import JobKind
from core.jobs.values import Event, JobSpec, Outcome

if TYPE_CHECKING:
    from core.vault.keys import Keys

SILENT_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class JobStart:
    """A job that is to start now."""

    spec: JobSpec
    kind: JobKind
    ticket: str = ""  # tells the record who acts in the job's process; in no file
    keys: Keys | None = None  # of a data folder that is encrypted; in no file


@dataclass(frozen=True, slots=True)
class Silent:
    """A job's process lives and has said nothing for so long; 0: it speaks again."""

    seconds: float


Heard = Event | Silent | Outcome
Hear = Callable[[Heard], None]


class CannotStartError(Exception):
    """There is no process for the job: no memory or no handles left."""


class RunningJob(Protocol):
    def cancel(self) -> None:
        """Ask it to stop; one that does not listen is ended."""
        ...

    def pause(self, paused: bool) -> None: ...

    def send(self, text: str) -> None:
        """Tell it something; what comes too late is dropped."""
        ...

    def join(self) -> None:
        """Wait until its outcome has been heard."""
        ...


class JobRunner(Protocol):
    @property
    def queues(self) -> bool:
        """Whether jobs that are started wait for their turn here: nobody else has to hold them back."""
        ...

    def start(self, job: JobStart, hear: Hear) -> RunningJob:
        """Start a job. `hear` is called on another thread with what happens, and last with its outcome.

        Raises CannotStartError.
        """
        ...

    def close(self) -> None:
        """End what the runner itself has started; its jobs have ended before."""
        ...
