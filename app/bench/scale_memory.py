"""How much memory a training worker holds at most, by the part of the training that it was in.

The worker is the real one, with its own process, walkers and walks; only gradient steps are few, which hold
no memory. `private` is what no other process shares (what one more worker costs a PC that runs several),
`resident` counts shared libraries too.
"""

from __future__ import annotations

import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from app.bench.assist import DEVICE
from app.jobs.service import JobService
from core.domain.record import RecordKind
from core.domain.subject import Sex, Subject
from core.domain.twin import GENERIC_BODY, Twin
from core.jobs.table import JOB_TABLE
from core.jobs.values import Done, Event, JobContext, JsonValue, Outcome, Params, Progress
from core.store.repository import Store, open_store

ITERATIONS = 2  # of PPO: from the second on it holds no more
GAIT_MINUTES = 0.1
SURROGATE_STEPS, OFFLINE_STEPS = 40, (12, 12)
_EVERY_S = 0.1
_LIMIT_S = 3600.0
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory of a worker at one moment."""

    part: str
    private_mb: float
    resident_mb: float


def bench_memory(*, quick: bool) -> dict[str, Any]:
    """Peaks [MB] of a worker that trains a controller and, unless `quick`, of one that learns a gait."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_store(folder) as store:
            visit_id, policy_id, twin_id = _visit(store)
        jobs: dict[str, dict[str, JsonValue]] = {
            "train_controller": {
                "policy_id": policy_id,
                "device": DEVICE,
                "minutes": 1.0,
                "iterations": ITERATIONS,
                "seed": 0,
            }
        }
        if not quick:
            jobs["learn_gait"] = {"twin_id": twin_id, "minutes": GAIT_MINUTES, "seed": 0}
        return {kind: peaks(_watched(folder, kind, params, visit_id)) for kind, params in jobs.items()}


def train_controller(params: Params, context: JobContext) -> str:
    """The job of the same name with few gradient steps; started by the worker."""
    from core.learning.exo import offline_stage, surrogate
    from core.tasks import train_controller as task

    vars(surrogate)["STEPS"] = SURROGATE_STEPS
    for module in (offline_stage, task):
        vars(module)["OFFLINE_STEPS"] = OFFLINE_STEPS
    return task.run(params, context)


def peaks(samples: list[Sample]) -> dict[str, Any]:
    """The most of all, and the most private memory of each part in its order."""
    by_part: dict[str, float] = {}
    for sample in samples:
        by_part[sample.part] = round(max(by_part.get(sample.part, 0.0), sample.private_mb), 1)
    return {
        "private_mb": round(max(sample.private_mb for sample in samples), 1),
        "resident_mb": round(max(sample.resident_mb for sample in samples), 1),
        "private_mb_by_part": by_part,
    }


def _visit(store: Store) -> tuple[str, str, str]:
    """A synthetic patient's visit, a policy that walks and a twin in it."""
    from app.train.virtual_people import default_twin

    patient = store.add_patient(Subject("P-1", 1980, Sex.FEMALE, 1.70, 75.0, synthetic=True))
    visit_id = store.start_visit(patient).id
    policy = store.save(
        RecordKind.GAIT_POLICY, default_twin(DEVICE).policy, visit_id=visit_id, summary="the shipped policy"
    )
    body = Twin(GENERIC_BODY, 0.0, 60.0, 1.0, 1.0, synthetic=True)
    twin = store.save(RecordKind.TWIN, body, visit_id=visit_id, summary="the generic body")
    return visit_id, policy, twin


def _watched(folder: Path, kind: str, params: dict[str, JsonValue], visit_id: str) -> list[Sample]:
    """Run a job and look at its process until it ends. Raises RuntimeError when it did not end well."""
    little = replace(JOB_TABLE["train_controller"], task=f"{__name__}:train_controller")
    service = JobService(folder, "bench", {**JOB_TABLE, "train_controller": little})
    part, ended, samples = ["start"], threading.Event(), [Sample("start", 0.0, 0.0)]

    def listen(_job: str, event: Event | Outcome) -> None:
        if isinstance(event, Progress):
            part[0] = event.sentence.partition(":")[0].partition(",")[0]

    service.subscribe(listen)
    before = set(psutil.Process().children(recursive=True))
    job_id = service.submit(kind, params, visit_id=visit_id)
    watcher = threading.Thread(target=lambda: _sample(before, part, ended, samples), daemon=True)
    watcher.start()
    try:
        outcome = service.wait(job_id, _LIMIT_S)
    finally:
        ended.set()
        watcher.join()
        service.close()
    if not isinstance(outcome, Done):
        raise RuntimeError(f"{kind}: {outcome}")
    return samples


def _sample(
    before: set[psutil.Process], part: list[str], ended: threading.Event, samples: list[Sample]
) -> None:
    """The largest process that is new since `before`, many times a second."""
    while not ended.is_set():
        found = []
        for process in set(psutil.Process().children(recursive=True)) - before:
            try:
                memory = process.memory_full_info()
            except psutil.Error:
                continue  # it has just ended
            found.append(Sample(part[0], memory.uss / _MB, memory.rss / _MB))
        samples.extend(sorted(found, key=lambda one: one.private_mb)[-1:])
        time.sleep(_EVERY_S)
