"""How far a controller's torque differs from that of the one before, and drawing it back within a bound."""

from __future__ import annotations

import dataclasses

import numpy as np

from core.deploy.golden import golden_vectors
from core.domain.adaptation import MOST_TORQUE_CHANGE
from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.controller import ExoController
from core.domain.exo_walk import ExoWalk
from core.domain.twin import Network
from core.exo_core.numpy_runtime import InputHistory, TorqueShaper

RUN_IN = 50  # ticks before those that count: longer than filters and rate limit remember
PIECE = 100  # ticks that are computed side by side with all others
_HALVINGS = 6
_MARGIN = 0.98  # of the bound is used, so that rounding on the exo keeps it, too


class TorqueChange:
    """Measures controllers against one, on the golden ticks and on a recorded walk."""

    def __init__(self, old: ExoController, walk: ExoWalk) -> None:
        self._old = old
        self._golden = golden_vectors(old).torque_nm
        self._angle, self._velocity, self._counted = _side_by_side(walk)
        self._walked = self._along(old)

    def largest(self, new: ExoController) -> float:
        """The largest difference of the torque in any tick, as a share of the old peak."""
        golden = np.abs(golden_vectors(new).torque_nm - self._golden).max()
        walked = np.abs(self._along(new) - self._walked)[self._counted].max(initial=0.0)
        return float(max(golden, walked)) / self._old.limits.peak_nm

    def drawn_back(self, new: ExoController) -> ExoController:
        """`new`, or what lies between both controllers as near to it as the bound allows."""
        most = _MARGIN * MOST_TORQUE_CHANGE
        if self.largest(new) <= most:
            return new
        near, far = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = 0.5 * (near + far)
            within = self.largest(between(self._old, new, middle)) <= most
            near, far = (middle, far) if within else (near, middle)
        return between(self._old, new, near)

    def _along(self, controller: ExoController) -> FloatArray:
        """(PIECE + RUN_IN, N, 2) torque [N m] on the pieces of the walk."""
        count = self._angle.shape[1]
        history, shaper = InputHistory(controller.velocity_scale, count), TorqueShaper(controller, count)
        torque = [
            shaper.step(_forward(controller.network, history.push(angle, velocity)), angle, velocity).copy()
            for angle, velocity in zip(self._angle, self._velocity, strict=True)
        ]
        return np.array(torque, np.float64)


def between(old: ExoController, new: ExoController, share: float) -> ExoController:
    """The old controller with a network that is so far (0..1) on the way to the new one."""

    def mixed(one: tuple[Float32Array, ...], other: tuple[Float32Array, ...]) -> tuple[Float32Array, ...]:
        return tuple(
            ((1.0 - share) * a + share * b).astype(np.float32) for a, b in zip(one, other, strict=True)
        )

    before, after = old.network, new.network
    weights, biases = mixed(before.weights, after.weights), mixed(before.biases, after.biases)
    return dataclasses.replace(old, network=Network(weights, biases, before.activation))


def _forward(network: Network, inputs: Float32Array) -> Float32Array:
    """Outputs (N, 2) for inputs (N, 16): as on the exo but for the order of the sums, and much faster."""
    values, last = inputs, len(network.weights) - 1
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        total = values @ weight.T + bias
        values = total if layer == last else np.maximum(total, 0.0)
    return values


def _side_by_side(walk: ExoWalk) -> tuple[Float32Array, Float32Array, BoolArray]:
    """Angle and velocity (PIECE + RUN_IN, N, 2) of N overlapping pieces, and which ticks (…, N) count."""
    ticks = len(walk.time_s)
    first = np.arange(0, ticks, PIECE)
    rows = first[None, :] + np.arange(-RUN_IN, PIECE)[:, None]
    counted = (rows >= first[None, :]) & (rows < ticks)
    rows = np.clip(rows, 0, max(ticks - 1, 0))
    return walk.angle_rad[rows].astype(np.float32), walk.velocity_rad_s[rows].astype(np.float32), counted
