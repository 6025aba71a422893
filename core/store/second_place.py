"""A copy of the whole record in a second place that a person chose, such as another disk or a network folder.

It holds what cannot be made again: the results with their arrays and files, backups of the database, the
accepted keys and the clinic's name. Only what is missing is copied, and read back. Secrets without a
passphrase of their own stay where they are.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import UserError, refuse
from core.store.backup_files import backup_names, backups_dir, backups_in, newest_backup, superfluous
from core.store.checking import Fault, FaultKind, StoredRecord, faults_of
from core.store.erasures import keep_erasure, remove_from, waiting_erasures
from core.store.files import aside_of, make_folder, sync_file, sync_folder, write_synced
from core.store.identity import STORE_FILE, StoreIdentity, read_identity
from core.store.sealed_database import is_plain_database

PLACE_FILE = "second_place.json"
_SMALL = (
    "clinic.json",
    "clinic.logo",
    "keys/*.pem",
    "keys/*/*.pem",
    "keys/*.sealed.json",
    "keys/data.json",  # only the recovery key opens what is in it
    "trail/*.json",
    "keys/patients/*.key",  # wrapped by the data key
)
_CHUNK_BYTES = 1 << 20
Report = Callable[[float, str], None]  # fraction done, sentence


@dataclass(frozen=True, slots=True)
class SecondCopy:
    """What one round of copying did."""

    folder: Path
    copied: int  # records that were missing there
    records: int  # that are there now
    faults: tuple[Fault, ...]  # records that are not whole here, and were not copied


def read_second_place(data_dir: Path) -> Path | None:
    """The folder that was chosen; None where none was."""
    try:
        return Path(str(json.loads((data_dir / PLACE_FILE).read_text(encoding="utf-8"))["folder"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def choose_second_place(data_dir: Path, place: Path | None) -> None:
    """Keep the choice; None ends it, and what lies there stays. Refuses REC-013 what is no second place."""
    if place is None:
        (data_dir / PLACE_FILE).unlink(missing_ok=True)
        return
    place, ours = place.absolute(), data_dir.absolute()
    if place.is_relative_to(ours) or ours.is_relative_to(place):
        raise _no_place(place, "It lies in the data folder, or the data folder lies in it.")
    if not place.is_dir():
        raise _no_place(place, "There is no such folder.")
    write_synced(data_dir / PLACE_FILE, json.dumps({"folder": str(place)}).encode())


def copy_folder(place: Path, identity: StoreIdentity) -> Path:
    """The copy of one record: several data folders may share a place."""
    return place / f"exotwin-{identity.id[:12]}"


def second_copy(data_dir: Path) -> Path | None:
    """The copy in the second place, when it is there and has a good backup."""
    place, identity = read_second_place(data_dir), read_identity(data_dir)
    if place is None or identity is None:
        return None
    copy = copy_folder(place, identity)
    return None if newest_backup(copy) is None else copy


def is_due(data_dir: Path) -> bool:
    """Whether the second place lacks the newest backup, and so what is new since."""
    place, identity, names = read_second_place(data_dir), read_identity(data_dir), backup_names(data_dir)
    if place is None or identity is None or not names:
        return False
    return not (backups_dir(copy_folder(place, identity)) / names[-1]).exists()


def copy_record(
    data_dir: Path, records: Sequence[StoredRecord], report: Report = lambda _fraction, _sentence: None
) -> SecondCopy | None:
    """Bring the second place up to the newest backup; None where none was chosen.

    `records`: all of the database, read after the newest backup was made, so that no backup over there names
    a record that is not there. Refuses REC-013 a place that is not there or cannot be written.
    """
    place, identity = read_second_place(data_dir), read_identity(data_dir)
    if place is None or identity is None:
        return None
    if not place.is_dir():
        raise _no_place(place, "It is not there now; perhaps its disk is not connected.")
    target = copy_folder(place, identity)
    try:
        target.mkdir(mode=0o700, exist_ok=True)
        _copy_small(data_dir, target)
        copied, faults = _copy_records(data_dir, target, records, report)
        _copy_backups(data_dir, target)
        erase_there(data_dir)
    except OSError as error:
        raise _no_place(place, f"The system says: {error.strerror or error}.") from error
    return SecondCopy(target, copied, len(records) - len({fault.about for fault in faults}), faults)


def erase_there(data_dir: Path) -> None:
    """Remove erased patients from second places that are there now, once these have a newer backup.

    Raises OSError when one cannot be written.
    """
    identity, newest = read_identity(data_dir), newest_backup(data_dir)
    if identity is None or (newest is None and not identity.server):
        return  # of a record on a server no backup lies there
    for erasure in waiting_erasures(data_dir):
        target = copy_folder(Path(erasure.place), identity)
        # An unplugged disk may leave an empty folder: without a copy in it nothing was cleared.
        if not erasure.here or not erasure.place or not target.is_dir():
            continue
        make_folder(backups_dir(target))
        if newest is not None and not (backups_dir(target) / newest.name).exists():
            copy_file(newest, backups_dir(target) / newest.name)
        named = (data_dir / "records").glob("*/[!.]*")
        remove_from(target, erasure, known=frozenset(f"{path.parent.name}/{path.name}" for path in named))
        keep_erasure(data_dir, replace(erasure, place=""))


def faults_there(data_dir: Path, records: Sequence[StoredRecord]) -> tuple[Fault, ...]:
    """Faults of what was copied, every file rehashed. What is not there yet is none: see `behind`."""
    place, identity = read_second_place(data_dir), read_identity(data_dir)
    if place is None or identity is None:
        return ()
    target = copy_folder(place, identity)
    here = [record for record in records if record.folder(target).is_dir()]
    found = [fault for record in here for fault in faults_of(record, target)]
    bad = [backup.path.name for backup in backups_in(target) if backup.entries is None]
    return (
        *(Fault(FaultKind.SECOND_PLACE, f.about, f"In the second place: {f.sentence}") for f in found),
        *(Fault(FaultKind.SECOND_PLACE, name, "In the second place it cannot be read.") for name in bad),
    )


def behind(data_dir: Path, records: Sequence[StoredRecord]) -> int:
    """How many results are not in the second place yet."""
    place, identity = read_second_place(data_dir), read_identity(data_dir)
    if place is None or identity is None:
        return 0
    target = copy_folder(place, identity)
    return sum(not record.folder(target).is_dir() for record in records)


def _copy_small(data_dir: Path, target: Path) -> None:
    for pattern in (STORE_FILE, *_SMALL):
        for path in filter(Path.is_file, data_dir.glob(pattern)):
            there = target / path.relative_to(data_dir)
            if not there.exists() or there.read_bytes() != path.read_bytes():
                make_folder(there.parent)
                write_synced(there, path.read_bytes())


def _copy_records(
    data_dir: Path, target: Path, records: Sequence[StoredRecord], report: Report
) -> tuple[int, tuple[Fault, ...]]:
    copied = 0
    faults: list[Fault] = []
    for number, record in enumerate(records):
        report(number / len(records), f"Result {number + 1} of {len(records)}")
        source, there = record.folder(data_dir), record.folder(target)
        for name in record.removed:
            (there / name).unlink(missing_ok=True)
        if _sizes(source) == _sizes(there) is not None:
            continue
        found = faults_of(record, data_dir)
        faults += found
        if not found:
            copy_tree(source, there)
            copied += 1
    return copied, tuple(faults)


def _copy_backups(data_dir: Path, target: Path) -> None:
    """After the records. The newest first, so that a full disk costs the older ones."""
    make_folder(backups_dir(target))
    for left in backups_dir(target).glob(".exotwin-*"):  # by a program that was killed: this one has the lock
        left.unlink()
    for backup in reversed(backups_in(data_dir)):
        there = backups_dir(target) / backup.path.name
        if backup.entries is not None and (not there.exists() or _is_plain_copy(backup.path, there)):
            copy_file(backup.path, there)
    for old in superfluous(backups_in(target)):
        old.path.unlink()


def _is_plain_copy(backup: Path, there: Path) -> bool:
    """Whether it was copied before the data folder was encrypted."""
    return is_plain_database(there) and not is_plain_database(backup)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a flat folder aside, read it back and name it. Raises OSError when it does not read back."""
    make_folder(target.parent)
    aside = aside_of(target)
    aside.mkdir(mode=0o700)
    try:
        for path in source.iterdir():
            _copy_bytes(path, aside / path.name)
        sync_folder(aside)
        if target.exists():
            target.replace(aside_of(target))
        aside.rename(target)
        sync_folder(target.parent)
    finally:
        for left in target.parent.glob(f".{target.name}-*"):
            shutil.rmtree(left, ignore_errors=True)


def copy_file(source: Path, target: Path) -> None:
    """The same of one file."""
    aside = aside_of(target)
    try:
        _copy_bytes(source, aside)
        aside.replace(target)
        sync_folder(target.parent)
    finally:
        aside.unlink(missing_ok=True)


def _copy_bytes(source: Path, target: Path) -> None:
    """As they lie on the disk, encrypted or not."""
    digest = hashlib.sha256()
    with source.open("rb") as given, target.open("wb") as kept:
        while chunk := given.read(_CHUNK_BYTES):
            digest.update(chunk)
            kept.write(chunk)
    sync_file(target)
    with target.open("rb") as written:
        if hashlib.file_digest(written, "sha256").digest() != digest.digest():
            raise OSError(f"{target.name} does not read back as it was written")


def _sizes(folder: Path) -> dict[str, int] | None:
    return {path.name: path.stat().st_size for path in folder.iterdir()} if folder.is_dir() else None


def _no_place(place: Path, why: str) -> UserError:
    return refuse(
        "REC-013",
        f"The record was not copied to {place}.",
        why,
        "Connect its disk, make the folder or allow writing there, or choose another one: "
        "exotwin record backup --to DIR.",
    )
