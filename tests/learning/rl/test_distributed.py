"""Claims about data-parallel training: all processes keep equal networks, each with rollouts of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.multiprocessing.spawn import spawn

from core.learning.rl.distributed import GlooGroup
from core.learning.rl.networks import ActorCritic
from core.learning.rl.ppo import Ppo, PpoSettings
from core.learning.rl.rollout_collector import Normaliser
from tests.learning.rl.test_ppo import FindTheTarget

pytestmark = pytest.mark.slow

PROCESSES, ITERATIONS = 2, 40


def learn_as_process(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    with GlooGroup(rank, PROCESSES, folder / "rendezvous") as processes:
        learn(rank, folder, processes)


def learn(rank: int, folder: Path, processes: GlooGroup) -> None:
    torch.manual_seed(0)
    agent, normaliser = ActorCritic(1, 1, hidden=(32, 32)), Normaliser.of(1)
    settings = PpoSettings(horizon=8, learning_rate=3e-3, learning_rate_range=(1e-4, 1e-2))
    toy = FindTheTarget(32, seed=rank)
    learner = Ppo(toy, agent, normaliser, settings=settings, seed=rank, processes=processes)
    stats = [learner.learn_iteration() for _ in range(ITERATIONS)]
    weights = torch.cat([value.flatten() for value in agent.parameters()]).detach().numpy()
    np.savez(
        folder / f"{rank}.npz",
        weights=weights,
        mean=normaliser.mean,
        count=normaliser.count,
        error=[iteration.reward_terms["error"] for iteration in stats],
    )


def test_processes_learn_one_policy_from_the_rollouts_of_all(tmp_path: Path) -> None:
    spawn(learn_as_process, (tmp_path,), nprocs=PROCESSES)

    one, other = (np.load(tmp_path / f"{rank}.npz") for rank in range(PROCESSES))
    np.testing.assert_array_equal(one["weights"], other["weights"])
    np.testing.assert_array_equal(one["mean"], other["mean"])
    assert float(one["count"]) > PROCESSES * ITERATIONS * 8 * 32 - 1
    assert one["error"][0] != other["error"][0]
    assert max(one["error"][-1], other["error"][-1]) < 0.2
