"""Jobs as values: one is requested by a spec, reports by events and ends with one outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from core.errors import Advice

SECRET = "secret:"  # prefix of a secret sent to a running job; unlike parameters it is never stored in a file
JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
Params = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class JobSpec:
    """Request for a job. `kind` is a key of the job table; `params` must be JSON."""

    id: str
    kind: str
    params: dict[str, JsonValue]
    data_dir: Path
    visit_id: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    fraction: float | None  # 0..1, None when unknown
    sentence: str
    remaining_s: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Points of live curves, by name, at one time since the job's start."""

    time_s: float
    values: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Live arrays to look at: a frame, a pose. Only the newest matters."""

    name: str
    arrays: dict[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Message:
    text: str


@dataclass(frozen=True, slots=True)
class Beat:
    """A worker lives; only the runner hears it. Native code that lets no other thread run holds it up."""


Event = Progress | Sample | Picture | Message


@dataclass(frozen=True, slots=True)
class Done:
    record_id: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The person stopped it."""


@dataclass(frozen=True, slots=True)
class Refused:
    advice: Advice


@dataclass(frozen=True, slots=True)
class Crashed:
    detail: str


Outcome = Done | Cancelled | Refused | Crashed


def outcome_advice(outcome: Outcome, *, resumable: bool = False) -> Advice | None:
    """Advice to show for an outcome; None when nothing has to be done."""
    match outcome:
        case Done() | Cancelled():
            return None
        case Refused(advice):
            return advice
        case Crashed():
            next_step = "Start the step again; earlier results are untouched."
            if resumable:
                next_step = "Resume it: it goes on from its last checkpoint."
            return Advice(
                "The work stopped unexpectedly.", "Its worker process ended early.", next_step, "JOB-001"
            )
        case _:
            assert_never(outcome)


class JobContext(Protocol):
    """The interface of a running task to the job runner."""

    @property
    def spec(self) -> JobSpec: ...

    @property
    def work_dir(self) -> Path:
        """Folder of this job; survives a crash, so a resumed job finds its checkpoints (*.pt) there."""
        ...

    def progress(self, fraction: float | None, sentence: str) -> None:
        """Report where the job stands; the remaining time is estimated by the runner."""
        ...

    def sample(self, **values: float) -> None:
        """Add a point to the live curves."""
        ...

    def picture(self, name: str, **arrays: NDArray[np.generic]) -> None:
        """Publish a picture; older pictures of the same name may be dropped."""
        ...

    def message(self, text: str) -> None:
        """Write one line to the job's log."""
        ...

    def check_cancelled(self) -> None:
        """Raise JobCancelled if the person asked to stop; wait here while the job is paused."""
        ...

    def received(self) -> tuple[str, ...]:
        """Texts sent to this job since the last call; used by streams."""
        ...


@dataclass
class SilentContext:
    """A context for tests and benchmarks: keeps the events, never cancels."""

    spec: JobSpec
    work_dir: Path
    events: list[Event] = field(default_factory=list)

    def progress(self, fraction: float | None, sentence: str) -> None:
        self.events.append(Progress(fraction, sentence))

    def sample(self, **values: float) -> None:
        self.events.append(Sample(0.0, values))

    def picture(self, name: str, **arrays: NDArray[np.generic]) -> None:
        self.events.append(Picture(name, arrays))

    def message(self, text: str) -> None:
        self.events.append(Message(text))

    def check_cancelled(self) -> None:
        return None

    def received(self) -> tuple[str, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class JobState:
    """One job as the screens show it."""

    spec: JobSpec
    progress: Progress = Progress(None, "Waiting to start")
    paused: bool = False
    cancelling: bool = False  # the person asked for its end, which has not come yet
    outcome: Outcome | None = None  # None while it runs
    resumable: bool = False  # it ended early and left a checkpoint
    silent_s: float = 0.0  # how long its process, which lives, has said nothing; 0 while that is not long


Listener = Callable[[str, Event | Outcome], None]  # job id, what happened


class JobBoard(Protocol):
    """The screens' interface to jobs. Implemented by `app.jobs.service`."""

    def submit(self, kind: str, params: dict[str, JsonValue], *, visit_id: str = "") -> str:
        """Start a job and return its id."""
        ...

    def resume(self, job_id: str) -> str:
        """Start again a job that stopped with a checkpoint; the id stays the same."""
        ...

    def cancel(self, job_id: str) -> None: ...

    def pause(self, job_id: str, paused: bool) -> None: ...

    def send(self, job_id: str, text: str) -> None:
        """Send a command to a running stream, for example `stop` to the telemetry stream."""
        ...

    def states(self) -> tuple[JobState, ...]:
        """Every job of this data folder: running first, then the newest ended ones."""
        ...

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every event, on a reader thread; returns how to unsubscribe."""
        ...
