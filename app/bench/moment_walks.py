"""Real people whose hip moments were measured, from the shared recordings, in one convention.

All moments are about this program's hips and along its axes, internal, with the signs of the angles. Adults:
by this program's inverse dynamics from the force plates. Six young people: what Plug-in-Gait wrote into their
files, moved to the same hip: Plug-in-Gait puts its hip centre one to two centimetres further forward and
inward, which under body weight is as much as people differ by. The move is the same measured load told about
both hips (`app.bench.kinetics_pig`); nothing was fitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.bench.kinetics_opensim import WALKS, read_walk
from app.bench.kinetics_own_body import own_walk
from app.bench.kinetics_pig import Person, people
from app.bench.recorded_walks import required_file
from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.laboratory import LaboratoryTrial
from core.domain.motion import Kinematics, Motion, Stride
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.estimation.features import over_stride
from core.estimation.newton_euler import hip_columns
from core.estimation.walks import LegWalk, MeasuredWalk, leg_walk
from core.gait.leg import Leg
from core.kinetics.body_dynamics import JOINT_COLUMNS, BodyDynamics, course_of_motion
from core.kinetics.inverse_dynamics import kinetics_of
from core.kinetics.rigid_tree import GRAVITY_M_S2
from core.laboratory.trial import read_trial
from core.motion.marker_motion import motion_from_markers
from core.twin.fitting import fit_twin

_SCHREIBER = "adult-walk-emg-c3d/schreiber-2014001/2014001/2014001_"
_SUBJECT01 = "opensim-subject01/Bindings/Python/tutorials/resources/Tutorial 5/subject01_"
_RAJAGOPAL = "opensim-examples/OpenSim/Examples/Moco/example3DWalking/"
_ANY_SIZE = (1.70, 70.0)  # only to find the strides and the legs' lengths, from which height and mass follow
_SAME_S = 0.15  # strides of one leg whose beginnings differ by less are the same stride
YOUNG = "young"


@dataclass(frozen=True, slots=True)
class _Adult:
    """A recording of markers and plates."""

    name: str
    walk: str
    standing: str | None = None
    plates: str | None = None
    mass_kg: float | None = None  # None: the mean force of one stride on both feet


_ADULTS = (
    _Adult(
        "subject01",
        f"{_SUBJECT01}walk1.trc",
        f"{_SUBJECT01}static.trc",
        f"{_SUBJECT01}walk1_grf.mot",
        72.6,
    ),
    _Adult("rajagopal", f"{_RAJAGOPAL}markers_walk.trc", None, f"{_RAJAGOPAL}grf_walk.mot"),
    _Adult("bmc", "adult-walk-emg-c3d/bmc/Gait.c3d"),
    _Adult("schreiber", f"{_SCHREIBER}C1_01.c3d", f"{_SCHREIBER}ST.c3d"),
)
_WALK36 = next(walk for walk in WALKS if walk.name == "walk36")


@dataclass(frozen=True, slots=True, eq=False)
class RealWalk:
    """One person. `pig_nm_kg` and `to_pig_nm_kg` only of those whose file has Plug-in-Gait's moments."""

    measured: MeasuredWalk
    pig_nm_kg: FloatArray | None = None  # (N, 101, 3) as the file has it, with our signs
    to_pig_nm_kg: FloatArray | None = None  # (N, 101, 3) from our hip to Plug-in-Gait's, without plates

    @property
    def name(self) -> str:
        return self.measured.name


def real_walks(recordings: Path) -> tuple[RealWalk, ...]:
    """Eleven people. Refuses (PC-026) where a file is missing."""
    young = [_young(person) for person in people(recordings)]
    adults = [_adult(recordings, adult) for adult in _ADULTS]
    return (*young, *adults, _walk36(recordings))


def _young(person: Person) -> RealWalk:
    """Strides as markers alone tell them, where the plate told the load of the same stride throughout."""
    strides = person.strides_without_plates()
    clean = _same(strides, tuple(person.strides()))
    time_s, course = person.motion.kinematics.time_s, course_of_motion(person.motion.kinematics)
    walk = leg_walk(person.body, course, time_s, strides, clean)
    blind = _blind(person)
    theirs, moved, without = [], [], []
    for stride in walk.strides:
        own, as_pig, pig = _young_moments(person, stride.side)
        theirs.append(over_stride(stride, time_s, pig))
        moved.append(over_stride(stride, time_s, pig + own - as_pig))
        own, as_pig, _ = _young_moments(blind, stride.side)
        without.append(over_stride(stride, time_s, as_pig - own))
    measured = MeasuredWalk(person.name, walk, np.array(moved))
    return RealWalk(measured, np.array(theirs), np.array(without))


def _blind(person: Person) -> Person:
    """The same person, as if there had been no plates."""
    hidden = replace(person.motion, strides=person.strides_without_plates())
    return replace(person, kinetics=kinetics_of(hidden, person.body.parameters, None))


def _young_moments(person: Person, side: Side) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Hip in three planes (T, 3): ours, ours about Plug-in-Gait's hip and axes, and Plug-in-Gait's."""
    own, as_pig = (person.moments_nm_kg(side, as_pig=flag)[:, :3] for flag in (False, True))
    return own, as_pig, -person.pig_nm_kg[f"{side.suffix.upper()}HipMoment"]


def _adult(recordings: Path, adult: _Adult) -> RealWalk:
    files = [
        None if name is None else required_file(recordings, name)
        for name in (adult.walk, adult.standing, adult.plates)
    ]
    walking, standing, plates = files
    assert walking is not None
    trial = read_trial(walking, standing=standing, plates=plates)
    first = motion_from_markers(trial, height_m=_ANY_SIZE[0], mass_kg=_ANY_SIZE[1])
    height_m = _height_m(first)
    mass_kg = _mass_kg(trial, first) if adult.mass_kg is None else adult.mass_kg
    motion = motion_from_markers(trial, height_m=height_m, mass_kg=mass_kg)
    body = fit_twin(motion, height_m=height_m, mass_kg=mass_kg).body
    kinetics = kinetics_of(motion, body, trial)
    hidden = replace(trial, plates=(), plate_time_s=np.zeros(0), events=())
    strides = motion_from_markers(hidden, height_m=height_m, mass_kg=mass_kg).strides
    return RealWalk(_with_moments(adult.name, body, motion.kinematics, strides, kinetics.moment_nm / mass_kg))


def _walk36(recordings: Path) -> RealWalk:
    """Known by the angles of an OpenSim model that weighs what the generic one weighs: the plates tell."""
    own = own_walk(read_walk(recordings, _WALK36), mass_from_plates=True)
    course = course_of_motion(own.kinematics)
    moment = own.body.tree.moments(course, own.loads)[:, JOINT_COLUMNS] / own.body.parameters.mass_kg
    return RealWalk(_with_moments(_WALK36.name, own.body.parameters, own.kinematics, own.strides(), moment))


def _with_moments(
    name: str,
    body: BodyParameters,
    kinematics: Kinematics,
    strides: tuple[Stride, ...],
    moment_nm_kg: FloatArray,
) -> MeasuredWalk:
    """Strides in which at least the whole stance was measured."""
    walk = leg_walk(BodyDynamics.of(body), course_of_motion(kinematics), kinematics.time_s, strides)
    found = [
        over_stride(stride, kinematics.time_s, moment_nm_kg[:, hip_columns(stride.side)])
        for stride in walk.strides
    ]
    return measured_only(MeasuredWalk(name, walk, np.array(found).reshape(walk.physics_nm_kg.shape)))


def measured_only(measured: MeasuredWalk, *, least: float = 0.9) -> MeasuredWalk:
    """Without strides of which less than this share of the points was measured."""
    walk = measured.walk
    known = np.isfinite(measured.moment_nm_kg).all(axis=2).mean(axis=1) >= least
    kept = LegWalk(
        tuple(stride for stride, good in zip(walk.strides, known, strict=True) if good),
        walk.feature[known],
        walk.physics_nm_kg[known],
        walk.leg_m,
    )
    return replace(measured, walk=kept, moment_nm_kg=measured.moment_nm_kg[known])


def _same(strides: Sequence[Stride], clean: Sequence[Stride]) -> tuple[Stride, ...]:
    def is_clean(stride: Stride) -> bool:
        return any(
            other.side is stride.side and abs(other.start_s - stride.start_s) < _SAME_S for other in clean
        )

    return tuple(filter(is_clean, strides))


def _height_m(motion: Motion) -> float:
    """Of a person whose height nobody noted: the generic body's, as much taller as the legs are longer."""
    generic = Leg.of(GENERIC_BODY.scale)
    longer = (motion.segment_length_m["thigh"] + motion.segment_length_m["shank"]) / (
        generic.thigh_m + generic.shank_m
    )
    return GENERIC_BODY.height_m * longer


def _mass_kg(trial: LaboratoryTrial, motion: Motion) -> float:
    """What a steady walk asks of the ground: the impulse of a left and a right stance lasts one stride."""
    stride_s = float(np.mean([s.end_s - s.start_s for s in motion.strides]))
    impulses = [_largest_impulse(trial.plate_time_s, plate.force_n[:, 2]) for plate in trial.plates]
    return float(np.sum(sorted(impulses)[-len(SIDES) :])) / (stride_s * GRAVITY_M_S2)


def _largest_impulse(time_s: FloatArray, vertical_n: FloatArray) -> float:
    """Of the stances on one plate."""
    loaded = np.concatenate([[False], np.abs(vertical_n) > 20.0, [False]])
    edges = np.flatnonzero(np.diff(loaded.astype(int))).reshape(-1, 2)
    return max(
        float(np.trapezoid(np.abs(vertical_n[first:last]), time_s[first:last])) for first, last in edges
    )


def of_young_people(walks: Sequence[RealWalk]) -> Iterator[RealWalk]:
    """Those with Plug-in-Gait's moments in the file."""
    return (walk for walk in walks if walk.pig_nm_kg is not None)
