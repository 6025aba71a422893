"""Lengths, speeds and moment arms of leg muscles along a recorded motion.

The body's muscles wrap around bones, which only the whole model can follow, one pose at a time. Here the
length of every muscle is fitted once per body by a polynomial of the joints that it crosses; its slopes are
the moment arms, so that muscles do by their length exactly the work that they do by their arms. A whole walk
is then a few products of matrices. How far the polynomials are from the model is measured on poses that the
fit did not see, and kept with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray, IntArray
from core.domain.body import JOINTS, JointKind, Side
from core.domain.muscles import Muscle
from core.domain.twin import BodyParameters
from core.gait.norms import normal_reference
from core.simulation.model.joint_coupling import (
    NEUTRAL_ROOT,
    FullPose,
    dense_moment_arms,
    joint_limits,
)
from core.simulation.muscles.leg_muscles import Geometry
from core.twin.body import Fidelity, compile_body

LEG_JOINTS = len(JointKind)
_DEGREE = 5
_FIT_POSES, _TEST_POSES = 2400, 400
_AMPLITUDE = (0.0, 1.8)  # of the normal stride, from standing to climbing and running
_POSE_SD_RAD = 0.15
_ANGLE_UNIT_RAD = 0.6  # polynomials of angles near one are well conditioned
_ARM_WEIGHT_RAD = 0.3  # a moment arm counts as the change of length over so large a turn
_CROSSED_M = 2e-4  # a joint about which a muscle never has more arm than this is not crossed


@dataclass(frozen=True, slots=True, eq=False)
class PathStates:
    """Muscles along a motion. Axes: T frames, 7 joints as in `JointKind`, M muscles."""

    length_m: FloatArray  # (T, M) of muscle and tendon together
    speed_m_s: FloatArray  # (T, M) lengthening positive
    arm_m: FloatArray  # (T, 7, M) moment by pull: a pull F turns the joint by arm F, flexion positive


@dataclass(frozen=True, slots=True, eq=False)
class _PathGroup:
    """Muscles that cross the same joints, as one polynomial of those joints."""

    joints: IntArray  # (K,) of `JointKind`
    muscles: IntArray  # (G,) of `MusclePaths.muscles`
    powers: IntArray  # (F, K)
    coefficient: FloatArray  # (F, G)


@dataclass(frozen=True, slots=True, eq=False)
class MusclePaths:
    """The forty muscles of one leg of a body; the other leg is its mirror image."""

    muscles: tuple[Muscle, ...]  # M
    groups: tuple[_PathGroup, ...]
    length_error_m: float  # root mean square on poses that the fit did not see, worst muscle
    arm_error_m: float  # the same of the moment arms

    def along(self, angle_rad: FloatArray, velocity_rad_s: FloatArray) -> PathStates:
        """Muscles at angles and velocities (T, 7) of one leg."""
        frames, count = len(angle_rad), len(self.muscles)
        length, speed = np.zeros((frames, count)), np.zeros((frames, count))
        arm = np.zeros((frames, LEG_JOINTS, count))
        for group in self.groups:
            value, slopes = _terms(angle_rad[:, group.joints], group.powers)
            length[:, group.muscles] = value @ group.coefficient
            for joint, slope in zip(group.joints, slopes, strict=True):
                stretch = slope @ group.coefficient
                arm[:, joint, group.muscles] = -stretch
                speed[:, group.muscles] += stretch * velocity_rad_s[:, joint, None]
        return PathStates(length, speed, arm)


@lru_cache(maxsize=4)
def muscle_model(body: BodyParameters) -> Any:
    """This person's body with 80 muscles, compiled once; not to be changed."""
    return compile_body(body, Fidelity.STANDARD, surfaces=False)


def muscle_paths(body: BodyParameters) -> MusclePaths:
    """Muscle paths of this person's body with 80 muscles. Bodies of the same bones are fitted once."""
    return paths_of_model(muscle_model(body))


def paths_of_model(model: Any) -> MusclePaths:
    """The same of a compiled model with 80 muscles."""
    return _kept(Geometry(model))


@lru_cache(maxsize=16)
def _kept(geometry: Geometry) -> MusclePaths:
    return fit_paths(geometry.model)


def fit_paths(model: Any) -> MusclePaths:
    """Fit anew, which takes a moment: `paths_of_model` keeps what it found."""
    angle = _poses(model)
    length, arm = exact_paths(model, angle, Side.RIGHT)
    leg = angle[:, [joint.column for joint in JOINTS if joint.side is Side.RIGHT]]
    seen, kept = slice(0, _FIT_POSES), slice(_FIT_POSES, None)
    groups = tuple(
        _fit_group(leg[seen], length[seen], arm[seen], joints, muscles)
        for joints, muscles in _by_joints(arm).items()
    )
    untested = MusclePaths(tuple(Muscle), groups, np.nan, np.nan)
    found = untested.along(leg[kept], np.zeros_like(leg[kept]))
    return MusclePaths(
        tuple(Muscle),
        groups,
        float(_rms(found.length_m - length[kept]).max()),
        float(_rms(found.arm_m - arm[kept]).max()),
    )


def exact_paths(model: Any, angle_rad: FloatArray, side: Side) -> tuple[FloatArray, FloatArray]:
    """Lengths (T, M) and moment arms (T, 7, M) of one leg's muscles by the model itself at angles (T, 14)."""
    pose, data = FullPose(model), mujoco.MjData(model)
    muscles = [model.actuator(muscle.on(side)).id for muscle in Muscle]
    of_all, moment = np.zeros((model.nu, model.nv)), np.zeros((len(angle_rad), len(muscles), model.nv))
    length = np.zeros((len(angle_rad), len(muscles)))
    for frame, qpos in enumerate(pose.position(np.array([NEUTRAL_ROOT]), angle_rad)):
        data.qpos[:] = qpos
        mujoco.mj_fwdPosition(model, data)
        dense_moment_arms(data, of_all)
        moment[frame], length[frame] = of_all[muscles], data.actuator_length[muscles]
    columns = [joint.column for joint in JOINTS if joint.side is side]
    arms = pose.joint_moment_arms(moment, angle_rad)[:, :, columns]
    return length, -np.swapaxes(arms, 1, 2)


def _poses(model: Any) -> FloatArray:
    rng = np.random.default_rng(0)
    stride = normal_reference().angle_rad
    count = _FIT_POSES + _TEST_POSES
    angle = rng.uniform(*_AMPLITUDE, (count, 1)) * stride[rng.integers(0, len(stride), count)]
    clipped: FloatArray = np.clip(angle + rng.normal(0.0, _POSE_SD_RAD, angle.shape), *joint_limits(model))
    return clipped


def _by_joints(arm: FloatArray) -> dict[tuple[int, ...], list[int]]:
    """Muscles by the joints that they cross."""
    crossed = np.abs(arm).max(axis=0) > _CROSSED_M
    groups: dict[tuple[int, ...], list[int]] = {}
    for muscle in range(arm.shape[2]):
        groups.setdefault(tuple(np.flatnonzero(crossed[:, muscle]).tolist()), []).append(muscle)
    return groups


def _fit_group(
    leg: FloatArray, length: FloatArray, arm: FloatArray, joints: tuple[int, ...], muscles: list[int]
) -> _PathGroup:
    """Least squares of lengths and arms together."""
    powers = _powers(len(joints))
    value, slopes = _terms(leg[:, joints], powers)
    matrix = np.concatenate([value, *(_ARM_WEIGHT_RAD * slope for slope in slopes)])
    arms = [-_ARM_WEIGHT_RAD * arm[:, joint][:, muscles] for joint in joints]
    coefficient = np.linalg.lstsq(matrix, np.concatenate([length[:, muscles], *arms]), rcond=None)[0]
    return _PathGroup(np.array(joints), np.array(muscles), powers, coefficient)


def _powers(joints: int) -> IntArray:
    """Exponents (F, K) of all products of up to `_DEGREE` angles."""
    grid = np.indices((_DEGREE + 1,) * joints).reshape(joints, -1).T
    kept: IntArray = grid[grid.sum(axis=1) <= _DEGREE]
    return kept


def _terms(angle_rad: FloatArray, powers: IntArray) -> tuple[FloatArray, list[FloatArray]]:
    """Products of angles (T, F), and their slopes by each of the K angles."""
    scaled = angle_rad / _ANGLE_UNIT_RAD
    by_power = scaled[..., None] ** np.arange(_DEGREE + 1)  # (T, K, degree + 1)
    factor = [by_power[:, k][:, powers[:, k]] for k in range(powers.shape[1])]
    slopes = []
    for k in range(len(factor)):
        rest = [f for other, f in enumerate(factor) if other != k]
        lower = by_power[:, k][:, np.maximum(powers[:, k] - 1, 0)] * powers[:, k] / _ANGLE_UNIT_RAD
        slopes.append(np.prod([lower, *rest], axis=0))
    value: FloatArray = np.prod(factor, axis=0)
    return value, slopes


def _rms(values: FloatArray) -> FloatArray:
    root: FloatArray = np.sqrt(np.mean(values**2, axis=0))
    return root
