"""A fast stand-in for the muscles' cost: activation and metabolic rate of the legs from their joints.

Static optimisation of eighty muscles is too slow for every step of training. A small network per twin learns
what it gives: from angles, velocities and torques of a leg's seven joints to the cost of its muscles. It is
fitted to exact values in walks of the same person, with and without assistance, and with the torques of the
joints that the exo turns varied at random, so that it also knows what a change of the exo's torque does.
Training uses it; reported numbers are always exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.domain.arrays import BoolArray, FloatArray, IntArray
from core.domain.body import JOINTS, SIDES, JointKind
from core.learning.rl.adam import Adam, CosineDecay
from core.learning.rl.networks import perceptron

COSTS = ("activation", "squared activation", "Umberger 2010", "Bhargava 2004")
"""Means of activation and its square, and net metabolic power [W] by both models, of both legs together."""
HIDDEN = (96, 96)
STEPS, BATCH, LEARNING_RATE = 900, 1024, 4e-3
LEAST_EXPLAINED = 0.8
"""Of the variance of every cost on frames that it was not fitted to; usual are 0.95 to 0.98."""
_LEG_JOINTS = len(JointKind)
_LEGS = torch.tensor([[joint.column for joint in JOINTS if joint.side is side] for side in SIDES])  # (2, 7)
_COLUMNS = torch.cat([_LEGS, _LEGS + len(JOINTS), _LEGS + 2 * len(JOINTS)], dim=1)  # of all three, (2, 21)
_UNITS = torch.tensor([0.5, 4.0, 60.0]).repeat_interleave(_LEG_JOINTS)  # rad, rad/s and N m that count as one
_HELD_OUT = 8  # every so many frames test the fit
_LEAST_STD = 0.02  # of an input that hardly changes


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Single moments of walks, with what the muscles cost there. Axes: F frames, 14 joints, 4 COSTS."""

    lesson: IntArray  # (F,)
    angle_rad: FloatArray  # (F, 14)
    velocity_rad_s: FloatArray  # (F, 14)
    torque_nm: FloatArray  # (F, 14) of the body itself
    costs: FloatArray  # (F, 4) exact
    walked: BoolArray  # (F,) False where the assisted joints' torque was varied: nobody walked so

    @staticmethod
    def none() -> Frames:
        joints = np.zeros((0, len(JOINTS)))
        costs, walked = np.zeros((0, len(COSTS))), np.zeros(0, np.bool_)
        return Frames(np.zeros(0, np.int64), joints, joints, joints, costs, walked)

    def rows(self, picks: IntArray) -> Frames:
        return Frames(*(getattr(self, name)[picks] for name in _FRAME_FIELDS))

    @staticmethod
    def joined(parts: list[Frames]) -> Frames:
        return Frames(*(np.concatenate([getattr(one, name) for one in parts]) for name in _FRAME_FIELDS))


_FRAME_FIELDS = ("lesson", "angle_rad", "velocity_rad_s", "torque_nm", "costs", "walked")


class SurrogateCost:
    """COSTS of one twin's legs from its joints, differentiable by the torques.

    An impaired twin's legs are told apart (`sided`); those of others share what they learn.
    """

    def __init__(self, frames: Frames, *, sided: bool, seed: int = 0) -> None:
        """Fit to the exact costs of `frames`; every eighth frame is held out and tests the fit."""
        self._leg_weight: Tensor | None = None
        self._side = torch.tensor([[-1.0], [1.0]]) if sided else torch.zeros((len(SIDES), 1))
        test = np.arange(len(frames.costs)) % _HELD_OUT == 0
        held_out, fitted = frames.rows(np.flatnonzero(test)), frames.rows(np.flatnonzero(~test))
        self._scale = _tensor(frames.costs.mean(axis=0))
        inputs = self._inputs(*(_tensor(part) for part in _joints(fitted)))  # (F, 2, I)
        self._mean, self._std = inputs.mean(dim=(0, 1)), inputs.std(dim=(0, 1)) + _LEAST_STD
        torch.manual_seed(seed)
        layers = perceptron((3 * _LEG_JOINTS + 1, *HIDDEN, len(COSTS)), "silu")
        self._network = nn.Sequential(*layers, nn.Softplus())
        self._fit(inputs, _tensor(fitted.costs) / self._scale, seed)
        self.explained: FloatArray = self._explained(held_out)
        """(4,) fraction of the variance of each cost, on frames that were held out."""
        self.explained_in: dict[int, FloatArray] = {
            int(lesson): self._explained(held_out.rows(np.flatnonzero(held_out.lesson == lesson)))
            for lesson in np.unique(held_out.lesson)
        }
        """The same in each lesson, by its number in `Frames.lesson`."""

    def weigh(self, leg_weight: tuple[float, float]) -> None:
        """From now on costs count so much for each leg (order of SIDES). Legs must have been told apart."""
        self._leg_weight = torch.tensor(leg_weight)[:, None]

    def costs(self, angle_rad: FloatArray, velocity_rad_s: FloatArray, torque_nm: FloatArray) -> FloatArray:
        """COSTS (..., 4) of angles, velocities and the body's own torques (..., 14)."""
        with torch.no_grad():
            cost = self.differentiable(_tensor(angle_rad), _tensor(velocity_rad_s), _tensor(torque_nm))
        return cost.numpy().astype(np.float64)

    def differentiable(self, angle: Tensor, velocity: Tensor, torque: Tensor) -> Tensor:
        """The same for tensors (..., 14)."""
        return self._of(self._inputs(angle, velocity, torque), self._leg_weight) * self._scale

    def _explained(self, frames: Frames) -> FloatArray:
        residual = self.costs(*_joints(frames)) - frames.costs
        explained: FloatArray = 1.0 - (residual**2).mean(axis=0) / frames.costs.var(axis=0)
        return explained

    def _inputs(self, angle: Tensor, velocity: Tensor, torque: Tensor) -> Tensor:
        """(..., 2, I) inputs of each leg."""
        joints = torch.cat([angle, velocity, torque], dim=-1)[..., _COLUMNS] / _UNITS
        return torch.cat([joints, self._side.expand(*joints.shape[:-1], 1)], dim=-1)

    def _of(self, inputs: Tensor, leg_weight: Tensor | None = None) -> Tensor:
        """Both legs together (..., 4), in units of the mean cost."""
        legs: Tensor = self._network((inputs - self._mean) / self._std)
        return (legs if leg_weight is None else legs * leg_weight).sum(dim=-2)

    def _fit(self, inputs: Tensor, target: Tensor, seed: int) -> None:
        random = torch.Generator().manual_seed(seed)
        optimiser = Adam(self._network.parameters(), LEARNING_RATE)
        schedule = CosineDecay(optimiser, STEPS)
        for _ in range(STEPS):
            rows = torch.randint(len(inputs), (BATCH,), generator=random)
            loss = ((self._of(inputs[rows]) - target[rows]) ** 2).mean()
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
        self._network.requires_grad_(False)


def _joints(frames: Frames) -> tuple[FloatArray, FloatArray, FloatArray]:
    return frames.angle_rad, frames.velocity_rad_s, frames.torque_nm


def _tensor(values: FloatArray) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)
