"""This person's muscles from their EMG and the moments of their joints.

Which joints: knee and ankle of a leg, where electrodes tell of the muscles on both sides of the joint and the
moments come from force plates. Moments that were estimated from the motion alone err by as much as a weak
muscle differs from a strong one, so that with them only the habits are taken over, which need no forces.

Strength, activation dynamics and habits go into the twin. Optimal fibre and tendon slack lengths do not: they
are factors of another muscle model than the one that is simulated. The calibrated muscles (`hill`) have an
elastic tendon and published slack lengths; those of MuJoCo have a rigid tendon, fibres that are up to 2.3
times as long because they hold its stretch, and other curves. So the same factor does something else there.
Over the made-up walk of the tests, at half activation, a tendon that is 3 % longer costs the gastrocnemius
medialis 12 % of its largest force in one model and 3 % in the other, the vastus medialis 2 % and 9 %, and
the short biceps femoris gains a little in one and loses 3 % in the other; adding the same millimetres instead
of the same share is no better. Even unchanged the two differ (0.31 and 0.52 of the gastrocnemius' largest
force). A twin that took the factors over would not be nearer to the person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import SIDES, Joint, JointKind, Side
from core.domain.emg import EmgEnvelopes
from core.domain.findings import Finding, worst_first
from core.domain.muscle_calibration import CalibratedParameter, MomentFit, MuscleCalibration, Told
from core.domain.muscles import Muscle, MuscleGroup
from core.domain.twin import BodyParameters, GroupStrength
from core.kinetics.calibration_data import check_walk, moment_problem, to_maximum, usable_emg
from core.kinetics.calibration_findings import POOR_R2, emg_findings, fit_findings, judged, nothing_held_out
from core.kinetics.calibration_parameters import STRENGTH, dynamics_of, unit_of
from core.kinetics.emg_driven import JOINT_KINDS
from core.kinetics.habits import covered_strides, muscle_habits
from core.kinetics.identifiability import told
from core.kinetics.muscle_fit import STARTS, MuscleProblem, fit_muscles
from core.kinetics.walk_data import WalkData

HELD_OUT_SHARE = 1.0 / 3.0
STRIDES_TO_HOLD_OUT = 3
_MOVES = {  # the joint that tells the strength of a group
    MuscleGroup.PLANTARFLEXORS: JointKind.ANKLE,
    MuscleGroup.DORSIFLEXORS: JointKind.ANKLE,
    MuscleGroup.HAMSTRINGS: JointKind.KNEE,
    MuscleGroup.KNEE_EXTENSORS: JointKind.KNEE,
}


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Frames (T,) that the calibration may look at, and those that judge it."""

    fitted: BoolArray
    held_out: BoolArray


def calibrate_muscles(
    body: BodyParameters,
    walk: WalkData,
    *,
    split: Split | None = None,
    synthetic: bool = False,
    starts: int = STARTS,
    report: Callable[[float], None] = lambda fraction: None,
) -> MuscleCalibration:
    """Calibrate the muscles of `body`; without `split` the last third of the strides is held out.

    Strength and impairments that `body` has are not built upon. Refuses: no usable EMG (KIN-103), EMG beside
    the motion (KIN-101), no whole stride with EMG (KIN-102).
    """
    check_walk(walk)
    emg = usable_emg(walk.emg)
    problem, missing = moment_problem(replace(body, strength=(), impairments=()), walk, emg)
    findings = [*emg_findings(walk.emg, emg), *missing]
    if problem is None:
        return _habits_only(body, walk, emg, findings, synthetic=synthetic)
    split = split or _split(walk, problem)
    if not split.held_out.any():
        findings.append(nothing_held_out())
    fit = fit_muscles(_seen(problem, split), starts=starts, report=report)
    parameters = told(problem.parameters, fit)
    curves = _curves(problem, fit.values, split)
    fits = _fits(curves, split, body.mass_kg)
    findings += fit_findings(parameters, fits, to_maximum=to_maximum(emg))
    return MuscleCalibration(
        body=_calibrated(body, walk, emg, _Found(problem, fit.values, parameters, fits)),
        parameters=parameters,
        fits=fits,
        time_s=walk.time_s,
        held_out=(~split.fitted).astype(float),
        measured_nm=curves.measured_nm,
        before_nm=curves.before_nm,
        after_nm=curves.after_nm,
        findings=worst_first(tuple(findings)),
        synthetic=synthetic,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Curves:
    """Moments of the calibrated joints (T, J)."""

    joints: tuple[Joint, ...]  # J
    measured_nm: FloatArray
    before_nm: FloatArray
    after_nm: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    problem: MuscleProblem
    values: FloatArray  # (P,)
    parameters: tuple[CalibratedParameter, ...]
    fits: tuple[MomentFit, ...]


def _seen(problem: MuscleProblem, split: Split) -> MuscleProblem:
    """Without the moments that judge."""
    return replace(problem, measured_nm=np.where(split.fitted[:, None], problem.measured_nm, np.nan))


def _curves(problem: MuscleProblem, values: FloatArray, split: Split) -> _Curves:
    joints = [Joint.of(kind, leg.side) for leg in problem.legs for kind in JOINT_KINDS]
    kept = np.flatnonzero(np.isfinite(problem.measured_nm[split.fitted]).any(axis=0))
    covered = problem.emg.covers(problem.time_s)[:, None]
    before, after = (
        np.where(covered, problem.moments_nm(some), np.nan)[:, kept]
        for some in (problem.parameters.before, values)
    )
    return _Curves(tuple(joints[k] for k in kept), problem.measured_nm[:, kept], before, after)


def _fits(curves: _Curves, split: Split, mass_kg: float) -> tuple[MomentFit, ...]:
    columns = zip(curves.measured_nm.T, curves.before_nm.T, curves.after_nm.T, strict=True)
    return tuple(
        _fit(joint, column, split, mass_kg) for joint, column in zip(curves.joints, columns, strict=True)
    )


def _calibrated(body: BodyParameters, walk: WalkData, emg: EmgEnvelopes, found: _Found) -> BodyParameters:
    scaled = to_maximum(emg)
    scales = {} if scaled else _scales(found.problem, found.values)
    return replace(
        body,
        strength=_strengths(body, found) if scaled else body.strength,
        activation=dynamics_of(found.values),
        habits=muscle_habits(emg, walk.strides, scales, to_maximum=scaled),
    )


def _split(walk: WalkData, problem: MuscleProblem) -> Split:
    """The last third of the strides whose moments are known is held out, where there are three or more."""
    known: BoolArray = np.asarray(np.isfinite(problem.measured_nm).any(axis=1))
    begins = sorted(
        one.start_s
        for side in SIDES
        for one in covered_strides(walk.emg, walk.strides, side)
        if known[(walk.time_s >= one.start_s) & (walk.time_s < one.end_s)].mean() > 0.5
    )
    sides = max(len(problem.legs), 1)
    if len(begins) < STRIDES_TO_HOLD_OUT * sides:
        return Split(known, np.zeros_like(known))
    first = begins[len(begins) - max(1, round(HELD_OUT_SHARE * len(begins)))]
    later = walk.time_s >= first
    return Split(known & ~later, known & later)


def _fit(
    joint: Joint, curves: tuple[FloatArray, FloatArray, FloatArray], split: Split, mass_kg: float
) -> MomentFit:
    measured, before, after = curves
    held = split.held_out & np.isfinite(measured)
    miss = (after - measured)[held]
    return MomentFit(
        joint,
        r_squared(measured, before, split.fitted),
        r_squared(measured, after, split.fitted),
        r_squared(measured, before, split.held_out),
        r_squared(measured, after, split.held_out),
        float(np.sqrt(np.mean(miss**2))) / mass_kg if len(miss) else float("nan"),
    )


def r_squared(measured: FloatArray, found: FloatArray, chosen: BoolArray) -> float:
    """1 - residual / total sum of squares over the chosen frames (T,) that are known; NaN without any."""
    known = chosen & np.isfinite(measured)
    if known.sum() < 2:
        return float("nan")
    total = np.sum((measured[known] - measured[known].mean()) ** 2)
    return float(1.0 - np.sum((measured[known] - found[known]) ** 2) / total)


def _strengths(body: BodyParameters, found: _Found) -> tuple[GroupStrength, ...]:
    """Strength of every group that the data tell of, short of a bound, and whose joint is explained.

    Others stay as they were.
    """
    verdict = {one.name: one.told for one in found.parameters}
    explained = {fit.joint for fit in found.fits if judged(fit) >= POOR_R2}
    strength = {(one.group, one.side): one for one in body.strength}
    for leg, place in zip(found.problem.legs, found.problem.parameters.legs, strict=True):
        for group in dict.fromkeys(muscle.group for muscle in leg.muscles):
            parts = [number for number, muscle in enumerate(leg.muscles) if muscle.group is group]
            names = {f"{STRENGTH}, {leg.side} {unit_of(leg.muscles[number])}" for number in parts}
            whole = f"{STRENGTH}, {leg.side} {group}"
            names = {whole} if whole in verdict else names
            joint = Joint.of(_MOVES[group], leg.side)
            if joint in explained and all(verdict[name] is Told.MOVED for name in names):
                factor = np.average(found.values[place.strength[parts]], weights=leg.hill.peak_n[parts])
                strength[group, leg.side] = GroupStrength(group, leg.side, float(factor))
    order = list(MuscleGroup)
    return tuple(sorted(strength.values(), key=lambda one: (order.index(one.group), SIDES.index(one.side))))


def moments_with(calibration: MuscleCalibration, walk: WalkData) -> FloatArray:
    """EMG-driven moments (T, J) of another walk of the same person and electrodes, with calibrated muscles.

    J as in `calibration.fits`; NaN where the EMG does not reach.
    """
    plain = replace(calibration.body, strength=(), impairments=())
    problem, _ = moment_problem(plain, walk, usable_emg(walk.emg))
    values = np.array([one.after for one in calibration.parameters])
    if problem is None or problem.parameters.all_names != tuple(one.name for one in calibration.parameters):
        raise ValueError("the walk has other electrodes or joints than the calibration")
    curves = _curves(problem, values[: len(problem.parameters.names)], _everything(walk))
    return curves.after_nm


def _everything(walk: WalkData) -> Split:
    return Split(np.ones(len(walk.time_s), bool), np.zeros(len(walk.time_s), bool))


def _scales(problem: MuscleProblem, values: FloatArray) -> dict[tuple[Muscle, Side], float]:
    """By what an envelope of unknown scale has to be multiplied to be an activation."""
    return {
        (muscle, leg.side): float(values[column])
        for leg, place in zip(problem.legs, problem.parameters.legs, strict=True)
        for muscle, column in zip(leg.muscles, place.strength, strict=True)
    }


def _habits_only(
    body: BodyParameters, walk: WalkData, emg: EmgEnvelopes, findings: list[Finding], *, synthetic: bool
) -> MuscleCalibration:
    habits = muscle_habits(emg, walk.strides, {}, to_maximum=to_maximum(emg))
    nothing = np.zeros((len(walk.time_s), 0))
    return MuscleCalibration(
        body=replace(body, habits=habits),
        parameters=(),
        fits=(),
        time_s=walk.time_s,
        held_out=np.ones(len(walk.time_s)),
        measured_nm=nothing,
        before_nm=nothing,
        after_nm=nothing,
        findings=worst_first(tuple(findings)),
        synthetic=synthetic,
    )
