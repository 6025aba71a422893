"""First-order activation dynamics of muscles, forwards and inverted (Millard et al. 2013, eq. 1)."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from core.domain.arrays import Float32Array, FloatArray

ACTIVATION_TIME_S, DEACTIVATION_TIME_S = 0.01, 0.04  # MuJoCo's defaults
_STEP_S = 0.002  # as the physics
ArrayT = TypeVar("ArrayT", Float32Array, FloatArray)


def activation_after(activation: FloatArray, excitation: FloatArray, duration_s: float) -> FloatArray:
    """Activation (N, M) after a constant excitation (N, M), in the physics' own steps."""
    for _ in range(round(duration_s / _STEP_S)):
        difference = excitation - activation
        activation = activation + _STEP_S * difference / time_constant_s(activation, excitation)
    return activation


def excitation_for(activation: ArrayT, target: ArrayT, duration_s: float) -> ArrayT:
    """Constant excitation 0..1 that brings `activation` to `target` in `duration_s`, or close to it."""
    fraction = 1.0 - np.exp(-duration_s / time_constant_s(activation, target))
    excitation: ArrayT = np.clip(activation + (target - activation) / fraction, 0.0, 1.0)
    return excitation


def time_constant_s(activation: ArrayT, excitation: ArrayT) -> ArrayT:
    """Rise is slower the more active a muscle is, decay is faster."""
    slowing = 0.5 + 1.5 * activation
    constant: ArrayT = np.where(
        excitation > activation, ACTIVATION_TIME_S * slowing, DEACTIVATION_TIME_S / slowing
    )
    return constant
