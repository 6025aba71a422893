"""Claims about PPO and the networks, on a toy task that takes seconds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from core.domain.twin import Network
from core.learning.rl.networks import ActorCritic, to_network
from core.learning.rl.ppo import Ppo, PpoSettings
from core.learning.rl.rollout_collector import Normaliser
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.network import forward


@dataclass
class ToyStep:
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    reward_terms: dict[str, float]
    counted: None = None


class FindTheTarget:
    """Each member observes a target in -1..1 and is rewarded for an action close to it."""

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self._rng = np.random.default_rng(seed)
        self._target = self._rng.uniform(-1, 1, (size, 1))
        self._age = np.zeros(size)

    def observation(self) -> np.ndarray:
        return self._target.astype(np.float32)

    def step(self, action: np.ndarray) -> ToyStep:
        error = (action - self._target)[:, 0]
        self._age += 1
        never = np.zeros(self.size, dtype=np.bool_)
        return ToyStep(np.exp(-4 * error**2), never, self._age >= 4, {"error": float(np.abs(error).mean())})

    def reset(self, which: np.ndarray) -> None:
        self._age[which] = 0
        self._target[which] = self._rng.uniform(-1, 1, (int(which.sum()), 1))


def toy_learner(seed: int = 0) -> Ppo:
    torch.manual_seed(seed)
    agent = ActorCritic(1, 1, hidden=(32, 32))
    settings = PpoSettings(horizon=8, learning_rate=3e-3, learning_rate_range=(1e-4, 1e-2))
    return Ppo(FindTheTarget(64, seed), agent, Normaliser.of(1), settings=settings, seed=seed)


@pytest.mark.slow
def test_ppo_learns_a_toy_task() -> None:
    learner = toy_learner()

    first = learner.learn_iteration()
    for _ in range(60):
        last = learner.learn_iteration()

    assert first.reward_terms["error"] > 0.45  # guessing 0 gives 0.5
    assert last.reward_terms["error"] < 0.2
    assert last.reward > first.reward + 0.3


def test_the_learning_rate_stays_in_a_range_that_is_annealed() -> None:
    learner = toy_learner()
    learner.learn_iteration()

    learner.settings = replace(learner.settings, learning_rate_range=(1e-5, 2e-5))
    rate = learner.learn_iteration().learning_rate

    assert 1e-5 <= rate <= 2e-5


def test_the_same_seed_learns_the_same() -> None:
    one, other = toy_learner(3), toy_learner(3)

    rewards = [[learner.learn_iteration().reward for _ in range(3)] for learner in (one, other)]

    assert rewards[0] == rewards[1]


def test_truncated_episodes_do_not_count_as_terminations() -> None:
    stats = toy_learner().learn_iteration()

    assert stats.terminations == 0
    assert set(stats.episode_lengths) == {4}


def test_the_normaliser_finds_mean_and_std_of_all_batches() -> None:
    rng = np.random.default_rng(0)
    batches = rng.normal(3.0, 2.0, (20, 50, 1)).astype(np.float32)
    normaliser = Normaliser.of(1)

    for batch in batches:
        normaliser.learn(batch)

    assert normaliser.mean[0] == pytest.approx(batches.mean(), abs=1e-3)
    assert normaliser.std[0] == pytest.approx(batches.std(), abs=1e-3)


@pytest.mark.parametrize("activation", ["silu", "relu", "tanh"])
def test_stored_networks_act_as_the_learned_ones(activation: str) -> None:
    torch.manual_seed(0)
    agent = ActorCritic(5, 3, hidden=(16, 8), activation=activation)
    inputs = np.random.default_rng(0).normal(size=(10, 5)).astype(np.float32)

    stored = forward(to_network(agent.policy, activation), inputs)

    with torch.no_grad():
        np.testing.assert_allclose(stored, agent.policy(torch.from_numpy(inputs)).numpy(), atol=1e-6)


def test_networks_survive_the_way_through_a_file() -> None:
    torch.manual_seed(0)
    agent = ActorCritic(5, 3)
    networks = PolicyNetworks(
        to_network(agent.policy, "silu"), to_network(agent.value, "silu"), np.zeros(3), np.ones(5), np.ones(5)
    )

    copy = PolicyNetworks.of(networks.arrays())

    inputs = np.ones((2, 5), dtype=np.float32)
    np.testing.assert_array_equal(copy.act(inputs), networks.act(inputs))


def test_networks_of_another_size_are_not_loaded() -> None:
    agent = ActorCritic(5, 3)
    small = Network((np.zeros((3, 4)),), (np.zeros(3),), "silu")

    with pytest.raises(ValueError, match="sizes"):
        agent.load(small, small, np.zeros(3, dtype=np.float32))
