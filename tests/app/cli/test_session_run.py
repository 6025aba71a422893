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
    ratio = summary["metabolic_ratio_with_exo"]
    assert ratio["mean"] == pytest.approx(0.88) and ratio["low"] < 0.88 < ratio["high"] < 0.89
    assert summary["difference_shown"] and not summary["makes_walking_harder"]
    assert summary["joint_effort_ratio_with_exo"] == pytest.approx(1.04)
    assert list(summary["gaits"]) == [label.value for label in records.GAITS]
    personal = summary["gaits"]["personalized controller"]
    assert personal["metabolic_w_kg"] == {"Umberger 2010": 3.344, "Bhargava 2004": 2.288}
    assert (personal["falls"], personal["walks"], personal["seeds"]) == (0, 40, 5)
    assert summary["confirmed"] and summary["package_sha256"] == summary["readback_sha256"]
    assert summary["rom_deg"].keys() >= {"hip_flexion_l", "knee_angle_r"}
    assert summary["seconds"] == {"compare": 1.3}


def test_every_job_a_step_may_start_is_in_the_table() -> None:
    assert frozenset().union(*JOBS.values()) <= JOB_TABLE.keys()
