"""Claims about pictures, forces and strides of a simulated walk."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.body import JOINTS, Side
from core.domain.rollout import GaitLabel, Rollout
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.simulation.analysis.ground_reactions import ground_contacts
from core.simulation.analysis.rollout import (
    body_poses,
    even_paths,
    playback_of,
    record_rollout,
    scene_geometry,
    trace_walk,
)
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.simulation.model.joint_coupling import position_columns
from core.simulation.model.visual_meshes import BONE_FACES, EXO_FACES, cluster
from core.simulation.reference_gait.reference_strides import StrideBank
from core.twin.body import Fidelity

DEVICE = "Hippo_L1"


def kinematic_walk(frames: int = 20) -> np.ndarray:
    """Positions (T, 21) of the fast model through one normal stride, 1 m above the floor."""
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None)
    bank = StrideBank([normal_reference()])
    qpos = np.zeros((frames, model.nq))
    qpos[:, 2:4] = 1.0
    angles = np.concatenate([bank.angle(np.array([f / frames])) for f in range(frames)])
    qpos[:, position_columns(model)] = angles
    return qpos


@pytest.fixture(scope="module")
def rollout() -> Rollout:
    """The untaught twin with servos on the reference: it stumbles, and falls, in about a second."""
    walker = Walker(worn_model(GENERIC_BODY, Fidelity.FAST, None), GENERIC_BODY, normal_reference())
    environment = WalkingEnvironment([walker], seed=3, threads=1)
    trace = trace_walk(environment, lambda seen: np.zeros((1, 14)), None, 4.0)
    return record_rollout(GaitLabel.DEFAULT_TWIN, GENERIC_BODY, trace, None)


@pytest.mark.slow
def test_the_scene_is_light_enough_for_software_rendering() -> None:
    scene = scene_geometry(GENERIC_BODY, DEVICE)
    bones = sum(len(mesh.face) for mesh in scene.meshes if mesh.kind == "bone")
    exo = sum(len(mesh.face) for mesh in scene.meshes if mesh.kind == "exo")
    assert 8_000 < bones <= BONE_FACES and 4_000 < exo <= EXO_FACES


@pytest.mark.slow
def test_every_mesh_has_its_body_in_the_playback_in_the_same_order() -> None:
    scene, playback = (
        scene_geometry(GENERIC_BODY, DEVICE),
        playback_of(GENERIC_BODY, kinematic_walk(), DEVICE),
    )
    assert playback.body_names == tuple(mesh.body for mesh in scene.meshes)
    names, position, quaternion = body_poses(GENERIC_BODY, kinematic_walk(), DEVICE)
    assert names == playback.body_names
    np.testing.assert_array_equal(position, playback.body_position_m)
    np.testing.assert_array_equal(quaternion, playback.body_quaternion)


@pytest.mark.slow
def test_without_exo_only_bones_are_named() -> None:
    with_exo = set(body_poses(GENERIC_BODY, kinematic_walk(1), DEVICE)[0])
    without = set(body_poses(GENERIC_BODY, kinematic_walk(1), None)[0])
    assert without < with_exo and not any("hippo" in name for name in without)


def test_the_real_knee_is_filled_and_close_to_the_fast_hinge() -> None:
    qpos = kinematic_walk()
    fast = worn_model(GENERIC_BODY, Fidelity.FAST, None)
    data = mujoco.MjData(fast)
    names, position, _ = body_poses(GENERIC_BODY, qpos, None)
    foot = names.index("calcn_l")
    gaps = []
    for frame, pose in enumerate(qpos):
        data.qpos[:] = pose
        mujoco.mj_kinematics(fast, data)
        gaps.append(np.linalg.norm(data.body("calcn_l").xpos - position[frame, foot]))
    assert 1e-4 < max(gaps) < 0.15  # the coupled knee also turns and glides


def test_muscle_paths_have_a_fixed_number_of_points_and_keep_their_length() -> None:
    qpos = kinematic_walk()
    playback = playback_of(GENERIC_BODY, qpos, None)
    assert len(playback.muscle_names) == 80 and playback.muscle_start[-1] == playback.muscle_point_m.shape[1]
    points = playback.muscle_point_m[:, playback.muscle_start[33] : playback.muscle_start[34]]
    steps = np.linalg.norm(np.diff(points, axis=1), axis=2)
    assert steps.min() > 1e-6  # no two points on one spot: tubes can be drawn


def test_missing_points_go_onto_the_path() -> None:
    short = np.array([[0.0, 0, 0], [1.0, 0, 0]])
    long = np.array([[0.0, 0, 0], [0.5, 0.5, 0], [0.7, 0.2, 0], [1.0, 0, 0]])
    points, start = even_paths([short, long], np.array([[2], [4]]))
    assert start.tolist() == [0, 4]
    np.testing.assert_allclose(points[0, :, 0], [0, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(points[1], long)


def test_a_fall_has_a_time_and_a_cause(rollout: Rollout) -> None:
    assert rollout.fell_at_s == pytest.approx(rollout.walked_s)
    assert rollout.walked_s < 4.0 and rollout.fall_cause


def test_ground_force_carries_the_body_and_acts_under_the_feet(rollout: Rollout) -> None:
    weight = 9.81 * GENERIC_BODY.mass_kg
    vertical = rollout.ground_force_n[:, :, 2]
    assert vertical.min() >= 0.0 and vertical.sum(axis=1).max() > 0.8 * weight
    loaded = vertical > 100.0
    pressure = rollout.centre_of_pressure_m[loaded]
    assert np.abs(pressure[:, 2]).max() < 0.02
    feet = [rollout.playback.body_names.index(f"calcn_{side.suffix}") for side in Side]
    heels = rollout.playback.body_position_m[:, feet][loaded]
    assert np.linalg.norm(pressure[:, :2] - heels[:, :2], axis=1).max() < 0.35
    assert np.isnan(rollout.centre_of_pressure_m[vertical == 0.0]).all()


def test_rollout_torques_obey_the_joints_strength(rollout: Rollout) -> None:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None)
    lowest, highest = model.actuator_forcerange[: len(JOINTS)].T
    assert (rollout.joint_torque_nm >= lowest - 1e-9).all()
    assert (rollout.joint_torque_nm <= highest + 1e-9).all()
    assert rollout.exo_torque_nm.max() == 0.0


def test_strides_are_found_from_vertical_force_and_bounces_and_scuffs_are_ignored() -> None:
    time_s = np.arange(0, 5.0, 0.002)
    phase = (time_s - 0.3) % 1.1
    force = np.where(phase < 0.66, 700.0, 0.0)
    force[(phase > 0.3) & (phase < 0.33)] = 0.0  # a bounce
    force[(phase > 0.85) & (phase < 0.9)] = 300.0  # the toes scuff the floor in swing
    strides = ground_contacts(Side.LEFT, force, 0.002)
    assert [round(stride.start_s, 2) for stride in strides] == [0.3, 1.4, 2.5, 3.6]
    assert all(stride.toe_off_s - stride.start_s == pytest.approx(0.66, abs=0.004) for stride in strides)


def test_clustering_keeps_the_shape_within_a_cell() -> None:
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle), np.zeros(200)], axis=1)
    vertex = np.concatenate([ring, [[0.0, 0.0, 0.5]]])
    face = np.stack([np.arange(200), (np.arange(200) + 1) % 200, np.full(200, 200)], axis=1)
    thin_vertex, thin_face = cluster((vertex, face), 0.2)
    assert len(thin_face) < 60 and thin_face.max() == len(thin_vertex) - 1
    assert np.abs(np.linalg.norm(thin_vertex[:, :2], axis=1)[thin_vertex[:, 2] < 0.1] - 1).max() < 0.05
