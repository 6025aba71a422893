"""The process that hands jobs to Ray and passes on what they say.

It is a process of its own: Ray ends whoever uses it when the head of the cluster is lost, and that must not
be the program with the patient's record on the screen.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from app.jobs.cluster_node import OVER, run_on_node
from app.jobs.cluster_refusals import no_cluster, no_ray, node_lost, too_small
from app.jobs.cluster_start import ray_refusal, reachable
from app.jobs.cluster_work import Command, Died, Kept, News, NoCluster, Said, Work
from app.jobs.worker import CANCEL, PAUSE, RESUME
from core.errors import UserError
from core.jobs.values import Cancelled, Crashed, Done, Outcome, Progress, Refused
from core.store.private import keep_private

_log = logging.getLogger(__name__)
_MB = 1 << 20
_TRIES = 3  # of a job that is safe to repeat
_COOPERATE_S = 25.0  # more than a node gives the job's process
_PATIENCE_S = 3.0  # until it is told that a job waits for a node
_LOOK_S = 10.0  # between looks whether there is one on which it could run
_PINNED = 0.001  # of the resource that only nodes with this PC's address have
_MOST_JOBS = 10_000


class Mailbox:
    """Brings commands to jobs; an actor of Ray. A key names one try of one job."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._arrived: dict[str, asyncio.Event] = {}

    async def put(self, key: str, text: str) -> None:
        self._texts.setdefault(key, []).append(text)
        self._arrived.setdefault(key, asyncio.Event()).set()

    async def take(self, key: str) -> list[str]:
        """Waits until there is something."""
        await self._arrived.setdefault(key, asyncio.Event()).wait()
        self._arrived[key].clear()
        texts = self._texts.pop(key, [])
        if OVER in texts:
            del self._arrived[key]
        return texts


def driver_main(address: str, pipe: Connection, log: str) -> None:
    """Entry of the process; ends with the pipe, and when the cluster is lost."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole terminal; the parent cancels
    keep_private()
    _write_output_to(log)
    arrived = _listening(pipe)
    try:
        connect(address)
    except UserError as error:
        with suppress(OSError):
            pipe.send(NoCluster(error.advice))
        return
    with suppress(OSError):  # the parent is gone
        asyncio.run(_Driver(pipe).serve(arrived))
    import ray

    ray.shutdown()


def _listening(pipe: Connection) -> SimpleQueue[Work | Command | None]:
    """What the parent says, from the first moment on: it must not wait while this process connects.

    None: nothing more comes.
    """
    arrived: SimpleQueue[Work | Command | None] = SimpleQueue()

    def listen() -> None:
        message: Work | Command | None = None
        while True:
            try:
                message = pipe.recv()
            except (EOFError, OSError):
                message = None
            arrived.put(message)
            if message is None:
                return

    threading.Thread(target=listen, name="cluster-commands", daemon=True).start()
    return arrived


def _write_output_to(path: str) -> None:
    """What Ray prints is no screen's; the log says why a cluster was lost."""
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def connect(address: str) -> None:
    """Refuses JOB-030, JOB-032, JOB-033 and JOB-038."""
    if not reachable(address):
        raise no_cluster(address, "Nothing answers there.")
    try:
        import ray
    except ImportError as error:
        raise no_ray() from error
    with _printed() as printed:
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
            return
        except (ray.exceptions.RayError, ConnectionError, RuntimeError, ValueError, OSError) as error:
            why = str(error)
            told = printed()
    _log.warning("Ray does not connect: %s\n%s", why, told)
    refusal = ray_refusal(f"{why}\n{told}", address)
    if refusal.advice.code != "JOB-039":
        raise refusal
    raise no_cluster(address, "This PC has not joined it (exotwin cluster start --address).")


@contextmanager
def _printed() -> Iterator[Callable[[], str]]:
    """What is printed as an error meanwhile: that a token is wrong, Ray says nowhere else."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield lambda: os.pread(file.fileno(), _MB, 0).decode("utf-8", errors="replace")
        finally:
            os.dup2(kept, 2)
            os.close(kept)


class _NodesGoneError(Exception):
    """A job that waits can run on none of the nodes that are left."""


class _Job:
    """One job, through all its tries."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.number, self.lost = 1, 0  # of the try that runs, and of those that ended with their node
        self.started = self.cancelled = self.paused = False
        self.stream: Any = None
        self.kept = {one.name: one for one in work.kept}

    @property
    def key(self) -> str:
        return f"{self.work.id}/{self.number}"


class _Driver:
    def __init__(self, pipe: Connection) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._pipe = pipe
        self._jobs: dict[str, _Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._here = ray.util.get_node_ip_address()
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        self._mailbox = (
            ray.remote(Mailbox)
            .options(num_cpus=0, max_concurrency=_MOST_JOBS, max_restarts=-1, scheduling_strategy=here)
            .remote()
        )
        self._run = ray.remote(run_on_node)
        self._nodes: list[dict[str, float]] = []
        self._seen_s = -math.inf

    async def serve(self, arrived: SimpleQueue[Work | Command | None]) -> None:
        """Until the parent closes the pipe; then every job is cancelled."""
        while (message := await asyncio.to_thread(arrived.get)) is not None:
            if isinstance(message, Work):
                self._begin(message)
            else:
                self._command(message)
        for job in list(self._jobs.values()):
            self._command(Command(job.work.id, CANCEL))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_COOPERATE_S)

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _begin(self, work: Work) -> None:
        job = self._jobs[work.id] = _Job(work)
        self._spawn(self._follow(job))

    def _command(self, command: Command) -> None:
        job = self._jobs.get(command.job_id)
        if job is None:
            return
        if command.text in (PAUSE, RESUME):
            job.paused = command.text == PAUSE
        self._mailbox.put.remote(job.key, command.text)
        if command.text == CANCEL and not job.cancelled:
            job.cancelled = True
            self._spawn(self._end(job))

    async def _end(self, job: _Job) -> None:
        """One that waits leaves the queue; one that does not listen is ended with its worker."""
        import ray

        if job.stream is not None and not job.started:
            ray.cancel(job.stream)
        for _second in range(int(_COOPERATE_S)):
            await asyncio.sleep(1.0)
            if job.work.id not in self._jobs:
                return
        if job.stream is not None:
            ray.cancel(job.stream, force=True)

    async def _follow(self, job: _Job) -> None:
        try:
            outcome = await self._outcome(job)
        except Exception:  # noqa: BLE001 - the process border: no job may be left without an end
            outcome = Crashed(traceback.format_exc())
        del self._jobs[job.work.id]
        self._tell(job, outcome)

    async def _outcome(self, job: _Job) -> Outcome:
        """With more tries where a node is lost and the job is safe to repeat."""
        outcome: Outcome | None = None
        while outcome is None:
            cores = self._cores(job.work)
            if cores is None:
                needs, gone = job.work.needs, job.lost > 0
                small = too_small(needs.memory_mb, stays=job.work.place.stays)
                return Refused(node_lost(1) if gone else small)
            outcome = await self._try(job, cores)
        return outcome

    def _cores(self, work: Work, seen_s: float = 0.0) -> float | None:
        """How many the job may have; None where no node is large enough: Ray would wait for one for ever.

        `seen_s`: how long ago the nodes may have been looked at.
        """
        resources = self._resources(seen_s)
        if work.place.stays:
            resources = [one for one in resources if f"node:{self._here}" in one]
        large = [one for one in resources if one.get("memory", 0.0) >= work.needs.memory_mb * _MB]
        most = max((one.get("CPU", 0.0) for one in large), default=0.0)
        return min(work.needs.cores, most) if most else None

    def _resources(self, seen_s: float) -> list[dict[str, float]]:
        """Of every node that lives."""
        import ray

        if time.monotonic() - self._seen_s >= seen_s:
            self._nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            self._seen_s = time.monotonic()
        return self._nodes

    async def _try(self, job: _Job, cores: float) -> Outcome | None:
        """None: it has to be tried again."""
        from ray.exceptions import RayError, RayTaskError, TaskCancelledError

        if job.cancelled:
            return Cancelled()
        job.started = False
        job.stream = self._submitted(job, cores)
        try:
            async for said in self._said(job, cores):
                if isinstance(said, Died):
                    return self._lost(job, Crashed(said.detail))
                if isinstance(said, (Done, Cancelled, Refused, Crashed)):
                    return said
                if isinstance(said, Kept):
                    job.kept[said.name] = said
                self._tell(job, said)
        except _NodesGoneError:
            return None
        except TaskCancelledError:
            return Cancelled()
        except RayTaskError as error:
            return Crashed(str(error))
        except RayError:
            pass  # its worker or its node is gone
        finally:
            self._mailbox.put.remote(job.key, OVER)
            job.number += 1
        return self._lost(job, Refused(node_lost(job.lost + 1)))

    def _lost(self, job: _Job, outcome: Outcome) -> Outcome | None:
        if job.cancelled:
            return Cancelled()
        job.lost += 1
        if not job.work.needs.safe_to_repeat or job.lost >= _TRIES:
            return outcome
        self._tell(job, Progress(None, "It was ended early; starting again"))
        return None

    def _submitted(self, job: _Job, cores: float) -> Any:
        needs = job.work.needs
        pinned = {f"node:{self._here}": _PINNED} if job.work.place.stays else {}
        return self._run.options(
            name=f"exotwin-{job.work.job.spec.kind}",
            num_returns="streaming",
            num_cpus=cores,
            memory=needs.memory_mb * _MB,
            resources=pinned,
            max_retries=0,
        ).remote(replace(job.work, cores=cores, kept=tuple(job.kept.values())), self._mailbox, job.key)

    async def _said(self, job: _Job, cores: float) -> AsyncIterator[Said]:
        batches = aiter(job.stream)
        while True:
            following = asyncio.ensure_future(anext(batches, None))
            if not job.started:
                await self._until_it_runs(job, cores, following)
            reference = await following
            if reference is None:
                return
            batch: tuple[Said, ...] = await reference
            if not job.started:
                job.started = True
                if job.paused:
                    self._mailbox.put.remote(job.key, PAUSE)
            for said in batch:
                yield said

    async def _until_it_runs(self, job: _Job, cores: float, first: asyncio.Future[Any]) -> None:
        """Raises _NodesGoneError where no node is large enough any more."""
        import ray

        wait_s = _PATIENCE_S
        while not (await asyncio.wait({first}, timeout=wait_s))[0]:
            if wait_s == _PATIENCE_S:
                self._tell(job, Progress(None, "Waiting for a free node of the cluster"))
            wait_s = _LOOK_S
            if job.cancelled or (self._cores(job.work, seen_s=_LOOK_S) or 0.0) >= cores:
                continue
            ray.cancel(job.stream)
            first.cancel()
            raise _NodesGoneError

    def _tell(self, job: _Job, said: Any) -> None:
        self._pipe.send(News(job.work.id, (said,)))
