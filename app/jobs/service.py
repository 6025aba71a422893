"""The one place where long work is started, supervised, and told how it ended."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import uuid4

from app.jobs.admission import Admit, Admitted, Lease, anybody
from app.jobs.history import ended_jobs, has_checkpoint, write_outcome, write_spec
from app.jobs.local import LocalRunner
from app.jobs.runner import (
    SILENT_AFTER_S,
    CannotStartError,
    Heard,
    JobRunner,
    JobStart,
    RunningJob,
    Silent,
)
from app.jobs.worker import work_dir
from core.jobs.cores import cores
from core.jobs.table import JOB_TABLE, JobKind
from core.jobs.values import (
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
_QUEUED = 512  # at a cluster, more than one of a clinic has cores, so that no node is ever without work


class JobService:
    """Implements `core.jobs.values.JobBoard` for one data folder."""

    def __init__(
        self,
        data_dir: Path,
        operator: str = "",
        table: Mapping[str, JobKind] = JOB_TABLE,
        silent_after_s: float = SILENT_AFTER_S,
        admit: Admit = anybody,
        cluster: JobRunner | None = None,
    ) -> None:
        self._data_dir = data_dir
        self._local, self._cluster = LocalRunner(silent_after_s), cluster
        self._admit = admit
        self._tickets: dict[str, str] = {}  # of jobs: their processes act with them; in no file
        self._leases: dict[str, Lease] = {}  # of trainings
        self._table = table
        self._operator = operator
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._running: dict[str, RunningJob] = {}
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
        elif running is not None:
            running.cancel()

    def pause(self, job_id: str, paused: bool) -> None:
        with self._lock:
            running = self._running.get(job_id)
            if running is not None:
                self._states[job_id] = replace(self._states[job_id], paused=paused)
                running.pause(paused)

    def send(self, job_id: str, text: str) -> None:
        """Tell a running job something. What comes too late is dropped: it was meant for that run only."""
        with self._lock:
            running = self._running.get(job_id)
        if running is not None:
            running.send(text)

    def states(self) -> tuple[JobState, ...]:
        with self._lock:
            newest_first = list(reversed(self._states.values()))
        return tuple(sorted(newest_first, key=lambda state: state.outcome is not None))

    def at_once(self, kind: str) -> int:
        """How many jobs of a kind are worth having submitted at a time, for who has many."""
        if self._cluster is not None and self._table[kind].cluster is not None:
            return _QUEUED
        return 1 if self._table[kind].heavy else cores()

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
            job.join()
        if self._cluster is not None:
            self._cluster.close()
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
        """Start what may start: here heavy jobs one at a time, others at once; a cluster queues by itself."""
        with self._lock:
            heavy_runs = any(self._is_held_back(self._states[job_id].spec) for job_id in self._running)
            for spec in list(self._waiting):
                heavy = self._is_held_back(spec)
                if spec not in self._waiting or (heavy and heavy_runs):
                    continue
                heavy_runs = heavy_runs or heavy
                self._waiting.remove(spec)
                self._start(spec)

    def _is_held_back(self, spec: JobSpec) -> bool:
        """Whether it has to wait for others of its like."""
        return self._table[spec.kind].heavy and not self._runner_of(spec).queues

    def _runner_of(self, spec: JobSpec) -> JobRunner:
        """The cluster for what can run there; this PC for its devices, its files and short looks."""
        if self._cluster is None or self._table[spec.kind].cluster is None:
            return self._local
        return self._cluster

    def _start(self, spec: JobSpec) -> None:
        job = JobStart(
            spec, self._table[spec.kind], self._tickets.get(spec.id, ""), ensure_open(self._data_dir)
        )
        try:
            self._running[spec.id] = self._runner_of(spec).start(job, partial(self._hear, spec.id))
        except CannotStartError as error:
            self._end(spec.id, Crashed(str(error)))

    def _hear(self, job_id: str, heard: Heard) -> None:
        match heard:
            case Done() | Cancelled() | Refused() | Crashed():
                self._end(job_id, heard)
            case Silent(seconds):
                self._tell_silence(job_id, seconds)
            case _:
                self._publish(job_id, heard)

    def _tell_silence(self, job_id: str, silent_s: float) -> None:
        """The process lives, else it would have ended. The person may wait or cancel."""
        with self._lock:
            state = replace(self._states[job_id], silent_s=silent_s)
            self._states[job_id] = state
        silent = replace(state.progress, sentence=f"Silent for {silent_s:g} s")
        self._notify(job_id, silent if silent_s else state.progress)

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
