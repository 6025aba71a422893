"""A controller worn by many simulated walkers at once, and a walking policy for them in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.body import SIDES, Joint, JointKind
from core.domain.controller import ExoController, TorqueLimits
from core.domain.twin import Network
from core.exo_core.numpy_runtime import INPUTS, InputHistory, TorqueShaper, forward
from core.learning.rl.networks import load_layers, perceptron
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.state_dict import Stateful, load_with_prefix, with_prefix
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.model.exo_sensors import PERFECT, Encoder, Faults, VirtualSensors
from core.simulation.network import normalise

SIZES = (INPUTS, 128, 64, 2)  # Luo et al. 2024, Nature 630:353
VELOCITY_SCALE = 0.15  # scales a fast swing, 5 rad/s, to the size of its angle
LOW_PASS_HZ = 10.0  # passes the harmonics of walking torque, stops sensor noise; delays by 22 ms
KP_NM_RAD = 50.0  # Luo 2024
KD_NM_S_RAD = 1.0  # Luo's 14.14 would oppose a swing of 2 rad/s with more than the peak torque
CONTROL_HZ = 100.0

Act = Callable[[Float32Array], Float32Array]  # inputs (N, 16) -> joint targets (N, 2) [rad]


def exo_controller(
    network: Network, limits: TorqueLimits, joint: JointKind = JointKind.HIP_FLEXION
) -> ExoController:
    """This network with the input scaling, torque loop and rate that all controllers share."""
    return ExoController(
        network, VELOCITY_SCALE, LOW_PASS_HZ, KP_NM_RAD, KD_NM_S_RAD, CONTROL_HZ, limits, joint=joint
    )


class WalkingPolicy:
    """A twin's policy for many walkers at once: `PolicyNetworks.act` in PyTorch.

    NumPy's matrix threads and the physics threads slow each other down on a busy PC, by a factor of ten;
    PyTorch's are set by the job.
    """

    def __init__(self, networks: PolicyNetworks) -> None:
        self._networks = networks
        self._layers = perceptron(networks.policy.sizes, networks.policy.activation)
        load_layers(self._layers, networks.policy)

    def act(self, observation: Float32Array) -> FloatArray:
        """Actions (N, 14) for observations (N, O), without noise."""
        networks = self._networks
        inputs = torch.from_numpy(normalise(observation, networks.observation_mean, networks.observation_std))
        with torch.no_grad():
            action: FloatArray = self._layers(inputs).numpy().astype(np.float64)
        return action


class WornExo:
    """One controller on N walkers: called as the `assist` of their environment, once per tick of the exo.

    It runs the control code of the real exo on simulated sensors.
    """

    def __init__(
        self,
        controller: ExoController,
        environment: WalkingEnvironment,
        *,
        faults: Faults = PERFECT,
        seed: int = 0,
    ) -> None:
        self.act: Act = lambda inputs: forward(controller.network, inputs)
        self._sensors = VirtualSensors(
            None,
            _encoders(environment),
            environment.size,
            rate_hz=controller.control_hz,
            faults=faults,
            seed=seed,
        )
        self._history = InputHistory(controller.velocity_scale, environment.size)
        self._shaper = TorqueShaper(controller, environment.size)
        empty = np.zeros((environment.size, SIZES[-1]), np.float32)
        self._angle, self._velocity = empty, empty  # of the last sensor reading (N, 2)
        self.reset(np.ones(environment.size, np.bool_), environment)

    def reset(self, which: BoolArray, environment: WalkingEnvironment) -> None:
        """Restart on the marked walkers (N,), whose episodes begin anew."""
        self._sensors.reset(which)
        self._shaper.reset(which)
        angle, velocity = (value.astype(np.float32) for value in _joints(environment))
        self._history.begin(which, angle, velocity)
        rows = which[:, None]
        self._angle = np.where(rows, angle, self._angle)
        self._velocity = np.where(rows, velocity, self._velocity)

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes from tick to tick."""
        own = {"angle": self._angle.copy(), "velocity": self._velocity.copy()}
        for prefix, part in self._parts():
            own |= with_prefix(prefix, part)
        return own

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        self._angle, self._velocity = np.array(state["angle"]), np.array(state["velocity"])
        for prefix, part in self._parts():
            load_with_prefix(prefix, part, state)

    def _parts(self) -> tuple[tuple[str, Stateful], ...]:
        return ("sensors_", self._sensors), ("history_", self._history), ("shaper_", self._shaper)

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        return self.torque_nm(self.act(self.read_sensors(environment)))

    @property
    def reading(self) -> tuple[Float32Array, Float32Array]:
        """Angle and velocity (N, 2) of the last sensor reading, or of a later reset."""
        return self._angle, self._velocity

    def inputs(self) -> Float32Array:
        """The controller's inputs (N, 16), from the last sensor reading or a later reset."""
        return self._history.inputs()

    def read_sensors(self, environment: WalkingEnvironment) -> Float32Array:
        """Read the sensors: the controller's inputs (N, 16) of this tick."""
        by_side = np.stack(_joints(environment), axis=2)  # (N, 2, 2) angle and velocity of each side
        true = by_side.reshape(environment.size, -1)
        reading = self._sensors.read_true(true)
        self._angle, self._velocity = reading[:, 0::2], reading[:, 1::2]
        return self._history.push(self._angle, self._velocity)

    def torque_nm(self, target_rad: Float32Array) -> FloatArray:
        """Torque (N, 2) of this tick for the joint targets (N, 2)."""
        return self._shaper.step(target_rad, self._angle, self._velocity).astype(np.float64)


def _joints(environment: WalkingEnvironment) -> tuple[FloatArray, FloatArray]:
    """Angle and velocity (N, 2) of the assisted joints, before the sensors' own noise and delay."""
    return environment.exo_reading


def _encoders(environment: WalkingEnvironment) -> tuple[Encoder, ...]:
    """An exo sits on both segments of its joint: it measures one against the other, not against gravity."""
    return tuple(Encoder(Joint.of(environment.exo_joint, side)) for side in SIDES)
