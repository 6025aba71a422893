"""Review with the exo on: what can be worn, results kept apart, both walks side by side."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtWidgets import QApplication

from core.domain.controller import TrainedController
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, RolloutSet
from core.domain.scenario import EXO_FAILURES
from core.session.flow import Step
from core.session.scenarios import CONDITIONS, ScenarioKey, result_settings, scenario_results
from tests.ui import records, walks
from tests.ui.board import HandBoard
from tests.ui.test_scenarios import FALLS, keep_try, review
from ui.presenters.conditions import ANOTHER_EXO, ANOTHER_TWIN, NOT_TRAINED, condition_headline
from ui.scene.stage import GaitStage, StagedGait
from ui.session_context import SessionContext
from ui.theme import Tone

NO_EXO, WORN, DEFAULT, PERSONAL = CONDITIONS
CAME_THROUGH = ("",) * 6


@pytest.fixture
def trained(context: SessionContext, visit_id: str) -> dict[Step, str]:
    return records.fill(context.store, visit_id, Step.TRAIN)


def keep_worn(
    context: SessionContext,
    inputs: tuple[str, ...],
    key: str,
    condition: GaitLabel,
    causes: tuple[str, ...] = CAME_THROUGH,
    device: str = "Hippo_L1",
) -> str:
    assert context.visit_id is not None
    return context.store.save(
        RecordKind.SCENARIO,
        RolloutSet((walks.rollout(condition, size=0.5),), walks.geometry(), key),
        visit_id=context.visit_id,
        inputs=inputs,
        summary="",
        settings=result_settings(key, (), seconds=10.0, causes=causes, condition=condition, device=device),
    )


def test_before_training_everything_but_the_personalized_controller_can_be_worn(
    context: SessionContext, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.REVIEW)
    page, _ = review(context)
    buttons = page.conditions.buttons
    assert [button.text() for button in buttons.values()] == [
        "No exo · no fall in 6 s",
        "Worn, no torque",
        "Default controller",
        "Personalized controller",
    ]
    assert [button.isEnabled() for button in buttons.values()] == [True, True, True, False]
    assert page.conditions._why_not.text() == buttons[PERSONAL].toolTip() == NOT_TRAINED


def test_a_condition_that_was_not_walked_offers_it_and_the_job_knows_the_controller(
    context: SessionContext, board: HandBoard, trained: dict[Step, str]
) -> None:
    page, presenter = review(context)
    page.scenario_chosen.emit("stairs-up")
    page.conditions.buttons[PERSONAL].click()
    assert page._headline.text() == "Stairs up with the personalized controller: not simulated yet."
    page.untried.action.emit()
    (job,) = board.jobs.values()
    assert job.spec.params == {
        "scenario": "stairs-up",
        "twin": trained[Step.PERSONALIZE],
        "condition": "personalized controller",
        "controller": trained[Step.TRAIN],
    }
    presenter.refresh()
    assert "on its way" in page.untried._sentence.text()
    page.conditions.buttons[DEFAULT].click()
    assert "Another simulation" in page.untried._sentence.text()


def test_both_walks_stand_side_by_side_on_the_same_ground(
    context: SessionContext, trained: dict[Step, str]
) -> None:
    twin = trained[Step.PERSONALIZE]
    keep_try(context, twin, "stairs-up", FALLS)
    keep_worn(context, (twin, trained[Step.TRAIN]), "stairs-up", PERSONAL)
    page, _ = review(context)
    page.scenario_chosen.emit("stairs-up")
    page.conditions.buttons[PERSONAL].click()
    left, right = page.comparison.stage._gaits
    assert (left.caption, right.caption) == ("Without exo", "Personalized controller")
    assert left.ground == right.ground and left.ground.rise_m > 0
    assert page.comparison.stage._same_time  # they started alike
    said = "Stairs up with the personalized controller: 6 of 6 starts came through (3 of 6 without the exo)."
    assert page._headline.text() == said
    assert "at most 5 N·m on the left" in page.comparison._sentence.text()
    assert page.conditions.buttons[NO_EXO].text() == "No exo · 3 of 6"
    assert not page.what_if_button.isEnabled() and "No exo" in page.what_if_button.toolTip()


def test_a_level_walk_with_the_exo_stands_beside_the_one_without(
    context: SessionContext, trained: dict[Step, str]
) -> None:
    keep_worn(context, (trained[Step.PERSONALIZE],), "level", WORN)
    page, presenter = review(context)
    page.conditions.buttons[WORN].click()
    left, right = page.comparison.stage._gaits
    assert (left.rollout.label, right.rollout.label) == (GaitLabel.PERSONALIZED_TWIN, WORN)
    assert "gives no torque" in page.comparison._sentence.text()
    assert not page.comparison.stage._same_time
    counted = keep_try(context, trained[Step.PERSONALIZE], "level", CAME_THROUGH)
    presenter.refresh()  # now there is a walk without the exo that began like the one with it
    assert page.comparison.stage._same_time and "(6 of 6 without" in page._headline.text()
    left, _ = page.comparison.stage._gaits
    assert left.rollout.speed_m_s == context.store.load(counted, RolloutSet).rollouts[0].speed_m_s
    page.conditions.buttons[NO_EXO].click()
    assert page._headline.text().startswith("The twin walks")


def test_results_are_kept_apart_by_condition_controller_and_exo(
    context: SessionContext, trained: dict[Step, str]
) -> None:
    twin, controller = trained[Step.PERSONALIZE], trained[Step.TRAIN]
    bare = keep_try(context, twin, "trip")
    default = keep_worn(context, (twin,), "trip", DEFAULT)
    keep_worn(context, (twin,), "slip", DEFAULT, device="Another_L1")
    keep_worn(context, (twin, trained[Step.MOTION]), "push", PERSONAL)  # by a controller of before
    assert context.visit_id is not None
    kept = context.store.records(context.visit_id)
    found = scenario_results(kept, twin, device="Hippo_L1", controller_id=controller)
    assert {key: tried.record_id for key, tried in found.items()} == {
        ScenarioKey("trip"): bare,
        ScenarioKey("trip", (), DEFAULT): default,
    }


def test_the_exo_fails_only_where_it_gives_torque(context: SessionContext, trained: dict[Step, str]) -> None:
    page, presenter = review(context)
    assert "Exo fails" not in [button.text() for button in page.picker.buttons]
    page.conditions.buttons[DEFAULT].click()
    assert [button.text() for button in page.picker.buttons][-1] == "Exo fails"
    page.scenario_chosen.emit(EXO_FAILURES[0].key)
    assert EXO_FAILURES[0].name in page._headline.text()
    keep_worn(context, (trained[Step.PERSONALIZE],), EXO_FAILURES[0].key, DEFAULT)
    presenter.refresh()
    left, right = page.comparison.stage._gaits  # beside its level walk: nothing fails on who wears none
    assert (left.rollout.label, right.rollout.label) == (GaitLabel.PERSONALIZED_TWIN, DEFAULT)
    page.conditions.buttons[NO_EXO].click()
    assert page._headline.text().startswith("The twin walks")


def test_a_controller_of_another_twin_or_exo_cannot_be_worn(
    context: SessionContext, trained: dict[Step, str], visit_id: str
) -> None:
    page, presenter = review(context)
    page.conditions.buttons[PERSONAL].click()
    assert "personalized" in page._headline.text()
    other = dataclasses.replace(
        context.store.load(trained[Step.TRAIN], TrainedController), device_id="Another_L1"
    )
    context.store.save(
        RecordKind.CONTROLLER, other, visit_id=visit_id, inputs=(trained[Step.PERSONALIZE],), summary=""
    )
    presenter.refresh()
    assert page.conditions._why_not.text() == ANOTHER_EXO
    assert page._headline.text().startswith("The twin walks")  # no exo again
    policy = records.gait_policy(walk_seconds=20.0)
    inputs = (trained[Step.MOTION],)
    context.store.save(RecordKind.GAIT_POLICY, policy, visit_id=visit_id, inputs=inputs, summary="")
    presenter.refresh()
    assert page.conditions._why_not.text() == ANOTHER_TWIN


def test_fewer_starts_with_the_exo_than_without_are_never_green(
    context: SessionContext, trained: dict[Step, str]
) -> None:
    twin = trained[Step.PERSONALIZE]
    keep_try(context, twin, "level-0.9", ("",) * 20)
    keep_worn(context, (twin,), "level-0.9", DEFAULT, ("",) * 19 + ("sank down",))
    assert context.visit_id is not None
    found = scenario_results(context.store.records(context.visit_id), twin, device="Hippo_L1")
    bare, worn = found[ScenarioKey("level-0.9")], found[ScenarioKey("level-0.9", (), DEFAULT)]
    words, tone = condition_headline("Level, 0.9 m/s", worn, bare)
    assert tone is Tone.WARN and "19 of 20" in words and "20 of 20 without the exo" in words


def test_a_walk_that_ended_waits_while_the_other_goes_on_at_the_same_time(app: QApplication) -> None:
    stage = GaitStage(2)
    short, long = walks.rollout(NO_EXO, seconds=3.0), walks.rollout(DEFAULT, period_s=1.3, seconds=6.0)
    gaits = [StagedGait(walk, walks.geometry(), "") for walk in (short, long)]
    stage.show_gaits(*gaits, same_time=True)
    stage.set_time(2.0)
    assert [view._time_s for view in stage.views] == [2.0, 2.0]
    stage.set_time(5.0)
    assert stage.time_s == 5.0
    assert [view._time_s for view in stage.views] == pytest.approx([2.98, 5.0])
    stage.deleteLater()
