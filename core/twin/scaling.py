"""Scale the generic musculoskeletal model to one person, in place, before it is compiled.

The way of OpenSim's Scale tool (Delp et al. 2007, IEEE Trans Biomed Eng 54:1940): every segment is scaled
uniformly; a body's position and its joint translations follow its parent segment, everything in the body's
own frame follows its own segment; masses keep the generic distribution times the segment's volume and add
up to the person's mass; muscle paths move with the bones, and optimal fibre and tendon slack length keep
their share of the whole muscle's length at the neutral pose.
"""

from __future__ import annotations

from enum import StrEnum

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.twin import GENERIC_BODY, BodyParameters, SegmentScale

PEAK_FORCE_EXPONENT = 2.0 / 3.0
"""Strength follows muscle cross-section: mass to the power 2/3 (Jaric 2002, Sports Med 32:615;
Correa & Pandy 2011, J Biomech 44:1991 scale by muscle volume over length: the same for similar bodies)."""

_PEAK_FORCE = 2  # position in MuJoCo's muscle gain and bias parameters


class Segment(StrEnum):
    """Parts of the body that share one scale factor; the values are the fields of `SegmentScale`."""

    PELVIS = "pelvis_width"
    THIGH = "thigh"
    SHANK = "shank"
    FOOT = "foot"
    TRUNK = "trunk"

    def factor(self, scale: SegmentScale) -> float:
        return float(getattr(scale, self.value))


_LEG = {
    "femur": Segment.THIGH,
    "patella": Segment.THIGH,  # it glides in the groove of the femur
    "tibia": Segment.SHANK,
    "talus": Segment.FOOT,
    "calcn": Segment.FOOT,
    "toes": Segment.FOOT,
}
SEGMENT_OF_BODY = {
    **{f"{bone}_{side.suffix}": segment for bone, segment in _LEG.items() for side in Side},
    "pelvis": Segment.PELVIS,
    "sacrum": Segment.PELVIS,
}
_UNSCALED = ("world", "Full Body", "myolegs_root")


def segment_of(body_name: str) -> Segment | None:
    """Segment a body of the generic model belongs to; None for the world and the empty roots."""
    if body_name in _UNSCALED:
        return None
    return SEGMENT_OF_BODY.get(body_name, Segment.TRUNK)


def scales_for_height(height_m: float) -> SegmentScale:
    """Every segment in proportion to body height, when nothing better was measured."""
    factor = height_m / GENERIC_BODY.height_m
    return SegmentScale(factor, factor, factor, factor, factor)


def scale_spec(spec: mujoco.MjSpec, body: BodyParameters) -> None:
    """Turn a generic spec (26, 80 or 416 muscles) into this person's, in place.

    Call it before bodies, joints or muscles are removed or devices attached. Arms follow the trunk.
    Lengths follow `body.scale`, total mass equals `body.mass_kg` exactly. Raises ValueError on a factor
    outside 0.5..2, which no measured adult or child reaches.
    """
    for segment in Segment:
        factor = segment.factor(body.scale)
        if not 0.5 <= factor <= 2.0:
            raise ValueError(f"scale of {segment.value} is {factor:g}; expected 0.5..2")
    generic = spec.copy().compile()
    length_before_m = neutral_muscle_lengths_m(generic)
    factors = {item.name: _factor(item.name, body.scale) for item in spec.bodies}
    _scale_inertia(spec, generic, factors, body.mass_kg)
    _scale_geometry(spec, factors)
    _scale_couplings(spec, factors)
    ratio = neutral_muscle_lengths_m(spec.copy().compile()) / length_before_m
    strength = (body.mass_kg / float(generic.body_mass.sum())) ** PEAK_FORCE_EXPONENT
    _scale_muscles(spec, dict(zip(_muscle_names(generic), ratio, strict=True)), strength)


def leg_length_m(model: mujoco.MjModel, side: Side) -> float:
    """Thigh plus shank of a compiled model: hip to knee to ankle centre, independent of the pose."""
    thigh = model.body(f"tibia_{side.suffix}").pos
    shank = model.body(f"talus_{side.suffix}").pos
    return float(np.linalg.norm(thigh) + np.linalg.norm(shank))


def neutral_pose(model: mujoco.MjModel) -> FloatArray:
    """All angles zero, with the coupled knee and kneecap joints where their polynomials put them. (nq,)"""
    position = np.array(model.qpos0, dtype=np.float64)
    for index in np.flatnonzero(model.eq_type == mujoco.mjtEq.mjEQ_JOINT):
        driven, driver = model.eq_obj1id[index], model.eq_obj2id[index]
        at = model.jnt_qposadr[driver]
        x = position[at] - model.qpos0[at] if driver >= 0 else 0.0
        y = np.polynomial.polynomial.polyval(x, model.eq_data[index, :5])
        position[model.jnt_qposadr[driven]] += y
    return position


def neutral_muscle_lengths_m(model: mujoco.MjModel) -> FloatArray:
    """Length of every muscle with its tendon at the neutral pose. (nu,)"""
    data = mujoco.MjData(model)
    data.qpos[:] = neutral_pose(model)
    mujoco.mj_fwdPosition(model, data)
    return np.array(data.actuator_length, dtype=np.float64)


def _factor(body_name: str, scale: SegmentScale) -> float:
    segment = segment_of(body_name)
    return 1.0 if segment is None else segment.factor(scale)


def _muscle_names(model: mujoco.MjModel) -> list[str]:
    return [model.actuator(index).name for index in range(model.nu)]


def _scale_inertia(
    spec: mujoco.MjSpec, generic: mujoco.MjModel, factors: dict[str, float], mass_kg: float
) -> None:
    """Write explicit inertias, so that bodies whose mass came from their mesh scale like the others."""
    volume = np.array([factors[generic.body(index).name] ** 3 for index in range(generic.nbody)])
    mass = generic.body_mass * volume
    mass *= mass_kg / mass.sum()
    for body in spec.bodies:
        index = generic.body(body.name).id
        if generic.body_mass[index] <= 0.0:
            continue
        factor = factors[body.name]
        body.explicitinertial = True
        body.mass = float(mass[index])
        body.ipos = generic.body_ipos[index] * factor
        body.iquat = generic.body_iquat[index]
        body.inertia = generic.body_inertia[index] * (mass[index] / generic.body_mass[index]) * factor**2
        body.fullinertia = np.full(6, np.nan)


def _scale_geometry(spec: mujoco.MjSpec, factors: dict[str, float]) -> None:
    """Positions and sizes of bodies, joints, shapes and muscle path points, and the bones' meshes."""
    mesh_factors: dict[str, float] = {}
    for body in spec.bodies:
        factor = factors[body.name]
        if body.name != "world":
            body.pos = np.asarray(body.pos) * factors[body.parent.name]
        if segment_of(body.name) is None:
            continue
        for joint in body.joints:
            joint.pos = np.asarray(joint.pos) * factor
        for item in (*body.sites, *body.geoms):
            item.pos = np.asarray(item.pos) * factor
            item.size = np.asarray(item.size) * factor
            item.fromto = np.asarray(item.fromto) * factor
        mesh_factors.update({geom.meshname: factor for geom in body.geoms if geom.meshname})
    for mesh in spec.meshes:
        mesh.scale = np.asarray(mesh.scale) * mesh_factors.get(mesh.name, 1.0)


def _scale_couplings(spec: mujoco.MjSpec, factors: dict[str, float]) -> None:
    """Sliding joints of knee and kneecap: they move along the parent bone, so they scale with it."""
    sliding: dict[str, float] = {}
    for body in spec.bodies:
        for joint in body.joints:
            if joint.type == mujoco.mjtJoint.mjJNT_SLIDE:
                factor = factors[body.parent.name]
                sliding[joint.name] = factor
                joint.range = np.asarray(joint.range) * factor
                joint.ref *= factor
    for equality in spec.equalities:
        if equality.type == mujoco.mjtEq.mjEQ_JOINT and equality.name1 in sliding:
            data = np.array(equality.data)
            data[:5] *= sliding[equality.name1]
            equality.data = data


def _scale_muscles(spec: mujoco.MjSpec, length_ratio: dict[str, float], strength: float) -> None:
    """Length range by the muscle's own length ratio, peak force by `strength`."""
    for actuator in spec.actuators:
        ratio = float(length_ratio[actuator.name])
        actuator.lengthrange = np.asarray(actuator.lengthrange) * ratio
        for name in ("gainprm", "biasprm"):
            values = np.array(getattr(actuator, name))
            values[_PEAK_FORCE] *= strength
            setattr(actuator, name, values)
        tendon = spec.tendon(actuator.target)
        tendon.springlength = np.asarray(tendon.springlength) * ratio
