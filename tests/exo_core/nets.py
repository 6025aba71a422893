"""Networks for the core: how they are handed over, and what plain numpy answers in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.domain.arrays import Float32Array
from core.exo_core.library import Library


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    weight: Float32Array  # (out, taps, in), newest tap first
    bias: Float32Array  # (out,)
    dilation: int = 1

    @property
    def span(self) -> int:
        return (self.weight.shape[1] - 1) * self.dilation + 1


def random_layers(
    seed: int, widths: tuple[int, ...], taps: int = 1, dilations: tuple[int, ...] = ()
) -> tuple[Layer, ...]:
    """Layers of these widths; the last one has one tap, as the head of a temporal network."""
    rng = np.random.default_rng(seed)
    layers = []
    for number, (inputs, outputs) in enumerate(pairwise(widths)):
        columns = 1 if number == len(widths) - 2 else taps
        scale = np.sqrt(2.0 / (inputs * columns))
        weight = rng.normal(0.0, scale, (outputs, columns, inputs)).astype(np.float32)
        bias = rng.normal(0.0, 0.1, outputs).astype(np.float32)
        layers.append(Layer(weight, bias, dilations[number] if number < len(dilations) else 1))
    return tuple(layers)


def run_reference(layers: tuple[Layer, ...], inputs: Float32Array) -> Float32Array:
    """Outputs (T, out) for inputs (T, in): every product and sum rounded to float32, one after the other."""
    values = inputs
    for number, layer in enumerate(layers):
        before = np.repeat(values[:1], layer.span - 1, axis=0)  # as if it had always been there
        padded = np.concatenate([before, values])
        total = np.tile(layer.bias, (len(values), 1))
        for tap in range(layer.weight.shape[1]):
            start = layer.span - 1 - tap * layer.dilation
            column = padded[start : start + len(values)]
            for i in range(layer.weight.shape[2]):
                total += layer.weight[:, tap, i] * column[:, i : i + 1]
        values = total if number == len(layers) - 1 else np.maximum(total, np.float32(0.0))
    return values


def run_torch(layers: tuple[Layer, ...], inputs: Float32Array) -> Float32Array:
    """The same outputs by torch, whose sums run in an order of its own."""
    import torch

    values = torch.from_numpy(inputs.T.copy())[None]
    for number, layer in enumerate(layers):
        kernel = torch.from_numpy(layer.weight.transpose(0, 2, 1)[:, :, ::-1].copy())
        padded = torch.nn.functional.pad(values, (layer.span - 1, 0), mode="replicate")
        values = torch.nn.functional.conv1d(
            padded, kernel, torch.from_numpy(layer.bias), dilation=layer.dilation
        )
        values = values if number == len(layers) - 1 else torch.relu(values)
    outputs: Float32Array = values[0].T.numpy()
    return outputs


class CoreNet:
    """A network in the core."""

    def __init__(self, core: Library, layers: tuple[Layer, ...]) -> None:
        self.core = core
        self.net = core.ffi.new("exo_net *")
        self.state = core.ffi.new("exo_net_state *")
        shape = self.net.shape
        shape.layers = len(layers)
        shape.width = [layers[0].weight.shape[2], *(layer.weight.shape[0] for layer in layers)]
        shape.taps = [layer.weight.shape[1] for layer in layers]
        shape.dilation = [layer.dilation for layer in layers]
        flat = [array.ravel() for layer in layers for array in (layer.weight, layer.bias)]
        self.weights = np.ascontiguousarray(np.concatenate(flat), np.float32)
        self.net.weights = core.ffi.cast("float *", self.weights.ctypes.data)
        self.outputs = layers[-1].weight.shape[0]

    @property
    def size(self) -> int:
        return int(self.core.lib.exo_net_weights(self.core.ffi.addressof(self.net.shape)))

    def run(self, inputs: Float32Array) -> Float32Array:
        self.core.lib.exo_net_reset(self.state)
        result = np.empty((len(inputs), self.outputs), np.float32)
        source = self.core.ffi.from_buffer("float[]", np.ascontiguousarray(inputs))
        target = self.core.ffi.from_buffer("float[]", result)
        for tick in range(len(inputs)):
            self.core.lib.exo_net_step(
                self.net, self.state, source + tick * inputs.shape[1], target + tick * self.outputs
            )
        return result
