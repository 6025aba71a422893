"""Spatiotemporal measures of one trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.gait_events import FootPaths, WayWalked
from core.domain.motion import NOT_MEASURED, SideMeasures, Spatiotemporal, Spread, Stride
from core.gait.events import find_events
from core.gait.strides import SHORTEST_STEP, WalkedStrides

_STANDING_M_S = 0.15  # slower through the room than this is a treadmill


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """Steps that end with a landing of one side. Axis: N steps."""

    time_s: FloatArray  # (N,)
    length_m: FloatArray  # (N,)
    width_m: FloatArray  # (N,)


def spatiotemporal(paths: FootPaths, strides: Sequence[Stride], *, width_seen: bool = True) -> Spatiotemporal:
    """Measures of one way walked with at least one stride; see `spatiotemporal_over`."""
    walked = WalkedStrides(WayWalked(paths, find_events(paths)), tuple(strides))
    return spatiotemporal_over([walked], width_seen=width_seen)


def spatiotemporal_over(ways: Sequence[WalkedStrides], *, width_seen: bool = True) -> Spatiotemporal:
    """Speed, cadence, steps and symmetry of a trial of one or more ways, with at least one stride in all.

    Step length of a side: how far its heel lands in front of the other heel's last landing; on a treadmill,
    where landings do not move on, in front of the other heel at that moment. Cadence from the mean step
    time. Symmetry: 1 - |L - R| / ((L + R) / 2) of step times and step lengths, averaged, not below zero
    (Robinson et al. 1987, J Manipulative Physiol Ther 10:172, as a fraction); NaN when one side has no step.
    """
    walked = [one for one in ways if one.strides]
    strides = [stride for one in walked for stride in one.strides]
    forward = _speed_m_s(walked)
    steps = _all_steps(walked, over_ground=forward > _STANDING_M_S)
    step_s = np.concatenate([side.time_s for side in steps])
    width_m = np.concatenate([side.width_m for side in steps])
    if len(step_s):
        cadence = 60.0 / float(np.mean(step_s))
    else:
        cadence = 120.0 / float(np.mean([s.end_s - s.start_s for s in strides]))
    both = [np.concatenate([_double_support(one, side) for one in walked]) for side in SIDES]
    sides = tuple(_side_measures(strides, k, steps[k].length_m, both[k]) for k in range(2))
    symmetries = [_symmetry([getattr(side, name) for side in steps]) for name in ("time_s", "length_m")]
    return Spatiotemporal(
        speed_m_s=forward,
        cadence_steps_min=cadence,
        step_width_m=float(np.mean(width_m)) if width_seen and len(width_m) else None,
        sides=(sides[0], sides[1]),
        symmetry=float(np.mean([value for value, _ in symmetries])),
        speed_sd_m_s=_sd(np.array([_stride_speed(one.way.paths, s) for one in walked for s in one.strides])),
        cadence_sd_steps_min=_sd(60.0 / step_s),
        step_width_sd_m=_sd(width_m),
        symmetry_sd=float(np.sqrt(np.sum([sd**2 for _, sd in symmetries])) / len(symmetries)),
    )


def nothing_measured() -> Spatiotemporal:
    """Of a trial without steps: all NaN."""
    nothing = np.zeros(0)
    left, right = (_side_measures([], column, nothing, nothing) for column in range(2))
    return Spatiotemporal(float("nan"), float("nan"), None, (left, right), float("nan"))


def _speed_m_s(ways: Sequence[WalkedStrides]) -> float:
    """Forward speed between the first and the last event of each way, weighted by its duration.

    Of the strides that count alone, where a person left some out.
    """
    speeds, durations = [], []
    for one in ways:
        if one.left_out:
            speeds += [_stride_speed(one.way.paths, stride) for stride in one.strides]
            durations += [stride.end_s - stride.start_s for stride in one.strides]
            continue
        paths = one.way.paths
        first, last = min(s.start_s for s in one.strides), max(s.end_s for s in one.strides)
        inside = (paths.time_s >= first) & (paths.time_s <= last)
        speeds.append(float(-np.polyfit(paths.time_s[inside], paths.pelvis_m[inside, 1], 1)[0]))
        durations.append(last - first)
    return float(np.average(speeds, weights=durations))


def _stride_speed(paths: FootPaths, stride: Stride) -> float:
    """How far the pelvis goes in a stride, over its duration."""
    start_m, end_m = np.interp([stride.start_s, stride.end_s], paths.time_s, paths.pelvis_m[:, 1])
    return float(start_m - end_m) / (stride.end_s - stride.start_s)


def _double_support(walked: WalkedStrides, side: Side) -> FloatArray:
    """(N,) fraction of each stride of a side with both feet on the ground; NaN where it is not told.

    After the landing until the other foot's toe-off, and from its landing to the own toe-off. Nothing in a
    run, in which the other foot lands after the own toe-off.
    """
    other = walked.way.events[1 - SIDES.index(side)]
    found = []
    for stride in walked.strides:
        if stride.side is not side:
            continue
        off = [t for t in other.toe_off_s if stride.start_s <= t <= stride.toe_off_s]
        on = [t for t in other.heel_strike_s if stride.start_s < t < stride.end_s]
        both_s = float("nan")
        if len(off) == 1 and len(on) == 1 and off[0] < on[0] <= stride.toe_off_s:
            both_s = (off[0] - stride.start_s) + (stride.toe_off_s - on[0])
        elif not off and len(on) == 1 and on[0] > stride.toe_off_s:
            both_s = 0.0
        found.append(both_s / (stride.end_s - stride.start_s))
    return np.array(found)


def _all_steps(ways: Sequence[WalkedStrides], *, over_ground: bool) -> tuple[_Steps, _Steps]:
    """Of all ways, in the order of SIDES."""
    strides = [stride for one in ways for stride in one.strides]
    stride_s = float(np.median([s.end_s - s.start_s for s in strides]))
    left, right = (
        [_side_steps(one, column, stride_s, over_ground=over_ground) for one in ways] for column in (0, 1)
    )
    return _joined(left), _joined(right)


def _joined(steps: Sequence[_Steps]) -> _Steps:
    return _Steps(
        *(np.concatenate([getattr(s, n) for s in steps]) for n in ("time_s", "length_m", "width_m"))
    )


def _side_steps(walked: WalkedStrides, column: int, stride_s: float, *, over_ground: bool) -> _Steps:
    """The steps of a side on one way.

    Steps that cannot be part of a stride of `stride_s` are left out: an event was missed or is false.
    """
    shortest_s, longest_s = SHORTEST_STEP * stride_s, (1.0 - SHORTEST_STEP) * stride_s
    times, lengths, widths = [], [], []
    way = walked.way
    own, other = way.events[column].heel_strike_s, way.events[1 - column].heel_strike_s
    for strike in own:
        earlier = other[other < strike]
        if not len(earlier) or ((own > earlier[-1]) & (own < strike)).any():
            continue  # the step before was not seen
        if not shortest_s <= strike - earlier[-1] <= longest_s or not walked.counts(earlier[-1], strike):
            continue
        landed = _at(way.paths, strike, column)
        trailing = _at(way.paths, earlier[-1] if over_ground else strike, 1 - column)
        times.append(strike - earlier[-1])
        lengths.append(trailing[1] - landed[1])  # walking towards -y
        widths.append(abs(landed[0] - trailing[0]))
    return _Steps(np.array(times), np.array(lengths), np.array(widths))


def _at(paths: FootPaths, time_s: float, side: int) -> FloatArray:
    return np.array([np.interp(time_s, paths.time_s, paths.heel_m[:, side, axis]) for axis in range(3)])


def _side_measures(
    strides: Sequence[Stride], column: int, step_length_m: FloatArray, double_support: FloatArray
) -> SideMeasures:
    own = [stride for stride in strides if stride.side is SIDES[column]]
    duration = np.array([stride.end_s - stride.start_s for stride in own])
    stance = np.array([stride.toe_off_s - stride.start_s for stride in own]) / duration if own else duration
    return SideMeasures(
        SIDES[column],
        len(own),
        _spread(step_length_m),
        _spread(duration),
        _spread(stance),
        _spread(double_support[np.isfinite(double_support)]),
    )


def _spread(values: FloatArray) -> Spread:
    if not len(values):
        return NOT_MEASURED
    return Spread(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0)


def _sd(values: FloatArray) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def _symmetry(pair: Sequence[FloatArray]) -> tuple[float, float]:
    """The index of two sides' steps, and its standard deviation by that of the sides' means.

    To first order: 1 - |L - R| / ((L + R) / 2) changes by 4 R / (L + R)^2 per L, and likewise per R.
    """
    if not all(len(values) for values in pair):
        return float("nan"), float("nan")
    left, right = (float(np.mean(values)) for values in pair)
    if left + right <= 0:
        return float("nan"), float("nan")
    errors = [_sd(values) / np.sqrt(len(values)) for values in pair]
    sd = float(np.hypot(right * errors[0], left * errors[1])) * 4.0 / (left + right) ** 2
    return max(0.0, 1.0 - abs(left - right) / ((left + right) / 2)), sd
