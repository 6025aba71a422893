"""What a person is told before a patient is erased: what goes, what stays, and what is out of reach."""

from __future__ import annotations

from core.domain.record import RecordKind
from core.store.repository import Store
from core.store.second_place import read_second_place


def goes_and_stays(store: Store, patient_id: str) -> tuple[str, ...]:
    """Sentences, with the numbers of this patient."""
    visits = store.visits(patient_id)
    infos = [info for visit in visits for info in store.records(visit.id)]
    goes = (
        f"Gone for good: {_count(len(visits), 'visit')} and {_count(len(infos), 'result')} with films, "
        "files, notes, decisions and their log, the folders of their jobs, the program's own error log, and "
        "results in quarantine that nobody can tell the owner of."
    )
    copies = "Backups and damaged databases that hold the patient go, once a new backup is made"
    place = read_second_place(store.data_dir)
    there = "." if place is None else f"; those in the second place {place} too, as soon as it is there."
    stays = (
        "Staying: in the trail that something was done, by whom and when, under random numbers, and the "
        f"reason given here.{_older_words(store, {visit.id for visit in visits})}"
    )
    beyond = "Out of reach: reports and exports that were taken out, and copies of the folder made otherwise"
    packed = any(info.kind is RecordKind.PACKAGE for info in infos)
    exo = "; a controller on an exo stays there until another one replaces it." if packed else "."
    return goes, copies + there, stays, beyond + exo


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _older_words(store: Store, visit_ids: set[str]) -> str:
    """Of entries that hold their words in their own hash, as earlier versions wrote them."""
    about = (entry.event for entry in store.audit_trail() if entry.event.visit_id in visit_ids)
    older = sum(event.has_words and not event.words_covered for event in about)
    kept = "an entry" if older == 1 else f"{older} entries"
    return f" So do the words of {kept} of an earlier version." if older else ""
