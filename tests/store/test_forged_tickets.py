"""Claims about what was written into the database past the program: a ticket acts for nobody."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import text

from core.domain.people import GRANTED_TO_JOBS, SIGNED, Action, Role
from core.jobs.table import JOB_TABLE
from core.store.accounts import LET_START, SIGNED_IN, tickets_never_given
from core.store.authority import utc_now
from core.store.repository import Store, open_store
from core.store.trail_check import ADDED, CHANGED, NEVER_GIVEN
from tests.people import NAMES, PIN, make_clinic
from tests.refusals import code_of
from tests.store.samples import a_subject

PHYSICIAN = NAMES[Role.PHYSICIAN]


def forge(store: Store, statement: str, **values: object) -> None:
    """Change the database past the program, which chains what it writes itself."""
    with store._session() as session:
        session.execute(text(statement), values)


def forge_ticket(store: Store, token: str, *, of_job: bool) -> None:
    """One of the physician, which grants all that is ever signed."""
    forge(
        store,
        "INSERT INTO ticket SELECT :token, id, 'IT', :of_job, :granted, :now FROM account "
        "WHERE role = 'physician'",
        token=hashlib.sha256(token.encode()).hexdigest(),
        of_job=of_job,
        granted=",".join(action.name for action in SIGNED),
        now=utc_now().isoformat(sep=" "),
    )


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clinic with the ticket “mine” of a job and the ticket “also mine” of a sign-in."""
    folder = tmp_path_factory.mktemp("clinic")
    with open_store(folder) as store:
        make_clinic(store, (Role.PHYSICIAN,))
        forge_ticket(store, "mine", of_job=True)
        forge_ticket(store, "also mine", of_job=False)
    return folder


@pytest.mark.parametrize("token", ["mine", "also mine"])
@pytest.mark.parametrize("action", sorted(Action))
def test_a_forged_ticket_does_nothing_for_anybody(forged: Path, action: Action, token: str) -> None:
    with open_store(forged, token) as store:
        assert store.people.present is None
        for by in ("", PHYSICIAN):
            code = code_of(store.people.check, action, by=by, about="")
            assert code in ("PPL-001", "PPL-002", "PPL-003")


def test_a_forged_ticket_changes_no_account(forged: Path) -> None:
    with open_store(forged, "mine") as store:
        assert code_of(store.people.change_role, PHYSICIAN, Role.IT, by=PHYSICIAN) == "PPL-002"


def test_a_forged_ticket_is_found(forged: Path) -> None:
    with open_store(forged) as store:
        faults = store.check_trail().faults
    assert [fault.why for fault in faults] == [NEVER_GIVEN] * 2


def test_a_row_of_the_log_beside_it_makes_it_count_only_when_the_trail_has_that_row(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        make_clinic(store, (Role.PHYSICIAN,))
        store.people.sign_in(PHYSICIAN, PIN)
        ticket = store.people.ticket
        assert not store.check_trail().faults
        forge(store, "UPDATE ticket SET role = 'IT'")
        forge(
            store,
            "INSERT INTO log (on_utc, who, action, subject_id, detail) SELECT on_utc, who, action, "
            "subject_id, :detail FROM log WHERE action = :action",
            detail=_words_of_the_ticket(store),
            action=SIGNED_IN,
        )
        added = {fault.why for fault in store.check_trail().faults}
    with open_store(tmp_path, ticket) as other:
        assert code_of(other.add_patient, a_subject()) == "PPL-001"
    assert added == {ADDED, NEVER_GIVEN}


def _words_of_the_ticket(store: Store) -> str:
    from core.store.accounts import _words_of
    from core.store.schema import TicketTable

    with store._session() as session:
        return _words_of(session.query(TicketTable).one())


def test_the_tickets_that_the_program_gives_are_told_in_the_log_and_none_is_called_forged(
    tmp_path: Path,
) -> None:
    with open_store(tmp_path) as store:
        make_clinic(store, (Role.PHYSICIAN,))
        store.people.sign_in(PHYSICIAN, PIN)
        admission = store.people.admit(Action.TRAIN, grants=GRANTED_TO_JOBS)
        with store._session() as session:
            assert not list(tickets_never_given(session))
        told = [entry.action for entry in store.log_entries()]
        assert told.count(SIGNED_IN) == told.count(LET_START) == 1
    with open_store(tmp_path, admission.ticket) as job:
        assert job.people.check(Action.ERASE, about="anything") is not None


def test_a_counter_of_wrong_pins_that_was_set_back_is_found(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        make_clinic(store, (Role.PHYSICIAN,))
        for _ in range(2):
            assert code_of(store.people.sign_in, PHYSICIAN, "999111") == "PPL-004"
        assert not store.check_trail().faults
        forge(store, "UPDATE pin_guess SET wrong = 0")
        (fault,) = store.check_trail().faults
    assert fault.about.startswith("pin_guess:") and fault.why == CHANGED


def test_every_signed_action_of_a_job_can_be_granted_to_it() -> None:
    signed = {kind.action for kind in JOB_TABLE.values()} & SIGNED
    assert signed <= GRANTED_TO_JOBS
