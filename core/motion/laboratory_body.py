"""The product's own body, with a trunk that bends, for markers that a laboratory measured.

Bone frames follow Rajagopal et al. (2016, IEEE Trans Biomed Eng 63:2068), whose pelvis, legs and feet descend
from the same bones as those of OpenSim's gait2354: x forward, y up, z right, origins at the joint that
carries the bone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np
from scipy.spatial.transform import Rotation

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS
from core.domain.twin import GENERIC_BODY, BodyParameters, SegmentScale
from core.motion.marker_kinematics import MarkerFit, MarkerGoals, solve_markers
from core.twin.body import Fidelity, compile_body
from core.twin.body_tree import POSE_SIZE, POSE_SIZE_WITH_TRUNK, body_links
from core.twin.kinematic_tree import ROOT_COLUMNS, KinematicTree, Point

TO_BODY = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""From axes forward, up, right, as OpenSim's laboratory has, to ours: left, back, up."""

_LEGS = tuple(f"{bone}_{side}" for bone in ("femur", "tibia", "talus", "calcn") for side in "rl")
_BONES = ("pelvis", "lumbar5", "torso", *_LEGS)
_TRUNK = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")
_PELVIS_ORDER = "ZXY"  # tilt, list, rotation


@dataclass(frozen=True, slots=True)
class Marker:
    """A point on a bone."""

    bone: str
    place_m: FloatArray  # (3,) in the bone's frame


class LaboratoryBody:
    """One person's tree, the names of its bones, and its angles under the names of gait2354."""

    columns = POSE_SIZE_WITH_TRUNK

    def __init__(self, parameters: BodyParameters) -> None:
        model = compile_body(parameters, Fidelity.FAST)
        self._links, self._link_of = body_links(model, _BONES, trunk_bends=True)
        self.column_of = {joint.value: ROOT_COLUMNS + place for place, joint in enumerate(JOINTS)}
        self.column_of |= {name: POSE_SIZE + k for k, name in enumerate(_TRUNK)}
        tree = self.tree([Marker(bone, np.zeros(3)) for bone in _BONES])
        straight = tree.points_m(np.zeros((1, self.columns)))[0] @ TO_BODY
        self.place_m = dict(zip(_BONES, straight, strict=True))
        """Origins of the bones with straight joints, forward, up and right of the root."""

    def tree(self, markers: list[Marker]) -> KinematicTree:
        points = [Point(self._link_of[marker.bone], marker.place_m) for marker in markers]
        return KinematicTree(self._links, points, columns=self.columns)

    def coordinates(self, pose: FloatArray) -> dict[str, FloatArray]:
        """Angles [rad] and pelvis position [m] at poses (T, N): names, signs and axes are gait2354's."""
        origin = KinematicTree(
            self._links, [Point(self._link_of["pelvis"], np.zeros(3))], columns=self.columns
        )
        known = np.isfinite(pose).all(axis=1)
        turn = np.full((len(pose), 3), np.nan)
        place = np.full((len(pose), 3), np.nan)
        pelvis = origin.orientations(pose[known])[:, self._link_of["pelvis"]]
        turn[known] = Rotation.from_matrix(TO_BODY.T @ pelvis).as_euler(_PELVIS_ORDER)
        place[known] = origin.points_m(pose[known])[:, 0] @ TO_BODY
        found = dict(zip(("pelvis_tilt", "pelvis_list", "pelvis_rotation"), turn.T, strict=True))
        found |= dict(zip(("pelvis_tx", "pelvis_ty", "pelvis_tz"), place.T, strict=True))
        for name, column in self.column_of.items():
            found[name] = -pose[:, column] if name.startswith("knee") else pose[:, column]
        return found


def scaled_to(
    hip_width_m: float, thigh_m: float, shank_m: float, foot_m: float, trunk: float
) -> SegmentScale:
    """Factors that give these distances: hip to hip, hip to knee, knee to ankle, ankle to subtalar joint."""
    place = _generic_places()

    def factor(length_m: float, first: str, second: str) -> float:
        return length_m / float(np.linalg.norm(place[first] - place[second]))

    return SegmentScale(
        pelvis_width=factor(hip_width_m, "femur_r", "femur_l"),
        thigh=factor(thigh_m, "femur_r", "tibia_r"),
        shank=factor(shank_m, "tibia_r", "talus_r"),
        foot=factor(foot_m, "talus_r", "calcn_r"),
        trunk=trunk,
    )


@lru_cache(maxsize=4)
def body_for(parameters: BodyParameters) -> LaboratoryBody:
    """The tree of this person; built once, for compiling a body takes most of a trial's time."""
    return LaboratoryBody(parameters)


@cache
def _generic_places() -> dict[str, FloatArray]:
    """Origins of the generic body's bones with straight joints."""
    return LaboratoryBody(GENERIC_BODY).place_m


def placed_markers(
    body: LaboratoryBody, markers: list[Marker], standing_m: FloatArray, goals: MarkerGoals
) -> tuple[list[Marker], MarkerFit]:
    """Markers moved to where they were seen on a person who stands still, and the fit before that.

    `standing_m` (T, P, 3) in our axes; its mean over time counts, as in OpenSim's MarkerPlacer (Delp et al.
    2007, IEEE Trans Biomed Eng 54:1940). A marker that was never seen stays where it was.
    """
    tree = body.tree(markers)
    seen = np.asarray(np.isfinite(standing_m).any(axis=(0, 2)))
    mean_m = np.full((1, len(markers), 3), np.nan)
    mean_m[0, seen] = np.nanmean(standing_m[:, seen], axis=0)
    fit = solve_markers(tree, mean_m, goals)
    moved = tree.slopes(fit.pose)
    turn, miss = moved.by_offset[0], np.where(seen[:, None], mean_m[0] - moved.point_m[0], 0.0)
    own = (turn.swapaxes(1, 2) @ miss[..., None])[..., 0]
    return [replace(m, place_m=m.place_m + own[k]) for k, m in enumerate(markers)], fit
