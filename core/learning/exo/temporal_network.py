"""The temporal convolution that turns two thigh gyros into two torques: for learning, and for many walkers.

What runs on the exo is `core.exo_core`; the same numbers run here in PyTorch, where sums have another order.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor, nn

from core.domain.arrays import BoolArray, Float32Array
from core.domain.controller import ExoController
from core.domain.twin import Network

SIZES = (2, 32, 32, 32, 32, 2)
TAPS = (3, 3, 3, 3, 1)
DILATIONS = (1, 2, 4, 8, 1)


def span_of(taps: tuple[int, ...], dilations: tuple[int, ...]) -> int:
    """Ticks that a network looks over, the newest included."""
    return 1 + sum((number - 1) * ticks for number, ticks in zip(taps, dilations, strict=True))


SPAN = span_of(TAPS, DILATIONS)  # 31 ticks: 0.3 s at 100 Hz


class TemporalNetwork(nn.Module):
    """Causal convolutions with ReLU between them: signals (B, in, T) to outputs (B, out, T - SPAN + 1)."""

    def __init__(self) -> None:
        super().__init__()
        pairs = zip(itertools.pairwise(SIZES), TAPS, DILATIONS, strict=True)
        self.layers = nn.ModuleList(
            nn.Conv1d(into, out, taps, dilation=ticks) for (into, out), taps, ticks in pairs
        )

    def forward(self, signals: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            signals = torch.relu(layer(signals))
        outputs: Tensor = self.layers[-1](signals)
        return outputs

    def network(self, output_scale: float) -> Network:
        """As the exo runs it, newest tap first, its outputs multiplied."""
        weights, biases = [], []
        for layer in self.layers:
            newest_first = layer.weight.detach().flip(2).permute(0, 2, 1)  # type: ignore[operator]
            weights.append(newest_first.reshape(len(newest_first), -1).numpy())
            biases.append(layer.bias.detach().numpy())  # type: ignore[operator]
        weights[-1], biases[-1] = output_scale * weights[-1], output_scale * biases[-1]
        return Network(tuple(weights), tuple(biases), "relu")


class StreamedNetwork:
    """A controller's temporal network for N walkers, tick by tick: `StreamingNetwork` in PyTorch.

    After a reset a walker's history is filled with its first sample.
    """

    def __init__(self, controller: ExoController, walkers: int) -> None:
        network, layers = controller.network, len(controller.network.weights)
        self._taps = controller.taps or (1,) * layers
        self._dilations = controller.dilations or (1,) * layers
        self._weights = [torch.from_numpy(weight.T.copy()) for weight in network.weights]
        self._biases = [torch.from_numpy(bias.copy()) for bias in network.biases]
        spans = [span_of((taps,), (ticks,)) for taps, ticks in zip(self._taps, self._dilations, strict=True)]
        self._rings = [
            torch.zeros((span, walkers, width))
            for span, width in zip(spans, controller.sizes[:-1], strict=True)
        ]
        self._fresh: BoolArray = np.ones(walkers, np.bool_)
        self._tick = 0

    def reset(self, which: BoolArray) -> None:
        """The marked walkers (N,) start anew."""
        self._fresh[which] = True

    def step(self, inputs: Float32Array) -> Float32Array:
        """Outputs (N, out) for the inputs (N, in) of this tick."""
        fresh = torch.from_numpy(self._fresh.copy())
        values, last = torch.from_numpy(np.ascontiguousarray(inputs)), len(self._weights) - 1
        for layer, (weight, bias) in enumerate(zip(self._weights, self._biases, strict=True)):
            ring, span = self._rings[layer], len(self._rings[layer])
            ring[self._tick % span] = values
            if self._fresh.any():
                ring[:, fresh] = values[fresh]
            back = [(self._tick - tap * self._dilations[layer]) % span for tap in range(self._taps[layer])]
            values = torch.addmm(bias, torch.cat([ring[place] for place in back], dim=1), weight)
            values = values if layer == last else torch.relu(values)
        self._tick += 1
        self._fresh[:] = False
        outputs: Float32Array = values.numpy().copy()
        return outputs
