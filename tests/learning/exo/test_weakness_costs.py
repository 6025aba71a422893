"""Claims about the cost of weakness: the same walk costs weak muscles more, whichever group is weak.

Torques and motion are those of one recorded walk of the healthy body; the weak body makes the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.gait.norms import normal_reference
from core.learning.exo.effort import effort_of
from core.learning.exo.measures import record_walk
from core.learning.exo.worn_controller import WalkingPolicy
from core.simulation.environment.actuation import JointPd
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.simulation.muscles.static_optimisation import estimate_activation
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity

SECONDS = 2.2  # without the first second one stride
EVERY = 3  # frames of 20 ms
SEVERITY = 0.5  # a third of the strength is left
SPARED = (MuscleGroup.HIP_EXTENSORS,)


@dataclass(frozen=True)
class Walk:
    """Axes: F frames, 14 joints."""

    angle_rad: FloatArray
    velocity_rad_s: FloatArray
    torque_nm: FloatArray

    def effort(self, body: BodyParameters) -> float:
        strength = JointPd.of_models([worn_model(body, Fidelity.FAST, None)])
        return float(effort_of(self.torque_nm[:, None], strength).mean())

    def squared_activation(self, body: BodyParameters) -> float:
        found = estimate_activation(body, self.angle_rad, self.velocity_rad_s, self.torque_nm)
        return float((found.activation**2).mean())


@pytest.fixture(scope="module")
def walk() -> Walk:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None)
    environment = WalkingEnvironment([Walker(model, GENERIC_BODY, normal_reference())], seed=3, threads=1)
    found = record_walk(environment, WalkingPolicy(shipped_policy()), None, SECONDS)
    assert found.falls == 0
    rows = found.settled[:, 0]
    frames = (found.angle_rad, found.velocity_rad_s, found.torque_nm)
    return Walk(*(values[rows, 0][::EVERY] for values in frames))


@pytest.fixture(scope="module")
def healthy(walk: Walk) -> float:
    return walk.squared_activation(GENERIC_BODY)


def weak(group: MuscleGroup, side: Side) -> BodyParameters:
    weakness = Impairment(ImpairmentKind.WEAKNESS, SEVERITY, side, group)
    return replace(GENERIC_BODY, impairments=(weakness,))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("group", MuscleGroup)
def test_every_weakness_raises_joint_effort(walk: Walk, group: MuscleGroup, side: Side) -> None:
    """The least of them, weak hip extensors, by 4.8 %."""
    assert walk.effort(weak(group, side)) > 1.03 * walk.effort(GENERIC_BODY)


@pytest.mark.slow
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("group", [group for group in MuscleGroup if group not in SPARED])
def test_weakness_of_most_groups_raises_squared_activation(
    walk: Walk, healthy: float, group: MuscleGroup, side: Side
) -> None:
    """The least of them, the left hamstrings and hip adductors, by 4 %."""
    assert walk.squared_activation(weak(group, side)) > 1.03 * healthy


@pytest.mark.slow
@pytest.mark.parametrize("side", SIDES)
def test_weak_hip_extensors_hardly_show_in_squared_activation(walk: Walk, healthy: float, side: Side) -> None:
    """Level walking asks little of them, and adductors and hamstrings step in: effort alone shows it."""
    (group,) = SPARED
    assert walk.squared_activation(weak(group, side)) == pytest.approx(healthy, rel=0.02)


def test_joint_effort_divides_by_the_strength_of_the_direction(walk: Walk) -> None:
    """The stronger direction says nothing about a torque in the weaker one."""
    strength = JointPd.of_models([worn_model(GENERIC_BODY, Fidelity.FAST, None)])
    hip = np.zeros((2, 1, 14))
    hip[0, 0, 0], hip[1, 0, 0] = strength.highest_nm[0, 0], strength.lowest_nm[0, 0]
    assert strength.highest_nm[0, 0] != -strength.lowest_nm[0, 0]
    flexing, extending = effort_of(hip, strength)[:, 0]
    assert flexing == pytest.approx(extending)
