"""What a data folder has of results whose files lie in a shared store: copies of what was used lately.

They lie where the results of a single PC do, in `records`, fetched when somebody asks for them, checked when
they are read, and removed when they take more room than they may.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UserError
from core.store.artifacts.interface import Artifact, ArtifactStore, fetch_file
from core.store.checking import Fault, FaultKind, StoredRecord
from core.store.files import (
    ARRAYS,
    MANIFEST,
    StagedRecord,
    aside_of,
    folder_errors,
    make_folder,
    open_to_read,
    read_manifest,
    sha256_of,
)

if TYPE_CHECKING:
    from core.vault.stream import Owner

ALL, NUMBERS = "*", ARRAYS  # patterns of names of files: all of a result, and what its numbers need
CACHE_VARIABLE = "EXOTWIN_CACHE_GB"
_MOST_GB = 20.0
_IN_USE_S = 3600.0  # what was used so lately is not removed


def most_bytes() -> int:
    """How much room local copies may take."""
    try:
        return round(float(os.environ.get(CACHE_VARIABLE, _MOST_GB)) * 1e9)
    except (ValueError, OverflowError):  # no number, or none that is finite
        return round(_MOST_GB * 1e9)


class LocalCopies:
    def __init__(self, data_dir: Path, store: ArtifactStore) -> None:
        self._data_dir = data_dir
        self.store = store

    def send(self, scope: str, staged: StagedRecord) -> None:
        """Put all files of a result that is written aside; `record.json`, which names the others, last."""
        for name, sha256 in {**read_manifest(staged.aside)["files"], MANIFEST: staged.sha256}.items():
            with open_to_read(staged.aside / name) as content:
                self.store.put(Artifact(scope, name, sha256), content)

    def bring(self, record: StoredRecord, owner: Owner | None = None, like: str = ALL) -> None:
        """Have those of its files here whose names are like this. Refuses REC-070 to REC-075."""
        folder = record.folder(self._data_dir)
        if self._has_another_manifest(record):
            forget(self._data_dir, record.name)
        fetched = self._fetch(Artifact(record.name, MANIFEST, record.content_sha256), owner)
        for artifact in _wanted(record, folder, like):
            fetched = self._fetch(artifact, owner) or fetched
        _note_used(folder)
        if fetched:
            trim(self._data_dir)

    def _has_another_manifest(self, record: StoredRecord) -> bool:
        """None at all is no fault: it is fetched first, perhaps by another process just now."""
        try:
            return sha256_of(record.folder(self._data_dir) / MANIFEST) != record.content_sha256
        except FileNotFoundError:
            return False
        except UserError:  # encrypted, and damaged here
            return True

    def _fetch(self, artifact: Artifact, owner: Owner | None) -> bool:
        """Whether it was not here yet."""
        path = self._data_dir / "records" / artifact.scope / artifact.name
        if path.exists():
            return False
        with folder_errors(self._data_dir):
            make_folder(path.parent)
            fetch_file(self.store, artifact, path, owner)
        return True


def is_here(data_dir: Path, record: StoredRecord, like: str = ALL) -> bool:
    """Whether `LocalCopies.bring` would fetch nothing."""
    folder = record.folder(data_dir)
    try:
        if sha256_of(folder / MANIFEST) != record.content_sha256:
            return False
        here = all((folder / artifact.name).exists() for artifact in _wanted(record, folder, like))
    except (FileNotFoundError, UserError):  # not here yet; encrypted, and damaged here
        return False
    if here:
        _note_used(folder)
    return here


def forget(data_dir: Path, scope: str) -> None:
    """Remove what is here of a result, so that it is fetched again when it is wanted."""
    folder = data_dir / "records" / scope
    with suppress(OSError):  # it is not here, another process was first, or Windows lets nobody move it now
        aside = aside_of(folder)
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def trim(data_dir: Path) -> None:
    """Remove copies that were not used for longest, until the rest fits."""
    found = [(*_use_of(path), path) for path in (data_dir / "records").glob("*/[!.]*")]
    too_much, now_s = sum(size for _used_s, size, _path in found) - most_bytes(), time.time()
    for used_s, size, path in sorted(found):
        if too_much <= 0 or now_s - used_s < _IN_USE_S:
            return
        forget(data_dir, f"{path.parent.name}/{path.name}")
        too_much -= size


def artifacts_of_record(store: ArtifactStore, record: StoredRecord) -> tuple[Artifact, ...]:
    """Every file that a result has in a store, `record.json` first. Refuses REC-074 and REC-075."""
    manifest = Artifact(record.name, MANIFEST, record.content_sha256)
    with store.open(manifest) as content:
        files = json.loads(content.read())["files"]
    return (manifest, *_files_of(record, files))


def faults_in(store: ArtifactStore, record: StoredRecord) -> tuple[Fault, ...]:
    """As `core.store.checking.faults_of`, of a result in a store: every file read and rehashed."""
    try:
        artifacts = artifacts_of_record(store, record)
    except UserError as error:
        return _fault_of(record, MANIFEST, error)
    found: list[Fault] = []
    for artifact in artifacts[1:]:
        try:
            store.open(artifact).close()
        except UserError as error:
            found += _fault_of(record, artifact.name, error)
    for name in store.strangers(record.name, frozenset(artifacts)):
        found.append(Fault(FaultKind.EXTRA, record.name, f"The file {name} does not belong to it."))
    return tuple(found)


def _fault_of(record: StoredRecord, name: str, error: UserError) -> tuple[Fault, ...]:
    """Raises what is about the store and not about the file."""
    if error.advice.code == "REC-075":
        return (Fault(FaultKind.MISSING, record.name, f"Its file {name} is missing in the store."),)
    if error.advice.code == "REC-074":
        return (Fault(FaultKind.CHANGED, record.name, f"Its file {name} was changed in the store."),)
    raise error


def _files_of(record: StoredRecord, files: dict[str, str]) -> list[Artifact]:
    """But for those that were removed on request."""
    return [Artifact(record.name, name, sha) for name, sha in files.items() if name not in record.removed]


def _wanted(record: StoredRecord, folder: Path, like: str) -> list[Artifact]:
    files = _files_of(record, read_manifest(folder)["files"])
    return [artifact for artifact in files if fnmatchcase(artifact.name, like)]


def _note_used(folder: Path) -> None:
    with suppress(OSError):
        os.utime(folder)


def _use_of(folder: Path) -> tuple[float, int]:
    """When a copy was used last [s], and its size [bytes]; 0 of one that another process just removes."""
    try:
        return folder.stat().st_mtime, sum(path.stat().st_size for path in folder.iterdir())
    except OSError:
        return 0.0, 0
