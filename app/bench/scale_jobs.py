"""What a cluster costs and stands: the same jobs here and by Ray, more nodes, and killing on the way."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.bench.local_cluster import CORES, LIMIT_S, all_ends, board, cluster_here, network_host
from app.bench.scale_failures import CASES, failure
from app.bench.told import tell
from app.jobs import cluster_start
from app.jobs.cluster_state import ClusterState
from app.jobs.service import JobService
from core.jobs.table import JOB_TABLE, JobKind, Needs
from core.jobs.values import Done, JobContext, JsonValue, Params
from core.store.repository import open_store

JOBS, TURNS, STARTS, NODES, STRUCK = 8, 3, 5, (1, 2, 4, 8), 40
_CELL_S = 1.0  # of processor time
_GREET = JobKind("app.bench.scale_jobs:greet", "Greet", None, cluster=Needs(1.0, 100))
_KINDS = JOB_TABLE | {"greet": _GREET}


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


# The benchmark


def bench_jobs(*, quick: bool) -> dict[str, Any]:
    """Times in seconds. `quick`: fewer jobs, turns, nodes and deaths.

    About a quarter of an hour of two quiet cores, without `quick`.
    """
    with tempfile.TemporaryDirectory(prefix="exotwin-jobs-") as folder:
        place = Path(folder)
        parts: dict[str, Any] = {"versions": {"exotwin": version("exotwin"), "ray": version("ray")}}
        with cluster_here(place) as state:
            parts["throughput"] = _throughput(place, state, 4 if quick else JOBS, 1 if quick else TURNS)
            tell("throughput", parts["throughput"])
            parts["start"] = _starts(place, state, 3 if quick else STARTS)
            tell("start", parts["start"])
        parts["nodes"] = [_cells(place, count, quick) for count in (NODES[:2] if quick else NODES)]
        parts["failures"] = [_told_failure(place, what, 8 if quick else STRUCK) for what in CASES]
    return parts


def _told_failure(place: Path, what: str, jobs: int) -> dict[str, Any]:
    """One that fails by itself costs no other one its numbers."""
    try:
        found = failure(place, what, jobs)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told in its place
        found = {"what": what, "not_measured": f"{type(error).__name__}: {error}"}
    tell("failure", found)
    return found


def _throughput(place: Path, state: ClusterState, jobs: int, turns: int) -> dict[str, Any]:
    """The same simulations by turns here and by Ray, two at a time on two cores; the best turn of each."""
    local_s, ray_s, local_cpu_s, ray_cpu_s = [], [], [], []
    open_store(place / "data").close()
    with board(place / "data", _KINDS, None) as here, board(place / "data", _KINDS, state) as there:
        there.wait(there.submit("greet", {}), LIMIT_S)  # connected
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
    each: list[dict[str, JsonValue]] = [
        {"scenario": "level-1.2", "seconds": 5.0, "starts": 4, "seed": jobs * turn + number}
        for number in range(jobs)
    ]
    outcomes = all_ends(service, "simulate_scenario", each, at_once)
    assert all(isinstance(outcome, Done) for outcome in outcomes), outcomes
    return time.monotonic() - begun_s


def _starts(place: Path, state: ClusterState, starts: int) -> dict[str, Any]:
    """Seconds from asking for a job to its first line of work, by turns; medians."""
    with board(place / "data", _KINDS, None) as here:
        connecting_s = time.monotonic()
        with board(place / "data", _KINDS, state) as there:
            there.wait(there.submit("greet", {}), LIMIT_S)
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
    outcome = service.wait(service.submit("greet", {}), LIMIT_S)
    assert isinstance(outcome, Done), outcome
    return float(outcome.record_id) - asked_s


def _cells(place: Path, nodes: int, quick: bool) -> dict[str, Any]:
    """The same cells, always as many at a time, on ever more nodes that share the two cores of this PC."""
    at_once = max(NODES)
    needs = Needs(min(1.0, max(nodes, CORES) / at_once), 100)
    kind = JobKind("app.bench.scale_jobs:reckon", "Reckon", None, cluster=needs)
    cells = at_once * (1 if quick else 3)
    cores = CORES if nodes == 1 else 1
    with (
        cluster_here(place, cores, nodes - 1, network_host()) as state,
        board(place / "data", {"reckon": kind}, state) as service,
    ):
        _reckoned_s(service, at_once, 0.01)  # workers are there
        cpu_s = _cluster_cpu_s(state)
        seconds = _reckoned_s(service, cells, _CELL_S)
        cpu_s = _cluster_cpu_s(state) - cpu_s
    found = {
        "nodes": nodes,
        "cells": cells,
        "s_per_cell": round(seconds / cells, 3),
        "cpu_s_per_cell": round(cpu_s / cells, 3),
    }
    tell("nodes", found)
    return found


def _reckoned_s(service: JobService, cells: int, seconds: float) -> float:
    begun_s = time.monotonic()
    ids = [service.submit("reckon", {"seconds": seconds}) for _cell in range(cells)]
    outcomes = [service.wait(job_id, LIMIT_S) for job_id in ids]
    assert all(isinstance(outcome, Done) for outcome in outcomes), outcomes
    return time.monotonic() - begun_s
