"""When cameras that were started one by one filmed the same: by how fast the board moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.capture.calibration import board_findings as told
from core.capture.calibration.boards import Board
from core.capture.calibration.first_guess import pose_of
from core.capture.calibration.sightings import Sightings, glimpses
from core.domain.arrays import FloatArray

_RATE_HZ = 30.0
_LEAST_OVERLAP_S = 3.0
_LEAST_ALIKE = 0.6  # correlation
_LONGEST_GAP_S = 0.4  # between two sightings, across which the board's speed is not guessed


def common_clocks(sightings: Sequence[Sightings], board: Board, lenses: FloatArray) -> FloatArray:
    """(C,) seconds by which each camera's times are later than the first one's for the same event.

    The speed of the board's middle is the same from wherever one looks; the shift at which two such curves
    are most alike is taken, of every camera against the one placed before that fits best. Refuses CAL-026.
    """
    curves = [_speed(one, number, board, lenses[number]) for number, one in enumerate(sightings)]
    shifts = {0: 0.0}
    while len(shifts) < len(sightings):
        best = max(
            (
                (*_best_shift(curves[known], curves[new]), known, new)
                for known in shifts
                for new in range(len(sightings))
                if new not in shifts
            ),
            key=lambda found: found[0],
        )
        alike, shift_s, known, new = best
        if alike < _LEAST_ALIKE:
            raise told.no_common_time(sightings[new])
        shifts[new] = shifts[known] + shift_s
    return np.array([shifts[number] for number in range(len(sightings))])


def _speed(one: Sightings, number: int, board: Board, lens: FloatArray) -> tuple[float, FloatArray]:
    """Start, and the logarithm of the speed at a fixed rate; NaN where the board is not followed."""
    middle = board.corners_m.mean(axis=0)
    time_s, place = [], []
    for glimpse in glimpses(one, number):
        pose = pose_of(glimpse, board, lens)
        if pose is not None:
            time_s.append(glimpse.time_s)
            place.append(pose[0] @ middle + pose[1])
    times, places = np.array(time_s), np.array(place).reshape(-1, 3)
    if len(times) < 2:
        return 0.0, np.zeros(0)
    steps = np.diff(times)
    speed = np.linalg.norm(np.diff(places, axis=0), axis=1) / steps
    speed[steps > _LONGEST_GAP_S] = np.nan
    ticks = np.arange(times[0], times[-1], 1.0 / _RATE_HZ)
    between = np.clip(np.searchsorted(times, ticks, side="right") - 1, 0, len(speed) - 1)
    halfway = (times[:-1] + times[1:]) / 2
    known = np.isfinite(speed)
    curve = np.interp(ticks, halfway[known], speed[known]) if known.any() else np.full(len(ticks), np.nan)
    curve = np.where(np.isfinite(speed[between]), curve, np.nan)
    return float(times[0]), np.log(curve + 0.02)  # so that standing still is 2 cm/s, not minus infinity


def _best_shift(known: tuple[float, FloatArray], new: tuple[float, FloatArray]) -> tuple[float, float]:
    """Likeness, and by how much later the new camera's times are."""
    start_known, first = known
    start_new, second = new
    best = (-1.0, 0.0)
    least = int(_LEAST_OVERLAP_S * _RATE_HZ)
    for lag in range(-(len(second) - least), len(first) - least + 1):
        low, high = max(0, lag), min(len(first), lag + len(second))
        a, b = first[low:high], second[low - lag : high - lag]
        both = np.isfinite(a) & np.isfinite(b)
        if both.sum() < least or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
            continue
        alike = float(np.corrcoef(a[both], b[both])[0, 1])
        if alike > best[0]:
            best = (alike, start_new - (start_known + lag / _RATE_HZ))
    return best
