"""Simulated sensors of the exo, with noise, bias, delay, misplacement and dropout.

`add_probes` adds MuJoCo sensors of the true quantities to the model, so that a rollout in C returns them;
`VirtualSensors` turns them into the device's readings at its own rate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray, IntArray
from core.domain.body import Joint, Side


class ImuSite(StrEnum):
    """Where an inertial sensor can be worn."""

    PELVIS = "pelvis"
    THIGH = "thigh"
    SHANK = "shank"
    FOOT = "foot"

    def body(self, side: Side) -> str:
        """Body of the model."""
        return self.value if self is ImuSite.PELVIS else f"{_BODIES[self]}_{side.suffix}"


_BODIES = {ImuSite.THIGH: "femur", ImuSite.SHANK: "tibia", ImuSite.FOOT: "calcn"}
_PLACE_Y_M = {
    ImuSite.PELVIS: 0.0,
    ImuSite.THIGH: -0.2,
    ImuSite.SHANK: -0.2,
    ImuSite.FOOT: 0.0,
}  # from the joint above


@dataclass(frozen=True, slots=True)
class Imu:
    """Gyroscope (3) [rad/s] and direction of the measured acceleration (3), at rest the way up.

    In the sensor's axes; worn straight, these are the segment's: x forward, y up the bone, z to the right.
    """

    segment: ImuSite
    side: Side

    @property
    def channels(self) -> int:
        return 6


@dataclass(frozen=True, slots=True)
class Encoder:
    """Angle [rad] and angular velocity [rad/s] of a joint, flexion positive."""

    joint: Joint

    @property
    def channels(self) -> int:
        return 2


@dataclass(frozen=True, slots=True)
class FootSwitch:
    """1 while the ground carries more than `threshold_n` under the foot, else 0."""

    side: Side
    threshold_n: float = 30.0  # a foot that merely brushes the ground stays off

    @property
    def channels(self) -> int:
        return 1


Sensor = Imu | Encoder | FootSwitch


@dataclass(frozen=True, slots=True)
class Faults:
    """How far sensors are from perfect; zero by default. Noise is white, a standard deviation.

    Bias, delay and misplacement are drawn once per walker and sensor, uniformly up to the given size.
    """

    gyroscope_noise_rad_s: float = 0.0
    gyroscope_bias_rad_s: float = 0.0
    acceleration_noise: float = 0.0  # of the direction, before it is made a unit vector again
    misplacement_rad: float = 0.0  # turn of an IMU on its segment, about a random axis
    misplacement_least_rad: float = 0.0  # no IMU is turned by less
    angle_noise_rad: float = 0.0
    angle_bias_rad: float = 0.0
    velocity_noise_rad_s: float = 0.0
    delay_s: float = 0.0  # whole ticks of the device
    dropout: float = 0.0  # fraction of ticks without a new sample: the sensor keeps its last one


PERFECT = Faults()


def add_probes(spec: Any, sensors: tuple[Sensor, ...]) -> None:
    """Add what these sensors measure to a body's `MjSpec`. Foot switches use the ground sensors."""
    for number, sensor in enumerate(sensors):
        if isinstance(sensor, Imu):
            _add_imu(spec, _probe(number), sensor)
        elif isinstance(sensor, Encoder):
            for kind, word in ((mujoco.mjtSensor.mjSENS_JOINTPOS, "angle"), (_JOINT_SPEED, "speed")):
                name = f"{_probe(number)}_{word}"
                joint = sensor.joint.value
                spec.add_sensor(name=name, type=kind, objtype=mujoco.mjtObj.mjOBJ_JOINT, objname=joint)


# What changes in `VirtualSensors` from tick to tick; keys of stored checkpoints.
_STATE = ("ring", "reading", "delay", "bias", "misplacement", "just_reset")


class VirtualSensors:
    """Sensors of N walkers at the device's own rate, C channels. Same seed, same readings.

    `model` has their probes; without one the true values are given to `read_true`.
    """

    def __init__(
        self,
        model: Any | None,
        sensors: tuple[Sensor, ...],
        walkers: int,
        *,
        rate_hz: float,
        faults: Faults,
        seed: int,
    ) -> None:
        self._sensors, self._faults = sensors, faults
        self._rng = np.random.default_rng(seed)
        self._true_values = None if model is None else _TrueValues(model, sensors)
        self.starts: IntArray = np.cumsum([0, *(sensor.channels for sensor in sensors)]).astype(np.int64)
        self._noise = self._deviations()
        self._slots = round(faults.delay_s * rate_hz) + 1
        self._ring = np.zeros((self._slots, walkers, int(self.starts[-1])), np.float32)
        self._reading = np.zeros(self._ring.shape[1:], np.float32)
        self._delay: IntArray = np.zeros((walkers, len(sensors)), np.int64)
        self._bias: FloatArray = np.zeros(self._ring.shape[1:])
        self._misplacement: FloatArray = np.tile(np.eye(3), (walkers, len(sensors), 1, 1))
        self._just_reset: BoolArray = np.ones(walkers, np.bool_)
        self._tick = 0
        self.reset(self._just_reset)

    @property
    def channels(self) -> tuple[slice, ...]:
        """The channels of each sensor."""
        return tuple(slice(int(a), int(b)) for a, b in zip(self.starts[:-1], self.starts[1:], strict=True))

    def reset(self, which: BoolArray) -> None:
        """Draw new bias, delay and misplacement for the marked walkers (N,), as after donning the device."""
        count = int(which.sum())
        self._just_reset[which] = True
        self._delay[which] = self._rng.integers(0, self._slots, (count, len(self._sensors)))
        limit = self._largest_bias()
        self._bias[which] = self._rng.uniform(-limit, limit, (count, len(limit)))
        self._misplacement[which] = self._misplaced(count)

    def read(self, sensordata: FloatArray) -> Float32Array:
        """Readings (N, C) for the model's sensor values (N, Y); call once per tick."""
        assert self._true_values is not None, "sensors without a model read true values"
        return self.read_true(self._true_values.read(sensordata))

    def read_true(self, values: FloatArray) -> Float32Array:
        """Readings (N, C) for the true values (N, C); call once per tick."""
        sample = self._measured(values.copy()).astype(np.float32)
        self._tick = (self._tick + 1) % self._slots
        self._ring[self._tick] = sample
        self._ring[:, self._just_reset] = sample[self._just_reset]
        slot = self._per_channel((self._tick - self._delay) % self._slots)
        delayed = self._ring[slot, np.arange(len(sample))[:, None], np.arange(sample.shape[1])]
        dropped = self._per_channel(self._rng.random(self._delay.shape) < self._faults.dropout)
        self._reading = np.where(dropped & ~self._just_reset[:, None], self._reading, delayed)
        self._just_reset[:] = False
        return self._reading.copy()

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes from tick to tick, the generator of the noise too."""
        generator = json.dumps(self._rng.bit_generator.state).encode()
        own = {name: np.array(getattr(self, f"_{name}")) for name in _STATE}
        return own | {"tick": np.array([self._tick]), "random": np.frombuffer(generator, np.uint8).copy()}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        for name in _STATE:
            setattr(self, f"_{name}", np.array(state[name]))
        self._tick = int(state["tick"][0])
        self._rng.bit_generator.state = json.loads(state["random"].tobytes())

    def _measured(self, values: FloatArray) -> FloatArray:
        """Samples (N, C) with misplacement, bias and noise, before delay and dropout; changes `values`."""
        for number, (sensor, own) in enumerate(zip(self._sensors, self.channels, strict=True)):
            if isinstance(sensor, Imu):
                vectors = values[:, own].reshape(-1, 2, 3)
                values[:, own] = np.einsum("nij,nkj->nki", self._misplacement[:, number], vectors).reshape(
                    -1, 6
                )
        values += self._bias + self._rng.normal(0.0, 1.0, values.shape) * self._noise
        for sensor, own in zip(self._sensors, self.channels, strict=True):
            if isinstance(sensor, Imu):
                direction = values[:, own.start + 3 : own.stop]
                direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
        return values

    def _deviations(self) -> FloatArray:
        """Standard deviation of each channel (C,)."""
        own = self._faults
        return self._each(
            imu=[own.gyroscope_noise_rad_s] * 3 + [own.acceleration_noise] * 3,
            encoder=[own.angle_noise_rad, own.velocity_noise_rad_s],
        )

    def _largest_bias(self) -> FloatArray:
        """Largest bias of each channel (C,)."""
        own = self._faults
        return self._each(imu=[own.gyroscope_bias_rad_s] * 3 + [0.0] * 3, encoder=[own.angle_bias_rad, 0.0])

    def _each(self, *, imu: list[float], encoder: list[float]) -> FloatArray:
        values: list[float] = []
        for sensor in self._sensors:
            values += imu if isinstance(sensor, Imu) else encoder if isinstance(sensor, Encoder) else [0.0]
        return np.array(values)

    def _misplaced(self, count: int) -> FloatArray:
        """Rotations (count, sensors, 3, 3) about random axes by up to `misplacement_rad`."""
        shape = (count, len(self._sensors))
        axis = self._rng.normal(0.0, 1.0, (*shape, 3))
        axis /= np.linalg.norm(axis, axis=-1, keepdims=True)
        own = self._faults
        angle = self._rng.uniform(own.misplacement_least_rad, own.misplacement_rad, shape)[..., None, None]
        return axis_angle_matrices(axis, angle)

    def _per_channel(self, values: np.ndarray) -> np.ndarray:
        """(N, sensors) -> (N, C)."""
        return np.repeat(values, np.diff(self.starts), axis=1)


def axis_angle_matrices(axis: FloatArray, angle: FloatArray) -> FloatArray:
    """Rotation matrices (..., 3, 3) about unit axes (..., 3) by angles (..., 1, 1): Rodrigues' formula."""
    cross = np.zeros((*axis.shape, 3))
    x, y, z = np.moveaxis(axis, -1, 0)
    cross[..., 0, 1], cross[..., 0, 2], cross[..., 1, 2] = -z, y, -x
    cross -= np.swapaxes(cross, -1, -2)
    rotation: FloatArray = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)
    return rotation


_JOINT_SPEED = mujoco.mjtSensor.mjSENS_JOINTVEL


def _probe(number: int) -> str:
    return f"probe_{number}"


def _add_imu(spec: Any, name: str, imu: Imu) -> None:
    body = spec.body(imu.segment.body(imu.side))
    body.add_site(name=name, pos=[0.0, _PLACE_Y_M[imu.segment], 0.0])
    for kind, word in (
        (mujoco.mjtSensor.mjSENS_GYRO, "gyro"),
        (mujoco.mjtSensor.mjSENS_ACCELEROMETER, "acc"),
    ):
        spec.add_sensor(name=f"{name}_{word}", type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname=name)


class _TrueValues:
    """Reads the true quantities from the sensor axis of a rollout."""

    def __init__(self, model: Any, sensors: tuple[Sensor, ...]) -> None:
        columns: list[int] = []
        self._switches: list[tuple[int, float]] = []
        self._directions: list[int] = []
        for number, sensor in enumerate(sensors):
            if isinstance(sensor, Imu):
                self._directions.append(len(columns) + 3)
                columns += _columns(model, f"{_probe(number)}_gyro") + _columns(
                    model, f"{_probe(number)}_acc"
                )
            elif isinstance(sensor, Encoder):
                columns += _columns(model, f"{_probe(number)}_angle") + _columns(
                    model, f"{_probe(number)}_speed"
                )
            else:
                self._switches.append((len(columns), sensor.threshold_n))
                columns.append(_columns(model, f"ground_{sensor.side.suffix}")[2])
        self._columns = np.array(columns, np.int64)

    def read(self, sensordata: FloatArray) -> FloatArray:
        """True values (N, C): accelerations as directions, switches as 0 or 1."""
        values: FloatArray = sensordata[:, self._columns].astype(np.float64)
        for start in self._directions:
            direction = values[:, start : start + 3]
            direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
        for column, threshold_n in self._switches:
            values[:, column] = np.abs(values[:, column]) > threshold_n
        return values


def _columns(model: Any, name: str) -> list[int]:
    sensor = model.sensor(name)
    return list(range(int(sensor.adr[0]), int(sensor.adr[0]) + int(sensor.dim[0])))
