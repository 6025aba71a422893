"""The exo's network in float32, in the C core's order of sums: perceptron or temporal convolution.

Sums run in the order of `core/exo_core/src/exo_net.c`: bias, then the newest column input by input, then the
column before. After a reset the history is filled with the first sample.
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import Float32Array
from core.domain.controller import ExoController, NetworkInputs, Sense

_SENSES = tuple(Sense)  # the order of `_Sample`


class StreamingNetwork:
    """The network of one controller, evaluated tick by tick. Raises ValueError when it cannot run."""

    def __init__(self, controller: ExoController) -> None:
        network, layers = controller.network, len(controller.network.weights)
        self._taps = controller.taps or (1,) * layers
        self._dilations = controller.dilations or (1,) * layers
        if network.activation != "relu" or not len(self._taps) == len(self._dilations) == layers:
            raise ValueError(
                f"the exo runs relu networks with taps for every layer, not {network.activation}"
            )
        self._layers = tuple(zip(network.weights, network.biases, strict=True))
        inputs = controller.sizes[:-1]
        if any(weight.shape[1] != taps * width for (weight, _), taps, width in
               zip(self._layers, self._taps, inputs, strict=True)):  # fmt: skip
            raise ValueError(f"weights do not fit the sizes {controller.sizes} with taps {self._taps}")
        self._memory: list[Float32Array] = []

    def reset(self) -> None:
        self._memory = []

    def step(self, inputs: Float32Array) -> Float32Array:
        """Outputs (out,) for the inputs (in,) of this tick."""
        fresh, values, last = not self._memory, inputs, len(self._layers) - 1
        for layer, (weight, bias) in enumerate(self._layers):
            columns = self._push_history(layer, values, fresh=fresh)
            total = bias.copy()
            for column in range(weight.shape[1]):
                total += weight[:, column] * columns[column]
            values = total if layer == last else np.where(total <= 0.0, np.float32(0.0), total)
        return values

    def _push_history(self, layer: int, values: Float32Array, *, fresh: bool) -> Float32Array:
        """The columns (taps * in,) that a layer reads, newest first."""
        taps, dilation = self._taps[layer], self._dilations[layer]
        if fresh:
            self._memory.append(np.tile(values, ((taps - 1) * dilation + 1, 1)))
        else:
            memory = self._memory[layer]
            memory[1:] = memory[:-1].copy()
            memory[0] = values
        return self._memory[layer][::dilation].ravel()


class SignalHistory:
    """The inputs of a network from the history of its signals, for one exo."""

    def __init__(self, inputs: NetworkInputs) -> None:
        self._order = [_SENSES.index(signal.sense) for signal in inputs.signals]
        self._scale = np.array([signal.scale for signal in inputs.signals], np.float32)
        self._history = inputs.history
        self._samples: Float32Array | None = None
        self._output: Float32Array = np.zeros(2, np.float32)

    def reset(self) -> None:
        self._samples = None
        self._output = np.zeros(2, np.float32)

    def push(self, angle_rad: Float32Array, velocity_rad_s: Float32Array) -> Float32Array:
        """Add a sample, angle and velocity (2,), and give the inputs (in,), newest first."""
        values = np.concatenate([angle_rad, velocity_rad_s, self._output])
        sample = values[self._order] * self._scale
        if self._samples is None:
            self._samples = np.tile(sample, (self._history, 1))
        else:
            self._samples[1:] = self._samples[:-1].copy()
            self._samples[0] = sample
        return self._samples.ravel()

    def set_output(self, output: Float32Array) -> None:
        """Store the network's output (2,) for the next tick; values that are not finite become zero."""
        self._output = np.where(np.isfinite(output), output, np.float32(0.0))
