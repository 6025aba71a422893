"""Claims about the summary of a session without a screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.session_run import summarise
from core.jobs.table import JOB_TABLE
from core.session.flow import JOBS, Step
from core.store.repository import open_store
from tests.store.samples import a_subject
from tests.ui import records


def test_the_summary_holds_the_numbers_of_the_newest_records(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        records.fill(store, visit_id, Step.DEPLOY)
        summary = summarise(store, visit_id, {"compare": 1.26})
    assert summary["effort_ratio_with_exo"] == pytest.approx(0.93)
    assert summary["confirmed"] and summary["package_sha256"] == summary["readback_sha256"]
    assert summary["rom_deg"].keys() >= {"hip_flexion_l", "knee_angle_r"}
    assert summary["seconds"] == {"compare": 1.3}


def test_every_job_a_step_may_start_is_in_the_table() -> None:
    assert frozenset().union(*JOBS.values()) <= JOB_TABLE.keys()
