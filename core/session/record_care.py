"""Where copies of the record go and how long patients are kept: by who looks after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.domain.people import Action
from core.errors import refuse
from core.store.clinic import read_clinic, write_keep_years
from core.store.people import RECORD
from core.store.repository import Store
from core.store.second_place import choose_second_place


def choose_place(store: Store, place: Path | None, *, by: str) -> None:
    """As `choose_second_place`, and REC-013 where the record or its files do not lie in the data folder.

    Refuses PPL-001 to PPL-003 where people have accounts.
    """
    person = store.people.check(Action.LOOK_AFTER, by=by, about=RECORD)
    if place is not None:
        _check_all_is_here(store)
    choose_second_place(store.data_dir, place)
    words = "none" if place is None else "another folder"  # its name may name people
    store.log(by if person is None else person.name, "second place chosen", "", words)


def _check_all_is_here(store: Store) -> None:
    """Refuses REC-013: a copy of the data folder would be one of local files only."""
    what = "No second place was chosen."
    store.database.require_file("REC-013", what)
    if store.shares_files:
        raise refuse(
            "REC-013",
            what,
            f"The files of results lie in {store.artifacts.place}, not in the data folder.",
            "Have that place backed up by whoever looks after it.",
        )


def choose_keep_years(store: Store, years: int | None, *, by: str) -> None:
    """How long patients are kept after their last visit. Refuses PAT-034, and as `choose_place`."""
    person = store.people.check(Action.LOOK_AFTER, by=by, about=RECORD)
    write_keep_years(store.data_dir, years)
    words = "none" if years is None else f"{years} years after the last visit"
    store.log(by if person is None else person.name, "time to keep patients chosen", "", words)


@dataclass(frozen=True, slots=True)
class DuePatient:
    """One who was kept as long as the clinic wants to."""

    id: str
    code: str
    last_utc: datetime  # when the last visit began; of one without a visit, when the patient was entered


def due_patients(store: Store, now: datetime) -> tuple[DuePatient, ...]:
    """Real patients whose last visit is older than the clinic keeps them; none where no time is set.

    `now` is in UTC without a time zone, as the record's times are. Nobody is ever erased by it.
    """
    years = read_clinic(store.data_dir).keep_years
    if years is None:
        return ()
    return tuple(
        DuePatient(patient_id, subject.code, last_utc)
        for patient_id, subject, last_utc in store.last_seen()
        if not subject.synthetic and _years_later(last_utc, years) < now
    )


def _years_later(day: datetime, years: int) -> datetime:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year + years, day=28)
