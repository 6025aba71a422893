"""Records as folders: `record.json`, `arrays.npz` and attached files, written aside and then renamed."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np

from core.errors import UserError, refuse
from core.store.codec import decode, encode

T = TypeVar("T")
_CHUNK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn a full disk into advice (REC-003)."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_is_full() from error
        raise


@contextmanager
def folder_errors(data_dir: Path) -> Iterator[None]:
    """Turn the disk's errors into advice: full (REC-003), or missing, read-only or failing (REC-006)."""
    try:
        with disk_errors():
            yield
    except OSError as error:
        raise folder_is_unusable(data_dir, error.strerror or str(error)) from error


def disk_is_full() -> UserError:
    return refuse(
        "REC-003",
        "The result could not be saved.",
        "The disk with the data folder is full.",
        "Free some space and do the step again; earlier results are untouched.",
    )


def folder_is_unusable(data_dir: Path, reason: str) -> UserError:
    return refuse(
        "REC-006",
        f"The data folder {data_dir} cannot be used.",
        f"The system says: {reason}.",
        "Connect its disk or allow writing there, or choose another data folder.",
    )


def write_record(folder: Path, payload: Any, attachments: tuple[Path, ...]) -> str:
    """Write a record folder in one rename and return the SHA-256 of its `record.json`."""
    aside = folder.parent / f".{folder.name}-{uuid4().hex[:8]}"
    with folder_errors(folder.parent):
        aside.mkdir(parents=True)
    with disk_errors():
        try:
            tree, arrays = encode(payload)
            if arrays:
                members: dict[str, Any] = {_member(path): array for path, array in arrays.items()}
                np.savez(aside / "arrays.npz", **members)
            for source in attachments:
                shutil.copyfile(source, aside / source.name)
            hashes = {path.name: sha256_of(path) for path in sorted(aside.iterdir())}
            content = {"type": type(payload).__name__, "payload": tree, "files": hashes}
            (aside / "record.json").write_text(json.dumps(content, sort_keys=True), encoding="utf-8")
            digest = sha256_of(aside / "record.json")
            aside.rename(folder)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    return digest


def stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, time of change [ns] and size [bytes] of each file: equal as long as no file changed."""
    if not folder.is_dir():
        return ()
    states = ((path.name, path.stat()) for path in sorted(folder.iterdir()))
    return tuple((name, state.st_mtime_ns, state.st_size) for name, state in states)


def read_record(folder: Path, kind: type[T], content_sha256: str) -> T:
    """Read a record back; refuses when any byte changed since it was written."""
    manifest = folder / "record.json"
    if not manifest.exists() or sha256_of(manifest) != content_sha256:
        raise _changed(folder)
    content = json.loads(manifest.read_text(encoding="utf-8"))
    arrays_path = folder / "arrays.npz"
    arrays: dict[str, Any] = {}
    if "arrays.npz" in content["files"]:
        if not arrays_path.exists() or sha256_of(arrays_path) != content["files"]["arrays.npz"]:
            raise _changed(folder)
        try:
            with np.load(arrays_path) as stored:
                arrays = {"/" + name.replace("|", "/"): stored[name] for name in stored.files}
        except zipfile.BadZipFile as error:
            raise _changed(folder) from error
    return decode(kind, content["payload"], arrays)


def _member(path: str) -> str:
    return path.removeprefix("/").replace("/", "|")


def _changed(folder: Path) -> Exception:
    return refuse(
        "REC-004",
        "A stored result cannot be trusted any more.",
        f"The files of {folder.name} are missing or were changed outside ExoTwin.",
        "Restore the data folder from a copy, or do the step again.",
    )
