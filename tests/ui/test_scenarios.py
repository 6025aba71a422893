"""Review in scenarios that were not recorded, and with an impairment: choices, jobs and results."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PySide6.QtWidgets import QMenu

from core.domain.body import JointKind, Side
from core.domain.impairment import SLOTS, Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, RolloutSet
from core.domain.scenario import SCENARIOS, Scenario, scenario_of
from core.errors import Advice
from core.jobs.values import Refused
from core.session.flow import Step
from core.session.scenarios import ScenarioKey, impairments_of, result_settings, scenario_results
from tests.drop_foot import drop_foot
from tests.refusals import refused
from tests.ui import records, walks
from tests.ui.board import HandBoard
from ui.pages.review import ReviewPage
from ui.pages.what_if import WhatIfPanel
from ui.presenters.review import ReviewPresenter
from ui.presenters.scenarios import group_of, scenario_view
from ui.session_context import SessionContext

FALLS = ("", "", "", "on the stairs: sank down", "on the stairs: tipped over", "on the stairs: sank down")


@pytest.fixture
def reviewed(context: SessionContext, visit_id: str) -> dict[Step, str]:
    return records.fill(context.store, visit_id, Step.REVIEW)


def review(context: SessionContext) -> tuple[ReviewPage, ReviewPresenter]:
    page = ReviewPage()
    presenter = ReviewPresenter(page, context)
    presenter.refresh()
    return page, presenter


def keep_try(
    context: SessionContext,
    policy_id: str,
    key: str,
    causes: tuple[str, ...] = FALLS,
    impairments: tuple[Impairment, ...] = (),
    size: float = 0.3,
) -> str:
    label = GaitLabel.IMPAIRED_TWIN if impairments else GaitLabel.PERSONALIZED_TWIN
    gaits = RolloutSet((walks.rollout(label, size=size),), walks.geometry(), named(key).name)
    gaits = dataclasses.replace(
        gaits,
        rollouts=(dataclasses.replace(gaits.rollouts[0], cycles=tuple(walks.cycles(s, size) for s in Side)),),
    )
    assert context.visit_id is not None
    return context.store.save(
        RecordKind.SCENARIO,
        gaits,
        visit_id=context.visit_id,
        inputs=(policy_id,),
        summary="",
        settings=result_settings(key, impairments, seconds=10.0, causes=causes),
    )


def named(key: str) -> Scenario:
    found = scenario_of(key)
    assert found is not None
    return found


def entries(menu: QMenu) -> list[str]:
    return [action.text().replace("\t", " | ") for action in menu.actions()]


# Situations


def test_every_scenario_is_under_one_of_six_buttons(
    context: SessionContext, reviewed: dict[Step, str]
) -> None:
    page, _ = review(context)
    words = [button.text() for button in page.picker.buttons]
    groups = ["Ramps", "Stairs", "Running", "Start and stop", "Disturbances"]
    assert words == ["Level walking · no fall in 6 s", *groups]
    assert {group_of(scenario) for scenario in SCENARIOS} == {"Level", *groups}
    offered = [words for menu in page.picker.menus for words in entries(menu)]
    assert len(offered) + 1 == len(SCENARIOS)  # the only start and stop needs no menu
    assert "Ramp up, 5° | not walked yet" in offered


def test_a_situation_that_was_never_walked_offers_to_simulate_it(
    context: SessionContext, board: HandBoard, reviewed: dict[Step, str]
) -> None:
    page, presenter = review(context)
    page.picker.menus[2].actions()[0].trigger()
    assert page._headline.text() == "Stairs up: not simulated yet."
    assert page.untried._button.text() == "Simulate"
    assert not page.what_if_button.isEnabled() and "without an impairment" in page.what_if_button.toolTip()
    page.untried.action.emit()
    (job,) = board.jobs.values()
    assert job.spec.kind == "simulate_scenario"
    assert job.spec.params == {"scenario": "stairs-up", "twin": reviewed[Step.PERSONALIZE]}
    presenter.refresh()
    assert page.untried._button.isHidden() and "on its way" in page.untried._sentence.text()


def test_success_and_the_most_frequent_cause_stand_beside_the_name(
    context: SessionContext, reviewed: dict[Step, str]
) -> None:
    keep_try(context, reviewed[Step.PERSONALIZE], "stairs-up")
    page, _ = review(context)
    assert entries(page.picker.menus[2])[0] == "Stairs up | 3 of 6 · on the stairs, sank down"
    page.scenario_chosen.emit("stairs-up")
    assert page.picker.buttons[2].text() == "Stairs up · 3 of 6"
    said = "Stairs up: 3 of 6 starts came through 10 s; else mostly: on the stairs, sank down."
    assert page._headline.text() == said


def test_a_walk_on_stairs_is_shown_on_stairs_with_its_own_cycles(
    context: SessionContext, reviewed: dict[Step, str]
) -> None:
    keep_try(context, reviewed[Step.PERSONALIZE], "stairs-up", size=0.5)
    page, _ = review(context)
    page.scenario_chosen.emit("stairs-up")
    (shown,) = page.comparison.stage._gaits
    assert shown.ground == named("stairs-up").ground
    panel = page.comparison.joints.plots[JointKind.KNEE, Side.LEFT].panel
    assert panel is not None and panel.band is None  # the band is of level walking
    assert [curve.label for curve in panel.curves] == ["level walking, simulated", "stairs up, simulated"]
    assert panel.curves[1].mean.max() == pytest.approx(np.degrees(0.5), rel=1e-3)


def test_another_twins_tries_do_not_count(context: SessionContext, reviewed: dict[Step, str]) -> None:
    keep_try(context, reviewed[Step.MOTION], "stairs-up")
    page, _ = review(context)
    page.scenario_chosen.emit("stairs-up")
    assert page.untried._button.text() == "Simulate"


def test_a_fall_before_the_first_stride_still_makes_a_page() -> None:
    walk = walks.rollout(GaitLabel.PERSONALIZED_TWIN)
    none = tuple(dataclasses.replace(side, angle_rad=side.angle_rad[:0]) for side in walk.cycles)
    fallen = dataclasses.replace(walk, cycles=none, fell_at_s=0.6, fall_cause="on the ramp: sank down")
    view = scenario_view(named("ramp-up-10"), RolloutSet((fallen,), walks.geometry(), ""), None)
    assert view.sentence == (
        "The walk shown ends with a fall after 0.6 s (on the ramp, sank down); "
        "there is no complete stride to plot."
    )
    assert view.table.rows[0].cells == ("–",)


def test_another_visit_begins_with_level_walking(context: SessionContext, reviewed: dict[Step, str]) -> None:
    page, presenter = review(context)
    page.scenario_chosen.emit("push")
    assert context.patient_id is not None
    context.open_visit(context.store.start_visit(context.patient_id).id)
    presenter.refresh()
    assert presenter._scenario.key == "level" and not presenter._what_if_open


def test_a_refused_simulation_is_told_as_advice(
    context: SessionContext, board: HandBoard, reviewed: dict[Step, str]
) -> None:
    page, _ = review(context)
    page.scenario_chosen.emit("run-3.0")
    page.simulate.emit()
    advice = Advice("There is no way.", "It is closed.", "Take another one.", "SIM-099")
    board.happens("job-1", Refused(advice))
    context.jobs._hand_over()
    assert not page._advice.isHidden()


# What if


def test_the_panel_can_say_every_impairment(app: object) -> None:
    panel = WhatIfPanel()
    for slot in SLOTS:
        chosen = Impairment(slot.kind, 0.3, slot.side, slot.group, slot.joint)
        panel.choose(chosen)
        assert panel.impairment == chosen
    panel.deleteLater()


def test_an_impairment_is_asked_for_by_its_name_and_severity(
    context: SessionContext, board: HandBoard, reviewed: dict[Step, str]
) -> None:
    page, _ = review(context)
    page.what_if_toggled.emit(True)
    page.what_if.choose(drop_foot(Side.LEFT, 0.8))
    page.what_if.simulate.emit()
    (job,) = board.jobs.values()
    assert job.spec.params == {
        "scenario": "level",
        "twin": reviewed[Step.PERSONALIZE],
        "impairments": {"Weakness, left dorsiflexors": 0.8},
    }


def test_an_impairment_follows_into_another_situation_only_under_a_strip_that_names_it(
    context: SessionContext, board: HandBoard, reviewed: dict[Step, str]
) -> None:
    page, _presenter = review(context)
    assert not page.banner.isVisibleTo(page)
    page.what_if_toggled.emit(True)
    page.what_if.choose(drop_foot(Side.LEFT, 0.8))
    page.scenario_chosen.emit("stairs-up")
    assert page.banner.isVisibleTo(page)
    assert "weakness, left dorsiflexors 0.8" in page.banner.text.text()
    assert "weakness, left dorsiflexors 0.8" in page.untried._sentence.text()
    page.untried.action.emit()
    (job,) = board.jobs.values()
    assert job.spec.params["impairments"] == {"Weakness, left dorsiflexors": 0.8}


def test_on_every_situation_the_strip_shows_just_what_would_be_simulated(
    context: SessionContext, board: HandBoard, reviewed: dict[Step, str]
) -> None:
    page, presenter = review(context)
    page.what_if_toggled.emit(True)
    page.what_if.choose(drop_foot(Side.LEFT, 0.8))
    for scenario in SCENARIOS:
        page.scenario_chosen.emit(scenario.key)
        assert page.banner.isVisibleTo(page) and "impairments" in presenter._special_params()
    page.impairment_removed.emit()
    for scenario in SCENARIOS:
        page.scenario_chosen.emit(scenario.key)
        assert not page.banner.isVisibleTo(page) and "impairments" not in presenter._special_params()


def test_a_removed_impairment_is_in_no_simulation(
    context: SessionContext, board: HandBoard, reviewed: dict[Step, str]
) -> None:
    page, _presenter = review(context)
    page.what_if_toggled.emit(True)
    page.what_if.choose(drop_foot(Side.LEFT, 0.8))
    page.scenario_chosen.emit("stairs-up")
    page.banner.button.click()
    assert not page.banner.isVisibleTo(page)
    page.untried.action.emit()
    (job,) = board.jobs.values()
    assert "impairments" not in job.spec.params


def test_what_came_of_an_impaired_twin_where_no_healthy_one_walked_is_told_as_such(
    context: SessionContext, reviewed: dict[Step, str]
) -> None:
    keep_try(context, reviewed[Step.PERSONALIZE], "stairs-up", FALLS, (drop_foot(Side.LEFT, 0.8),))
    page, _presenter = review(context)
    assert entries(page.picker.menus[2])[0] == "Stairs up | only with an impairment"
    page.what_if_toggled.emit(True)
    page.what_if.choose(drop_foot(Side.LEFT, 0.8))
    page.scenario_chosen.emit("stairs-up")
    expected = "Stairs up. With weakness, left dorsiflexors 0.8: 3 of 6 starts came through"
    assert page._headline.text().startswith(expected)
    (shown,) = page.comparison.stage._gaits
    assert "weakness, left dorsiflexors 0.8" in shown.caption
    page.impairment_removed.emit()
    assert page._headline.text() == "Stairs up: not simulated yet."


def test_no_severity_is_nothing_to_simulate(context: SessionContext, reviewed: dict[Step, str]) -> None:
    page, _ = review(context)
    page.what_if_toggled.emit(True)
    page.what_if.chooser.severity.setValue(0)
    assert not page.what_if.button.isEnabled()
    assert "slider" in page.what_if.button.toolTip()


def test_an_impaired_walk_is_laid_over_the_healthy_one(
    context: SessionContext, reviewed: dict[Step, str]
) -> None:
    policy = reviewed[Step.PERSONALIZE]
    keep_try(context, policy, "level", causes=("", "", "", ""))
    keep_try(context, policy, "level", ("", "", "", "sank down"), (drop_foot(Side.LEFT, 0.8),), size=0.2)
    page, presenter = review(context)
    page.what_if_toggled.emit(True)
    page.what_if.choose(drop_foot(Side.LEFT, 0.8))
    presenter.refresh()
    assert page._headline.text() == (
        "With weakness, left dorsiflexors 0.8: 3 of 4 starts came through (4 of 4 without it); "
        "else mostly: sank down."
    )
    panel = page.comparison.joints.plots[JointKind.ANKLE, Side.LEFT].panel
    assert panel is not None
    names = ["measured", "personalized twin", "weakness, left dorsiflexors 0.8"]
    assert [curve.label for curve in panel.curves] == names
    assert [found.label for found in panel.likeness] == names[1:]
    assert [gait.rollout.label for gait in page.comparison.stage._gaits] == [
        GaitLabel.PERSONALIZED_TWIN,
        GaitLabel.IMPAIRED_TWIN,
    ]
    page.what_if_toggled.emit(False)
    assert len(page.comparison.joints.plots[JointKind.ANKLE, Side.LEFT].panel.curves) == 3  # type: ignore[union-attr]
    assert "With" not in page._headline.text()


def test_on_a_ramp_the_impaired_twin_is_compared_with_the_healthy_one(
    context: SessionContext, reviewed: dict[Step, str]
) -> None:
    policy = reviewed[Step.PERSONALIZE]
    knee = Impairment(ImpairmentKind.STIFFNESS, 0.5, Side.RIGHT, joint=JointKind.KNEE)
    keep_try(context, policy, "ramp-up-5", ("",), size=0.4)
    keep_try(context, policy, "ramp-up-5", ("",), (knee,), size=0.2)
    page, presenter = review(context)
    page.scenario_chosen.emit("ramp-up-5")
    page.what_if_toggled.emit(True)
    page.what_if.choose(knee)
    presenter.refresh()
    panel = page.comparison.joints.plots[JointKind.KNEE, Side.RIGHT].panel
    assert panel is not None
    assert [found.label for found in panel.likeness] == ["stiffness, right knee 0.5"]
    assert "the twin without it" in page.comparison.table.horizontalHeaderItem(1).text()


# The rows of the record


def test_a_row_of_the_record_says_what_came_of_it(context: SessionContext, reviewed: dict[Step, str]) -> None:
    weak = Impairment(ImpairmentKind.WEAKNESS, 0.4, Side.RIGHT, MuscleGroup.HAMSTRINGS)
    record_id = keep_try(context, reviewed[Step.PERSONALIZE], "trip", FALLS, (weak,))
    assert context.visit_id is not None
    tries = scenario_results(context.store.records(context.visit_id), reviewed[Step.PERSONALIZE])
    tried = tries[ScenarioKey("trip", (weak,))]
    assert (tried.record_id, tried.stayed, tried.starts) == (record_id, 3, 6)
    assert tried.most_falls == "on the stairs: sank down"


@pytest.mark.parametrize(
    "value", [{"Weakness, left ear": 0.5}, {"Delay": 1.5}, {"Delay": "much"}, {"Delay": True}, "Delay"]
)
def test_what_is_no_impairment_is_refused(value: object) -> None:
    with refused("TWN-023"):
        impairments_of(value)
