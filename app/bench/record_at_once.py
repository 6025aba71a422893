"""Processes that open and write one record at the same moment; a program of its own, so that it can fork.

    python -m app.bench.record_at_once REQUEST

`REQUEST` and what it prints are JSON. Forked, because a process that starts anew needs a second to import the
store, and so none would meet another.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.domain.audit import AuditEvent, AuditStep
from core.domain.subject import AffectedSide, Consent, Sex, Subject
from core.store.folder_lock import PROGRAM_VARIABLE
from core.store.record_address import DATABASE_VARIABLE
from core.store.repository import Store, open_store

_PATIENT = "AT-ONCE"
_LONGEST_S = 1800.0


@dataclass(frozen=True, slots=True)
class Request:
    """`folders`: one for all, or one for each process, as if each was another PC."""

    folders: tuple[str, ...]
    url: str  # of the record's server; "" where it lies in the folder
    openers: int
    writers: int
    entries: int  # of the trail, by each writer
    visits: int  # of one patient, by each writer


def at_once(request: Request) -> dict[str, Any]:
    """Run it in a process of its own. Raises RuntimeError with what it told where it fails."""
    address = {DATABASE_VARIABLE: request.url or "sqlite", PROGRAM_VARIABLE: "at once"}
    done = subprocess.run(
        [sys.executable, "-m", "app.bench.record_at_once", json.dumps(asdict(request))],
        env={**os.environ, **address},
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def measured(request: Request) -> dict[str, Any]:
    opened_s, failed = _together(request.openers, partial(_open, request))
    told: dict[str, Any] = {"open": {"processes": request.openers, "seconds": opened_s, "failures": failed}}
    with open_store(Path(request.folders[0])) as store:
        patient_id = store.add_patient(bench_subject())
    written_s, failed = _together(request.writers, partial(_write, request, patient_id))
    with open_store(Path(request.folders[0])) as store:
        told["write"] = {"seconds": written_s, "failures": failed, **_counted(store, patient_id)}
    return told


def _counted(store: Store, patient_id: str) -> dict[str, Any]:
    check = store.check_trail()
    written = [entry for entry in check.entries if entry.event.step == AuditStep.UPLOADED]
    numbers = [visit.number for visit in store.visits(patient_id)]
    return {
        "entries": len(written),
        "breaks": 0 if check.broken is None else 1,
        "faults": len(check.faults),
        "gaps": sum(entry.number != number for number, entry in enumerate(check.entries, start=1)),
        "visits": len(numbers),
        "visit_gaps": sum(number != wanted for wanted, number in enumerate(numbers, start=1)),
    }


def _open(request: Request, number: int) -> None:
    with open_store(_folder(request, number)):
        pass


def _write(request: Request, patient_id: str, number: int) -> None:
    with open_store(_folder(request, number)) as store:
        for entry in range(request.entries):
            store.audit(AuditEvent(AuditStep.UPLOADED, f"Writer {number}", detail=f"{entry} kB"))
        for _visit in range(request.visits):
            store.start_visit(patient_id, by=f"Writer {number}")


def _folder(request: Request, number: int) -> Path:
    if len(request.folders) > 1:
        os.environ[PROGRAM_VARIABLE] = f"at-once-{number}"  # another PC is another program
    return Path(request.folders[number % len(request.folders)])


def _together(count: int, work: Callable[[int], None]) -> tuple[float, list[str]]:
    """Seconds from the moment when all are ready, and how some ended otherwise than well."""
    with suppress(ValueError):  # Windows cannot
        multiprocessing.set_start_method("fork", force=True)
    start = multiprocessing.Barrier(count + 1)
    ended: Any = multiprocessing.SimpleQueue()
    processes = [multiprocessing.Process(target=_one, args=(start, ended, work, n)) for n in range(count)]
    for process in processes:
        process.start()
    start.wait()
    began_s = time.perf_counter()
    for process in processes:
        process.join()
    took_s = time.perf_counter() - began_s
    told = []
    while not ended.empty():
        told.append(ended.get())
    died = [f"exit status {process.exitcode}" for process in processes if process.exitcode]
    return round(took_s, 3), [*told, *died]


def _one(start: Any, ended: Any, work: Callable[[int], None], number: int) -> None:
    start.wait()
    try:
        work(number)
    except Exception:  # noqa: BLE001 - whatever it is, it is counted as a failure
        ended.put(traceback.format_exc(limit=3))


def bench_subject() -> Subject:
    consent = Consent("Bench", "2026-01-01")
    return Subject(_PATIENT, 1980, Sex.FEMALE, 1.68, 60.0, "", AffectedSide.LEFT, consent)


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    sys.stdout.write(json.dumps(measured(Request(**{**told, "folders": tuple(told["folders"])}))))
