"""Kill processes that save results, at random moments, and look after each what is left of the record.

    python -m tests.store.kills COUNT SEED FOLDER [SHARE]

With SHARE the files of results lie in that shared folder, else in the data folder and a second place.
Prints, as JSON, how many results were acknowledged, and how many were lost, half written or unreadable. A
kill is no power cut: what the system has not yet put on the disk survives it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from core.domain.record import RecordKind, Verdict
from core.domain.recording import Landmarks
from core.errors import UserError
from core.store.artifacts.choice import ARTIFACTS_VARIABLE
from core.store.orphans import quarantined, unfinished
from core.store.repository import Store, open_store
from core.store.second_place import choose_second_place, copy_record
from core.store.verifying import verify_record
from tests.store.samples import a_subject
from tests.store.test_store import some_landmarks

_LONGEST_S = 0.5  # from its start to its end: opening, sweeping, and a few results
_KILLS_PER_FOLDER = 25
_ID_BYTES = 33


def _save_on_and_on(data_dir: Path, acknowledged: int) -> None:
    """The child: results with arrays and a file, decisions, backups, copies; each id is told at once."""
    video = data_dir.parent / "walk.mp4"
    with open_store(data_dir) as store:
        visit_id = store.visits(store.patients()[0].id)[0].id
        while True:
            record_id = store.save(
                RecordKind.LANDMARKS, some_landmarks(), visit_id=visit_id, summary="seen", files=(video,)
            )
            os.write(acknowledged, f"{record_id}\n".encode())
            store.decide(visit_id, "motion", Verdict.ACCEPTED, record_id=record_id, by="Dr Test")
            store.back_up_if_due(after_s=0.0)
            if not store.shares_files:
                copy_record(data_dir, store.stored_records())


def _killed(data_dir: Path, after_s: float) -> list[str]:
    """Run a child for a time; the ids that it acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _save_on_and_on(data_dir, writing)
        finally:
            os._exit(1)
    os.close(writing)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the child ended by itself: its error is above"
    with os.fdopen(reading, "rb") as stream:
        return [line.decode() for line in stream.read().splitlines() if len(line) == _ID_BYTES - 1]


def _look(data_dir: Path, acknowledged: list[str], seen: set[str], found: Counter[str]) -> None:
    """Everything that is new since the last look: rows, folders and what was acknowledged."""
    try:
        with open_store(data_dir) as store:
            records = {record.name.split("/")[1]: record for record in store.stored_records()}
            found["lost"] += sum(name not in records for name in acknowledged)
            for name in records.keys() - seen:
                found["half written"] += bool(store.faults_of(records[name]))
                found["unreadable"] += not _reads(store, name)
            seen |= records.keys()
            found["half written"] += len(unfinished(data_dir)) + _files_without_row(store)
    except UserError as error:
        found["unreadable"] += len(acknowledged) + len(seen)
        sys.stderr.write(f"{error}\n")


def _files_without_row(store: Store) -> int:
    """In a shared store; what lies here without a row is in quarantine."""
    if not store.shares_files:
        return 0
    return len(set(store.artifacts.scopes()) - {record.name for record in store.stored_records()})


def _reads(store: Store, record_id: str) -> bool:
    try:
        return len(store.load(record_id, Landmarks).people) == 1
    except (UserError, OSError, ValueError):
        return False


def _a_folder(root: Path) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    share = os.environ.get(ARTIFACTS_VARIABLE) or None
    if share is not None:
        shutil.rmtree(share, ignore_errors=True)
        Path(share).mkdir()
    (root / "place").mkdir(parents=True)
    (root / "walk.mp4").write_bytes(np.random.default_rng(0).bytes(200_000))
    with open_store(root / "data") as store:
        store.start_visit(store.add_patient(a_subject()))
    if share is None:
        choose_second_place(root / "data", root / "place")
    return root / "data"


def main(count: int, seed: int, root: Path) -> dict[str, int]:
    moments, found = random.Random(seed), Counter({"lost": 0, "half written": 0, "unreadable": 0})
    for kill in range(count):
        if kill % _KILLS_PER_FOLDER == 0:
            data_dir, seen = _a_folder(root), set[str]()
        acknowledged = _killed(data_dir, moments.uniform(0.0, _LONGEST_S))
        found["acknowledged"] += len(acknowledged)
        _look(data_dir, acknowledged, seen, found)
        if kill % _KILLS_PER_FOLDER == _KILLS_PER_FOLDER - 1 or kill == count - 1:
            with open_store(data_dir) as store:
                check = verify_record(store)
            found["unreadable"] += len(check.faults)
            found["set aside without a row"] += len(quarantined(data_dir))
    return {"kills": count, **found}


if __name__ == "__main__":
    if len(sys.argv) > 4:
        os.environ[ARTIFACTS_VARIABLE] = sys.argv[4]
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))))
