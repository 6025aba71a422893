"""Teaching muscle coordination: a network learns the exact static optimisation of demands as they come."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.domain.body import JointKind
from core.domain.twin import Network
from core.learning.rl.distributed import SINGLE_PROCESS, ProcessGroup
from core.learning.rl.networks import load_layers, perceptron, to_network
from core.simulation.muscles.coordination import FEATURES, CoordinationNetwork, CoordinationProblem

HIDDEN = (256, 256)
LESSON_ROWS = 256  # legs that are solved exactly per lesson
MEMORY_LESSONS = 128
PASSES = 4  # gradient steps per lesson, each on as many remembered rows
_LEARNING_RATE = 1e-3
_ACTIVATION = "silu"


class CoordinationLearner:
    """A network that is taught by the exact solution of the demands it meets.

    The loss adds to the squared difference to the teacher's activations the squared torque error in reserves
    (`core.simulation.muscles.coordination`). Luo et al. 2024 (eq. 11) have no teacher: they weigh the
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
        self._optimiser = torch.optim.Adam(self._layers.parameters(), lr=_LEARNING_RATE)
        self._random = torch.Generator().manual_seed(seed + processes.rank)
        self._memory: deque[tuple[Tensor, ...]] = deque(maxlen=MEMORY_LESSONS)
        self.error = float(
            "nan"
        )  # root mean squared difference of activations to the teacher's, before learning

    def learn(self, problem: CoordinationProblem) -> None:
        """One lesson: solve some of these demands exactly and practise them with remembered ones."""
        rows = torch.randperm(len(problem.features), generator=self._random)[:LESSON_ROWS].numpy()
        chosen = problem.rows(rows)
        teacher = chosen.exact()
        network = self.network()
        difference = chosen.activation(network.dual(chosen)) - teacher
        self.error = float(np.sqrt(np.mean(difference**2)))
        prior = chosen.prior
        lesson = (
            chosen.features,
            chosen.initial_dual,
            chosen.active,
            chosen.target_torque,
            prior.nominal_activation,
            prior.prior_sd,
            teacher,
        )
        self._memory.append(tuple(torch.from_numpy(np.ascontiguousarray(part)) for part in lesson))
        for _ in range(PASSES):
            self._practise()

    def network(self) -> CoordinationNetwork:
        return CoordinationNetwork(to_network(self._layers, _ACTIVATION))

    def _practise(self) -> None:
        picks = torch.randint(len(self._memory), (2,), generator=self._random).tolist()
        lessons = [self._memory[-1], *(self._memory[pick] for pick in picks)]
        features, initial_dual, active, target_torque, nominal_activation, prior_sd, teacher = (
            torch.cat(parts) for parts in zip(*lessons, strict=True)
        )
        dual = initial_dual + self._layers(features)
        drive = torch.matmul(dual[:, None, :], active)[:, 0]
        activation = (nominal_activation + prior_sd * drive).clamp(0.0, 1.0)
        made, best = (
            torch.matmul(active, ((muscles - nominal_activation) / prior_sd)[:, :, None])[:, :, 0]
            for muscles in (activation, teacher)
        )
        loss = (
            ((activation - teacher) ** 2).sum(dim=1).mean()
            + 0.1 * ((made - best) ** 2).sum(dim=1).mean()
            + torch.nn.functional.huber_loss(dual, target_torque - best)  # the exact solution's own y
        )
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        weights = list(self._layers.parameters())
        self._processes.average("muscles", [weight.grad for weight in weights if weight.grad is not None])
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        self._optimiser.step()

    def state_dict(self) -> dict[str, Any]:
        """All that changes while learning."""
        return {
            "layers": self._layers.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "random": self._random.get_state(),
            "memory": list(self._memory),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._layers.load_state_dict(state["layers"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._random.set_state(state["random"])
        self._memory = deque(state["memory"], maxlen=MEMORY_LESSONS)
