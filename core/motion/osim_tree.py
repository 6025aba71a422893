"""The skeleton of an OpenSim model as a tree of hinges: so that both programs can solve the same model.

Reads what a .osim file says of joints, markers and defaults in the form of versions 2 and 3 of OpenSim, which
4.6 still opens: welds, pins, and custom joints that slide by functions of an angle and turn about fixed axes
(Seth et al. 2010, Nonlinear Dyn 62:291). Forces, masses and muscles are not looked at.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.spatial.transform import Rotation

from core.domain.arrays import FloatArray
from core.errors import UserError, refuse
from core.motion.osim_elements import turn_of, vector_of
from core.motion.osim_functions import Function, read_function
from core.twin.kinematic_tree import ROOT_COLUMNS, KinematicTree, Link, Point

_ROTATIONS = ("rotation1", "rotation2", "rotation3")
_TRANSLATIONS = ("translation1", "translation2", "translation3")
_GROUND = "ground"
_LETTERS = {(1.0, 0.0, 0.0): "X", (0.0, 1.0, 0.0): "Y", (0.0, 0.0, 1.0): "Z"}


@dataclass(frozen=True, slots=True)
class OsimTree:
    """A model's links and markers, and what its columns are called. Axes: N pose columns.

    The model's coordinates of the joint to the ground are three angles and three positions; the tree's root
    has a rotation vector instead, see `coordinates`.
    """

    links: tuple[Link, ...]
    link_of: dict[str, int]  # by the name of the body; -1 for the root
    column_of: dict[str, int]  # by the name of the coordinate, without the root's
    default: FloatArray  # (N,) rad
    root: Root
    markers: dict[str, tuple[str, FloatArray]]  # body, and place in its frame (3,) m

    def places_m(self) -> dict[str, FloatArray]:
        """Origins of the bodies with all angles zero, in the frame of the root."""
        tree = self._with({body: (body, np.zeros(3)) for body in self.link_of})
        return dict(zip(self.link_of, tree.points_m(np.zeros((1, tree.columns)))[0], strict=True))

    def tree(self, markers: tuple[str, ...]) -> KinematicTree:
        """The tree with these markers as its points."""
        return self._with({marker: self.markers[marker] for marker in markers})

    def _with(self, points: dict[str, tuple[str, FloatArray]]) -> KinematicTree:
        """The tree with points on bodies; those of the root's body get a link that stays with the root."""
        still = Link("root", -1, np.zeros(3), np.eye(3))
        link_of = self.link_of | {body: len(self.links) for body, link in self.link_of.items() if link < 0}
        placed = [Point(link_of[body], place) for body, place in points.values()]
        return KinematicTree((*self.links, still), placed, columns=len(self.default))

    def coordinates(self, pose: FloatArray) -> dict[str, FloatArray]:
        """Values of all coordinates by name, rad and m, at poses (T, N)."""
        found = self.root.coordinates(pose)
        return found | {name: pose[:, column] for name, column in self.column_of.items()}


@dataclass(frozen=True, slots=True)
class Root:
    """The free joint to the ground: names of its coordinates."""

    angles: tuple[str, ...]
    order: str  # axes that it turns about in turn, e.g. ZXY
    places: tuple[str, ...]  # along x, y, z

    def coordinates(self, pose: FloatArray) -> dict[str, FloatArray]:
        """rad and m at poses (T, N); NaN where the pose is."""
        known = np.isfinite(pose[:, :ROOT_COLUMNS]).all(axis=1)
        turned = np.full((len(pose), 3), np.nan)
        turned[known] = Rotation.from_rotvec(pose[known, 3:ROOT_COLUMNS]).as_euler(self.order)
        found = dict(zip(self.angles, turned.T, strict=True))
        return found | dict(zip(self.places, pose[:, :3].T, strict=True))


def read_osim(text: str) -> OsimTree:
    """Read the content of a .osim file. Refuses (MOT-080) what a tree of hinges cannot be."""
    try:
        model = ET.fromstring(text).find("Model")
    except ET.ParseError as error:
        raise _refused(f"Line {error.position[0]} is not XML.") from error
    bodies = [] if model is None else model.findall("BodySet/objects/Body")
    if model is None or not any(body.findall("Joint/*") for body in bodies):
        raise _refused("It has no bodies with joints inside, as files of OpenSim 2 and 3 have.")
    builder = _Builder()
    for body in bodies:
        for joint in body.findall("Joint/*"):
            builder.add(body.attrib["name"], joint)
    if builder.root is None:
        raise _refused("Nothing joins it to the ground.")
    markers = {
        marker.attrib["name"]: (marker.findtext("body", "").strip(), _vector(marker, "location"))
        for marker in model.iterfind("MarkerSet/objects/Marker")
        if marker.findtext("body", "").strip() in builder.link_of
    }
    return OsimTree(
        tuple(builder.links),
        builder.link_of,
        builder.column_of,
        np.array(builder.default),
        builder.root,
        markers,
    )


class _Builder:
    """Collects links body by body; a body comes after the one that carries it."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.link_of: dict[str, int] = {}
        self.column_of: dict[str, int] = {}
        self.default: list[float] = [0.0] * ROOT_COLUMNS
        self.root: Root | None = None

    def add(self, body: str, joint: ET.Element) -> None:
        name, parent = joint.attrib["name"], joint.findtext("parent_body", "").strip()
        if parent == _GROUND:
            self.root = _free_root(joint)
            self.link_of[body] = -1
            return
        if parent not in self.link_of:
            raise _refused(f"Its joint {name} hangs on {parent or 'nothing'}, which does not come before it.")
        place, turn = _vector(joint, "location_in_parent"), _turn(joint, "orientation_in_parent")
        link = Link(body, self.link_of[parent], place, turn)
        match joint.tag:
            case "WeldJoint":
                parts = []
            case "PinJoint":
                coordinate = joint.find(".//Coordinate")
                own = "" if coordinate is None else coordinate.attrib["name"]
                parts = [self._hinge(joint, own, np.array([0.0, 0.0, 1.0]))]
            case "CustomJoint":
                parts = self._slides(joint) + self._turns(joint)
            case _:
                raise _refused(f"Its joint {name} is a {joint.tag}.")
        back = _turn(joint, "orientation").T
        for part in (*parts, Link(body, -1, -back @ _vector(joint, "location"), back)):
            link = self._joined(link, replace(part, name=body))
        self.links.append(link)
        self.link_of[body] = len(self.links) - 1

    def _joined(self, link: Link, part: Link) -> Link:
        """One link for both where the first does not turn, else the part hangs on the first."""
        still = not part.offset_m.any() and np.array_equal(part.turn, np.eye(3)) and part.axis is None
        if still and part.glide is None:
            return link
        slides_along = link.glide is None or (part.glide is None and link.column == part.column)
        if link.axis is None and slides_along and np.array_equal(part.turn, np.eye(3)):
            return replace(
                link,
                offset_m=link.offset_m + link.turn @ part.offset_m,
                axis=part.axis,
                column=max(link.column, part.column),
                glide=link.glide or part.glide,
            )
        self.links.append(link)
        return replace(part, parent=len(self.links) - 1)

    def _slides(self, joint: ET.Element) -> list[Link]:
        """One link per coordinate that moves the joint along its axes."""
        by_coordinate: dict[str, list[tuple[FloatArray, Function]]] = {}
        for axis in _axes(joint, _TRANSLATIONS):
            coordinate, along, function = _driven(joint, axis)
            by_coordinate.setdefault(coordinate, []).append((along, function))
        parts = []
        for coordinate, terms in by_coordinate.items():
            column = self._column(joint, coordinate) if coordinate else -1
            if column < 0:
                angle = np.full(1, self._default_of(joint, coordinate))
                parts.append(Link("", -1, _slid(terms, angle)[0][0], np.eye(3)))
            else:
                glide = partial(_slid, terms)
                parts.append(Link("", -1, np.zeros(3), np.eye(3), None, column, glide=glide))
        return parts

    def _turns(self, joint: ET.Element) -> list[Link]:
        parts = []
        for axis in _axes(joint, _ROTATIONS):
            coordinate, about, function = _driven(joint, axis)
            at_zero, slope = function(np.array([0.0, 1.0]))
            if not coordinate:
                turn = Rotation.from_rotvec(about * at_zero[0]).as_matrix()
                parts.append(Link("", -1, np.zeros(3), turn))
            elif at_zero.tolist() == [0.0, 1.0] and slope.tolist() == [1.0, 1.0]:
                parts.append(self._hinge(joint, coordinate, about))
            else:
                raise _refused(f"Its joint {joint.attrib['name']} turns by more than a plain angle.")
        return parts

    def _hinge(self, joint: ET.Element, coordinate: str, axis: FloatArray) -> Link:
        """A hinge, or a part turned for good where the model locks the angle."""
        column = self._column(joint, coordinate)
        if column >= 0:
            return Link("", -1, np.zeros(3), np.eye(3), axis, column)
        turn = Rotation.from_rotvec(axis * self._default_of(joint, coordinate)).as_matrix()
        return Link("", -1, np.zeros(3), turn)

    def _column(self, joint: ET.Element, coordinate: str) -> int:
        """The pose column of a coordinate; -1 where the model locks it."""
        element = _coordinate(joint, coordinate)
        if element.findtext("locked", "false").strip() == "true":
            return -1
        if coordinate not in self.column_of:
            self.column_of[coordinate] = len(self.default)
            self.default.append(self._default_of(joint, coordinate))
        return self.column_of[coordinate]

    def _default_of(self, joint: ET.Element, coordinate: str) -> float:
        return float(_coordinate(joint, coordinate).findtext("default_value", "0")) if coordinate else 0.0


def _free_root(joint: ET.Element) -> Root:
    """Three angles about three axes of the ground, and three positions along x, y, z of it."""
    placed = ("location_in_parent", "orientation_in_parent", "location", "orientation")
    if joint.tag != "CustomJoint" or any(_vector(joint, name).any() for name in placed):
        raise _refused("Its joint to the ground is not a free one in the ground's frame.")
    turns = [_driven(joint, axis) for axis in _axes(joint, _ROTATIONS)]
    moves = [_driven(joint, axis) for axis in _axes(joint, _TRANSLATIONS)]
    order = "".join(_LETTERS.get(tuple(axis.tolist()), "?") for _, axis, _ in turns)
    along = "".join(_LETTERS.get(tuple(axis.tolist()), "?") for _, axis, _ in moves)
    if sorted(order) != ["X", "Y", "Z"] or along != "XYZ" or not all(name for name, _, _ in turns + moves):
        raise _refused("Its joint to the ground does not move freely along and about the ground's axes.")
    return Root(tuple(name for name, _, _ in turns), order, tuple(name for name, _, _ in moves))


def _axes(joint: ET.Element, names: tuple[str, ...]) -> list[ET.Element]:
    found = {axis.attrib["name"]: axis for axis in joint.iterfind("SpatialTransform/TransformAxis")}
    if not set(names) <= set(found):
        raise _refused(f"Its joint {joint.attrib['name']} lacks one of its axes.")
    return [found[name] for name in names]


def _driven(joint: ET.Element, axis: ET.Element) -> tuple[str, FloatArray, Function]:
    """The coordinate that drives an axis ("" for none), the axis, and the function of the coordinate."""
    names = axis.findtext("coordinates", "").split()
    element = axis.find("function")
    function = None if element is None or not len(element) else read_function(element[0])
    if function is None or len(names) > 1:
        raise _refused(f"Its joint {joint.attrib['name']} moves by a function that is not known here.")
    along = _vector(axis, "axis")
    return names[0] if names else "", along / np.linalg.norm(along), function


def _slid(terms: list[tuple[FloatArray, Function]], angle: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where functions of one angle (T,) move along their axes: (T, 3) m, and the slope (T, 3)."""
    place, slope = np.zeros((len(angle), 3)), np.zeros((len(angle), 3))
    for axis, function in terms:
        value, rate = function(angle)
        place += value[:, None] * axis
        slope += rate[:, None] * axis
    return place, slope


def _coordinate(joint: ET.Element, name: str) -> ET.Element:
    for coordinate in joint.iterfind(".//Coordinate"):
        if coordinate.attrib["name"] == name:
            return coordinate
    raise _refused(f"Its joint {joint.attrib['name']} has no coordinate {name}.")


def _refused(why: str) -> UserError:
    return refuse(
        "MOT-080",
        "This OpenSim model cannot be solved here.",
        why,
        "Give a model in the file format of OpenSim 2 or 3 whose joints are welds, pins or custom joints.",
    )


_vector = partial(vector_of, refused=_refused)
_turn = partial(turn_of, refused=_refused)
