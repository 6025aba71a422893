"""The control law that runs on the exo every 10 ms, in float32 numpy: the reference of an `ExoController`.

The simulation and the golden vectors step this code; the exo and the virtual exo run the C core, which gives
the same bits. It needs numpy only. Sums run in a fixed order, one product at a time, so that a C99 core with
`-ffp-contract=off` gives the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from core.domain.arrays import Float32Array
from core.domain.body import SIDES
from core.domain.controller import ExoController, NetworkOutput
from core.domain.twin import Network
from core.exo_core.numpy_network import SignalHistory, StreamingNetwork

HISTORY = 4  # samples: now and 10, 20, 30 ms ago
INPUTS = HISTORY * 2 * len(SIDES)


def forward(network: Network, inputs: Float32Array) -> Float32Array:
    """Network output (..., out) for inputs (..., in), with every sum in the order bias, input 0, input 1, ...

    Raises ValueError when the network is not a ReLU network.
    """
    if network.activation != "relu":
        raise ValueError(f"the exo runs relu networks, not {network.activation}")
    values = np.asarray(inputs, dtype=np.float32)
    last = len(network.weights) - 1
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        total = np.broadcast_to(bias, (*values.shape[:-1], len(bias))).astype(np.float32)
        for column in range(weight.shape[1]):
            total += weight[:, column] * values[..., column : column + 1]
        values = total if layer == last else np.maximum(total, np.float32(0.0))
    return values


def low_pass_coefficients(cutoff_hz: float, rate_hz: float) -> Float32Array:
    """Second-order Butterworth by the bilinear transform: (5,) b0, b1, b2, a1, a2 as float32."""
    warped = math.tan(math.pi * cutoff_hz / rate_hz)
    scale = 1.0 / (1.0 + math.sqrt(2.0) * warped + warped**2)
    b0 = warped**2 * scale
    a1 = 2.0 * (warped**2 - 1.0) * scale
    a2 = (1.0 - math.sqrt(2.0) * warped + warped**2) * scale
    return np.array([b0, 2.0 * b0, b0, a1, a2], dtype=np.float32)


class TorqueShaper:
    """Network output to torque: low-pass, PD (Luo 2024, eq. 15), range, clamp, rate limit.

    Axes: N environments, 2 sides. A sample that is not finite gives zero torque. Beyond
    `limits.hip_range_rad` a side's torque is zero at once; on the way back it grows at the limited rate.
    """

    def __init__(self, controller: ExoController, environments: int) -> None:
        self._coefficients = low_pass_coefficients(controller.low_pass_hz, controller.control_hz)
        self._gives_torque = controller.output is NetworkOutput.TORQUE
        self._kp = np.float32(controller.kp_nm_rad)
        self._kd = np.float32(controller.kd_nm_s_rad)
        self._lowest_nm = np.float32(controller.limits.lowest_nm)
        self._highest_nm = np.float32(controller.limits.highest_nm)
        self._step_nm = np.float32(controller.limits.rate_nm_s / controller.control_hz)
        self._range_rad = np.float32(controller.limits.hip_range_rad)
        shape = (environments, len(SIDES))
        self._first = np.zeros(shape, np.float32)
        self._second = np.zeros(shape, np.float32)
        self._started = np.zeros(environments, np.bool_)
        self.torque_nm: Float32Array = np.zeros(shape, np.float32)

    def reset(self, environments: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        """Reset filter and torque of the marked environments (N,)."""
        self._started[environments] = False
        self.torque_nm[environments] = 0.0

    def step(self, output: Float32Array, angle_rad: Float32Array, velocity: Float32Array) -> Float32Array:
        """One tick of 1 / control_hz: torque (N, 2) [N m], flexion positive; all arguments (N, 2)."""
        finite = np.isfinite(output) & np.isfinite(angle_rad) & np.isfinite(velocity)
        target, angle, speed = (
            np.where(finite, value, 0.0).astype(np.float32) for value in (output, angle_rad, velocity)
        )
        smooth = self._low_pass(target)
        requested = smooth if self._gives_torque else self._kp * (smooth - angle) - self._kd * speed
        requested = np.clip(requested, self._lowest_nm, self._highest_nm)
        limited = np.clip(requested, self.torque_nm - self._step_nm, self.torque_nm + self._step_nm)
        inside = finite & (np.abs(angle) <= self._range_rad)
        self.torque_nm = np.where(inside, limited, np.float32(0.0)).astype(np.float32)
        return self.torque_nm

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes from tick to tick."""
        return {
            "first": self._first.copy(),
            "second": self._second.copy(),
            "started": self._started.copy(),
            "torque_nm": self.torque_nm.copy(),
        }

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        self._first, self._second = np.array(state["first"]), np.array(state["second"])
        self._started, self.torque_nm = np.array(state["started"]), np.array(state["torque_nm"])

    def _low_pass(self, target: Float32Array) -> Float32Array:
        """Transposed direct form II; a reset environment starts settled at its first target."""
        b0, b1, b2, a1, a2 = self._coefficients
        new = ~self._started
        self._first[new] = target[new] * (np.float32(1.0) - b0)
        self._second[new] = target[new] * (b2 - a2)
        self._started[:] = True
        smooth: Float32Array = b0 * target + self._first
        self._first = b1 * target - a1 * smooth + self._second
        self._second = b2 * target - a2 * smooth
        return smooth


class InputHistory:
    """The 16 inputs of the network from the history of both assisted joints. Axes: N environments."""

    def __init__(self, velocity_scale: float, environments: int) -> None:
        self._scale = np.float32(velocity_scale)
        self._samples = np.zeros((environments, HISTORY, 2 * len(SIDES)), np.float32)
        self._started = np.zeros(environments, np.bool_)

    def reset(self, environments: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        self._started[environments] = False

    def begin(
        self,
        environments: np.ndarray[tuple[int], np.dtype[np.bool_]],
        angle_rad: Float32Array,
        velocity_rad_s: Float32Array,
    ) -> None:
        """Start the marked environments (N,) as if they had always been at this sample (N, 2)."""
        self._samples[environments] = self._sample(angle_rad, velocity_rad_s)[environments, None, :]
        self._started[environments] = True

    def push(self, angle_rad: Float32Array, velocity_rad_s: Float32Array) -> Float32Array:
        """Add a sample, angle and velocity (N, 2), and give the inputs (N, 16), newest first."""
        self._samples[:, 1:] = self._samples[:, :-1].copy()
        self._samples[:, 0] = self._sample(angle_rad, velocity_rad_s)
        self.begin(~self._started, angle_rad, velocity_rad_s)
        return self.inputs()

    def inputs(self) -> Float32Array:
        """The inputs as they are now (N, 16)."""
        return self._samples.reshape(len(self._samples), INPUTS).copy()

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes from tick to tick."""
        return {"samples": self._samples.copy(), "started": self._started.copy()}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        self._samples, self._started = np.array(state["samples"]), np.array(state["started"])

    def _sample(self, angle_rad: Float32Array, velocity_rad_s: Float32Array) -> Float32Array:
        scaled = velocity_rad_s.astype(np.float32) * self._scale
        return np.concatenate([angle_rad.astype(np.float32), scaled], axis=1)


class ExoRuntime:
    """One exo: `step` takes the samples of both joints and gives both torques, in the order of SIDES."""

    def __init__(self, controller: ExoController) -> None:
        sizes, width = controller.sizes, controller.reads.width
        if sizes[0] != width or sizes[-1] != len(SIDES):
            raise ValueError(f"this exo network has {width} inputs and 2 outputs, not {sizes}")
        self._network = StreamingNetwork(controller)
        self._history = SignalHistory(controller.reads)
        self._shaper = TorqueShaper(controller, environments=1)

    def reset(self) -> None:
        self._network.reset()
        self._history.reset()
        self._shaper.reset(np.ones(1, np.bool_))

    def step(self, angle_rad: Float32Array, velocity_rad_s: Float32Array) -> Float32Array:
        """Torque (2,) [N m] for joint angle and angular velocity (2,); call at `control_hz`."""
        angle = np.asarray(angle_rad, np.float32)
        velocity = np.asarray(velocity_rad_s, np.float32)
        output = self._network.step(self._history.push(angle, velocity))
        self._history.set_output(output)
        torque: Float32Array = self._shaper.step(output[None], angle[None], velocity[None])[0].copy()
        return torque
