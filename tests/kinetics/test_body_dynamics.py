"""The recursion against MuJoCo's own inverse dynamics of the same body."""

from __future__ import annotations

from copy import copy

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS
from core.domain.motion import Kinematics
from core.domain.twin import BodyParameters, SegmentScale
from core.kinetics.body_dynamics import JOINT_COLUMNS, BodyDynamics, course_of_motion
from core.kinetics.rigid_tree import GRAVITY_M_S2, Course, Load
from core.simulation.model.exo_model import worn_model
from core.twin.body import Fidelity, compile_body

CHILD = BodyParameters(1.45, 32.1, SegmentScale(0.8, 0.85, 0.82, 0.85, 0.88))
EVERY = 7  # frames are enough
TIME_S = np.linspace(0.0, 1.0, 101)


@pytest.fixture(scope="module")
def moving() -> Kinematics:
    """A made-up motion that turns and swings everything, quickly."""
    phase = 2 * np.pi * TIME_S
    angle = np.stack([0.4 * np.sin(phase + k) for k in range(len(JOINTS))], axis=1)
    place = np.stack([0.05 * np.sin(phase), -1.2 * TIME_S, 0.9 + 0.03 * np.sin(2 * phase)], axis=1)
    turned = Rotation.from_euler("ZXY", np.stack([0.6 * TIME_S, 0.1 * np.sin(phase), 0.2 * np.cos(phase)], 1))
    return Kinematics(TIME_S, angle, place, turned.as_quat(scalar_first=True))


def mujoco_moments(course: Course, device_id: str, force_n: FloatArray, at_m: FloatArray) -> FloatArray:
    """Joint moments by `mj_inverse`, with a force on the right heel bone."""
    exo = worn_model(CHILD, Fidelity.FAST, device_id, surfaces=False) if device_id else None
    model = compile_body(CHILD, Fidelity.FAST) if exo is None else copy(exo)
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONSTRAINT
    model.opt.gravity = (0.0, 0.0, -GRAVITY_M_S2)
    for passive in (model.dof_armature, model.dof_damping, model.jnt_stiffness):
        passive[:] = 0.0
    data, rows = mujoco.MjData(model), []
    joints = [int(model.joint(joint.value).qposadr[0]) for joint in JOINTS]
    dofs = [int(model.joint(joint.value).dofadr[0]) for joint in JOINTS]
    for k in range(0, len(course.value), EVERY):
        data.qpos[:3] = course.value[k, :3]
        turned = Rotation.from_euler("ZXY", course.value[k, 3:6])
        data.qpos[3:7] = turned.as_quat(scalar_first=True)
        data.qpos[joints] = course.value[k, JOINT_COLUMNS]
        before, after = (
            Rotation.from_euler(
                "ZXY",
                course.value[k, 3:6]
                + step * course.rate[k, 3:6]
                + 0.5 * step**2 * course.acceleration[k, 3:6],
            )
            for step in (-1e-4, 1e-4)
        )
        data.qvel[:3], data.qacc[:3] = course.rate[k, :3], course.acceleration[k, :3]
        first, second = (turned.inv() * before).as_rotvec(), (turned.inv() * after).as_rotvec()
        data.qvel[3:6], data.qacc[3:6] = (second - first) / 2e-4, (second + first) / 1e-8
        data.qvel[dofs] = course.rate[k, JOINT_COLUMNS]
        data.qacc[dofs] = course.acceleration[k, JOINT_COLUMNS]
        mujoco.mj_inverse(model, data)
        jacobian = np.zeros((3, model.nv))
        mujoco.mj_jac(model, data, jacobian, None, at_m[k], model.body("calcn_r").id)
        rows.append((data.qfrc_inverse - jacobian.T @ force_n[k])[dofs])
    return np.array(rows)


@pytest.mark.parametrize("device_id", ["", "Hippo_L1"])
def test_moments_are_those_of_mujocos_inverse_dynamics(moving: Kinematics, device_id: str) -> None:
    """Also of a body that carries an exo."""
    body = BodyDynamics.of(CHILD, device_id)
    course = course_of_motion(moving, cutoff_hz=None)
    force_n = np.tile([20.0, -40.0, 300.0], (len(TIME_S), 1))
    at_m = body.soles_m(course)[:, 1, 1]

    load = Load(body.foot_part[1], force_n, at_m, np.zeros_like(force_n))
    found = body.tree.moments(course, [load])[:, JOINT_COLUMNS]

    wanted = mujoco_moments(course, device_id, force_n, at_m)
    np.testing.assert_allclose(found[::EVERY], wanted, atol=2e-3)


def test_the_ground_gives_the_whole_weight_of_who_stands_still() -> None:
    still = Kinematics(
        TIME_S, np.zeros((101, 14)), np.tile([0.0, 0.0, 0.9], (101, 1)), np.tile([1.0, 0, 0, 0], (101, 1))
    )
    body = BodyDynamics.of(CHILD)
    course = course_of_motion(still)
    total = body.tree.total(course)

    np.testing.assert_allclose(total.force_n[50], [0.0, 0.0, CHILD.mass_kg * GRAVITY_M_S2], atol=1e-6)
    centre = body.tree.centre_m(course.value)[50]
    weight = np.array([0.0, 0.0, CHILD.mass_kg * GRAVITY_M_S2])
    np.testing.assert_allclose(total.moment_nm[50], np.cross(centre, weight), atol=1e-6)
