"""Markers of a moving body come back as its poses: exactly without noise, within bounds with it."""

import numpy as np
import pytest

from core.domain.body import JOINTS, JointKind
from core.domain.twin import BodyParameters
from core.motion.laboratory_body import TO_BODY, LaboratoryBody, Marker, placed_markers
from core.motion.marker_kinematics import MarkerGoals, _normal_equations, solve_markers
from core.twin.kinematic_tree import ROOT_COLUMNS, KinematicTree
from core.twin.scaling import scales_for_height

FRAMES, RATE_HZ = 61, 60.0
TIME_S = np.arange(FRAMES) / RATE_HZ
PLACES = {  # a triad on every bone: on the skin, not in line
    "pelvis": ((0.03, 0.03, 0.13), (0.03, 0.03, -0.13), (-0.17, 0.04, 0.0)),
    "femur": ((0.05, -0.2, 0.09), (0.1, -0.28, 0.0), (0.03, -0.34, 0.08)),
    "tibia": ((-0.02, -0.06, 0.07), (0.05, -0.1, 0.02), (-0.01, -0.15, 0.08)),
    "calcn": ((-0.02, 0.02, 0.0), (0.12, 0.03, -0.04), (0.2, 0.0, 0.07)),
    "torso": ((0.12, 0.3, 0.0), (0.0, 0.43, 0.17), (0.0, 0.43, -0.17)),
}
TOES = [6 + joint.column for joint in JOINTS if joint.kind is JointKind.TOES]


@pytest.fixture(scope="module")
def body() -> LaboratoryBody:
    return LaboratoryBody(BodyParameters(1.7, 70.0, scales_for_height(1.7)))


@pytest.fixture(scope="module")
def markers(body) -> list[Marker]:
    bones = ["pelvis", "torso", *(f"{bone}_{side}" for bone in ("femur", "tibia", "calcn") for side in "rl")]
    return [
        Marker(bone, np.array(place) * (1.0, 1.0, -1.0 if bone.endswith("_l") else 1.0))
        for bone in bones
        for place in PLACES[bone.split("_")[0]]
    ]


@pytest.fixture(scope="module")
def tree(body, markers) -> KinematicTree:
    return body.tree(markers)


@pytest.fixture(scope="module")
def goals(tree) -> MarkerGoals:
    """All markers alike; the toes, which carry none, stay straight."""
    pull = np.zeros(tree.columns)
    pull[TOES] = 1.0
    return MarkerGoals(np.ones(len(tree.points)), pull, np.zeros(tree.columns))


@pytest.fixture(scope="module")
def walked(tree) -> np.ndarray:
    """Poses that swing as in walking, 1.2 m/s along the lab, all joints at once. (T, N)"""
    phase = 2 * np.pi * TIME_S[:, None]
    shift = np.linspace(0.0, 5.0, tree.columns)
    size = np.array([0.0, 0.0, 0.02, 0.1, 0.1, 0.1, *([0.4] * (tree.columns - 6))])
    pose = size * np.sin(phase + shift)
    pose[:, 1] -= 1.2 * TIME_S
    pose[:, 2] += 0.95
    pose[:, TOES] = 0.0
    return pose


def worst_deg(found, wanted) -> float:
    return float(np.degrees(np.nanmax(np.abs(found - wanted)[:, 3:])))


def test_the_normal_equations_are_those_of_the_jacobian(tree, walked):
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.0, 2.0, (FRAMES, len(tree.points)))
    measured = tree.points_m(walked) + rng.normal(0, 0.05, (FRAMES, len(tree.points), 3))
    pull, target = rng.uniform(0, 1, (2, tree.columns))
    aims = MarkerGoals(np.ones(len(tree.points)), pull, target)

    normal, slope = _normal_equations(tree.twists(walked), walked, weight, measured, aims)
    whole = tree.slopes(walked)
    share = (weight / weight.sum(axis=1, keepdims=True))[..., None]
    jacobian = whole.by_pose.reshape(FRAMES, -1, tree.columns)
    weighted = (share[..., None] * whole.by_pose).reshape(jacobian.shape).swapaxes(1, 2)
    miss = (whole.point_m - measured).reshape(FRAMES, -1, 1)
    np.testing.assert_allclose(normal, weighted @ jacobian + np.diag(pull), atol=1e-12)
    np.testing.assert_allclose(slope, (weighted @ miss)[..., 0] + pull * (walked - target), atol=1e-12)


@pytest.mark.parametrize("turned_rad", [0.0, 1.5, 3.1, -2.0])
def test_exact_markers_give_the_exact_poses_whichever_way_the_person_walks(tree, goals, walked, turned_rad):
    pose = walked.copy()
    c, s = np.cos(turned_rad), np.sin(turned_rad)
    marker_m = tree.points_m(pose) @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]).T

    fit = solve_markers(tree, marker_m, goals)
    assert fit.rms_m < 1e-7
    assert np.degrees(np.abs(fit.pose - pose)[:, ROOT_COLUMNS:]).max() < 1e-4


def test_noise_leaves_the_error_that_the_jacobian_foretells(tree, goals, walked):
    count, noise_m = len(tree.points), 0.003
    noisy = tree.points_m(walked) + np.random.default_rng(1).normal(0, noise_m, (FRAMES, count, 3))
    angles = [column for column in range(3, tree.columns) if column not in TOES]

    found = solve_markers(tree, noisy, goals).pose
    normal, _ = _normal_equations(tree.twists(walked), walked, np.ones((FRAMES, count)), noisy, goals)
    variance = np.linalg.inv(normal).diagonal(axis1=1, axis2=2)[:, angles] * noise_m**2 / count
    rms = np.sqrt(np.mean((found - walked)[:, angles] ** 2))
    assert rms == pytest.approx(np.sqrt(variance.mean()), rel=0.1)


def test_a_marker_out_of_view_changes_nothing_where_two_are_left(tree, goals, walked):
    marker_m = tree.points_m(walked)
    marker_m[10:30, ::3] = np.nan

    fit = solve_markers(tree, marker_m, goals)
    assert worst_deg(fit.pose, walked) < 1e-3
    assert not np.isnan(fit.pose).any()
    assert np.isnan(fit.distance_m[10:30, ::3]).all()


def test_what_no_marker_tells_is_missing_and_the_rest_stays(body, markers, tree, goals, walked):
    marker_m = tree.points_m(walked)
    foot = [number for number, marker in enumerate(markers) if marker.bone == "calcn_l"]
    marker_m[20:25, foot] = np.nan
    marker_m[40] = np.nan

    pose = solve_markers(tree, marker_m, goals).pose
    lost = [body.column_of["ankle_angle_l"], body.column_of["subtalar_angle_l"]]
    assert np.isnan(pose[20:25][:, lost]).all()
    assert np.isnan(pose[40, [column for column in range(tree.columns) if column not in TOES]]).all()
    kept = np.delete(np.arange(FRAMES), 40)
    assert np.isnan(pose[kept]).sum() == 5 * len(lost)
    assert worst_deg(pose, walked) < 1e-3


def test_a_joint_that_moves_no_marker_is_not_told(tree, walked):
    pose = solve_markers(tree, tree.points_m(walked), MarkerGoals.even(tree)).pose

    assert np.isnan(pose[:, TOES]).all()
    assert not np.isnan(np.delete(pose, TOES, axis=1)).any()


def test_poses_to_start_from_save_steps_and_lead_to_the_same(tree, goals, walked):
    marker_m = tree.points_m(walked) + np.random.default_rng(2).normal(
        0, 0.002, (FRAMES, len(tree.points), 3)
    )

    cold = solve_markers(tree, marker_m, goals)
    warm = solve_markers(tree, marker_m, goals, start=cold.pose)
    assert warm.iterations < cold.iterations
    assert worst_deg(warm.pose, cold.pose) < 1e-3


def test_a_heavy_marker_is_followed_and_a_pull_holds_its_joint(tree, goals, walked):
    marker_m = tree.points_m(walked)
    marker_m[:, 0] += 0.03
    weight = np.ones(len(tree.points))
    even = solve_markers(tree, marker_m, goals).distance_m[:, 0].mean()
    weight[0] = 100.0
    heavy = solve_markers(tree, marker_m, MarkerGoals(weight, goals.pull, goals.target))
    assert heavy.distance_m[:, 0].mean() < 0.3 * even

    pull, target = goals.pull.copy(), goals.target.copy()
    pull[9], target[9] = 1000.0, 0.2
    held = solve_markers(tree, marker_m, MarkerGoals(np.ones(len(tree.points)), pull, target))
    np.testing.assert_allclose(held.pose[:, 9], 0.2, atol=1e-3)


def test_markers_are_moved_to_where_a_standing_person_has_them(body, markers, tree, goals):
    standing = np.zeros((1, tree.columns))
    standing[0, 2], standing[0, 6] = 0.95, 0.05
    rng = np.random.default_rng(3)
    worn = [Marker(marker.bone, marker.place_m + rng.normal(0, 0.01, 3)) for marker in markers]
    seen = np.repeat(body.tree(worn).points_m(standing), 5, axis=0)
    seen[2, 4], seen[:, 7] = np.nan, np.nan

    moved, fit = placed_markers(body, markers, seen, goals)
    refit = solve_markers(body.tree(moved), seen, goals)
    assert fit.rms_m > 0.005
    assert refit.rms_m < 1e-6
    np.testing.assert_array_equal(moved[7].place_m, markers[7].place_m)


def test_coordinates_are_told_as_gait2354_tells_them(body):
    """Pelvis and left knee turned by hand in the laboratory's axes: forward, up, right."""
    from scipy.spatial.transform import Rotation

    upright = np.zeros((1, body.columns))
    pelvis = Rotation.from_euler("ZXY", [0.1, -0.2, 0.4]).as_matrix()
    pose = upright.copy()
    pose[0, 3:6] = Rotation.from_matrix(TO_BODY @ pelvis @ TO_BODY.T).as_rotvec()
    pose[0, :3] = TO_BODY @ (1.0, 0.9, 0.2)
    pose[0, body.column_of["knee_angle_l"]] = 0.5

    found = body.coordinates(pose)
    rest = body.coordinates(upright)
    turned = [found[f"pelvis_{name}"][0] for name in ("tilt", "list", "rotation")]
    np.testing.assert_allclose(
        turned, [0.1, -0.2, 0.4], atol=2e-3
    )  # the model's pelvis leans by 0.08 degrees
    np.testing.assert_allclose([found[f"pelvis_t{axis}"][0] for axis in "xyz"], [1.0, 0.9, 0.2], atol=1e-12)
    assert found["knee_angle_l"][0] == -0.5  # flexion is negative there
    assert abs(rest["pelvis_tilt"][0]) < 2e-3
