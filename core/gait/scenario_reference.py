"""The reference gait of a scenario: one periodic stride scaled to this person.

Level walking and ramps start from the person's own stride, stairs and running from published curves that are
fitted to the lengths of the person's leg.
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, Joint, JointKind, Side
from core.domain.motion import GaitReference
from core.domain.scenario import COURSE_SPEED_M_S, GaitKind, GroundKind, Scenario
from core.domain.twin import BodyParameters, SegmentScale
from core.gait.leg import Leg, foot_pitch
from core.gait.norm_tables import Coefficients
from core.gait.norms import REFERENCE_SAMPLES, fourier_series, normal_reference
from core.gait.scenario_tables import (
    FAST_RUN_DEG,
    FAST_RUN_M_S,
    RUN_PERIOD_S,
    SHORTER_STRIDE,
    SIDE_PLANE,
    SLOPE_RAD,
    SLOW_RUN_DEG,
    SLOW_RUN_M_S,
    STAIRS_DOWN_DEG,
    STAIRS_DOWN_PERIOD_S,
    STAIRS_UP_DEG,
    STAIRS_UP_PERIOD_S,
    WALK_DOWN_DEG,
    WALK_FAST_DEG,
    WALK_LEVEL_DEG,
    WALK_SLOW_DEG,
    WALK_SPEEDS_M_S,
    WALK_UP_DEG,
)

_LIMITS_DEG = {  # a little inside the body model's ranges
    JointKind.HIP_FLEXION: (-28.0, 118.0),
    JointKind.KNEE: (2.0, 118.0),
    JointKind.ANKLE: (-38.0, 28.0),
    JointKind.TOES: (-28.0, 28.0),
}
_EXTRAPOLATION = (-0.5, 1.5)  # range of interpolation between the two running tables
_PHASE = np.arange(REFERENCE_SAMPLES) / REFERENCE_SAMPLES


def scenario_reference(scenario: Scenario, body: BodyParameters, own: GaitReference | None) -> GaitReference:
    """The stride (100 samples from left contact) of this scenario; `own` is the person's level stride.

    Without `own` it is `normal_walk`. Stairs: a stride is exactly two treads, so its speed follows
    from its period. Published stairs and runs have no side of their own: both legs do the same there. Of a
    course it is the first of its strides (`core.gait.course`).
    """
    leg = Leg.of(body.scale)
    level = own if own is not None else normal_walk(leg)
    match scenario.gait:
        case GaitKind.RUN:
            return _running(scenario.speed_m_s or SLOW_RUN_M_S, leg, level)
        case GaitKind.STAIRS_UP | GaitKind.STAIRS_DOWN:
            return _stairs(scenario, leg, level)
        case GaitKind.COURSE:
            return at_speed(level, leg, COURSE_SPEED_M_S)
    if scenario.speed_m_s is not None:
        level = at_speed(level, leg, scenario.speed_m_s)
    return on_slope(level, scenario.ground.slope_rad) if _is_ramp(scenario) else level


def normal_walk(leg: Leg) -> GaitReference:
    """The normal level stride for legs of this length; `normal_reference` knows only a height."""
    stretch = _stretch(leg)
    normal = normal_reference()
    return _both_legs(_table(WALK_LEVEL_DEG), normal, normal.period_s * stretch, normal.speed_m_s * stretch)


def at_speed(stride: GaitReference, leg: Leg, speed_m_s: float) -> GaitReference:
    """The same walk at another speed.

    Speed is split evenly between stride length and cadence (Grieve & Gear 1966, Ergonomics 9:379). The angles
    change as the normal walk's do between slow and fast (`scenario_tables`).
    """
    stretch = _stretch(leg)
    change = _walk_at(speed_m_s / stretch) - _walk_at(stride.speed_m_s / stretch)
    period_s = stride.period_s / float(np.sqrt(speed_m_s / stride.speed_m_s))
    return GaitReference(period_s, speed_m_s, _within_limits(_changed(stride.angle_rad, change)))


def _walk_at(speed_m_s: float) -> FloatArray:
    """Angles (100, 4) of the normal walk at a speed of the generic body, between slow and fast."""
    tables = np.stack([_table(table) for table in (WALK_SLOW_DEG, WALK_LEVEL_DEG, WALK_FAST_DEG)])
    weights = [np.interp(speed_m_s, WALK_SPEEDS_M_S, weight) for weight in np.eye(len(tables))]
    angle: FloatArray = np.tensordot(weights, tables, axes=1)
    return angle


def _changed(angle_rad: FloatArray, change: FloatArray) -> FloatArray:
    """Angles (K, 14) with a leg's change (100, 4) added on both sides, half a stride apart."""
    angle = angle_rad.copy()
    phase = np.arange(len(angle)) / len(angle)
    for side in Side:
        delay = 0.0 if side is Side.LEFT else 0.5
        for column, values in zip(_columns(side), change.T, strict=True):
            angle[:, column] += np.interp(phase - delay, _PHASE, values, period=1.0)
    return angle


def on_slope(stride: GaitReference, slope_rad: float) -> GaitReference:
    """The same walk at the same speed on a ramp, up positive.

    The angles change as the normal walk's do (`scenario_tables`), in proportion to the slope; strides get
    shorter and quicker.
    """
    fraction = abs(slope_rad) / SLOPE_RAD
    change = fraction * (_table(WALK_UP_DEG if slope_rad > 0 else WALK_DOWN_DEG) - _table(WALK_LEVEL_DEG))
    period_s = stride.period_s * (1.0 - fraction * SHORTER_STRIDE)
    return GaitReference(period_s, stride.speed_m_s, _within_limits(_changed(stride.angle_rad, change)))


def _running(speed_m_s: float, leg: Leg, level: GaitReference) -> GaitReference:
    """A run at this speed; by dynamic similarity a longer leg runs the same at a higher speed (Hof 1996)."""
    stretch = _stretch(leg)
    fraction = (speed_m_s / stretch - SLOW_RUN_M_S) / (FAST_RUN_M_S - SLOW_RUN_M_S)
    fraction = float(np.clip(fraction, *_EXTRAPOLATION))
    slow, fast = _table(SLOW_RUN_DEG), _table(FAST_RUN_DEG)
    period_s = RUN_PERIOD_S[0] + fraction * (RUN_PERIOD_S[1] - RUN_PERIOD_S[0])
    return _both_legs(slow + fraction * (fast - slow), level, period_s * stretch, speed_m_s)


def _stairs(scenario: Scenario, leg: Leg, level: GaitReference) -> GaitReference:
    """Stairs in this person's leg lengths: the tips of the feet go the way of the generic body's."""
    up = scenario.gait is GaitKind.STAIRS_UP
    generic = Leg.of(SegmentScale())
    angle = _table(STAIRS_UP_DEG if up else STAIRS_DOWN_DEG)
    ankle, pitch = _foot(generic, angle)
    tip = generic.sole_m(ankle, pitch, angle[:, 3])[:, 2] + [0.0, generic.standing_m - leg.standing_m]
    own_ankle = leg.ankle_over_tip_m(tip, pitch, angle[:, 3])
    angle[:, :3] = np.stack(leg.bend(own_ankle, pitch), axis=1)
    stretch = _stretch(leg)
    period_s = (STAIRS_UP_PERIOD_S if up else STAIRS_DOWN_PERIOD_S) * stretch
    return _both_legs(angle, level, period_s, 2 * scenario.ground.tread_m / period_s)


def _stretch(leg: Leg) -> float:
    """By how much periods and speeds differ from the generic body's: dynamic similarity (Hof 1996)."""
    return float(np.sqrt(leg.length_m / Leg.of(SegmentScale()).length_m))


def _is_ramp(scenario: Scenario) -> bool:
    return scenario.ground.kind is GroundKind.RAMP


def _table(table: Coefficients) -> FloatArray:
    """(100, 4) angles of one leg in the side plane [rad]."""
    return np.radians(np.stack([fourier_series(table[kind], _PHASE) for kind in SIDE_PLANE], axis=1))


def _both_legs(angle: FloatArray, level: GaitReference, period_s: float, speed_m_s: float) -> GaitReference:
    """Both legs by one leg's angles (100, 4), half a stride apart; adduction as on the level, no rotation."""
    own_phase = np.arange(len(level.angle_rad)) / len(level.angle_rad)
    both = np.zeros((REFERENCE_SAMPLES, len(JOINTS)))
    for joint in JOINTS:
        if joint.kind is JointKind.HIP_ADDUCTION:
            both[:, joint.column] = np.interp(_PHASE, own_phase, level.angle_rad[:, joint.column], period=1.0)
    both[:, _columns(Side.LEFT)] = angle
    both[:, _columns(Side.RIGHT)] = np.roll(angle, REFERENCE_SAMPLES // 2, axis=0)
    return GaitReference(period_s, speed_m_s, _within_limits(both))


def _columns(side: Side) -> list[int]:
    return [Joint.of(kind, side).column for kind in SIDE_PLANE]


def _foot(leg: Leg, angle: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ankle centre (K, 2) and pitch (K,) for side-plane angles (K, 4)."""
    hip, knee, ankle = angle[:, 0], angle[:, 1], angle[:, 2]
    return leg.ankle_m(hip, knee), foot_pitch(hip, knee, ankle)


def _within_limits(angle: FloatArray) -> FloatArray:
    limited = angle.copy()
    for joint in JOINTS:
        if joint.kind in _LIMITS_DEG:
            low, high = np.radians(_LIMITS_DEG[joint.kind])
            limited[:, joint.column] = np.clip(limited[:, joint.column], low, high)
    return limited
