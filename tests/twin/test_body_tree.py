"""The tree of hinges is the body model, and its derivatives are those of its points."""

import mujoco
import numpy as np
import pytest

from core.domain.body import JOINTS
from core.domain.twin import BodyParameters, SegmentScale
from core.twin.kinematic_tree import KinematicTree, Link, Point
from core.twin.skeleton import POINTS, POSE_SIZE, Skeleton

BODY = BodyParameters(1.7, 70.0, SegmentScale(0.9, 1.1, 1.0, 0.95, 1.05))
POSES = np.random.default_rng(3).normal(0.0, 0.6, (20, POSE_SIZE))


@pytest.fixture(scope="module")
def skeleton() -> Skeleton:
    return Skeleton(BODY)


def mujoco_points_and_slopes(skeleton, pose):
    """The same through the physics engine: one pose, by its forward kinematics and its Jacobians."""
    model, data = skeleton.model, skeleton.data
    skeleton.set_pose(pose)
    dof = [*range(6), *(model.joint(joint.value).dofadr[0] for joint in JOINTS)]
    points, slopes, whole = [], [], np.zeros((3, model.nv))
    for point in skeleton._tree.points:
        body = model.body(_bone(skeleton, point)).id
        points.append(data.xpos[body] + data.xmat[body].reshape(3, 3) @ point.offset_m)
        mujoco.mj_jac(model, data, whole, None, points[-1], body)
        slopes.append(whole[:, dof])
    return np.stack(points), np.stack(slopes)


def _bone(skeleton, point):
    """The body that a link is the frame of: a hinge's frame is that of the body it is in."""
    name = skeleton._tree.links[point.link].name
    bodies = {joint.value: skeleton.model.joint(joint.value).bodyid[0] for joint in JOINTS}
    return skeleton.model.body(bodies[name]).name if name in bodies else name


def test_landmarks_of_many_poses_are_those_of_the_physics_engine_to_a_nanometre(skeleton):
    wanted = [mujoco_points_and_slopes(skeleton, pose)[0] for pose in POSES]

    np.testing.assert_allclose(skeleton.points_m(POSES), wanted, atol=1e-9)


def test_slopes_by_joints_and_position_are_those_of_the_physics_engine(skeleton):
    wanted = np.stack([mujoco_points_and_slopes(skeleton, pose)[1] for pose in POSES])

    slopes = skeleton._tree.slopes(POSES).by_pose
    columns = [0, 1, 2, *range(6, POSE_SIZE)]  # the engine turns the root about its own axes
    np.testing.assert_allclose(slopes[..., columns], wanted[..., columns], atol=1e-9)


def test_one_pose_and_many_give_the_same(skeleton):
    point_m = skeleton.points_m(POSES[4])

    assert point_m.shape == (len(POINTS), 3)
    np.testing.assert_allclose(point_m, skeleton.points_m(POSES)[4], atol=1e-14)


def bent_tree() -> KinematicTree:
    """A leg whose shank slides on the thigh as it bends, with turned frames and stretchable parts."""
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    axis = np.array([0.6, 0.0, 0.8])

    def glide(angle):
        zero = np.zeros_like(angle)
        return np.stack([0.1 * np.sin(angle), 0.05 * angle**2, zero], 1), np.stack(
            [0.1 * np.cos(angle), 0.1 * angle, zero], 1
        )

    links = [
        Link("thigh", -1, np.array([0.1, 0.2, -0.1]), turn, axis, 6, length=0),
        Link("shank", 0, np.array([0.0, -0.4, 0.0]), turn.T, axis[::-1], 7, length=1, glide=glide),
        Link("foot", 1, np.array([0.0, -0.3, 0.1]), turn),
    ]
    points = [Point(0, np.array([0.1, 0.0, 0.0])), Point(2, np.array([0.2, 0.1, 0.0]), length=0)]
    return KinematicTree(links, points, columns=8, lengths=2)


@pytest.mark.parametrize("turned_rad", [0.5, 3.0, 0.0])
def test_slopes_by_pose_length_and_offset_are_the_derivatives_of_the_points(turned_rad):
    tree = bent_tree()
    pose = np.random.default_rng(1).normal(0, 0.5, (4, 8))
    pose[:, 3:6] *= turned_rad / np.linalg.norm(pose[:, 3:6], axis=1, keepdims=True)
    length, offset_m = np.array([0.1, -0.2]), np.array([[0.1, 0.0, 0.1], [0.2, 0.1, 0.0]])

    found = tree.slopes(pose, length, offset_m)
    for column, step in enumerate(1e-6 * np.eye(8)):
        numeric = tree.points_m(pose + step, length, offset_m) - tree.points_m(pose - step, length, offset_m)
        np.testing.assert_allclose(found.by_pose[..., column], numeric / 2e-6, atol=1e-8)
    for factor, step in enumerate(1e-6 * np.eye(2)):
        numeric = tree.points_m(pose, length + step, offset_m) - tree.points_m(pose, length - step, offset_m)
        np.testing.assert_allclose(found.by_length[..., factor], numeric / 2e-6, atol=1e-8)
    moved = tree.points_m(pose, np.zeros(2), offset_m + 1e-3) - tree.points_m(pose, np.zeros(2), offset_m)
    np.testing.assert_allclose((found.by_offset @ np.full(3, 1e-3)), moved, atol=1e-12)


def test_twists_say_the_same_as_slopes():
    tree = bent_tree()
    pose = np.random.default_rng(2).normal(0, 0.5, (5, 8))

    found, wanted = tree.twists(pose), tree.slopes(pose)
    moved = np.cross(found.twist[:, None, :, :3], found.arm_m[:, :, None]) + found.twist[:, None, :, 3:]
    by_pose = (moved * found.moves.T[None, :, :, None]).swapaxes(2, 3)
    np.testing.assert_allclose(found.point_m, wanted.point_m, atol=1e-14)
    np.testing.assert_allclose(by_pose, wanted.by_pose, atol=1e-12)


def test_two_hinges_cannot_share_a_column():
    hinge = Link("a", -1, np.zeros(3), np.eye(3), np.array([0.0, 0.0, 1.0]), 6)

    with pytest.raises(ValueError, match="share a column"):
        KinematicTree([hinge, hinge], [Point(0, np.zeros(3))], columns=7)
