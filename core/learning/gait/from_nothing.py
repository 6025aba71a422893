"""How a predictive walk begins where nothing shows it: published muscle modules, and stepping poses.

No recorded or simulated walk goes in. Modules: which muscles people use together in walking, found in the EMG
of adults by non-negative factorisation: Ivanenko et al. 2004 (J Physiol 556:267, five factors), Neptune et
al. 2009 (J Biomech 42:1282) and Clark et al. 2010 (J Neurophysiol 103:844, four modules). They print which
muscles are strong in a module; the weights here, one, a half and a quarter, are ours. Muscles that they did
not record go with the group that does the same.
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from core.domain.body import JOINTS, SIDES, JointKind, Side
from core.learning.gait.synergies import LegSynergies
from core.simulation.environment.predictive import RecordedStarts
from core.simulation.model.joint_coupling import FullPose
from core.twin.scaling import neutral_pose

MODULES: tuple[dict[str, float], ...] = (
    # Weight acceptance: extensors of hip and knee, abductors.
    {"glmax": 1.0, "glutmax": 1.0, "vas": 1.0, "recfem": 0.5, "rectfem": 0.5, "glmed": 1.0, "glmin": 1.0,
     "piri": 0.5, "tfl": 0.5, "abd": 1.0, "addmag": 0.5},
    # Push-off: calf, and what steadies the foot.
    {"soleus": 1.0, "gas": 1.0, "tibpost": 0.5, "per": 0.5, "fdl": 0.5, "fhl": 0.5, "glmed": 0.25,
     "abd": 0.25},
    # Early stance and swing: the foot is lifted.
    {"tibant": 1.0, "edl": 1.0, "ehl": 1.0, "recfem": 0.5, "rectfem": 0.5},
    # Late swing: hamstrings slow the leg.
    {"bflh": 1.0, "semi": 1.0, "hamstrings": 1.0, "bfsh": 0.5, "bifemsh": 0.5, "grac": 0.5, "glmax": 0.25,
     "glutmax": 0.25},
    # Lift-off: the thigh is pulled ahead.
    {"iliacus": 1.0, "psoas": 1.0, "iliopsoas": 1.0, "sart": 0.5, "addlong": 0.5, "addbrev": 0.5, "add": 0.25,
     "recfem": 0.5, "rectfem": 0.5, "tfl": 0.25},
)  # fmt: skip
"""Weight by the beginning of the muscle's name, the longest beginning that fits; of 80 and of 26 muscles."""

_SPEEDS_M_S = (0.4, 0.8, 1.2, 1.6)
_STEPS = (0.4, 0.7, 1.0)  # share of a full step
_HIP_RAD, _KNEE_RAD, _ANKLE_RAD = 0.35, 0.25, 0.1  # of the leg ahead and behind, in a full step
_TONE = 0.1  # activation
_FAR_M = 2.0


def published_synergies(muscles: tuple[str, ...]) -> LegSynergies:
    """The modules of both legs on a body's muscle axis; they account for no walk in particular."""
    weight = np.zeros((len(SIDES) * len(MODULES), len(muscles)))
    for row, (side, module) in enumerate((side, module) for side in SIDES for module in MODULES):
        for column, muscle in enumerate(muscles):
            if muscle.endswith(f"_{side.suffix}"):
                weight[row, column] = _weight(muscle, module)
    return LegSynergies(muscles, weight, accounted=float("nan"))


def stepping_starts(model: Any) -> RecordedStarts:
    """Poses of a double support at several speeds and step lengths, each side ahead once; nobody walked them.

    The trunk moves ahead over straight legs as an inverted pendulum does (Cavagna et al. 1977).
    """
    data, full = mujoco.MjData(model), FullPose(model)
    states, sensors, speeds = [], [], []
    for speed in _SPEEDS_M_S:
        for step in _STEPS:
            for side in SIDES:
                _step_pose(model, data, full, speed, step, side)
                state = np.zeros(mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_FULLPHYSICS))
                mujoco.mj_getState(model, data, state, mujoco.mjtState.mjSTATE_FULLPHYSICS)
                states.append(state)
                sensors.append(data.sensordata.copy())
                speeds.append(speed)
    return RecordedStarts(np.array(states), np.array(sensors), np.array(speeds))


def _weight(muscle: str, module: dict[str, float]) -> float:
    fitting = [name for name in module if muscle.startswith(name)]
    return module[max(fitting, key=len)] if fitting else 0.0


def _step_pose(model: Any, data: Any, full: FullPose, speed_m_s: float, step: float, ahead: Side) -> None:
    """Put the body with its lower foot on the floor, moving ahead; walking goes towards negative y."""
    angle = np.zeros((1, len(JOINTS)))
    velocity = np.zeros((1, len(JOINTS)))
    for joint in JOINTS:
        sign = 1.0 if joint.side is ahead else -1.0
        if joint.kind is JointKind.HIP_FLEXION:
            angle[0, joint.column] = sign * step * _HIP_RAD
            velocity[0, joint.column] = -speed_m_s / _leg_m(model)
        elif joint.kind is JointKind.KNEE and joint.side is not ahead:
            angle[0, joint.column] = step * _KNEE_RAD
        elif joint.kind is JointKind.ANKLE:
            angle[0, joint.column] = -sign * step * _ANKLE_RAD
    mujoco.mj_resetData(model, data)
    data.qpos[:] = full.position(neutral_pose(model)[None, :7], angle)[0]
    data.qvel[:] = full.velocity(angle, velocity)[0]
    data.qvel[1] = -speed_m_s
    data.act[:] = _TONE
    mujoco.mj_kinematics(model, data)
    data.qpos[2] -= _lowest_m(model, data)
    mujoco.mj_forward(model, data)


def _leg_m(model: Any) -> float:
    return float(neutral_pose(model)[2])


def _lowest_m(model: Any, data: Any) -> float:
    """Height of the lowest point of the feet over the floor."""
    floor = model.geom("floor").id
    feet = np.flatnonzero(model.geom_contype > 0)
    apart = [
        mujoco.mj_geomDistance(model, data, int(foot), floor, _FAR_M, None) for foot in feet if foot != floor
    ]
    return float(min(apart))
