"""What the report of a visit says, whoever shows it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.domain.motion import Motion
from core.domain.people import Role
from core.domain.record import RecordKind, Verdict
from core.session.flow import Step
from core.session.report import report_content
from core.session.report_json import report_json
from core.store.repository import Store, open_store
from tests.people import NAMES, PIN, make_clinic
from tests.refusals import code_of
from tests.store.samples import a_subject
from tests.ui import records
from tests.ui.samples import emg, motion, several_cameras, squat_motion, with_spread


def test_the_report_tells_how_good_the_emg_is_or_why_there_is_none(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        records.fill(store, visit_id, Step.MOTION)
        assert not [line for line in report_content(store, visit_id).quality if "EMG" in line]

        store.decide(visit_id, Step.EMG.value, Verdict.SKIPPED, by="Dr. Lind", reason="no electrodes today")
        assert "No EMG: no electrodes today" in report_content(store, visit_id).quality

        store.save(RecordKind.EMG, emg(), visit_id=visit_id, summary="emg")
        told = next(line for line in report_content(store, visit_id).quality if line.startswith("EMG:"))
        assert "channels good, as shares of the recorded maximum" in told


def test_the_report_tells_how_many_of_several_cameras_were_used(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        seen = store.save(RecordKind.LANDMARKS, several_cameras(), visit_id=visit_id, summary="seen")
        measured = replace(motion(), cameras_used=(0, 1, 2))
        store.save(RecordKind.MOTION, measured, visit_id=visit_id, summary="motion", inputs=(seen,))
        (told,) = (line for line in report_content(store, visit_id).quality if "camera" in line)
    assert told == "3 of 4 cameras used; person seen in 100 % of 60 frames."


def kept(store: Store, solved: Motion) -> str:
    visit_id = store.start_visit(store.add_patient(a_subject())).id
    store.save(RecordKind.MOTION, solved, visit_id=visit_id, summary="motion")
    return visit_id


def test_the_report_of_a_squat_tells_that_nobody_walked_and_no_number_is_nan(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        content = report_content(store, kept(store, squat_motion()))
    assert content.verdict.startswith("No complete stride forward was recorded")
    assert any("No complete stride forward" in line for line in content.quality)
    rows = {row.name: row.cells for row in content.gait.rows}
    assert rows["Knee flexion"] == ("0 to 90°", "0 to 90°")
    assert content.panels == () and content.similarity.rows == ()
    assert "nan" not in str(content)


def test_measured_curves_have_their_68_percent_band_where_it_is_known(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        known = report_content(store, kept(store, with_spread(motion(), 0.05))).panels[0].curves[0]
    assert known.sd_deg is not None
    assert (known.sd_deg >= np.degrees(0.05) - 1e-9).all()  # at least the angles' own uncertainty
    assert known.sd_deg.max() > np.degrees(0.05) + 1e-6  # and the spread between strides on top


def test_motions_of_earlier_versions_are_reported_without_a_band(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        curves = [c for p in report_content(store, kept(store, motion())).panels for c in p.curves]
    assert curves and all(curve.sd_deg is None for curve in curves)


def test_the_report_names_the_treadmill(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        content = report_content(store, kept(store, replace(motion(), belt_speed_m_s=1.2)))
    assert "On a treadmill at 1.20 m/s." in content.quality


def test_a_report_says_who_is_signed_in_or_that_nobody_is(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = kept(store, squat_motion())
        told = " · single-user mode: nobody signed in · data not encrypted"
        assert report_content(store, visit_id).made.endswith(told)
        make_clinic(store, (Role.PHYSICIAN,))
        assert code_of(report_json, store, visit_id) == "PPL-001"
        store.people.sign_in(NAMES[Role.PHYSICIAN], PIN)
        content = report_content(store, visit_id)
        assert content.made.endswith(f" · {NAMES[Role.PHYSICIAN]}, physician · data not encrypted")
        assert replace(content, encrypted=True).made.endswith(f" · {NAMES[Role.PHYSICIAN]}, physician")
        assert json.loads(report_json(store, visit_id))["people"] == f"{NAMES[Role.PHYSICIAN]}, physician"
