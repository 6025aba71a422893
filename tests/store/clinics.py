"""A record of people with accounts, and what they do in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from core.domain.people import Action, PeopleRules, Role
from core.domain.record import Verdict
from core.store.people import RULES
from core.store.repository import Store, open_store
from tests.people import MANAGER, NAMES, PIN, make_clinic
from tests.store.samples import a_subject

PHYSICIAN, THERAPIST = NAMES[Role.PHYSICIAN], NAMES[Role.THERAPIST]


def a_clinic(folder: Path) -> Path:
    with open_store(folder) as store:
        make_clinic(store, (Role.PHYSICIAN, Role.THERAPIST))
    return folder


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 30, 12, 0)

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def a_visit(store: Store) -> str:
    """Of a patient, entered by the physician."""
    store.people.sign_in(PHYSICIAN, PIN)
    return store.start_visit(store.add_patient(a_subject())).id


def signed_by(
    store: Store, visit_id: str, by: str, *, second: str = "", reason: str = ""
) -> list[tuple[str, str]]:
    """Release something for this visit; name and role of every decision."""
    said = {"role": "anything", "second": second, "reason": reason}
    store.decide(visit_id, "compare", Verdict.SIGNED, record_id="c1", by=by, **said)
    return [(one.by, one.role) for one in store.decisions(visit_id)]


def with_four_eyes(store: Store) -> None:
    store.people.prove(MANAGER, PIN, Action.MANAGE_PEOPLE, RULES)
    store.people.set_rules(PeopleRules(four_eyes=True), by=MANAGER)
