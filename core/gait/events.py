"""Gait events and strides from the paths of feet and pelvis."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from core.domain.arrays import FloatArray, frozen
from core.domain.body import SIDES, Side
from core.domain.motion import Stride

SHORTEST_STRIDE_S = 0.5  # running sprinters
LONGEST_STRIDE_S = 3.5  # very slow, impaired walking
_PROMINENCE = 0.4  # share of the foot's excursion; smaller bumps are noise
_MISSED = 1.7  # a stride this many times longer than the median hides an event


@dataclass(frozen=True, slots=True, eq=False)
class FootPaths:
    """Paths in the world of the body model (walking towards -y). Axes: T frames, 2 sides as SIDES."""

    time_s: FloatArray  # (T,)
    pelvis_m: FloatArray  # (T, 3)
    heel_m: FloatArray  # (T, 2, 3)
    toe_m: FloatArray  # (T, 2, 3)

    def __post_init__(self) -> None:
        frozen(self, "time_s", (None,))
        frozen(self, "pelvis_m", (len(self.time_s), 3))
        frozen(self, "heel_m", (len(self.time_s), 2, 3))
        frozen(self, "toe_m", (len(self.time_s), 2, 3))


@dataclass(frozen=True, slots=True, eq=False)
class GaitEvents:
    """Times of one side's events, ascending."""

    side: Side
    heel_strike_s: FloatArray
    toe_off_s: FloatArray


def find_events(paths: FootPaths) -> tuple[GaitEvents, GaitEvents]:
    """Heel strike and toe off of both sides, in the order of SIDES.

    Heel strike is where the heel is furthest in front of the pelvis, toe off where the toes are furthest
    behind it (Zeni, Richards & Higginson 2008, Gait & Posture 27:710). Needs no speed, no force and no floor,
    so it holds on a treadmill and at any walking speed. Times are refined between frames by a parabola.
    """
    return _side_events(paths, 0), _side_events(paths, 1)


def find_strides(paths: FootPaths) -> tuple[Stride, ...]:
    """Complete strides of both sides, by start time: heel strike, toe off, heel strike of the same foot."""
    strides = [stride for events in find_events(paths) for stride in strides_of(events)]
    return tuple(sorted(strides, key=lambda stride: stride.start_s))


def strides_of(events: GaitEvents) -> tuple[Stride, ...]:
    """Pair one side's events. A pair without toe off, or much longer than the others, is left out."""
    strikes = events.heel_strike_s
    lengths = np.diff(strikes)
    typical = float(np.median(lengths)) if len(lengths) else 0.0
    strides = []
    for start, end in pairwise(strikes):
        toe_offs = events.toe_off_s[(events.toe_off_s > start) & (events.toe_off_s < end)]
        duration = end - start
        plausible = SHORTEST_STRIDE_S <= duration <= min(LONGEST_STRIDE_S, _MISSED * typical)
        if plausible and len(toe_offs) == 1:
            strides.append(Stride(events.side, float(start), float(toe_offs[0]), float(end)))
    return tuple(strides)


def _side_events(paths: FootPaths, column: int) -> GaitEvents:
    pelvis = -paths.pelvis_m[:, 1]
    heel = -paths.heel_m[:, column, 1] - pelvis
    toe = -paths.toe_m[:, column, 1] - pelvis
    return GaitEvents(SIDES[column], _peaks_s(paths.time_s, heel), _peaks_s(paths.time_s, -toe))


def _peaks_s(time_s: FloatArray, height: FloatArray) -> FloatArray:
    """Times of the prominent maxima, refined by a parabola through three frames."""
    if len(time_s) < 5:
        return np.zeros(0)
    low, high = np.nanpercentile(height, [5, 95])
    rate_hz = (len(time_s) - 1) / float(time_s[-1] - time_s[0])
    index: NDArray[np.int64] = find_peaks(
        height, prominence=_PROMINENCE * (high - low), distance=max(1, int(0.4 * SHORTEST_STRIDE_S * rate_hz))
    )[0]
    before, here, after = height[index - 1], height[index], height[index + 1]
    bend = before - 2 * here + after
    shift = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
    return np.asarray(time_s[index] + shift * (time_s[index + 1] - time_s[index - 1]) / 2)
