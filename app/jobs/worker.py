"""The child's side of a job: run the task, report events, take commands, end with exactly one outcome."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection, wait
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from app.jobs.limits import hold_to
from core.errors import JobCancelled, UserError, refuse
from core.jobs.limits import Excess, Limits, excess_advice, files_of
from core.jobs.memory import return_freed_memory
from core.jobs.time_left import TimeLeft
from core.jobs.values import (
    Beat,
    Cancelled,
    Crashed,
    Done,
    Event,
    JobSpec,
    JsonValue,
    Message,
    Outcome,
    Picture,
    Progress,
    Refused,
    Sample,
)
from core.store.files import disk_errors
from core.store.private import keep_private
from core.store.tickets import TICKET_VARIABLE
from core.vault.opened import bring_in

if TYPE_CHECKING:
    from core.vault.keys import Keys

CANCEL, PAUSE, RESUME = "cancel", "pause", "resume"
_ORPHAN_GRACE_S = 20.0  # enough to write a checkpoint after the parent died
_NICENESS = 10  # of 19; on an otherwise idle PC it costs nothing


def work_dir(data_dir: Path, job_id: str) -> Path:
    return data_dir / "jobs" / job_id


def worker_main(
    spec: JobSpec,
    task: str,
    pipe: Connection,
    heavy: bool,
    beat_every_s: float,
    limits: Limits | None = None,
    ticket: str = "",
    *,
    keys: Keys | None = None,
) -> None:
    """Entry of the spawned process; heavy work runs at a lower priority than the screens.

    `ticket` tells the record who acts here, whoever is signed in at the screen meanwhile. `keys` open the
    data folder where it is encrypted; like all arguments they come through a pipe.
    """
    os.environ[TICKET_VARIABLE] = ticket
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole terminal; the parent cancels
    keep_private()
    return_freed_memory()
    if heavy:
        _lower_priority()
    folder = work_dir(spec.data_dir, spec.id)
    bring_in(keys)
    _write_output_to(folder / "worker.log", keys)
    context = PipeContext(spec, folder, pipe)
    if limits is None:
        threading.Thread(target=context.beat, args=(beat_every_s,), name="job-beat", daemon=True).start()
    else:  # its parent ends it when it says nothing for long: no thread may speak for it
        hold_to(limits)
    context.report(_run(task, context, limits))
    pipe.close()


def _lower_priority() -> None:
    """Threads that are started later inherit it."""
    import psutil  # the desktop program, which starts this process, does without it

    below_normal = psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else _NICENESS
    psutil.Process().nice(below_normal)


def _run(task: str, context: PipeContext, limits: Limits | None) -> Outcome:
    try:
        module, function = task.split(":")
        with disk_errors():  # whatever a task writes, a full disk is no bug
            record_id = getattr(importlib.import_module(module), function)(_JobParams(context.spec), context)
        return Done(record_id)
    except JobCancelled:
        return Cancelled()
    except UserError as error:
        return Refused(error.advice)
    except MemoryError:
        if limits is None:
            return Crashed(traceback.format_exc())
        return Refused(excess_advice(Excess.MEMORY, limits, files_of(context.spec.params)))
    except Exception:  # noqa: BLE001 - the process border: whatever happened must reach the person
        return Crashed(traceback.format_exc())


class _JobParams(dict[str, JsonValue]):
    """The parameters of a job; one that is missing is refused in words."""

    def __init__(self, spec: JobSpec) -> None:
        super().__init__(spec.params)
        self._kind = spec.kind

    def __missing__(self, name: str) -> JsonValue:
        raise refuse(
            "JOB-004",
            f"The job {self._kind} cannot start.",
            f"It needs “{name}”, which was not given.",
            f"Add “{name}” to the job's parameters.",
        )


def _write_output_to(path: Path, keys: Keys | None) -> None:
    """Send what libraries print to the job's log, so that a terminal or a pipe never fills."""
    if keys is not None:
        from core.vault.log_lines import output_to

        output_to(path, keys)
        return
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


class PipeContext:
    """`JobContext` over a pipe to the parent."""

    def __init__(self, spec: JobSpec, folder: Path, pipe: Connection) -> None:
        self._spec = spec
        self._folder = folder
        self._pipe = pipe
        self._start_s = time.monotonic()
        self._paused_s = 0.0
        self._time_left = TimeLeft()
        self._send_lock = threading.Lock()
        self._cancelled = threading.Event()
        self._parent_is_gone = threading.Event()
        self._running = threading.Event()
        self._running.set()
        self._inbox: SimpleQueue[str] = SimpleQueue()
        threading.Thread(target=self._listen, name="job-commands", daemon=True).start()

    @property
    def spec(self) -> JobSpec:
        return self._spec

    @property
    def work_dir(self) -> Path:
        return self._folder

    def progress(self, fraction: float | None, sentence: str) -> None:
        worked_s = time.monotonic() - self._start_s - self._paused_s
        self.report(Progress(fraction, sentence, self._time_left.after(fraction, worked_s)))

    def sample(self, **values: float) -> None:
        self.report(Sample(time.monotonic() - self._start_s, {k: float(v) for k, v in values.items()}))

    def picture(self, name: str, **arrays: NDArray[np.generic]) -> None:
        self.report(Picture(name, dict(arrays)))

    def message(self, text: str) -> None:
        self.report(Message(text))

    def check_cancelled(self) -> None:
        if not self._running.is_set():
            self._wait_until_continued()
        if self._cancelled.is_set():
            raise JobCancelled

    def _wait_until_continued(self) -> None:
        paused_at_s = time.monotonic()
        while not (self._cancelled.is_set() or self._running.wait(timeout=0.2)):
            pass
        self._paused_s += time.monotonic() - paused_at_s

    def received(self) -> tuple[str, ...]:
        return tuple(self._inbox.get() for _ in range(self._inbox.qsize()))

    def beat(self, every_s: float) -> None:
        """Say that this process lives, until its parent is gone."""
        while not self._parent_is_gone.wait(every_s):
            self.report(Beat())

    def report(self, event: Event | Outcome | Beat) -> None:
        try:
            with self._send_lock:
                self._pipe.send(event)
        except (BrokenPipeError, OSError):
            self._parent_is_gone.set()
            self._cancelled.set()

    def _listen(self) -> None:
        """Handle the parent's commands; when it is gone, cancel and, after a grace period, exit."""
        parent = multiprocessing.parent_process()
        watched: list[Any] = [self._pipe] if parent is None else [self._pipe, parent.sentinel]
        while True:
            if self._pipe in wait(watched):
                try:
                    self._handle_command(cast(str, self._pipe.recv()))
                    continue
                except (EOFError, OSError):
                    pass
            self._cancelled.set()
            time.sleep(_ORPHAN_GRACE_S)
            os._exit(1)

    def _handle_command(self, command: str) -> None:
        if command == CANCEL:
            self._cancelled.set()
        elif command == PAUSE:
            self._running.clear()
        elif command == RESUME:
            self._running.set()
        else:
            self._inbox.put(command)
