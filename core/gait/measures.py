"""Spatiotemporal measures of one trial."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.motion import SideMeasures, Spatiotemporal, Spread, Stride
from core.gait.events import SHORTEST_STEP, FootPaths, find_events

_STANDING_M_S = 0.15  # slower through the room than this is a treadmill


def spatiotemporal(paths: FootPaths, strides: Sequence[Stride], *, width_seen: bool = True) -> Spatiotemporal:
    """Measures of one way walked with at least one stride; see `spatiotemporal_over`."""
    return spatiotemporal_over([(paths, strides)], width_seen=width_seen)


def spatiotemporal_over(
    ways: Sequence[tuple[FootPaths, Sequence[Stride]]], *, width_seen: bool = True
) -> Spatiotemporal:
    """Speed, cadence, steps and symmetry of a trial of one or more ways, with at least one stride in all.

    Step length of a side: how far its heel lands in front of the other heel's last landing; on a treadmill,
    where landings do not move on, in front of the other heel at that moment. Cadence from the mean step
    time. Symmetry: 1 - |L - R| / ((L + R) / 2) of step times and step lengths, averaged, not below zero
    (Robinson et al. 1987, J Manipulative Physiol Ther 10:172, as a fraction); NaN when one side has no step.
    """
    walked = [(paths, strides) for paths, strides in ways if strides]
    strides = [stride for _, own in walked for stride in own]
    forward = _speed_m_s(walked)
    stride_s = float(np.median([s.end_s - s.start_s for s in strides]))
    of_ways = [_steps(paths, stride_s, over_ground=forward > _STANDING_M_S) for paths, _ in walked]
    steps = [tuple(np.concatenate([way[side][k] for way in of_ways]) for k in range(3)) for side in range(2)]
    step_time = np.concatenate([steps[side][0] for side in range(2)])
    if len(step_time):
        cadence = 60.0 / float(np.mean(step_time))
    else:
        cadence = 120.0 / float(np.mean([s.end_s - s.start_s for s in strides]))
    sides = tuple(_side_measures(strides, column, steps[column][1]) for column in range(2))
    symmetry = np.mean(
        [_symmetry([float(np.mean(s[k])) if len(s[k]) else np.nan for s in steps]) for k in (0, 1)]
    )
    width = float(np.mean(np.concatenate([s[2] for s in steps]))) if width_seen and len(step_time) else None
    return Spatiotemporal(forward, cadence, width, (sides[0], sides[1]), float(symmetry))


def nothing_measured() -> Spatiotemporal:
    """Of a trial without steps: all NaN."""
    nothing = np.zeros(0)
    left, right = (_side_measures([], column, nothing) for column in range(2))
    return Spatiotemporal(float("nan"), float("nan"), None, (left, right), float("nan"))


def _speed_m_s(ways: Sequence[tuple[FootPaths, Sequence[Stride]]]) -> float:
    """Forward speed between the first and the last event of each way, weighted by its duration."""
    speeds, durations = [], []
    for paths, strides in ways:
        first, last = min(s.start_s for s in strides), max(s.end_s for s in strides)
        inside = (paths.time_s >= first) & (paths.time_s <= last)
        speeds.append(float(-np.polyfit(paths.time_s[inside], paths.pelvis_m[inside, 1], 1)[0]))
        durations.append(last - first)
    return float(np.average(speeds, weights=durations))


def _steps(
    paths: FootPaths, stride_s: float, *, over_ground: bool
) -> tuple[tuple[FloatArray, FloatArray, FloatArray], ...]:
    """Per side: step times (s), step lengths (m) and step widths (m) of its own landings.

    Steps that cannot be part of a stride of `stride_s` are left out: an event was missed or is false.
    """
    shortest_s, longest_s = SHORTEST_STEP * stride_s, (1.0 - SHORTEST_STEP) * stride_s
    events = find_events(paths)
    result = []
    for column in range(2):
        times, lengths, widths = [], [], []
        other = events[1 - column].heel_strike_s
        own = events[column].heel_strike_s
        for strike in own:
            earlier = other[other < strike]
            if not len(earlier) or ((own > earlier[-1]) & (own < strike)).any():
                continue  # the step before was not seen
            if not shortest_s <= strike - earlier[-1] <= longest_s:
                continue
            landed = _at(paths, strike, column)
            trailing = _at(paths, earlier[-1] if over_ground else strike, 1 - column)
            times.append(strike - earlier[-1])
            lengths.append(trailing[1] - landed[1])  # walking towards -y
            widths.append(abs(landed[0] - trailing[0]))
        result.append((np.array(times), np.array(lengths), np.array(widths)))
    return tuple(result)


def _at(paths: FootPaths, time_s: float, side: int) -> FloatArray:
    return np.array([np.interp(time_s, paths.time_s, paths.heel_m[:, side, axis]) for axis in range(3)])


def _side_measures(strides: Sequence[Stride], column: int, step_length_m: FloatArray) -> SideMeasures:
    own = [stride for stride in strides if stride.side is SIDES[column]]
    duration = np.array([stride.end_s - stride.start_s for stride in own])
    stance = np.array([stride.toe_off_s - stride.start_s for stride in own]) / duration if own else duration
    return SideMeasures(SIDES[column], len(own), _spread(step_length_m), _spread(duration), _spread(stance))


def _spread(values: FloatArray) -> Spread:
    if not len(values):
        return Spread(float("nan"), float("nan"))
    return Spread(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0)


def _symmetry(pair: Sequence[float]) -> float:
    left, right = pair
    return max(0.0, 1.0 - abs(left - right) / ((left + right) / 2)) if left + right > 0 else float("nan")
