"""How far a learner looks, and how good each action was against what was expected."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class AdvantageSettings:
    """Length of a rollout, and the discounts of generalised advantage estimation."""

    horizon: int = 32  # steps per iteration: 0.64 s of walking, the length of a step
    gamma: float = 0.99  # discount; looks 2 s ahead at 50 Hz: long enough to feel a coming fall
    gae_lambda: float = 0.95  # of the generalised advantage estimate (Schulman et al. 2016)


def generalised_advantage(reward: Tensor, done: Tensor, value: Tensor, settings: AdvantageSettings) -> Tensor:
    """Generalised advantage estimate (T, N) (Schulman et al. 2016, eq. 16).

    Rewards and ends of episodes are (T, N), values (T + 1, N): the last row bootstraps.
    """
    advantage = torch.zeros_like(reward)
    running = torch.zeros_like(reward[0])
    for t in reversed(range(len(reward))):
        not_done = 1.0 - done[t]
        td_error = reward[t] + settings.gamma * not_done * value[t + 1] - value[t]
        running = td_error + settings.gamma * settings.gae_lambda * not_done * running
        advantage[t] = running
    return advantage
