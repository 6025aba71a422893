"""Small real controllers and packages for the tests of the deploy room."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from core.deploy.package import PackageFile, build_package, parse_package
from core.devices.profiles import load_profile
from core.domain.controller import ExoController, TorqueLimits, TrainedController
from core.domain.twin import Network

DEVICE = "Hippo_L1"
TAG = "0123456789abcdef0123456789abcdef"
LIMITS = TorqueLimits(peak_nm=12.0, rate_nm_s=150.0, hip_range_rad=1.396)


def network(seed: int, gain: float = 1.0) -> Network:
    """The size that runs on the exo; `gain` scales how much torque it wishes for."""
    rng = np.random.default_rng(seed)
    sizes = (16, 128, 64, 2)
    weights = tuple(
        (gain * rng.normal(0.0, np.sqrt(2.0 / inputs), (outputs, inputs))).astype(np.float32)
        for inputs, outputs in pairwise(sizes)
    )
    biases = tuple(np.zeros(outputs, np.float32) for outputs in sizes[1:])
    return Network(weights, biases, "relu")


def trained(seed: int = 1, *, limits: TorqueLimits = LIMITS, gain: float = 1.0) -> TrainedController:
    controller = ExoController(
        network=network(seed, gain),
        velocity_scale=0.25,
        low_pass_hz=6.0,
        kp_nm_rad=50.0,
        kd_nm_s_rad=2.0,
        control_hz=100.0,
        limits=limits,
    )
    return TrainedController(
        controller=controller,
        device_id=DEVICE,
        curves=(),
        control_steps=1,
        control_steps_per_s=1.0,
        effort_ratio_with_exo=0.9,
        falls_per_minute=0.0,
    )


def package(
    seed: int = 1, *, tag: str = TAG, limits: TorqueLimits = LIMITS, gain: float = 1.0
) -> PackageFile:
    built = build_package(trained(seed, limits=limits, gain=gain), load_profile(DEVICE), tag)
    return parse_package(built.archive)
