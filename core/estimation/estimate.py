"""The hip moments of a recorded walk by the shipped model, and what must be known before believing them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, JointKind, Side
from core.domain.findings import Finding, Severity, finding, worst_first
from core.domain.moments import BASIS, ONE_PLANE, EstimatedCycles, Moments
from core.domain.motion import Motion, Stride
from core.domain.twin import BodyParameters
from core.errors import refuse
from core.estimation.fusion import Estimates
from core.estimation.model import MomentModel
from core.estimation.walks import LegWalk, leg_walk
from core.kinetics.body_dynamics import BodyDynamics, course_of_motion

_NEEDED = (JointKind.HIP_FLEXION, JointKind.KNEE, JointKind.ANKLE)
_JUDGED_BY = [joint.column for joint in JOINTS if joint.kind in _NEEDED]
_BEYOND = 0.05  # of a length or time: so far outside of what was judged is still like it


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """How far a model was right with real people that it knew nothing of."""

    model: str
    people: str  # who they were, in words
    error_nm_kg: FloatArray  # (101, 3)
    leg_m: tuple[float, float]  # of the shortest and the tallest of them
    stride_s: tuple[float, float]  # of the fastest and the slowest
    mean_curve_nm_kg: tuple[float, float, float] | None = (
        None  # error of the others' mean curve; None: not told
    )


def moments_of(motion: Motion, body: BodyParameters, model: MomentModel, judged: Judged) -> Moments:
    """Refuses MOM-001 where no stride of either leg can be estimated."""
    torch.set_num_threads(1)  # small networks, and the same numbers on every PC
    kinematics = motion.kinematics
    course = course_of_motion(kinematics)
    walk = leg_walk(BodyDynamics.of(body), course, kinematics.time_s, motion.strides, _seen(motion))
    if not walk.strides:
        raise refuse(
            "MOM-001",
            "No hip moment can be estimated from this motion.",
            "It needs a complete stride in which hip, knee and ankle were seen throughout.",
            "Record a walk of several strides, or solve the motion again.",
        )
    estimates = model.estimates(walk)
    moment = model.fused(walk, estimates)
    cycles = tuple(_cycles(side, walk, moment, estimates) for side in SIDES)
    return Moments(
        (cycles[0], cycles[1]),
        model.weights,
        judged.error_nm_kg,
        judged.model,
        judged.people,
        worst_first(_findings(motion, walk, judged)),
        motion.synthetic,
    )


def _findings(motion: Motion, walk: LegWalk, judged: Judged) -> tuple[Finding, ...]:
    found = [_estimated(judged)]
    if motion.sagittal_only:
        found.append(_one_plane())
    if len({stride.side for stride in motion.strides}) == 1:
        found.append(_one_leg(motion.strides[0].side))
    stride_s = float(np.median([stride.end_s - stride.start_s for stride in walk.strides]))
    if not (_within(walk.leg_m, judged.leg_m) and _within(stride_s, judged.stride_s)):
        found.append(_unlike(walk.leg_m, stride_s, judged))
    return tuple(found)


def _within(value: float, span: tuple[float, float]) -> bool:
    return span[0] * (1.0 - _BEYOND) <= value <= span[1] * (1.0 + _BEYOND)


def _estimated(judged: Judged) -> Finding:
    error = np.sqrt((judged.error_nm_kg**2).mean(axis=0))
    return finding(
        Severity.NOTE,
        "The hip moments are estimated from the motion.",
        f"With {judged.people} it was wrong by {error[0]:.2f} (flexion), {error[1]:.2f} (adduction) and "
        f"{error[2]:.3f} N·m/kg (rotation), root mean square.{_mean_curve_words(error, judged)}",
        "Use them as a hint; measure with force plates where a decision hangs on them.",
        BASIS,
    )


def _mean_curve_words(error: FloatArray, judged: Judged) -> str:
    """Where one curve for everybody is nearer than the model, that is said."""
    others = judged.mean_curve_nm_kg
    if others is None or not np.all(np.asarray(others) < error):
        return ""
    told = f"{others[0]:.2f}, {others[1]:.2f} and {others[2]:.3f} N·m/kg"
    return f" The mean curve of the other people was wrong by less: {told}."


def _one_plane() -> Finding:
    return finding(
        Severity.WARNING,
        "Only the moment of hip flexion is shown.",
        "One camera does not see to the side, and the other two planes hang on that.",
        "Record with two calibrated cameras or markers for all three planes.",
        ONE_PLANE,
    )


def _one_leg(side: Side) -> Finding:
    return finding(
        Severity.WARNING,
        f"Only the {side.value} leg has a complete stride.",
        "When the other foot stood is not known; it is taken to step half a stride later.",
        "Record more strides for moments of both legs.",
        "MOM-005",
    )


def _unlike(leg_m: float, stride_s: float, judged: Judged) -> Finding:
    return finding(
        Severity.WARNING,
        "Nobody like this was among those by whom the estimate was judged.",
        f"Their thigh and shank together measured {judged.leg_m[0]:.2f} to {judged.leg_m[1]:.2f} m and a "
        f"stride took {judged.stride_s[0]:.1f} to {judged.stride_s[1]:.1f} s; here {leg_m:.2f} m and "
        f"{stride_s:.1f} s.",
        "Expect larger errors than the band shows.",
        "MOM-006",
    )


def _cycles(side: Side, walk: LegWalk, moment: FloatArray, estimates: Estimates) -> EstimatedCycles:
    own = _of(walk, side)
    return EstimatedCycles(side, moment[own], {name: np.array(one[own]) for name, one in estimates.items()})


def _of(walk: LegWalk, side: Side) -> list[int]:
    return [number for number, stride in enumerate(walk.strides) if stride.side is side]


def _seen(motion: Motion) -> tuple[Stride, ...]:
    """Strides in which both legs were seen throughout: either one carries what the other does not."""
    time_s = motion.kinematics.time_s
    missing = np.asarray(np.isnan(motion.kinematics.angle_rad[:, _JUDGED_BY]).any(axis=1))
    return tuple(
        stride
        for stride in motion.strides
        if not missing[(time_s >= stride.start_s) & (time_s <= stride.end_s)].any()
    )
