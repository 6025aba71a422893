"""Whether a whole record is what was written: everything rehashed, nothing repaired."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.domain.audit import FIRST, AuditStep, BrokenLink
from core.store.backup_files import backups_in
from core.store.checking import Fault, FaultKind, StoredRecord
from core.store.dialects.sqlite_file import open_connection
from core.store.erase_access import waiting_words
from core.store.identity import read_identity
from core.store.orphans import quarantined, record_folders
from core.store.repository import Store
from core.store.sealed_database import sqlite_errors
from core.store.second_place import behind, faults_there, read_second_place
from core.store.trail_check import RowFault

Report = Callable[[float, str], None]  # fraction done, sentence


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """What was looked at, and what is not as it was written."""

    records: int
    backups: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]  # worth knowing; nothing is wrong

    @property
    def whole(self) -> bool:
        return not self.faults


def verify_record(store: Store, report: Report = lambda _fraction, _sentence: None) -> RecordCheck:
    """Check database, results, backups, trail and, where one was chosen, the second place."""
    records = store.stored_records()
    faults: list[Fault] = [*map(_database_fault, store.database.faults()), *_identity_faults(store)]
    for number, record in enumerate(records):
        report(number / len(records), f"Result {number + 1} of {len(records)}")
        faults += store.faults_of(record)
    faults += [*_backup_faults(store.data_dir), *_trail_faults(store), *_lost_entries(store)]
    faults += faults_there(store.data_dir, records)
    backups = len(backups_in(store.data_dir))
    return RecordCheck(len(records), backups, tuple(faults), _notes(store, records))


def _trail_faults(store: Store) -> tuple[Fault, ...]:
    """Whether the trail is whole and every row what it says. What was signed is not looked at here."""
    check = store.check_trail()
    return trail_faults(check.broken, check.faults)


def trail_faults(broken: BrokenLink | None, rows: Iterable[RowFault]) -> tuple[Fault, ...]:
    """A broken trail, and rows and files that are not what it says."""
    found = [Fault(FaultKind.TRAIL, row.about, f"{row.why[0].upper()}{row.why[1:]}.") for row in rows]
    if broken is not None:
        words = f"The audit trail is broken at entry {broken.number}: {broken.why}."
        found.insert(0, Fault(FaultKind.TRAIL, "", words))
    return tuple(found)


def _database_fault(sentence: str) -> Fault:
    return Fault(FaultKind.DATABASE, "exotwin.db", sentence)


def _identity_faults(store: Store) -> tuple[Fault, ...]:
    identity = read_identity(store.data_dir)
    if identity is None:
        return (Fault(FaultKind.CHANGED, "store.json", "It is missing or cannot be read."),)
    if identity.people and not store.people.all():
        words = "People had accounts, and the database holds none: it is of the time before, or was emptied."
        return (_database_fault(words),)
    return ()


def _lost_entries(store: Store) -> list[Fault]:
    """Backups that know more of the trail than the record, unless somebody explained a restore."""
    entries = store.trail()
    if any(entry.event.step == AuditStep.RESTORED for entry in entries):
        return []
    hashes = [FIRST, *(entry.sha256 for entry in entries)]
    words = (
        "It has entries of the trail that the record lacks: an older copy is in place, or they were cut off."
    )
    return [
        Fault(FaultKind.TRAIL, backup.path.name, words)
        for backup in backups_in(store.data_dir)
        if backup.entries is not None and not _within(hashes, backup.path)
    ]


def _within(hashes: Sequence[str], backup: Path) -> bool:
    """Whether the trail of a backup is the beginning of the one with these hashes; one without is."""
    try:
        with closing(open_connection(backup, "ro")) as connection:
            told = connection.execute("SELECT length, sha256 FROM audit_head").fetchone()
    except sqlite_errors():  # of a version without a trail
        return True
    return told is None or (told[0] < len(hashes) and hashes[told[0]] == told[1])


def _backup_faults(data_dir: Path) -> list[Fault]:
    bad = [backup.path.name for backup in backups_in(data_dir) if backup.entries is None]
    return [Fault(FaultKind.BACKUP, name, "This backup cannot be read.") for name in bad]


def _notes(store: Store, records: Sequence[StoredRecord]) -> tuple[str, ...]:
    named = {record.name for record in records}
    unnamed = [name for name in record_folders(store.data_dir) if name not in named]
    aside = quarantined(store.data_dir)
    erased = store.check_trail().erased
    notes = list(waiting_words(store.data_dir))
    if erased:
        notes.append(f"{erased} rows were erased at somebody's wish, as the trail tells.")
    if aside:
        notes.append(
            f"{len(aside)} results that no row of the database names lie in the folder quarantine: a program "
            "was killed while it saved them, an older backup was restored, or a damaged one was replaced."
        )
    if unnamed:
        notes.append(f"{len(unnamed)} result folders have no row in the database: {', '.join(unnamed[:5])}.")
    if store.shares_files:
        notes += _notes_on_files(store, named)
    place, waiting = read_second_place(store.data_dir), behind(store.data_dir, records)
    if place is not None and not place.is_dir():
        notes.append(f"The second place {place} is not there now, and was not checked.")
    elif waiting:
        notes.append(f"{waiting} results are not in the second place yet; exotwin record backup copies them.")
    return tuple(notes)


def _notes_on_files(store: Store, named: set[str]) -> list[str]:
    """Of a shared store: what a PC saves there or began to, or what an older dump of the server lacks."""
    found = [
        scope for scope in store.artifacts.scopes() if scope not in named and not scope.startswith("jobs/")
    ]
    if not found:
        return []
    return [
        f"{len(found)} results in {store.artifacts.place} have no row: a PC saves them just now, or could "
        "not, and removes them when ExoTwin starts there; or an older dump of the server was restored."
    ]
