"""Claims about Train, "Belt exo": what it offers, plans and teaches, and why it cannot."""

from __future__ import annotations

import pytest

from core.assistance.profile import USUAL_AMPLITUDE_N, plan
from core.devices.profiles import belt_of
from core.domain.record import RecordKind
from core.jobs.table import JOB_TABLE
from core.session.flow import JOBS, Step
from tests.assistance.hips import BELT, hip
from tests.ui import force_samples, records
from tests.ui.board import HandBoard
from tests.ui.test_assistance_force import found
from ui.pages.train import BELT_TAB, TRAINING_TAB, TrainPage
from ui.presenters import belt
from ui.presenters.train import PLAN_JOB, TEACH_JOB, TrainPresenter
from ui.session_context import SessionContext


def train(context: SessionContext) -> tuple[TrainPage, TrainPresenter]:
    page = TrainPage()
    presenter = TrainPresenter(page, context)
    presenter.refresh()
    return page, presenter


def with_moments(context: SessionContext, visit_id: str) -> str:
    made = records.fill(context.store, visit_id, Step.PERSONALIZE)
    return context.store.save(
        RecordKind.KINETICS,
        force_samples.kinetics(),
        visit_id=visit_id,
        inputs=(made[Step.MOTION],),
        summary="moments",
    )


def with_plan(context: SessionContext, visit_id: str, kinetics_id: str) -> str:
    profile = plan(hip(), BELT, orders=2)
    return context.store.save(
        RecordKind.BELT_PROFILE, profile, visit_id=visit_id, inputs=(kinetics_id,), summary="plan"
    )


def test_without_moments_it_says_where_they_come_from(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.PERSONALIZE)
    page, _ = train(context)
    assert not page.belt.action.isEnabled() and "Motion page" in page.belt.action.toolTip()
    assert not page.belt.teaching.text()


def test_a_plan_is_asked_for_with_what_was_written(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    kinetics_id = with_moments(context, visit_id)
    page, presenter = train(context)
    assert page.belt.wishes.amplitude_n == USUAL_AMPLITUDE_N
    page.belt.ahead.setValue(15.0)
    presenter.refresh()  # keeps what was written
    page.belt.action.click()
    told = board.jobs["job-1"].spec
    usual = belt_of("Hippo_L1")
    assert told.kind == PLAN_JOB and told.params == {
        "kinetics_id": kinetics_id,
        "amplitude_n": 35.0,
        "above_m": usual.above_m,
        "ahead_m": 0.15,
        "along_m": usual.along_m,
    }
    assert page.tabs.currentIndex() == BELT_TAB and not page.belt.action.isEnabled()


def test_a_plan_is_shown_as_planned_and_can_be_taught(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    profile_id = with_plan(context, visit_id, with_moments(context, visit_id))
    page, _ = train(context)
    said = page.belt._verdict.text()
    assert "not given to anybody" in said and "synthetic" in said and "35 N" in said
    page.belt.teaching.click()
    told = board.jobs["job-1"].spec
    assert told.kind == TEACH_JOB and told.params["profile_id"] == profile_id
    assert page.tabs.currentIndex() == TRAINING_TAB
    assert {PLAN_JOB, TEACH_JOB} <= JOBS[Step.TRAIN] & set(JOB_TABLE)


def test_a_plan_of_older_moments_is_not_taught(context: SessionContext, visit_id: str) -> None:
    with_plan(context, visit_id, with_moments(context, visit_id))
    motion = context.store.latest(visit_id, RecordKind.MOTION)
    context.store.save(
        RecordKind.KINETICS, force_samples.kinetics(), visit_id=visit_id, inputs=(motion.id,), summary="again"
    )
    page, _ = train(context)
    assert "plan again" in page.belt._verdict.text() and not page.belt.teaching.isEnabled()


def test_an_exo_that_cannot_flex_the_hip_is_not_taught(
    context: SessionContext, visit_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_plan(context, visit_id, with_moments(context, visit_id))
    real = belt.load_profile
    monkeypatch.setattr(belt, "load_profile", lambda _: real("HMEDI_L1"))
    page, _ = train(context)
    assert not page.belt.teaching.isEnabled() and "cannot flex" in page.belt.teaching.toolTip()


def test_the_force_that_emg_found_is_proposed(context: SessionContext, visit_id: str) -> None:
    with_moments(context, visit_id)
    context.store.save(RecordKind.AMPLITUDE, found(), visit_id=visit_id, summary="34 N")
    page, _ = train(context)
    assert page.belt.wishes.amplitude_n == 34.0
    assert "34 N (95 % band 28 to 39 N" in page.belt._lines.text()
