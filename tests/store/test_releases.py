"""Claims about releases where people have accounts: who signs by which PIN, and four eyes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.domain.people import Action, Role
from core.store.accounts import PIN_GIVEN_S
from core.store.authority import utc_now
from core.store.repository import Store, open_store
from tests.people import MANAGER, PIN, add_person, make_clinic, sign, thing
from tests.refusals import code_of
from tests.store.clinics import PHYSICIAN, THERAPIST, Clock, a_visit, signed_by, with_four_eyes
from tests.store.samples import a_subject


@pytest.fixture
def store(tmp_path: Path, each_database: str) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def test_two_people_release_where_the_clinic_asks_for_four_eyes(clinic: Store) -> None:
    add_person(clinic, "P. Zweig", Role.PHYSICIAN)
    with_four_eyes(clinic)
    visit_id = a_visit(clinic)

    sign(clinic, Role.PHYSICIAN, Action.RELEASE, "c1")
    assert code_of(signed_by, clinic, visit_id, PHYSICIAN) == "PPL-009"
    sign(clinic, Role.PHYSICIAN, Action.RELEASE, "c1")
    assert code_of(signed_by, clinic, visit_id, PHYSICIAN, second=PHYSICIAN) == "PPL-009"
    assert code_of(signed_by, clinic, visit_id, PHYSICIAN, second=THERAPIST) == "PPL-002"
    assert code_of(signed_by, clinic, visit_id, PHYSICIAN, second="P. Zweig") == "PPL-003"
    clinic.people.prove("P. Zweig", PIN, Action.RELEASE, thing(Action.RELEASE, "c1"))

    signed = signed_by(clinic, visit_id, PHYSICIAN, second="P. Zweig")

    assert signed == [("P. Zweig", "physician"), (PHYSICIAN, "physician")]
    assert [one.event.who for one in clinic.audit_trail()][-2:] == ["P. Zweig", PHYSICIAN]


def test_a_release_from_before_does_not_count(store: Store) -> None:
    visit_id = store.start_visit(store.add_patient(a_subject())).id
    signed_by(store, visit_id, "Dr A")
    store.people.check_released("c1", synthetic=False)

    make_clinic(store, (Role.PHYSICIAN,))

    assert code_of(store.people.check_released, "c1", synthetic=False) == "PPL-010"
    store.people.sign_in(PHYSICIAN, PIN)
    signed_by(store, visit_id, sign(store, Role.PHYSICIAN, Action.RELEASE, "c1"))
    store.people.check_released("c1", synthetic=False)
    with_four_eyes(store)
    assert code_of(store.people.check_released, "c1", synthetic=False) == "PPL-010"
    store.people.check_released("c1", synthetic=True)


def test_two_who_released_different_things_are_no_four_eyes(clinic: Store) -> None:
    """One of them released it for a virtual exo only, before the clinic asked for two people."""
    virtual, person = "for a virtual exo", "for a person"
    add_person(clinic, "P. Zweig", Role.PHYSICIAN)
    visit_id = a_visit(clinic)
    prove_second(clinic, virtual)
    signed_by(clinic, visit_id, "P. Zweig", reason=virtual)
    sign(clinic, Role.PHYSICIAN, Action.RELEASE, "c1", person)
    signed_by(clinic, visit_id, PHYSICIAN, reason=person)
    with_four_eyes(clinic)
    assert code_of(clinic.people.check_released, "c1", synthetic=False) == "PPL-010"

    prove_second(clinic, person)
    sign(clinic, Role.PHYSICIAN, Action.RELEASE, "c1", person)
    signed_by(clinic, visit_id, PHYSICIAN, second="P. Zweig", reason=person)
    clinic.people.check_released("c1", synthetic=False)


def prove_second(store: Store, words: str) -> None:
    store.people.prove("P. Zweig", PIN, Action.RELEASE, thing(Action.RELEASE, "c1", words))


def test_a_pin_that_was_given_for_other_words_releases_nothing(clinic: Store) -> None:
    visit_id = a_visit(clinic)
    sign(clinic, Role.PHYSICIAN, Action.RELEASE, "c1", "for a virtual exo")
    assert code_of(signed_by, clinic, visit_id, PHYSICIAN, reason="for a person") == "PPL-003"
    assert signed_by(clinic, visit_id, PHYSICIAN, reason="for a virtual exo")


def test_a_release_tells_who_was_given_a_pin_by_somebody_else_lately(clinic: Store, clock: Clock) -> None:
    clock.now = utc_now()
    visit_id = a_visit(clinic)
    signed_by(clinic, visit_id, sign(clinic, Role.PHYSICIAN, Action.RELEASE, "c1"))

    given = clinic.audit_trail()[-1].event.detail
    assert given.startswith(f"{PHYSICIAN} was given a PIN by {MANAGER} on 20")
    assert clinic.people.pin_given_words(PHYSICIAN) == given
    assert clinic.people.pin_given_words(MANAGER) == ""  # who made the first account chose its PIN
    clock.pass_s(PIN_GIVEN_S)
    assert clinic.people.pin_given_words(PHYSICIAN) == ""
