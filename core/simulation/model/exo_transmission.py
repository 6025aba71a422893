"""From a torque about the assisted joint to the controls of the exo's motors: torques, or tensions of cables.

Controllers, rewards and records know torques about the person's joint only. A cable pulls by a moment arm
that depends on the joint's angle, and never pushes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Joint, JointKind
from core.simulation.model.joint_coupling import dense_moment_arms

_ANGLES = 61  # over a joint's range: a step is about two degrees
_SHORTEST_ARM_M = 0.005  # a cable that lies closer to the joint's axis cannot turn it


class ExoTransmission:
    """The motors of N worn exos, the last actuators of their models: left, then right.

    Of M models that are not the same one; A angles over the range of the joint.
    """

    def __init__(self, models: Sequence[Any], joint: JointKind) -> None:
        unlike = {id(model): model for model in models}
        numbers = list(unlike)
        self._of = np.array([numbers.index(id(model)) for model in models])
        arms = [_moment_arms(model, joint) for model in unlike.values()]
        self._arm, self._first, self._step = (np.array(part) for part in zip(*arms, strict=True))
        limits = np.array([model.actuator_ctrlrange[-len(SIDES) :] for model in models])
        self._low, self._high = limits[..., 0], limits[..., 1]  # (N, 2)

    def arm(self, angle_rad: FloatArray) -> FloatArray:
        """Torque (N, 2) about the joints that one unit of control gives at these angles (N, 2)."""
        place = (angle_rad - self._first[self._of]) / self._step[self._of]
        place = np.clip(place, 0.0, _ANGLES - 1.000001)
        below = place.astype(np.int64)
        part = place - below
        of, sides = self._of[:, None], np.arange(len(SIDES))
        arm: FloatArray = (1.0 - part) * self._arm[of, sides, below] + part * self._arm[of, sides, below + 1]
        return arm

    def driven(self, angle_rad: FloatArray, torque_nm: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Controls (N, 2) for the torques (N, 2) at these angles (N, 2), and the torques that they give.

        These are smaller where the motor is at its limit, and zero where a cable would have to push.
        """
        arm = self.arm(angle_rad)
        useful = np.abs(arm) >= _SHORTEST_ARM_M
        wanted = np.where(useful, torque_nm / np.where(useful, arm, 1.0), 0.0)
        control = np.clip(wanted, self._low, self._high)
        return control, control * arm


def _moment_arms(model: Any, joint: JointKind) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Arms (2, A) at equally spaced angles over each joint's range, the first one (2,) and the spacing (2,).

    All other joints are in their neutral pose. The arm of a motor at the joint is one.
    """
    joints = [model.joint(Joint.of(joint, side).value) for side in SIDES]
    first = np.array([one.range[0] for one in joints])
    step = np.array([one.range[1] - one.range[0] for one in joints]) / (_ANGLES - 1)
    cables = model.actuator_trntype[-len(SIDES) :] == mujoco.mjtTrn.mjTRN_TENDON
    arms = np.ones((len(SIDES), _ANGLES))
    if not cables.any():
        return arms, first, step
    data, moment = mujoco.MjData(model), np.zeros((model.nu, model.nv))
    for number in range(_ANGLES):
        for side, one in enumerate(joints):
            data.qpos[one.qposadr[0]] = first[side] + number * step[side]
        mujoco.mj_fwdPosition(model, data)
        dense_moment_arms(data, moment)
        for side, one in enumerate(joints):
            if cables[side]:
                arms[side, number] = moment[model.nu - len(SIDES) + side, one.dofadr[0]]
    return arms, first, step
