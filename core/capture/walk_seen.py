"""How one person walks through one camera's picture: the passes one way, the steps, the time in view.

Whoever turns round, or walks on a belt, comes back to where they were; so ways are summed pass by pass, and
steps are counted where there is no way. Lengths are in body heights.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from core.capture.gaps import bridged
from core.domain.arrays import FloatArray
from core.domain.recording import Landmark, LandmarkTrack

LEAST_PASS = 0.5  # body heights; less is swaying, or a step aside
_TURN = 0.3  # body heights back before it counts as turning round
_SMOOTHING_S = 0.6  # about a step: the hips swing with every step
_BRISK_HEIGHTS_S = 1.3  # nobody walks faster than this many body heights per second
_STEP_HEIGHTS = 0.35  # what a step on the spot or on a belt counts; over ground the way itself counts
_STEPS_S = 2.5  # nobody steps oftener for long
_SHOULDER_TO_ANKLE = 0.78  # of the body height (Drillis & Contini 1966; Winter 2009, fig. 4.1)
_RATHER_ACROSS = 0.5  # of the way in depth, which is only estimated
_FOCAL = 0.9  # focal length over the longer side of the picture; that of a usual phone
_PARTED, _LIFTED = 0.12, 0.05  # of the leg's length: ankles beside, and above each other, in a step
_CLOSED = 0.75  # of _PARTED: the ankles pass each other, where mere exchanges of left and right jump
_SHORTEST_STEP_S, _LONGEST_STEP_S = 0.28, 6.0  # the longest as a phone's slow motion stretches it
_UNEVEN = 1.7  # of two steps in a row the longer lasts at most so many times the shorter; a bad limp
_LEAST_RUN = 3  # fewer steps in a row may be any movement
_FLICKER_S = 0.17  # exchanges of left and right that last shorter are no steps

_SEGMENTS = (("SHOULDER", "HIP"), ("HIP", "KNEE"), ("KNEE", "ANKLE"))


@dataclass(frozen=True, slots=True)
class Pass:
    """One way in one direction."""

    frames: slice  # of the track
    heights: float  # how far
    right_px: float  # to the right; negative to the left
    across: bool  # rather across the picture than towards or away from the camera


@dataclass(frozen=True, slots=True)
class WalkSeen:
    """How one person moved through one camera's picture."""

    passes: tuple[Pass, ...]
    steps: int
    seen_s: float  # from the first to the last sighting

    @property
    def way_px(self) -> float:
        """Across the picture, summed over all passes."""
        return sum(abs(one.right_px) for one in self.passes)

    @property
    def longest_heights(self) -> float:
        """The longest single way."""
        return max((one.heights for one in self.passes), default=0.0)

    @property
    def heights(self) -> float:
        """How much was walked: the way of all passes, or the steps where they lead nowhere."""
        way = sum(one.heights for one in self.passes)
        return max(way, _STEP_HEIGHTS * self.steps)

    @property
    def on_the_spot(self) -> bool:
        """Whether the steps led nowhere."""
        return self.steps >= 4 and 3.0 * sum(one.heights for one in self.passes) < self.heights


def walk_seen(track: LandmarkTrack) -> WalkSeen:
    """The walk of one person. A track in which nobody was seen has no passes and no steps."""
    hips = track.image_px[:, [Landmark.LEFT_HIP.value, Landmark.RIGHT_HIP.value]]
    seen = np.flatnonzero(np.isfinite(hips).all(axis=(1, 2)))
    if len(seen) < 2:
        return WalkSeen((), 0, 0.0)
    time_s, image = track.time_s[seen], bridged(track.time_s[seen], track.image_px[seen])
    size_px = body_height_px(image)
    place = _place(time_s, image, size_px, max(track.width_px, track.height_px))
    passes = tuple(one for one in _passes(time_s, place, _hip_px(image), seen) if one.heights >= LEAST_PASS)
    seen_s = float(time_s[-1] - time_s[0])
    return WalkSeen(passes, min(_steps(time_s, image), int(_STEPS_S * seen_s)), seen_s)


def _hip_px(image: FloatArray) -> FloatArray:
    return _middle(image, "HIP")


def _middle(image: FloatArray, part: str) -> FloatArray:
    """Between left and right, (T, 2)."""
    return np.asarray(image[:, [Landmark[f"{side}_{part}"].value for side in ("LEFT", "RIGHT")]].mean(axis=1))


def body_height_px(image: FloatArray) -> FloatArray:
    """Body height in pixels, (T,), from trunk, thighs and shanks: arms that gesture do not count.

    Frame by frame the middle one of the three lengths counts, each against its own median over the trial: a
    person who sits down hides the thighs, one who bends the trunk, and neither goes away from the camera.
    """
    changes, usual_px = [], 0.0
    for upper, lower in _SEGMENTS:
        sides = [
            image[:, Landmark[f"{s}_{upper}"].value] - image[:, Landmark[f"{s}_{lower}"].value]
            for s in ("LEFT", "RIGHT")
        ]
        length = np.mean([np.linalg.norm(side, axis=1) for side in sides], axis=0)
        usual = float(np.median(length[np.isfinite(length)])) if np.isfinite(length).any() else 0.0
        if usual >= 1.0:
            changes.append(np.where(np.isfinite(length), length / usual, 1.0))
            usual_px += usual
    change = np.median(changes, axis=0) if changes else np.ones(len(image))
    return np.asarray(np.maximum(change * usual_px / _SHOULDER_TO_ANKLE, 1.0))


def _place(time_s: FloatArray, image: FloatArray, size_px: FloatArray, longest_px: int) -> FloatArray:
    """Where the hips are, (T, 2) in body heights: across the picture, and away from the camera."""
    size = np.exp(_smooth(time_s, np.log(size_px), 2.0 * _SMOOTHING_S))
    centre = _hip_px(image)[:, 0] - float(np.median(_hip_px(image)[:, 0]))
    across = _smooth(time_s, centre, _SMOOTHING_S) / float(np.median(size_px))
    return np.stack([across, _FOCAL * longest_px / size], axis=1)


def _smooth(time_s: FloatArray, values: FloatArray, window_s: float) -> FloatArray:
    """Running median, which keeps the ends where they are."""
    interval_s = float(np.median(np.diff(time_s)))
    width = 2 * round(window_s / interval_s / 2) + 1
    return np.asarray(median_filter(values, size=min(width, 2 * (len(values) // 2) + 1), mode="nearest"))


def _passes(
    time_s: FloatArray, place: FloatArray, hip_px: FloatArray, frame: NDArray[np.int64]
) -> list[Pass]:
    """The ways between turns, along the direction in which the person moves most."""
    centred = place - place.mean(axis=0)
    direction = np.linalg.svd(centred, full_matrices=False)[2][0]
    along = centred @ direction
    across = bool(abs(direction[0]) >= _RATHER_ACROSS * abs(direction[1]))
    found = []
    for first, last in _between_turns(along):
        way = abs(float(along[last] - along[first]))
        way = min(way, _BRISK_HEIGHTS_S * float(time_s[last] - time_s[first]))
        right_px = float(hip_px[last, 0] - hip_px[first, 0])
        found.append(Pass(slice(int(frame[first]), int(frame[last]) + 1), way, right_px, across))
    return found


def _between_turns(along: FloatArray) -> list[tuple[int, int]]:
    """First and last number of every stretch between two turns; a turn goes back by `_TURN` at least."""
    turns, extreme, rising = [0], 0, 0
    for number, value in enumerate(along):
        gone = value - along[extreme]
        if rising == 0 and abs(gone) >= _TURN:
            rising, extreme = (1 if gone > 0 else -1), number
        elif rising and rising * gone >= 0:
            extreme = number
        elif rising and rising * gone <= -_TURN:
            turns.append(extreme)
            rising, extreme = -rising, number
    if rising:
        turns.append(extreme)
    return list(pairwise(turns))


def _steps(time_s: FloatArray, image: FloatArray) -> int:
    """How often the ankles changed places, seen from the side, or rose in turns, seen from the front."""
    ankles = image[:, [Landmark.LEFT_ANKLE.value, Landmark.RIGHT_ANKLE.value]]
    if not np.isfinite(ankles).all():
        return 0  # feet that are never seen take no steps that can be told
    leg_px = float(np.median(np.linalg.norm(ankles.mean(axis=1) - _hip_px(image), axis=-1)))
    apart = (ankles[:, 0] - ankles[:, 1]) / max(leg_px, 1.0)
    return max(
        _in_rhythm(_alternations_s(time_s, apart[:, axis], least))
        for axis, least in enumerate((_PARTED, _LIFTED))
    )


def _alternations_s(time_s: FloatArray, apart: FloatArray, least: float) -> list[float]:
    """When `apart` came from beyond `least` to beyond `-least`, or back, through the middle.

    Left and right that are exchanged by the detector jump across the middle; feet that only go apart and
    together, as in a jump, do not come out on the other side.
    """
    found: list[float] = []
    side, closest = 0, 0.0
    for now_s, value in zip(time_s, _smooth(time_s, apart, _FLICKER_S), strict=True):
        closest = min(closest, abs(float(value)))
        here = 1 if value > least else -1 if value < -least else 0
        if here == 0:
            continue
        if side and here != side and closest < _CLOSED * least:
            found.append(float(now_s))
        side, closest = here, abs(float(value))
    return found


def _in_rhythm(step_s: list[float]) -> int:
    """How many steps follow each other as in walking; who climbs, kicks or dances steps unevenly."""
    count, run, before_s = 0, 1, 0.0
    for interval_s in [*np.diff(step_s).tolist(), np.inf]:
        even = before_s == 0.0 or max(interval_s, before_s) <= _UNEVEN * min(interval_s, before_s)
        if _SHORTEST_STEP_S <= interval_s <= _LONGEST_STEP_S and even:
            run, before_s = run + 1, interval_s
            continue
        count += run if run >= _LEAST_RUN else 0
        run, before_s = 1, 0.0
    return count
