"""The list beside the report: a tick means that a page shows it."""

from __future__ import annotations

import functools
from dataclasses import replace

from core.domain.record import RecordKind
from core.domain.walking_ability import FunctionalClass, VisitNotes, WalkingAid
from core.session.flow import Step
from core.session.report import report_content
from tests.ui import force_samples, muscle_samples, records
from ui.pages.report import ReportPage
from ui.presenters.report import ReportPresenter
from ui.presenters.report_contents import contents_of
from ui.session_context import SessionContext

EMG = "Muscle activity (EMG)"


def test_every_part_is_ticked_when_a_page_shows_it_and_only_then(
    context: SessionContext, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.DEPLOY)
    keep = functools.partial(context.store.save, visit_id=visit_id, summary="")
    keep(RecordKind.KINETICS, force_samples.kinetics(), inputs=(made[Step.MOTION],))
    keep(RecordKind.EMG, muscle_samples.emg())
    whole = report_content(context.store, visit_id)
    assert whole.muscles is not None and whole.muscles.emg is not None
    ticked = {words for words, there in contents_of(whole) if there}
    assert {"Measured gait", "Forces", EMG, "Simulated gait", "Controllers compared", "Deployment"} == ticked
    emptied = replace(whole.muscles.emg, plots=(), channels=replace(whole.muscles.emg.channels, rows=()))
    for without in (None, replace(whole.muscles, emg=None), replace(whole.muscles, emg=emptied)):
        assert not dict(contents_of(replace(whole, muscles=without)))[EMG]
    bare = replace(whole, forces=None, panels=(), deployment=(("Approved", "Dr. A"),))
    assert {words for words, there in contents_of(bare) if there} == {"Measured gait", EMG}


def test_the_page_shows_the_ticks_of_its_own_report(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    page = ReportPage()
    ReportPresenter(page, context).refresh()
    lines = [line.text() for line in page._lines if line.isVisibleTo(page)]
    assert "✓  Measured gait" in lines and f"–  {EMG} (not yet)" in lines
    assert sum(line.startswith("✓") for line in lines) == 1


def test_how_the_patient_walked_at_this_visit_is_reported(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    assert not report_content(context.store, visit_id).quality[0].startswith("At this visit")
    context.store.note_visit(visit_id, VisitNotes(WalkingAid.CANE, FunctionalClass.SUPERVISION))
    line = report_content(context.store, visit_id).quality[0]
    assert line == "At this visit: walks with a cane, FAC 3: supervision without touch."
