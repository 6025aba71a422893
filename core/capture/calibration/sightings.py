"""What each camera saw of the board over time, and the moments at which several saw it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.capture.calibration.seeing import Seen
from core.domain.arrays import FloatArray, IntArray

_LONGEST_STEP = 2.5  # usual steps between pictures; beyond, how the board moved meanwhile is not known


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """One camera's pictures of the board, in the order of time."""

    name: str
    width_px: int
    height_px: int
    time_s: FloatArray  # (F,) on this camera's clock
    seen: tuple[Seen | None, ...]  # F

    @property
    def step_s(self) -> float:
        """Usual time between two pictures that were looked at."""
        return float(np.median(np.diff(self.time_s))) if len(self.time_s) > 1 else 0.0

    def shifted(self, offset_s: float) -> Sightings:
        """The same on a clock by which everything is later by `offset_s`."""
        return replace(self, time_s=self.time_s + offset_s)


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """One camera's corners in one picture, and how they move across it."""

    camera: int
    frame: int
    time_s: float
    ids: IntArray  # (N,)
    px: FloatArray  # (N, 2)
    rate_px_s: FloatArray  # (N, 2)
    change_px_s2: FloatArray  # (N, 2)
    moves_known: bool


def glimpses(sightings: Sightings, camera: int) -> list[Glimpse]:
    """Every picture with the board. Motion comes from the pictures before and after (a parabola in time)."""
    return [
        _glimpse(sightings, camera, frame) for frame, seen in enumerate(sightings.seen) if seen is not None
    ]


def _glimpse(sightings: Sightings, camera: int, frame: int) -> Glimpse:
    seen = sightings.seen[frame]
    assert seen is not None
    moving = _moving(sightings, frame, seen)
    if moving is None:
        still = np.zeros_like(seen.px)
        return Glimpse(camera, frame, float(sightings.time_s[frame]), seen.ids, seen.px, still, still, False)
    kept, rate, change = moving
    return Glimpse(
        camera, frame, float(sightings.time_s[frame]), seen.ids[kept], seen.px[kept], rate, change, True
    )


def _moving(sightings: Sightings, frame: int, seen: Seen) -> tuple[IntArray, FloatArray, FloatArray] | None:
    """Corners that are in the pictures before and after too, their rate and its change."""
    if frame == 0 or frame == len(sightings.seen) - 1:
        return None
    before, after = sightings.seen[frame - 1], sightings.seen[frame + 1]
    steps_s = np.diff(sightings.time_s[frame - 1 : frame + 2])
    if before is None or after is None or steps_s.max() > _LONGEST_STEP * sightings.step_s:
        return None
    common = np.flatnonzero(np.isin(seen.ids, before.ids) & np.isin(seen.ids, after.ids))
    if len(common) < 4:
        return None
    earlier, later = _of(before, seen.ids[common]), _of(after, seen.ids[common])
    first, second = (seen.px[common] - earlier) / steps_s[0], (later - seen.px[common]) / steps_s[1]
    change = 2 * (second - first) / (steps_s[0] + steps_s[1])
    return common, first + change * steps_s[0] / 2, change


def _of(seen: Seen, ids: IntArray) -> FloatArray:
    order = np.argsort(seen.ids)
    return seen.px[order[np.searchsorted(seen.ids[order], ids)]]


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """The board at one time, as one or more cameras saw it."""

    time_s: float
    glimpses: tuple[Glimpse, ...]


def moments(sightings: tuple[Sightings, ...], *, together: bool = True) -> list[Moment]:
    """Pictures taken at about the same time belong together; the rest is seen by one camera alone.

    A picture whose motion is not known joins no others: it cannot be brought to their time. `together=False`
    takes pictures in their order instead, for stills of a board that stood.
    """
    every = [glimpse for number, one in enumerate(sightings) for glimpse in glimpses(one, number)]
    if not together:
        return [
            _moment([glimpse for glimpse in every if glimpse.frame == frame])
            for frame in sorted({glimpse.frame for glimpse in every})
        ]
    step_s = max(max((one.step_s for one in sightings), default=0.0), 1e-6)
    start_s = min((glimpse.time_s for glimpse in every), default=0.0)
    nearest: dict[tuple[int, int], Glimpse] = {}
    alone: list[Glimpse] = []
    for glimpse in every:
        if not glimpse.moves_known:
            alone.append(glimpse)
            continue
        tick = round((glimpse.time_s - start_s) / step_s)
        key = (tick, glimpse.camera)
        other = nearest.get(key)
        if other is None:
            nearest[key] = glimpse
        elif _off(glimpse, start_s, step_s) < _off(other, start_s, step_s):
            nearest[key] = glimpse
            alone.append(other)
        else:
            alone.append(glimpse)
    ticks: dict[int, list[Glimpse]] = {}
    for (tick, _), glimpse in sorted(nearest.items(), key=lambda item: item[0]):
        ticks.setdefault(tick, []).append(glimpse)
    return [*(_moment(group) for group in ticks.values()), *(_moment([glimpse]) for glimpse in alone)]


def _off(glimpse: Glimpse, start_s: float, step_s: float) -> float:
    ticks = (glimpse.time_s - start_s) / step_s
    return abs(ticks - round(ticks))


def _moment(group: list[Glimpse]) -> Moment:
    return Moment(float(np.mean([glimpse.time_s for glimpse in group])), tuple(group))
