"""Claims about the mirror: a mirrored situation and the mirrored action lead to the mirrored future."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.domain.body import JOINTS, JointKind, Side
from core.domain.motion import GaitReference
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.learning.networks import ActorCritic
from core.learning.ppo import Normaliser, Ppo, PpoSettings
from core.learning.symmetry import action_mirror, is_symmetric, observation_mirror
from core.simulation.exo import worn_model
from core.simulation.observation import LAYOUT, OBSERVATION_SIZE
from core.simulation.pose import ROOT_POSITIONS
from core.simulation.walking import ACTION_SIZE, Walker, WalkingEnvironment
from core.twin.body import Fidelity

ROOT_VELOCITIES = 6


def walkers(count: int) -> WalkingEnvironment:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None)
    walker = Walker(model, GENERIC_BODY, normal_reference())
    return WalkingEnvironment([walker] * count, seed=3, threads=1)


def mirrored_world(world: WalkingEnvironment) -> WalkingEnvironment:
    """The same walkers in mirror image, half a stride later."""
    other = walkers(world.size)
    memory = world.memory()
    memory["phase"] = (memory["phase"] + 0.5) % 1.0
    memory["_action"] = action_mirror()(memory["_action"])
    other.recall(memory)
    position, velocity = (other.physics.position(other.state), other.physics.velocity(other.state))
    position[:, :ROOT_POSITIONS] *= [-1, 1, 1, 1, 1, -1, -1]  # a quaternion turns like its axis
    velocity[:, :ROOT_VELOCITIES] *= [-1, 1, 1, 1, -1, -1]
    position[:, ROOT_POSITIONS:] = swapped(world, other, position[:, ROOT_POSITIONS:], ROOT_POSITIONS)
    velocity[:, ROOT_VELOCITIES:] = swapped(world, other, velocity[:, ROOT_VELOCITIES:], ROOT_VELOCITIES)
    other.sensor = other._senses.feel(other.state, np.arange(other.size))
    return other


def swapped(
    world: WalkingEnvironment, other: WalkingEnvironment, values: np.ndarray, first: int
) -> np.ndarray:
    """Joint values in the model's order with the sides exchanged."""
    address = world._position - ROOT_POSITIONS
    result = values.copy()
    result[:, address] = action_mirror()(values[:, address])
    return result


def test_the_mirrored_action_in_the_mirrored_situation_gives_the_mirrored_next_state() -> None:
    world = walkers(6)
    action = np.random.default_rng(0).normal(0.0, 0.3, (world.size, ACTION_SIZE))
    world.step(action)
    other = mirrored_world(world)

    for _ in range(3):  # feet touch and leave the ground
        world.step(action)
        other.step(action_mirror()(action))

    seen, image = world.observation(), other.observation()
    np.testing.assert_allclose(observation_mirror()(seen), image, rtol=0.0, atol=2e-3)
    assert np.abs(seen - image).max() > 0.1  # the mirror did something


def test_a_mirrored_situation_is_worth_the_same() -> None:
    world = walkers(6)
    action = np.random.default_rng(1).normal(0.0, 0.3, (world.size, ACTION_SIZE))
    world.step(action)
    other = mirrored_world(world)

    one, two = world.step(action), other.step(action_mirror()(action))

    np.testing.assert_allclose(one.reward, two.reward, rtol=0.0, atol=3e-3)


def test_the_mirror_twice_is_no_mirror() -> None:
    seen = np.random.default_rng(0).normal(size=(5, OBSERVATION_SIZE))

    np.testing.assert_array_equal(observation_mirror()(observation_mirror()(seen)), seen)


def test_the_mirror_knows_every_part_of_what_is_seen() -> None:
    assert len(observation_mirror().source) == sum(size for _, size in LAYOUT)


def test_a_limping_stride_is_not_symmetric() -> None:
    normal = normal_reference()
    angle = normal.angle_rad.copy()
    left_knee = next(j.column for j in JOINTS if j.kind is JointKind.KNEE and j.side is Side.LEFT)
    angle[:, left_knee] *= 0.7

    assert is_symmetric(normal)
    assert not is_symmetric(GaitReference(normal.period_s, normal.speed_m_s, angle))


def test_a_learner_with_the_mirror_decides_alike_on_both_sides() -> None:
    differences = []
    for mirror in (False, True):
        torch.manual_seed(0)
        agent = ActorCritic(OBSERVATION_SIZE, ACTION_SIZE, hidden=(32,))
        settings = PpoSettings(horizon=8, learning_rate=3e-3, change_range=(0.0, 9.0))
        view = Normaliser.of(OBSERVATION_SIZE)
        learner = Ppo(walkers(32), agent, view, settings=settings, learn_normaliser=False, mirror=mirror)
        for _ in range(12):
            learner.learn_round()
        seen = walkers(32).observation()
        with torch.no_grad():
            worth, image = (agent.worth(view(each)) for each in (seen, observation_mirror()(seen)))
        differences.append(float(((worth - image) ** 2).mean() / worth.var()))

    assert differences[1] < 0.5 * differences[0]


@pytest.mark.parametrize("count", [1, 2])
def test_mirrored_learning_is_the_same_for_the_same_seed(count: int) -> None:
    def learned() -> list[float]:
        torch.manual_seed(0)
        agent = ActorCritic(OBSERVATION_SIZE, ACTION_SIZE, hidden=(8,))
        worlds = [walkers(4) for _ in range(count)]
        settings = PpoSettings(horizon=4)
        learner = Ppo(worlds, agent, Normaliser.of(OBSERVATION_SIZE), settings=settings, mirror=True)
        return [learner.learn_round().change for _ in range(2)]

    assert learned() == learned()
