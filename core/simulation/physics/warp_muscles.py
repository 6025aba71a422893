"""The damping of muscles for MuJoCo Warp, whose implicit integrator leaves it out.

The force of a muscle falls with the speed at which it shortens. MuJoCo in C takes that into account at the
end of a step already (`implicitfast`); MuJoCo Warp 3.11 does so for affine actuators only. Here each muscle
is shown to the integrator as an affine one with the slope of its force over velocity at this moment. Curves
as in MuJoCo's documentation, Muscle actuators, `FLV.m`.
"""

# Kernels are written in Warp's language, which looks like Python and has other types.
# mypy: disable-error-code="untyped-decorator, no-any-return, misc, valid-type"
from __future__ import annotations

import copy
from typing import Any

import mujoco
import numpy as np
import warp as wp
from mujoco_warp import BiasType, GainType

_LEAST = wp.constant(1e-15)


@wp.func
def _active_length(length: float, shortest: float, longest: float) -> float:
    """Active force-length factor: four pieces of parabolas."""
    if length < shortest or length > longest:
        return 0.0
    low, high = 0.5 * (shortest + 1.0), 0.5 * (1.0 + longest)
    if length <= low:
        x = (length - shortest) / wp.max(_LEAST, low - shortest)
        return 0.5 * x * x
    if length <= 1.0:
        x = (1.0 - length) / wp.max(_LEAST, 1.0 - low)
        return 1.0 - 0.5 * x * x
    if length <= high:
        x = (length - 1.0) / wp.max(_LEAST, high - 1.0)
        return 1.0 - 0.5 * x * x
    x = (longest - length) / wp.max(_LEAST, longest - high)
    return 0.5 * x * x


@wp.kernel(enable_backward=False)
def _slopes(
    muscle: wp.array(dtype=int),
    activation_at: wp.array(dtype=int),
    gain: wp.array2d(dtype=wp.types.vector(10, float)),
    reach: wp.array2d(dtype=wp.vec2),
    scale: wp.array2d(dtype=float),
    length: wp.array2d(dtype=float),
    velocity: wp.array2d(dtype=float),
    activation: wp.array2d(dtype=float),
    bias: wp.array2d(dtype=wp.types.vector(10, float)),
) -> None:
    """Write d force / d velocity [N s/m] of each muscle where an affine bias has its damping."""
    world, number = wp.tid()
    m = muscle[number]
    p = gain[world, m]
    force = p[2]
    if force < 0.0:
        force = p[3] / wp.max(_LEAST, scale[world, m])
    optimal = (reach[world, m][1] - reach[world, m][0]) / wp.max(_LEAST, p[1] - p[0])
    at = p[0] + (length[world, m] - reach[world, m][0]) / wp.max(_LEAST, optimal)
    fastest = wp.max(_LEAST, optimal * p[6])
    speed, most = velocity[world, m] / fastest, p[8] - 1.0
    slope = 0.0
    if speed > -1.0 and speed <= 0.0:
        slope = 2.0 * speed + 2.0
    elif speed > 0.0 and speed <= most:
        slope = 2.0 * (most - speed) / wp.max(_LEAST, most)
    active = activation[world, activation_at[m]]
    bias[world, m][2] = -force * _active_length(at, p[4], p[5]) * slope / fastest * active


class MuscleDamping:
    """Of W worlds with the same muscles. `integrator` is the model to integrate with."""

    def __init__(self, model: Any, muscles: np.ndarray) -> None:
        """`model` is MuJoCo Warp's; `muscles` are the numbers of its Hill-type actuators."""
        self._model, self._muscles = model, muscles
        gain, bias = model.actuator_gaintype.numpy().copy(), model.actuator_biastype.numpy().copy()
        gain[muscles], bias[muscles] = int(GainType.FIXED), int(BiasType.AFFINE)
        device = model.actuator_gaintype.device
        self._numbers = wp.array(muscles, dtype=int, device=device)
        self.integrator = copy.copy(model)
        self.integrator.actuator_gaintype = wp.array(gain, dtype=int, device=device)
        self.integrator.actuator_biastype = wp.array(bias, dtype=int, device=device)
        self.integrator.actuator_biasprm = wp.clone(model.actuator_biasprm)

    def put(self, bias: np.ndarray) -> None:
        """Parameters (W, U, 10) of the worlds' other actuators, when these have changed."""
        own = bias.copy()
        own[:, self._muscles] = 0.0
        self.integrator.actuator_biasprm.assign(own)

    def update(self, data: Any) -> None:
        """Between MuJoCo Warp's `forward` and `implicit`."""
        model = self._model
        wp.launch(
            _slopes,
            dim=(data.nworld, len(self._muscles)),
            inputs=[
                self._numbers,
                model.actuator_actadr,
                model.actuator_gainprm,
                model.actuator_lengthrange,
                model.actuator_acc0,
                data.actuator_length,
                data.actuator_velocity,
                data.act,
                self.integrator.actuator_biasprm,
            ],
            device=data.act.device,
        )


def muscles_of(model: mujoco.MjModel) -> np.ndarray:
    """Numbers of the actuators with MuJoCo's muscle."""
    return np.flatnonzero(model.actuator_gaintype == mujoco.mjtGain.mjGAIN_MUSCLE).astype(np.int32)
