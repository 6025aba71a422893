"""Attaching an assist-sim device to a body model: its limbs, its motors, rigid or through straps."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import mujoco
import myo_sim
import numpy as np
from assist_sim.combine import ModelCombiner
from assist_sim.config import Attachment, DeviceConfig
from assist_sim.registry import resolve_device_config

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.errors import refuse
from core.simulation.model.exo_meshes import thin_meshes
from core.simulation.model.straps import Strap, add_strap
from core.twin.body import is_foot_geom

BODY_MODEL = "myolegs"
_WORLD = "world"  # MuJoCo's root body; it has no parent
_LINEAGES = {"myolegs26_root": "myolegs26", "humerus_r": "myofullbody"}  # a body only this model has
_TOES = "mtp_angle"
_TOES_REVERSED = ("myolegs", "myofullbody")
"""Models in which a positive angle lowers the toes. assist-sim gives the limits of shoes for the others."""
_SOLE_ATTRIBUTES = ("contype", "conaffinity", "condim", "friction", "solref", "solimp")
_SIDE_MARKS = {Side.LEFT: ("_l", "_sx"), Side.RIGHT: ("_r", "_dx")}


def device_config(device_id: str, lineage: str = BODY_MODEL) -> Any:
    """The device as assist-sim describes it. Raises UserError SIM-010 when it does not go on this body."""
    try:
        return DeviceConfig.from_yaml(resolve_device_config(lineage, device_id))
    except ValueError as error:
        raise refuse(
            "SIM-010",
            f"The exo {device_id} is not known to the simulation.",
            str(error),
            "Choose Hippo_L1.",
        ) from error


def lineage_of(spec: Any) -> str:
    """Which of myo-sim's models this body was built from."""
    names = {body.name for body in spec.bodies}
    return next((key for mark, key in _LINEAGES.items() if mark in names), BODY_MODEL)


def side_of(name: str) -> Side:
    """Side of the person, from the suffix of the name of a part, a cable or a motor."""
    low = name.lower()
    return next(side for side in SIDES if low.endswith(_SIDE_MARKS[side]))


def carrying_limbs(config: Any, lineage: str) -> tuple[str, ...]:
    """Bodies of the model that carry parts of the device, each once."""
    return tuple(dict.fromkeys(place.parent_body for place in _attachments(config, lineage)))


def replaces_a_limb(config: Any, lineage: str) -> bool:
    """Whether the device is a prosthesis."""
    return bool(config.resolve_body_removals(lineage))


def attach_device(spec: Any, config: Any, lineage: str, straps: Iterable[Strap], *, draw: bool) -> None:
    """Attach the device to the editable body, held by `straps` where there are any, else rigidly.

    The exo touches nothing. Without `draw` it brings no surfaces; all its inertias are given as numbers.
    Raises UserError SIM-021 for a device whose mechanism ExoTwin does not simulate.
    """
    _refuse_other_mechanisms(config, lineage)
    places = _attachments(config, lineage)
    strap_bodies = {strap.limb: _strap_body(spec, config, places, strap) for strap in straps}
    config._attachments_by_msk[lineage] = [_relative_to_strap(place, strap_bodies) for place in places]
    config._equalities_by_msk[lineage] = [
        equality for equality in config.resolve_equalities(lineage) if not _is_clamp(equality, places)
    ]
    _drop_edits_of_missing_elements(spec, config, lineage)
    soles = _soles(spec, config.resolve_body_removals(lineage))
    limbs = frozenset(place.parent_body for place in places)
    model, data = _DeviceCombiner(draw, limbs, strap_bodies).combine(spec, config, msk_key=lineage)
    if soles:
        mujoco.mj_kinematics(model, data)
        _add_soles(spec, config, data, soles)


class _DeviceCombiner(ModelCombiner):  # type: ignore[misc]
    """assist-sim's combiner with ExoTwin's motors, working on the specs before they are compiled."""

    def __init__(self, draw: bool, limbs: frozenset[str], strap_bodies: dict[str, Any]) -> None:
        self._draw, self._limbs, self._strap_bodies = draw, limbs, strap_bodies

    def _attach_bodies(
        self, spec: Any, full: Any, bare: Any, config: Any, prefix: str, msk_key: str | None = None
    ) -> None:
        if self._draw:
            thin_meshes(full)
        for device in (full, bare):
            for joint in [joint for joint in device.joints if joint.type == mujoco.mjtJoint.mjJNT_FREE]:
                device.delete(joint)  # fixed to the limb now, not clamped to it from the world
            for geom in list(device.geoms):
                if not self._draw:
                    device.delete(geom)
                    continue
                geom.contype = geom.conaffinity = 0
                if not geom.parent.explicitinertial:
                    geom.density = 0.0  # a part without a stated mass has none, drawn or not
            if not self._draw:
                for mesh in list(device.meshes):
                    device.delete(mesh)
        super()._attach_bodies(spec, full, bare, config, prefix, msk_key=msk_key)

    def _add_actuators(self, spec: Any, config: Any, prefix: str = "") -> None:
        """Motors at a joint: control is a torque [N m]. Through straps it acts between the exo's parts."""
        for motor in sorted(config.actuators, key=lambda motor: SIDES.index(side_of(motor.joint))):
            joint = spec.joint(motor.joint) or spec.joint(prefix + motor.joint)
            actuator = spec.add_actuator(name=motor_name(side_of(motor.joint)))
            actuator.gaintype, actuator.biastype = mujoco.mjtGain.mjGAIN_FIXED, mujoco.mjtBias.mjBIAS_NONE
            actuator.dyntype, actuator.biasprm = mujoco.mjtDyn.mjDYN_NONE, np.zeros(10)
            _scale(actuator, motor.gainprm[0], motor.ctrlrange)
            ends = _motor_ends(joint, self._limbs, self._strap_bodies)
            if ends is None:
                actuator.trntype, actuator.target = mujoco.mjtTrn.mjTRN_JOINT, joint.name
                actuator.gear[0] = motor.gear[0]
            else:
                _act_between(actuator, joint, *ends)

    def _import_device_tendons_actuators(self, spec: Any, device_xml: str, prefix: str) -> None:
        """Motors that pull a cable: control is the tension [N], never negative."""
        before = {actuator.name for actuator in spec.actuators}
        super()._import_device_tendons_actuators(spec, device_xml, prefix)
        added = [actuator for actuator in spec.actuators if actuator.name not in before]
        cables = sorted((actuator.target for actuator in added), key=lambda name: SIDES.index(side_of(name)))
        for actuator, cable in zip(added, cables, strict=True):
            actuator.name, actuator.target = motor_name(side_of(cable)), cable
            _scale(actuator, actuator.gainprm[0], -actuator.ctrlrange[::-1])
            actuator.gear[0] = -actuator.gear[0]


def motor_name(side: Side) -> str:
    """Name of the exo's motor on one side in the combined model."""
    return f"Exo_{side.suffix.upper()}"


def side_of_motor(name: str) -> Side:
    """Side of the motor with this name in the combined model."""
    return next(side for side in SIDES if name == motor_name(side))


def _refuse_other_mechanisms(config: Any, lineage: str) -> None:
    """A side has one motor, parts touch nothing, and an artificial foot hangs on its motor's joint."""
    sides = [side_of(motor.joint) for motor in config.actuators]
    if len(set(sides)) < len(sides):
        why = "It has several motors on one side, and a controller has one output for each side."
    elif replaces_a_limb(config, lineage) and not sides:
        why = "It is a foot without a motor, and the simulation stands on feet whose ankle has one."
    elif config.resolve_contact_pairs(lineage):
        why = "Its parts rest against the leg, and in the simulation an exo touches nothing."
    else:
        return
    raise refuse("SIM-021", f"The exo {config.name} cannot be simulated.", why, "Choose Hippo_L1.")


def _scale(motor: Any, gain: float, control_range: Any) -> None:
    """Make the control a torque or a force, within the device's limits."""
    motor.gainprm = np.eye(1, 10)[0]
    motor.ctrllimited = True
    motor.ctrlrange = [gain * float(value) for value in control_range]


def _attachments(config: Any, lineage: str) -> list[Any]:
    """Attachments of the device's parts. A part clamped to a limb from the world counts as on that limb."""
    places = []
    for place in config.resolve_attachments(lineage):
        if place.parent_body == _WORLD:
            clamps = config.resolve_equalities(lineage)
            limb = next(clamp.parent_body for clamp in clamps if clamp.device_body == place.device_body)
            position, quaternion = _in_limb_frame(lineage, limb, place)
            place = Attachment(place.device_body, limb, position, quaternion)
        places.append(place)
    return places


def _is_clamp(equality: Any, places: list[Any]) -> bool:
    return equality.device_body in {place.device_body for place in places}


@lru_cache(maxsize=8)
def _neutral(lineage: str) -> Any:
    """The generic body of this model in its neutral pose."""
    model = myo_sim.load_spec(lineage).compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return data


def _in_limb_frame(lineage: str, limb: str, place: Any) -> tuple[list[float], list[float]]:
    """A pose in world axes, expressed in the frame of the generic body's limb."""
    body = _neutral(lineage).body(limb)
    inverse, position, quaternion = np.zeros(4), np.zeros(3), np.zeros(4)
    mujoco.mju_negQuat(inverse, body.xquat)
    mujoco.mju_rotVecQuat(position, np.array(place.pos) - body.xpos, inverse)
    mujoco.mju_mulQuat(quaternion, inverse, np.array(place.quat, dtype=float))
    return position.tolist(), quaternion.tolist()


def _strap_body(spec: Any, config: Any, places: list[Any], strap: Strap) -> Any:
    """Add the body of this strap at the centre of mass of the parts that it holds."""
    centre = _centre(config, [place for place in places if place.parent_body == strap.limb])
    return add_strap(spec, strap, strap_name(config.name, strap.limb), centre)


def strap_name(device_name: str, limb: str) -> str:
    """Name of the body that a strap holds."""
    return f"{device_name}_strap_{limb}"


def _relative_to_strap(place: Any, strap_bodies: dict[str, Any]) -> Any:
    """The same attachment, relative to the strap's body where a strap holds the part."""
    strap = strap_bodies.get(place.parent_body)
    if strap is None:
        return place
    position = np.array(place.pos if place.pos is not None else np.zeros(3)) - strap.pos
    return Attachment(place.device_body, strap.name, position.tolist(), place.quat)


def _centre(config: Any, places: list[Any]) -> FloatArray:
    """Centre of mass (3,) of these parts in the limb's frame: held there, gravity does not turn a strap."""
    device = mujoco.MjSpec.from_file(str(config.model_xml_path))
    for element in [*device.geoms, *device.meshes]:
        device.delete(element)
    model = device.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mass, first_moment, rotated = 0.0, np.zeros(3), np.zeros(3)
    for place in places:
        part = model.body(place.device_body).id
        centre = data.subtree_com[part]
        if place.quat is not None:
            mujoco.mju_rotVecQuat(rotated, centre, np.array(place.quat, dtype=float))
            centre = rotated.copy()
        offset = np.zeros(3) if place.pos is None else np.array(place.pos)
        mass += model.body_subtreemass[part]
        first_moment += model.body_subtreemass[part] * (centre + offset)
    return first_moment / mass


def _motor_ends(joint: Any, limbs: frozenset[str], strap_bodies: dict[str, Any]) -> tuple[Any, Any] | None:
    """The bodies that a motor at `joint` turns against each other, below and above, if a strap holds one.

    A part without a strap is rigidly fixed to its limb.
    """
    below = _carrier_below(joint.parent, limbs)
    above = joint.parent.parent
    while above.name != _WORLD and above.name not in limbs:
        above = above.parent
    if below is None or above.name not in limbs or not {below.name, above.name} & strap_bodies.keys():
        return None
    return strap_bodies.get(below.name, below), strap_bodies.get(above.name, above)


def _carrier_below(limb: Any, limbs: frozenset[str]) -> Any | None:
    """This limb or the first one further down that carries a part."""
    if limb.name in limbs:
        return limb
    return next((found for child in limb.bodies if (found := _carrier_below(child, limbs)) is not None), None)


def _act_between(motor: Any, joint: Any, below: Any, above: Any) -> None:
    """A torque about the joint's axis on the part below, and its reaction on the part above."""
    names = []
    for part in (below, above):
        names.append(f"{motor.name}_{part.name}")
        part.add_site(name=names[-1])
    axis = np.zeros(3)
    mujoco.mju_rotVecQuat(axis, np.array(joint.axis), np.array(joint.parent.quat))
    motor.trntype, motor.target, motor.refsite = mujoco.mjtTrn.mjTRN_SITE, names[0], names[1]
    motor.gear = [0.0, 0.0, 0.0, *axis]


@dataclass(frozen=True, slots=True, eq=False)
class _Sole:
    """One contact surface of a foot that is removed, in the neutral pose."""

    attributes: dict[str, Any]
    position_m: FloatArray  # (3,) in the world
    quaternion: FloatArray  # (4,)


def _soles(spec: Any, removed: list[str]) -> list[_Sole]:
    """The contact surfaces of the removed bodies and of all bodies below them."""
    if not removed:
        return []
    model = spec.copy().compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    soles = []
    for geom in spec.geoms:
        if not is_foot_geom(geom.name) or not _is_below(geom.parent, removed):
            continue
        quaternion, compiled = np.zeros(4), model.geom(geom.name)
        mujoco.mju_mat2Quat(quaternion, data.geom(geom.name).xmat)
        attributes = {
            name: copy(getattr(geom, name)) for name in _SOLE_ATTRIBUTES
        }  # copied: the originals are deleted with the foot
        attributes |= {"name": geom.name, "type": geom.type, "size": compiled.size.copy()}
        soles.append(_Sole(attributes, data.geom(geom.name).xpos.copy(), quaternion))
    return soles


def _is_below(body: Any, removed: list[str]) -> bool:
    while body.name != _WORLD and body.name not in removed:
        body = body.parent
    return body.name in removed


def _add_soles(spec: Any, config: Any, data: Any, soles: list[_Sole]) -> None:
    """Give the artificial foot the contact surfaces of the person's own foot, at the same place."""
    foot = spec.joint(f"{config.name}_{config.actuators[0].joint}").parent
    own = data.body(foot.name)
    inverse, position, quaternion = np.zeros(4), np.zeros(3), np.zeros(4)
    mujoco.mju_negQuat(inverse, own.xquat)
    for sole in soles:
        mujoco.mju_rotVecQuat(position, sole.position_m - own.xpos, inverse)
        mujoco.mju_mulQuat(quaternion, inverse, sole.quaternion)
        foot.add_geom(pos=position.tolist(), quat=quaternion.tolist(), **sole.attributes)


def _drop_edits_of_missing_elements(spec: Any, config: Any, lineage: str) -> None:
    """Drop the device's edits of elements that this reduced body lacks, and its sensors: none is read."""
    geoms = {geom.name for geom in spec.geoms}
    tendons = {tendon.name for tendon in spec.tendons}
    actuators = {actuator.name for actuator in spec.actuators}
    config._geom_removals_by_msk[lineage] = [
        name for name in config.resolve_geom_removals(lineage) if name in geoms
    ]
    config._mesh_replacements_by_msk[lineage] = [
        swap for swap in config.resolve_mesh_replacements(lineage) if swap.geom in geoms
    ]
    config._tendon_modifications_by_msk[lineage] = [
        edit for edit in config.resolve_tendon_modifications(lineage) if edit.name in tendons
    ]
    config._actuator_overrides_by_msk[lineage] = [
        change for change in config.resolve_actuator_overrides(lineage) if change.name in actuators
    ]
    config._sensors_by_msk[lineage] = []
    config._sensor_removals_by_msk[lineage] = []
    config._joint_overrides_by_msk[lineage] = [
        replace(change, range=_with_neutral(_limits_here(change, lineage)))
        for change in config.resolve_joint_overrides(lineage)
    ]
    config._body_overrides_by_msk[lineage] = [
        _scaled_override(change, spec, lineage) for change in config.resolve_body_overrides(lineage)
    ]


def _limits_here(change: Any, lineage: str) -> Any:
    """The device's limits of a joint, in the direction in which this model counts its angle."""
    if change.range is None or lineage not in _TOES_REVERSED or not change.name.startswith(_TOES):
        return change.range
    return [-change.range[1], -change.range[0]]


def _with_neutral(limits: Any) -> Any:
    """A stiff shoe may limit a joint, but not push it out of the neutral pose in which a twin starts."""
    return None if limits is None else [min(limits[0], 0.0), max(limits[1], 0.0)]


def _scaled_override(change: Any, spec: Any, lineage: str) -> Any:
    """The rest of a cut segment, as a fraction of the person's own segment and not of the generic one."""
    scaled = spec.copy().compile()
    number = scaled.body(change.name).id
    generic = _neutral(lineage).model
    fraction = scaled.body_mass[number] / generic.body_mass[generic.body(change.name).id]
    return replace(
        change,
        mass=fraction * change.mass,
        diaginertia=[fraction * inertia for inertia in change.diaginertia],
    )
