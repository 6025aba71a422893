"""Claims about a ticket that somebody wrote into the database: it signs nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import text

from core.domain.people import GRANTED_TO_JOBS, SIGNED, Action, Role
from core.jobs.table import JOB_TABLE
from core.store.authority import utc_now
from core.store.repository import open_store
from tests.people import NAMES, make_clinic
from tests.refusals import code_of

PHYSICIAN = NAMES[Role.PHYSICIAN]


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clinic with the ticket “mine” of a job, which grants all that is ever signed."""
    folder = tmp_path_factory.mktemp("clinic")
    with open_store(folder) as store:
        make_clinic(store, (Role.PHYSICIAN,))
        with store._session() as session:
            (account,) = session.execute(text("SELECT id FROM account WHERE role = 'physician'")).one()
            row = {
                "token": hashlib.sha256(b"mine").hexdigest(),
                "account": account,
                "granted": ",".join(action.name for action in SIGNED),
                "now": utc_now().isoformat(sep=" "),
            }
            session.execute(
                text("INSERT INTO ticket VALUES (:token, :account, 'IT', 1, :granted, :now)"), row
            )
    return folder


@pytest.mark.parametrize("action", sorted(SIGNED - GRANTED_TO_JOBS))
def test_a_forged_ticket_signs_nothing(forged: Path, action: Action) -> None:
    with open_store(forged, "mine") as store:
        assert store.people.present is not None
        for by in ("", PHYSICIAN):
            assert code_of(store.people.check, action, by=by, about="") in ("PPL-002", "PPL-003")


def test_a_forged_ticket_changes_no_account(forged: Path) -> None:
    with open_store(forged, "mine") as store:
        assert code_of(store.people.change_role, PHYSICIAN, Role.IT, by=PHYSICIAN) == "PPL-002"


def test_every_signed_action_of_a_job_can_be_granted_to_it() -> None:
    signed = {kind.action for kind in JOB_TABLE.values()} & SIGNED
    assert signed <= GRANTED_TO_JOBS
