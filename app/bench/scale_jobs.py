"""What a cluster costs and stands: the same jobs here and by Ray, more nodes, and killing on the way."""

from __future__ import annotations

import os
import socket
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.bench.told import tell
from app.jobs import cluster_start
from app.jobs.cluster_runner import ClusterRunner
from app.jobs.cluster_state import CLUSTER_VARIABLE, LOOPBACK, STATE_VARIABLE, ClusterState
from app.jobs.service import JobService
from core.domain.subject import Sex, Subject
from core.jobs.table import JOB_TABLE, JobKind, Needs
from core.jobs.values import Cancelled, Crashed, Done, JobContext, JsonValue, Outcome, Params, Refused
from core.store.repository import open_store

CORES = 2
JOBS, TURNS, STARTS, NODES, KILLED = 8, 3, 5, (1, 2, 4, 8), 40
_CELL_S = 1.0  # of processor time
_NEEDS = Needs(1.0, 100)
_TASKS = {
    "greet": JobKind("app.bench.scale_jobs:greet", "Greet", None, cluster=_NEEDS),
    "enter": JobKind("app.bench.scale_jobs:enter", "Enter a patient", None, cluster=_NEEDS),
}
_KINDS = JOB_TABLE | _TASKS
_LIMIT_S = 900.0
_IDLE_VARIABLE = "RAY_idle_worker_killing_time_threshold_ms"


# What the processes of the jobs do


def greet(_params: Params, context: JobContext) -> str:
    context.progress(0.0, "here")
    return str(time.time())


def reckon(params: Params, _context: JobContext) -> str:
    """A cell of a study that needs nothing but a processor."""
    until_s = time.process_time() + float(str(params["seconds"]))
    while time.process_time() < until_s:
        sum(range(1000))
    return ""


def enter(params: Params, context: JobContext) -> str:
    """Half a second of steps, and then a patient in the record."""
    for step in range(25):
        context.check_cancelled()
        context.progress(step / 25, "working")
        time.sleep(0.02)
    code = str(params["code"])
    with open_store(context.spec.data_dir) as store:
        if code not in {row.subject.code for row in store.patients()}:  # a job that is repeated
            store.add_patient(Subject(code, 1980, Sex.FEMALE, 1.68, 60.0, synthetic=True))
    return code


# The benchmark


def bench_jobs(*, quick: bool) -> dict[str, Any]:
    """Times in seconds. `quick`: fewer jobs, turns, nodes and deaths."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        parts: dict[str, Any] = {}
        with _cluster(place) as state:
            parts["versions"] = {"exotwin": version("exotwin"), "ray": version("ray")}
            parts["throughput"] = _throughput(place, state, 4 if quick else JOBS, 1 if quick else TURNS)
            tell("throughput", parts["throughput"])
            parts["start"] = _starts(place, state, 3 if quick else STARTS)
            tell("start", parts["start"])
        parts["nodes"] = [_cells(place, count, quick) for count in (NODES[:2] if quick else NODES)]
        tell("nodes", parts["nodes"])
        parts["failures"] = [failure(place, kill, 8 if quick else KILLED) for kill in _KILLS]
        tell("failures", parts["failures"])
    return parts


@contextmanager
def _cluster(
    place: Path, cores: int = CORES, more_nodes: int = 0, host: str = LOOPBACK
) -> Iterator[ClusterState]:
    """On this PC, for the time of a block."""
    before = {name: os.environ.get(name) for name in (STATE_VARIABLE, CLUSTER_VARIABLE, _IDLE_VARIABLE)}
    os.environ[STATE_VARIABLE] = str(place / "cluster")
    os.environ[_IDLE_VARIABLE] = "3600000"  # what a worker that has ended took could not be counted
    os.environ.pop(CLUSTER_VARIABLE, None)
    state = cluster_start.start(host=host, cores=cores, memory_mb=8000)
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


@contextmanager
def _service(data_dir: Path, state: ClusterState | None) -> Iterator[JobService]:
    runner = None if state is None else ClusterRunner(state.address)
    service = JobService(data_dir, "benchmark", _KINDS, cluster=runner)
    try:
        yield service
    finally:
        service.close()


def _throughput(place: Path, state: ClusterState, jobs: int, turns: int) -> dict[str, Any]:
    """The same simulations by turns here and by Ray, two at a time on two cores; the best turn of each."""
    local_s, ray_s, local_cpu_s, ray_cpu_s = [], [], [], []
    open_store(place / "data").close()
    with _service(place / "data", None) as here, _service(place / "data", state) as there:
        there.wait(there.submit("greet", {}), _LIMIT_S)  # connected
        for turn in range(turns):
            before_s = _own_cpu_s()
            local_s.append(_simulated_s(here, jobs, turn, at_once=CORES))
            local_cpu_s.append(_own_cpu_s() - before_s)
            before_s = _own_cpu_s() + _cluster_cpu_s(state)
            ray_s.append(_simulated_s(there, jobs, turn, at_once=jobs))
            ray_cpu_s.append(_own_cpu_s() + _cluster_cpu_s(state) - before_s)
    ratio = min(local_s) / min(ray_s)
    return {
        "jobs": jobs,
        "kind": "simulate_scenario",
        "local_s": [round(one, 2) for one in local_s],
        "ray_s": [round(one, 2) for one in ray_s],
        "ray_of_local": round(ratio, 3),
        # Of all processes, which other programs on the same cores hardly change.
        "local_cpu_s": [round(one, 2) for one in local_cpu_s],
        "ray_cpu_s": [round(one, 2) for one in ray_cpu_s],
        "ray_of_local_by_cpu": round(min(local_cpu_s) / min(ray_cpu_s), 3),
        "asked_ratio": 0.9,
    }


def _own_cpu_s() -> float:
    """Processor time of this process and of all that it has started and seen end."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _cluster_cpu_s(state: ClusterState) -> float:
    """Processor time of Ray and of the processes that hand jobs to it, with all that they have started."""
    import psutil

    total_s = 0.0
    for process in [*cluster_start.processes_of(state), *psutil.Process().children()]:
        with suppress(psutil.Error):
            times = process.cpu_times()
            total_s += times.user + times.system + times.children_user + times.children_system
    return total_s


def _simulated_s(service: JobService, jobs: int, turn: int, *, at_once: int) -> float:
    """Wall time; `at_once` are submitted, and another one whenever one has ended."""
    begun_s = time.monotonic()
    free = threading.Semaphore(at_once)
    ids: list[str] = []
    unsubscribe = service.subscribe(
        lambda _id, event: free.release() if isinstance(event, (Done, Cancelled, Refused, Crashed)) else None
    )
    for number in range(jobs):
        free.acquire()
        params: dict[str, JsonValue] = {
            "scenario": "level-1.2", "seconds": 5.0, "starts": 4, "seed": jobs * turn + number
        }  # fmt: skip
        ids.append(service.submit("simulate_scenario", params))
    outcomes = [service.wait(job_id, _LIMIT_S) for job_id in ids]
    unsubscribe()
    assert all(isinstance(outcome, Done) for outcome in outcomes), outcomes
    return time.monotonic() - begun_s


def _starts(place: Path, state: ClusterState, starts: int) -> dict[str, Any]:
    """Seconds from asking for a job to its first line of work, by turns; medians."""
    with _service(place / "data", None) as here:
        connecting_s = time.monotonic()
        with _service(place / "data", state) as there:
            there.wait(there.submit("greet", {}), _LIMIT_S)
            connecting_s = time.monotonic() - connecting_s
            times, local_cpu_s, ray_cpu_s = [], 0.0, 0.0
            for _turn in range(starts):
                before_s = _own_cpu_s()
                local_s = _started_s(here)
                local_cpu_s += _own_cpu_s() - before_s
                before_s = _cluster_cpu_s(state)
                times.append((local_s, _started_s(there)))
                ray_cpu_s += _cluster_cpu_s(state) - before_s
    local_s, ray_s = (statistics.median(one) for one in zip(*times, strict=True))
    return {
        "local_s": round(local_s, 3),
        "ray_s": round(ray_s, 3),
        "more_s": round(ray_s - local_s, 3),
        "asked_more_s": 1.0,
        "local_cpu_s": round(local_cpu_s / starts, 3),  # with the job's own process
        "ray_cpu_s": round(ray_cpu_s / starts, 3),
        "first_with_connecting_s": round(connecting_s, 2),
    }


def _started_s(service: JobService) -> float:
    asked_s = time.time()
    outcome = service.wait(service.submit("greet", {}), _LIMIT_S)
    assert isinstance(outcome, Done), outcome
    return float(outcome.record_id) - asked_s


def _cells(place: Path, nodes: int, quick: bool) -> dict[str, Any]:
    """The same cells, always as many at a time, on ever more nodes that share the two cores of this PC."""
    at_once = max(NODES)
    needs = Needs(min(1.0, max(nodes, CORES) / at_once), 100)
    kind = JobKind("app.bench.scale_jobs:reckon", "Reckon", None, cluster=needs)
    cells = at_once * (1 if quick else 3)
    cores = CORES if nodes == 1 else 1
    with _cluster(place, cores, nodes - 1, network_host()) as state:
        service = JobService(
            place / "data", "benchmark", _KINDS | {"reckon": kind}, cluster=ClusterRunner(state.address)
        )
        try:
            _reckoned_s(service, at_once, 0.01)  # workers are there
            cpu_s = _cluster_cpu_s(state)
            seconds = _reckoned_s(service, cells, _CELL_S)
            cpu_s = _cluster_cpu_s(state) - cpu_s
        finally:
            service.close()
    return {
        "nodes": nodes,
        "cells": cells,
        "s_per_cell": round(seconds / cells, 3),
        "cpu_s_per_cell": round(cpu_s / cells, 3),
    }


def network_host() -> str:
    """This PC's address in its network: on loopback Ray knows one node only. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # an address that belongs to nobody
        return str(probe.getsockname()[0])


def _reckoned_s(service: JobService, cells: int, seconds: float) -> float:
    begun_s = time.monotonic()
    ids = [service.submit("reckon", {"seconds": seconds}) for _cell in range(cells)]
    outcomes = [service.wait(job_id, _LIMIT_S) for job_id in ids]
    assert all(isinstance(outcome, Done) for outcome in outcomes), outcomes
    return time.monotonic() - begun_s


# Failures


def _kill_worker(state: ClusterState) -> bool:
    return _kill(state, lambda words: words.startswith("ray::exotwin-"))


def _kill_task(state: ClusterState) -> bool:
    return _kill(state, lambda words: "multiprocessing.spawn" in words)


def _kill_head(state: ClusterState) -> bool:
    return _kill(state, lambda words: "gcs_server" in words)


_KILLS: dict[str, Callable[[ClusterState], bool]] = {
    "process of a job": _kill_task,
    "worker of Ray": _kill_worker,
    "head": _kill_head,
}


def _kill(state: ClusterState, chosen: Callable[[str], bool]) -> bool:
    """Kill one process of this cluster; False where there is none such just now."""
    import psutil

    for process in cluster_start.processes_of(state):
        with suppress(psutil.Error):
            if chosen(" ".join(process.cmdline())):
                process.kill()
                return True
    return False


def failure(place: Path, what: str, jobs: int) -> dict[str, Any]:
    """Many jobs, in the middle of which something is killed: how each ended, and what is in the record."""
    data_dir = place / what.replace(" ", "-")
    open_store(data_dir).close()
    ended: list[str] = []
    with _cluster(place) as state, _service(data_dir, state) as service:
        ids = [service.submit("enter", {"code": f"P-{number:04}"}) for number in range(jobs)]
        end_s = time.monotonic() + _LIMIT_S
        while sum(one.outcome is not None for one in service.states()) < jobs // 3:
            assert time.monotonic() < end_s, "nothing went on"
            time.sleep(0.05)
        while not _KILLS[what](state):
            assert time.monotonic() < end_s, "there was nothing to kill"
            time.sleep(0.01)
        outcomes = [service.wait(job_id, _LIMIT_S) for job_id in ids]
        ended = [_word(outcome) for outcome in outcomes]
        done = {one.record_id for one in outcomes if isinstance(one, Done)}
    with open_store(data_dir) as store:
        entered = [row.subject.code for row in store.patients()]
        trail = store.check_trail()
    return {
        "killed": what,
        "jobs": jobs,
        "ends": dict(Counter(ended)),
        "done_and_in_the_record": done <= set(entered),
        "twice_in_the_record": len(entered) - len(set(entered)),
        "record_sound": trail.broken is None and not trail.faults,
    }


def _word(outcome: Outcome | None) -> str:
    match outcome:
        case Done() | Cancelled():
            return type(outcome).__name__
        case Refused(advice):
            return advice.code
        case Crashed():
            return "JOB-001"  # the advice of a job whose process ended early
        case None:
            return "no end"
