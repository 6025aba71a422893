"""An exo that feels its wearer by one gyroscope on each thigh, worn by many simulated walkers at once."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.body import SIDES, Joint
from core.domain.controller import ExoController, ExoSensors, Sense
from core.exo_core.numpy_runtime import TorqueShaper
from core.learning.exo.temporal_network import StreamedNetwork
from core.learning.exo.worn_controller import WornExo
from core.simulation.environment.batch_environment import BatchEnvironment
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.model.exo_sensors import PERFECT, Encoder, Faults, Imu, ImuSite, Sensor, VirtualSensors
from core.simulation.model.thigh_gyros import SAGITTAL, ThighGyros

_SENSORS: tuple[Sensor, ...] = (
    *(Imu(ImuSite.THIGH, side) for side in SIDES),
    *(Encoder(Joint.of(Joint.HIP_FLEXION_L.kind, side)) for side in SIDES),
)
_IMU, _ENCODER = 6, 2  # channels
_UP = (0.0, 1.0, 0.0)  # direction of an accelerometer that nobody reads here


class SensingExo(Protocol):
    """An exo on a batch of walkers that tells what its sensors read."""

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        """Torque (N, 2) of this tick."""

    def reset(self, which: BoolArray, environment: WalkingEnvironment) -> None:
        """The marked walkers (N,) start again."""

    @property
    def reading(self) -> tuple[Float32Array, Float32Array]:
        """Angle and velocity (N, 2) of the last sensor reading."""


def wear(
    controller: ExoController, environment: WalkingEnvironment, *, faults: Faults = PERFECT, seed: int = 0
) -> SensingExo:
    """This controller on all walkers of `environment`, with the sensors that it was made for."""
    if controller.sensors is ExoSensors.THIGH_GYROS:
        return GyroExo(controller, environment, faults=faults, seed=seed)
    return WornExo(controller, environment, faults=faults, seed=seed)


class GyroExo:
    """A controller that reads thigh gyros, on N walkers: an `assist`, once per tick of the exo.

    The network sees the two gyros and nothing else. The angle, beyond which a side gives nothing, is the
    exo's own, as for every controller.
    """

    def __init__(
        self,
        controller: ExoController,
        environment: BatchEnvironment,
        *,
        faults: Faults = PERFECT,
        seed: int = 0,
    ) -> None:
        self._signals = [_SIDE_OF[signal.sense] for signal in controller.reads.signals]
        self._scale = np.array([signal.scale for signal in controller.reads.signals], np.float32)
        count = environment.size
        rate_hz = controller.control_hz
        self._sensors = VirtualSensors(None, _SENSORS, count, rate_hz=rate_hz, faults=faults, seed=seed)
        self._gyros = ThighGyros(environment.physics.models)
        self._network, self._shaper = StreamedNetwork(controller, count), TorqueShaper(controller, count)
        self._held: FloatArray = np.zeros((count, len(SIDES), 3))
        self._angle = self._velocity = np.zeros((count, len(SIDES)), np.float32)
        self.output: Float32Array = self._angle  # of the network (N, 2), before the torque loop

    def reset(self, which: BoolArray, environment: BatchEnvironment) -> None:
        """The marked walkers (N,) start again, with the exo put on anew."""
        self._sensors.reset(which)
        self._network.reset(which)
        self._shaper.reset(which)

    @property
    def reading(self) -> tuple[Float32Array, Float32Array]:
        """Angle of the joint and turning of the thigh (N, 2) of the last sensor reading."""
        return self._angle, self._velocity

    def __call__(self, environment: BatchEnvironment) -> FloatArray:
        self.read_sensors(environment)
        self.output = self._network.step(self._velocity[:, self._signals] * self._scale)
        return self._shaper.step(self.output, self._angle, self._velocity).astype(np.float64)

    def read_sensors(self, environment: BatchEnvironment) -> None:
        """Once per tick."""
        read = self._sensors.read_true(self._true(environment))
        gyros = read[:, : len(SIDES) * _IMU].reshape(len(read), len(SIDES), _IMU)
        self._velocity = gyros[:, :, SAGITTAL]
        self._angle = read[:, len(SIDES) * _IMU :: _ENCODER]

    def _true(self, environment: BatchEnvironment) -> FloatArray:
        """(N, C) of `_SENSORS`, frozen where a failure of the exo freezes them."""
        physics, state = environment.physics, environment.state
        turning = self._gyros.read(physics.position(state), physics.velocity(state))
        angle, speed = environment.exo_reading
        moves = environment.joint_velocity_rad_s[:, environment.exo_columns]
        # A failure that freezes an encoder, which then differs from the truth, freezes the gyro beside it.
        self._held = np.where((speed != moves)[:, :, None], self._held, turning)
        up = np.broadcast_to(_UP, turning.shape)
        imus = np.concatenate([self._held, up], axis=2).reshape(len(turning), -1)
        return np.concatenate([imus, np.stack([angle, speed], axis=2).reshape(len(angle), -1)], axis=1)


_SIDE_OF = {Sense.VELOCITY_LEFT: 0, Sense.VELOCITY_RIGHT: 1}
