"""Putting a real exo on the body model (assist-sim), and the sensors on its thighs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from assist_sim.combine import ModelCombiner
from assist_sim.config import DeviceConfig
from assist_sim.registry import resolve_device_config

from core.domain.arrays import Float32Array, FloatArray
from core.domain.body import SIDES, Joint, JointKind
from core.domain.scenario import LEVEL_GROUND, Ground
from core.domain.twin import BodyParameters
from core.errors import refuse
from core.simulation.ground import put_ground
from core.simulation.sensors import add_sensors
from core.twin.body import Fidelity, body_spec

BODY_MODEL = "myolegs"
HIP_JOINTS = tuple(Joint.of(JointKind.HIP_FLEXION, side) for side in SIDES)
HIP_COLUMNS = tuple(joint.column for joint in HIP_JOINTS)


def exo_actuator(joint: Joint) -> str:
    """Name of the exo's motor at a joint in the combined model."""
    return f"Exo_{joint.side.suffix.upper()}"


def attach_exo(spec: Any, device_id: str) -> None:
    """Put the exo on a myolegs `MjSpec`, with its mass and two torque motors at the end of the actuators.

    Works on the full and on the reduced model: both keep the bodies the exo is strapped to. The motors come
    in the order of SIDES; their control is a torque in N m, flexion positive. The exo collides with nothing;
    a body without surfaces gets an exo without surfaces (all its inertias are given as numbers).
    Raises UserError SIM-010 for a device that is unknown, SIM-011 for one that drives no hip motor directly.
    """
    config = _device_config(device_id)
    by_joint = {actuator.joint: actuator for actuator in config.actuators}
    if any(joint.value not in by_joint for joint in HIP_JOINTS):
        raise refuse(
            "SIM-011",
            f"The exo {device_id} cannot be simulated yet.",
            "It does not drive the hip joints by motors of its own.",
            "Choose Hippo_L1.",
        )
    config.actuators = [_torque_motor(by_joint[joint.value], joint) for joint in HIP_JOINTS]
    draws_surfaces = len(list(spec.meshes)) > 0
    ModelCombiner().combine(spec, config, msk_key=BODY_MODEL)
    parts = [body for body in spec.bodies if body.name.startswith(f"{config.name}_")]
    for geom in [geom for body in parts for geom in body.geoms]:
        if draws_surfaces:
            geom.contype = 0
            geom.conaffinity = 0
        else:
            spec.delete(geom)
    if not draws_surfaces:
        for mesh in list(spec.meshes):
            spec.delete(mesh)


@lru_cache(maxsize=12)
def worn_model(
    body: BodyParameters,
    fidelity: Fidelity,
    device_id: str | None,
    *,
    ground: Ground = LEVEL_GROUND,
    surfaces: bool = True,
) -> Any:
    """The compiled body on its ground, with the exo when a device is named. Shared: never change it."""
    spec = body_spec(body, fidelity, surfaces=surfaces)
    put_ground(spec, ground)
    if device_id is not None:
        attach_exo(spec, device_id)
    add_sensors(spec)
    return spec.compile()


def exo_bodies(model: Any, device_id: str) -> tuple[int, ...]:
    """Body numbers of the exo's parts in a compiled model."""
    prefix = f"{_device_config(device_id).name}_"
    return tuple(body for body in range(model.nbody) if model.body(body).name.startswith(prefix))


def _device_config(device_id: str) -> Any:
    try:
        return DeviceConfig.from_yaml(resolve_device_config(BODY_MODEL, device_id))
    except ValueError as error:
        raise refuse(
            "SIM-010",
            f"The exo {device_id} is not known to the simulation.",
            str(error),
            "Choose another exo for this patient.",
        ) from error


def _torque_motor(actuator: Any, joint: Joint) -> Any:
    actuator.name = exo_actuator(joint)
    actuator.gainprm = [1.0, 0.0, 0.0]
    actuator.ctrllimited = False
    actuator.ctrlrange = None
    return actuator


@dataclass(frozen=True, slots=True)
class SensorFaults:
    """How far the hip encoders are from perfect; zero by default."""

    angle_noise_rad: float = 0.0  # standard deviation, white
    velocity_noise_rad_s: float = 0.0
    offset_rad: float = 0.0  # largest constant error of the mounting, uniform per world and side
    latency_s: float = 0.0  # largest delay, uniform per world, whole ticks


class HipSensors:
    """Hip encoders of the exo. Axes: N worlds, 2 sides.

    This exo sits on pelvis and thigh, so what it measures is the hip flexion angle and velocity of the thigh
    relative to the pelvis, not the thigh against gravity as an inertial sensor would.
    """

    def __init__(self, worlds: int, faults: SensorFaults, rate_hz: float, rng: np.random.Generator) -> None:
        self._faults = faults
        self._rng = rng
        self._slots = round(faults.latency_s * rate_hz) + 1
        self._ring = np.zeros((self._slots, worlds, 2 * len(SIDES)), np.float32)
        self._delay = np.zeros(worlds, np.int64)
        self._offset = np.zeros((worlds, len(SIDES)), np.float32)
        self._fresh = np.ones(worlds, np.bool_)
        self._tick = 0
        self.reset(np.ones(worlds, np.bool_))

    def reset(self, worlds: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        """New mounting and delay for the marked worlds (N,)."""
        count = int(worlds.sum())
        self._fresh[worlds] = True
        self._delay[worlds] = self._rng.integers(0, self._slots, count)
        limit = self._faults.offset_rad
        self._offset[worlds] = self._rng.uniform(-limit, limit, (count, len(SIDES)))

    def read(self, angle_rad: FloatArray, velocity_rad_s: FloatArray) -> tuple[Float32Array, Float32Array]:
        """What the exo sees for true hip flexion angle and velocity (N, 2); call once per tick."""
        angle = angle_rad + self._offset + self._noise(angle_rad.shape, self._faults.angle_noise_rad)
        velocity = velocity_rad_s + self._noise(angle_rad.shape, self._faults.velocity_noise_rad_s)
        sample = np.concatenate([angle, velocity], axis=1).astype(np.float32)
        self._tick = (self._tick + 1) % self._slots
        self._ring[self._tick] = sample
        self._ring[:, self._fresh] = sample[self._fresh]
        self._fresh[:] = False
        seen = self._ring[(self._tick - self._delay) % self._slots, np.arange(len(sample))]
        return seen[:, : len(SIDES)], seen[:, len(SIDES) :]

    def _noise(self, shape: tuple[int, ...], deviation: float) -> FloatArray | float:
        return self._rng.normal(0.0, deviation, shape) if deviation > 0 else 0.0
