"""Golden vectors: what the one runtime answers to a fixed walk, and whether a device answers the same."""

from __future__ import annotations

import numpy as np

from core.deploy.blob import GoldenVectors
from core.domain.arrays import Float32Array
from core.domain.controller import ExoController
from core.exo_core.numpy_runtime import ExoRuntime

GOLDEN_TICKS = 64
_SEED = 20_24  # any fixed number; the vectors must not depend on when they are made


def golden_vectors(controller: ExoController) -> GoldenVectors:
    """Run the controller from a fresh start over strides of changing size with noise on top."""
    time_s = np.arange(GOLDEN_TICKS)[:, None] / controller.control_hz
    phase = 2.0 * np.pi * 0.9 * time_s + np.array([[0.0, np.pi]])
    size = np.linspace(0.1, 0.6, GOLDEN_TICKS)[:, None]
    noise = np.random.default_rng(_SEED).normal(0.0, 0.02, (GOLDEN_TICKS, 2))
    angle = (size * np.sin(phase) + noise).astype(np.float32)
    velocity = (size * 2.0 * np.pi * 0.9 * np.cos(phase) + 5.0 * noise).astype(np.float32)
    return GoldenVectors(angle, velocity, reference_torque(controller, angle, velocity))


def reference_torque(
    controller: ExoController, angle_rad: Float32Array, velocity_rad_s: Float32Array
) -> Float32Array:
    """Torque (T, 2) [N m] from a fresh start for angle and velocity (T, 2)."""
    runtime = ExoRuntime(controller)
    return np.array(
        [runtime.step(angle, speed) for angle, speed in zip(angle_rad, velocity_rad_s, strict=True)],
        np.float32,
    )
