"""Text and views of a twin in a situation with the exo, beside the same without it. No widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.domain.controller import TrainedController
from core.domain.motion import Motion
from core.domain.rollout import GaitLabel, RolloutSet
from core.domain.scenario import LEVEL_WALKING, Scenario
from core.gait.norm_choice import Walker
from core.session.scenarios import CONDITIONS, NO_EXO, ScenarioKey, ScenarioResult
from ui.pages.condition_picker import ConditionChoice
from ui.pages.gait_comparison import ComparisonView
from ui.pages.number_table import NumberTable
from ui.presenters.gait_curves import NamedCycles, joint_panels, likeness_rows
from ui.presenters.scenarios import (
    CONTROLLED,
    GOOD_RATE,
    cause_text,
    scenario_norm,
    scenario_view,
    speed_of,
    walk_sentence,
)
from ui.scene.stage import StagedGait
from ui.theme import Tone

NAMES = {
    NO_EXO: "No exo",
    GaitLabel.WORN_WITHOUT_TORQUE: "Worn, no torque",
    GaitLabel.DEFAULT_CONTROLLER: "Default controller",
    GaitLabel.PERSONALIZED_CONTROLLER: "Personalized controller",
}
_WITH = {
    GaitLabel.WORN_WITHOUT_TORQUE: " with the exo worn, without torque",
    GaitLabel.DEFAULT_CONTROLLER: " with the default controller",
    GaitLabel.PERSONALIZED_CONTROLLER: " with the personalized controller",
}
NOT_TRAINED = "The personalized controller can be chosen after it was trained on the Train page."
ANOTHER_TWIN = "The personalized controller was trained on an earlier twin: train it again on the Train page."
ANOTHER_EXO = "The personalized controller was trained for another exo: train it again on the Train page."
ADAPTED = "With this controller the twin walks as it learned to in training."


@dataclass(frozen=True, slots=True)
class PersonalController:
    """The controller that was trained on this twin; `why_not` says why there is none."""

    record_id: str = ""
    adapted: bool = False  # the twin learned to walk with it
    why_not: str = NOT_TRAINED


def personal_controller(
    record_id: str, trained: TrainedController, device: str, *, own_twin: bool
) -> PersonalController:
    """Of a controller record, for the exo `device` that the patient wears."""
    if not own_twin:
        return PersonalController(why_not=ANOTHER_TWIN)
    if trained.device_id != device:
        return PersonalController(why_not=ANOTHER_EXO)
    return PersonalController(record_id, trained.walking is not None, "")


def condition_of(key: str) -> GaitLabel:
    return next((one for one in CONDITIONS if one.value == key), NO_EXO)


def gives_torque(condition: GaitLabel) -> bool:
    return condition in CONTROLLED


def with_words(condition: GaitLabel) -> str:
    """` with the default controller`; empty without the exo."""
    return _WITH.get(condition, "")


def condition_choices(
    tries: Mapping[ScenarioKey, ScenarioResult], scenario: Scenario, why_no_personal: str, level: str
) -> tuple[ConditionChoice, ...]:
    """All four with what came of them in this scenario; `level` is said of level walking without the exo."""
    choices = []
    for condition in CONDITIONS:
        tried = tries.get(ScenarioKey(scenario.key, (), condition))
        result = "" if tried is None else f"{tried.stayed} of {tried.starts}"
        if tried is None and condition is NO_EXO and scenario is LEVEL_WALKING:
            result = level
        why_not = why_no_personal if condition is GaitLabel.PERSONALIZED_CONTROLLER else ""
        choices.append(ConditionChoice(condition.value, NAMES[condition], result, why_not))
    return tuple(choices)


def condition_headline(name: str, tried: ScenarioResult, bare: ScenarioResult | None) -> tuple[str, Tone]:
    """How many starts came through, beside those without the exo; fewer is a warning however many."""
    words = f"{name}{with_words(tried.condition)}: {tried.stayed} of {tried.starts} starts came through"
    fewer = bare is not None and tried.success_rate < bare.success_rate
    if bare is not None:
        words += f" ({bare.stayed} of {bare.starts} without the exo)"
    if tried.most_falls:
        words += f"; else mostly: {cause_text(tried.most_falls)}"
    good = tried.success_rate >= GOOD_RATE and not fewer
    return f"{words}.", Tone.OK if good else Tone.WARN


def condition_view(
    scenario: Scenario,
    without: StagedGait | None,
    gaits: RolloutSet,
    measured: Motion | None,
    *,
    adapted: bool,
    same_start: bool,
    walker: Walker | None = None,
) -> ComparisonView:
    """Both walks side by side on the same ground; alone where the one without the exo was not simulated.

    Walks with the `same_start` show the same time, others the same place in the gait cycle.
    """
    walk = gaits.rollouts[0]
    if without is None:
        return scenario_view(scenario, gaits, None, walk.label.value, walker=walker)
    bare = NamedCycles(GaitLabel.WITHOUT_EXO, without.rollout.cycles)
    worn = NamedCycles(walk.label, walk.cycles)
    norm = scenario_norm(scenario, walker, speed_of(measured, walk))
    panels = joint_panels(measured, (bare, worn), norm=norm, against=bare)
    titles = (bare.title, worn.title) if measured is not None else (worn.title,)
    reference = "the measured gait" if measured is not None else "the walk without the exo"
    sentences = [_torque_words(gaits), walk_sentence(walk), ADAPTED if adapted else ""]
    return ComparisonView(
        staged=(
            StagedGait(without.rollout, without.geometry, "Without exo", scenario.ground),
            StagedGait(walk, gaits.geometry, walk.label.value.capitalize(), scenario.ground),
        ),
        joint_panels=panels,
        same_time=same_start,
        sentence=" ".join(words for words in sentences if words),
        table=NumberTable(
            ("Joint", *(f"{title.capitalize()} (r with {reference})" for title in titles)),
            likeness_rows(panels, titles, reference),
        ),
    )


def _torque_words(gaits: RolloutSet) -> str:
    walk = gaits.rollouts[0]
    if walk.label not in CONTROLLED:
        return "The exo gives no torque: what changes is its weight."
    left, right = np.abs(walk.exo_torque_nm).max(axis=0)
    return f"The exo gives at most {left:.0f} N·m on the left and {right:.0f} N·m on the right."
