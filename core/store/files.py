"""Records as folders: `record.json`, `arrays.npz` and attached files, written aside and then renamed.

What is renamed is on the disk before, so that a power cut leaves either the whole folder or none.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from uuid import uuid4

import numpy as np

from core.errors import UserError, refuse
from core.store.codec import decode, encode
from core.vault.files import open_read, open_write

if TYPE_CHECKING:
    from core.vault.stream import Owner

T = TypeVar("T")
MANIFEST, ARRAYS = "record.json", "arrays.npz"
_CHUNK_BYTES = 1 << 20


def open_to_write(path: Path, owner: Owner | None = None) -> BinaryIO:
    """Every file of a record is written through this; encrypted for `owner` where the data folder is."""
    return open_write(path, owner)


def open_to_read(path: Path) -> BinaryIO:
    """Every file of a record is read through this, as plain bytes."""
    return open_read(path)


def sync_file(path: Path) -> None:
    """Return once the content of a file is on the disk."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def sync_folder(path: Path) -> None:
    """Return once the names in a folder are on the disk; Windows and some disks cannot be asked for it."""
    if os.name == "nt":
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(folder)
    finally:
        os.close(folder)


def write_synced(path: Path, content: bytes) -> None:
    """Replace a file so that the old or the new one is there whole, also after a power cut."""
    aside = path.with_name(f".{path.name}-{os.getpid()}")
    with aside.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, and return once their names are on the disk."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync_folder(path.parent)


def sha256_of(path: Path) -> str:
    """Of the plain bytes, however they lie on the disk."""
    digest = hashlib.sha256()
    with open_to_read(path) as stream:
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


@dataclass(frozen=True, slots=True)
class StagedRecord:
    """A record folder under another name, whole and on the disk, that waits to be named by a row."""

    aside: Path
    folder: Path
    sha256: str  # of its `record.json`

    def put_in_place(self) -> None:
        """Give it its name; that is on the disk when this returns."""
        with disk_errors():
            self.aside.rename(self.folder)
            sync_folder(self.folder.parent)

    def discard(self) -> None:
        """Remove it; one that is in place stays, for the next start to judge."""
        shutil.rmtree(self.aside, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is copied into a record under a name of its own, which must not name the patient."""

    name: str
    source: Path


def attached(file: Path | Attachment) -> Attachment:
    """A path alone keeps its name."""
    return file if isinstance(file, Attachment) else Attachment(file.name, file)


def aside_of(folder: Path) -> Path:
    """A name that says which process writes there: see `core.store.orphans`."""
    return folder.parent / f".{folder.name}-{os.getpid()}-{uuid4().hex[:8]}"


def stage_record(
    folder: Path, payload: Any, files: Iterable[Path | Attachment], owner: Owner | None = None
) -> StagedRecord:
    """Write what will be the record folder `folder` aside, on the disk when this returns.

    `owner` opens it where the data folder is encrypted.
    """
    aside = aside_of(folder)
    with folder_errors(folder.parent):
        make_folder(folder.parent)
        aside.mkdir()
    with disk_errors():
        try:
            tree, arrays = encode(payload)
            if arrays:
                members: dict[str, Any] = {_member(path): array for path, array in arrays.items()}
                with open_to_write(aside / ARRAYS, owner) as stream:
                    np.savez(stream, **members)
            for file in map(attached, files):
                with open_to_read(file.source) as given, open_to_write(aside / file.name, owner) as kept:
                    shutil.copyfileobj(given, kept, _CHUNK_BYTES)
            hashes = {path.name: sha256_of(path) for path in sorted(aside.iterdir())}
            content = {"type": type(payload).__name__, "payload": tree, "files": hashes}
            with open_to_write(aside / MANIFEST, owner) as stream:
                stream.write(json.dumps(content, sort_keys=True).encode())
            digest = sha256_of(aside / MANIFEST)
            for path in aside.iterdir():
                sync_file(path)
            sync_folder(aside)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    return StagedRecord(aside, folder, digest)


def stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, time of change [ns] and size [bytes] of each file: equal as long as no file changed."""
    if not folder.is_dir():
        return ()
    states = ((path.name, path.stat()) for path in sorted(folder.iterdir()))
    return tuple((name, state.st_mtime_ns, state.st_size) for name, state in states)


def read_record(folder: Path, kind: type[T], content_sha256: str) -> T:
    """Read a record back; refuses REC-004 when any byte changed since it was written."""
    try:
        return _read_record(folder, kind, content_sha256)
    except UserError as error:
        if error.advice.code != "REC-036":  # an encrypted file that was changed
            raise
        raise _changed(folder) from error


def _read_record(folder: Path, kind: type[T], content_sha256: str) -> T:
    manifest, arrays_path = folder / MANIFEST, folder / ARRAYS
    if not manifest.exists() or sha256_of(manifest) != content_sha256:
        raise _changed(folder)
    content = read_manifest(folder)
    arrays: dict[str, Any] = {}
    if ARRAYS in content["files"]:
        if not arrays_path.exists() or sha256_of(arrays_path) != content["files"][ARRAYS]:
            raise _changed(folder)
        try:
            with open_to_read(arrays_path) as stream, np.load(stream) as stored:
                arrays = {"/" + name.replace("|", "/"): stored[name] for name in stored.files}
        except zipfile.BadZipFile as error:
            raise _changed(folder) from error
    return decode(kind, content["payload"], arrays)


def read_manifest(folder: Path) -> dict[str, Any]:
    """`record.json`: type, payload, and the SHA-256 of every other file by its name."""
    with open_to_read(folder / MANIFEST) as stream:
        content: dict[str, Any] = json.loads(stream.read())
    return content


def _member(path: str) -> str:
    return path.removeprefix("/").replace("/", "|")


def _changed(folder: Path) -> Exception:
    return refuse(
        "REC-004",
        "A stored result cannot be trusted any more.",
        f"The files of {folder.name} are missing or were changed outside ExoTwin.",
        "Restore the data folder from a copy, or do the step again.",
    )
