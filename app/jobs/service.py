"""The one place that starts processes for long work, supervises them and reports how they ended."""

from __future__ import annotations

import logging
import multiprocessing
import pickle
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from uuid import uuid4

from app.jobs.admission import Admit, Admitted, Lease, anybody
from app.jobs.history import ended_jobs, has_checkpoint, write_outcome, write_spec
from app.jobs.limits import OverLimitError, Watch
from app.jobs.worker import CANCEL, PAUSE, RESUME, work_dir, worker_main
from core.jobs.limits import Excess, excess_advice, files_of
from core.jobs.table import JOB_TABLE, JobKind
from core.jobs.values import (
    Beat,
    Cancelled,
    Crashed,
    Done,
    Event,
    JobSpec,
    JobState,
    JsonValue,
    Listener,
    Outcome,
    Progress,
    Refused,
)
from core.store.folder_lock import FolderHold, hold
from core.vault.files import forget_job
from core.vault.opened import ensure_open

_log = logging.getLogger(__name__)
_COOPERATE_S = 15.0  # long enough for a training to write its checkpoint
_TERMINATE_S = 3.0
SILENT_AFTER_S = 60.0
_BEATS = 6  # a worker says that it lives so many times in this time
_BY_PYTHON = (0, 1)  # exit codes: at its end, and after an error outside the task


@dataclass
class _Running:
    process: BaseProcess
    pipe: Connection
    reader: threading.Thread
    cancelled: bool = False


class JobService:
    """Implements `core.jobs.values.JobBoard` for one data folder."""

    def __init__(
        self,
        data_dir: Path,
        operator: str = "",
        table: Mapping[str, JobKind] = JOB_TABLE,
        silent_after_s: float = SILENT_AFTER_S,
        admit: Admit = anybody,
    ) -> None:
        self._data_dir = data_dir
        self._silent_after_s = silent_after_s
        self._admit = admit
        self._tickets: dict[str, str] = {}  # of jobs: their processes act with them; in no file
        self._leases: dict[str, Lease] = {}  # of trainings
        self._table = table
        self._operator = operator
        self._spawn = multiprocessing.get_context("spawn")
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._running: dict[str, _Running] = {}
        self._claim: FolderHold | None = None  # from the first job on: workers write while no store is open
        self._waiting: list[JobSpec] = []
        ensure_open(data_dir)  # or refuse now: what is left of earlier jobs is encrypted, too
        self._states: dict[str, JobState] = {state.spec.id: state for state in reversed(ended_jobs(data_dir))}

    def submit(self, kind: str, params: dict[str, JsonValue], *, visit_id: str = "") -> str:
        admission = self._admit(kind, self._table[kind], params, visit_id)
        operator = admission.operator or self._operator
        spec = JobSpec(uuid4().hex, kind, params, self._data_dir, visit_id, operator)
        self._enqueue_admitted(spec, admission)
        return spec.id

    def resume(self, job_id: str, changes: Mapping[str, JsonValue] | None = None) -> str:
        """Start again a job that stopped with a checkpoint, with some parameters changed."""
        with self._lock:
            spec = self._states[job_id].spec
            if self._states[job_id].outcome is None:
                return job_id
            admission = self._admit(spec.kind, self._table[spec.kind], spec.params, spec.visit_id)
            operator = admission.operator or spec.operator
            spec = replace(spec, params={**spec.params, **(changes or {})}, operator=operator)
            self._enqueue_admitted(spec, admission)
        return job_id

    def cancel(self, job_id: str) -> None:
        """Ask the job to stop; one that does not listen is ended. A job that waits is taken out of the queue.

        Asking first lets a training save its state, so that it can go on later.
        """
        with self._lock:
            running = self._running.get(job_id)
            waiting = next((spec for spec in self._waiting if spec.id == job_id), None)
            if waiting is not None:
                self._waiting.remove(waiting)
        if waiting is not None:
            self._end(job_id, Cancelled())
        elif running is not None and not running.cancelled:
            running.cancelled = True
            self._send_command(running, CANCEL)
            threading.Thread(
                target=_ensure_ended, args=(running.process,), name="job-end", daemon=True
            ).start()

    def pause(self, job_id: str, paused: bool) -> None:
        with self._lock:
            running = self._running.get(job_id)
            if running is not None:
                self._states[job_id] = replace(self._states[job_id], paused=paused)
                self._send_command(running, PAUSE if paused else RESUME)

    def send(self, job_id: str, text: str) -> None:
        """Tell a running job something. What comes too late is dropped: it was meant for that run only."""
        with self._lock:
            running = self._running.get(job_id)
        if running is not None:
            self._send_command(running, text)

    def states(self) -> tuple[JobState, ...]:
        with self._lock:
            newest_first = list(reversed(self._states.values()))
        return tuple(sorted(newest_first, key=lambda state: state.outcome is not None))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def wait(self, job_id: str, timeout_s: float | None = None) -> Outcome | None:
        """Block until a job ends; None when it has not ended in time. For the terminal and for tests."""
        ended = threading.Event()

        def listen(changed_id: str, event: Event | Outcome) -> None:
            if changed_id == job_id and isinstance(event, (Done, Cancelled, Refused, Crashed)):
                ended.set()

        unsubscribe = self.subscribe(listen)
        try:
            if self._states[job_id].outcome is None:
                ended.wait(timeout_s)
            return self._states[job_id].outcome
        finally:
            unsubscribe()

    def close(self) -> None:
        """Ask every job to stop, keep their checkpoints, and wait until all are gone."""
        with self._lock:
            waiting = [spec.id for spec in self._waiting]
            self._waiting.clear()
            running = dict(self._running)
        for job_id in waiting:
            self._give_back(job_id)
        for job_id in running:
            self.cancel(job_id)
        for job in running.values():
            job.reader.join()
        if self._claim is not None:
            self._claim.give_back()

    def _enqueue_admitted(self, spec: JobSpec, admission: Admitted) -> None:
        """What it has for itself is given back where it cannot start; refuses as `_enqueue`."""
        self._tickets[spec.id] = admission.ticket
        if admission.lease is not None:
            self._leases[spec.id] = admission.lease
            admission.lease.stop_with(lambda: self.cancel(spec.id))
        try:
            self._enqueue(spec)
        except BaseException:
            self._give_back(spec.id)
            raise

    def _give_back(self, job_id: str) -> Lease | None:
        self._tickets.pop(job_id, None)
        lease = self._leases.pop(job_id, None)
        if lease is not None:
            lease.give_back()
        return lease

    def _enqueue(self, spec: JobSpec) -> None:
        """Refuses REC-010 and REC-011 while another program has the data folder."""
        with self._lock:
            self._claim = self._claim or hold(self._data_dir)
        write_spec(spec)
        with self._lock:
            self._states.pop(spec.id, None)
            self._states[spec.id] = JobState(spec)
            self._waiting.append(spec)
        self._notify(spec.id, Progress(None, "Waiting to start"))
        self._start_next()

    def _start_next(self) -> None:
        """Start what may start: heavy jobs one at a time, others at once."""
        with self._lock:
            heavy_runs = any(self._table[self._states[job_id].spec.kind].heavy for job_id in self._running)
            for spec in list(self._waiting):
                heavy = self._table[spec.kind].heavy
                if spec not in self._waiting or (heavy and heavy_runs):
                    continue
                heavy_runs = heavy_runs or heavy
                self._waiting.remove(spec)
                self._start(spec)

    def _start(self, spec: JobSpec) -> None:
        ours, theirs = self._spawn.Pipe()
        kind = self._table[spec.kind]
        process = self._spawn.Process(
            target=worker_main,
            args=(
                spec,
                kind.task,
                theirs,
                kind.heavy,
                self._silent_after_s / _BEATS,
                kind.limits,
                self._tickets.get(spec.id, ""),
            ),
            kwargs={"keys": ensure_open(self._data_dir)},
            name=f"exotwin-{spec.kind}",
        )
        try:
            process.start()
        except OSError as error:  # no memory or no handles left
            ours.close()
            theirs.close()
            self._end(spec.id, Crashed(f"Its process could not be started: {error}"))
            return
        theirs.close()
        reader = threading.Thread(
            target=self._read, args=(spec.id, process, ours), name="job-events", daemon=True
        )
        self._running[spec.id] = _Running(process, ours, reader)
        reader.start()

    def _read(self, job_id: str, process: BaseProcess, pipe: Connection) -> None:
        outcome: Outcome | None = None
        try:
            receive = self._receiver(job_id, process, pipe)
            while outcome is None:
                event = receive()
                if isinstance(event, (Done, Cancelled, Refused, Crashed)):
                    outcome = event
                elif not isinstance(event, Beat):
                    self._publish(job_id, event)
        except (EOFError, OSError):
            pass  # the worker died without an outcome
        except OverLimitError as error:
            process.kill()  # it may be beyond listening, and has no checkpoint to write
            outcome = self._excess(job_id, error.excess)
        _ensure_ended(process)  # the outcome is the last it sends
        if outcome is None:
            outcome = self._died(job_id, process.exitcode)
        pipe.close()
        self._end(job_id, outcome)

    def _receiver(
        self, job_id: str, process: BaseProcess, pipe: Connection
    ) -> Callable[[], Event | Outcome | Beat]:
        """What waits for the next event of a worker; of one that has limits, it looks that they are kept."""
        limits = self._table[self._states[job_id].spec.kind].limits
        if limits is None:
            return lambda: self._next_event(job_id, pipe)
        watch = Watch(process, pipe, limits)
        return lambda: pickle.loads(watch.message(lambda: self._states[job_id].paused))

    def _next_event(self, job_id: str, pipe: Connection) -> Event | Outcome | Beat:
        """Waits as long as it takes; a silent worker is told."""
        while not pipe.poll(self._silent_after_s):
            self._hear_nothing(job_id)
        event: Event | Outcome | Beat = pipe.recv()
        self._hear_again(job_id)
        return event

    def _hear_nothing(self, job_id: str) -> None:
        """The process lives, else its pipe would have ended. The person may wait or cancel."""
        with self._lock:
            state = self._states[job_id]
            silent_s = state.silent_s + self._silent_after_s
            self._states[job_id] = replace(state, silent_s=silent_s)
        self._notify(job_id, replace(state.progress, sentence=f"Silent for {silent_s:g} s"))

    def _hear_again(self, job_id: str) -> None:
        with self._lock:
            state = self._states[job_id]
            if state.silent_s == 0.0:
                return
            self._states[job_id] = replace(state, silent_s=0.0)
        self._notify(job_id, state.progress)

    def _excess(self, job_id: str, excess: Excess) -> Outcome:
        spec = self._states[job_id].spec
        limits = self._table[spec.kind].limits
        assert limits is not None
        return Refused(excess_advice(excess, limits, files_of(spec.params)))

    def _died(self, job_id: str, exit_code: int | None) -> Outcome:
        """A worker that ended without a word.

        Of a file from outside it is the file that is doubted, unless Python itself ended the worker.
        """
        if self._running[job_id].cancelled:
            return Cancelled()
        if self._table[self._states[job_id].spec.kind].limits is None or exit_code in _BY_PYTHON:
            return Crashed(f"The worker ended with code {exit_code}.")
        _log.warning("The worker of job %s ended with code %s", job_id, exit_code)
        return self._excess(job_id, Excess.DIED)

    def _publish(self, job_id: str, event: Event) -> None:
        if isinstance(event, Progress):
            with self._lock:
                self._states[job_id] = replace(self._states[job_id], progress=event)
        self._notify(job_id, event)

    def _end(self, job_id: str, outcome: Outcome) -> None:
        folder = work_dir(self._data_dir, job_id)
        lease = self._give_back(job_id)
        outcome = outcome if lease is None else lease.told(outcome)
        resumable = not isinstance(outcome, Done) and has_checkpoint(folder)
        with self._lock:
            self._running.pop(job_id, None)
            state = self._states[job_id]
            self._states[job_id] = replace(
                state, outcome=outcome, paused=False, resumable=resumable, silent_s=0.0
            )
        if self._table[state.spec.kind].stream:
            shutil.rmtree(folder, ignore_errors=True)
            forget_job(folder)
        else:
            write_outcome(folder, outcome)
        self._notify(job_id, outcome)
        self._start_next()

    def _notify(self, job_id: str, event: Event | Outcome) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(job_id, event)
            except Exception:  # noqa: BLE001 - thread border: a screen's mistake leaves no job without an end
                _log.exception("A listener failed at an event of job %s", job_id)

    def _send_command(self, running: _Running, command: str) -> None:
        with suppress(BrokenPipeError, OSError):  # it has just ended; its reader reports how
            running.pipe.send(command)


def _ensure_ended(process: BaseProcess) -> None:
    """Ending is cooperative first, then terminate, then kill; always joined."""
    process.join(_COOPERATE_S)
    if process.is_alive():
        process.terminate()
        process.join(_TERMINATE_S)
    if process.is_alive():
        process.kill()
        process.join()
