"""One record for many: first opens at once, one trail of many writers, what a server costs against a file.

Both databases in the same run, as they are used: every commit is on the disk when it returns. Where
PostgreSQL is not installed, its half says so.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.bench.local_postgres import ADMIN, LocalPostgres, missing, running_postgres
from app.bench.record_at_once import Request, at_once, bench_subject
from app.bench.told import tell
from core.store.dialects.postgresql_setup import set_up
from core.store.record_address import DATABASE_VARIABLE, checked_url
from core.store.repository import open_store

OPENERS, WRITERS, VISITS = 16, 8, 5
ENTRIES, QUICK_ENTRIES = 250, 25  # by each writer
PATIENTS, ROUNDS, QUICK_ROUNDS = 100, 12, 4
_ACCOUNT = "exotwin"
Seconds = dict[str, list[float]]


def bench_record(*, quick: bool) -> dict[str, Any]:
    """`at_once` as `record_at_once` counts it; `against` a file: seconds of the fastest round."""
    why = missing()
    entries = QUICK_ENTRIES if quick else ENTRIES
    with tempfile.TemporaryDirectory(prefix="bench-record-") as name:
        folder = Path(name)
        told: dict[str, Any] = {"sqlite": {"at_once": _at_once(folder / "file", "", entries)}}
        tell("record sqlite", told["sqlite"])
        if why:
            return {**told, "postgresql": {"skipped": why}}
        with running_postgres() as server:
            server.sql("CREATE DATABASE at_once")
            url = server.url("at_once", ADMIN)
            told["postgresql"] = {"at_once": _at_once(folder / "server", url, entries)}
            tell("record postgresql", told["postgresql"])
            told["against"] = _against(folder, server, QUICK_ROUNDS if quick else ROUNDS)
            tell("record against", told["against"])
    return told


def _at_once(folder: Path, url: str, entries: int) -> dict[str, Any]:
    """On a server each process is another PC with a folder of its own."""
    folders = tuple(str(folder / f"pc-{number}") for number in range(OPENERS if url else 1))
    return at_once(Request(folders, url, OPENERS, WRITERS, entries, VISITS))


def _against(folder: Path, server: LocalPostgres, rounds: int) -> dict[str, Any]:
    """Opening a record and listing its patients, in turn from the file and from the server."""
    done = set_up(checked_url(server.url("against", ADMIN)), _ACCOUNT, lambda: None)
    places = {"sqlite": "sqlite", "postgresql": done.address.render_as_string()}
    for place, address in places.items():
        with _record_at(address), open_store(folder / place) as store:
            for number in range(PATIENTS):
                store.add_patient(replace(bench_subject(), code=f"P-{number:04}"))
    seconds: Seconds = {}
    for _round in range(rounds):
        for place, address in places.items():
            with _record_at(address):
                _timed_round(folder / place, place, seconds)
    told: dict[str, Any] = {"patients": PATIENTS, "rounds": rounds}
    told |= {name: round(min(values), 4) for name, values in seconds.items()}
    for what in ("open", "list", "write"):
        told[f"{what}_ratio"] = round(told[f"postgresql_{what}_s"] / told[f"sqlite_{what}_s"], 2)
    return told


def _timed_round(folder: Path, place: str, seconds: Seconds) -> None:
    began_s = time.perf_counter()
    with open_store(folder) as store:
        seconds.setdefault(f"{place}_open_s", []).append(time.perf_counter() - began_s)
        acts: dict[str, Callable[[], object]] = {
            "list": store.patients,
            "write": lambda: store.log("Bench", "looked", ""),
        }
        for what, act in acts.items():
            began_s = time.perf_counter()
            act()
            seconds.setdefault(f"{place}_{what}_s", []).append(time.perf_counter() - began_s)


@contextmanager
def _record_at(address: str) -> Iterator[None]:
    before = os.environ.get(DATABASE_VARIABLE)
    os.environ[DATABASE_VARIABLE] = address
    try:
        yield
    finally:
        os.environ.pop(DATABASE_VARIABLE)
        if before is not None:
            os.environ[DATABASE_VARIABLE] = before
