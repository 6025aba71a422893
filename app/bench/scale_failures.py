"""Killing and cutting in the middle of many jobs on a cluster: how each ended, and what the record has."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from app.bench import local_s3
from app.bench.cut_network import Network
from app.bench.local_cluster import CORES, LIMIT_S, all_ends, board, cluster_here, kill_one
from app.bench.local_postgres import ADMIN, missing, running_postgres
from app.bench.local_s3 import BUCKET, environment, running_s3
from app.bench.scale_artifacts import Numbers
from app.jobs.cluster_state import ClusterState
from app.jobs.service import JobService
from core.domain.record import RecordKind
from core.domain.subject import Sex, Subject
from core.jobs.table import JOB_TABLE, JobKind, Needs
from core.jobs.values import Cancelled, Crashed, Done, JobContext, JsonValue, Outcome, Params, Refused
from core.store.artifacts.choice import ARTIFACTS_VARIABLE
from core.store.dialects.postgresql_setup import set_up
from core.store.record_address import DATABASE_VARIABLE, checked_url
from core.store.repository import Store, open_store
from core.store.verifying import verify_record

_COUNT = 20_000  # numbers of a result: 160 kB
_KINDS = JOB_TABLE | {
    "enter": JobKind("app.bench.scale_failures:enter", "Enter", None, cluster=Needs(1.0, 100))
}
_HERE = {DATABASE_VARIABLE: "sqlite", ARTIFACTS_VARIABLE: ""}


def enter(params: Params, context: JobContext) -> str:
    """Half a second of steps, and then a patient and a result in the record, each if it is not there yet."""
    number = int(str(params["number"]))
    for step in range(25):
        context.check_cancelled()
        context.progress(step / 25, "working")
        time.sleep(0.02)
    with open_store(context.spec.data_dir) as store:
        known = {row.subject.code: row.id for row in store.patients()}
        patient_id = known.get(_code(number)) or store.add_patient(_subject(number))
        visits = store.visits(patient_id) or (store.start_visit(patient_id),)
        saved = store.latest(visits[0].id, RecordKind.MOTION)
        if saved is not None:
            return saved.id
        return store.save(RecordKind.MOTION, _result(number), visit_id=visits[0].id, summary="numbers")


def _code(number: int) -> str:
    return f"P-{number:04}"


def _subject(number: int) -> Subject:
    return Subject(_code(number), 1980, Sex.FEMALE, 1.68, 60.0, synthetic=True)


def _result(number: int) -> Numbers:
    return Numbers(np.random.default_rng(number).random(_COUNT))


# What is done to the cluster or to what its jobs need


class NotHereError(Exception):
    """A server that is to be struck is not installed."""


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Blow:
    strike: Callable[[ClusterState], bool]  # False: there was nothing to strike just now
    mend: Callable[[], None] = field(default=_nothing)
    meanwhile: int = 0  # jobs that end before it is mended


@contextmanager
def _killed(part: str, _place: Path) -> Iterator[Blow]:
    """`part`: of the command line of a process."""
    with environment(_HERE):
        yield Blow(lambda state: kill_one(state, lambda words: part in words))


@contextmanager
def _server_restarted(place: Path) -> Iterator[Blow]:
    """The record on a server, files in a folder; nodes have nothing of the data folder."""
    if missing():
        raise NotHereError(missing())
    with running_postgres() as server:
        url = set_up(checked_url(server.url("record", ADMIN)), "exotwin", _nothing).address

        def stop(_state: ClusterState) -> bool:
            server.stop()
            return True

        (place / "files").mkdir()
        told = {DATABASE_VARIABLE: url.render_as_string(), ARTIFACTS_VARIABLE: str(place / "files")}
        with environment(told):
            yield Blow(stop, server.start, meanwhile=3)


@contextmanager
def _network_cut(_place: Path) -> Iterator[Blow]:
    """The record in a folder, files in S3; the server itself goes on."""
    if local_s3.missing():
        raise NotHereError(local_s3.missing())
    with running_s3() as port, environment(local_s3.keys(port)):
        local_s3.make_bucket()
        network = Network(port)

        def cut(_state: ClusterState) -> bool:
            network.cut()
            return True

        there = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{network.port}"}
        with environment(_HERE | {ARTIFACTS_VARIABLE: f"s3://{BUCKET}/jobs"} | there):
            try:
                yield Blow(cut, network.mend, meanwhile=3)
            finally:
                network.close()


@contextmanager
def _share_gone(place: Path) -> Iterator[Blow]:
    """As a share that is not connected any more: its folder is there, and empty."""
    share, away = place / "share", place / "away"
    share.mkdir()

    def unmount(_state: ClusterState) -> bool:
        share.rename(away)
        share.mkdir()
        return True

    def mount() -> None:
        share.rmdir()  # refuses where somebody wrote into it
        away.rename(share)

    with environment(_HERE | {ARTIFACTS_VARIABLE: str(share)}):
        yield Blow(unmount, mount, meanwhile=3)


CASES: Mapping[str, Callable[[Path], AbstractContextManager[Blow]]] = {
    "process of a job killed": partial(_killed, "multiprocessing.spawn"),
    "worker of Ray killed": partial(_killed, "ray::exotwin-"),
    "head killed": partial(_killed, "gcs_server"),
    "database restarted": _server_restarted,
    "network of the files cut": _network_cut,
    "share of the files gone": _share_gone,
}


# Many jobs, and a blow in their midst


def failure(place: Path, what: str, jobs: int) -> dict[str, Any]:
    """How each job ended, what is in the record then, and what once the others were done again.

    Raises NotHereError.
    """
    begun_s = time.monotonic()
    place, each = place / what.replace(" ", "-"), [dict[str, JsonValue](number=n) for n in range(jobs)]
    place.mkdir()
    with CASES[what](place) as blow:
        open_store(place / "data").close()
        with cluster_here(place) as state, board(place / "data", _KINDS, state) as service:
            outcomes = _struck(service, state, blow, each)
        found = _found(place / "data", outcomes)
        left = [one for one, outcome in zip(each, outcomes, strict=True) if not isinstance(outcome, Done)]
        with board(place / "data", _KINDS, None) as service:
            again = all_ends(service, "enter", left, CORES)
        whole = _found(place / "data", [one for one in outcomes if isinstance(one, Done)] + again)
    return {
        "what": what,
        "jobs": jobs,
        "ends": dict(Counter(map(_word, outcomes))),
        **found,
        "repeated": len(left),
        "all_as_undisturbed": whole["as_undisturbed"] == jobs and whole["sound"],
        "seconds": round(time.monotonic() - begun_s, 1),
    }


def _struck(
    service: JobService, state: ClusterState, blow: Blow, each: Sequence[dict[str, JsonValue]]
) -> list[Outcome | None]:
    ids = [service.submit("enter", params) for params in each]
    _until(lambda: _ended(service) >= len(ids) // 3)
    _until(lambda: blow.strike(state))
    before = _ended(service)
    _until(lambda: _ended(service) >= min(len(ids), before + blow.meanwhile))
    blow.mend()
    return [service.wait(job_id, LIMIT_S) for job_id in ids]


def _ended(service: JobService) -> int:
    return sum(one.outcome is not None for one in service.states())


def _until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not holds():
        if time.monotonic() > end_s:
            raise TimeoutError(f"the jobs did not go on for {LIMIT_S:.0f} s")
        time.sleep(0.02)


def _found(data_dir: Path, outcomes: Sequence[Outcome | None]) -> dict[str, Any]:
    """What the record has of jobs that ended so; opening it clears what was not finished."""
    done = {one.record_id for one in outcomes if isinstance(one, Done)}
    with open_store(data_dir) as store:
        numbers = [int(row.subject.code[2:]) for row in store.patients()]
        saved = [(n, one) for n in numbers for one in _saved(store, n)]
        check = verify_record(store)
        equal = {one for n, one in saved if np.array_equal(_loaded(store, one), _result(n).array)}
        scopes = {record.name for record in store.stored_records()}
        return {
            "done_and_in_the_record": done <= equal,
            "as_undisturbed": len(equal),
            "twice_in_the_record": len(numbers) - len(set(numbers)) + len(saved) - len({n for n, _ in saved}),
            "files_without_row": len(set(store.artifacts.scopes()) - scopes),
            "sound": check.whole and len(equal) == len(saved),
        }


def _saved(store: Store, number: int) -> list[str]:
    (patient_id, *_) = [row.id for row in store.patients() if row.subject.code == _code(number)]
    return [one.id for visit in store.visits(patient_id) for one in store.records(visit.id)]


def _loaded(store: Store, record_id: str) -> Any:
    return store.load(record_id, Numbers).array


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
