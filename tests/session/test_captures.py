"""Claims about recordings of a patient across visits: which are found, what is compared, what is told."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.domain.body import Side
from core.domain.capture_comparison import CaptureComparison, ChangeVerdict, GaitQuantity
from core.domain.condition import Condition
from core.domain.record import RecordKind, Verdict
from core.domain.walking_ability import VisitNotes, WalkingAid
from core.jobs.values import JobSpec, SilentContext
from core.session.capture_change import compare_captures, save_comparison
from core.session.capture_tables import (
    change_table,
    headline_of,
    prediction_table,
    short_headline_of,
)
from core.session.capture_trend import EFFORT_TITLE, trend_series
from core.session.captures import captures_of, recordings_to_compare
from core.session.conditions import condition_of, state_condition
from core.session.export_record import record_files
from core.session.flow import Step
from core.store.repository import Store, open_store
from core.tasks import compare_captures as job
from core.tasks import import_trial, import_video
from core.tasks.conditions import stated_condition
from tests import captured
from tests.refusals import code_of
from tests.store.samples import a_subject
from tests.ui import records, samples


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def patient_id(store: Store) -> str:
    return store.add_patient(a_subject())


def visit_with(store: Store, patient_id: str, condition: Condition = Condition.NO_EXO, **how: object) -> str:
    """A further visit with one recording; returns its motion."""
    visit = store.start_visit(patient_id)
    return captured.save(store, visit.id, captured.walk(seed=visit.number, **how), condition)[1]  # type: ignore[arg-type]


def compared(store: Store, patient_id: str) -> CaptureComparison:
    every = captures_of(store, patient_id)
    return compare_captures(store, recordings_to_compare(every), every)


def codes(comparison: CaptureComparison) -> set[str]:
    return {finding.advice.code for finding in comparison.findings}


def test_every_recording_is_found_once_with_its_newest_motion(store: Store, patient_id: str) -> None:
    first = visit_with(store, patient_id)
    visit_with(store, patient_id, Condition.PERSONALIZED)
    landmarks_id = store.info(first).provenance.inputs[0][0]
    again = store.save(
        RecordKind.MOTION,
        captured.walk(seed=9),
        visit_id=store.info(first).visit_id,
        inputs=(first, landmarks_id),  # as of one whose events a person edited
        summary="solved again",
    )
    found = captures_of(store, patient_id)
    assert found[0].motion_id == again and len(found) == 2
    assert [capture.condition for capture in found] == [Condition.NO_EXO, Condition.PERSONALIZED]


def test_a_condition_said_afterwards_holds_and_names_who_said_it(store: Store, patient_id: str) -> None:
    motion_id = visit_with(store, patient_id, Condition.NOT_STATED)
    assert condition_of(store, motion_id) is Condition.NOT_STATED
    state_condition(store, motion_id, Condition.OTHER, by="A. Berger")
    state_condition(store, motion_id, Condition.DEFAULT, by="B. Ott")
    capture = captures_of(store, patient_id)[0]
    assert (capture.condition, capture.stated_by) == (Condition.DEFAULT, "B. Ott")
    said = [d for d in store.decisions(capture.visit_id) if d.verdict is Verdict.CONDITION_STATED]
    assert [d.by for d in said] == ["A. Berger", "B. Ott"]  # what was said before stays in the record


def test_what_changed_between_visits_is_told_apart_from_scatter(store: Store, patient_id: str) -> None:
    visit_with(store, patient_id)
    visit_with(store, patient_id, Condition.PERSONALIZED, knee=1.3)
    comparison = compared(store, patient_id)
    pair = comparison.pairs[0]
    knee = pair.find(GaitQuantity.KNEE_RANGE, Side.LEFT)
    assert knee is not None and knee.verdict is ChangeVerdict.BEYOND
    assert codes(comparison) == set()
    row = next(row for row in change_table(comparison).rows if row.name == "Left knee range")
    assert "▲ +" in row.cells[1] and row.cells[1].endswith(f"({knee.mdc:.1f})")
    beyond = f"visit 2, personalized controller, in {len(pair.beyond)} of 13 numbers"
    assert beyond in headline_of(comparison)


def test_recordings_by_other_means_are_not_judged_by_their_angles(store: Store, patient_id: str) -> None:
    visit_with(store, patient_id)
    visit_with(store, patient_id, marker_set="Plug-in Gait", knee=0.5)
    comparison = compared(store, patient_id)
    assert codes(comparison) == {"VIS-005"}
    knee = comparison.pairs[0].find(GaitQuantity.KNEE_RANGE, Side.LEFT)
    speed = comparison.pairs[0].find(GaitQuantity.SPEED)
    assert knee is not None and knee.verdict is ChangeVerdict.NOT_JUDGED
    assert speed is not None and speed.verdict is ChangeVerdict.WITHIN
    assert {curve.verdict for curve in comparison.pairs[0].curves} == {ChangeVerdict.NOT_JUDGED}


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"strides": 3}, "VIS-004"),
        ({"belt_m_s": 1.2}, "VIS-006"),
        ({"speed_m_s": 0.8}, "VIS-007"),
        ({"condition": Condition.NOT_STATED}, "VIS-008"),
        ({"one_camera": False}, "VIS-005"),
    ],
)
def test_what_makes_two_recordings_unlike_is_told(
    store: Store, patient_id: str, how: dict[str, object], code: str
) -> None:
    visit_with(store, patient_id)
    visit_with(store, patient_id, **how)  # type: ignore[arg-type]
    assert codes(compared(store, patient_id)) == {code}


def test_only_two_to_four_different_recordings_of_one_patient_are_compared(
    store: Store, patient_id: str
) -> None:
    visit_with(store, patient_id)
    every = captures_of(store, patient_id)
    assert code_of(lambda: compare_captures(store, every, every)) == "VIS-001"
    assert code_of(lambda: compare_captures(store, every * 2, every)) == "VIS-001"
    other_id = store.add_patient(a_subject("P-0002"))
    visit_with(store, other_id)
    both = (*every, *captures_of(store, other_id))
    assert code_of(lambda: compare_captures(store, both, both)) == "VIS-002"


def test_a_recording_without_a_walk_is_listed_and_refused(store: Store, patient_id: str) -> None:
    visit_with(store, patient_id)
    squat = store.start_visit(patient_id)
    captured.save(store, squat.id, samples.squat_motion())
    every = captures_of(store, patient_id)
    assert every[1].unusable is not None and recordings_to_compare(every) == every[:1]
    assert code_of(lambda: compare_captures(store, every, every)) == "VIS-003"


def test_the_prediction_is_the_newest_before_the_walk_with_the_exo(store: Store, patient_id: str) -> None:
    bare = visit_with(store, patient_id)
    first = records.fill(store, store.info(bare).visit_id, Step.COMPARE)[Step.COMPARE]
    visit_with(store, patient_id, Condition.PERSONALIZED, knee=1.2)
    later = store.start_visit(patient_id)
    records.fill(store, later.id, Step.COMPARE)
    comparison = compared(store, patient_id)
    prediction = comparison.prediction
    assert prediction is not None and prediction.comparison_id == first and prediction.before_recording
    assert prediction.metabolic_ratio == pytest.approx(0.88, abs=0.02)
    table = prediction_table(comparison)
    assert table is not None and "Simulated" in table.note and "Change measured (MDC)" in table.columns
    knee = next(row for row in table.rows if row.name == "Left knee range")
    assert knee.cells[3].startswith("▲ +")
    assert EFFORT_TITLE in [series.title for series in trend_series(comparison)]


def test_without_a_walk_with_the_exo_nothing_is_held_against_the_prediction(
    store: Store, patient_id: str
) -> None:
    bare = visit_with(store, patient_id)
    records.fill(store, store.info(bare).visit_id, Step.COMPARE)
    visit_with(store, patient_id)
    comparison = compared(store, patient_id)
    assert comparison.prediction is not None and comparison.prediction.measured is None
    table = prediction_table(comparison)
    assert table is not None and "choose one recording without exo" in table.note


def test_the_job_keeps_a_record_with_its_provenance(store: Store, patient_id: str, tmp_path: Path) -> None:
    ids = [visit_with(store, patient_id), visit_with(store, patient_id, Condition.DEFAULT)]
    context = SilentContext(JobSpec("job", "compare_captures", {}, tmp_path, "A. Berger"), tmp_path / "work")
    record_id = job.run({"motion_ids": list(ids)}, context)
    info = store.info(record_id)
    assert info.kind is RecordKind.CAPTURE_COMPARISON
    assert [name for name, _ in info.provenance.inputs] == ids
    assert info.visit_id == store.info(ids[1]).visit_id
    kept = store.load(record_id, CaptureComparison)
    assert [gait.condition for gait in kept.gaits] == [Condition.NO_EXO, Condition.DEFAULT]
    assert code_of(lambda: job.run({"motion_ids": ids[:1]}, context)) == "VIS-001"
    assert code_of(lambda: job.run({}, context)) == "VIS-001"


def test_a_page_is_kept_with_the_record(store: Store, patient_id: str, tmp_path: Path) -> None:
    visit_with(store, patient_id)
    visit_with(store, patient_id, Condition.DEFAULT)
    page = tmp_path / "visits.pdf"
    page.write_bytes(b"%PDF")
    record_id = save_comparison(store, compared(store, patient_id), operator="A. Berger", page=page)
    kept = store.load(record_id, CaptureComparison)
    assert (store.folder(record_id) / kept.file_name).read_bytes() == b"%PDF"


def test_a_trend_has_every_usable_recording(store: Store, patient_id: str) -> None:
    for number in range(5):
        visit_with(store, patient_id, speed_m_s=1.1 + 0.01 * number)
    comparison = compared(store, patient_id)
    assert len(comparison.gaits) == 4 and len(comparison.trend) == 5
    speeds = [point.value for point in trend_series(comparison)[0].points]
    assert speeds == sorted(speeds) and len(speeds) == 5


def test_a_word_that_is_no_condition_is_refused(tmp_path: Path) -> None:
    context = SilentContext(JobSpec("job", "import_trial", {}, tmp_path), tmp_path / "work")
    params: dict[str, Any] = {"visit_id": "", "file": "none.c3d", "condition": "barefoot"}
    assert code_of(lambda: import_trial.run(params, context)) == "VIS-010"
    assert code_of(lambda: import_video.run({**params, "files": []}, context)) == "VIS-010"
    assert stated_condition({"condition": "no-exo"}) is Condition.NO_EXO
    assert stated_condition({"condition": "personalized"}) is Condition.PERSONALIZED
    assert stated_condition({"condition": ""}) is stated_condition({}) is Condition.NOT_STATED


def test_another_walking_aid_is_told(store: Store, patient_id: str) -> None:
    for number, aid in enumerate((WalkingAid.CANE, WalkingAid.CANE, WalkingAid.NONE)):
        visit = store.start_visit(patient_id, notes=VisitNotes(aid))
        captured.save(store, visit.id, captured.walk(seed=number), Condition.NO_EXO)
    every = captures_of(store, patient_id)
    assert codes(compare_captures(store, every[:2], every)) == set()
    told = compare_captures(store, every, every).findings[0].advice
    assert told.code == "VIS-011" and "visit 3 walks without an aid" in told.why


def test_a_comparison_is_a_table_for_spreadsheets(store: Store, patient_id: str) -> None:
    visit_with(store, patient_id)
    visit_with(store, patient_id, Condition.PERSONALIZED, knee=1.3)
    comparison = compared(store, patient_id)
    info = store.info(save_comparison(store, comparison, operator=""))
    (file,) = record_files(store, info)
    rows = list(csv.DictReader(io.StringIO(str(file.content))))
    knee = next(row for row in rows if (row["quantity"], row["side"]) == ("knee range", "left"))
    change = comparison.pairs[0].find(GaitQuantity.KNEE_RANGE, Side.LEFT)
    assert change is not None and file.name == "measured_visits.csv"
    assert float(knee["difference"]) == pytest.approx(change.difference)
    assert float(knee["mdc95"]) == pytest.approx(change.mdc)
    assert (knee["unit"], knee["condition"], knee["verdict"]) == ("°", "personalized", "beyond")


def test_single_strides_are_not_headed_by_a_difference(store: Store, patient_id: str) -> None:
    visit_with(store, patient_id, strides=1)
    visit_with(store, patient_id, strides=1)
    found = compared(store, patient_id)
    for headline in (headline_of(found), short_headline_of(found)):
        assert "cannot be judged" in headline and "ifferent" not in headline
