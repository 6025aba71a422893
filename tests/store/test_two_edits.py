"""Claims about two people who change the same thing: the second is told, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.domain.people import Action, PeopleRules, Role
from core.domain.walking_ability import VisitNotes, WalkingAid
from core.errors import UserError
from core.session.same_patient import wear_exo
from core.store.edits import changes
from core.store.erase_access import EraseAccess
from core.store.people import RULES
from core.store.pins import PinCost
from core.store.repository import Store, open_store
from tests.refusals import refused
from tests.store.samples import a_subject

CHEAP = PinCost(2, 8, 1)
ME, OTHER = "Dr. Lind", "A. Berger"


@pytest.fixture
def two(tmp_path: Path, each_database: str) -> Iterator[tuple[Store, Store]]:
    """The same record, opened twice; on a server by two PCs."""
    rooms = (tmp_path, tmp_path) if each_database == "sqlite" else (tmp_path / "room-1", tmp_path / "room-2")
    with ExitStack() as stack:
        mine, others = (stack.enter_context(open_store(room)) for room in rooms)
        yield mine, others


def test_the_second_save_is_told_what_the_other_changed_and_by_whom(two: tuple[Store, Store]) -> None:
    mine, others = two
    patient_id = mine.add_patient(a_subject())
    seen = mine.patient(patient_id).subject
    others.edit_patient(patient_id, replace(seen, mass_kg=62.5, notes="diabetes"), by=OTHER)

    with refused("REC-060") as told:
        mine.edit_patient(patient_id, replace(seen, diagnosis="Parkinson"), by=ME, seen=seen)
    why = told.value.advice.why
    assert OTHER in why and "60, now 62.5" in why and "“diabetes”" in why
    assert f"{datetime.now(UTC).astimezone():%Y-%m-%d}" in why

    now = mine.patient(patient_id).subject
    assert (now.mass_kg, now.diagnosis) == (62.5, seen.diagnosis)
    mine.edit_patient(patient_id, replace(now, diagnosis="Parkinson"), by=ME, seen=now)
    assert mine.patient(patient_id).subject == replace(now, diagnosis="Parkinson")
    assert mine.check_trail().broken is None and not mine.check_trail().faults


def test_what_the_other_changed_stays_where_nothing_was_typed(two: tuple[Store, Store]) -> None:
    mine, others = two
    patient_id = mine.add_patient(a_subject())
    seen = mine.patient(patient_id).subject
    others.edit_patient(patient_id, replace(seen, mass_kg=62.5), by=OTHER)

    mine.edit_patient(patient_id, seen, by=ME, seen=seen)

    assert mine.patient(patient_id).subject.mass_kg == 62.5


def test_notes_on_a_visit_are_not_overwritten_unseen(two: tuple[Store, Store]) -> None:
    mine, others = two
    visit_id = mine.start_visit(mine.add_patient(a_subject())).id
    seen = mine.visit(visit_id).notes
    others.note_visit(visit_id, VisitNotes(WalkingAid.CANE), by=OTHER)

    with refused("REC-060") as told:
        mine.note_visit(visit_id, VisitNotes(notes="pain"), by=ME, seen=seen)
    assert OTHER in told.value.advice.why and "walking aid empty, now cane" in told.value.advice.why
    assert mine.visit(visit_id).notes == VisitNotes(WalkingAid.CANE)


def test_a_patient_whom_somebody_erased_is_not_saved(two: tuple[Store, Store]) -> None:
    mine, others = two
    patient_id = mine.add_patient(a_subject())
    visit_id, seen = mine.start_visit(patient_id).id, mine.patient(patient_id).subject
    assert isinstance(others, EraseAccess)
    others.erase_patient(patient_id, "asked for it", by=OTHER, role="physician")

    with refused("REC-061"):
        mine.edit_patient(patient_id, replace(seen, mass_kg=61.0), by=ME, seen=seen)
    with refused("REC-007"):
        mine.note_visit(visit_id, VisitNotes(notes="pain"), by=ME, seen=VisitNotes())
    with refused("REC-007"):
        mine.patient(patient_id)


def test_a_session_that_chooses_an_exo_overwrites_no_edit(
    two: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, others = two
    patient_id = mine.add_patient(a_subject())
    visit_id, seen = mine.start_visit(patient_id).id, mine.patient(patient_id).subject
    others.edit_patient(patient_id, replace(seen, mass_kg=62.5), by=OTHER)
    monkeypatch.setattr(mine, "subject_of", lambda _visit_id: seen)  # read just before the other saved

    with refused("REC-060"):
        wear_exo(mine, visit_id, "Hippo_L2", by=ME)
    assert mine.patient(patient_id).subject.mass_kg == 62.5


def test_two_of_it_change_an_account_or_the_rules_one_after_the_other(two: tuple[Store, Store]) -> None:
    mine, others = two
    boss = mine.people.add("Ida", Role.IT, "271828", cost=CHEAP).name
    for store in two:
        store.people.sign_in(boss, "271828")

    def sign(store: Store, about: str) -> None:
        store.people.prove(boss, "271828", Action.MANAGE_PEOPLE, about)

    sign(mine, "Olaf")
    mine.people.add("Olaf", Role.ASSISTANT, "314159", by=boss, cost=CHEAP)
    seen = next(one for one in mine.people.all() if one.person.name == "Olaf")
    rules = mine.people.rules
    sign(others, "Olaf")
    others.people.change_role("Olaf", Role.THERAPIST, by=boss)
    sign(others, RULES)
    others.people.set_rules(PeopleRules(four_eyes=True, idle_min=5), by=boss)

    sign(mine, "Olaf")
    with refused("REC-062") as told:
        mine.people.set_active("Olaf", False, by=boss, seen=seen)
    assert "Ida changed it" in told.value.advice.why and "therapist, active" in told.value.advice.why
    sign(mine, RULES)
    with refused("REC-060") as told:
        mine.people.set_rules(PeopleRules(idle_min=20), by=boss, seen=rules)
    assert "minutes until the screen locks 10, now 5" in told.value.advice.why
    assert mine.people.rules == PeopleRules(four_eyes=True, idle_min=5)


def test_of_two_saves_at_the_same_moment_one_is_told(two: tuple[Store, Store]) -> None:
    """Both have seen the same: whichever comes second is refused, in every order of their statements."""
    mine = two[0]
    patient_id = mine.add_patient(a_subject())
    for turn in range(8):
        assert _codes_of_two_saves(two, patient_id, (50.0 + turn, 70.0 + turn)) == ["REC-060"]
    assert mine.check_trail().broken is None and not mine.check_trail().faults


def _codes_of_two_saves(
    stores: tuple[Store, Store], patient_id: str, masses_kg: tuple[float, float]
) -> list[str]:
    """What was refused when both saved at once what they made of the same."""
    seen, start = stores[0].patient(patient_id).subject, threading.Barrier(2)
    told: list[str] = []

    def save(store: Store, mass_kg: float) -> None:
        start.wait()
        try:
            store.edit_patient(patient_id, replace(seen, mass_kg=mass_kg), by="", seen=seen)
        except UserError as error:
            told.append(error.advice.code)

    threads = [threading.Thread(target=save, args=pair) for pair in zip(stores, masses_kg, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_long_texts_are_cut_in_the_sentence() -> None:
    seen = a_subject()
    (words,) = changes(seen, replace(seen, diagnosis="x" * 300))
    assert words.endswith("…”") and len(words) < 120
