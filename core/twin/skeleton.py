"""Landmarks on the body model, and their derivatives by its pose."""

from __future__ import annotations

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, Side
from core.domain.recording import Landmark
from core.domain.twin import BodyParameters
from core.twin.body import Fidelity, compile_body

POINTS = (
    Landmark.LEFT_SHOULDER,
    Landmark.RIGHT_SHOULDER,
    Landmark.LEFT_HIP,
    Landmark.RIGHT_HIP,
    Landmark.LEFT_KNEE,
    Landmark.RIGHT_KNEE,
    Landmark.LEFT_ANKLE,
    Landmark.RIGHT_ANKLE,
    Landmark.LEFT_HEEL,
    Landmark.RIGHT_HEEL,
    Landmark.LEFT_FOOT_INDEX,
    Landmark.RIGHT_FOOT_INDEX,
)
COLUMN = {landmark: column for column, landmark in enumerate(POINTS)}

POSE_SIZE = 6 + len(JOINTS)  # pelvis position, pelvis rotation vector, joint angles

_LEG_BODY = {"HIP": "femur", "KNEE": "tibia", "ANKLE": "talus", "HEEL": "calcn", "FOOT_INDEX": "calcn"}
_HEEL_TO_TOE = (0.200, 0.0, 0.0)  # in the generic heel bone's frame, on the sole's plane
_SHOULDER = (0.048, 0.345, 0.17)
"""In the generic torso's frame (forward, up, right): straight above the hips, as in people who stand upright;
so the model's pelvis is upright when the line from hips to shoulders is."""


def side_columns(part: str) -> list[int]:
    """Columns of a landmark such as "HEEL" on both sides, in the order of SIDES."""
    return [COLUMN[Landmark[f"{side.name}_{part}"]] for side in SIDES]


class Skeleton:
    """Kinematics of one body. A pose is (POSE_SIZE,): position m, rotation vector rad, angles rad."""

    def __init__(self, body: BodyParameters) -> None:
        self.model = compile_body(body, Fidelity.FAST)
        self.data = mujoco.MjData(self.model)
        joints = [self.model.joint(joint.value) for joint in JOINTS]
        self._angle_address = np.array([joint.qposadr[0] for joint in joints])
        self._dof = np.concatenate([np.arange(6), [joint.dofadr[0] for joint in joints]])
        self.limit_rad = np.array([joint.range for joint in joints])  # (14, 2)
        places = [_place(landmark, body) for landmark in POINTS]
        self._body_id = [self.model.body(name).id for name, _ in places]
        self._offset_m = [offset for _, offset in places]

    def set_pose(self, pose: FloatArray) -> None:
        """Move the model to a pose; afterwards `self.data` holds it."""
        rotation = np.zeros(4)
        angle = float(np.linalg.norm(pose[3:6]))
        mujoco.mju_axisAngle2Quat(rotation, pose[3:6] / max(angle, 1e-12), angle)
        self.data.qpos[:3] = pose[:3]
        self.data.qpos[3:7] = rotation
        self.data.qpos[self._angle_address] = pose[6:]
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)

    def points_m(self, pose: FloatArray) -> FloatArray:
        """Landmarks of a pose in the order of `POINTS`. (P, 3)"""
        self.set_pose(pose)
        return np.stack([self._point(number) for number in range(len(POINTS))])

    def points_and_slopes(self, pose: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Landmarks (P, 3) and their derivatives by the pose (P, 3, POSE_SIZE)."""
        points = self.points_m(pose)
        slopes = np.zeros((len(POINTS), 3, POSE_SIZE))
        jacobian = np.zeros((3, self.model.nv))
        for number in range(len(POINTS)):
            mujoco.mj_jac(self.model, self.data, jacobian, None, points[number], self._body_id[number])
            slopes[number] = jacobian[:, self._dof]
        slopes[:, :, 3:6] = slopes[:, :, 3:6] @ _right_jacobian(pose[3:6])
        return points, slopes

    def quaternion(self, pose: FloatArray) -> FloatArray:
        """Orientation of the pelvis root, (4,) w x y z."""
        self.set_pose(pose)
        return np.array(self.data.qpos[3:7])

    def _point(self, number: int) -> FloatArray:
        body = self._body_id[number]
        turn = self.data.xmat[body].reshape(3, 3)
        return np.asarray(self.data.xpos[body] + turn @ self._offset_m[number])


def _place(landmark: Landmark, body: BodyParameters) -> tuple[str, FloatArray]:
    """Body name and position in its frame, scaled like the body; joint centres where they can be."""
    side = Side.LEFT if landmark.name.startswith("LEFT") else Side.RIGHT
    part = landmark.name.split("_", 1)[1]
    if part == "SHOULDER":
        mirror = np.array([1.0, 1.0, -1.0 if side is Side.LEFT else 1.0])
        return "torso", np.array(_SHOULDER) * mirror * body.scale.trunk
    offset = np.array(_HEEL_TO_TOE) * body.scale.foot if part == "FOOT_INDEX" else np.zeros(3)
    return f"{_LEG_BODY[part]}_{side.suffix}", offset


def _right_jacobian(rotation: FloatArray) -> FloatArray:
    """Body-frame angular change per change of the rotation vector (Chirikjian 2012, eq. 10.86). (3, 3)"""
    angle = float(np.linalg.norm(rotation))
    x, y, z = rotation
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    if angle < 1e-6:
        return np.eye(3) - cross / 2
    first = (1.0 - np.cos(angle)) / angle**2
    second = (angle - np.sin(angle)) / angle**3
    return np.asarray(np.eye(3) - first * cross + second * cross @ cross)
