"""Numbers of recorded gaits with the error of their means, their change, and the change that can be told.

The error comes from the strides. With s the standard deviation between the n strides of one recording, the
standard error of their mean is SEM = s / sqrt(n) (Bland & Altman 1996, BMJ 313:744, with the within-subject
standard deviation s). The minimal detectable change of two recordings is

    MDC95 = 1.96 * sqrt(2) * SEM,    SEM^2 = (SEM_a^2 + SEM_b^2) / 2

(Weir 2005, J Strength Cond Res 19:231, eq. "minimal difference"; 1.96 * sqrt(SEM_a^2 + SEM_b^2)). It tells a
change from the scatter of the strides; of the range of a mean curve the SEM is the jackknife's. It knows
nothing of what differs between recordings as a whole, such as another camera place or other clothes;
between days 2 to 5 degrees are usual even in laboratories (McGinley et al. 2009, Gait & Posture 29:360). Nor
does it know drift: on a treadmill, ranges of 6 strides and of the next 6 differed by more than it in 14 of
100 places of a minute.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, JointKind, Side
from core.domain.capture_comparison import RANGES, Change, CurveChange, GaitQuantity, Measured
from core.domain.motion import GaitCycles, Motion, SideMeasures, Stride
from core.gait.cycles import cycle_sd, mean_cycle
from core.gait.similarity import compare_curves

Z95 = 1.96  # two-sided 95 % of the normal distribution
LEAST_STRIDES = 2  # of a side: fewer have no spread
ENOUGH_STRIDES = 6  # of a side in both recordings: then 8 in 100 unchanged numbers seem changed, instead of 5
_MISSED = 1.5  # times a usual step: a step was not seen in between


def minimal_change(first_sem: float, other_sem: float) -> float:
    """MDC95 of the difference of two means with these standard errors; NaN where one is not known."""
    sem = math.sqrt((first_sem**2 + other_sem**2) / 2.0)
    return Z95 * math.sqrt(2.0) * sem


def chance_of_false_change(strides: int) -> float:
    """How often an unchanged number of two recordings with so many strides each exceeds the MDC95.

    5 % of many strides; more of few, whose spread is itself uncertain (Student's t of 2 (n - 1) degrees).
    """
    from scipy.special import stdtr

    return float(2.0 * (1.0 - stdtr(2 * (strides - 1), Z95)))


def measured_numbers(motion: Motion) -> tuple[Measured, ...]:
    """What is compared of one recorded walk, with the errors of its means, in the units of the quantities."""
    measures, strides = motion.measures, motion.strides
    speeds = _stride_speeds(motion)
    cadences = np.array([120.0 / (s.end_s - s.start_s) for s in _of_more_strides(strides)])
    numbers = [
        Measured(GaitQuantity.SPEED, None, measures.speed_m_s, standard_error(speeds)),
        Measured(GaitQuantity.CADENCE, None, measures.cadence_steps_min, standard_error(cadences)),
        Measured(GaitQuantity.SYMMETRY, None, 100.0 * measures.symmetry, 100.0 * symmetry_error(motion)),
    ]
    for own in measures.sides:
        length, stance = own.step_length_m, own.stance_fraction
        numbers += [
            Measured(GaitQuantity.STEP_LENGTH, own.side, 100.0 * length.mean, 100.0 * _length_error(own)),
            Measured(
                GaitQuantity.STANCE,
                own.side,
                100.0 * stance.mean,
                100.0 * _error(stance.sd, own.strides),
            ),
        ]
    return (*numbers, *(one for cycles in motion.cycles for one in _ranges(cycles)))


def cycle_numbers(cycles: Sequence[GaitCycles]) -> tuple[Measured, ...]:
    """Ranges of motion and stance of both sides of any gait, also a simulated one."""
    numbers = []
    for own in cycles:
        stance = Measured(GaitQuantity.STANCE, own.side, 100.0 * own.toe_off_fraction, math.nan)
        numbers += [stance, *_ranges(own)]
    return tuple(numbers)


def changes_between(
    first: Sequence[Measured], other: Sequence[Measured], *, angles_alike: bool = True
) -> tuple[Change, ...]:
    """Every number of `other` against the same one of `first`, in the order of `first`.

    Where angles were measured in different ways, what depends on them is not judged.
    """
    found = {(one.quantity, one.side): one for one in other}
    return tuple(
        Change(
            one.quantity,
            one.side,
            one.value,
            found[one.quantity, one.side].value,
            minimal_change(one.sem, found[one.quantity, one.side].sem),
            angles_alike or not one.quantity.of_angles,
        )
        for one in first
        if (one.quantity, one.side) in found
    )


def curve_changes(
    first: Sequence[GaitCycles], other: Sequence[GaitCycles], *, angles_alike: bool = True
) -> tuple[CurveChange, ...]:
    """Hip, knee and ankle of both sides: r and distance of the mean curves, with the distance's MDC95.

    The distance is a root mean square over the cycle, and so is its standard error.
    """
    changes = []
    for before, after in zip(first, other, strict=True):
        errors = curve_error(before), curve_error(after)
        for kind in SAGITTAL:
            column = list(JointKind).index(kind)
            same = compare_curves(mean_cycle(before)[:, column], mean_cycle(after)[:, column])
            sems = (math.sqrt(float(np.mean(error[:, column] ** 2))) for error in errors)
            mdc_deg = math.degrees(minimal_change(*sems))
            rmse_deg = math.degrees(same.rmse_rad)
            changes.append(CurveChange(kind, before.side, same.correlation, rmse_deg, mdc_deg, angles_alike))
    return tuple(changes)


def curve_error(cycles: GaitCycles) -> FloatArray:
    """Standard error of the mean curves (101, 7), radians; NaN of fewer than two strides."""
    count = len(cycles.angle_rad)
    if count < LEAST_STRIDES:
        return np.full(cycles.angle_rad.shape[1:], np.nan)
    return np.asarray(cycle_sd(cycles) / math.sqrt(count))


def standard_error(values: FloatArray) -> float:
    """Of the mean of one value per stride (N,); NaN of fewer than two."""
    known = values[np.isfinite(values)]
    return _error(float(np.std(known, ddof=1)), len(known)) if len(known) >= LEAST_STRIDES else math.nan


def symmetry_error(motion: Motion) -> float:
    """Standard error of the symmetry as a fraction; NaN where a side has fewer than two steps.

    Propagated from those of the mean step times and lengths (JCGM 100:2008, eq. 10) through
    1 - 2 |L - R| / (L + R), whose derivatives are -+4 R / (L + R)^2 and +-4 L / (L + R)^2.
    """
    lengths = [(own.step_length_m.mean, _length_error(own)) for own in motion.measures.sides]
    times = [(float(np.mean(own)), standard_error(own)) for own in _step_times(motion.strides) if len(own)]
    if len(times) < len(SIDES):
        return math.nan
    parts = []
    for (left, left_sem), (right, right_sem) in ((lengths[0], lengths[1]), (times[0], times[1])):
        whole = (left + right) ** 2
        parts.append(4.0 / whole * math.hypot(right * left_sem, left * right_sem) if whole else math.nan)
    return math.hypot(*parts) / 2.0


def _ranges(cycles: GaitCycles) -> tuple[Measured, ...]:
    """The range of the mean curve, as the Motion page shows it."""
    found = []
    for kind, quantity in RANGES.items():
        column = list(JointKind).index(kind)
        whole = float(np.ptp(np.degrees(mean_cycle(cycles)[:, column])))
        error = math.degrees(range_error(cycles.angle_rad[:, :, column]))
        found.append(Measured(quantity, cycles.side, whole, error))
    return tuple(found)


def range_error(strides_rad: FloatArray) -> float:
    """Standard error of the range of the mean curve of strides (N, 101); NaN of fewer than two.

    By the jackknife (Efron & Tibshirani 1993, An Introduction to the Bootstrap, eq. 11.5). The spread of the
    strides' own ranges would miss that strides of other timing flatten the mean curve: of a recorded minute
    of walking, ranges of 6 and 6 strides drawn at random then differed by more than the MDC95 in 21 of 100
    draws, and now do in 6.
    """
    count = len(strides_rad)
    if count < LEAST_STRIDES:
        return math.nan
    without = (strides_rad.sum(axis=0) - strides_rad) / (count - 1)
    ranges = np.ptp(without, axis=1)
    return float(np.sqrt((count - 1) / count * np.sum((ranges - ranges.mean()) ** 2)))


def _error(sd: float, count: int) -> float:
    return sd / math.sqrt(count) if count >= LEAST_STRIDES else math.nan


def _length_error(own: SideMeasures) -> float:
    """A step less or more than strides changes little: how many steps there were is not kept."""
    return _error(own.step_length_m.sd, own.strides)


def _of_more_strides(strides: Sequence[Stride]) -> list[Stride]:
    """The side with more strides: those of both overlap in time and would count twice."""
    return max(([s for s in strides if s.side is side] for side in SIDES), key=len)


def _stride_speeds(motion: Motion) -> FloatArray:
    """Forward speed of each stride of the side with more of them (N,), m/s."""
    kinematics = motion.kinematics
    forward_m = -kinematics.pelvis_position_m[:, 1]
    speeds = []
    for stride in _of_more_strides(motion.strides):
        start_m, end_m = np.interp((stride.start_s, stride.end_s), kinematics.time_s, forward_m)
        speeds.append((end_m - start_m) / (stride.end_s - stride.start_s))
    return np.array(speeds)


def _step_times(strides: Sequence[Stride]) -> tuple[FloatArray, FloatArray]:
    """Per side: from each heel strike of the other foot to the next own one, in its strides."""
    if not strides:
        return np.zeros(0), np.zeros(0)
    longest_s = _MISSED / 2.0 * float(np.median([s.end_s - s.start_s for s in strides]))
    strikes = {
        side: sorted({t for s in strides if s.side is side for t in (s.start_s, s.end_s)}) for side in SIDES
    }

    def own(side: Side) -> FloatArray:
        before = np.array(strikes[side.other])
        steps = [t - before[before < t][-1] for t in strikes[side] if (before < t).any()]
        return np.array([step for step in steps if step <= longest_s])

    return own(Side.LEFT), own(Side.RIGHT)
