"""From a laboratory's markers to the motion record: marker set, sides, body, angles, strides, measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import JOINTS, SIDES, JointKind
from core.domain.findings import worst_first
from core.domain.gait_events import FootPaths
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import GaitReference, Kinematics, Motion, Spatiotemporal, Stride
from core.errors import refuse
from core.gait.cycles import cut_cycles
from core.gait.measures import nothing_measured, spatiotemporal_over
from core.gait.reference import gait_reference, whole_body_seen
from core.gait.strides import WalkedStrides
from core.motion.course import Course, HipPath, course_of
from core.motion.laboratory_body import Marker
from core.motion.marker_body import PersonBody, body_of
from core.motion.marker_findings import MarkerFacts, marker_findings
from core.motion.marker_kinematics import MarkerFit, MarkerGoals, pose_spread, solve_markers
from core.motion.marker_places import Place
from core.motion.marker_sets import LabelledMarkers, check_sides, facing, recognise, without_exchanged
from core.motion.marker_strides import belt_speed_m_s, walked
from core.motion.steady_walking import long_gaps
from core.motion.trial import MAX_GAP_S
from core.twin.body_tree import POSE_SIZE
from core.twin.kinematic_tree import ROOT_COLUMNS, KinematicTree
from core.twin.scaling import Segment
from core.twin.segment_lengths import GENERIC_LENGTH_M, lengths_by_name

LEAST_FRAMES = 10
LEAST_RATE_HZ = 10.0
_WEIGHT = {Place.TROCHANTER: 0.5, Place.THIGH: 0.5, Place.SHOULDER: 0.5}
"""Skin over the thigh and the shoulder blade moves most (Leardini et al. 2005, Gait & Posture 21:212); all
other markers count 1."""
_TRIES = 2
_LOST, _LOST_M = 3.0, 0.02  # times the usual miss of a frame; skin moves less
_FAR = 2.0  # times the miss of all markers
_NO_JOINT_RAD = 2.6  # beyond every joint's range
_SOLE_M = 0.200  # from heel to toe on the generic foot's sole, as the landmarks of cameras have it

Tick = Callable[[float], None]


def _silent(_: float) -> None:
    return None


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    """The frames in which the person is in view. Axes: T frames, N pose columns."""

    time_s: FloatArray  # (T,) of the trial
    pose: FloatArray  # (T, N); the joints of a leg that is hidden for long are NaN
    spread: FloatArray  # (T, N)
    residual_m: float
    far: tuple[str, ...]  # labels of the markers that miss their places most, by much more than the others
    paths: FootPaths
    forward: FloatArray  # (T, 2) where the person faces


def motion_from_markers(
    trial: LaboratoryTrial, *, height_m: float, mass_kg: float, tick: Tick = _silent
) -> Motion:
    """Motion of the person of a laboratory trial, in the trial's own axes and on its own clock.

    Angles are not filtered: who needs rates filters forces and angles alike. `tick` is called with the
    finished fraction and may raise to cancel. Refuses LAB-100 to LAB-107.
    """
    _check_rate(trial.time_s)
    labelled = recognise(trial.marker_names)
    for marker_m in (trial.marker_m, trial.standing_m):
        if marker_m is not None:
            check_sides(labelled, np.asarray(marker_m).reshape(-1, len(trial.marker_names), 3))
    tick(0.1)
    marker_m, exchanged = without_exchanged(labelled, trial.marker_m)
    trial = replace(trial, marker_m=marker_m)
    person = body_of(trial, labelled, height_m, mass_kg)
    tick(0.4)
    solved = _solved(trial, labelled, person)
    tick(0.8)
    course, ways = course_of(_hip_path(solved, height_m))
    belt = belt_speed_m_s(solved.paths) if course is Course.IN_PLACE else 0.0
    walks = [walked(solved.paths, way, trial, belt) for way in ways if course in _WALKED]
    motion = _motion(trial, labelled, person, solved, course, walks, belt, exchanged)
    tick(1.0)
    return motion


_NEEDED = {"pelvis": "pelvis"} | {
    f"{bone}_{side.suffix}": f"{side.value} {words}"
    for side in SIDES
    for bone, words in (("femur", "thigh"), ("tibia", "shank"), ("calcn", "foot"))
}
_WALKED = (Course.WALKS, Course.IN_PLACE)


def _check_rate(time_s: FloatArray) -> None:
    if len(time_s) < LEAST_FRAMES:
        raise refuse(
            "LAB-106",
            f"The trial has {len(time_s)} frame{'s' if len(time_s) != 1 else ''} only.",
            "A motion needs at least ten; a standing trial has few and goes with a walk.",
            "Give the trial of the walk, and this one as its standing trial.",
        )
    rate_hz = float(1.0 / np.median(np.diff(time_s)))
    if rate_hz < LEAST_RATE_HZ:
        raise refuse(
            "LAB-107",
            f"The trial has {rate_hz:.1f} frames per second.",
            f"Steps can be measured from {LEAST_RATE_HZ:.0f} frames per second on.",
            "Export the trial at the rate it was recorded with.",
        )


def _solved(trial: LaboratoryTrial, labelled: LabelledMarkers, person: PersonBody) -> _Solved:
    """Poses from the first to the last frame in which pelvis and legs are in view."""
    tree = person.body.tree(list(person.markers))
    roles = [labelled.roles[k] for k in person.columns]
    weight = np.array([_WEIGHT.get(role.place, 1.0) if role is not None else 1.0 for role in roles])
    goals = MarkerGoals(weight, person.pull, np.zeros(tree.columns))
    part = _in_view(trial, person)
    time_s, marker_m = np.asarray(trial.time_s[part]), np.asarray(trial.marker_m[part][:, person.columns])
    fit = _sure_fit(tree, marker_m, goals)
    pose = _without_short_gaps(time_s, fit.pose)
    spread = _without_short_gaps(time_s, pose_spread(tree, fit, marker_m, goals))
    return _Solved(
        time_s=time_s,
        pose=pose,
        spread=spread,
        residual_m=fit.rms_m,
        far=_far(fit, [trial.marker_names[k] for k in person.columns]),
        paths=_foot_paths(person, time_s, pose),
        forward=_bridged(time_s, facing(labelled, trial.marker_m[part])),
    )


def _sure_fit(tree: KinematicTree, marker_m: FloatArray, goals: MarkerGoals) -> MarkerFit:
    """Frames whose search ended in another valley, as it may with few markers, begin beside their neighbours.

    Such a frame misses its markers much more than the others, or bends a joint as none bends.
    """
    fit = solve_markers(tree, marker_m, goals)
    for _ in range(_TRIES):
        miss = np.sqrt(np.nanmean(np.where(np.isfinite(fit.distance_m), fit.distance_m, 0.0) ** 2, axis=1))
        lost = miss > max(_LOST_M, _LOST * float(np.median(miss)))
        with np.errstate(invalid="ignore"):
            lost |= (np.abs(fit.pose[:, ROOT_COLUMNS:]) > _NO_JOINT_RAD).any(axis=1)
        if not lost.any() or lost.all():
            break
        frames = np.arange(len(lost))
        known = np.where(lost[:, None], np.nan, fit.pose)
        fit = solve_markers(tree, marker_m, goals, start=np.nan_to_num(_bridged(frames.astype(float), known)))
    return fit


def _far(fit: MarkerFit, names: list[str]) -> tuple[str, ...]:
    seen = np.isfinite(fit.distance_m)
    square = np.where(seen, fit.distance_m, 0.0) ** 2
    miss = np.sqrt(square.sum(axis=0) / np.maximum(seen.sum(axis=0), 1))
    return tuple(names[k] for k in np.argsort(-miss)[:3] if miss[k] > _FAR * fit.rms_m)


def _in_view(trial: LaboratoryTrial, person: PersonBody) -> slice:
    """From the first to the last frame in which each bone shows markers. Refuses LAB-104."""
    seen = np.asarray(np.isfinite(trial.marker_m[:, person.columns]).all(axis=2))
    bones = [marker.bone for marker in person.markers]
    missing = [words for bone, words in _NEEDED.items() if bone not in bones]
    if missing:
        raise refuse(
            "LAB-104",
            f"No marker of the {' or of the '.join(missing)} is ever in view in the walk.",
            "Without them the pose of that part is not told.",
            "Give a trial in which both legs carry their markers.",
        )
    shown: BoolArray = np.ones(len(seen), dtype=np.bool_)
    for bone in set(bones) - {"torso"}:
        own = seen[:, [k for k, name in enumerate(bones) if name == bone]]
        shown &= own.sum(axis=1) >= min(own.shape[1], 3 if bone == "pelvis" else 1)
    frames = np.flatnonzero(shown)
    if len(frames) < LEAST_FRAMES:
        raise refuse(
            "LAB-104",
            f"Pelvis and both legs are in view together in {len(frames)} frames only.",
            "A motion needs at least ten.",
            "Fill the gaps of the markers in the laboratory's program, or give another trial.",
        )
    return slice(int(frames[0]), int(frames[-1]) + 1)


def _without_short_gaps(time_s: FloatArray, values: FloatArray) -> FloatArray:
    """Columns (T, N) bridged over gaps up to `MAX_GAP_S`; the root, which all else hangs on, over all."""
    filled = _bridged(time_s, values)
    for column in range(ROOT_COLUMNS, values.shape[1]):
        hidden: BoolArray = np.isnan(values[:, column])
        filled[long_gaps(time_s, hidden, MAX_GAP_S), column] = np.nan
    return filled


def _bridged(time_s: FloatArray, values: FloatArray) -> FloatArray:
    """Columns (T, N) without NaN: straight across gaps; a column that is never told stays."""
    filled = np.array(values)
    for column in range(values.shape[1]):
        told = np.isfinite(values[:, column])
        if told.any():
            filled[:, column] = np.interp(time_s, time_s[told], values[told, column])
    return filled


def _foot_paths(person: PersonBody, time_s: FloatArray, pose: FloatArray) -> FootPaths:
    """Heels and toes of the model's soles, at all frames."""
    scale = person.parameters.scale.foot
    points = [
        Marker(f"calcn_{side.suffix}", np.array([ahead * scale, 0.0, 0.0]))
        for side in SIDES
        for ahead in (0.0, _SOLE_M)
    ]
    whole = np.nan_to_num(_bridged(time_s, pose))
    sole_m = person.body.tree(points).points_m(whole)
    return FootPaths(time_s, whole[:, :3], sole_m[:, ::2], sole_m[:, 1::2])


def _hip_path(solved: _Solved, height_m: float) -> HipPath:
    """Where the person goes, for what is done in the trial; the way walked is the first axis."""
    paths, forward = solved.paths, solved.forward[:, ::-1]
    middle = 0.5 * (paths.heel_m + paths.toe_m)[..., 1::-1]
    apart = np.einsum("tk,tk->t", middle[:, 0] - middle[:, 1], forward)
    return HipPath(
        time_s=solved.time_s,
        path_m=np.asarray(paths.pelvis_m[:, 1::-1]),
        forward=forward,
        feet_apart_m=apart,
        ankle_m=middle,
        height_m=height_m,
        seen=np.ones(len(solved.time_s), dtype=bool),
    )


def _motion(
    trial: LaboratoryTrial,
    labelled: LabelledMarkers,
    person: PersonBody,
    solved: _Solved,
    course: Course,
    walks: list[WalkedStrides],
    belt_m_s: float,
    exchanged: dict[Place, float],
) -> Motion:
    kinematics = _kinematics(solved, person)
    strides = tuple(stride for way in walks for stride in way.strides)
    if not whole_body_seen(kinematics.time_s, kinematics.angle_rad, strides):
        strides = ()
    cycles = cut_cycles(kinematics.time_s, kinematics.angle_rad, strides)
    measures = spatiotemporal_over(walks) if strides else nothing_measured()
    gaps = float(np.isnan(kinematics.angle_rad).any(axis=1).mean())
    facts = MarkerFacts(
        labelled, person, course, strides, solved.residual_m, gaps, belt_m_s, exchanged, solved.far
    )
    return Motion(
        kinematics=kinematics,
        strides=strides,
        measures=measures,
        cycles=cycles,
        reference=_reference(kinematics, strides, measures, person) if strides else None,
        segment_length_m=_lengths(person),
        residual_m=solved.residual_m,
        sagittal_only=False,
        swapped_fraction=0.0,
        findings=worst_first((*trial.findings, *marker_findings(facts))),
        synthetic=trial.synthetic,
        belt_speed_m_s=belt_m_s if course is Course.IN_PLACE else None,
        marker_set=labelled.set_name,
        ways=tuple(one.way for one in walks),
    )


def _kinematics(solved: _Solved, person: PersonBody) -> Kinematics:
    pose = solved.pose
    fixed = [joint.column for joint in JOINTS if joint.kind in (JointKind.SUBTALAR, JointKind.TOES)]
    angle = np.array(pose[:, ROOT_COLUMNS:POSE_SIZE])
    angle[:, fixed] = 0.0
    return Kinematics(
        time_s=solved.time_s,
        angle_rad=angle,
        pelvis_position_m=pose[:, :3],
        pelvis_quaternion=Rotation.from_rotvec(pose[:, 3:6]).as_quat(scalar_first=True),
        spread_rad=np.nan_to_num(solved.spread[:, ROOT_COLUMNS:POSE_SIZE]),
        trunk_rad=pose[:, POSE_SIZE:] if person.trunk_seen else None,
    )


def _reference(
    kinematics: Kinematics, strides: tuple[Stride, ...], measures: Spatiotemporal, person: PersonBody
) -> GaitReference:
    return gait_reference(
        kinematics.time_s,
        kinematics.angle_rad,
        strides,
        speed_m_s=measures.speed_m_s,
        height_m=person.parameters.height_m,
        sagittal_only=False,
    )


def _lengths(person: PersonBody) -> dict[str, float]:
    scale = person.parameters.scale
    lengths = {segment: GENERIC_LENGTH_M[segment] * segment.factor(scale) for segment in Segment}
    return lengths_by_name(lengths, person.parameters.height_m)
