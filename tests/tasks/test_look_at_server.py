"""Claims about the job that tests a record server, on a real one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.jobs.service import JobService
from core.jobs.table import JOB_TABLE
from core.jobs.values import SECRET, Done, Event, Message, Outcome, Refused
from tests.postgres_server import PASSWORD, RECORD, WITH_PASSWORD, PostgresServer

LONG_S = 60.0


@pytest.mark.parametrize(("password", "right"), [(PASSWORD, True), ("wrong", False)])
def test_the_worker_signs_in_with_the_password_that_is_sent_after_it(
    tmp_path: Path, postgres: PostgresServer, password: str, right: bool
) -> None:
    told: list[str] = []

    def listen(_job_id: str, event: Event | Outcome) -> None:
        if isinstance(event, Message):
            told.append(event.text)

    jobs = JobService(tmp_path, "tester", JOB_TABLE)
    jobs.subscribe(listen)
    try:
        params = {"url": postgres.url(RECORD, WITH_PASSWORD), "password_follows": True}
        job_id = jobs.submit("look_at_server", params)
        jobs.send(job_id, SECRET + password)
        outcome = jobs.wait(job_id, LONG_S)
    finally:
        jobs.close()
    if right:
        assert outcome == Done("") and json.loads(told[0])["account"] == WITH_PASSWORD
    else:
        assert isinstance(outcome, Refused) and outcome.advice.code == "REC-051" and not told
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and b"Gehheim" in path.read_bytes()]
    assert not kept and not any((tmp_path / "jobs").iterdir())
