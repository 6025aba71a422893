"""A controller on the hips of many simulated walkers, and the generic law every wearer could start with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.controller import ExoController, TorqueLimits
from core.domain.twin import Network
from core.exo_core.numpy_runtime import INPUTS, InputHistory, TorqueShaper, forward
from core.learning.rl.networks import perceptron
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.model.exo_model import HIP_COLUMNS
from core.simulation.model.exo_sensors import HipSensors, SensorFaults
from core.simulation.network import normalise

SIZES = (INPUTS, 128, 64, 2)  # Luo et al. 2024, Nature 630:353
VELOCITY_SCALE = 0.15  # a brisk swing, 5 rad/s, becomes as large as its angle
LOW_PASS_HZ = 10.0  # passes the harmonics of walking torque, stops sensor noise; delays by 22 ms
KP_NM_RAD = 50.0  # Luo 2024
KD_NM_S_RAD = 1.0  # Luo's 14.14 would by itself brake a swing of 2 rad/s with more than the peak torque
CONTROL_HZ = 100.0

PERFECT_SENSORS = SensorFaults()
Decide = Callable[[Float32Array], Float32Array]  # inputs (N, 16) -> joint targets (N, 2)


def exo_controller(network: Network, limits: TorqueLimits) -> ExoController:
    """This network with the loop around it that every controller of the program shares."""
    return ExoController(network, VELOCITY_SCALE, LOW_PASS_HZ, KP_NM_RAD, KD_NM_S_RAD, CONTROL_HZ, limits)


class WalkingPolicy:
    """A twin's policy for many walkers at once: `PolicyNetworks.act` in PyTorch.

    NumPy's matrix threads and the physics threads slow each other down on a busy PC, by a factor of ten;
    PyTorch's are set by the job.
    """

    def __init__(self, networks: PolicyNetworks) -> None:
        self._networks = networks
        self._layers = perceptron(networks.policy.sizes, networks.policy.activation)
        linear = [layer for layer in self._layers if isinstance(layer, nn.Linear)]
        with torch.no_grad():
            for layer, weight, bias in zip(
                linear, networks.policy.weights, networks.policy.biases, strict=True
            ):
                layer.weight.copy_(torch.from_numpy(weight.copy()))
                layer.bias.copy_(torch.from_numpy(bias.copy()))

    def act(self, observation: Float32Array) -> FloatArray:
        """Actions (N, 14) for observations (N, O), without noise."""
        own = self._networks
        seen = torch.from_numpy(normalise(observation, own.observation_mean, own.observation_std))
        with torch.no_grad():
            action: FloatArray = self._layers(seen).numpy().astype(np.float64)
        return action


class WornExo:
    """One controller on N walkers: call it as the `assist` of their environment, once per exo tick.

    It runs the code of the real exo on the sensors of the simulated one.
    """

    def __init__(
        self,
        controller: ExoController,
        world: WalkingEnvironment,
        *,
        faults: SensorFaults = PERFECT_SENSORS,
        seed: int = 0,
    ) -> None:
        self.decide: Decide = lambda inputs: forward(controller.network, inputs)
        self._sensors = HipSensors(world.size, faults, controller.control_hz, np.random.default_rng(seed))
        self._history = InputHistory(controller.velocity_scale, world.size)
        self._shaper = TorqueShaper(controller, world.size)
        empty = np.zeros((world.size, SIZES[-1]), np.float32)
        self._seen = (empty, empty)
        self.begin(np.ones(world.size, np.bool_), world)

    def begin(self, which: BoolArray, world: WalkingEnvironment) -> None:
        """Start anew on the marked walkers (N,), who were put back on their feet."""
        self._sensors.reset(which)
        self._shaper.reset(which)
        angle, velocity = (value.astype(np.float32) for value in _hips(world))
        self._history.begin(which, angle, velocity)
        rows = which[:, None]
        self._seen = (np.where(rows, angle, self._seen[0]), np.where(rows, velocity, self._seen[1]))

    def __call__(self, world: WalkingEnvironment) -> FloatArray:
        return self.drive(self.decide(self.look(world)), world)

    def inputs(self) -> Float32Array:
        """What the controller sees (N, 16), from the last look or a later beginning."""
        return self._history.inputs()

    def look(self, world: WalkingEnvironment) -> Float32Array:
        """Read the sensors: the controller's inputs (N, 16) of this tick."""
        self._seen = self._sensors.read(*_hips(world))
        return self._history.push(*self._seen)

    def drive(self, target_rad: Float32Array, world: WalkingEnvironment) -> FloatArray:
        """Torque (N, 2) of this tick for the joint targets (N, 2)."""
        return self._shaper.step(target_rad, *self._seen).astype(np.float64)


def _hips(world: WalkingEnvironment) -> tuple[FloatArray, FloatArray]:
    columns = list(HIP_COLUMNS)
    return world.joint_angle_rad[:, columns], world.joint_velocity_rad_s[:, columns]
