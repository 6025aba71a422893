"""Claims about practice on stairs: who practises, how often it begins anew, and that it tells nothing."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.scenario import GroundKind
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.learning.gait.imitation import gait_learner
from core.learning.gait.stairs import PRACTICE_S, practising_walkers
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity


@pytest.fixture(scope="module")
def own() -> Walker:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None, surfaces=False)
    return Walker(model, GENERIC_BODY, normal_reference())


@pytest.fixture(scope="module")
def walkers(own: Walker) -> list[Walker]:
    return practising_walkers(own, 128)


def climbs(walkers: list[Walker]) -> np.ndarray:
    return np.array([np.sign(walker.ground.rise_m) for walker in walkers])


def test_a_quarter_of_the_walkers_climbs_up_or_down_and_all_others_walk_their_own_walk(
    own: Walker, walkers: list[Walker]
) -> None:
    assert len(walkers) == 128
    assert (climbs(walkers) > 0).sum() == 24
    assert (climbs(walkers) < 0).sum() == 8
    assert sum(walker is own for walker in walkers) == 96


@pytest.mark.parametrize("environment", [0, 1])
def test_every_environment_gets_its_part_of_the_practice(walkers: list[Walker], environment: int) -> None:
    part = climbs(walkers[environment::2])
    assert 10 <= (part > 0).sum() <= 14
    assert 3 <= (part < 0).sum() <= 5


def test_practice_begins_anew_every_three_seconds_and_tells_nothing_of_the_persons_walk(
    walkers: list[Walker],
) -> None:
    stairs = next(walker for walker in walkers if walker.ground.kind is GroundKind.STAIRS)
    own = next(walker for walker in walkers if walker.practice_s is None)
    environment = WalkingEnvironment([own, stairs], seed=1, threads=1)
    steps = round(PRACTICE_S / CONTROL_STEP_S)
    ended = [environment.step(np.zeros((2, 14))) for _ in range(steps)]

    assert [result.truncated.tolist() for result in ended[-2:]] == [[False, False], [False, True]]
    assert ended[-1].counted is not None and ended[-1].counted.tolist() == [True, False]


def test_how_long_the_twin_walks_is_told_by_its_own_walk_alone(own: Walker, walkers: list[Walker]) -> None:
    stairs = next(walker for walker in walkers if walker.ground.kind is GroundKind.STAIRS)
    learner = gait_learner([stairs, stairs], start=shipped_policy(), seed=0, muscles=False)
    for environment in learner.environments:
        environment.stagger_episodes(3)
        environment._age[:] = round(PRACTICE_S / CONTROL_STEP_S) - 4  # ends at once

    progress = learner.learn_iteration(lambda: 0.0)

    assert progress.walk_seconds == 0.0  # nothing is known
