"""Jobs as processes of this PC: each is spawned, watched through a pipe, and always ended."""

from __future__ import annotations

import logging
import multiprocessing
import pickle
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from app.jobs.limits import OverLimitError, Watch
from app.jobs.runner import SILENT_AFTER_S, CannotStartError, Hear, JobStart, Silent
from app.jobs.worker import CANCEL, PAUSE, RESUME, worker_main
from core.jobs.limits import Excess, excess_advice, files_of
from core.jobs.values import Beat, Cancelled, Crashed, Done, Event, Outcome, Refused

_log = logging.getLogger(__name__)
_COOPERATE_S = 15.0  # long enough for a training to write its checkpoint
_TERMINATE_S = 3.0
_BEATS = 6  # a worker says that it lives so many times in this time
_BY_PYTHON = (0, 1)  # exit codes: at its end, and after an error outside the task


class LocalRunner:
    """Implements `app.jobs.runner.JobRunner`: what is started runs at once."""

    queues = False

    def __init__(self, silent_after_s: float = SILENT_AFTER_S) -> None:
        self._silent_after_s = silent_after_s
        self._spawn = multiprocessing.get_context("spawn")

    def start(self, job: JobStart, hear: Hear) -> LocalJob:
        ours, theirs = self._spawn.Pipe()
        process = self._spawn.Process(
            target=worker_main,
            args=(
                job.spec,
                job.kind.task,
                theirs,
                job.kind.heavy,
                self._silent_after_s / _BEATS,
                job.kind.limits,
                job.ticket,
            ),
            kwargs={"keys": job.keys},
            name=f"exotwin-{job.spec.kind}",
        )
        try:
            process.start()
        except OSError as error:  # no memory or no handles left
            ours.close()
            theirs.close()
            raise CannotStartError(f"Its process could not be started: {error}") from error
        theirs.close()
        return LocalJob(job, process, ours, hear, self._silent_after_s)

    def close(self) -> None:
        """Nothing is left of a job that has ended."""


class LocalJob:
    """Implements `app.jobs.runner.RunningJob` for one process."""

    def __init__(
        self, job: JobStart, process: BaseProcess, pipe: Connection, hear: Hear, silent_after_s: float
    ) -> None:
        self._job, self._process, self._pipe, self._hear = job, process, pipe, hear
        self._silent_after_s, self._silent_s = silent_after_s, 0.0
        self._cancelled = self._paused = False
        self.killed = False  # it ended without a word, and Python did not end it
        self._reader = threading.Thread(target=self._read, name="job-events", daemon=True)
        self._reader.start()

    def cancel(self) -> None:
        """Asking first lets a training save its state, so that it can go on later."""
        if self._cancelled:
            return
        self._cancelled = True
        self._tell(CANCEL)
        threading.Thread(target=_ensure_ended, args=(self._process,), name="job-end", daemon=True).start()

    def pause(self, paused: bool) -> None:
        self._paused = paused
        self._tell(PAUSE if paused else RESUME)

    def send(self, text: str) -> None:
        self._tell(text)

    def join(self) -> None:
        self._reader.join()

    def _tell(self, command: str) -> None:
        with suppress(BrokenPipeError, OSError):  # it has just ended; its reader reports how
            self._pipe.send(command)

    def _read(self) -> None:
        outcome: Outcome | None = None
        try:
            receive = self._receiver()
            while outcome is None:
                event = receive()
                if isinstance(event, (Done, Cancelled, Refused, Crashed)):
                    outcome = event
                elif not isinstance(event, Beat):
                    self._hear(event)
        except (EOFError, OSError):
            pass  # the worker died without an outcome
        except OverLimitError as error:
            self._process.kill()  # it may be beyond listening, and has no checkpoint to write
            outcome = self._excess(error.excess)
        _ensure_ended(self._process)  # the outcome is the last it sends
        if outcome is None:
            outcome = self._died(self._process.exitcode)
        self._pipe.close()
        self._hear(outcome)

    def _receiver(self) -> Callable[[], Event | Outcome | Beat]:
        """What waits for the next event of a worker; of one that has limits, it looks that they are kept."""
        limits = self._job.kind.limits
        if limits is None:
            return self._next_event
        watch = Watch(self._process, self._pipe, limits)
        return lambda: pickle.loads(watch.message(lambda: self._paused))

    def _next_event(self) -> Event | Outcome | Beat:
        """Waits as long as it takes; a silent worker, which the person may wait for or cancel, is told."""
        while not self._pipe.poll(self._silent_after_s):
            self._silent_s += self._silent_after_s
            self._hear(Silent(self._silent_s))
        event: Event | Outcome | Beat = self._pipe.recv()
        if self._silent_s:
            self._silent_s = 0.0
            self._hear(Silent(0.0))
        return event

    def _excess(self, excess: Excess) -> Outcome:
        limits = self._job.kind.limits
        assert limits is not None
        return Refused(excess_advice(excess, limits, files_of(self._job.spec.params)))

    def _died(self, exit_code: int | None) -> Outcome:
        """A worker that ended without a word.

        Of a file from outside it is the file that is doubted, unless Python itself ended the worker.
        """
        if self._cancelled:
            return Cancelled()
        if self._job.kind.limits is None or exit_code in _BY_PYTHON:
            self.killed = exit_code not in _BY_PYTHON
            return Crashed(f"The worker ended with code {exit_code}.")
        _log.warning("The worker of job %s ended with code %s", self._job.spec.id, exit_code)
        return self._excess(Excess.DIED)


def _ensure_ended(process: BaseProcess) -> None:
    """Ending is cooperative first, then terminate, then kill; always joined."""
    process.join(_COOPERATE_S)
    if process.is_alive():
        process.terminate()
        process.join(_TERMINATE_S)
    if process.is_alive():
        process.kill()
        process.join()
