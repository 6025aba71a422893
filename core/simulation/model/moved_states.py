"""States of one model as those of another that has the same body and more joints, such as straps."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray

_SIZES = {  # positions and velocities of a joint
    mujoco.mjtJoint.mjJNT_FREE: (7, 6),
    mujoco.mjtJoint.mjJNT_BALL: (4, 3),
    mujoco.mjtJoint.mjJNT_SLIDE: (1, 1),
    mujoco.mjtJoint.mjJNT_HINGE: (1, 1),
}


def moved_states(state: FloatArray, source: Any, target: Any) -> FloatArray:
    """States (K, S) of `source` as states (K, S') of `target`; joints that only it has are at rest.

    A state is MuJoCo's mjSTATE_FULLPHYSICS: time, positions, velocities, activations. Raises ValueError when
    `target` lacks a joint or has other muscles.
    """
    if source.na != target.na:
        raise ValueError(f"a body of {source.na} muscles has no states of one of {target.na}")
    nq, nv = source.nq, source.nv
    position, velocity = state[:, 1 : 1 + nq], state[:, 1 + nq : 1 + nq + nv]
    moved_position = np.tile(target.qpos0, (len(state), 1))
    moved_velocity = np.zeros((len(state), target.nv))
    for number in range(source.njnt):
        joint = source.joint(number)
        try:
            there = target.joint(joint.name)
        except KeyError as error:
            raise ValueError(f"the other model has no joint {joint.name}") from error
        positions, velocities = _SIZES[mujoco.mjtJoint(int(joint.type[0]))]
        here, onto = int(joint.qposadr[0]), int(there.qposadr[0])
        moved_position[:, onto : onto + positions] = position[:, here : here + positions]
        here, onto = int(joint.dofadr[0]), int(there.dofadr[0])
        moved_velocity[:, onto : onto + velocities] = velocity[:, here : here + velocities]
    return np.concatenate([state[:, :1], moved_position, moved_velocity, state[:, 1 + nq + nv :]], axis=1)
