"""Motion, muscle coordination and exo learn in the same rollouts; the control learns without help."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.domain.controller import Aim
from core.domain.twin import Network
from core.learning.exo.joint_training import JointLearner
from core.learning.exo.study import Study
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import WornExo, exo_controller
from core.simulation.environment.actuation import MuscleActuation
from tests.learning.exo.twins import LIMITS, constant, walking_twin

START = exo_controller(constant((16, 128, 64, 2), "relu", output=0.2), LIMITS)


def differs(one: Network, other: Network) -> bool:
    pairs = zip((*one.weights, *one.biases), (*other.weights, *other.biases), strict=True)
    return any(not np.array_equal(a, b) for a, b in pairs)


def learner(twin: TwinInExo, study: Study, *, assists: bool = True) -> JointLearner:
    return JointLearner(twin, study, START, Aim.MUSCLES, seed=0, assists=assists, walker_count=6)


@pytest.mark.slow
def test_one_iteration_changes_motion_and_exo(twin: TwinInExo, study: Study) -> None:
    both = learner(twin, study)

    progress = both.learn_iteration(itertools.count(0.0, 1.0).__next__)

    assert differs(both.policy().policy, twin.policy.policy)
    assert differs(both.controller().network, START.network)
    assert progress.iterations == 1 and progress.elapsed_s == 1.0
    assert np.isfinite(progress.motion_reward) and 0.3 < progress.metabolic_ratio < 3.0


@pytest.mark.slow
def test_the_control_wears_an_exo_that_gives_nothing_and_learns_nothing(
    twin: TwinInExo, study: Study
) -> None:
    alone = learner(twin, study, assists=False)

    alone.learn_iteration(itertools.count().__next__)

    assert differs(alone.policy().policy, twin.policy.policy)
    assert not differs(alone.controller().network, START.network)
    environment = twin.environment(twin.walkers(2, worn=True), seed=0)
    exo = WornExo(alone.controller(), environment)
    for _ in range(10):
        environment.step(twin.walking.act(environment.observation()), exo)
        np.testing.assert_array_equal(environment.exo_torque_nm, 0.0)


@pytest.mark.slow
def test_with_muscles_their_coordination_learns_too_and_every_environment_uses_it(study: Study) -> None:
    twin = walking_twin(muscles=True)
    three = learner(twin, study)

    three.learn_iteration(itertools.count().__next__)

    before, after = twin.policy.coordination, three.policy().coordination
    assert before is not None and after is not None and differs(after, before)
    for actuation in three.actuations:
        assert isinstance(actuation, MuscleActuation) and actuation.network is not None
        assert not differs(actuation.network.network, after)
