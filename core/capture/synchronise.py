"""How the clocks of several cameras run against each other, from the movement that they filmed.

First from how the person moves up and down (`movement`), which needs no calibration; several offsets may fit
a regular walk. With calibrated cameras the offset is the one at which both see the same points in space
(`epipolar`). Drift is the slope of the offset over several pieces of the recording, if it can be told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.signal import find_peaks

from core.capture.epipolar import ViewPair, view_pair
from core.capture.movement import RATE_HZ, Movement, likeness_at, likeness_by_lag, movement_of
from core.domain.arrays import FloatArray
from core.domain.recording import LandmarkTrack, Synchronised, body_size_px

NEVER_AGREES = 0.30
"""Likeness below which two films hardly show one movement: different walks of one person reach 0.2 to 0.3."""

FAR_APART = 0.05
"""Of the body size: calibrated cameras that miss each other by more do not see one person at one time, or
their calibration is of another set-up."""

Span = tuple[float, float]

_GRID_S, _WIDEST_GRID_S = 1.0 / 30.0, 1.0 / 12.0  # a step takes half a second, its best shift half of that
_GRID_STEPS = 2000  # of long recordings no more than this many offsets are tried, where that is close enough
_LEAST_OVERLAP_S = 0.4
_GOOD_APART = 0.4 * FAR_APART  # nearer than this, left and right need no second look
_CLEARLY_NEARER = 0.7
_CANDIDATES = 6
_SWEEPS = 3
_FINE_REACH_S = 0.06
_APART_S = 0.2  # offsets closer than this are one
_ONE_POINT = 0.02  # of the body size: two views that miss each other by less see the same point
_STEADY_WEIGHT = 0.1
_LEAST_SEEN, _LEAST_MOMENTS = 30, 8
_PIECES, _PIECE_S = 8, 2.0
_LEAST_DRIFT_S = 6.0
_DRIFT_KNOWN = 1.5e-4  # two standard errors below this make a known drift, also one of zero
_OFFSET_UNIT_S, _DRIFT_UNIT = 0.01, 1e-4
_MOST_DRIFT = 5e-3  # no camera's clock is worse


@dataclass(frozen=True, slots=True)
class Clock:
    """A camera's clock: the reference's time is `offset_s` + (1 + `drift`) times its own; NaN: not known."""

    offset_s: float
    drift: float

    @property
    def rate(self) -> float:
        return 1.0 if np.isnan(self.drift) else 1.0 + self.drift

    def after(self, sync: Synchronised) -> Clock:
        """The clock of a camera that was synchronised with this one, against this one's reference."""
        drift = (1.0 + self.drift) * (1.0 + sync.drift) - 1.0
        return Clock(self.offset_s + self.rate * sync.offset_s, drift)

    def between(self, other: Clock) -> Clock:
        """The other camera's clock against this camera's own."""
        offset_s = (other.offset_s - self.offset_s) / self.rate
        return Clock(offset_s, (1.0 + other.drift) / (1.0 + self.drift) - 1.0)

    def told_by(self, sync: Synchronised) -> Synchronised:
        """This clock, as sure and exact as `sync`."""
        return replace(sync, offset_s=self.offset_s, drift=self.drift)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two cameras' views of a person go together at their best offset."""

    sync: Synchronised
    likeness: float  # of the movements, -1..1
    apart: float  # of the body size: typical distance between the views; NaN without a calibration
    overlap_s: float
    exchanged: bool = False  # the other camera's left and right had to be exchanged throughout


@dataclass(frozen=True, slots=True, eq=False)
class _Evidence:
    """Both views, and by how much an offset misses."""

    movements: tuple[Movement, Movement]
    pair: ViewPair | None
    size_px: float
    rough: bool = False

    def exchanged(self) -> _Evidence:
        """The same with left and right exchanged in the other camera."""
        first, other = self.movements
        pair = None if self.pair is None else self.pair.exchanged()
        return replace(self, movements=(first, other.exchanged()), pair=pair)

    def miss(self, offset_s: float, drift: float = 0.0, span_s: Span | None = None) -> float:
        """0..1, lower is better; 1 where nothing overlaps."""
        if self.pair is None:
            return 1.0 - max(0.0, self.likeness(offset_s, drift, span_s)[0])
        signed_px = self._signed_px(offset_s, drift, span_s)
        if np.isfinite(signed_px).sum() < _LEAST_SEEN:
            return 1.0
        return float(np.nanmean(self._far(signed_px)))

    def fine_miss(self, offset_s: float, drift: float = 0.0, span_s: Span | None = None) -> float:
        """The same for placing an offset exactly, once it is known roughly.

        The detector puts a landmark at a somewhat different place on the body in every view. What a landmark
        is off throughout therefore says little about time, and counts for a tenth.
        """
        if self.pair is None:
            return self.miss(offset_s, drift, span_s)
        signed_px = self._signed_px(offset_s, drift, span_s)
        signed_px = signed_px[:, np.isfinite(signed_px).sum(axis=0) >= _LEAST_MOMENTS]
        if not signed_px.size:
            return 1.0
        throughout = np.nanmedian(signed_px, axis=0)
        moving = np.nanmean(self._far(signed_px - throughout))
        return float(moving + _STEADY_WEIGHT * np.mean(self._far(throughout)))

    def distance_px(self, offset_s: float, drift: float) -> float:
        """Median distance between the views; NaN where nothing overlaps."""
        distances = np.abs(self._signed_px(offset_s, drift, None))
        distances = distances[np.isfinite(distances)]
        return float(np.median(distances)) if len(distances) else float("nan")

    def _far(self, signed_px: FloatArray) -> FloatArray:
        """0 = the same point, 1 = far off; a few wrong landmarks cannot outweigh the rest."""
        squares = (signed_px / (_ONE_POINT * self.size_px)) ** 2
        return np.asarray(squares / (1.0 + squares))

    def _signed_px(self, offset_s: float, drift: float, span_s: Span | None) -> FloatArray:
        assert self.pair is not None
        moments = self.pair.moments_s(span_s)
        moments = moments[:: 1 + len(moments) // 60] if self.rough else moments
        return self.pair.signed_px(moments, (moments - offset_s) / (1.0 + drift))

    def likeness(
        self, offset_s: float, drift: float = 0.0, span_s: Span | None = None
    ) -> tuple[float, float]:
        """How alike the movements are, -1..1, and for how long [s] they overlap."""
        first, other = self.movements
        start, end = (first.start_s, first.start_s + first.duration_s) if span_s is None else span_s
        moments = np.arange(start, end, 1.0 / RATE_HZ)
        return likeness_at(first, other, moments, (moments - offset_s) / (1.0 + drift))


def synchronise(first: LandmarkTrack, other: LandmarkTrack) -> Agreement | None:
    """The clock of `other` against that of `first`, both of one person; None where nothing overlaps.

    The times of both tracks count as their cameras' own; a `sync` that they have is not looked at.
    """
    evidence = _evidence(first, other)
    agreement = _synchronised(evidence)
    if agreement is None or evidence.pair is None or agreement.apart < _GOOD_APART:
        return agreement
    crossed = _synchronised(evidence.exchanged())
    if crossed is None or not crossed.apart < _CLEARLY_NEARER * agreement.apart:
        return agreement
    return replace(crossed, exchanged=True)


def _synchronised(evidence: _Evidence) -> Agreement | None:
    lag_s, likeness = likeness_by_lag(*evidence.movements)
    if not np.isfinite(likeness).any():
        return None
    candidates = _refined(evidence, _candidates(evidence, lag_s, likeness))
    misses = np.array([evidence.miss(offset) for offset in candidates])
    best = _best(evidence, candidates, misses)
    offset_s = _lowest(evidence.fine_miss, candidates[best], reach_s=_FINE_REACH_S)
    clock = _with_drift(evidence, offset_s)
    found = _agreement(evidence, clock.offset_s, clock.drift, _rival(candidates, misses, best))
    return found if found.overlap_s >= _LEAST_OVERLAP_S else None


def agreement_at(first: LandmarkTrack, other: LandmarkTrack, clock: Clock) -> Agreement | None:
    """How two tracks go together under a given clock of `other` against `first`; None without an overlap."""
    evidence = _evidence(first, other)
    found = _agreement(evidence, clock.offset_s, clock.drift, rival=1.0)
    if evidence.pair is not None and not found.apart < _GOOD_APART:
        crossed = _agreement(evidence.exchanged(), clock.offset_s, clock.drift, rival=1.0)
        if crossed.apart < _CLEARLY_NEARER * found.apart:
            found = replace(crossed, exchanged=True)
    return found if found.overlap_s >= _LEAST_OVERLAP_S else None


def together(tracks: Sequence[LandmarkTrack], clocks: Sequence[Clock]) -> list[Clock]:
    """The offsets of calibrated cameras that suit every pair of them best, near those given.

    The first clock stays. One pair may see a movement badly that another one sees well: by the logarithm, a
    pair counts by how much better it could be in relation to how good it is.
    """
    evidence = {
        (i, j): _evidence(tracks[i], tracks[j]) for i in range(len(tracks)) for j in range(i + 1, len(tracks))
    }
    settled = list(clocks)

    def miss(number: int, offset_s: float) -> float:
        tried = [*settled]
        tried[number] = replace(settled[number], offset_s=offset_s)
        between = {pair: tried[pair[0]].between(tried[pair[1]]) for pair in evidence if number in pair}
        misses = [evidence[pair].fine_miss(c.offset_s, c.rate - 1.0) for pair, c in between.items()]
        return float(np.sum(np.log(np.array(misses) + 1e-3)))

    for _ in range(_SWEEPS):
        for number in range(1, len(tracks)):
            offset_s = _lowest(partial(miss, number), settled[number].offset_s, reach_s=_FINE_REACH_S)
            settled[number] = replace(settled[number], offset_s=offset_s)
    return settled


def _evidence(first: LandmarkTrack, other: LandmarkTrack) -> _Evidence:
    size_px = float(np.sqrt(body_size_px(first) * body_size_px(other)))
    return _Evidence((movement_of(first), movement_of(other)), view_pair(first, other), size_px)


def _agreement(evidence: _Evidence, offset_s: float, drift: float, rival: float) -> Agreement:
    used = 0.0 if np.isnan(drift) else drift
    miss = evidence.miss(offset_s, used)
    likeness, overlap_s = evidence.likeness(offset_s, used)
    margin = min(1.0, 4.0 * (1.0 - miss / max(rival, 1e-9)))
    residual_px = apart = float("nan")
    if evidence.pair is not None:
        residual_px = evidence.distance_px(offset_s, used)
        apart = residual_px / evidence.size_px
    sure = float(np.clip((1.0 - miss) * margin, 0.0, 1.0))
    sync = Synchronised(float(offset_s), float(drift), residual_px, sure)
    return Agreement(sync, likeness, apart, overlap_s)


def _candidates(evidence: _Evidence, lag_s: FloatArray, likeness: FloatArray) -> list[float]:
    """Offsets worth a closer look: where the movements agree, and where the views do."""
    found = _peaks(lag_s, likeness)
    if evidence.pair is not None:
        possible = lag_s[np.isfinite(likeness)]
        step_s = float(np.clip(np.ptp(possible) / _GRID_STEPS, _GRID_S, _WIDEST_GRID_S))
        grid = np.arange(possible.min(), possible.max() + step_s, step_s)
        rough = replace(evidence, rough=True)
        found += _peaks(grid, -np.array([rough.miss(float(offset)) for offset in grid]))
    return found


def _peaks(place_s: FloatArray, height: FloatArray) -> list[float]:
    """The places of the highest few peaks; an end may be one."""
    padded = np.concatenate([[-2.0], np.nan_to_num(height, nan=-2.0), [-2.0]])
    peaks = find_peaks(padded)[0]
    highest = peaks[np.argsort(-padded[peaks])][:_CANDIDATES]
    return [float(place_s[peak - 1]) for peak in highest]


def _refined(evidence: _Evidence, candidates: Sequence[float]) -> list[float]:
    """Continuous offsets, each place once."""
    kept: list[float] = []
    for candidate in candidates:
        offset_s = _lowest(evidence.miss, candidate, reach_s=_WIDEST_GRID_S)
        if all(abs(offset_s - other) > 0.5 * _GRID_S for other in kept):
            kept.append(offset_s)
    return kept


def _lowest(miss: Callable[[float], float], around_s: float, *, reach_s: float) -> float:
    result = minimize_scalar(
        miss, bounds=(around_s - reach_s, around_s + reach_s), method="bounded", options={"xatol": 2e-4}
    )
    return float(result.x)


def _best(evidence: _Evidence, candidates: Sequence[float], misses: FloatArray) -> int:
    """The candidate that misses least; where the views cannot tell, the one whose movements agree most."""
    if evidence.pair is None:
        return int(np.argmin(misses))
    close = [number for number, miss in enumerate(misses) if miss <= 1.1 * misses.min() + 0.01]
    return max(close, key=lambda number: evidence.likeness(candidates[number])[0])


def _rival(candidates: Sequence[float], misses: FloatArray, best: int) -> float:
    """The miss of the best offset that is clearly another one; 1 where there is none."""
    other = [m for c, m in zip(candidates, misses, strict=True) if abs(c - candidates[best]) > _APART_S]
    return float(min(other, default=1.0))


def _with_drift(evidence: _Evidence, offset_s: float) -> Clock:
    """The clock with its drift; without, where the clips are too short or too unlike to tell."""
    first, other = evidence.movements
    start = max(first.start_s, other.start_s + offset_s)
    end = min(first.start_s + first.duration_s, other.start_s + other.duration_s + offset_s)
    unknown = Clock(offset_s, float("nan"))
    if end - start < _LEAST_DRIFT_S:
        return unknown
    half = max(_PIECE_S, (end - start) / _PIECES) / 2
    middles = np.linspace(start + half, end - half, _PIECES)
    local = np.array([_local(evidence, offset_s, (m - half, m + half)) for m in middles])
    usable = np.isfinite(local)
    if usable.sum() < 4:
        return unknown
    slope, error = _slope(middles[usable], local[usable])
    if not (2.0 * error < _DRIFT_KNOWN or abs(slope) > 4.0 * error) or abs(slope) > _MOST_DRIFT:
        return unknown
    return _settled(evidence, float(np.median(local[usable])), slope, (start + end) / 2)


def _settled(evidence: _Evidence, offset_s: float, slope: float, middle_s: float) -> Clock:
    """The clock near this one that suits the whole recording best.

    The offset grows by `slope` per second of the first clock: t_first - t_other = offset + slope * t_first.
    """

    def clock(change: FloatArray) -> Clock:
        grown = slope + change[1] * _DRIFT_UNIT
        drift = grown / (1.0 - grown)
        at_middle_s = middle_s - offset_s - change[0] * _OFFSET_UNIT_S
        return Clock(middle_s - (1.0 + drift) * at_middle_s, drift)

    def miss(change: FloatArray) -> float:
        tried = clock(change)
        return evidence.fine_miss(tried.offset_s, tried.drift)

    simplex = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    found = minimize(
        miss, simplex[0], method="Nelder-Mead", options={"initial_simplex": simplex, "xatol": 0.02}
    )
    return clock(found.x)


def _local(evidence: _Evidence, offset_s: float, span_s: Span) -> float:
    """The offset in one piece of the recording; NaN where the person hardly moved or was not seen."""
    reach_s = 0.1
    found = _lowest(lambda value: evidence.fine_miss(value, 0.0, span_s), offset_s, reach_s=reach_s)
    if abs(found - offset_s) > 0.95 * reach_s or evidence.miss(found, 0.0, span_s) > 0.7:
        return float("nan")
    return found


def _slope(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Slope and its standard error; values far from the line are left out once."""
    keep = np.ones(len(x), dtype=bool)
    for _ in range(2):
        line = np.polyfit(x[keep], y[keep], 1)
        rest = y - np.polyval(line, x)
        spread = 1.4826 * float(np.median(np.abs(rest[keep]))) + 1e-5
        keep = np.abs(rest) <= 3.0 * spread
    deviation = float(np.sqrt(np.sum(rest[keep] ** 2) / max(keep.sum() - 2, 1)))
    width = float(np.sqrt(np.sum((x[keep] - x[keep].mean()) ** 2)))
    return float(line[0]), deviation / width
