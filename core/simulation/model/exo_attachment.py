"""How the parts of an assist-sim device come onto a body: which limb, with which motors, held how."""

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
from core.simulation.model.straps import Strap, add_strap
from core.twin.body import is_foot_geom

BODY_MODEL = "myolegs"
_WORLD = "world"  # it has no parent to ask for
_LINEAGES = {"myolegs26_root": "myolegs26", "humerus_r": "myofullbody"}  # a body only this model has
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
    """The side that the name of a part, a cable or a motor tells."""
    low = name.lower()
    return next(side for side in SIDES if low.endswith(_SIDE_MARKS[side]))


def worn_on(config: Any, lineage: str) -> tuple[str, ...]:
    """The limbs that carry parts of the device, each once, as bodies of the model."""
    return tuple(dict.fromkeys(place.parent_body for place in _attachments(config, lineage)))


def replaces_a_limb(config: Any, lineage: str) -> bool:
    """Whether the device is a prosthesis."""
    return bool(config.resolve_body_removals(lineage))


def put_on(spec: Any, config: Any, lineage: str, straps: Iterable[Strap], *, draw: bool) -> None:
    """Attach the device to the editable body, held by `straps` where there are any, else rigidly.

    The exo touches nothing. Without `draw` it brings no surfaces; all its inertias are given as numbers.
    """
    places = _attachments(config, lineage)
    held = {strap.limb: _strapped(spec, config, places, strap) for strap in straps}
    config._attachments_by_msk[lineage] = [_moved(place, held) for place in places]
    config._equalities_by_msk[lineage] = [
        tie for tie in config.resolve_equalities(lineage) if not _is_clamp(tie, places)
    ]
    _without_what_is_missing(spec, config, lineage)
    soles = _soles(spec, config.resolve_body_removals(lineage))
    inputs = frozenset(place.parent_body for place in places)
    model, data = _DeviceCombiner(draw, inputs, held).combine(spec, config, msk_key=lineage)
    if soles:
        mujoco.mj_kinematics(model, data)
        _put_under(spec, config, data, soles)


class _DeviceCombiner(ModelCombiner):  # type: ignore[misc]
    """assist-sim's combiner, with our motors, and before anything is compiled."""

    def __init__(self, draw: bool, inputs: frozenset[str], held: dict[str, Any]) -> None:
        self._draw, self._actuation_inputs, self._held = draw, inputs, held

    def _attach_bodies(
        self, spec: Any, full: Any, bare: Any, config: Any, prefix: str, msk_key: str | None = None
    ) -> None:
        for device in (full, bare):
            for joint in [joint for joint in device.joints if joint.type == mujoco.mjtJoint.mjJNT_FREE]:
                device.delete(joint)  # held by the limb now, not by clamps from the world
            for geom in list(device.geoms):
                if not self._draw:
                    device.delete(geom)
                    continue
                geom.contype = geom.conaffinity = 0
                if not geom.parent.explicitinertial:
                    geom.density = 0.0  # a part without a stated mass weighs nothing, drawn or not
            if not self._draw:
                for mesh in list(device.meshes):
                    device.delete(mesh)
        super()._attach_bodies(spec, full, bare, config, prefix, msk_key=msk_key)

    def _add_actuators(self, spec: Any, config: Any, prefix: str = "") -> None:
        """Motors at a joint: control is a torque [N m]. Through straps it acts between the exo's parts."""
        for motor in sorted(config.actuators, key=lambda motor: SIDES.index(side_of(motor.joint))):
            joint = spec.joint(motor.joint) or spec.joint(prefix + motor.joint)
            made = spec.add_actuator(name=motor_name(side_of(motor.joint)))
            made.gaintype, made.biastype = mujoco.mjtGain.mjGAIN_FIXED, mujoco.mjtBias.mjBIAS_NONE
            made.dyntype, made.biasprm = mujoco.mjtDyn.mjDYN_NONE, np.zeros(10)
            _scale(made, motor.gainprm[0], motor.ctrlrange)
            ends = _motor_ends(joint, self._actuation_inputs, self._held)
            if ends is None:
                made.trntype, made.target = mujoco.mjtTrn.mjTRN_JOINT, joint.name
                made.gear[0] = motor.gear[0]
            else:
                _between(made, joint, *ends)

    def _import_device_tendons_actuators(self, spec: Any, device_xml: str, prefix: str) -> None:
        """Motors that pull a cable: control is the tension [N], never negative."""
        before = {actuator.name for actuator in spec.actuators}
        super()._import_device_tendons_actuators(spec, device_xml, prefix)
        made = [actuator for actuator in spec.actuators if actuator.name not in before]
        cables = sorted((cable.target for cable in made), key=lambda name: SIDES.index(side_of(name)))
        for actuator, cable in zip(made, cables, strict=True):
            actuator.name, actuator.target = motor_name(side_of(cable)), cable
            _scale(actuator, actuator.gainprm[0], -actuator.ctrlrange[::-1])
            actuator.gear[0] = -actuator.gear[0]


def motor_name(side: Side) -> str:
    """Name of the exo's motor on one side in the combined model."""
    return f"Exo_{side.suffix.upper()}"


def _scale(motor: Any, gain: float, control_range: Any) -> None:
    """Make the control a torque or a force, within what the device can give."""
    motor.gainprm = np.eye(1, 10)[0]
    motor.ctrllimited = True
    motor.ctrlrange = [gain * float(value) for value in control_range]


def _attachments(config: Any, lineage: str) -> list[Any]:
    """Where the device's parts belong. What is clamped to a limb from the world belongs to that limb."""
    places = []
    for place in config.resolve_attachments(lineage):
        if place.parent_body == _WORLD:
            clamps = config.resolve_equalities(lineage)
            limb = next(tie.parent_body for tie in clamps if tie.device_body == place.device_body)
            position, quaternion = _seen_from(lineage, limb, place)
            place = Attachment(place.device_body, limb, position, quaternion)
        places.append(place)
    return places


def _is_clamp(tie: Any, places: list[Any]) -> bool:
    return tie.device_body in {place.device_body for place in places}


@lru_cache(maxsize=8)
def _neutral(lineage: str) -> Any:
    """The generic body of this model in its neutral pose."""
    model = myo_sim.load_spec(lineage).compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return data


def _seen_from(lineage: str, limb: str, place: Any) -> tuple[list[float], list[float]]:
    """A pose in the world as seen from the limb of the generic body."""
    body = _neutral(lineage).body(limb)
    inverse, position, quaternion = np.zeros(4), np.zeros(3), np.zeros(4)
    mujoco.mju_negQuat(inverse, body.xquat)
    mujoco.mju_rotVecQuat(position, np.array(place.pos) - body.xpos, inverse)
    mujoco.mju_mulQuat(quaternion, inverse, np.array(place.quat, dtype=float))
    return position.tolist(), quaternion.tolist()


def _strapped(spec: Any, config: Any, places: list[Any], strap: Strap) -> Any:
    centre = _centre(config, [place for place in places if place.parent_body == strap.limb])
    return add_strap(spec, strap, strap_name(config.name, strap.limb), centre)


def strap_name(device_name: str, limb: str) -> str:
    """Name of the body that a strap holds."""
    return f"{device_name}_strap_{limb}"


def _moved(place: Any, held: dict[str, Any]) -> Any:
    """The same place, told from the strap's body where one holds the part."""
    strap = held.get(place.parent_body)
    if strap is None:
        return place
    position = np.array(place.pos if place.pos is not None else np.zeros(3)) - strap.pos
    return Attachment(place.device_body, strap.name, position.tolist(), place.quat)


def _centre(config: Any, places: list[Any]) -> FloatArray:
    """Centre of mass (3,) of the parts at these places in the limb's frame: there gravity turns no strap."""
    device = mujoco.MjSpec.from_file(str(config.model_xml_path))
    for element in [*device.geoms, *device.meshes]:
        device.delete(element)
    model = device.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mass, moment, turned = 0.0, np.zeros(3), np.zeros(3)
    for place in places:
        part = model.body(place.device_body).id
        centre = data.subtree_com[part]
        if place.quat is not None:
            mujoco.mju_rotVecQuat(turned, centre, np.array(place.quat, dtype=float))
            centre = turned.copy()
        offset = np.zeros(3) if place.pos is None else np.array(place.pos)
        mass += model.body_subtreemass[part]
        moment += model.body_subtreemass[part] * (centre + offset)
    return moment / mass


def _motor_ends(joint: Any, inputs: frozenset[str], held: dict[str, Any]) -> tuple[Any, Any] | None:
    """The bodies that a motor at `joint` turns against each other, below and above, if a strap holds one.

    A part without a strap is one with its limb.
    """
    below = _worn_below(joint.parent, inputs)
    above = joint.parent.parent
    while above.name != _WORLD and above.name not in inputs:
        above = above.parent
    if below is None or above.name not in inputs or not {below.name, above.name} & held.keys():
        return None
    return held.get(below.name, below), held.get(above.name, above)


def _worn_below(limb: Any, inputs: frozenset[str]) -> Any | None:
    """This limb or the first one further down that carries a part."""
    if limb.name in inputs:
        return limb
    return next((found for child in limb.bodies if (found := _worn_below(child, inputs)) is not None), None)


def _between(motor: Any, joint: Any, below: Any, above: Any) -> None:
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
    """One of the surfaces by which a foot that is taken off touched the ground, in the neutral pose."""

    attributes: dict[str, Any]
    position_m: FloatArray  # (3,) in the world
    quaternion: FloatArray  # (4,)


def _soles(spec: Any, removed: list[str]) -> list[_Sole]:
    """The ground surfaces of the bodies that are taken off, and of all below them."""
    if not removed:
        return []
    model = spec.copy().compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    soles = []
    for geom in spec.geoms:
        if not is_foot_geom(geom.name) or not _is_below(geom.parent, removed):
            continue
        quaternion, own = np.zeros(4), model.geom(geom.name)
        mujoco.mju_mat2Quat(quaternion, data.geom(geom.name).xmat)
        attributes = {name: copy(getattr(geom, name)) for name in _SOLE_ATTRIBUTES}  # they go with the foot
        attributes |= {"name": geom.name, "type": geom.type, "size": own.size.copy()}
        soles.append(_Sole(attributes, data.geom(geom.name).xpos.copy(), quaternion))
    return soles


def _is_below(body: Any, removed: list[str]) -> bool:
    while body.name != _WORLD and body.name not in removed:
        body = body.parent
    return body.name in removed


def _put_under(spec: Any, config: Any, data: Any, soles: list[_Sole]) -> None:
    """Let the artificial foot stand on the ground where the person's own foot did."""
    foot = spec.joint(f"{config.name}_{config.actuators[0].joint}").parent
    own = data.body(foot.name)
    inverse, position, quaternion = np.zeros(4), np.zeros(3), np.zeros(4)
    mujoco.mju_negQuat(inverse, own.xquat)
    for sole in soles:
        mujoco.mju_rotVecQuat(position, sole.position_m - own.xpos, inverse)
        mujoco.mju_mulQuat(quaternion, inverse, sole.quaternion)
        foot.add_geom(pos=position.tolist(), quat=quaternion.tolist(), **sole.attributes)


def _without_what_is_missing(spec: Any, config: Any, lineage: str) -> None:
    """Leave out surgery on what this reduced body does not have, and sensors nobody reads."""
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
        replace(change, range=_with_neutral(change.range))
        for change in config.resolve_joint_overrides(lineage)
    ]
    config._body_overrides_by_msk[lineage] = [
        _for_this_size(change, spec, lineage) for change in config.resolve_body_overrides(lineage)
    ]


def _with_neutral(limits: Any) -> Any:
    """A stiff shoe may limit a joint, but not push it out of the neutral pose in which a twin starts."""
    return None if limits is None else [min(limits[0], 0.0), max(limits[1], 0.0)]


def _for_this_size(change: Any, spec: Any, lineage: str) -> Any:
    """What is left of a segment, as a share of the person's own and not of the generic one."""
    own = spec.copy().compile()
    number = own.body(change.name).id
    generic = _neutral(lineage).model
    fraction = own.body_mass[number] / generic.body_mass[generic.body(change.name).id]
    return replace(
        change, mass=fraction * change.mass, diaginertia=[fraction * one for one in change.diaginertia]
    )
