"""Claims about accounts: PINs, waiting after wrong ones, locking, signatures that count once, rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.domain.people import Action, PeopleRules, Role
from core.domain.record import Verdict
from core.errors import UserError
from core.store import pins
from core.store.people import RULES
from core.store.repository import Store, open_store
from tests.people import CHEAP, FIRST, MANAGER, PIN, add_person, sign
from tests.refusals import code_of, refused
from tests.store.clinics import PHYSICIAN, THERAPIST, Clock, a_visit, signed_by, with_four_eyes
from tests.store.samples import a_subject


@pytest.fixture
def store(tmp_path: Path, each_database: str) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def test_without_an_account_everything_is_as_before(store: Store) -> None:
    visit_id = store.start_visit(store.add_patient(a_subject(), by="anybody"), by="anybody").id

    store.decide(visit_id, "compare", Verdict.SIGNED, record_id="c1", by="Dr A", role="physician")

    assert store.people.single_user and store.people.words == "single-user mode: nobody signed in"
    assert [(one.by, one.role) for one in store.decisions(visit_id)] == [("Dr A", "physician")]
    assert store.people.blocked(Action.RELEASE) == ""


def test_the_first_account_has_to_manage_people(store: Store) -> None:
    with refused("PPL-011"):
        store.people.add(PHYSICIAN, Role.PHYSICIAN, PIN, cost=CHEAP)
    assert store.people.single_user


def test_from_the_first_account_on_nobody_does_anything_without_signing_in(clinic: Store) -> None:
    assert code_of(clinic.add_patient, a_subject()) == "PPL-001"
    assert code_of(clinic.people.admit, Action.TRAIN) == "PPL-001"
    assert clinic.people.blocked(Action.TRAIN) == "Nobody is signed in"


def test_the_log_names_the_account_and_not_what_was_typed(clinic: Store) -> None:
    clinic.people.sign_in(PHYSICIAN, PIN)

    clinic.add_patient(a_subject(), by="somebody else")

    assert [one.who for one in clinic.log_entries() if one.action == "patient created"] == [PHYSICIAN]


@pytest.mark.parametrize("pin", ["12345", "123456", "987654", "111111", "121212", "twowords ", "x" * 129])
def test_a_pin_that_is_guessed_too_easily_is_not_taken(pin: str) -> None:
    assert code_of(pins.check_pin, pin) == "PPL-006"


def test_a_pin_is_kept_as_a_salted_hash_only(clinic: Store, tmp_path: Path) -> None:
    kept = [pins.hash_pin(PIN, CHEAP) for _ in range(2)]

    assert kept[0] != kept[1] and all(pins.matches(PIN, one) for one in kept)
    assert not pins.matches("274952", kept[0]) and not pins.matches(PIN, "damaged")
    with clinic._session() as session:
        rows = session.execute(text("SELECT * FROM account")).all()
    assert len(rows) == 3 and PIN not in repr(rows)
    assert all(PIN.encode() not in file.read_bytes() for file in tmp_path.glob("exotwin.db*"))


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\u202eb", "command line"])
def test_a_name_has_to_be_printable_and_of_a_person(store: Store, name: str) -> None:
    assert code_of(store.people.add, name, Role.IT, PIN, cost=CHEAP) == "PPL-007"


def test_a_name_is_taken_also_in_other_capitals(clinic: Store) -> None:
    clinic.people.prove(MANAGER, PIN, Action.MANAGE_PEOPLE, PHYSICIAN.upper())
    assert code_of(clinic.people.add, PHYSICIAN.upper(), Role.IT, PIN, by=MANAGER) == "PPL-007"


def test_wrong_pins_cost_more_and_more_time(clinic: Store, clock: Clock) -> None:
    for _guess in range(pins.FREE_GUESSES):
        assert code_of(clinic.people.sign_in, PHYSICIAN, "999111") == "PPL-004"

    assert code_of(clinic.people.sign_in, PHYSICIAN, PIN) == "PPL-005"  # the right one too
    clock.pass_s(5.1)
    assert code_of(clinic.people.sign_in, PHYSICIAN, "999111") == "PPL-004"
    clock.pass_s(5.1)
    assert code_of(clinic.people.sign_in, PHYSICIAN, PIN) == "PPL-005"
    clock.pass_s(5.0)
    assert clinic.people.sign_in(PHYSICIAN, PIN).name == PHYSICIAN
    assert [pins.wait_after(wrong) for wrong in (2, 3, 4, 30)] == [0.0, 5.0, 10.0, 900.0]


def test_the_wait_survives_a_restart(clinic: Store, tmp_path: Path) -> None:
    for _guess in range(pins.FREE_GUESSES):
        code_of(clinic.people.sign_in, PHYSICIAN, "999111")

    with open_store(tmp_path) as again:
        assert code_of(again.people.sign_in, PHYSICIAN, PIN) == "PPL-005"


def test_an_unknown_name_is_told_like_a_wrong_pin_and_not_kept(clinic: Store) -> None:
    assert code_of(clinic.people.sign_in, "Nobody", PIN) == "PPL-004"
    assert code_of(clinic.people.sign_in, PIN, "Nobody") == "PPL-004"  # PIN in the wrong field
    assert PIN not in "".join(f"{one.who} {one.detail}" for one in clinic.log_entries())


def test_a_pin_that_somebody_else_gave_signs_nothing(clinic: Store) -> None:
    clinic.people.prove(MANAGER, PIN, Action.MANAGE_PEOPLE, PHYSICIAN)
    clinic.people.give_pin(PHYSICIAN, FIRST, by=MANAGER, cost=CHEAP)

    assert code_of(clinic.people.sign_in, PHYSICIAN, FIRST) == "PPL-008"
    assert code_of(clinic.people.prove, PHYSICIAN, FIRST, Action.RELEASE, "c1") == "PPL-008"
    assert code_of(clinic.people.change_own_pin, PHYSICIAN, FIRST, FIRST) == "PPL-006"
    clinic.people.change_own_pin(PHYSICIAN, FIRST, PIN, cost=CHEAP)
    assert clinic.people.sign_in(PHYSICIAN, PIN).role is Role.PHYSICIAN


def test_who_left_can_neither_sign_in_nor_sign(clinic: Store) -> None:
    visit_id = a_visit(clinic)
    sign(clinic, Role.PHYSICIAN, Action.RELEASE, "c1")
    clinic.people.prove(MANAGER, PIN, Action.MANAGE_PEOPLE, PHYSICIAN)

    clinic.people.set_active(PHYSICIAN, False, by=MANAGER)

    assert code_of(clinic.people.sign_in, PHYSICIAN, PIN) == "PPL-004"
    assert code_of(signed_by, clinic, visit_id, PHYSICIAN) == "PPL-003"
    assert code_of(clinic.add_patient, a_subject("P-0002")) == "PPL-001"  # the sign-in ended with the account
    assert PHYSICIAN in {one.person.name for one in clinic.people.all()}


def test_the_last_who_manages_people_stays(clinic: Store) -> None:
    for change in (
        lambda: clinic.people.set_active(MANAGER, False, by=MANAGER),
        lambda: clinic.people.change_role(MANAGER, Role.ENGINEER, by=MANAGER),
    ):
        clinic.people.prove(MANAGER, PIN, Action.MANAGE_PEOPLE, MANAGER)
        assert code_of(change) == "PPL-012"
    assert code_of(clinic.people.set_active, "Nobody", False, by=MANAGER) == "PPL-013"


def test_the_database_refuses_to_lose_an_account_or_to_use_a_signature_twice(clinic: Store) -> None:
    sign(clinic, Role.PHYSICIAN, Action.RELEASE, "c1")
    for statement in (
        "DELETE FROM account",
        "UPDATE account SET name = 'x'",
        "DELETE FROM signature",
        "UPDATE signature SET about = 'c2'",
        "UPDATE signature SET spent_utc = NULL WHERE spent_utc IS NOT NULL",
    ):
        with pytest.raises((DBAPIError, UserError)), clinic._session() as session:
            session.execute(text(statement))


@pytest.mark.parametrize(
    "forged",
    [
        "UPDATE account SET role = 'physician' WHERE role = 'therapist'",
        "UPDATE account SET pin = (SELECT pin FROM account WHERE role = 'IT')",
        "UPDATE account SET active = false",
        "INSERT INTO signature (account_id, action, about, proven_utc) SELECT id, 'RELEASE', 'c1', "
        "'2026-11-30 12:00:00' FROM account",
        "INSERT INTO people_rule VALUES ('four_eyes', '0')",
    ],
)
def test_who_changes_people_in_the_database_is_found_by_the_trail(clinic: Store, forged: str) -> None:
    sign(clinic, Role.PHYSICIAN, Action.KEEP, "v1")
    clinic.people.check(Action.KEEP, by=PHYSICIAN, about="v1")
    code_of(clinic.people.sign_in, PHYSICIAN, "999111")
    assert not clinic.check_trail().faults
    with clinic._engine.begin() as connection:
        connection.exec_driver_sql(forged)
    assert clinic.check_trail().faults


def test_a_signature_is_of_the_account_and_counts_once(clinic: Store) -> None:
    visit_id = a_visit(clinic)
    assert code_of(signed_by, clinic, visit_id, PHYSICIAN) == "PPL-003"  # signed in, but not signed
    sign(clinic, Role.PHYSICIAN, Action.RELEASE, "c1")

    assert signed_by(clinic, visit_id, PHYSICIAN) == [(PHYSICIAN, "physician")]
    assert code_of(signed_by, clinic, visit_id, PHYSICIAN) == "PPL-003"


def test_a_signature_is_for_one_thing_and_one_action(clinic: Store) -> None:
    visit_id = a_visit(clinic)
    sign(clinic, Role.PHYSICIAN, Action.RELEASE, "another comparison")
    sign(clinic, Role.PHYSICIAN, Action.KEEP, "c1")
    sign(clinic, Role.THERAPIST, Action.KEEP, "c1")

    assert code_of(signed_by, clinic, visit_id, PHYSICIAN) == "PPL-003"
    assert code_of(signed_by, clinic, visit_id, THERAPIST) == "PPL-002"


def test_a_signature_lasts_two_minutes(clinic: Store, clock: Clock) -> None:
    visit_id = a_visit(clinic)
    sign(clinic, Role.PHYSICIAN, Action.RELEASE, "c1")
    clock.pass_s(121)
    assert code_of(signed_by, clinic, visit_id, PHYSICIAN) == "PPL-003"
    clock.pass_s(-600)  # nor one of the future, where the clock was set back
    assert code_of(signed_by, clinic, visit_id, PHYSICIAN) == "PPL-003"


def test_another_process_can_rely_on_a_signature(clinic: Store, tmp_path: Path) -> None:
    sign(clinic, Role.PHYSICIAN, Action.KEEP, "visit")

    with open_store(tmp_path) as other:
        assert other.people.named(Action.KEEP, PHYSICIAN, "typed", "visit") == (PHYSICIAN, "physician")
        other.people.check(Action.KEEP, by=PHYSICIAN, about="visit")
    assert code_of(clinic.people.check, Action.KEEP, by=PHYSICIAN, about="visit") == "PPL-003"


def test_behind_a_locked_screen_nothing_is_done_but_jobs_go_on(clinic: Store, tmp_path: Path) -> None:
    visit_id = a_visit(clinic)
    ticket = clinic.people.admit(Action.CAPTURE).ticket

    clinic.people.lock()

    assert code_of(clinic.add_patient, a_subject("P-0002")) == "PPL-001"
    assert code_of(clinic.people.admit, Action.CAPTURE) == "PPL-001"
    with open_store(tmp_path, ticket) as job:
        job.decide(visit_id, "emg", Verdict.SKIPPED)
    assert code_of(clinic.people.unlock, "999111") == "PPL-004"
    clinic.people.unlock(PIN)
    clinic.add_patient(a_subject("P-0002"))


def test_a_job_does_what_its_starter_may_and_no_more(clinic: Store, tmp_path: Path) -> None:
    clinic.people.sign_in(THERAPIST, PIN)
    admission = clinic.people.admit(Action.TRAIN)
    clinic.people.sign_out()

    with open_store(tmp_path, admission.ticket) as job:
        assert admission.operator == THERAPIST and job.people.words == f"{THERAPIST}, therapist"
        job.add_patient(a_subject())
        assert code_of(job.people.check, Action.MANAGE_KEYS, by=THERAPIST) == "PPL-002"
        assert code_of(job.people.check, Action.KEEP, by=THERAPIST) == "PPL-003"
    with open_store(tmp_path, "not a ticket") as other:
        assert code_of(other.add_patient, a_subject("P-0002")) == "PPL-001"


def test_a_ticket_is_in_no_file(clinic: Store, tmp_path: Path) -> None:
    clinic.people.sign_in(THERAPIST, PIN)
    tickets = (clinic.people.ticket, clinic.people.admit(Action.TRAIN).ticket)

    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    assert all(len(ticket) > 20 and ticket.encode() not in everything for ticket in tickets)


def test_nobody_gets_a_second_account_under_a_name_that_looks_the_same(clinic: Store) -> None:
    """Else one person would be two pairs of eyes."""
    add_person(clinic, "J. Müller", Role.PHYSICIAN)
    for alike in ("P. DORN", " P.  Dorn", "P. Do\u200brn", "\uff30. Dorn", "J. Mu\u0308ller"):
        clinic.people.prove(MANAGER, PIN, Action.MANAGE_PEOPLE, " ".join(alike.split()))
        assert code_of(clinic.people.add, alike, Role.PHYSICIAN, FIRST, by=MANAGER, cost=CHEAP) == "PPL-007"


def test_rules_are_changed_by_who_manages_people_only(clinic: Store) -> None:
    assert code_of(clinic.people.set_rules, PeopleRules(True), by=MANAGER) == "PPL-003"
    assert code_of(clinic.people.prove, PHYSICIAN, PIN, Action.MANAGE_PEOPLE, RULES) == "PPL-002"
    assert code_of(clinic.people.set_rules, PeopleRules(idle_min=0), by=MANAGER) == "PPL-015"

    with_four_eyes(clinic)

    assert clinic.people.rules == PeopleRules(four_eyes=True, idle_min=10)
    assert "four eyes on" in clinic.log_entries()[-1].detail
