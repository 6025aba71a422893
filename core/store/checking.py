"""Whether a record folder holds what its row says: every file rehashed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.errors import UserError
from core.store.files import MANIFEST, read_manifest, sha256_of


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """What the database says of a record folder."""

    name: str  # `kind/id`
    content_sha256: str
    removed: frozenset[str] = frozenset()  # attached files that were removed on request, by the log

    def folder(self, root: Path) -> Path:
        """Below a data folder or a copy of one."""
        return root / "records" / self.name


class FaultKind(StrEnum):
    MISSING = "missing"
    CHANGED = "changed"
    EXTRA = "extra"
    DATABASE = "database"
    BACKUP = "backup"
    TRAIL = "trail"
    SECOND_PLACE = "second place"


@dataclass(frozen=True, slots=True)
class Fault:
    kind: FaultKind
    about: str  # a record as `kind/id`, a file, or nothing
    sentence: str


def faults_of(record: StoredRecord, root: Path) -> tuple[Fault, ...]:
    """None when the folder below `root` is whole."""
    folder = record.folder(root)
    if not folder.is_dir():
        return (_fault(FaultKind.MISSING, record, "Its folder is missing."),)
    if folder.resolve() != root.resolve() / "records" / record.name:
        return (_fault(FaultKind.CHANGED, record, "Its folder is a link to another place."),)
    if not (folder / MANIFEST).is_file():
        return (_fault(FaultKind.MISSING, record, f"{MANIFEST} is missing."),)
    try:
        if sha256_of(folder / MANIFEST) != record.content_sha256:
            return (_fault(FaultKind.CHANGED, record, f"{MANIFEST} was changed."),)
        hashes: dict[str, str] = read_manifest(folder)["files"]
        return (
            *_link_faults(record, folder),
            *_file_faults(record, folder, hashes),
            *_extra_faults(record, folder, hashes),
        )
    except UserError as error:  # an encrypted file that was changed, or whose key is gone
        return (_fault(FaultKind.CHANGED, record, error.advice.why),)
    except OSError as error:
        return (_fault(FaultKind.CHANGED, record, f"It cannot be read: {error.strerror or error}."),)


def _link_faults(record: StoredRecord, folder: Path) -> list[Fault]:
    """What lies elsewhere is kept, encrypted and erased by nobody here."""
    links = sorted(path.name for path in folder.iterdir() if path.is_symlink())
    return [
        _fault(FaultKind.CHANGED, record, f"Its file {name} is a link to another place.") for name in links
    ]


def _file_faults(record: StoredRecord, folder: Path, hashes: dict[str, str]) -> list[Fault]:
    found = []
    for name, digest in hashes.items():
        if not (folder / name).is_file():
            if name not in record.removed:
                found.append(_fault(FaultKind.MISSING, record, f"Its file {name} is missing."))
        elif sha256_of(folder / name) != digest:
            found.append(_fault(FaultKind.CHANGED, record, f"Its file {name} was changed."))
    return found


def _extra_faults(record: StoredRecord, folder: Path, hashes: dict[str, str]) -> list[Fault]:
    extra = sorted({path.name for path in folder.iterdir()} - {MANIFEST, *hashes})
    return [_fault(FaultKind.EXTRA, record, f"The file {name} does not belong to it.") for name in extra]


def _fault(kind: FaultKind, record: StoredRecord, sentence: str) -> Fault:
    return Fault(kind, record.name, sentence)
