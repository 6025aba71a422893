"""Hip moments from the motion by physics alone: Newton and Euler without force plates.

M = M(theta) + F_m x R + I alpha + omega x (I omega) (source E, eq. 4), link by link as `RigidTree` does it.
While a leg swings nothing else acts on it, and this is all. While it stands the ground's force is missing.
Its size and way are then what the motion of all seven links asks for, passed from foot to foot as
`core.kinetics.ground_reaction` tells, and where it acts is what their turning asks for: the moment that a
centre of pressure rolling over the sole would leave unexplained is given to the feet as they carry weight.
On one leg the hip's moment is thus that of the links above it, and no guess of the centre of pressure is
left in it. About the vertical nothing is given: there the arms, which nobody sees, do what the body's
turning seems to ask of the feet. In double support no physics tells the share of either foot.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, Joint, JointKind, Side
from core.domain.motion import Stride
from core.kinetics.body_dynamics import JOINT_COLUMNS, BodyDynamics
from core.kinetics.ground_reaction import continued, estimated_loads, weight_shares
from core.kinetics.inverse_dynamics import applied_loads, residuals
from core.kinetics.rigid_tree import Course, Load

_LEVEL = np.array([1.0, 1.0, 0.0])

HIP = (JointKind.HIP_FLEXION, JointKind.HIP_ADDUCTION, JointKind.HIP_ROTATION)
"""The planes, in the order of every plane axis: sagittal, coronal, transverse."""


def hip_columns(side: Side) -> list[int]:
    """Of the three planes on a joint axis."""
    return [Joint.of(kind, side).column for kind in HIP]


def moments_by_physics(
    dynamics: BodyDynamics, course: Course, time_s: FloatArray, strides: tuple[Stride, ...]
) -> FloatArray:
    """Moments at all joints (T, 14) [N m/kg]; NaN where the strides do not tell which feet stand."""
    steps = of_both_legs(strides)
    wrench = dynamics.tree.total(course)
    centre_m, sole_m = dynamics.tree.centre_m(course.value), dynamics.soles_m(course)
    loads = estimated_loads(wrench.force_n, centre_m, time_s, sole_m, steps)
    share = np.nan_to_num(weight_shares(time_s, continued(steps)))
    balanced = _balanced(applied_loads(dynamics, loads), residuals(course, wrench, loads)[1], share)
    moment = dynamics.tree.moments(course, balanced)[:, JOINT_COLUMNS]
    unknown = np.asarray(np.isnan(loads.force_n).any(axis=2))
    moment[unknown[:, [SIDES.index(joint.side) for joint in JOINTS]]] = np.nan
    return np.asarray(moment / dynamics.parameters.mass_kg)


def _balanced(loads: tuple[Load, ...], missing_nm: FloatArray, share: FloatArray) -> tuple[Load, ...]:
    """Loads of both feet with the unexplained moment (T, 3) about the level axes, by their shares (T, 2)."""
    level = np.nan_to_num(missing_nm) * _LEVEL
    return tuple(
        replace(load, moment_nm=load.moment_nm + share[:, side : side + 1] * level)
        for side, load in enumerate(loads)
    )


def of_both_legs(strides: tuple[Stride, ...]) -> tuple[Stride, ...]:
    """The same; a leg of which no whole stride was seen is taken to step half a stride after the other."""
    sides = {stride.side for stride in strides}
    if len(sides) != 1:
        return strides
    half = [replace(s, side=s.side.other, **_later(s, 0.5 * (s.end_s - s.start_s))) for s in strides]
    return tuple(sorted((*strides, *half), key=lambda stride: stride.start_s))


def _later(stride: Stride, by_s: float) -> dict[str, float]:
    return {name: getattr(stride, name) + by_s for name in ("start_s", "toe_off_s", "end_s")}
