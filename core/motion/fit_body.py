"""The body that is fitted to a trial: the person's legs and pelvis, a trunk that bends, and what the cameras
and the floor see of it.

Pose columns: those of `core.twin.skeleton` (pelvis position and rotation vector, fourteen joint angles), then
the trunk against the pelvis: extension, bending, turning. Constants of a trial are the logarithms of length
factors and where the detector's landmarks sit on the body.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.recording import Landmark
from core.domain.twin import BodyParameters
from core.motion.generic_links import COLUMNS, Length, generic_links
from core.twin.kinematic_tree import KinematicTree, Point
from core.twin.scaling import scales_for_height
from core.twin.skeleton import POINTS

_HALF_SHOULDER = 0.17
_HEEL, _TOE = (0.0, 0.0, 0.0), (0.200, 0.0, 0.0)  # in the generic heel bone's frame
_SKIN = (0.0, -0.01, 0.0)  # where the detector sees heel and toe
_SOLE = (0.0, -0.02, 0.0)  # skin and shoe below it, as the body's contact spheres


class Place(IntEnum):
    """Where landmarks sit beside the body's own points; metres, forward and up in the bone's frame."""

    HEEL_FORWARD = 0
    HEEL_UP = 1
    TOE_FORWARD = 2
    TOE_UP = 3
    TOE_OUT_LEFT = 4
    TOE_OUT_RIGHT = 5
    HIP_FORWARD = 6
    HIP_UP = 7
    SOLE_UP = 8
    KNEE_FORWARD = 9


CONSTANTS = len(Length) + len(Place)
SOLES = slice(len(POINTS), len(POINTS) + 4)  # heel and toe of the left, then of the right sole


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Points of the body and their derivatives. Axes: T frames, P = 12 landmarks and 4 sole points."""

    point_m: FloatArray  # (T, P, 3)
    by_pose: FloatArray  # (T, P, 3, COLUMNS)
    by_constant: FloatArray  # (T, P, 3, CONSTANTS)


class FitBody:
    """Kinematics of a person of known height whose proportions are fitted."""

    def __init__(self, height_m: float, mass_kg: float) -> None:
        self.parameters = BodyParameters(height_m, mass_kg, scales_for_height(height_m))
        factor = self.parameters.scale.trunk
        generic, self.limit_rad = generic_links()  # limits (14, 2)
        links = [replace(link, offset_m=factor * link.offset_m) for link in generic]
        names = {link.name: number for number, link in enumerate(links)}
        self._tree = KinematicTree(links, _points(names, factor), columns=COLUMNS, lengths=len(Length))
        self._offset_m = np.stack([point.offset_m for point in self._tree.points])
        self._moved_by = _moved_by()

    def points_m(self, pose: FloatArray, constant: FloatArray) -> FloatArray:
        """(T, P, 3) at poses (T, COLUMNS) with the trial's constants (CONSTANTS,)."""
        return self._tree.points_m(pose, constant[: len(Length)], self._offsets(constant))

    def seen(self, pose: FloatArray, constant: FloatArray) -> Seen:
        slopes = self._tree.slopes(pose, constant[: len(Length)], self._offsets(constant))
        by_place = np.einsum("tpkj,jpl->tpkl", slopes.by_offset, self._moved_by)
        return Seen(slopes.point_m, slopes.by_pose, np.concatenate([slopes.by_length, by_place], axis=3))

    def _offsets(self, constant: FloatArray) -> FloatArray:
        return np.asarray(self._offset_m + np.einsum("jpl,l->pj", self._moved_by, constant[len(Length) :]))


def _points(names: dict[str, int], factor: float) -> list[Point]:
    """Landmarks in the order of `POINTS`, then the soles."""
    points = [_landmark(landmark, names, factor) for landmark in POINTS]
    soles = [
        Point(names[f"calcn_{side.suffix}"], factor * (np.array(offset) + _SOLE))
        for side in SIDES
        for offset in (_HEEL, _TOE)
    ]
    return points + soles


def _landmark(landmark: Landmark, names: dict[str, int], factor: float) -> Point:
    side, part = landmark.name.split("_", 1)
    suffix, sign = side[0].lower(), -1.0 if side == "LEFT" else 1.0
    if part == "SHOULDER":
        across = np.array([0.0, 0.0, sign * _HALF_SHOULDER * factor])
        return Point(names["shoulders"], across, Length.SHOULDERS)
    if part in ("HEEL", "FOOT_INDEX"):
        return Point(names[f"calcn_{suffix}"], factor * (np.array(_HEEL if part == "HEEL" else _TOE) + _SKIN))
    frame = {"HIP": "hip", "KNEE": "end_of_femur", "ANKLE": "talus"}[part]
    return Point(names[f"{frame}_{suffix}"], np.zeros(3))


def _moved_by() -> FloatArray:
    """Offsets by places: (3, P, len(Place))."""
    moved = np.zeros((3, len(POINTS) + 4, len(Place)))
    for number, landmark in enumerate(POINTS):
        side, part = landmark.name.split("_", 1)
        if part == "HIP":
            moved[0, number, Place.HIP_FORWARD] = moved[1, number, Place.HIP_UP] = 1.0
        if part == "KNEE":
            moved[0, number, Place.KNEE_FORWARD] = 1.0
        if part == "HEEL":
            moved[0, number, Place.HEEL_FORWARD] = moved[1, number, Place.HEEL_UP] = 1.0
        if part == "FOOT_INDEX":
            moved[0, number, Place.TOE_FORWARD] = moved[1, number, Place.TOE_UP] = 1.0
            out, sign = (Place.TOE_OUT_LEFT, -1.0) if side == "LEFT" else (Place.TOE_OUT_RIGHT, 1.0)
            moved[2, number, out] = sign
    moved[1, SOLES, Place.SOLE_UP] = 1.0
    moved[1, -8:-4, Place.SOLE_UP] = 1.0  # heel and toe landmarks keep their height above the sole
    return moved
