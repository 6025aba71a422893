"""Adam (Kingma and Ba 2015, algorithm 1) with the same bits and the same stored state as PyTorch's.

PyTorch's own optimisers load its compiler, which nothing here uses: 70 MB and two seconds of every training.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8
_MOMENTS = ("exp_avg", "exp_avg_sq")  # stored checkpoints fix the names


class Adam:
    """Steps along the gradients of `parameters`; one without a gradient stays."""

    def __init__(self, parameters: Iterable[Tensor], rate: float, *, fused: bool = False) -> None:
        """`fused` updates in one kernel, whose last bits differ from those of single operations."""
        self.parameters, self.rate, self._fused = list(parameters), rate, fused
        self._state: dict[int, dict[str, Tensor]] = {}  # by the number of the parameter

    def zero_grad(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Update each parameter in place."""
        moving = [number for number, one in enumerate(self.parameters) if one.grad is not None]
        if self._fused and moving:
            self._fused_step(moving)
            return
        for number in moving:
            self._single_step(self.parameters[number], self._moments(number))

    def state_dict(self) -> dict[str, Any]:
        """As `torch.optim.Adam` has it."""
        group = {
            "lr": self.rate,
            "betas": (_BETA1, _BETA2),
            "eps": _EPSILON,
            "weight_decay": 0,
            "amsgrad": False,
            "maximize": False,
            "foreach": None,
            "capturable": False,
            "differentiable": False,
            "fused": True if self._fused else None,
            "decoupled_weight_decay": False,
            "params": list(range(len(self.parameters))),
        }
        return {"state": {number: dict(one) for number, one in self._state.items()}, "param_groups": [group]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`. Raises ValueError when it is of another number of parameters."""
        (group,) = state["param_groups"]
        if len(group["params"]) != len(self.parameters):
            raise ValueError("the stored optimiser has another number of parameters")
        self.rate = group["lr"]
        self._state = {
            number: {name: value.clone() for name, value in one.items()}
            for number, one in state["state"].items()
        }

    def _moments(self, number: int) -> dict[str, Tensor]:
        if number not in self._state:
            parameter = self.parameters[number]
            self._state[number] = {"step": torch.tensor(0.0, dtype=torch.float32)} | {
                name: torch.zeros_like(parameter, memory_format=torch.preserve_format) for name in _MOMENTS
            }
        return self._state[number]

    def _single_step(self, parameter: Tensor, state: dict[str, Tensor]) -> None:
        gradient, (mean, square) = parameter.grad, (state[name] for name in _MOMENTS)
        assert gradient is not None
        state["step"] += 1
        count = state["step"].item()
        mean.lerp_(gradient, 1 - _BETA1)
        square.mul_(_BETA2).addcmul_(gradient, gradient, value=1 - _BETA2)
        deviation = (square.sqrt() / (1 - _BETA2**count) ** 0.5).add_(_EPSILON)
        parameter.addcdiv_(mean, deviation, value=-self.rate / (1 - _BETA1**count))

    def _fused_step(self, moving: list[int]) -> None:
        states = [self._moments(number) for number in moving]
        parameters = [self.parameters[number] for number in moving]
        steps = [state["step"] for state in states]
        means, squares = ([state[name] for state in states] for name in _MOMENTS)
        torch._foreach_add_(steps, 1)
        torch._fused_adam_(
            parameters,
            [one.grad for one in parameters if one.grad is not None],
            means,
            squares,
            [],
            steps,
            lr=self.rate,
            beta1=_BETA1,
            beta2=_BETA2,
            weight_decay=0,
            eps=_EPSILON,
            amsgrad=False,
            maximize=False,
        )


class CosineDecay:
    """Lets the rate of an optimiser fall to zero in so many `steps`, as half a cosine."""

    def __init__(self, optimiser: Adam, steps: int) -> None:
        self._optimiser, self._steps, self._taken = optimiser, steps, 0

    def step(self) -> None:
        """After each step of the optimiser. The recurrence has the bits of PyTorch's schedule."""
        before, self._taken = self._taken, self._taken + 1
        if before == self._steps:
            return
        now = 1 + math.cos(math.pi * self._taken / self._steps)
        self._optimiser.rate = now / (1 + math.cos(math.pi * before / self._steps)) * self._optimiser.rate
