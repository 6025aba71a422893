"""An OpenSim model as a tree of rigid parts: bodies, joints and masses of a .osim file, nothing of muscles.

Reads the form of versions 2 and 3 (a joint inside each body) and that of version 4 (a set of joints between
offset frames), welds, pins and custom joints (Seth et al. 2010, Nonlinear Dyn 62:291). Coordinates that a
constraint couples stay coordinates: OpenSim's inverse dynamics also looks away from constraints.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.spatial.transform import Rotation

from core.domain.arrays import FloatArray
from core.errors import UserError, refuse
from core.kinetics.rigid_tree import Function, Mass, Part, RigidTree
from core.motion.osim_elements import turn_of, vector_of
from core.motion.osim_functions import read_function

_GROUND = "ground"
_UP = np.array([0.0, 1.0, 0.0])
_TURNS = ("rotation1", "rotation2", "rotation3")
_SLIDES = ("translation1", "translation2", "translation3")
_V3_INERTIA = ("inertia_xx", "inertia_yy", "inertia_zz", "inertia_xy", "inertia_xz", "inertia_yz")


@dataclass(frozen=True, slots=True, eq=False)
class OsimModel:
    """Axes: N coordinates."""

    tree: RigidTree
    coordinates: tuple[str, ...]  # N, in the order of the tree's columns
    default: FloatArray  # (N,) rad, m
    part_of: dict[str, int]  # by the name of the body
    coupled: dict[str, str]  # coordinates that equal another one by a constraint, as a kneecap its knee

    def values(self, found: dict[str, FloatArray]) -> FloatArray:
        """(T, N) from coordinates by name; a coupled one has its partner's value, a missing one its default.

        What a file says of a coupled coordinate does not count: in OpenSim's own example3DWalking the knee is
        in radians and the kneecap that a constraint makes equal to it in degrees.
        """
        frames = len(next(iter(found.values())))
        table = np.tile(self.default, (frames, 1))
        for column, name in enumerate(self.coordinates):
            given = found.get(self.coupled.get(name, name))
            if given is not None:
                table[:, column] = given
        return table


@dataclass(frozen=True, slots=True)
class _Joint:
    element: ET.Element
    parent: str
    child: str
    before: tuple[FloatArray, FloatArray]  # place and turn of the joint in the parent
    after: tuple[FloatArray, FloatArray]  # of the joint in the child


def read_osim_model(text: str) -> OsimModel:
    """Read the content of a .osim file. Refuses (KIN-001) what cannot be such a tree."""
    try:
        model = ET.fromstring(text).find("Model")
    except ET.ParseError as error:
        raise _refused(f"Line {error.position[0]} is not XML.") from error
    if model is None:
        raise _refused("It has no model in it.")
    builder = _Builder()
    for joint in _ordered(_joints(model)):
        builder.add(joint)
    if not builder.parts:
        raise _refused("It has no joints.")
    masses = []
    for body in model.iterfind("BodySet/objects/Body"):
        name = body.attrib["name"]
        if name in builder.part_of and name != _GROUND:
            masses.append(_mass(body, builder.part_of[name]))
    tree = RigidTree(builder.parts, masses, columns=len(builder.default), up=_UP)
    names = tuple(builder.column_of)
    return OsimModel(tree, names, np.array(builder.default), builder.part_of, _coupled(model))


class _Builder:
    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.part_of: dict[str, int] = {_GROUND: -1}
        self.column_of: dict[str, int] = {}
        self.default: list[float] = []

    def add(self, joint: _Joint) -> None:
        element = joint.element
        on = self._fixed(self.part_of[joint.parent], *joint.before)
        for axis, slides, coordinate, function in _moves(element):
            on = self._move(on, axis, slides, self._column(element, coordinate), function)
        place, turn = joint.after
        self.part_of[joint.child] = self._fixed(on, -turn.T @ place, turn.T)

    def _fixed(self, parent: int, offset_m: FloatArray, turn: FloatArray) -> int:
        self.parts.append(Part(parent, offset_m, turn))
        return len(self.parts) - 1

    def _move(
        self, parent: int, axis: FloatArray, slides: bool, column: int, function: Function | None
    ) -> int:
        if column >= 0:
            self.parts.append(Part(parent, np.zeros(3), np.eye(3), axis, column, slides, function))
            return len(self.parts) - 1
        way = 0.0 if function is None else float(function(np.zeros(1))[0][0])
        turn = np.eye(3) if slides else np.asarray(Rotation.from_rotvec(way * axis).as_matrix())
        return self._fixed(parent, way * axis if slides else np.zeros(3), turn)

    def _column(self, joint: ET.Element, name: str) -> int:
        if not name:
            return -1
        if name not in self.column_of:
            self.column_of[name] = len(self.default)
            found = [c for c in joint.iterfind(".//Coordinate") if c.attrib["name"] == name]
            self.default.append(float(found[0].findtext("default_value", "0")) if found else 0.0)
        return self.column_of[name]


def _joints(model: ET.Element) -> list[_Joint]:
    inside = [
        _joint_of_3(body.attrib["name"], joint)
        for body in model.iterfind("BodySet/objects/Body")
        for joint in body.iterfind("Joint/*")
    ]
    return inside + [_joint_of_4(joint) for joint in model.iterfind("JointSet/objects/*")]


def _joint_of_3(body: str, joint: ET.Element) -> _Joint:
    before = (_vector(joint, "location_in_parent"), _turn(joint, "orientation_in_parent"))
    after = (_vector(joint, "location"), _turn(joint, "orientation"))
    return _Joint(joint, joint.findtext("parent_body", "").strip(), body, before, after)


def _joint_of_4(joint: ET.Element) -> _Joint:
    frames = {frame.attrib["name"]: frame for frame in joint.iterfind("frames/PhysicalOffsetFrame")}

    def seat(socket: str) -> tuple[str, tuple[FloatArray, FloatArray]]:
        name = joint.findtext(socket, "").strip().rpartition("/")[2]
        if name not in frames:
            return name, (np.zeros(3), np.eye(3))
        frame = frames[name]
        body = frame.findtext("socket_parent", "").strip().rpartition("/")[2]
        return body, (_vector(frame, "translation"), _turn(frame, "orientation"))

    parent, before = seat("socket_parent_frame")
    child, after = seat("socket_child_frame")
    return _Joint(joint, parent, child, before, after)


def _ordered(joints: list[_Joint]) -> list[_Joint]:
    """Joints in an order in which what carries comes first."""
    known, found, left = {_GROUND}, [], list(joints)
    while left:
        ready = [joint for joint in left if joint.parent in known]
        if not ready:
            raise _refused(f"Its joint {left[0].element.attrib['name']} hangs on nothing.")
        found += ready
        known |= {joint.child for joint in ready}
        left = [joint for joint in left if joint not in ready]
    return found


def _moves(joint: ET.Element) -> list[tuple[FloatArray, bool, str, Function | None]]:
    """Axis, whether it slides, coordinate and function of every move of a joint, in turn."""
    match joint.tag:
        case "WeldJoint":
            return []
        case "PinJoint":
            coordinate = joint.find(".//Coordinate")
            own = "" if coordinate is None else coordinate.attrib["name"]
            return [(np.array([0.0, 0.0, 1.0]), False, own, None)]
        case "CustomJoint":
            axes = {axis.attrib["name"]: axis for axis in joint.iterfind("SpatialTransform/TransformAxis")}
            order = [(name, name in _SLIDES) for name in (*_SLIDES, *_TURNS)]
            return [_axis(joint, axes[name], slides) for name, slides in order if name in axes]
    raise _refused(f"Its joint {joint.attrib['name']} is a {joint.tag}.")


def _axis(joint: ET.Element, axis: ET.Element, slides: bool) -> tuple[FloatArray, bool, str, Function | None]:
    names = axis.findtext("coordinates", "").split()
    wrapped = axis.find("function")
    element = wrapped[0] if wrapped is not None and len(wrapped) else axis.find("*[@name='function']")
    function = None if element is None else read_function(element)
    if len(names) > 1 or (names and function is None):
        raise _refused(f"Its joint {joint.attrib['name']} moves by a function that is not known here.")
    along = _vector(axis, "axis")
    if names and function is not None and _is_plain(function):
        function = None
    return along / np.linalg.norm(along), slides, names[0] if names else "", function


def _is_plain(function: Function) -> bool:
    value, slope = function(np.array([-1.0, 0.0, 1.0]))
    return bool(value.tolist() == [-1.0, 0.0, 1.0] and slope.tolist() == [1.0, 1.0, 1.0])


def _mass(body: ET.Element, part: int) -> Mass:
    words = body.findtext("inertia", "").split()
    xx, yy, zz, xy, xz, yz = (
        [float(word) for word in words] if words else [float(body.findtext(tag, "0")) for tag in _V3_INERTIA]
    )
    inertia = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return Mass(part, float(body.findtext("mass", "0")), _vector(body, "mass_center"), inertia)


def _coupled(model: ET.Element) -> dict[str, str]:
    """Coordinates that a constraint makes equal to one other."""
    found = {}
    for coupler in model.iterfind("ConstraintSet/objects/CoordinateCouplerConstraint"):
        function = coupler.find("coupled_coordinates_function/*")
        driving = coupler.findtext("independent_coordinate_names", "").split()
        plain = None if function is None else read_function(function)
        if len(driving) == 1 and plain is not None and _is_plain(plain):
            found[coupler.findtext("dependent_coordinate_name", "").strip()] = driving[0]
    return found


def _refused(why: str) -> UserError:
    return refuse(
        "KIN-001",
        "This OpenSim model has no forces here.",
        why,
        "Give a model whose joints are welds, pins or custom joints, as OpenSim's own walking models have.",
    )


_vector = partial(vector_of, refused=_refused)
_turn = partial(turn_of, refused=_refused)
