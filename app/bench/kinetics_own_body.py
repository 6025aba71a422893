"""The same recorded walks on this program's own body: moments beside OpenSim's, and forces without plates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from app.bench.kinetics_opensim import WalkData
from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, JointKind
from core.domain.gait_events import FootPaths
from core.domain.motion import Kinematics, Stride
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.gait.events import find_strides
from core.kinetics.body_dynamics import JOINT_COLUMNS, BodyDynamics, course_of_motion
from core.kinetics.foot_loads import LOADED_N
from core.kinetics.ground_reaction import estimated_loads
from core.kinetics.osim_model import OsimModel
from core.kinetics.rigid_tree import GRAVITY_M_S2, Load
from core.kinetics.tracking_twin import TrackedWalk, track
from core.motion.laboratory_body import TO_BODY, scaled_to

_SEGMENTS = (("femur_r", "femur_l"), ("femur_r", "tibia_r"), ("tibia_r", "talus_r"), ("talus_r", "calcn_r"))
_TRUNK = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")
_LEAST_STANCE_S = 0.35  # less is a knock or a stance that the recording cut


@dataclass(frozen=True, slots=True, eq=False)
class OwnWalk:
    """Axes: T frames, 2 sides as SIDES. World axes as in `Kinematics`."""

    body: BodyDynamics
    kinematics: Kinematics
    force_n: FloatArray  # (T, 2, 3) by the plates; NaN where they do not tell
    loads: tuple[Load, ...] = ()  # the same on the feet

    def strides(self) -> tuple[Stride, ...]:
        """As the feet's paths tell, without forces."""
        course = course_of_motion(self.kinematics)
        soles = self.body.soles_m(course)
        paths = FootPaths(self.kinematics.time_s, course.value[:, :3], soles[:, :, 0], soles[:, :, 2])
        return find_strides(paths)

    def estimated_n(self, strides: tuple[Stride, ...], *, stiff_trunk: bool = False) -> FloatArray:
        """Forces (T, 2, 3) as this program estimates them; `stiff_trunk` as from cameras, which see none."""
        kinematics = replace(self.kinematics, trunk_rad=None) if stiff_trunk else self.kinematics
        course = course_of_motion(kinematics)
        return estimated_loads(
            self.body.tree.total(course).force_n,
            self.body.tree.centre_m(course.value),
            self.kinematics.time_s,
            self.body.soles_m(course),
            strides,
        ).force_n

    def tracked(self, strides: tuple[Stride, ...]) -> TrackedWalk:
        """The same by a simulated twin that tracks the motion."""
        course = course_of_motion(self.kinematics)
        wrench = self.body.tree.total(course)
        return track(self.body, course, wrench, self.kinematics.time_s, strides)


def own_walk(data: WalkData, *, mass_from_plates: bool) -> OwnWalk:
    """A walk of an OpenSim model on this program's body with the same distances between joints.

    Angles go over by their names and the hips to where the model has them. Where the model is of another
    person (`mass_from_plates`) the mass is the mean of the vertical force over g.
    """
    model, tree = data.model, data.model.tree
    still = np.zeros((1, len(model.coordinates)))
    bones = ("pelvis", "femur_r", "femur_l", "tibia_r", "talus_r", "calcn_r")
    places = tree.points_m(still, [(model.part_of[bone], np.zeros(3)) for bone in bones])[0]
    place = dict(zip(bones, places, strict=True))
    width, thigh, shank, foot = (float(np.linalg.norm(place[a] - place[b])) for a, b in _SEGMENTS)
    legs = scaled_to(width, thigh, shank, foot, trunk=1.0)
    taller = 0.5 * (legs.thigh + legs.shank)
    scale = replace(legs, trunk=taller)
    force = np.stack([load.force_n @ TO_BODY.T for load in reversed(data.loads)], axis=1)
    mass_kg = float(force[..., 2].sum(axis=1).mean()) / GRAVITY_M_S2 if mass_from_plates else tree.mass_kg
    body = BodyDynamics.of(BodyParameters(taller * GENERIC_BODY.height_m, mass_kg, scale))
    kinematics = _kinematics(data, body, 0.5 * (place["femur_r"] + place["femur_l"]) - place["pelvis"])
    loads = tuple(
        Load(part, load.force_n @ TO_BODY.T, load.point_m @ TO_BODY.T, load.moment_nm @ TO_BODY.T)
        for part, load in zip(body.foot_part, reversed(data.loads), strict=True)
    )
    return OwnWalk(body, kinematics, force, loads)


def own_differences_nm_kg(data: WalkData, walk: OwnWalk, found: FloatArray) -> dict[str, float]:
    """Root mean square differences of the own body's moments to those of OpenSim's model."""
    course = course_of_motion(walk.kinematics, cutoff_hz=None)
    ours = walk.body.tree.moments(course, walk.loads)[:, JOINT_COLUMNS]
    rmse = {}
    for joint in JOINTS:
        if joint.kind in (JointKind.SUBTALAR, JointKind.TOES):
            continue
        theirs = found[:, data.model.coordinates.index(joint.value)]
        sign = _knee_sign(data.model) if joint.kind is JointKind.KNEE else 1.0
        difference = ours[:, joint.column] - sign * theirs
        rmse[joint.value] = float(np.sqrt(np.mean(difference**2))) / data.model.tree.mass_kg
    return rmse


def judged_forces(walk: OwnWalk, estimated_n: FloatArray) -> dict[str, float]:
    """Mean over all stances that plates measured whole: correlation and difference [% of body weight]."""
    time_s, weight_n = walk.kinematics.time_s, walk.body.parameters.mass_kg * GRAVITY_M_S2
    rows = []
    for side in range(len(SIDES)):
        up = np.nan_to_num(walk.force_n[:, side, 2]) > LOADED_N
        edges = np.flatnonzero(np.diff(np.concatenate([[False], up, [False]]).astype(int))).reshape(-1, 2)
        for first, last in edges:
            measured, guess = walk.force_n[first:last, side], estimated_n[first:last, side]
            cut = first == 0 or last == len(time_s) or time_s[last - 1] - time_s[first] < _LEAST_STANCE_S
            if cut or not (np.isfinite(measured).all() and np.isfinite(guess).all()):
                continue
            difference = 100.0 * np.sqrt(np.mean((guess - measured) ** 2, axis=0)) / weight_n
            agree = [float(np.corrcoef(guess[:, k], measured[:, k])[0, 1]) for k in (2, 1)]
            rows.append((agree[0], difference[2], agree[1], difference[1]))
    mean = np.mean(rows, axis=0) if rows else np.full(4, np.nan)
    return {
        "stances": float(len(rows)),
        **dict(
            zip(
                ("vertical_r", "vertical_rmse_bw", "fore_aft_r", "fore_aft_rmse_bw"),
                map(float, mean),
                strict=True,
            )
        ),
    }


def shared_as_measured_n(walk: OwnWalk, strides: tuple[Stride, ...]) -> FloatArray:
    """The estimated force of the whole body, between the feet as the plates have it where they know both.

    No way of sharing comes nearer: what then is still missing the motion does not tell.
    """
    found = walk.estimated_n(strides)
    known = np.isfinite(walk.force_n).all(axis=(1, 2)) & (walk.force_n[..., 2].sum(axis=1) > LOADED_N)
    total = walk.body.tree.total(course_of_motion(walk.kinematics)).force_n
    up = walk.force_n[..., 2:]
    found[known] = (total[:, None] * up / np.maximum(up.sum(axis=1, keepdims=True), LOADED_N))[known]
    return found


def forces_without_plates(name: str, walk: OwnWalk, strides: tuple[Stride, ...]) -> dict[str, Any]:
    """What is judged of one recording; beside it what exact sharing and what a stiff trunk would give."""
    found: dict[str, Any] = {
        f"{name}_grf_{key}": value for key, value in judged_forces(walk, walk.estimated_n(strides)).items()
    }
    bound = judged_forces(walk, shared_as_measured_n(walk, strides))
    for key in ("vertical_r", "vertical_rmse_bw"):
        found[f"{name}_grf_shared_as_measured_{key}"] = bound[key]
    if walk.kinematics.trunk_rad is not None:
        beside = judged_forces(walk, walk.estimated_n(strides, stiff_trunk=True))
        found |= {f"{name}_grf_stiff_trunk_{key}": value for key, value in beside.items() if key != "stances"}
    return found | {f"{name}_grf_twin_{key}": value for key, value in judged_twin(walk, strides).items()}


def judged_twin(walk: OwnWalk, strides: tuple[Stride, ...]) -> dict[str, float]:
    """What is judged of the simulated twin; beside it its help at the pelvis (root mean square)."""
    twin = walk.tracked(strides)
    known = np.isfinite(twin.force_n).all(axis=(1, 2))
    aid_n, aid_nm = (
        float(np.sqrt((aid[known] ** 2).sum(axis=1).mean())) for aid in (twin.aid_force_n, twin.aid_moment_nm)
    )
    weight_n = walk.body.parameters.mass_kg * GRAVITY_M_S2
    found = judged_forces(walk, twin.force_n) | {"aid_bw": 100.0 * aid_n / weight_n, "aid_nm": aid_nm}
    del found["stances"]
    return found


def _kinematics(data: WalkData, body: BodyDynamics, hips_m: FloatArray) -> Kinematics:
    """Angles by name; `hips_m` (3,) is the middle of the model's hips in its pelvis."""
    frames = len(data.time_s)
    angle = np.zeros((frames, len(JOINTS)))
    for joint in JOINTS:
        if joint.value in data.model.coordinates:
            sign = _knee_sign(data.model) if joint.kind is JointKind.KNEE else 1.0
            angle[:, joint.column] = sign * _column(data, joint.value)
    pelvis = data.model.tree.orientations(data.value, [data.model.part_of["pelvis"]])[:, 0]
    middle = data.model.tree.points_m(data.value, [(data.model.part_of["pelvis"], hips_m)])[:, 0]
    turned = Rotation.from_matrix(TO_BODY @ pelvis @ TO_BODY.T).as_quat(scalar_first=True)
    at_origin = Kinematics(data.time_s, angle, np.zeros((frames, 3)), turned)
    course = course_of_motion(at_origin, cutoff_hz=None)
    hips = [(body.bone_part[f"femur_{side.suffix}"], np.zeros(3)) for side in SIDES]
    own = body.tree.points_m(course.value, hips).mean(axis=1)
    trunk = np.stack([_column(data, name) for name in _TRUNK], axis=1)
    return Kinematics(data.time_s, angle, middle @ TO_BODY.T - own, turned, trunk_rad=trunk)


def _column(data: WalkData, name: str) -> FloatArray:
    return data.value[:, data.model.coordinates.index(name)]


def _knee_sign(model: OsimModel) -> float:
    """-1 where the model's knee bends towards negative angles: the heel then rises behind."""
    bent = np.tile(model.default, (2, 1))
    bent[1, model.coordinates.index("knee_angle_r")] += 0.5
    heel = model.tree.points_m(bent, [(model.part_of["calcn_r"], np.zeros(3))])[:, 0, 0]
    return 1.0 if heel[1] < heel[0] else -1.0
