"""Files of results in a shared folder and in S3, against plain copies; a record moved there and back.

The S3 server is moto, which holds everything in memory: what is measured of S3 is this program and its
network code against `s3fs` alone on the same server, not a real bucket. What is not installed says so.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.bench import local_s3
from app.bench.cut_network import Network
from app.bench.local_postgres import ADMIN, missing, running_postgres
from app.bench.local_s3 import BUCKET, environment, running_s3
from app.bench.record_at_once import bench_subject
from app.bench.told import tell
from core.domain.arrays import FloatArray
from core.domain.record import RecordKind
from core.errors import UserError
from core.store.artifacts.blobs import Blobs, FolderBlobs
from core.store.artifacts.interface import Artifact, fetch_file
from core.store.artifacts.shared import SharedArtifacts
from core.store.dialects.postgresql_setup import set_up
from core.store.files import sha256_of, sync_file
from core.store.moving.record import move_record
from core.store.record_address import checked_url
from core.store.repository import Store, open_store
from core.store.verifying import verify_record

MEGABYTES, QUICK_MEGABYTES = 64, 8
ROUNDS, QUICK_ROUNDS = 5, 3
PATIENTS, QUICK_PATIENTS = 50, 5
SAVES = 12  # each with the network cut at another moment
_SCOPE = f"motion/{'0' * 32}"
Act = Callable[[], object]


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A payload: an array (N,) of 64-bit floats that nothing compresses."""

    array: FloatArray


def bench_artifacts(*, quick: bool) -> dict[str, Any]:
    """Rates in MB/s, best of a few interleaved rounds; `ratio`: ours by the plain one's."""
    rounds, patients = (QUICK_ROUNDS, QUICK_PATIENTS) if quick else (ROUNDS, PATIENTS)
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="bench-artifacts-") as name:
        folder = Path(name).resolve()
        film = folder / "film"
        film.write_bytes(secrets.token_bytes((QUICK_MEGABYTES if quick else MEGABYTES) * 1_000_000))
        told["folder"] = _of_folder(folder, film, rounds)
        tell("artifacts folder", told["folder"])
        if local_s3.missing():
            return {**told, "s3": {"skipped": local_s3.missing()}}
        with running_s3() as port, environment(local_s3.keys(port)):
            told["s3"] = _of_s3(folder, film, rounds)
            tell("artifacts s3", told["s3"])
            told["cut"] = _cut_while_saving(folder / "cut", port)
            tell("artifacts cut", told["cut"])
            told["move"] = {"skipped": missing()} if missing() else _moved(folder / "moved", port, patients)
            tell("artifacts move", told["move"])
    return told


# rates


def _of_folder(folder: Path, film: Path, rounds: int) -> dict[str, float]:
    share, plain = folder / "share", folder / "plain"
    share.mkdir()

    def copy(source: Path, target: Path) -> None:
        shutil.copyfile(source, target)
        sync_file(target)

    acts = _acts(FolderBlobs(share), film, folder / "back")
    acts |= {
        "plain_put": lambda: copy(film, plain),
        "plain_get": lambda: copy(plain, folder / "plain-back"),
    }
    rates = _rates(acts, film.stat().st_size, rounds)
    content, began_s = film.read_bytes(), time.perf_counter()
    hashlib.sha256(content).digest()
    return {**rates, "sha256_alone_mb_per_s": round(len(content) / 1e6 / (time.perf_counter() - began_s), 1)}


def _of_s3(folder: Path, film: Path, rounds: int) -> dict[str, float]:
    from core.store.artifacts.s3 import S3Blobs

    plain = local_s3.make_bucket()
    acts = _acts(S3Blobs(f"{BUCKET}/rates"), film, folder / "back")
    acts |= {
        "plain_put": lambda: plain.put_file(str(film), f"{BUCKET}/plain"),
        "plain_get": lambda: plain.get_file(f"{BUCKET}/plain", str(folder / "plain-back")),
    }
    return _rates(acts, film.stat().st_size, rounds)


def _acts(blobs: Blobs, film: Path, back: Path) -> dict[str, Act]:
    store = SharedArtifacts(blobs)
    store.prepare("0" * 32)
    artifact = Artifact(_SCOPE, film.name, sha256_of(film))  # which the record knows

    def put() -> None:
        with film.open("rb") as content:
            store.put(artifact, content)

    return {"put": put, "get": lambda: fetch_file(store, artifact, back)}


def _rates(acts: Mapping[str, Act], size: int, rounds: int) -> dict[str, float]:
    order = ("put", "plain_put", "get", "plain_get")
    best_s = dict.fromkeys(order, float("inf"))
    for _round in range(rounds):
        for name in order:
            began_s = time.perf_counter()
            acts[name]()
            best_s[name] = min(best_s[name], time.perf_counter() - began_s)
    told = {f"{name}_mb_per_s": round(size / 1e6 / best_s[name], 1) for name in order}
    told |= {f"{what}_ratio": round(best_s[f"plain_{what}"] / best_s[what], 2) for what in ("put", "get")}
    return {"megabytes": size / 1e6, "rounds": rounds, **told}


# a cut network


def _cut_while_saving(folder: Path, port: int) -> dict[str, Any]:
    """Results saved while the network goes away after some bytes, each time more; then all is looked at."""
    network = Network(port)
    chosen = {"EXOTWIN_ARTIFACTS": f"s3://{BUCKET}/cut", "EXOTWIN_DATABASE": "sqlite"}
    with environment({**chosen, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{network.port}"}):
        with open_store(folder) as store:
            visit_id = _visit(store, "CUT")
            _save(store, visit_id, 4000)
            codes = []
            for number in range(SAVES):
                network.cut(after_bytes=number * 12_000)
                try:
                    _save(store, visit_id, 4000)
                except UserError as error:
                    codes.append(error.advice.code)
                network.mend()
            acknowledged = 1 + SAVES - len(codes)
        with open_store(folder) as store:  # which removes what was not finished
            scopes = {record.name for record in store.stored_records()}
            told = {
                "saves": 1 + SAVES,
                "refused": {code: codes.count(code) for code in sorted(set(codes))},
                "acknowledged": acknowledged,
                "lost": acknowledged - len(scopes),
                "half_written": len(verify_record(store).faults),
                "files_without_row": len(set(store.artifacts.scopes()) - scopes),
            }
    network.close()
    return told


# a move


def _moved(folder: Path, port: int, patients: int) -> dict[str, Any]:
    with environment({"EXOTWIN_DATABASE": "", "EXOTWIN_ARTIFACTS": ""}), running_postgres() as server:
        home, new_home = folder / "home", folder / "new-home"
        with open_store(home) as store:
            for number in range(patients):
                visit_id = _visit(store, f"P-{number:04}")
                for _ in range(2):
                    _save(store, visit_id, 60_000)
        done = set_up(checked_url(server.url("record", ADMIN)), "exotwin", lambda: None)
        url, network = done.address.render_as_string(), Network(port)
        with environment({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{network.port}"}):
            cut = _cut_while_moving(home, url, network)
            there = _move(home, url, f"s3://{BUCKET}/moved")
            back = _move(home, str(new_home), "")
        network.close()
        with open_store(new_home) as store:
            whole = verify_record(store).whole
    equal = there.pop("tables") == back.pop("tables") and there["bytes"] == back["bytes"]
    return {"patients": patients, "equal": equal, "whole": whole, "cut": cut, "there": there, "back": back}


def _cut_while_moving(home: Path, url: str, network: Network) -> dict[str, Any]:
    network.cut(after_bytes=2_000_000)
    code = ""
    with open_store(home) as store:
        try:
            move_record(store, url, f"s3://{BUCKET}/moved")
        except UserError as error:
            code = error.advice.code
    network.mend()
    with open_store(home) as store:  # where it was
        return {"code": code, "whole": verify_record(store).whole, "still": "folder" in store.database.words}


def _move(home: Path, to: str, artifacts: str) -> dict[str, Any]:
    with open_store(home) as store:
        began_s = time.perf_counter()
        moved = move_record(store, to, artifacts)
        took_s = time.perf_counter() - began_s
    return {
        "seconds": round(took_s, 2),
        "rows": moved.rows,
        "files": moved.files.files,
        "copied": moved.files.copied,
        "bytes": moved.files.bytes,
        "tables": moved.tables,
    }


def _visit(store: Store, code: str) -> str:
    return store.start_visit(store.add_patient(replace(bench_subject(), code=code))).id


def _save(store: Store, visit_id: str, count: int) -> str:
    payload = Numbers(np.random.default_rng().random(count))
    return store.save(RecordKind.MOTION, payload, visit_id=visit_id, summary="numbers")
