"""Claims about the code that runs on the exo every 10 ms."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys

import numpy as np
import pytest

from core.domain.controller import ExoController, TorqueLimits
from core.domain.twin import Network
from core.exo_core.numpy_runtime import INPUTS, ExoRuntime, forward

LIMITS = TorqueLimits(peak_nm=10.0, rate_nm_s=150.0, hip_range_rad=1.4)


def random_controller(seed: int = 0, gain: float = 1.0) -> ExoController:
    rng = np.random.default_rng(seed)
    sizes = (INPUTS, 128, 64, 2)
    weights = tuple(gain * rng.normal(0.0, 1.0 / np.sqrt(a), (b, a)) for a, b in itertools.pairwise(sizes))
    network = Network(weights, tuple(rng.normal(0.0, 0.1, b) for b in sizes[1:]), "relu")
    return ExoController(network, 0.1, 10.0, 50.0, 1.0, 100.0, LIMITS)


def walk(steps: int) -> tuple[np.ndarray, np.ndarray]:
    phase = 2 * np.pi * np.arange(steps)[:, None] / 110 + np.array([0.0, np.pi])
    return (0.4 * np.sin(phase)).astype(np.float32), (2.3 * np.cos(phase)).astype(np.float32)


def test_forward_is_the_multilayer_perceptron() -> None:
    network = random_controller().network
    inputs = np.random.default_rng(1).normal(size=(5, INPUTS)).astype(np.float32)
    hidden = inputs.astype(float)
    for index, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        hidden = hidden @ weight.T.astype(float) + bias
        hidden = np.maximum(hidden, 0.0) if index < 2 else hidden
    np.testing.assert_allclose(forward(network, inputs), hidden, atol=1e-5)


def test_one_world_gives_the_same_bits_as_many() -> None:
    network = random_controller().network
    inputs = np.random.default_rng(1).normal(size=(64, INPUTS)).astype(np.float32)
    many = forward(network, inputs)
    one = np.stack([forward(network, row) for row in inputs])
    assert many.tobytes() == one.tobytes()


def test_torque_never_exceeds_peak_and_rate_whatever_the_network_says() -> None:
    runtime = ExoRuntime(random_controller(gain=30.0))
    torque = np.array([runtime.step(a, v) for a, v in zip(*walk(300), strict=True)])
    assert np.abs(torque).max() <= LIMITS.peak_nm
    assert np.abs(np.diff(torque, axis=0)).max() <= LIMITS.rate_nm_s / 100.0 + 1e-5
    assert np.abs(torque).max() > 5.0


def test_torque_is_zero_beyond_the_hip_range_and_for_samples_that_are_not_finite() -> None:
    runtime = ExoRuntime(random_controller(gain=10.0))
    angle, velocity = walk(60)
    for a, v in zip(angle, velocity, strict=True):
        before = runtime.step(a, v)
    assert np.abs(before).max() > 0.0
    assert runtime.step(np.array([1.5, -0.1], np.float32), np.zeros(2, np.float32))[0] == 0.0
    lost = runtime.step(np.array([0.1, np.nan], np.float32), np.zeros(2, np.float32))
    assert lost[1] == 0.0 and np.isfinite(lost).all()


def test_constant_target_settles_to_the_pd_law() -> None:
    zero = random_controller().network
    network = dataclasses.replace(
        zero,
        weights=tuple(np.zeros_like(w) for w in zero.weights),
        biases=(np.zeros(128), np.zeros(64), np.array([0.1, -0.05])),
    )
    runtime = ExoRuntime(dataclasses.replace(random_controller(), network=network))
    for _ in range(100):
        torque = runtime.step(np.array([0.05, 0.0], np.float32), np.array([0.5, 0.0], np.float32))
    np.testing.assert_allclose(torque, [50 * 0.05 - 0.5, -2.5], atol=1e-3)


def test_reset_forgets_the_past() -> None:
    runtime, fresh = ExoRuntime(random_controller()), ExoRuntime(random_controller())
    for a, v in zip(*walk(30), strict=True):
        runtime.step(a, v)
    runtime.reset()
    a, v = walk(1)
    assert runtime.step(a[0], v[0]).tobytes() == fresh.step(a[0], v[0]).tobytes()


def test_a_network_of_another_kind_is_refused() -> None:
    controller = random_controller()
    with pytest.raises(ValueError, match="relu"):
        forward(dataclasses.replace(controller.network, activation="tanh"), np.zeros(16, np.float32))


def test_the_runtime_needs_neither_torch_nor_mujoco() -> None:
    heavy = "('torch', 'mujoco', 'scipy')"
    code = f"import sys, core.exo_core.numpy_runtime; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
