"""Left and right legs that the detector exchanged, found by continuity and put back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.domain.recording import Landmark, LandmarkTrack

# Feet and knees are exchanged separately: the detector often keeps the knees while it mixes up the feet.
GROUPS = (
    ((Landmark.LEFT_KNEE, Landmark.RIGHT_KNEE),),
    (
        (Landmark.LEFT_ANKLE, Landmark.RIGHT_ANKLE),
        (Landmark.LEFT_HEEL, Landmark.RIGHT_HEEL),
        (Landmark.LEFT_FOOT_INDEX, Landmark.RIGHT_FOOT_INDEX),
    ),
)
_ALL_PAIRS = (
    *((one, Landmark[one.name.replace("LEFT", "RIGHT")]) for one in Landmark if one.name.startswith("LEFT_")),
    (Landmark.MOUTH_LEFT, Landmark.MOUTH_RIGHT),
)

_JUMP_CAP = 0.15  # body sizes; a larger jump is an outlier and says no more about sides
_EXCHANGE_COST = 2e-4  # body sizes squared per frame: the detector is usually right


@dataclass(frozen=True, slots=True, eq=False)
class SideRepair:
    """What was exchanged. Axes: T frames."""

    track: LandmarkTrack
    exchanged: FloatArray  # (T, 2) 1 where knees, feet were exchanged

    @property
    def fraction(self) -> float:
        """Share of frames in which any part of the legs was exchanged."""
        return float(self.exchanged.any(axis=1).mean()) if len(self.exchanged) else 0.0


def repair_sides(track: LandmarkTrack) -> SideRepair:
    """Exchange left and right where that makes the legs' paths smooth.

    For knees and feet separately, the sequence of "as detected" and "exchanged" with the least sum of
    squared second differences of position (capped) is found exactly by dynamic programming over pairs of
    neighbouring frames. A small cost per exchanged frame keeps the detector's sides when both are as smooth.
    """
    image, world, seen = (np.array(a) for a in (track.image_px, track.world_m, track.visibility))
    size_px = _body_size_px(track)
    exchanged = np.zeros((len(image), len(GROUPS)))
    for column, pairs in enumerate(GROUPS):
        flags = _smoothest_sides(image, pairs, size_px)
        exchanged[:, column] = flags
        for pair in pairs:
            for array in (image, world, seen):
                _exchange(array, pair, flags)
    repaired = LandmarkTrack(
        track.time_s, image, world, seen, track.width_px, track.height_px, track.projection
    )
    return SideRepair(repaired, exchanged)


def exchange_all_sides(track: LandmarkTrack) -> LandmarkTrack:
    """Left becomes right everywhere, when a person says that they are the wrong way round."""
    image, world, seen = (np.array(a) for a in (track.image_px, track.world_m, track.visibility))
    everywhere = np.ones(len(image), dtype=bool)
    for pair in _ALL_PAIRS:
        for array in (image, world, seen):
            _exchange(array, pair, everywhere)
    return LandmarkTrack(track.time_s, image, world, seen, track.width_px, track.height_px, track.projection)


def _exchange(array: FloatArray, pair: tuple[Landmark, Landmark], flags: NDArray[np.generic]) -> None:
    where = np.flatnonzero(flags)
    left, right = pair[0].value, pair[1].value
    array[where, left], array[where, right] = array[where, right].copy(), array[where, left].copy()


def _body_size_px(track: LandmarkTrack) -> float:
    """Typical distance from nose to heels, to make costs independent of the picture's size."""
    image = track.image_px
    heels = (image[:, Landmark.LEFT_HEEL.value] + image[:, Landmark.RIGHT_HEEL.value]) / 2
    span = np.linalg.norm(image[:, Landmark.NOSE.value] - heels, axis=1)
    return float(np.nanmedian(span)) if np.isfinite(span).any() else 1.0


def _smoothest_sides(
    image: FloatArray, pairs: tuple[tuple[Landmark, Landmark], ...], size_px: float
) -> FloatArray:
    """Flags (T,), 1 where exchanged. Viterbi over states (previous frame's flag, this frame's flag)."""
    left = image[:, [pair[0].value for pair in pairs]] / size_px
    right = image[:, [pair[1].value for pair in pairs]] / size_px
    both = np.stack([np.stack([left, right], 1), np.stack([right, left], 1)], 1)  # (T, flag, side, pair, 2)
    frames = np.flatnonzero(np.isfinite(both).all(axis=(1, 2, 3, 4)))
    flags = np.zeros(len(image))
    if len(frames) < 3:
        return flags
    x = both[frames]
    cost = np.array([[0.0, _EXCHANGE_COST], [_EXCHANGE_COST, 2 * _EXCHANGE_COST]])  # (before, now)
    back = np.zeros((len(frames), 2, 2), dtype=np.int64)
    for t in range(2, len(frames)):
        # bend[a, b, c]: frames t-2, t-1, t with flags a, b, c
        bend = x[t][None, None, :] - 2 * x[t - 1][None, :, None] + x[t - 2][:, None, None]
        step = np.minimum((bend**2).sum(-1), _JUMP_CAP**2).mean(axis=(-2, -1))
        total = cost[:, :, None] + step + _EXCHANGE_COST * np.array([0.0, 1.0])
        back[t] = total.argmin(axis=0)
        cost = total.min(axis=0)
    before, now = np.unravel_index(int(cost.argmin()), (2, 2))
    flags[frames[-1]], flags[frames[-2]] = now, before
    for t in range(len(frames) - 1, 1, -1):
        before, now = back[t, before, now], before
        flags[frames[t - 2]] = before
    return flags
