"""Static optimisation: activations of all 80 muscles that make given joint torques, solved exactly.

Assumes rigid tendons, least squared activation and no activation dynamics: an estimate, never a measurement.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.body import JOINTS, SIDES, Side
from core.domain.twin import BodyParameters
from core.simulation.model.exo_model import worn_model
from core.simulation.model.joint_coupling import NEUTRAL_ROOT, FullPose, dense_moment_arms
from core.twin.body import STRENGTH, Fidelity

RESERVE_FRACTION = 0.02
"""A torque error of this fraction of the joint's strength costs as much as one fully active muscle."""
_Bounds = tuple[FloatArray, FloatArray]  # each (T, M, 1), or one number
_NEWTON_STEPS = 60
_TOLERANCE = 1e-9
_CHUNK = 256  # frames: their moment arms about all degrees of freedom are 6 MB


@dataclass(frozen=True, slots=True, eq=False)
class ActivationEstimate:
    """Muscle activations that explain joint torques. Axes: T frames, M muscles, 14 joints."""

    muscle_names: tuple[str, ...]  # M
    activation: FloatArray  # (T, M) 0..1
    torque_error_nm: FloatArray  # (T, 14) torque of the muscles minus the given torque

    def __post_init__(self) -> None:
        frozen(self, "activation", (None, len(self.muscle_names)))
        frozen(self, "torque_error_nm", (len(self.activation), len(JOINTS)))


@dataclass(frozen=True, slots=True, eq=False)
class MuscleTorques:
    """Torque of the muscles is linear in activation: active_nm @ activation + passive_nm.

    Axes: T frames, 14 joints, M muscles.
    """

    muscle_names: tuple[str, ...]
    active_nm: FloatArray  # (T, 14, M) torque at full activation
    passive_nm: FloatArray  # (T, 14)


def estimate_activation(
    body: BodyParameters, angle_rad: FloatArray, velocity_rad_s: FloatArray, torque_nm: FloatArray
) -> ActivationEstimate:
    """Activations of least squared sum that make the joint torques `torque_nm` at this motion, all (T, 14).

    Minimises sum(a^2) + sum((error / reserve)^2) with 0 <= a <= 1 for every frame on its own (static
    optimisation, Crowninshield & Brand 1981, with a soft torque constraint).
    """
    torques = muscle_torques(body, angle_rad, velocity_rad_s)
    reserve = np.array([RESERVE_FRACTION * STRENGTH[joint.kind].limit_nm for joint in JOINTS])
    activation = np.zeros((len(angle_rad), len(torques.muscle_names)))
    for side in SIDES:
        joints = [joint.column for joint in JOINTS if joint.side is side]
        muscles = _muscles_of(torques.muscle_names, side)
        active = torques.active_nm[:, joints][:, :, muscles] / reserve[joints, None]
        target_torque = (torque_nm - torques.passive_nm)[:, joints] / reserve[joints]
        activation[:, muscles] = bounded_least_squares(active, target_torque)
    muscle_torque_nm = np.einsum("tjm,tm->tj", torques.active_nm, activation) + torques.passive_nm
    return ActivationEstimate(torques.muscle_names, activation, muscle_torque_nm - torque_nm)


def muscle_torques(body: BodyParameters, angle_rad: FloatArray, velocity_rad_s: FloatArray) -> MuscleTorques:
    """Active and passive joint torque of every Hill-type muscle at joint angles and velocities (T, 14)."""
    model = worn_model(body, Fidelity.STANDARD, None, surfaces=False)
    pose, data = FullPose(model), mujoco.MjData(model)
    active = np.zeros((len(angle_rad), len(JOINTS), model.nu))
    passive = np.zeros((len(angle_rad), len(JOINTS)))
    for start in range(0, len(angle_rad), _CHUNK):
        rows = slice(start, start + _CHUNK)
        active[rows], passive[rows] = _torques(model, data, pose, angle_rad[rows], velocity_rad_s[rows])
    return MuscleTorques(tuple(model.actuator(muscle).name for muscle in range(model.nu)), active, passive)


def _torques(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    pose: FullPose,
    angle_rad: FloatArray,
    velocity_rad_s: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Active (T, 14, M) and passive (T, 14) torques of a few frames."""
    qpos = pose.position(np.array([NEUTRAL_ROOT]), angle_rad)
    qvel = pose.velocity(angle_rad, velocity_rad_s)
    frames = len(qpos)
    moment = np.zeros((frames, model.nu, model.nv))
    gain, bias = np.zeros((frames, model.nu)), np.zeros((frames, model.nu))
    for frame in range(frames):
        data.qpos[:], data.qvel[:] = qpos[frame], qvel[frame]
        mujoco.mj_fwdPosition(model, data)
        mujoco.mj_fwdVelocity(model, data)
        dense_moment_arms(data, moment[frame])
        gain[frame], bias[frame] = _hill(model, data)
    arms = pose.joint_moment_arms(moment, angle_rad)
    return np.swapaxes(arms * gain[:, :, None], 1, 2), np.einsum("tmj,tm->tj", arms, bias)


def bounded_least_squares(
    matrix: FloatArray, target: FloatArray, low: FloatArray | float = 0.0, high: FloatArray | float = 1.0
) -> FloatArray:
    """Minimise |a|^2 + |matrix a - target|^2 with low <= a <= high: (T, M).

    `matrix` is (T, J, M), `target` (T, J); the bounds are numbers or (T, M), and zero lies between them.
    Exact: at the optimum a = clip(matrix' y, low, high) with y = target - matrix a, so only the J numbers y
    are sought, by Newton's method on the convex dual with halved steps where it would rise.
    """
    transposed = np.swapaxes(matrix, 1, 2)
    goal = target[..., None]
    bounds = (np.asarray(low)[..., None], np.asarray(high)[..., None])
    unit = np.eye(matrix.shape[1])
    dual = _solve(unit + 0.5 * matrix @ transposed, goal)  # half of the muscles active: near most solutions
    value = _dual_value(transposed @ dual, dual, goal, bounds)
    for _ in range(_NEWTON_STEPS):
        drive = transposed @ dual
        slope = dual + matrix @ np.clip(drive, *bounds) - goal
        if np.abs(slope).max(initial=0.0) < _TOLERANCE * (1.0 + np.abs(goal).max(initial=0.0)):
            break
        inside = (drive > bounds[0]) & (drive < bounds[1])
        step = _solve(unit + (matrix * inside.swapaxes(1, 2)) @ transposed, slope)
        dual, value = _descend(transposed, dual, step, goal, value, bounds)
    activation: FloatArray = np.clip(transposed @ dual, *bounds)[..., 0]
    return activation


def _solve(matrix: FloatArray, right: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


def _descend(
    transposed: FloatArray,
    dual: FloatArray,
    step: FloatArray,
    goal: FloatArray,
    value: FloatArray,
    bounds: _Bounds,
) -> tuple[FloatArray, FloatArray]:
    """Go the longest of the steps 1, 1/2, 1/4, ... that does not raise the dual, frame by frame."""
    length = np.ones((len(dual), 1, 1))
    trial, trial_value = dual, value
    for _ in range(12):
        trial = dual - length * step
        trial_value = _dual_value(transposed @ trial, trial, goal, bounds)
        rises = trial_value > value + 1e-12 * (1.0 + np.abs(value))
        if not rises.any():
            break
        length[rises] *= 0.5
    return trial, trial_value


def _dual_value(drive: FloatArray, dual: FloatArray, goal: FloatArray, bounds: _Bounds) -> FloatArray:
    """Dual objective (T,): its gradient is `dual + matrix clip(drive) - goal`."""
    clipped = np.clip(drive, *bounds)
    value: FloatArray = (
        (clipped * drive - 0.5 * clipped**2).sum(axis=(1, 2))
        + 0.5 * (dual**2).sum(axis=(1, 2))
        - (goal * dual).sum(axis=(1, 2))
    )
    return value


def _hill(model: mujoco.MjModel, data: mujoco.MjData) -> tuple[list[float], list[float]]:
    """MuJoCo's own muscle: force = gain(length, velocity) activation + bias(length)."""
    gain, bias = [], []
    for muscle in range(model.nu):
        length, velocity = data.actuator_length[muscle], data.actuator_velocity[muscle]
        reach, stiff = model.actuator_lengthrange[muscle], model.actuator_acc0[muscle]
        gain.append(mujoco.mju_muscleGain(length, velocity, reach, stiff, model.actuator_gainprm[muscle, :9]))
        bias.append(mujoco.mju_muscleBias(length, reach, stiff, model.actuator_biasprm[muscle, :9]))
    return gain, bias


def _muscles_of(names: tuple[str, ...], side: Side) -> list[int]:
    return [index for index, name in enumerate(names) if name.endswith(f"_{side.suffix}")]
