"""The person's own scaled body as a tree of rigid parts, and a recorded motion as its coordinates.

Bones, masses and joints are those of the compiled FAST body, so `mj_inverse` of that body gives the same
moments. Columns: place of the pelvis, its heading, list and tilt (angles about the turning z, x, y axes), the
fourteen joints in `JOINTS`' order, and the trunk's three angles against the pelvis.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES
from core.domain.motion import Kinematics
from core.domain.twin import BodyParameters
from core.kinetics.rigid_tree import Course, Mass, Part, RigidTree
from core.kinetics.smoothing import WALKING_HZ, course_of
from core.kinetics.worn_exo import exo_masses
from core.twin.body import Fidelity, compile_body

ROOT = 6
JOINT_COLUMNS = slice(ROOT, ROOT + len(JOINTS))
TRUNK_COLUMNS = slice(JOINT_COLUMNS.stop, JOINT_COLUMNS.stop + 3)
COLUMNS = TRUNK_COLUMNS.stop

_COLUMN = {joint.value: ROOT + place for place, joint in enumerate(JOINTS)}
_TRUNK_BEGINS = "lumbar5"
_TRUNK_AXES = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))  # extension, bending, rotation
_ROOT_ORDER = "ZXY"
_ROOT_BODY = 1
_UP = np.array([0.0, 0.0, 1.0])
# On the sole, in the frames of the generic heel bone and toes: behind the heel, under the ball, at the toes.
_SOLE = (("calcn", (-0.02, 0.0, 0.0)), ("toes", (0.0, 0.0, 0.0)), ("toes", (0.065, 0.0, 0.0)))


@dataclass(frozen=True, slots=True, eq=False)
class BodyDynamics:
    """One person's tree, and where forces of the ground act."""

    tree: RigidTree
    parameters: BodyParameters
    foot_part: tuple[int, int]  # heel bones, in the order of SIDES
    bone_part: dict[str, int]  # by the name of the bone
    sole: tuple[tuple[int, FloatArray], ...]  # heel, ball, toe of the left sole, then of the right one

    @classmethod
    def of(cls, parameters: BodyParameters, device_id: str = "") -> BodyDynamics:
        """The body of these parameters, with the mass of a worn exo where one is named.

        The last few are kept, since compiling one takes half a second.
        """
        return _body_dynamics(parameters, device_id)

    @classmethod
    def _made(cls, parameters: BodyParameters, device_id: str) -> BodyDynamics:
        model = compile_body(parameters, Fidelity.FAST)
        parts, part_of = _parts(model)
        masses = [_mass(model, body, part_of[body]) for body in part_of if model.body_mass[body] > 0.0]
        at = {model.body(body).name: part for body, part in part_of.items()}
        if device_id:
            masses += exo_masses(parameters, device_id, at)
        tree = RigidTree(parts, masses, columns=COLUMNS, up=_UP)
        sole = tuple(
            (at[f"{bone}_{side.suffix}"], np.array(place) * parameters.scale.foot)
            for side in SIDES
            for bone, place in _SOLE
        )
        feet = tuple(at[f"calcn_{side.suffix}"] for side in SIDES)
        return cls(tree, parameters, (feet[0], feet[1]), at, sole)

    def soles_m(self, course: Course) -> FloatArray:
        """Heel, ball and toe of both soles, (T, 2, 3, 3)."""
        return self.tree.points_m(course.value, self.sole).reshape(len(course.value), 2, len(_SOLE), 3)


@lru_cache(maxsize=4)
def _body_dynamics(parameters: BodyParameters, device_id: str) -> BodyDynamics:
    return BodyDynamics._made(parameters, device_id)


def course_of_motion(motion: Kinematics, *, cutoff_hz: float | None = WALKING_HZ) -> Course:
    """Smooth coordinates (T, COLUMNS) of a recorded motion; a trunk that was not measured is straight.

    Gaps are bridged by straight lines, only so that what lies beside them can be differentiated: who uses the
    result knows which frames were seen.
    """
    frames = len(motion.time_s)
    value = np.zeros((frames, COLUMNS))
    value[:, :3] = motion.pelvis_position_m
    value[:, 3:ROOT] = _root_angles(motion.pelvis_quaternion)
    value[:, JOINT_COLUMNS] = motion.angle_rad
    if motion.trunk_rad is not None:
        value[:, TRUNK_COLUMNS] = motion.trunk_rad
    return course_of(motion.time_s, bridged(value), cutoff_hz)


def orientation(course: Course) -> FloatArray:
    """Rotation matrices of the pelvis, (T, 3, 3)."""
    return np.asarray(Rotation.from_euler(_ROOT_ORDER, course.value[:, 3:ROOT]).as_matrix())


def root_axes(value: FloatArray) -> FloatArray:
    """Axes of the pelvis' heading, list and tilt in the world, as columns (T, 3, 3)."""
    heading, lean = value[:, 3], value[:, 4]
    nothing, one = np.zeros_like(heading), np.ones_like(heading)
    ahead = np.stack([np.cos(heading), np.sin(heading), nothing], axis=1)
    tilt = np.stack([-np.sin(heading) * np.cos(lean), np.cos(heading) * np.cos(lean), np.sin(lean)], axis=1)
    return np.stack([np.stack([nothing, nothing, one], axis=1), ahead, tilt], axis=2)


def bridged(values: FloatArray) -> FloatArray:
    """Columns (T, N) without NaN: straight lines over gaps, zeros in columns that were never seen."""
    filled = np.array(values)
    rows = np.arange(len(values))
    for column in range(values.shape[1]):
        known = np.isfinite(values[:, column])
        if not known.all():
            filled[:, column] = np.interp(rows, rows[known], values[known, column]) if known.any() else 0.0
    return filled


def _root_angles(quaternion: FloatArray) -> FloatArray:
    """Heading, list and tilt (T, 3), the heading without jumps; NaN where the pelvis was not seen."""
    angles = np.full((len(quaternion), 3), np.nan)
    known = np.isfinite(quaternion).all(axis=1)
    if known.any():
        turned = Rotation.from_quat(quaternion[known], scalar_first=True)
        found = turned.as_euler(_ROOT_ORDER)
        found[:, 0] = np.unwrap(found[:, 0])
        angles[known] = found
    return angles


def _parts(model: mujoco.MjModel) -> tuple[list[Part], dict[int, int]]:
    """Parts of all bodies, and the last part of each body."""
    parts = [Part(-1 + k, np.zeros(3), np.eye(3), np.eye(3)[k], k, slides=True) for k in range(3)]
    axes = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    parts += [Part(2 + k, np.zeros(3), np.eye(3), np.array(axis), 3 + k) for k, axis in enumerate(axes)]
    part_of = {_ROOT_BODY: len(parts) - 1}
    for body in range(_ROOT_BODY + 1, model.nbody):
        on, offset_m, turn = part_of[int(model.body_parentid[body])], model.body_pos[body], _turn(model, body)
        hinges = _hinges(model, body)
        for place_m, axis, column in hinges:
            parts.append(Part(on, offset_m + turn @ place_m, turn, axis, column))
            on, offset_m, turn = len(parts) - 1, -place_m, np.eye(3)
        if not hinges or np.any(offset_m):
            parts.append(Part(on, np.array(offset_m), turn))
        part_of[body] = len(parts) - 1
    return parts, part_of


def _hinges(model: mujoco.MjModel, body: int) -> list[tuple[FloatArray, FloatArray, int]]:
    """Place, axis and column of a body's hinges; the trunk's are not in the model."""
    if model.body(body).name == _TRUNK_BEGINS:
        return [(np.zeros(3), np.array(axis), TRUNK_COLUMNS.start + k) for k, axis in enumerate(_TRUNK_AXES)]
    first, count = int(model.body_jntadr[body]), int(model.body_jntnum[body])
    joints = [model.joint(number) for number in range(first, first + count)]
    return [(np.array(joint.pos), np.array(joint.axis), _COLUMN[joint.name]) for joint in joints]


def _mass(model: mujoco.MjModel, body: int, part: int) -> Mass:
    turn = _matrix(model.body_iquat[body])
    inertia = turn @ np.diag(model.body_inertia[body]) @ turn.T
    return Mass(part, float(model.body_mass[body]), np.array(model.body_ipos[body]), inertia)


def _turn(model: mujoco.MjModel, body: int) -> FloatArray:
    return _matrix(model.body_quat[body])


def _matrix(quaternion: FloatArray) -> FloatArray:
    flat = np.zeros(9)
    mujoco.mju_quat2Mat(flat, quaternion)
    return flat.reshape(3, 3)
