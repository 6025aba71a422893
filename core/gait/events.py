"""Gait events and strides from the paths of feet and pelvis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.gait_events import FootPaths, GaitEvents
from core.domain.motion import Stride
from core.gait.strides import INVENTED, SHORTEST_STRIDE_S, strides_in_turns

_PROMINENCE = 0.4  # fraction of the foot's excursion; smaller bumps are noise
LONGEST_SHIFT_S = 0.15  # between an extreme and the contact that belongs to it
_EDGE_RISE = 0.05  # fraction of the excursion by which an event must stand out from the recording's edge
_EDGE_S, _HURRIED = 0.2, 0.8  # a landing that near to the edge must not come earlier than this fraction


def find_events(paths: FootPaths) -> tuple[GaitEvents, GaitEvents]:
    """Heel strike and toe off of both sides, in the order of SIDES.

    The extremes of the foot in front of and behind the pelvis (Zeni, Richards & Higginson 2008, Gait &
    Posture 27:710) find the steps without speed, force or floor, on a treadmill too. At the extreme the foot
    still moves with the pelvis; contact is where it has half of its stance speed against the pelvis: later
    than the extreme for heel strike, earlier for toe off.
    """
    left, right = _side_events(paths, 0), _side_events(paths, 1)
    gaps = np.concatenate([np.diff(left.heel_strike_s), np.diff(right.heel_strike_s)])
    typical_s = float(np.median(gaps)) if len(gaps) else 0.0
    landed = (_single_landings(side, typical_s) for side in (left, right))
    first, second = (_without_hurried_edges(side, typical_s, paths.time_s) for side in landed)
    return first, second


def find_strides(paths: FootPaths) -> tuple[Stride, ...]:
    """Complete strides of both sides from the feet's paths, by start time; see `strides_in_turns`."""
    return strides_in_turns(find_events(paths))


def _single_landings(events: GaitEvents, typical_s: float) -> GaitEvents:
    """Of two landings much closer than a stride, keep the one that leaves the more even rhythm."""
    strikes = events.heel_strike_s
    while len(strikes) > 1 and np.diff(strikes).min() < INVENTED * typical_s:
        first = int(np.argmin(np.diff(strikes)))
        choices = [np.delete(strikes, first), np.delete(strikes, first + 1)]
        strikes = min(choices, key=lambda kept: float(np.abs(np.diff(kept) - typical_s).sum()))
    return replace(events, heel_strike_s=strikes)


def _without_hurried_edges(events: GaitEvents, typical_s: float, time_s: FloatArray) -> GaitEvents:
    """Without a first or last landing at the recording's edge that does not keep the rhythm.

    There a curve has one slope only, and any bend in it is easily taken for an extreme.
    """
    strikes, shortest_s = events.heel_strike_s, _HURRIED * typical_s
    if len(strikes) > 1 and strikes[0] - time_s[0] < _EDGE_S and strikes[1] - strikes[0] < shortest_s:
        strikes = strikes[1:]
    if len(strikes) > 1 and time_s[-1] - strikes[-1] < _EDGE_S and strikes[-1] - strikes[-2] < shortest_s:
        strikes = strikes[:-1]
    return replace(events, heel_strike_s=strikes)


def _side_events(paths: FootPaths, column: int) -> GaitEvents:
    pelvis = -paths.pelvis_m[:, 1]
    heel = -paths.heel_m[:, column, 1] - pelvis
    toe = -paths.toe_m[:, column, 1] - pelvis
    return GaitEvents(
        SIDES[column],
        _contact_s(paths.time_s, heel, _peaks_s(paths.time_s, heel), later=True),
        _contact_s(paths.time_s, toe, _peaks_s(paths.time_s, -toe), later=False),
    )


def _contact_s(time_s: FloatArray, ahead_m: FloatArray, extreme_s: FloatArray, *, later: bool) -> FloatArray:
    """Move each extreme to where the foot's speed against the pelvis is half of that in stance."""
    if not len(extreme_s):
        return extreme_s
    speed = np.gradient(ahead_m, time_s)
    half = 0.5 * float(np.median(speed[speed < 0.0]))
    away_s = np.arange(0.0, LONGEST_SHIFT_S, 0.002) * (1.0 if later else -1.0)
    moved = []
    for extreme in extreme_s:
        path_s = np.clip(extreme + away_s, time_s[0], time_s[-1])
        reached = np.flatnonzero(np.interp(path_s, time_s, speed) <= half)
        moved.append(path_s[reached[0]] if len(reached) else extreme)
    return np.array(moved)


def _peaks_s(time_s: FloatArray, height: FloatArray) -> FloatArray:
    """Times of the prominent maxima, refined by a parabola through three frames."""
    if len(time_s) < 5:
        return np.zeros(0)
    low, high = np.nanpercentile(height, [5, 95])
    rate_hz = (len(time_s) - 1) / float(time_s[-1] - time_s[0])
    rise = high - low
    # A low value outside both ends: an event close to the edge has only one slope to be known by.
    padded = np.concatenate([[low - rise], height, [low - rise]])
    distance = max(1, int(0.4 * SHORTEST_STRIDE_S * rate_hz))
    from scipy.signal import find_peaks  # 30 MB that learning does without

    index: NDArray[np.int64] = find_peaks(padded, prominence=_PROMINENCE * rise, distance=distance)[0] - 1
    index = index[[_stands_out(height, peak, _EDGE_RISE * rise) for peak in index]]
    before, here, after = height[index - 1], height[index], height[index + 1]
    bend = before - 2 * here + after
    shift = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
    return np.asarray(time_s[index] + shift * (time_s[index + 1] - time_s[index - 1]) / 2)


def _stands_out(height: FloatArray, peak: int, rise: float) -> bool:
    """Whether the curve falls by `rise` on both sides of a maximum before the recording ends."""
    return bool(height[peak] - max(height[: peak + 1].min(), height[peak:].min()) >= rise)
