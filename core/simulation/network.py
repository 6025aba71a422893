"""Inference of a stored network in plain arrays, for policies and for muscle coordination."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import Float32Array, FloatArray
from core.domain.twin import Network

OBSERVATION_LIMIT = 8.0  # standard deviations: a stumble must not saturate the network


def normalise(observation: Float32Array, mean: FloatArray, std: FloatArray) -> Float32Array:
    """Observation (N, O) in standard deviations, limited."""
    return np.clip((observation - mean) / std, -OBSERVATION_LIMIT, OBSERVATION_LIMIT).astype(np.float32)


def forward(network: Network, inputs: Float32Array) -> Float32Array:
    """Output (N, out) of a stored network for inputs (N, in)."""
    values = np.asarray(inputs, dtype=np.float32)
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        values = _ACTIVATIONS[network.activation](np.asarray(values @ weight.T + bias, dtype=np.float32))
    output: Float32Array = values @ network.weights[-1].T + network.biases[-1]
    return output


def _silu(values: Float32Array) -> Float32Array:
    with np.errstate(over="ignore"):  # exp overflows to infinity, the quotient is then the right zero
        return np.asarray(values / (1.0 + np.exp(-values)), dtype=np.float32)


def _relu(values: Float32Array) -> Float32Array:
    return np.maximum(values, np.float32(0.0))


def _tanh(values: Float32Array) -> Float32Array:
    result: Float32Array = np.tanh(values)
    return result


_ACTIVATIONS = {"silu": _silu, "relu": _relu, "tanh": _tanh}
