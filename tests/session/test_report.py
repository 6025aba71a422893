"""What the report of a visit says, whoever shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.domain.record import RecordKind, Verdict
from core.session.flow import Step
from core.session.report import report_content
from core.store.repository import open_store
from tests.store.samples import a_subject
from tests.ui import records
from tests.ui.samples import emg, motion, several_cameras


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
