"""Claims about who acts in the process of a job: who started it, also after the sign-out."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.jobs.admission import by_role
from app.jobs.service import JobService
from app.jobs.worker import work_dir
from core.domain.people import Action, Role
from core.jobs.table import JobKind
from core.jobs.values import Done
from core.store.repository import open_store
from tests.people import NAMES, PIN, make_clinic
from tests.refusals import code_of

TABLE = {"enter": JobKind("tasks_for_tests:enter_patient", "enter", Action.EDIT_PATIENT)}
LONG_S = 60.0


@pytest.mark.usefixtures("each_database")
def test_a_job_acts_for_who_started_it_and_starts_for_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    with open_store(tmp_path) as store:
        make_clinic(store, (Role.ASSISTANT, Role.ENGINEER))
        jobs = JobService(tmp_path, "login name", TABLE, admit=by_role(store.people))
        try:
            assert code_of(jobs.submit, "enter", {}) == "PPL-001"
            store.people.sign_in(NAMES[Role.ENGINEER], PIN)
            assert code_of(jobs.submit, "enter", {}) == "PPL-002"
            store.people.sign_in(NAMES[Role.ASSISTANT], PIN)
            job_id = jobs.submit("enter", {})
            store.people.sign_out()
            outcome = jobs.wait(job_id, LONG_S)
        finally:
            jobs.close()

    assert outcome == Done(NAMES[Role.ASSISTANT]) and jobs.states()[0].spec.operator == NAMES[Role.ASSISTANT]
    kept = "".join(path.read_text("utf-8") for path in work_dir(tmp_path, job_id).glob("*.json"))
    assert NAMES[Role.ASSISTANT] in kept and "ticket" not in kept
