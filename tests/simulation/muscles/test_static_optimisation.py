"""Claims about the muscles behind joint torques."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import lsq_linear

from core.domain.body import JOINTS
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.simulation.muscles.static_optimisation import (
    RESERVE_FRACTION,
    MuscleTorques,
    bounded_least_squares,
    estimate_activation,
    muscle_torques,
)
from core.simulation.reference_gait.reference_strides import StrideBank
from core.twin.body import STRENGTH

RESERVE = np.array([RESERVE_FRACTION * STRENGTH[joint.kind].limit_nm for joint in JOINTS])
FRAMES = 24


@pytest.fixture(scope="module")
def gait() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Angles, velocities and plausible torques of one normal stride."""
    bank = StrideBank([normal_reference()])
    phase = np.arange(FRAMES) / FRAMES
    angle = np.concatenate([bank.angle(np.array([p])) for p in phase])
    velocity = np.concatenate([bank.velocity(np.array([p])) for p in phase])
    rng = np.random.default_rng(0)
    limit = np.array([STRENGTH[joint.kind].limit_nm for joint in JOINTS])
    torque = 0.15 * limit * np.sin(2 * np.pi * phase[:, None] + rng.uniform(0, 6, len(JOINTS)))
    return angle, velocity, torque


@pytest.fixture(scope="module")
def torques(gait: tuple[np.ndarray, np.ndarray, np.ndarray]) -> MuscleTorques:
    return muscle_torques(GENERIC_BODY, gait[0], gait[1])


def test_activations_equal_an_independent_bounded_solver(
    gait: tuple[np.ndarray, np.ndarray, np.ndarray], torques: MuscleTorques
) -> None:
    estimate = estimate_activation(GENERIC_BODY, *gait)
    for frame in range(0, FRAMES, 4):
        matrix = np.vstack([torques.active_nm[frame] / RESERVE[:, None], np.eye(80)])
        target_torque = (gait[2][frame] - torques.passive_nm[frame]) / RESERVE
        oracle = lsq_linear(
            matrix, np.concatenate([target_torque, np.zeros(80)]), (0, 1), method="bvls", tol=1e-12
        )
        np.testing.assert_allclose(estimate.activation[frame], oracle.x, atol=1e-7)


def test_muscles_make_a_walking_persons_torques(gait: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    estimate = estimate_activation(GENERIC_BODY, *gait)
    assert estimate.activation.min() >= 0.0 and estimate.activation.max() <= 1.0
    sagittal = [j.column for j in JOINTS if j.value.startswith(("hip_flexion", "knee", "ankle"))]
    assert np.sqrt((estimate.torque_error_nm[:, sagittal] ** 2).mean()) < 2.0


def test_the_knee_arm_is_that_of_the_real_coupled_knee(torques: MuscleTorques) -> None:
    """Virtual work: moment arm = - d length / d knee angle along the coupled motion."""
    import mujoco

    from core.simulation.model.exo_model import worn_model
    from core.simulation.model.joint_coupling import FullPose
    from core.twin.body import Fidelity

    model = worn_model(GENERIC_BODY, Fidelity.STANDARD, None)
    data, full = mujoco.MjData(model), FullPose(model)
    knee = next(j.column for j in JOINTS if j.value == "knee_angle_r")
    root, lengths = np.array([[0, 0, 1, 1, 0, 0, 0.0]]), []
    for angle in (0.6 - 1e-4, 0.6, 0.6 + 1e-4):
        pose = np.zeros((1, 14))
        pose[0, knee] = angle
        data.qpos[:] = full.position(root, pose)[0]
        mujoco.mj_fwdPosition(model, data)
        lengths.append(data.actuator_length.copy())
    moment = np.zeros((1, model.nu, model.nv))
    pose[0, knee] = 0.6
    data.qpos[:] = full.position(root, pose)[0]
    mujoco.mj_fwdPosition(model, data)
    mujoco.mju_sparse2dense(
        moment[0], data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
    )
    arms = full.joint_moments(moment, pose)[0, :, knee]
    np.testing.assert_allclose(arms, (lengths[2] - lengths[0]) / 2e-4, atol=2e-4)
    vastus = torques.muscle_names.index("vaslat_r")
    assert 0.02 < abs(arms[vastus]) < 0.06


def test_any_bounds_around_zero_are_kept() -> None:
    rng = np.random.default_rng(3)
    matrix, target = rng.normal(0.0, 5.0, (6, 3, 8)), rng.normal(0.0, 20.0, (6, 3))
    low, high = -rng.uniform(0.0, 1.0, (6, 8)), rng.uniform(0.1, 2.0, (6, 8))
    activation = bounded_least_squares(matrix, target, low, high)
    for frame in range(6):
        stacked, goal = np.vstack([matrix[frame], np.eye(8)]), np.concatenate([target[frame], np.zeros(8)])
        oracle = lsq_linear(stacked, goal, (low[frame], high[frame]), method="bvls", tol=1e-12)
        np.testing.assert_allclose(activation[frame], oracle.x, atol=1e-6)


def test_impossible_torques_saturate_and_are_reported_as_error() -> None:
    rng = np.random.default_rng(2)
    matrix, target = rng.normal(0.0, 5.0, (6, 3, 8)), 1e4 * np.ones((6, 3))
    activation = bounded_least_squares(matrix, target)
    for frame in range(6):
        stacked = np.vstack([matrix[frame], np.eye(8)])
        oracle = lsq_linear(stacked, np.concatenate([target[frame], np.zeros(8)]), (0, 1), method="bvls")
        np.testing.assert_allclose(activation[frame], oracle.x, atol=1e-6)
