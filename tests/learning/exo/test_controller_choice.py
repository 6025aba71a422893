"""Claims about the choice between controllers: what counts in their scores, and which one is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.controller import Aim, ExoController
from core.domain.walk_measures import WalkMeasures, WalkRatios
from core.learning.exo.aims import AIMS
from core.learning.exo.lesson_scores import LessonEvaluators, LessonScore
from core.learning.exo.lessons import LESSONS, OWN_FRACTION
from core.learning.exo.sided_help import SYMMETRY_WEIGHT, SidedHelp
from core.learning.exo.training import FALL_WEIGHT, BestController, ControllerScore
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import SIZES, exo_controller
from tests.domain.test_walk_measures import walks
from tests.learning.exo.twins import LIMITS, constant


def score(aim: Aim = Aim.MUSCLES, **changes: object) -> ControllerScore:
    """Of walks that cost as much as without the exo, but for `changes`."""
    without = walks(seeds=3, falls=0, negative_work_fraction=np.zeros(3))
    found = replace(without, **changes)
    return ControllerScore(found, WalkRatios.between(found, without, per_metre=True), aim)


def test_a_controller_that_changes_nothing_costs_one() -> None:
    assert score().cost == pytest.approx(1.0)


def test_falls_a_slower_walk_and_work_against_the_leg_count_against_a_controller() -> None:
    without = walks(seeds=3)
    assert score(falls=2).cost == pytest.approx(1.0 + FALL_WEIGHT * 3.0)  # two falls in 40 s
    for aim in Aim:
        allowed = AIMS[aim].most_negative_work
        assert score(aim, negative_work_fraction=np.full(3, allowed)).cost == pytest.approx(1.0)
        assert score(aim, negative_work_fraction=np.full(3, allowed + 0.1)).cost > 1.04
    cheaper = {
        "metabolic_w_kg": 0.9 * without.metabolic_w_kg,
        "activation_mean": 0.9 * without.activation_mean,
    }
    assert score(**cheaper, speed_m_s=0.98 * without.speed_m_s).cost < 1.0
    assert score(**cheaper, speed_m_s=0.85 * without.speed_m_s).cost > 1.0  # slowing down is no help


def test_the_aim_decides_what_counts_more() -> None:
    without = walks(seeds=3)
    less_active = {"activation_mean": 0.8 * without.activation_mean}
    cheaper = {"metabolic_w_kg": 0.8 * without.metabolic_w_kg}
    assert score(Aim.MUSCLES, **less_active).cost < score(Aim.MUSCLES, **cheaper).cost
    assert score(Aim.ENERGY, **less_active).cost > score(Aim.ENERGY, **cheaper).cost


def in_lesson(**changes: object) -> LessonScore:
    """Walks of another lesson that cost as much as without the exo, but for `changes`."""
    of = score(**changes)
    return LessonScore(LESSONS[1], of.measures, of.ratios, more_falls=0.0)


def test_every_lesson_counts_and_what_is_worse_than_without_the_exo_counts_twice() -> None:
    without = walks(seeds=3)
    better, worse = (in_lesson(metabolic_w_kg=ratio * without.metabolic_w_kg) for ratio in (0.9, 1.1))
    own = score(Aim.ENERGY)
    alone, both, half = (replace(own, others=others) for others in ((), (better, worse), (better, better)))
    assert alone.cost == pytest.approx(1.0)
    assert half.cost == pytest.approx(
        1.0 - (1.0 - OWN_FRACTION) * 0.1 * (1.0 - AIMS[Aim.ENERGY].activation), abs=1e-6
    )
    assert both.cost == pytest.approx(1.0 + (1.0 - OWN_FRACTION) * 0.05, abs=1e-6)


def test_falls_that_a_lesson_has_without_the_exo_too_do_not_count() -> None:
    falling = replace(in_lesson(falls=5), more_falls=0.0)
    assert replace(score(), others=(falling,)).cost == pytest.approx(1.0)
    assert replace(score(), others=(replace(falling, more_falls=2.0),)).cost > 1.02


def test_a_lesson_with_standing_is_not_judged_per_metre(twin: TwinInExo) -> None:
    judged = LessonEvaluators(twin, LESSONS, seed=1)
    assert [one.key for one in judged.lessons] == [one.key for one in LESSONS if not one.start_and_stop]


class HandMade:
    """Walks made by hand, in place of simulated ones: the first of every pair belongs to the controller."""

    def __init__(self, *costs: float) -> None:
        self.without_exo = walks(seeds=2, falls=0, negative_work_fraction=np.zeros(2))
        self._costs = iter(costs)

    def worn(self, controller: ExoController) -> WalkMeasures:
        cost = next(self._costs)
        return replace(self.without_exo, metabolic_w_kg=cost * self.without_exo.metabolic_w_kg)


def test_the_best_controller_is_kept_and_the_first_one_whatever_it_costs() -> None:
    best = BestController(HandMade(1.2, 0.9, 0.95), Aim.ENERGY)  # type: ignore[arg-type]
    controllers = [exo_controller(constant(SIZES, "relu", output), LIMITS) for output in (0.0, 0.1, 0.2)]
    kept = []
    for controller in controllers:
        best.consider(controller)
        kept.append(best.controller)
    assert kept == [controllers[0], controllers[1], controllers[1]]


def chosen_by(sided: SidedHelp | None, **changes: object) -> float:
    """Cost of walks that differ from those without the exo by `changes`."""
    evaluator = HandMade(1.0)
    evaluator.without_exo = replace(
        evaluator.without_exo, symmetry_index=np.full((2, 3), 0.04), leg_activation=np.ones((2, 2))
    )
    evaluator.worn = lambda controller: replace(evaluator.without_exo, **changes)  # type: ignore[method-assign]
    best = BestController(evaluator, Aim.MUSCLES, sided=sided)  # type: ignore[arg-type]
    return best.consider(exo_controller(constant(SIZES, "relu"), LIMITS)).cost


def test_symmetry_counts_in_the_choice_for_unequal_legs_alone() -> None:
    more_even = {"symmetry_index": np.full((2, 3), 0.02)}
    sided = SidedHelp((1.3, 0.7))
    gain = chosen_by(sided) - chosen_by(sided, **more_even)
    assert gain == pytest.approx(0.5 * SYMMETRY_WEIGHT)
    assert chosen_by(None, **more_even) == pytest.approx(chosen_by(None)) == pytest.approx(1.0)


def test_relief_of_the_affected_leg_counts_more_in_the_choice() -> None:
    sided = SidedHelp((1.3, 0.7))
    left, right = (
        chosen_by(sided, leg_activation=np.full((2, 2), legs)) for legs in ([0.9, 1.0], [1.0, 0.9])
    )
    assert left < right
