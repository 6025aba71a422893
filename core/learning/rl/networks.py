"""Policy and value networks in PyTorch, and their exchange with the plain arrays of the record."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor, nn

from core.domain.arrays import Float32Array
from core.domain.twin import Network

HIDDEN = (256, 256)
_ACTIVATIONS: dict[str, type[nn.Module]] = {"silu": nn.SiLU, "relu": nn.ReLU, "tanh": nn.Tanh}


def perceptron(sizes: tuple[int, ...], activation: str = "silu", *, last_scale: float = 1.0) -> nn.Sequential:
    """A multilayer perceptron; `last_scale` shrinks the last layer, so that it starts near zero."""
    layers: list[nn.Module] = []
    for width, following in itertools.pairwise(sizes):
        layers += [nn.Linear(width, following), _ACTIVATIONS[activation]()]
    layers.pop()
    if last_scale != 1.0:
        last = layers[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            last.weight *= last_scale
            last.bias.zero_()
    return nn.Sequential(*layers)


class ActorCritic(nn.Module):
    """A Gaussian policy with one standard deviation per action, and a value network beside it."""

    def __init__(
        self,
        observations: int,
        actions: int,
        *,
        hidden: tuple[int, ...] = HIDDEN,
        activation: str = "silu",
        log_std: float = -1.0,
    ) -> None:
        super().__init__()
        self.activation = activation
        self.policy = perceptron((observations, *hidden, actions), activation, last_scale=0.01)
        self.value = perceptron((observations, *hidden, 1), activation)
        self.log_std = nn.Parameter(torch.full((actions,), log_std))

    def log_probability(self, observation: Tensor, action: Tensor) -> Tensor:
        """Logarithm of the policy's density (B,), without the constant that cancels in ratios."""
        score = (action - self.policy(observation)) / self.log_std.exp()
        density: Tensor = (-0.5 * score**2 - self.log_std).sum(dim=1)
        return density

    def value_of(self, observation: Tensor) -> Tensor:
        """Expected return (B,)."""
        value: Tensor = self.value(observation)[:, 0]
        return value

    def load(self, policy: Network, value: Network, log_std: Float32Array) -> None:
        """Take over stored networks. Raises ValueError when their sizes differ from this one's."""
        load_layers(self.policy, policy)
        load_layers(self.value, value)
        with torch.no_grad():
            self.log_std.copy_(torch.from_numpy(np.array(log_std)))


def to_network(layers: nn.Sequential, activation: str) -> Network:
    """Copy a perceptron into plain arrays."""
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    return Network(
        tuple(layer.weight.detach().numpy() for layer in linear),
        tuple(layer.bias.detach().numpy() for layer in linear),
        activation,
    )


def load_layers(layers: nn.Sequential, network: Network) -> None:
    """Take over a stored network. Raises ValueError when its sizes differ."""
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    sizes = (linear[0].in_features, *(layer.out_features for layer in linear))
    if sizes != network.sizes:
        raise ValueError(f"stored network has sizes {network.sizes}, expected {sizes}")
    with torch.no_grad():
        for layer, weight, bias in zip(linear, network.weights, network.biases, strict=True):
            layer.weight.copy_(torch.from_numpy(np.array(weight)))
            layer.bias.copy_(torch.from_numpy(np.array(bias)))
