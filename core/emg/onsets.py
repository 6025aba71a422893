"""When a muscle switches on and off, in percent of the gait cycle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.domain.motion import CYCLE_POINTS
from core.emg.cycles import EmgCycles

# Hodges & Bui 1996 (Electroencephalogr Clin Neurophysiol 101:511) compared 1 to 3 SD above the rest.
THRESHOLD_SD = 3.0
# Bonato et al. 1998 (IEEE Trans Biomed Eng 45:287) drop what lasts less than 30 ms: 3 % of a stride of 1 s.
HOLD_PERCENT = 3.0
_QUIET = 0.25  # share of the cycle in which a muscle is taken to rest
# Steady rest would make a threshold of nothing; a burst must also rise by this share of the cycle's range.
_LEAST_RISE = 0.15
_AGREE = 0.5  # a point of the cycle counts as active when half of the strides or more are


@dataclass(frozen=True, slots=True)
class Burst:
    """One activity, in percent of the cycle; `off_percent` below `on_percent` goes on into the next cycle."""

    on_percent: float
    off_percent: float

    @property
    def length_percent(self) -> float:
        return (self.off_percent - self.on_percent) % 100.0


@dataclass(frozen=True, slots=True)
class Activity:
    """The bursts of one channel that most strides share, and how well strides agree."""

    bursts: tuple[Burst, ...]  # by onset
    agreement: (
        float  # share of strides active inside the bursts and quiet outside, 0 to 1; NaN without a stride
    )


def activity(cycles: EmgCycles) -> Activity:
    """Bursts of a channel: found in each stride, kept where half of the strides or more are active.

    The double threshold of Hodges & Bui (amplitude and duration), the rest taken from the quietest quarter of
    each stride; gaps and bursts shorter than `HOLD_PERCENT` are none (Bonato et al. 1998). A muscle that
    never rests within a cycle cannot be told from one that never works: neither has bursts.
    """
    if not len(cycles.envelope):
        return Activity((), float("nan"))
    active = np.stack([active_points(stride) for stride in cycles.envelope])
    common = _without_short(active[:, :-1].mean(axis=0) >= _AGREE)
    agreement = float((active[:, :-1] == common).mean())
    return Activity(tuple(_bursts(common)), agreement)


def active_points(stride: FloatArray) -> NDArray[np.bool_]:
    """Whether each of the 101 points of one stride (101,) is active."""
    points = CYCLE_POINTS - 1  # the last point is the first of the next cycle
    curve = np.asarray(stride[:points])
    quiet = np.sort(curve)[: round(_QUIET * points)]
    rise = max(THRESHOLD_SD * float(quiet.std(ddof=1)), _LEAST_RISE * float(np.ptp(curve)))
    if rise <= 0:
        return np.zeros(CYCLE_POINTS, dtype=bool)
    found = _without_short(curve > float(quiet.mean()) + rise)
    return np.append(found, found[0])


def _without_short(active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close short gaps, then drop short bursts, round the cycle."""
    result = active.copy()
    for value in (False, True):
        for start, length in _runs(result, value):
            if length < HOLD_PERCENT:
                result[np.arange(start, start + length) % len(result)] = not value
    return result


def _runs(active: NDArray[np.bool_], value: bool) -> list[tuple[int, int]]:
    """Start and length of the stretches of `value` round the cycle; none where all are equal."""
    changes = np.flatnonzero(active != np.roll(active, 1))
    if not len(changes):
        return []
    lengths = np.diff(np.append(changes, changes[0] + len(active)))
    return [
        (int(start), int(length))
        for start, length in zip(changes, lengths, strict=True)
        if active[start] == value
    ]


def _bursts(active: NDArray[np.bool_]) -> list[Burst]:
    step = 100.0 / len(active)
    return sorted(
        (Burst(start * step, (start + length) % len(active) * step) for start, length in _runs(active, True)),
        key=lambda burst: burst.on_percent,
    )
