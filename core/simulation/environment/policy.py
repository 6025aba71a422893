"""A trained walking policy as plain arrays: inference, and conversion to and from named arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import Float32Array, FloatArray
from core.domain.twin import GaitPolicy, Network
from core.errors import Advice, UserError
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.network import forward, normalise

OF_ANOTHER_VERSION = Advice(
    "This twin learned to walk with another program version.",
    "What it learned does not fit the twins of this version.",
    "Let it learn again: on the Personalize page choose “Learn again”.",
    "TRN-020",
)


@dataclass(frozen=True, slots=True, eq=False)
class PolicyNetworks:
    """The networks of a `GaitPolicy`. O observations, 14 actions."""

    policy: Network
    value: Network
    log_std: Float32Array  # (14,)
    observation_mean: FloatArray  # (O,)
    observation_std: FloatArray  # (O,)
    coordination: Network | None = None  # of the muscles; None where ideal torques move the joints

    def act(self, observation: Float32Array) -> FloatArray:
        """Actions (N, 14) for observations (N, O), without noise."""
        inputs = normalise(observation, self.observation_mean, self.observation_std)
        return forward(self.policy, inputs).astype(np.float64)

    def arrays(self) -> dict[str, np.ndarray]:
        """Flat named arrays, ready for one npz file."""
        arrays: dict[str, np.ndarray] = {
            "log_std": self.log_std,
            "observation_mean": self.observation_mean,
            "observation_std": self.observation_std,
        }
        networks = {"policy": self.policy, "value": self.value}
        if self.coordination is not None:
            networks["coordination"] = self.coordination
        for name, network in networks.items():
            for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
                arrays[f"{name}.{layer}.weight"] = np.array(weight)
                arrays[f"{name}.{layer}.bias"] = np.array(bias)
        return arrays

    @staticmethod
    def of(arrays: Mapping[str, np.ndarray]) -> PolicyNetworks:
        """The inverse of `arrays`. Raises KeyError when something is missing."""
        return PolicyNetworks(
            policy=_network(arrays, "policy"),
            value=_network(arrays, "value"),
            log_std=np.array(arrays["log_std"], dtype=np.float32),
            observation_mean=np.array(arrays["observation_mean"], dtype=np.float64),
            observation_std=np.array(arrays["observation_std"], dtype=np.float64),
            coordination=_network(arrays, "coordination") if "coordination.0.weight" in arrays else None,
        )

    @staticmethod
    def from_policy(policy: GaitPolicy) -> PolicyNetworks:
        """Refuses (TRN-020) a policy of another program version."""
        networks = PolicyNetworks(
            policy.policy,
            policy.value,
            policy.log_std,
            policy.observation_mean,
            policy.observation_std,
            policy.coordination,
        )
        return require_this_version(networks)


def is_of_this_version(policy: Network) -> bool:
    """Whether a policy has the observation size of this version."""
    return policy.sizes[0] == OBSERVATION_SIZE


def require_this_version(networks: PolicyNetworks) -> PolicyNetworks:
    """The same networks. Refuses (TRN-020) a policy with an observation of another size."""
    if not is_of_this_version(networks.policy):
        raise UserError(OF_ANOTHER_VERSION)
    return networks


def _network(arrays: Mapping[str, np.ndarray], name: str) -> Network:
    layers = sum(key.startswith(f"{name}.") and key.endswith(".weight") for key in arrays)
    return Network(
        tuple(arrays[f"{name}.{layer}.weight"] for layer in range(layers)),
        tuple(arrays[f"{name}.{layer}.bias"] for layer in range(layers)),
        "silu",
    )
