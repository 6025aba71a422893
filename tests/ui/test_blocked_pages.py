"""A step that cannot start yet says why, on every page alike, and leads to where to begin."""

from __future__ import annotations

import pytest

from core.domain.record import RecordKind
from core.session.flow import Step
from tests.ui import records, samples
from tests.ui.board import HandBoard
from ui.page_stack import PageStack
from ui.session_context import SessionContext

LATER_STEPS = tuple(step for step in Step if step not in (Step.PATIENT, Step.CAPTURE, Step.EMG))


@pytest.mark.parametrize("step", LATER_STEPS)
def test_a_blocked_page_leads_to_the_step_that_comes_first(
    context: SessionContext, board: HandBoard, visit_id: str, step: Step
) -> None:
    asked: list[object] = []
    context.go_to.connect(asked.append)
    pages = PageStack(context)
    page = pages.show_step(step)
    assert page._headline.text() == f"{step.label} cannot start yet."
    assert page._empty._button.text() == "Go to Capture"
    page._empty._button.click()
    assert asked == [Step.CAPTURE] and board.jobs == {}


def test_doing_again_waits_for_what_is_out_of_date_before_it(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.TRAIN)
    context.store.save(RecordKind.LANDMARKS, samples.landmarks(), visit_id=visit_id, summary="newer")
    said: list[str] = []
    context.said.connect(lambda sentence, _tone: said.append(sentence))
    pages = PageStack(context)
    pages.show_step(Step.TRAIN).redo.emit()
    assert board.jobs == {}
    assert said == ["Personalize is out of date: do it again or keep it."]
