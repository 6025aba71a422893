"""A cluster on this PC for a while, a board of jobs that uses it, and killing its processes."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from app.jobs import cluster_start
from app.jobs.cluster_runner import ClusterRunner
from app.jobs.cluster_state import CLUSTER_VARIABLE, LOOPBACK, STATE_VARIABLE, ClusterState
from app.jobs.service import JobService
from core.jobs.table import JobKind
from core.jobs.values import Cancelled, Crashed, Done, JsonValue, Outcome, Refused

CORES = 2
LIMIT_S = 900.0
_IDLE_VARIABLE = "RAY_idle_worker_killing_time_threshold_ms"


@contextmanager
def cluster_here(
    place: Path, cores: int = CORES, more_nodes: int = 0, host: str = LOOPBACK
) -> Iterator[ClusterState]:
    """For the time of a block."""
    before = {name: os.environ.get(name) for name in (STATE_VARIABLE, CLUSTER_VARIABLE, _IDLE_VARIABLE)}
    os.environ[STATE_VARIABLE] = str(place / "cluster")
    os.environ[_IDLE_VARIABLE] = "3600000"  # what a worker that has ended took could not be counted
    os.environ.pop(CLUSTER_VARIABLE, None)
    state = cluster_start.start(host=host, port=0, cores=cores, memory_mb=8000)
    try:
        for _number in range(more_nodes):
            cluster_start.start_simulated_node(state)
        yield state
    finally:
        cluster_start.stop()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def network_host() -> str:
    """This PC's address in its network: on loopback Ray knows one node only. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # an address that belongs to nobody
        return str(probe.getsockname()[0])


@contextmanager
def board(data_dir: Path, kinds: Mapping[str, JobKind], state: ClusterState | None) -> Iterator[JobService]:
    """Of this PC alone where there is no cluster."""
    runner = None if state is None else ClusterRunner(state.address)
    service = JobService(data_dir, "benchmark", kinds, cluster=runner)
    try:
        yield service
    finally:
        service.close()


def all_ends(
    service: JobService, kind: str, each: Sequence[dict[str, JsonValue]], at_once: int
) -> list[Outcome | None]:
    """How jobs end, of which so many are submitted at a time; None for one that does not."""
    free = threading.Semaphore(at_once)
    unsubscribe = service.subscribe(
        lambda _id, event: free.release() if isinstance(event, (Done, Cancelled, Refused, Crashed)) else None
    )
    ids = []
    for params in each:
        free.acquire()
        ids.append(service.submit(kind, params))
    outcomes = [service.wait(job_id, LIMIT_S) for job_id in ids]
    unsubscribe()
    return outcomes


def kill_one(state: ClusterState, chosen: Callable[[str], bool]) -> bool:
    """Kill one process of this cluster, by its command line; False where there is none such just now."""
    import psutil

    for process in cluster_start.processes_of(state):
        with suppress(psutil.Error):
            if chosen(" ".join(process.cmdline())):
                process.kill()
                return True
    return False
