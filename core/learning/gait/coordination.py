"""Learning muscle coordination: a network imitates the exact static optimisation of the problems it meets."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.domain.body import JointKind
from core.domain.twin import Network
from core.learning.rl.adam import Adam
from core.learning.rl.distributed import SINGLE_PROCESS, ProcessGroup
from core.learning.rl.networks import load_layers, perceptron, to_network
from core.simulation.muscles.coordination import FEATURES, CoordinationNetwork, CoordinationProblem

HIDDEN = (256, 256)
SOLVED_ROWS = 256  # legs whose problem is solved exactly per update
REPLAY_BATCHES = 128
GRADIENT_STEPS = 4  # per update, each on the new batch and two from the replay buffer
_LEARNING_RATE = 1e-3
_ACTIVATION = "silu"


class CoordinationLearner:
    """Trains a network on exact solutions of the problems that walking poses.

    The loss adds to the squared difference to the optimal activations the squared torque error in reserves
    (`core.simulation.muscles.coordination`). Luo et al. 2024 (eq. 11) have no exact solution: they weigh the
    error of the joints' accelerations against the size of the activations.
    """

    def __init__(
        self, *, start: Network | None = None, seed: int = 0, processes: ProcessGroup = SINGLE_PROCESS
    ) -> None:
        torch.manual_seed(seed)
        self._processes = processes
        sizes = (FEATURES, *HIDDEN, len(JointKind))
        self._layers = perceptron(sizes, _ACTIVATION, last_scale=0.01)
        if start is not None:
            load_layers(self._layers, start)
        self._optimiser = Adam(self._layers.parameters(), _LEARNING_RATE)
        self._random = torch.Generator().manual_seed(seed + processes.rank)
        self._replay: deque[tuple[Tensor, ...]] = deque(maxlen=REPLAY_BATCHES)
        self.error = float(
            "nan"
        )  # root mean squared difference to the optimal activations, before the last update

    def learn(self, problem: CoordinationProblem) -> None:
        """Solve some of these problems exactly and update the network on them and on earlier ones."""
        rows = torch.randperm(len(problem.features), generator=self._random)[:SOLVED_ROWS].numpy()
        chosen = problem.rows(rows)
        optimal = chosen.exact()
        network = self.network()
        difference = chosen.activation(network.dual(chosen)) - optimal
        self.error = float(np.sqrt(np.mean(difference**2)))
        prior = chosen.prior
        batch = (
            chosen.features,
            chosen.initial_dual,
            chosen.active,
            chosen.target_torque,
            prior.nominal_activation,
            prior.prior_sd,
            optimal,
        )
        self._replay.append(tuple(torch.from_numpy(np.ascontiguousarray(part)) for part in batch))
        for _ in range(GRADIENT_STEPS):
            self._gradient_step()

    def network(self) -> CoordinationNetwork:
        return CoordinationNetwork(to_network(self._layers, _ACTIVATION))

    def _gradient_step(self) -> None:
        picks = torch.randint(len(self._replay), (2,), generator=self._random).tolist()
        batches = [self._replay[-1], *(self._replay[pick] for pick in picks)]
        features, initial_dual, active, target_torque, nominal_activation, prior_sd, optimal = (
            torch.cat(parts) for parts in zip(*batches, strict=True)
        )
        dual = initial_dual + self._layers(features)
        deviation = torch.matmul(dual[:, None, :], active)[:, 0]  # in prior standard deviations
        activation = (nominal_activation + prior_sd * deviation).clamp(0.0, 1.0)
        torque, optimal_torque = (
            torch.matmul(active, ((muscles - nominal_activation) / prior_sd)[:, :, None])[:, :, 0]
            for muscles in (activation, optimal)
        )
        loss = (
            ((activation - optimal) ** 2).sum(dim=1).mean()
            + 0.1 * ((torque - optimal_torque) ** 2).sum(dim=1).mean()
            + torch.nn.functional.huber_loss(
                dual, target_torque - optimal_torque
            )  # the dual of the exact solution
        )
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        weights = list(self._layers.parameters())
        self._processes.average("muscles", [weight.grad for weight in weights if weight.grad is not None])
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        self._optimiser.step()

    def state_dict(self) -> dict[str, Any]:
        """All that changes in training. Stored checkpoints fix the keys: "memory" is the replay buffer."""
        return {
            "layers": self._layers.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "random": self._random.get_state(),
            "memory": list(self._replay),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._layers.load_state_dict(state["layers"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._random.set_state(state["random"])
        self._replay = deque(state["memory"], maxlen=REPLAY_BATCHES)
