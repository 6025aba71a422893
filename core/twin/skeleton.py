"""Landmarks on the body model."""

from __future__ import annotations

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, Side
from core.domain.recording import Landmark
from core.domain.twin import BodyParameters
from core.twin.body import Fidelity, compile_body
from core.twin.body_tree import POSE_SIZE as POSE_SIZE
from core.twin.body_tree import body_links
from core.twin.kinematic_tree import KinematicTree, Point

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

_LEG_BODY = {"HIP": "femur", "KNEE": "tibia", "ANKLE": "talus", "HEEL": "calcn", "FOOT_INDEX": "calcn"}
_HEEL_TO_TOE = (0.200, 0.0, 0.0)  # in the generic heel bone's frame, on the sole's plane
_SHOULDER = (0.048, 0.345, 0.17)
"""In the generic torso's frame (forward, up, right): straight above the hips, as in people who stand upright;
so the model's pelvis is upright when the line from hips to shoulders is."""


def side_columns(part: str) -> list[int]:
    """Columns of a landmark such as "HEEL" on both sides, in the order of SIDES."""
    return [COLUMN[Landmark[f"{side.name}_{part}"]] for side in SIDES]


class Skeleton:
    """Kinematics of one body. A pose is (POSE_SIZE,): position m, rotation vector rad, angles rad.

    Where poses (T, POSE_SIZE) are given, results have T as their first axis.
    """

    def __init__(self, body: BodyParameters) -> None:
        self.model = compile_body(body, Fidelity.FAST)
        self.data = mujoco.MjData(self.model)
        joints = [self.model.joint(joint.value) for joint in JOINTS]
        self._angle_address = np.array([joint.qposadr[0] for joint in joints])
        self.limit_rad = np.array([joint.range for joint in joints])  # (14, 2)
        places = [_place(landmark, body) for landmark in POINTS]
        links, link = body_links(self.model, {name for name, _ in places})
        points = [Point(link[name], offset) for name, offset in places]
        self._tree = KinematicTree(links, points, columns=POSE_SIZE)

    def set_pose(self, pose: FloatArray) -> None:
        """Move the model to a pose; afterwards `self.data` holds it."""
        self.data.qpos[:3] = pose[:3]
        self.data.qpos[3:7] = self.quaternion(pose)
        self.data.qpos[self._angle_address] = pose[6:]
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)

    def points_m(self, pose: FloatArray) -> FloatArray:
        """Landmarks of poses in the order of `POINTS`. (P, 3)"""
        return self._tree.points_m(np.atleast_2d(pose)).reshape(*pose.shape[:-1], len(POINTS), 3)

    def quaternion(self, pose: FloatArray) -> FloatArray:
        """Orientation of the pelvis root, (4,) w x y z."""
        from scipy.spatial.transform import Rotation  # 16 MB that learning does without

        return np.asarray(Rotation.from_rotvec(pose[..., 3:6]).as_quat(scalar_first=True))


def _place(landmark: Landmark, body: BodyParameters) -> tuple[str, FloatArray]:
    """Body name and position in its frame, scaled like the body; joint centres where they can be."""
    side = Side.LEFT if landmark.name.startswith("LEFT") else Side.RIGHT
    part = landmark.name.split("_", 1)[1]
    if part == "SHOULDER":
        mirror = np.array([1.0, 1.0, -1.0 if side is Side.LEFT else 1.0])
        return "torso", np.array(_SHOULDER) * mirror * body.scale.trunk
    offset = np.array(_HEEL_TO_TOE) * body.scale.foot if part == "FOOT_INDEX" else np.zeros(3)
    return f"{_LEG_BODY[part]}_{side.suffix}", offset
