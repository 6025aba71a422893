"""What the report of a visit says, whoever shows it."""

from __future__ import annotations

from pathlib import Path

from core.domain.record import RecordKind, Verdict
from core.session.flow import Step
from core.session.report import report_content
from core.store.repository import open_store
from tests.store.samples import a_subject
from tests.ui import records
from tests.ui.samples import emg


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
