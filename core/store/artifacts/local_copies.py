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

CACHE_VARIABLE = "EXOTWIN_CACHE_GB"
_MOST_GB = 20.0
_IN_USE_S = 3600.0  # what was used so lately is not removed


def most_bytes() -> int:
    """How much room local copies may take."""
    try:
        return round(float(os.environ.get(CACHE_VARIABLE, _MOST_GB)) * 1e9)
    except ValueError:
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

    def bring(self, record: StoredRecord, owner: Owner | None = None, *, whole: bool = True) -> None:
        """Have it here: as a whole, or what its numbers need. Refuses REC-070 to REC-075."""
        folder = record.folder(self._data_dir)
        if not self._has_manifest(record):
            forget(self._data_dir, record.name)
        fetched = self._fetch(Artifact(record.name, MANIFEST, record.content_sha256), owner)
        for artifact in _files_of(record, read_manifest(folder)["files"]):
            if whole or artifact.name == ARRAYS:
                fetched = self._fetch(artifact, owner) or fetched
        with suppress(OSError):
            os.utime(folder)
        if fetched:
            trim(self._data_dir)

    def _has_manifest(self, record: StoredRecord) -> bool:
        path = record.folder(self._data_dir) / MANIFEST
        try:
            return path.is_file() and sha256_of(path) == record.content_sha256
        except UserError:  # encrypted, and damaged here
            return False

    def _fetch(self, artifact: Artifact, owner: Owner | None) -> bool:
        """Whether it was not here yet."""
        path = self._data_dir / "records" / artifact.scope / artifact.name
        if path.exists():
            return False
        with folder_errors(self._data_dir):
            make_folder(path.parent)
            fetch_file(self.store, artifact, path, owner)
        return True


def forget(data_dir: Path, scope: str) -> None:
    """Remove what is here of a result, so that it is fetched again when it is wanted."""
    folder = data_dir / "records" / scope
    if folder.is_dir():
        aside = aside_of(folder)
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def trim(data_dir: Path) -> None:
    """Remove copies that were not used for longest, until the rest fits."""
    found = [path for path in (data_dir / "records").glob("*/[!.]*") if path.is_dir()]
    sizes = {path: _size(path) for path in found}
    too_much, now_s = sum(sizes.values()) - most_bytes(), time.time()
    for path in sorted(found, key=_used_s):
        if too_much <= 0 or now_s - _used_s(path) < _IN_USE_S:
            return
        forget(data_dir, f"{path.parent.name}/{path.name}")
        too_much -= sizes[path]


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


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _used_s(folder: Path) -> float:
    return folder.stat().st_mtime
