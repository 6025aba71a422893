"""Muscle analysis of a simulated walk: force, fibre length, joint moment, power and metabolic cost.

The physics is evaluated again in every state of the walk, so all numbers belong to exactly that walk. A walk
with muscles has its own activations. For a torque-driven walk static optimisation estimates them: those of 80
muscles that make the same torques with the least squared activation. Tendons are rigid, but for the calf's
(`core.twin.tendons`).
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.rollout import MuscleAnalysis
from core.domain.twin import BodyParameters
from core.simulation.model.exo_model import worn_model
from core.simulation.model.joint_coupling import (
    NEUTRAL_ROOT,
    FullPose,
    dense_moment_arms,
    position_columns,
    velocity_columns,
)
from core.simulation.muscles.metabolics import FibreMotion, MetabolicMuscles, leg_actuators, metabolic_power
from core.simulation.muscles.static_optimisation import estimate_activation
from core.twin.body import Fidelity

_CHUNK = 250  # frames whose moment arms are in memory at once; 5 MB
_DRIVE_HZ, _DRIVE_ORDER = 10.0, 2  # of the envelope, as EMG envelopes have
_SHORTEST_TO_SMOOTH = 16  # frames; the filter needs as many


def muscle_analysis(model: Any, state: FloatArray, excitation: FloatArray) -> MuscleAnalysis:
    """Muscle analysis of the leg muscles of a walk whose body has muscles.

    `state` (T, S) full physics states, evenly in time, `excitation` (T, U) the controls applied in
    them; an exo's motors, and muscles of trunk and arms, are left out.
    """
    nq, nv = model.nq, model.nv
    qpos, qvel = state[:, 1 : 1 + nq], state[:, 1 + nq : 1 + nq + nv]
    activation = state[:, 1 + nq + nv : 1 + nq + nv + model.na]
    drive = neural_drive(excitation[:, : model.na], state[:, 0])
    return _facts(model, qpos, qvel, activation, drive, estimated=False)


def neural_drive(excitation: FloatArray, time_s: FloatArray) -> FloatArray:
    """Excitation (T, M) as an EMG envelope shows it: low-passed at 10 Hz without delay, 0..1.

    A muscle actuation commands what brings an activation to its target within milliseconds, on and off; motor
    neurons do not fire like that, and models of metabolic cost, which count every peak, are not made for it.
    """
    if len(excitation) < _SHORTEST_TO_SMOOTH:
        return excitation
    rate_hz = 1.0 / float(np.median(np.diff(time_s)))
    from scipy.signal import butter, sosfiltfilt  # 30 MB that walks by torques do without

    sos = butter(_DRIVE_ORDER, _DRIVE_HZ, fs=rate_hz, output="sos")
    smooth: FloatArray = np.clip(sosfiltfilt(sos, excitation, axis=0), 0.0, 1.0)
    return smooth


def estimated_facts(
    body: BodyParameters, angle_rad: FloatArray, velocity_rad_s: FloatArray, torque_nm: FloatArray
) -> MuscleAnalysis:
    """Muscle analysis of 80 muscles by static optimisation of this motion and these torques, all (T, 14).

    Excitation is taken equal to activation: static optimisation has no activation dynamics.
    """
    model = worn_model(body, Fidelity.STANDARD, None, surfaces=False)
    activation = estimate_activation(body, angle_rad, velocity_rad_s, torque_nm).activation
    pose = FullPose(model)
    qpos = pose.position(np.array([NEUTRAL_ROOT]), angle_rad)
    qvel = pose.velocity(angle_rad, velocity_rad_s)
    return _facts(model, qpos, qvel, activation, activation, estimated=True)


def _facts(
    model: Any,
    qpos: FloatArray,
    qvel: FloatArray,
    activation: FloatArray,
    excitation: FloatArray,
    *,
    estimated: bool,
) -> MuscleAnalysis:
    parameters = MetabolicMuscles.of(model)
    reader = _MuscleStateReader(model)
    pieces = [
        reader.read(
            qpos[start : start + _CHUNK], qvel[start : start + _CHUNK], activation[start : start + _CHUNK]
        )
        for start in range(0, len(qpos), _CHUNK)
    ]
    length_m, speed_m_s, force_n, moment_nm = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    drive = (activation[:, reader.muscles], excitation[:, reader.muscles])
    motion = _fibre_motion(model, parameters, drive, (length_m, speed_m_s, force_n))
    return MuscleAnalysis(
        muscle_names=parameters.names,
        estimated=estimated,
        excitation=motion.excitation.astype(np.float32),
        activation=motion.activation.astype(np.float32),
        force_n=motion.force_n.astype(np.float32),
        fibre_length=motion.length.astype(np.float32),
        fibre_velocity=motion.velocity.astype(np.float32),
        moment_nm=moment_nm,
        power_w=moment_nm * qvel[:, velocity_columns(model)],
        metabolic_w=metabolic_power(parameters, motion),
    )


def _fibre_motion(
    model: Any,
    parameters: MetabolicMuscles,
    drive: tuple[FloatArray, FloatArray],
    muscle_state: tuple[FloatArray, FloatArray, FloatArray],
) -> FibreMotion:
    """From activation and excitation, and from length, speed and pull of the muscles, all (T, M)."""
    length_m, speed_m_s, force_n = muscle_state
    muscles = [model.actuator(name).id for name in parameters.names]
    gain, bias = model.actuator_gainprm[muscles], model.actuator_biasprm[muscles]
    length = gain[:, 0] + (length_m - model.actuator_lengthrange[muscles, 0]) / parameters.optimal_length_m
    return FibreMotion(
        activation=drive[0],
        excitation=drive[1],
        length=length,
        velocity=parameters.fibre_speed * speed_m_s / parameters.optimal_length_m,
        active_force_n=np.maximum(force_n - passive_force(length, bias), 0.0),
        force_n=force_n,
        isometric=active_length_factor(length, gain),
    )


class _MuscleStateReader:
    """Evaluates the leg muscles in given states. A muscles of the body, M of the legs, 14 joints."""

    def __init__(self, model: Any) -> None:
        self._model, self._data, self._pose = model, mujoco.MjData(model), FullPose(model)
        self.muscles = leg_actuators(model)

    def read(
        self, qpos: FloatArray, qvel: FloatArray, activation: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Length [m], speed [m/s] and pull [N] of the muscles (K, M), and their moments [N m] (K, 14).

        `activation` (K, A) is that of all muscles.
        """
        model, data, frames = self._model, self._data, len(qpos)
        length, speed, force = (np.zeros((frames, len(self.muscles))) for _ in range(3))
        arms = np.zeros((frames, model.nu, model.nv))
        for frame in range(frames):
            data.qpos[:], data.qvel[:], data.act[:] = qpos[frame], qvel[frame], activation[frame]
            mujoco.mj_fwdPosition(model, data)
            mujoco.mj_fwdVelocity(model, data)
            mujoco.mj_fwdActuation(model, data)
            length[frame] = data.actuator_length[self.muscles]
            speed[frame] = data.actuator_velocity[self.muscles]
            force[frame] = data.actuator_force[self.muscles]
            dense_moment_arms(data, arms[frame])
        angle = qpos[:, position_columns(model)]
        joint_arms = self._pose.joint_moment_arms(arms[:, self.muscles], angle)
        return length, speed, -force, np.einsum("kmj,km->kj", joint_arms, force)


def active_length_factor(length: FloatArray, gain: FloatArray) -> FloatArray:
    """Active force-length factor (T, M) at normalised lengths; `gain` (M, 10) are MuJoCo's muscle parameters.

    Four pieces of parabolas through 0 at lmin and lmax, 1 at the optimal length and 0.5 half way (MuJoCo
    documentation, Muscle actuators, `FLV.m`).
    """
    shortest, longest = gain[:, 4], gain[:, 5]
    middle = np.where(length <= 1.0, 0.5 * (shortest + 1.0), 0.5 * (1.0 + longest))
    edge = np.where(length <= 1.0, shortest, longest)
    from_edge = (length - edge) / (middle - edge)
    from_top = (length - 1.0) / (middle - 1.0)
    outer = np.abs(length - 1.0) > np.abs(middle - 1.0)
    factor = np.where(outer, 0.5 * from_edge**2, 1.0 - 0.5 * from_top**2)
    return np.where((length < shortest) | (length > longest), 0.0, factor)


def passive_force(length: FloatArray, bias: FloatArray) -> FloatArray:
    """Pull [N] of relaxed muscles (T, M) at normalised lengths; `bias` (M, 10) as in MuJoCo.

    A parabola to fpmax F0 / 2 half way between the optimal and the longest length, then straight (MuJoCo
    documentation, Muscle actuators).
    """
    middle = 0.5 * (1.0 + bias[:, 5])
    fraction = np.maximum(length - 1.0, 0.0) / (middle - 1.0)
    factor = np.where(fraction <= 1.0, 0.5 * fraction**2, fraction - 0.5)
    force: FloatArray = bias[:, 2] * bias[:, 7] * factor
    return force
