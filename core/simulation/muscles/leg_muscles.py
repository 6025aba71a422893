"""Batched leg muscles: moment arms by polynomials, Hill-type forces by MuJoCo's own formulas.

A leg is a row. A batch of N walkers has 2 N rows, first all right legs, then all left legs, as the model
orders its leg muscles; the joints of a row are the seven of `JointKind`. Muscles of trunk and arms, which
only the 416-muscle body has, come before them in the model and have no row: they stay at rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import Float32Array, FloatArray, IntArray
from core.domain.body import JOINTS, JointKind, Side
from core.gait.norms import normal_reference
from core.simulation.model.joint_coupling import ROOT_POSITIONS, FullPose, dense_moment_arms, joint_limits
from core.simulation.model.model_sensors import SensorColumns
from core.twin.full_body import leg_muscles

MODEL_SIDES = (Side.RIGHT, Side.LEFT)  # the order of the model's muscles
LEG_JOINTS = len(JointKind)
LEG_COLUMNS = np.array([[joint.column for joint in JOINTS if joint.side is side] for side in MODEL_SIDES])
_FIT_POSES = 4000
_FIT_PARTS = 20  # arms about the 128 freedoms of the 416-muscle body in all poses at once fill 300 MB
_ANGLE_UNIT_RAD = 0.5  # polynomials of angles near one are well conditioned
_POSE_SD_RAD = 0.25
_AMPLITUDE = (0.0, 1.8)  # of the normal stride, from standing to climbing and running
_PAIRS = np.array([(i, j) for i in range(LEG_JOINTS) for j in range(i, LEG_JOINTS)])
_TRIPLES = np.array([(pair, k) for pair, (_, j) in enumerate(_PAIRS) for k in range(j, LEG_JOINTS)])


@dataclass(frozen=True, slots=True, eq=False)
class LegTorques:
    """Torque of each row's muscles: torque = active @ activation + passive. R rows, M muscles."""

    active_nm: Float32Array  # (R, 7, M) at full activation
    passive_nm: Float32Array  # (R, 7)


class LegMuscles:
    """Leg muscles of N walkers whose bodies may differ. Axes: A muscles of the body, M of a leg."""

    def __init__(self, models: Sequence[Any]) -> None:
        first = models[0]
        self._count = len(models)
        self._muscles = int(first.na)
        self._legs = leg_columns(first)
        self.leg_muscles = self._legs.shape[1]
        sensors = SensorColumns.of(first)
        self._length, self._speed = sensors.length[self._legs], sensors.speed[self._legs]
        self._activation = 1 + first.nq + first.nv + self._legs
        self._hill = _Hill.of(models)
        polynomials = {id(model): moment_arm_polynomial(model) for model in models}
        distinct = {id(polynomial): polynomial for polynomial in polynomials.values()}
        owner = np.array([id(polynomials[id(model)]) for model in models] * len(MODEL_SIDES))
        self._arms = [(np.flatnonzero(owner == key), polynomial) for key, polynomial in distinct.items()]

    def activation(self, state: FloatArray) -> Float32Array:
        """(2 N, M) from states (N, S)."""
        return _rows(state, self._activation)

    def legs(self, by_walker: FloatArray) -> Float32Array:
        """Rows (2 N, M) from one row of all muscles per walker (N, A)."""
        return _rows(by_walker, self._legs)

    def walkers(self, by_leg: Float32Array) -> FloatArray:
        """The inverse of `legs`, (N, A); zero for the muscles of no leg."""
        muscles = np.zeros((self._count, self._muscles))
        for columns, leg in zip(self._legs, np.split(by_leg, len(MODEL_SIDES)), strict=True):
            muscles[:, columns] = leg
        return muscles

    def torques(self, angle_rad: FloatArray, sensor: FloatArray) -> LegTorques:
        """Joint torques at angles (N, 14) and the muscle lengths and speeds in sensor values (N, Y)."""
        gain, bias = self._hill.force_n(_rows(sensor, self._length), _rows(sensor, self._speed))
        arms_m = self._moment_arms(leg_rows(angle_rad))
        return LegTorques(arms_m * gain[:, None, :], np.einsum("rjm,rm->rj", arms_m, bias))

    def _moment_arms(self, angle_rad: Float32Array) -> Float32Array:
        """(2 N, 7, M) for joint angles (2 N, 7)."""
        features = _features(angle_rad)
        if len(self._arms) == 1:  # bodies of one geometry: no need to pick rows
            arms = features @ self._arms[0][1]
        else:
            arms = np.empty((len(features), LEG_JOINTS * self.leg_muscles), np.float32)
            for rows, polynomial in self._arms:
                arms[rows] = features[rows] @ polynomial
        return arms.reshape(len(features), LEG_JOINTS, self.leg_muscles)


def leg_columns(model: Any) -> IntArray:
    """Where the muscles of each leg, in MODEL_SIDES, are among the model's muscles: (2, M)."""
    names = [model.actuator(number).name for number in range(model.na)]
    columns = [names.index(name) for name in leg_muscles(names)]
    return np.array(columns, np.int64).reshape(len(MODEL_SIDES), -1)


def leg_rows(by_joint: FloatArray) -> Float32Array:
    """Rows (2 N, 7) from the fourteen joints of N walkers (N, 14)."""
    return _rows(by_joint, LEG_COLUMNS)


def _rows(values: FloatArray, columns: IntArray) -> Float32Array:
    """Rows (2 N, K) of legs from values (N, V), by the columns (2, K) of each leg."""
    return np.concatenate([values.take(leg, axis=1) for leg in columns], dtype=np.float32)


def joint_rows(by_leg: Float32Array) -> FloatArray:
    """The inverse of `leg_rows`, (N, 14)."""
    joints = np.empty((len(by_leg) // len(MODEL_SIDES), len(JOINTS)))
    for columns, leg in zip(LEG_COLUMNS, np.split(by_leg, len(MODEL_SIDES)), strict=True):
        joints[:, columns] = leg
    return joints


def moment_arm_polynomial(model: Any) -> Float32Array:
    """Coefficients (120, 7 M) of the right leg's moment arms: cubic polynomials of its seven joint angles.

    Fitted by least squares to poses around the normal stride, from standing to nearly twice its range: there
    the error is a fraction of a millimetre. The left leg is the mirror image.
    """
    return _fitted(Geometry(model))


class Geometry:
    """Cache key by the geometry of muscle paths: models that differ in mass or strength only are equal."""

    def __init__(self, model: Any) -> None:
        self.model = model
        parts = (
            model.body_pos,
            model.site_pos,
            model.geom_pos,
            model.geom_size,
            model.eq_data,
            model.jnt_range,
        )
        self._digest = hashlib.sha256(b"".join(part.tobytes() for part in parts)).digest()

    def __hash__(self) -> int:
        return hash(self._digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Geometry) and self._digest == other._digest


@lru_cache(maxsize=64)
def _fitted(geometry: Geometry) -> Float32Array:
    model = geometry.model
    angle = _poses(model)
    right = MODEL_SIDES.index(Side.RIGHT)
    joints = LEG_COLUMNS[right]
    parts = [exact_moment_arms(model, part) for part in np.array_split(angle, _FIT_PARTS)]
    arms = np.split(np.concatenate(parts), len(MODEL_SIDES), axis=1)[right][:, :, joints]
    features = _features(angle[:, joints].astype(np.float32)).astype(np.float64)
    target = np.swapaxes(arms, 1, 2).reshape(len(angle), -1)
    return np.linalg.lstsq(features, target, rcond=None)[0].astype(np.float32)


def exact_moment_arms(model: Any, angle_rad: FloatArray) -> FloatArray:
    """Moment arms (T, 2 M, 14) in metres of the leg muscles about the fourteen joints at angles (T, 14)."""
    pose, data = FullPose(model), mujoco.MjData(model)
    root = np.zeros((len(angle_rad), ROOT_POSITIONS))
    root[:, 2:4] = 1.0
    legs = leg_columns(model).ravel()
    of_all, moment = np.zeros((model.nu, model.nv)), np.zeros((len(angle_rad), len(legs), model.nv))
    for frame, qpos in enumerate(pose.position(root, angle_rad)):
        data.qpos[:] = qpos
        mujoco.mj_fwdPosition(model, data)
        dense_moment_arms(data, of_all)
        moment[frame] = of_all[legs]
    return pose.joint_moment_arms(moment, angle_rad)


def _poses(model: Any) -> FloatArray:
    rng = np.random.default_rng(0)
    stride = normal_reference().angle_rad
    amplitude = rng.uniform(*_AMPLITUDE, (_FIT_POSES, 1))
    angle = amplitude * stride[rng.integers(0, len(stride), _FIT_POSES)]
    angle = angle + rng.normal(0.0, _POSE_SD_RAD, angle.shape)
    clipped: FloatArray = np.clip(angle, *joint_limits(model))
    return clipped


def _features(angle_rad: Float32Array) -> Float32Array:
    """Products of up to three angles (R, 120)."""
    angle = angle_rad / np.float32(_ANGLE_UNIT_RAD)
    pairs = angle[:, _PAIRS[:, 0]] * angle[:, _PAIRS[:, 1]]
    triples = pairs[:, _TRIPLES[:, 0]] * angle[:, _TRIPLES[:, 1]]
    return np.concatenate([np.ones((len(angle), 1), np.float32), angle, pairs, triples], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Hill:
    """MuJoCo's muscle (mju_muscleGain, mju_muscleBias) for rows of muscles. R rows, M muscles."""

    shortest_m: Float32Array  # (R, M) length at the start of the operating range
    optimal_m: Float32Array  # (R, M) L0
    peak_n: Float32Array  # (R, M)
    low: Float32Array  # (R, M) normalised fibre length at the shortest muscle length
    fibre_min: Float32Array
    fibre_max: Float32Array
    fastest: Float32Array
    passive_peak: Float32Array
    eccentric_peak: Float32Array

    @staticmethod
    def of(models: Sequence[Any]) -> _Hill:
        muscles = [_Hill._muscles(model) for model in models]
        legs = leg_columns(models[0])
        return _Hill(*(_rows(np.array(values), legs) for values in zip(*muscles, strict=True)))

    @staticmethod
    def _muscles(model: Any) -> tuple[FloatArray, ...]:
        """Every field for all muscles (A,) of one model."""
        gain = model.actuator_gainprm[: model.na]
        low, high, peak, scale, fibre_min, fibre_max, fastest, passive, eccentric = gain[:, :9].T
        reach = model.actuator_lengthrange[: model.na]
        peak = np.where(peak < 0, scale / np.maximum(1e-9, model.actuator_acc0[: model.na]), peak)
        optimal = (reach[:, 1] - reach[:, 0]) / np.maximum(1e-9, high - low)
        return reach[:, 0], optimal, peak, low, fibre_min, fibre_max, fastest, passive, eccentric

    def force_n(self, length_m: Float32Array, speed_m_s: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Gain and bias (R, M): actuator force = gain activation + bias; both are negative, muscles pull."""
        length = self.low + (length_m - self.shortest_m) / self.optimal_m
        speed = speed_m_s / (self.optimal_m * self.fastest)
        gain = -self.peak_n * self._active(length) * self._force_velocity(speed)
        return gain, -self.peak_n * self._passive(length)

    def _active(self, length: Float32Array) -> Float32Array:
        """Active force at normalised fibre length: four parabolas."""
        rise, fall = 0.5 * (self.fibre_min + 1), 0.5 * (1 + self.fibre_max)
        steps = (length <= rise, length <= 1, length <= fall, length <= self.fibre_max)
        values = (
            0.5 * ((length - self.fibre_min) / (rise - self.fibre_min)) ** 2,
            1 - 0.5 * ((1 - length) / (1 - rise)) ** 2,
            1 - 0.5 * ((length - 1) / (fall - 1)) ** 2,
            0.5 * ((self.fibre_max - length) / (self.fibre_max - fall)) ** 2,
        )
        active = np.select(steps, values, np.float32(0.0))
        return np.where(length < self.fibre_min, np.float32(0.0), active)

    def _force_velocity(self, speed: Float32Array) -> Float32Array:
        extra = self.eccentric_peak - 1
        steps = (speed <= -1, speed <= 0, speed <= extra)
        lengthening = self.eccentric_peak - (extra - speed) ** 2 / extra
        values = (np.zeros_like(speed), (speed + 1) ** 2, lengthening)
        return np.select(steps, values, self.eccentric_peak)

    def _passive(self, length: Float32Array) -> Float32Array:
        bend = 0.5 * (1 + self.fibre_max)
        stretch = (length - 1) / (bend - 1)
        return np.where(
            length <= 1,
            np.float32(0.0),
            self.passive_peak * np.where(length <= bend, 0.5 * stretch**2, stretch - 0.5),
        )
