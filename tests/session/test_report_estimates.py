"""Hip moments without force plates and the advised force are called estimates in report and export."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.findings import Finding, Severity
from core.domain.moments import ONE_PLANE
from core.domain.record import RecordKind
from core.errors import Advice
from core.session.export import export_visit
from core.session.flow import Step
from core.session.report import report_content
from core.session.report_json import report_values
from core.session.report_warnings import report_warnings
from core.store.repository import Store, open_store
from tests.store.samples import a_subject
from tests.ui import records
from tests.ui.samples import motion
from tests.ui.test_assistance_force import found as amplitude
from tests.ui.test_moments_tab import moments

WRONG_BY = Finding(
    Severity.NOTE,
    Advice("They are estimated.", "It was wrong by 0.19 N·m/kg.", "Use them as a hint.", "MOM-003"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def visit_id(store: Store) -> str:
    """With a motion, moments of it and a force."""
    subject = replace(a_subject(), synthetic=False)
    visit_id = store.start_visit(store.add_patient(subject)).id
    made = records.fill(store, visit_id, Step.MOTION)
    told = replace(moments(), findings=(WRONG_BY,))
    store.save(RecordKind.MOMENTS, told, visit_id=visit_id, summary="", inputs=(made[Step.MOTION],))
    store.save(RecordKind.AMPLITUDE, amplitude(), visit_id=visit_id, summary="")
    return visit_id


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_the_report_calls_both_estimates_and_says_how_far_they_may_be_wrong(store, visit_id):
    part = report_content(store, visit_id).estimates
    assert part is not None and part.moments is not None and part.force is not None
    assert "estimated from the motion, not measured" in part.moments.title
    assert WRONG_BY.advice.why in part.moments.short and WRONG_BY.advice.next_step in part.moments.notes[-1]
    assert "error with 11 real people" in part.moments.error_words
    assert len(part.moments.plots) == 3
    assert part.force.title == "Assistance force · estimated from EMG"
    assert (
        part.force.short.startswith("34 N (95 % band 28 to 39 N)")
        and "1 000 synthetic people" in part.force.short
    )
    assert [row.name for row in part.force.table.rows] == ["10 N", "20 N", "30 N", "40 N", "50 N", "60 N"]


def test_a_force_by_the_twin_is_called_simulated_everywhere(store, visit_id):
    store.save(RecordKind.AMPLITUDE, amplitude(simulated=True), visit_id=visit_id, summary="")
    part = report_content(store, visit_id).estimates
    assert part is not None and part.force is not None
    assert "simulated with the twin" in part.force.title and "1 000 synthetic people" not in part.force.short
    files = export_visit(store, visit_id)
    assert "simulated_assistance_force.csv" in files and "estimated_assistance_force.csv" not in files
    numbers = [one for one in report_values(store, visit_id)["numbers"] if "assistance force" in one["name"]]
    assert numbers and all(one["simulated"] for one in numbers)


def test_moments_of_an_earlier_motion_are_called_out_of_date(store, visit_id):
    store.save(RecordKind.MOTION, motion(), visit_id=visit_id, summary="")
    part = report_content(store, visit_id).estimates
    assert part is not None and part.moments is not None
    assert part.moments.short.startswith("Out of date") and part.moments.notes[0].startswith("Out of date")


def test_one_camera_gives_the_sagittal_plane_only(store, visit_id):
    one = Finding(Severity.WARNING, Advice("One plane.", "One camera.", "Use two.", ONE_PLANE))
    told = replace(moments(), findings=(one,))
    store.save(RecordKind.MOMENTS, told, visit_id=visit_id, summary="")
    part = report_content(store, visit_id).estimates
    assert part is not None and part.moments is not None and len(part.moments.plots) == 1
    rows = rows_of(export_visit(store, visit_id)["estimated_hip_moments.csv"])
    assert {row["moment"] for row in rows} == {"hip_flexion"}


def test_the_export_has_curves_and_numbers_and_their_names_say_estimated(store, visit_id):
    files = export_visit(store, visit_id)
    rows = rows_of(files["estimated_hip_moments.csv"])
    assert len(rows) == 2 * 3 * 101
    left = rows[0]
    assert (left["estimated_nm_kg"], left["rmse_with_others_nm_kg"]) == ("0.1", "0.15")
    assert left["stride_2_nm_kg"] == "0.1" and rows[-1]["stride_2_nm_kg"] == "", "one right stride only"
    activity = rows_of(files["measured_activity_by_force.csv"])
    assert [row["force_n"] for row in activity] == ["10", "20", "30", "40", "50", "60"]
    (force,) = (
        row
        for row in rows_of(files["estimated_assistance_force.csv"])
        if row["measure"] == "assistance force, advised"
    )
    assert (force["value"], force["low_95"], force["high_95"], force["estimated"]) == (
        "34",
        "28",
        "39",
        "yes",
    )
    curve = rows_of(files["estimated_activity_curve.csv"])
    assert float(curve[0]["low_95_percent_mvc"]) < float(curve[0]["estimated_percent_mvc"])
    readme = files["README.txt"].decode()
    assert "a hint, not measured" in readme and "34 N (95 % band 28 to 39 N)" in readme


def test_what_both_warn_of_is_among_the_warnings_of_the_report(store, visit_id):
    store.save(RecordKind.AMPLITUDE, amplitude(again_n=35.0), visit_id=visit_id, summary="")
    told = {(one.step, one.finding.advice.code) for one in report_warnings(store, visit_id)}
    assert {(Step.MOTION, "MOM-003"), (Step.EMG, "AMP-009")} <= told


def test_a_visit_without_them_has_no_estimates(store):
    other = store.start_visit(store.add_patient(a_subject("P-0009"))).id
    records.fill(store, other, Step.MOTION)
    assert report_content(store, other).estimates is None
