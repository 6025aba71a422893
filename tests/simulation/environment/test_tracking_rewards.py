"""Claims about the reward terms: each falls with the one thing it is named after, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.domain.body import JOINTS
from core.simulation.environment.reward_term import weighted_reward
from core.simulation.environment.tracking_rewards import (
    FIRST_STEPS_REWARD,
    ROLL_FRACTION,
    STANCE_FRACTION,
    WALKING_REWARD,
    StepQuantities,
    load_limit,
    usual_power_w_kg,
)

TERMS = {term.name: term for term in WALKING_REWARD}
JOINT_COUNT = len(JOINTS)


def perfect() -> StepQuantities:
    """Everything as asked for: one walker in the middle of the left foot's stance."""
    nothing, joints = np.zeros(1), np.zeros((1, JOINT_COUNT))
    middle = np.array([[STANCE_FRACTION[3], 1.5]])
    return StepQuantities(
        angle_error_rad=joints,
        velocity_error_rad_s=joints,
        forward_error_m_s=nothing,
        sideways_m_s=nothing,
        rise_error_m_s=nothing,
        upright=np.ones(1),
        sway=nothing,
        heading=np.ones(1),
        drift_m=nothing,
        action=joints,
        action_change=joints,
        effort=nothing,
        power_w_kg=nothing,
        usual_w_kg=np.ones(1),
        load=np.array([[1.0, 0.0]]),
        left_load=np.ones(1),
        usual_load=np.array([[1.0, 0.0]]),
        roll=np.array([[ROLL_FRACTION[3], 0.5]]),
        stance=middle,
        rolls=np.ones(1),
        load_limit=np.full(1, 1.15),
        pain=np.zeros((1, 2)),
    )


WORSE: dict[str, dict[str, Any]] = {
    "joint_angle": {"angle_error_rad": np.full((1, JOINT_COUNT), 0.2)},
    "sagittal_angle": {"angle_error_rad": np.full((1, JOINT_COUNT), 0.1)},
    "joint_velocity": {"velocity_error_rad_s": np.full((1, JOINT_COUNT), 2.0)},
    "progress": {"forward_error_m_s": np.array([-0.3])},
    "pelvis_height_rate": {"rise_error_m_s": np.array([0.1])},
    "posture": {"upright": np.array([0.95])},
    "loading": {"left_load": np.zeros(1)},
    "landing": {"load": np.array([[1.6, 0.0]])},
    "support": {"usual_load": np.array([[0.7, 0.0]])},
    "rollover": {"roll": np.array([[0.1, 0.5]])},
    "action_magnitude": {"action": np.ones((1, JOINT_COUNT))},
    "smoothness": {"action_change": np.ones((1, JOINT_COUNT))},
    "effort": {"effort": np.array([0.05])},
    "work": {"power_w_kg": np.array([2.0])},
    "pain": {"pain": np.array([[0.8, 0.0]])},
}


def test_every_term_has_a_claim() -> None:
    assert set(WORSE) == set(TERMS)


@pytest.mark.parametrize("name", TERMS)
def test_a_term_falls_when_its_own_thing_gets_worse(name: str) -> None:
    best = TERMS[name].value(perfect())[0]
    worse = TERMS[name].value(replace(perfect(), **WORSE[name]))[0]

    assert best in (pytest.approx(0.0), pytest.approx(1.0))
    assert worse < best - 0.01


def test_who_is_far_too_slow_still_feels_the_way_to_the_right_speed() -> None:
    slow, slower = (
        TERMS["progress"].value(replace(perfect(), forward_error_m_s=np.array([error])))[0]
        for error in (-1.0, -1.2)
    )

    assert slow - slower > 0.02


def test_a_trunk_that_swings_sideways_loses_more_than_one_that_leans_forward() -> None:
    lean_rad = np.array([0.08])
    forward = replace(perfect(), upright=np.cos(lean_rad))
    sideways = replace(forward, sway=np.sin(lean_rad))

    assert TERMS["posture"].value(sideways)[0] < TERMS["posture"].value(forward)[0] - 0.1


def test_a_foot_in_the_air_rolls_nowhere() -> None:
    in_the_air = replace(perfect(), load=np.zeros((1, 2)))

    assert TERMS["rollover"].value(in_the_air)[0] == 0.0
    assert TERMS["rollover"].value(replace(in_the_air, rolls=np.zeros(1)))[0] == 1.0


def test_standing_feet_need_not_carry_as_walking_ones_do() -> None:
    evenly = replace(perfect(), load=np.array([[0.5, 0.5]]))

    assert TERMS["support"].value(evenly)[0] < 0.4
    assert TERMS["support"].value(replace(evenly, rolls=np.zeros(1)))[0] == 1.0


def test_the_same_power_costs_less_where_people_need_more() -> None:
    speed, climb = np.array([1.26, 1.26, 3.0]), np.array([0.0, 0.176, 0.0])
    usual = usual_power_w_kg(speed, climb)

    assert usual[0] == pytest.approx(1.0, abs=0.01)
    assert usual[1] - usual[0] == pytest.approx(9.81 * 0.176 * 1.26, rel=1e-6)
    assert usual[2] > 4.0
    costs = [
        TERMS["work"].value(replace(perfect(), power_w_kg=np.ones(1), usual_w_kg=usual[row : row + 1]))[0]
        for row in range(3)
    ]
    assert costs[0] < costs[1] < costs[2] < 0.0


def test_soft_steps_may_load_more_the_faster_they_are() -> None:
    limit = load_limit(np.array([0.6, 1.26, 1.8, 1.26, 2.5]), np.array([1.0, 1.0, 1.0, 0.0, 1.0]))

    assert limit[0] == limit[1] < limit[2] < limit[3] + 0.05 < limit[4]


def test_first_steps_are_cheap_and_otherwise_the_same() -> None:
    early = {term.name: term.weight for term in FIRST_STEPS_REWARD}

    for name, term in TERMS.items():
        assert early[name] < term.weight if name in ("effort", "work") else early[name] == term.weight


def test_the_total_is_the_weighted_sum_and_names_every_term() -> None:
    reward, terms = weighted_reward(WALKING_REWARD, perfect())

    assert set(terms) == set(TERMS)
    assert reward[0] == pytest.approx(sum(TERMS[name].weight * value for name, value in terms.items()))
