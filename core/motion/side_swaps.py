"""Left and right legs that the detector exchanged, found by continuity and put back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.domain.recording import Landmark, LandmarkTrack, frame_rate_hz

# Feet and knees may be exchanged separately: the detector often keeps the knees while it mixes up the feet.
KNEES = ((Landmark.LEFT_KNEE, Landmark.RIGHT_KNEE),)
FEET = (
    (Landmark.LEFT_ANKLE, Landmark.RIGHT_ANKLE),
    (Landmark.LEFT_HEEL, Landmark.RIGHT_HEEL),
    (Landmark.LEFT_FOOT_INDEX, Landmark.RIGHT_FOOT_INDEX),
)
_ALL_PAIRS = (
    *((one, Landmark[one.name.replace("LEFT", "RIGHT")]) for one in Landmark if one.name.startswith("LEFT_")),
    (Landmark.MOUTH_LEFT, Landmark.MOUTH_RIGHT),
)

# All costs are squares of lengths in shares of the body's size in the picture (shoulders to heels).
_JUMP_CAP = 0.15  # a larger jump is an outlier and says no more about sides
_EXCHANGE_COST = 2e-5  # per exchanged frame and part: the detector is more often right than wrong
_MIXED_COST = 1.2e-3  # per frame with knees of one leg and feet of the other
_CHANGE_COST = 1.5e-3  # per change between exchanged and not: noise must not exchange legs that are close
_LAG_S = 0.12  # long enough to see that a swinging foot swings on behind the other leg


@dataclass(frozen=True, slots=True, eq=False)
class SideRepair:
    """What was exchanged. Axes: T frames."""

    track: LandmarkTrack
    exchanged: FloatArray  # (T, 2) 1 where knees, feet were exchanged
    judged: NDArray[np.bool_]  # (T,) frames in which both legs were found; the others say nothing of sides

    @property
    def fraction(self) -> float:
        """Share of the judged frames in which any part of the legs was exchanged."""
        return self.fraction_between(-np.inf, np.inf)

    def fraction_between(self, first_s: float, last_s: float) -> float:
        """The same share in a part of the trial: what is exchanged in a walk must not hide in a long rest."""
        time_s = self.track.time_s
        counted = self.judged & (time_s >= first_s) & (time_s <= last_s)
        return float(self.exchanged[counted].any(axis=1).mean()) if counted.any() else 0.0


def correct_side_swaps(track: LandmarkTrack) -> SideRepair:
    """Exchange left and right where that makes the legs' paths smooth.

    Each frame has one of four states: knees and feet as detected or exchanged. Wanted is the sequence with
    the least sum of squared second differences of position (capped), over neighbouring frames and over
    longer steps: the detector pulls legs together where they cross, and only what comes before and after
    tells the foot that swings on from the foot that stands. Neighbouring frames are exact dynamic
    programming (Viterbi 1967); the longer steps look back along each survivor's own path (per-survivor
    processing, Raheli, Polydoros & Tzou 1995, IEEE Trans Commun 43:354). Small costs keep the detector's
    sides when both are about as smooth, and the feet with their knees.
    """
    exchanged, judged = _smoothest_sides(track.image_px, track.time_s, _body_size_px(track))
    return SideRepair(exchange_legs(track, exchanged), exchanged, judged)


def exchange_legs(track: LandmarkTrack, exchanged: FloatArray) -> LandmarkTrack:
    """Knees and feet exchanged in the frames whose flags (T, 2) say so."""
    image, world, seen = (np.array(a) for a in (track.image_px, track.world_m, track.visibility))
    for column, pairs in enumerate((KNEES, FEET)):
        for pair in pairs:
            for array in (image, world, seen):
                _exchange(array, pair, exchanged[:, column])
    return LandmarkTrack(track.time_s, image, world, seen, track.width_px, track.height_px, track.projection)


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
    """Typical distance from shoulders to heels, to make costs independent of the picture's size."""
    shoulders = track.image_px[:, [Landmark.LEFT_SHOULDER.value, Landmark.RIGHT_SHOULDER.value]].mean(axis=1)
    heels = track.image_px[:, [Landmark.LEFT_HEEL.value, Landmark.RIGHT_HEEL.value]].mean(axis=1)
    span = np.linalg.norm(shoulders - heels, axis=1)
    return float(np.median(span[np.isfinite(span)])) if np.isfinite(span).any() else 1.0


def _smoothest_sides(
    image: FloatArray, time_s: FloatArray, size_px: float
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Flags (T, 2), 1 where knees, feet were exchanged, and the frames (T,) that could be judged."""
    flags = np.zeros((len(image), 2))
    choices = [_choices(image / size_px, pairs) for pairs in (KNEES, FEET)]
    whole = [np.isfinite(choice).reshape(len(image), -1).all(axis=1) for choice in choices]
    judged = np.asarray(np.stack(whole).all(axis=0))
    frames = np.flatnonzero(judged)
    if len(frames) < 3:
        return flags, judged
    lag = max(2, round(_LAG_S * frame_rate_hz(time_s[frames])))
    path = _best_path(choices[0][frames], choices[1][frames], lag)
    flags[frames, 0], flags[frames, 1] = path // 2, path % 2
    return flags, judged


def _choices(image: FloatArray, pairs: tuple[tuple[Landmark, Landmark], ...]) -> FloatArray:
    """Positions as detected and exchanged: (T, flag, side, pair, 2)."""
    left = image[:, [pair[0].value for pair in pairs]]
    right = image[:, [pair[1].value for pair in pairs]]
    return np.stack([np.stack([left, right], 1), np.stack([right, left], 1)], 1)


def _bends(choice: FloatArray, lag: int) -> FloatArray:
    """Cost of flags a, b, c in three frames `lag` apart, the last one t + 2 lag: (T - 2 lag, a, b, c)."""
    last, middle, first = choice[2 * lag :], choice[lag:-lag], choice[: len(choice) - 2 * lag]
    bend = last[:, None, None, :] - 2 * middle[:, None, :, None] + first[:, :, None, None]
    return np.asarray(np.minimum((bend**2).sum(axis=-1), _JUMP_CAP**2).mean(axis=(-2, -1)))


def _state_bends(knees: FloatArray, feet: FloatArray, lag: int) -> FloatArray:
    """Cost of states a, b, c in three frames `lag` apart: (T - 2 lag, a, b, c)."""
    k, f = np.arange(4) // 2, np.arange(4) % 2
    k1, k2, k3 = np.ix_(k, k, k)
    f1, f2, f3 = np.ix_(f, f, f)
    return np.asarray(_bends(knees, lag)[:, k1, k2, k3] + _bends(feet, lag)[:, f1, f2, f3])


def _best_path(knees: FloatArray, feet: FloatArray, lag: int) -> NDArray[np.int64]:
    """State 2 k + f of every frame (T,); k, f tell whether knees, feet are exchanged."""
    k, f = np.arange(4) // 2, np.arange(4) % 2
    change = (k[:, None] != k) * 1.0 + (f[:, None] != f)
    enter = _CHANGE_COST * change + _EXCHANGE_COST * (k + f)  # (before, now)
    enter = enter + _MIXED_COST * (k != f)
    frames, now = len(knees), np.arange(4)
    near = _state_bends(knees, feet, 1)
    far = _state_bends(knees, feet, lag) if frames > 2 * lag else np.zeros((0, 4, 4, 4))
    edge = _CHANGE_COST * (k + f)  # before the first and after the last frame nothing is exchanged
    cost = enter + (edge + _EXCHANGE_COST * (k + f) + _MIXED_COST * (k != f))[:, None]
    survivor = np.zeros((4, 4, frames), dtype=np.int64)  # the best path that ends with states (before, now)
    survivor[:, :, 0], survivor[:, :, 1] = now[:, None], now
    for t in range(2, frames):
        total = cost[:, :, None] + near[t - 2] + enter
        if t >= 2 * lag:
            total = total + far[t - 2 * lag][survivor[:, :, t - 2 * lag], survivor[:, :, t - lag]]
        best = total.argmin(axis=0)  # (before, now): the state two frames ago
        survivor = survivor[best, now[:, None]]
        survivor[:, :, t] = now
        cost = total.min(axis=0)
    last = np.unravel_index(int((cost + edge).argmin()), (4, 4))
    return np.asarray(survivor[last])
