"""The 26-muscle body: thirteen lumped muscles per leg on the skeleton with hinge knees.

The muscles are those of myo_sim's `myolegs26` (the muscle set of the planar OpenSim gait models, made
three-dimensional); the skeleton is that of the 80-muscle body, so that a person has the same bones, masses,
joints and feet at every fidelity. What had to be adapted, because the source model has other hips, a sliding
knee, no subtalar joint, and 24 small moving bodies that guide its muscles:

- Points on the pelvis move with the hip centre, points on the thigh and shank keep their place along the
  bone: hip and ankle moment arms stay those of the source within 3 mm.
- A moving guide point is fixed where it is in mid-gait (hamstrings, iliopsoas).
- Where the source guides a muscle around the knee, it runs over a cylinder at the knee instead, of the
  radius of the source's moment arm: rectus femoris and vasti to the tibial tuberosity, gastrocnemius.
- Tendons take the difference in length, so that fibres work at the source's length. Only in the shank they
  are shorter: in the source these muscles stand at half their optimal length, which would leave nothing for
  push-off; here they stand at optimal length, as about those of the 80-muscle body do.
- Its muscles cannot turn the thigh inwards or steer the subtalar joint, which the source has not got: both
  joints are held by passive springs, and no muscle is asked to move them.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import myo_sim
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Joint, JointKind, Side
from core.domain.muscles import LumpedMuscle
from core.twin.reduction import add_spring, reduce_to_skeleton
from core.twin.scaling import neutral_muscle_lengths_m

HELD_NM_RAD = {JointKind.HIP_ROTATION: 200.0, JointKind.SUBTALAR: 300.0}
"""Springs of a 75 kg body about zero. Hip: half of what gluteus maximus can do turns the thigh by 10 degrees.
Foot: body weight 2 cm beside the axis turns it by 3 degrees."""
HELD_DAMPING_S = 0.03  # damping over stiffness; ends a swing within a step

_MID_GAIT_RAD = {JointKind.HIP_FLEXION: 0.3, JointKind.KNEE: -0.5}  # the source counts knee flexion negative
_TUBEROSITY_M = (0.039, -0.082, 0.0)  # where the patellar ligament ends (Delp et al. 1990), in the shank

_ABOVE_CONDYLE_M = (0.0, 0.015, 0.0)  # lifts the origin of gastrocnemius out of its cylinder

_OPTIMAL_WHEN_STANDING = (
    LumpedMuscle.SOLEUS,
    LumpedMuscle.GASTROCNEMIUS,
    LumpedMuscle.TIBIALIS_ANTERIOR,
)


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """One point of a muscle's path, in the frame of a body of the skeleton."""

    body: str
    position_m: FloatArray  # (3,)


@dataclass(frozen=True, slots=True)
class _KneeCylinder:
    """A cylinder at the knee, on the thigh, that the muscle runs around."""

    radius_m: float
    front: bool


# Radius: the source's moment arm over 0..80 degrees of flexion.
_KNEE_CYLINDER = {
    LumpedMuscle.RECTUS_FEMORIS: _KneeCylinder(0.040, front=True),
    LumpedMuscle.VASTI: _KneeCylinder(0.040, front=True),
    LumpedMuscle.GASTROCNEMIUS: _KneeCylinder(0.018, front=False),
}


def lumped_spec() -> mujoco.MjSpec:
    """The generic 26-muscle body, unscaled."""
    spec = myo_sim.load_spec("myolegs")
    target = spec.copy().compile()
    reduce_to_skeleton(spec)
    source = myo_sim.load_spec("myolegs26").compile()
    gait = _mid_gait(source)
    for index in range(source.nu):
        points = [_moved(source, gait, site, target) for site in _path_sites(source, index)]
        _add_tendon(spec, source.actuator(index).name, points)
        _add_muscle(spec, source, index)
    _fit_tendons(spec, source)
    return spec


def hold_passive_joints(spec: mujoco.MjSpec, fraction: float) -> None:
    """Hold by springs what these muscles cannot; `share` is body mass over the generic body's."""
    for kind, stiffness_nm_rad in HELD_NM_RAD.items():
        for side in SIDES:
            joint = spec.joint(Joint.of(kind, side).value)
            add_spring(joint, stiffness_nm_rad * fraction, damping_s=HELD_DAMPING_S)


def _mid_gait(source: mujoco.MjModel) -> mujoco.MjData:
    """The source in the pose where its moving points are frozen."""
    data = mujoco.MjData(source)
    for kind, angle_rad in _MID_GAIT_RAD.items():
        for side in SIDES:
            data.qpos[source.joint(Joint.of(kind, side).value).qposadr[0]] = angle_rad
    for index in range(source.neq):
        driven, driver = source.eq_obj1id[index], source.eq_obj2id[index]
        angle = data.qpos[source.jnt_qposadr[driver]]
        value = np.polynomial.polynomial.polyval(angle, source.eq_data[index, :5])
        data.qpos[source.jnt_qposadr[driven]] = value
    mujoco.mj_kinematics(source, data)
    return data


def _path_sites(source: mujoco.MjModel, actuator: int) -> list[int]:
    """Sites of the muscle's path, origin first; the source wraps around nothing."""
    tendon = source.actuator_trnid[actuator, 0]
    start = source.tendon_adr[tendon]
    wraps = range(start, start + source.tendon_num[tendon])
    if any(source.wrap_type[wrap] != mujoco.mjtWrap.mjWRAP_SITE for wrap in wraps):
        raise ValueError(f"{source.tendon(tendon).name} wraps around a surface")
    return [int(source.wrap_objid[wrap]) for wrap in wraps]


def _moved(source: mujoco.MjModel, gait: mujoco.MjData, site: int, target: mujoco.MjModel) -> _Point:
    """The source's path point on the skeleton's bone."""
    own = source.site_bodyid[site]
    body = own if _is_bone(source.body(own).name, target) else source.body_parentid[own]
    name = source.body(body).name
    turn = gait.xmat[body].reshape(3, 3)
    place = turn.T @ (gait.site_xpos[site] - gait.xpos[body])
    side = _side_of(source, site)
    return _Point(name, place + _shift(name, place, side, source, target))


def _is_bone(name: str, target: mujoco.MjModel) -> bool:
    return any(target.body(number).name == name for number in range(target.nbody))


def _side_of(source: mujoco.MjModel, site: int) -> Side:
    """Sites on the pelvis lie on the side of their muscle."""
    name = source.body(source.site_bodyid[site]).name
    for side in SIDES:
        if name.endswith(f"_{side.suffix}") or f"_{side.suffix}_" in name:
            return side
    return Side.RIGHT if source.site_pos[site, 2] > 0 else Side.LEFT


def _shift(
    name: str, place: FloatArray, side: Side, source: mujoco.MjModel, target: mujoco.MjModel
) -> FloatArray:
    """From a point on the source's bone to the same point on the skeleton's. (3,)

    The whole pelvis moves with the hip centre; along thigh and shank the shift grows from the upper joint's
    zero to what brings the lower joint's centre into place. The bones of the foot are the same in both.
    """
    below = {"pelvis": "femur", "femur": "tibia", "tibia": "talus"}.get(name.split("_")[0])
    if below is None:
        return np.zeros(3)
    child = f"{below}_{side.suffix}"
    wanted, has = target.body(child).pos, source.body(child).pos
    along = 1.0 if name == "pelvis" else float(np.clip(place[1] / has[1], 0.0, 1.2))
    return np.asarray((wanted - has) * along)


def _add_tendon(spec: mujoco.MjSpec, muscle: str, points: list[_Point]) -> None:
    name, suffix = muscle.rsplit("_", 1)
    cylinder = _KNEE_CYLINDER.get(LumpedMuscle(name))
    if cylinder is not None:
        points = _around_knee(points, cylinder, suffix)
    tendon = spec.add_tendon(name=f"{muscle}_tendon")
    for number, point in enumerate(points):
        if cylinder is not None and number == len(points) - 1:
            tendon.wrap_geom(*_add_cylinder(spec, muscle, suffix, cylinder))
        label = f"{muscle}-P{number + 1}"
        _add_site(spec.body(point.body), label, point.position_m)
        tendon.wrap_site(label)


def _around_knee(points: list[_Point], cylinder: _KneeCylinder, suffix: str) -> list[_Point]:
    """The path without its moving guide point, which the cylinder before the last point replaces."""
    if cylinder.front:
        return [*points[:-1], _Point(f"tibia_{suffix}", np.array(_TUBEROSITY_M))]
    origin = _Point(points[0].body, points[0].position_m + np.array(_ABOVE_CONDYLE_M))
    return [origin, points[-1]]


def _add_muscle(spec: mujoco.MjSpec, source: mujoco.MjModel, index: int) -> None:
    name = source.actuator(index).name
    actuator = spec.add_actuator(name=name, target=f"{name}_tendon", trntype=mujoco.mjtTrn.mjTRN_TENDON)
    actuator.dyntype = mujoco.mjtDyn.mjDYN_MUSCLE
    actuator.gaintype = mujoco.mjtGain.mjGAIN_MUSCLE
    actuator.biastype = mujoco.mjtBias.mjBIAS_MUSCLE
    actuator.dynprm = source.actuator_dynprm[index]
    actuator.gainprm = source.actuator_gainprm[index]
    actuator.biasprm = source.actuator_biasprm[index]
    actuator.lengthrange = source.actuator_lengthrange[index]
    actuator.ctrllimited = True
    actuator.ctrlrange = source.actuator_ctrlrange[index]


def _add_cylinder(spec: mujoco.MjSpec, muscle: str, suffix: str, cylinder: _KneeCylinder) -> tuple[str, str]:
    """Names of the cylinder and of the site on the side where the muscle runs."""
    femur = spec.body(f"femur_{suffix}")
    knee_m = np.array(spec.body(f"tibia_{suffix}").pos)
    shape, beside = f"{muscle}_knee", f"{muscle}_beside"
    geom = femur.add_geom(name=shape, type=mujoco.mjtGeom.mjGEOM_CYLINDER, pos=knee_m, mass=0.0, group=3)
    geom.size = [cylinder.radius_m, 0.04, 0.0]
    geom.contype, geom.conaffinity = 0, 0
    way = 1.0 if cylinder.front else -1.0
    _add_site(femur, beside, knee_m + np.array([2 * way * cylinder.radius_m, 0.0, 0.0]))
    return shape, beside


def _add_site(body: mujoco.MjsBody, name: str, position_m: FloatArray) -> None:
    body.add_site(name=name, pos=position_m, size=[0.002, 0.0, 0.0], group=3)


def _fit_tendons(spec: mujoco.MjSpec, source: mujoco.MjModel) -> None:
    """Shift every muscle's length range so that at the neutral pose its fibre has the length it should."""
    before = neutral_muscle_lengths_m(source)
    after = neutral_muscle_lengths_m(spec.copy().compile())
    for actuator, old_m, new_m in zip(spec.actuators, before, after, strict=True):
        reach = np.asarray(actuator.lengthrange)
        shift = new_m - old_m
        if LumpedMuscle(actuator.name.rsplit("_", 1)[0]) in _OPTIMAL_WHEN_STANDING:
            shortest, longest = actuator.gainprm[:2]
            optimal_m = reach[0] + (1.0 - shortest) * (reach[1] - reach[0]) / (longest - shortest)
            shift = new_m - optimal_m
        actuator.lengthrange = reach + shift
