"""The jobs of a data folder in which nothing can be changed now: those that ended; none can be started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from app.jobs.history import finished_jobs
from core.errors import Advice, UserError
from core.jobs.values import JobState, JsonValue, Listener


class ReadingBoard:
    """Implements `core.jobs.values.JobBoard`; whatever would start a job refuses with `because`."""

    def __init__(self, data_dir: Path, because: Advice) -> None:
        self._because, self._states = because, tuple(finished_jobs(data_dir))

    def submit(self, kind: str, params: dict[str, JsonValue], *, visit_id: str = "") -> NoReturn:
        raise UserError(self._because)

    def resume(self, job_id: str, changes: Mapping[str, JsonValue] | None = None) -> NoReturn:
        raise UserError(self._because)

    def cancel(self, job_id: str) -> None:
        """Nothing runs here."""

    def pause(self, job_id: str, paused: bool) -> None:
        """Nothing runs here."""

    def send(self, job_id: str, text: str) -> None:
        """Nothing runs here."""

    def states(self) -> tuple[JobState, ...]:
        return self._states

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        return lambda: None
