"""The person's own body from markers: its size, and where on its bones the markers sit.

Joint centres, the pelvis' bony points and feet that stand flat on the floor tell the pose of every bone in
frames in which the person stands: a standing trial, else the stance phases of the walk. The body is scaled
to the distances between the centres and laid over them; every marker then keeps the place where it is seen
(as OpenSim's MarkerPlacer does; Delp et al. 2007, IEEE Trans Biomed Eng 54:1940).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import JOINTS, SIDES, JointKind, Side
from core.domain.laboratory import LaboratoryTrial
from core.domain.twin import GENERIC_BODY, BodyParameters, SegmentScale
from core.errors import UserError, refuse
from core.gait.norm_tables import PELVIC_TILT_DEG
from core.motion.joint_centres import LegCentres, PelvisAxes, leg_centres, pelvis_axes
from core.motion.laboratory_body import LaboratoryBody, Marker, body_for, scaled_to
from core.motion.marker_kinematics import MarkerGoals, solve_markers
from core.motion.marker_places import Place
from core.motion.marker_sets import LabelledMarkers
from core.twin.body_tree import POSE_SIZE, POSE_SIZE_WITH_TRUNK
from core.twin.kinematic_tree import ROOT_COLUMNS

_HEEL_TO_FOREFOOT_M = 0.195
"""Of the generic body: from its metatarsal joints, 0.179 m before the heel bone's origin, to the skin behind
it."""
_FOOT_RANGE = (0.85, 1.15)  # of what body height lets expect: markers on shoes sit further apart
_FLAT_M = 0.02  # heel and forefoot that near to their lowest height stand on the floor
_LOWEST = 5  # percentile of a marker's heights
_MOST_FRAMES = 80  # of the walk, to learn where the markers sit
_LEAST_FRAMES = 5
_MOST_SLOPE_RAD = np.radians(20.0)  # from heel to forefoot of a foot that stands flat
_CENTRE, _DIRECTION = 4.0, 1.0  # weights of joint centres, and of points that tell how a bone is turned
_ARM_M = 0.15  # to these points
_HELD = 1.0  # m2/rad2: as good as fixed
_FIXED = (JointKind.SUBTALAR, JointKind.TOES)  # markers on feet and shoes do not tell them


@dataclass(frozen=True, slots=True, eq=False)
class PersonBody:
    """A scaled body with its markers. Axis: M markers that a bone carries."""

    body: LaboratoryBody
    parameters: BodyParameters
    columns: tuple[int, ...]  # M, of the trial's markers
    markers: tuple[Marker, ...]  # M
    trunk_seen: bool
    standing: bool  # placed by a standing trial, else by the walk's stance phases
    frames: int  # that told the places

    @property
    def pull(self) -> FloatArray:
        """How firmly each pose column is held at zero, m2/rad2."""
        return _pull(trunk_seen=self.trunk_seen)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What tells the bones' poses. Axis: F frames."""

    marker_m: FloatArray  # (F, P, 3)
    flat: BoolArray  # (F, 2) whether the foot stands flat, sides as SIDES
    pelvis: PelvisAxes
    legs: tuple[LegCentres, LegCentres]


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    """A point of a bone and where it was seen."""

    marker: Marker
    seen_m: FloatArray  # (F, 3)
    weight: float


def body_of(trial: LaboratoryTrial, labelled: LabelledMarkers, height_m: float, mass_kg: float) -> PersonBody:
    """Scale the body to a trial's person and place the markers on it.

    Refuses LAB-104 (too few frames tell the person's size) and LAB-105 (a size that nobody has).
    """
    seen = _seen(trial, labelled, height_m)
    scale = _scale(seen, labelled, height_m)
    parameters = BodyParameters(height_m, mass_kg, scale)
    body = body_for(parameters)
    top_m, across = _trunk(labelled, seen.marker_m)
    targets = [*_pelvis_targets(body, seen), *_leg_targets(body, seen, labelled)]
    trunk = _trunk_targets(body, seen, top_m, across)
    pose = _laid_over(body, [*targets, *trunk], trunk_seen=bool(trunk))
    columns = [
        k
        for k, role in enumerate(labelled.roles)
        if role is not None
        and role.bone is not None
        and (trunk or role.bone != "torso")
        and np.isfinite(trial.marker_m[:, k]).any()
    ]
    markers = _placed(body, [_bone(labelled, k) for k in columns], pose, _usable(seen, labelled, columns))
    kept = {
        k: marker for k, marker in zip(columns, markers, strict=True) if np.isfinite(marker.place_m).all()
    }
    standing = trial.standing_m is not None and len(seen.marker_m) == 1
    return PersonBody(
        body, parameters, tuple(kept), tuple(kept.values()), bool(trunk), standing, len(seen.marker_m)
    )


def _bone(labelled: LabelledMarkers, column: int) -> str:
    role = labelled.roles[column]
    assert role is not None and role.bone is not None
    return role.bone


def _seen(trial: LaboratoryTrial, labelled: LabelledMarkers, height_m: float) -> _Seen:
    """The standing trial where it tells both legs, else frames of the walk with a foot flat on the floor."""
    if trial.standing_m is not None:
        standing_m = np.asarray(trial.standing_m)[None]
        seen = _measured(standing_m, np.ones((1, 2), dtype=bool), labelled, height_m)
        if _complete(seen):
            return seen
    flat = np.stack([_flat_on_floor(labelled, trial.marker_m, side) for side in SIDES], axis=1)
    frames = np.flatnonzero(flat.any(axis=1))
    frames = frames[np.linspace(0, len(frames) - 1, min(len(frames), _MOST_FRAMES)).round().astype(int)]
    if len(frames) >= _LEAST_FRAMES:
        seen = _measured(trial.marker_m[frames], flat[frames], labelled, height_m)
        if _complete(seen):
            return seen
    raise refuse(
        "LAB-104",
        "The markers do not tell the size of this person.",
        "Pelvis, knees, ankles and feet were hardly ever in view together with a foot on the floor.",
        "Fill the gaps of these markers in the laboratory's program, or give a standing trial as well.",
    )


def _measured(marker_m: FloatArray, flat: BoolArray, labelled: LabelledMarkers, height_m: float) -> _Seen:
    pelvis = pelvis_axes(labelled, marker_m)
    left, right = (leg_centres(labelled, marker_m, pelvis, side, height_m) for side in SIDES)
    return _Seen(marker_m, flat, pelvis, (left, right))


def _complete(seen: _Seen) -> bool:
    """Whether some frame tells the size of each part."""
    centres = [centre for leg in seen.legs for centre in (leg.hip_m, leg.knee_m, leg.ankle_m)]
    return all(np.isfinite(centre).all(axis=1).any() for centre in centres)


def _flat_on_floor(labelled: LabelledMarkers, marker_m: FloatArray, side: Side) -> BoolArray:
    """Frames (T,) in which heel and forefoot are both as low as they come, and the leg is in view."""
    height = [
        foot[:, 2]
        for foot in (labelled.mean_m(marker_m, Place.HEEL, side), labelled.forefoot_m(marker_m, side))
    ]
    if not all(np.isfinite(own).any() for own in height):
        return np.zeros(len(marker_m), dtype=bool)
    low = [own < np.nanpercentile(own, _LOWEST) + _FLAT_M for own in height]
    return np.asarray(low[0] & low[1])


def _scale(seen: _Seen, labelled: LabelledMarkers, height_m: float) -> SegmentScale:
    """Factors of the generic body that give the measured distances, both legs alike. Refuses LAB-105."""

    def typical_m(first: str, second: str) -> float:
        pairs = [getattr(leg, first) - getattr(leg, second) for leg in seen.legs]
        return float(np.mean([np.nanmedian(np.linalg.norm(pair, axis=1)) for pair in pairs]))

    hips_m = float(np.nanmedian(np.linalg.norm(seen.legs[0].hip_m - seen.legs[1].hip_m, axis=1)))
    expected = height_m / GENERIC_BODY.height_m
    measured = scaled_to(
        hips_m, typical_m("hip_m", "knee_m"), typical_m("knee_m", "ankle_m"), 1.0, trunk=expected
    )
    foot = _foot_factor(seen, labelled, expected)
    scale = SegmentScale(measured.pelvis_width, measured.thigh, measured.shank, foot, expected)
    for name in ("pelvis_width", "thigh", "shank"):
        if not 0.6 < getattr(scale, name) / expected < 1.5:
            raise _no_such_body(name, getattr(scale, name) / expected, height_m)
    return scale


def _foot_factor(seen: _Seen, labelled: LabelledMarkers, expected: float) -> float:
    lengths = [
        np.linalg.norm(
            labelled.forefoot_m(seen.marker_m, side) - labelled.mean_m(seen.marker_m, Place.HEEL, side),
            axis=1,
        )
        for side in SIDES
    ]
    factor = float(np.nanmedian(np.concatenate(lengths))) / _HEEL_TO_FOREFOOT_M
    return expected * float(np.clip(factor / expected, *_FOOT_RANGE))


def _no_such_body(name: str, factor: float, height_m: float) -> UserError:
    part = name.replace("_", " ")
    return refuse(
        "LAB-105",
        f"The {part} comes out {factor:.0%} of what a height of {height_m:.2f} m lets expect.",
        "The height is wrong, or the trial is in another unit or of another person.",
        "Check the patient's height and the units of the file.",
    )


def _pelvis_targets(body: LaboratoryBody, seen: _Seen) -> list[_Target]:
    """Hip centres, and how the pelvis is turned: the model's is upright where a healthy one tilts forward."""
    tilt = np.radians(PELVIC_TILT_DEG)
    axes = seen.pelvis
    forward = np.cos(tilt) * axes.forward + np.sin(tilt) * axes.up
    up = np.cos(tilt) * axes.up - np.sin(tilt) * axes.forward
    places = [body.place_m[f"femur_{side.suffix}"] - body.place_m["pelvis"] for side in SIDES]
    found = [
        _Target(Marker("pelvis", place), leg.hip_m, _CENTRE)
        for place, leg in zip(places, seen.legs, strict=True)
    ]
    middle, middle_m = 0.5 * (places[0] + places[1]), 0.5 * (seen.legs[0].hip_m + seen.legs[1].hip_m)
    for way, axis in ((np.array([_ARM_M, 0.0, 0.0]), forward), (np.array([0.0, _ARM_M, 0.0]), up)):
        found.append(_Target(Marker("pelvis", middle + way), middle_m + _ARM_M * axis, _DIRECTION))
    return found


def _leg_targets(body: LaboratoryBody, seen: _Seen, labelled: LabelledMarkers) -> list[_Target]:
    """Knee and ankle centres, the knee's axis, and a foot that is flat on the floor."""
    found = []
    for column, side in enumerate(SIDES):
        leg, end = seen.legs[column], side.suffix
        outward = np.array([0.0, 0.0, -1.0 if side is Side.LEFT else 1.0])
        knee = body.place_m[f"tibia_{end}"] - body.place_m[f"femur_{end}"]
        found.append(_Target(Marker(f"femur_{end}", knee), leg.knee_m, _CENTRE))
        beside = Marker(f"femur_{end}", knee + _ARM_M * outward)
        found.append(_Target(beside, leg.knee_m + _ARM_M * leg.knee_axis, _DIRECTION))
        found.append(_Target(Marker(f"talus_{end}", np.zeros(3)), leg.ankle_m, _CENTRE))
        ankle = body.place_m[f"talus_{end}"] - body.place_m[f"calcn_{end}"]
        forward, up = _sole(labelled, seen, column)
        for way, axis in ((np.array([_ARM_M, 0.0, 0.0]), forward), (np.array([0.0, _ARM_M, 0.0]), up)):
            bone = Marker(f"calcn_{end}", ankle + way)
            found.append(_Target(bone, leg.ankle_m + _ARM_M * axis, _DIRECTION))
    return found


def _sole(labelled: LabelledMarkers, seen: _Seen, column: int) -> tuple[FloatArray, FloatArray]:
    """Where a flat foot points and its upward axis, (F, 3) each; NaN where the foot is not flat.

    The floor is level, so the markers' own heights do not count, unless the heel is clearly off the floor.
    """
    side = SIDES[column]
    along = labelled.forefoot_m(seen.marker_m, side) - labelled.mean_m(seen.marker_m, Place.HEEL, side)
    slope = np.arctan2(along[:, 2], np.linalg.norm(along[:, :2], axis=1))
    level = np.where(np.abs(slope)[:, None] > _MOST_SLOPE_RAD, along, along * (1.0, 1.0, 0.0))
    forward = level / np.linalg.norm(level, axis=1, keepdims=True)
    up = np.array([0.0, 0.0, 1.0]) - forward[:, 2:] * forward
    forward = np.where(seen.flat[:, column, None], forward, np.nan)
    return forward, up / np.linalg.norm(up, axis=1, keepdims=True) + 0.0 * forward


def _trunk(labelled: LabelledMarkers, marker_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Top of the trunk (F, 3) and the way from left to right shoulder (F, 3); NaN where not told."""
    left, right = (labelled.mean_m(marker_m, Place.SHOULDER, side) for side in SIDES)
    shoulders = 0.5 * (left + right)
    neck = 0.5 * (labelled.mean_m(marker_m, Place.C7) + labelled.mean_m(marker_m, Place.JUGULAR))
    top = np.where(np.isfinite(shoulders), shoulders, neck)
    across = right - left
    return top, across / np.linalg.norm(across, axis=1, keepdims=True)


def _trunk_targets(body: LaboratoryBody, seen: _Seen, top_m: FloatArray, across: FloatArray) -> list[_Target]:
    """The top of an upright trunk is straight above the hips; without shoulders nothing tells its turning."""
    hips_m = 0.5 * (seen.legs[0].hip_m + seen.legs[1].hip_m)
    high_m = float(np.nanmedian(np.linalg.norm(top_m - hips_m, axis=1))) if np.isfinite(top_m).any() else 0.0
    if not high_m or not np.isfinite(across).any():
        return []
    hips = 0.5 * (body.place_m["femur_l"] + body.place_m["femur_r"])
    top = hips + np.array([0.0, high_m, 0.0]) - body.place_m["torso"]
    beside = Marker("torso", top + np.array([0.0, 0.0, _ARM_M]))
    return [
        _Target(Marker("torso", top), top_m, _DIRECTION),
        _Target(beside, top_m + _ARM_M * across, _DIRECTION),
    ]


def _laid_over(body: LaboratoryBody, targets: list[_Target], *, trunk_seen: bool) -> FloatArray:
    """Poses (F, N) of the body in which it comes nearest to the targets."""
    tree = body.tree([target.marker for target in targets])
    weight = np.array([target.weight for target in targets])
    goals = MarkerGoals(weight, _pull(trunk_seen=trunk_seen), np.zeros(tree.columns))
    seen_m = np.stack([target.seen_m for target in targets], axis=1)
    return solve_markers(tree, seen_m, goals).pose


def _pull(*, trunk_seen: bool) -> FloatArray:
    pull = np.zeros(POSE_SIZE_WITH_TRUNK)
    pull[[ROOT_COLUMNS + joint.column for joint in JOINTS if joint.kind in _FIXED]] = _HELD
    if not trunk_seen:
        pull[POSE_SIZE:] = _HELD
    return pull


def _usable(seen: _Seen, labelled: LabelledMarkers, columns: list[int]) -> FloatArray:
    """Places (F, M, 3) of the markers; NaN for those of a foot that is not flat, whose pose is not told."""
    usable = np.array(seen.marker_m[:, columns])
    for place, column in enumerate(columns):
        role = labelled.roles[column]
        if role is not None and role.side is not None and str(role.bone).startswith("calcn"):
            usable[~seen.flat[:, SIDES.index(role.side)], place] = np.nan
    return usable


def _placed(body: LaboratoryBody, bones: list[str], pose: FloatArray, seen_m: FloatArray) -> list[Marker]:
    """Where the markers sit in their bones' frames: the mean over all frames that tell it; NaN if none."""
    tree = body.tree([Marker(bone, np.zeros(3)) for bone in bones])
    told = np.isnan(pose) @ tree.moves == 0.0  # (F, M): all that moves the bone is known
    at = tree.slopes(np.nan_to_num(pose))
    own = (at.by_offset.swapaxes(2, 3) @ (seen_m - at.point_m)[..., None])[..., 0]
    told &= np.isfinite(own).all(axis=2)
    total = np.where(told[..., None], own, 0.0).sum(axis=0)
    count = told.sum(axis=0)[:, None]
    place = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return [Marker(bone, place[k]) for k, bone in enumerate(bones)]
