"""The teacher's network: an exo's policy on what only a simulation knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from core.domain.arrays import Float32Array, FloatArray
from core.domain.twin import Network
from core.learning.rl.networks import load_layers, perceptron
from core.simulation.network import normalise

HIDDEN = (128, 64)  # as of the exo's own network


@dataclass(frozen=True, slots=True, eq=False)
class PrivilegedTeacher:
    """The exo's policy on privileged state. Axes: N walkers, O + 4 observations of `TeacherEnvironment`."""

    policy: Network
    observation_mean: FloatArray
    observation_std: FloatArray
    device_id: str
    peak_nm: float

    def arrays(self) -> dict[str, np.ndarray]:
        """Named arrays, ready for a file."""
        weights = zip(self.policy.weights, self.policy.biases, strict=True)
        named = {
            f"teacher.{layer}.{kind}": np.array(value)
            for layer, pair in enumerate(weights)
            for kind, value in zip(("weight", "bias"), pair, strict=True)
        }
        return named | {
            "teacher.observation_mean": self.observation_mean,
            "teacher.observation_std": self.observation_std,
            "teacher.device_id": np.array(self.device_id),
            "teacher.peak_nm": np.array(self.peak_nm),
        }

    @staticmethod
    def of(arrays: Mapping[str, np.ndarray]) -> PrivilegedTeacher:
        """The inverse of `arrays`. Raises KeyError when something is missing."""
        layers = range(len(HIDDEN) + 1)
        policy = Network(
            tuple(arrays[f"teacher.{layer}.weight"] for layer in layers),
            tuple(arrays[f"teacher.{layer}.bias"] for layer in layers),
            "silu",
        )
        mean, std = arrays["teacher.observation_mean"], arrays["teacher.observation_std"]
        return PrivilegedTeacher(
            policy, mean, std, str(arrays["teacher.device_id"]), float(arrays["teacher.peak_nm"])
        )


class PrivilegedActor:
    """A teacher's actions in `TeacherEnvironment`."""

    def __init__(self, teacher: PrivilegedTeacher) -> None:
        self._teacher = teacher
        self._layers = perceptron(teacher.policy.sizes, teacher.policy.activation)
        load_layers(self._layers, teacher.policy)

    def act(self, observation: Float32Array) -> FloatArray:
        """Actions (N, 2) for observations (N, O + 4), without noise."""
        teacher = self._teacher
        inputs = torch.from_numpy(normalise(observation, teacher.observation_mean, teacher.observation_std))
        with torch.no_grad():
            action: FloatArray = self._layers(inputs).numpy().astype(np.float64)
        return action
