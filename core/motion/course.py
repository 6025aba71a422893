"""What a person does in a trial: walks through the room, walks in place, walks backwards, or stays.

Decided by where the hips go against how far the feet step; the way across the picture says nothing alone:
on a treadmill, or with a camera that follows, the hips stay while the feet walk.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks

from core.domain.arrays import BoolArray, FloatArray
from core.motion.steady_walking import LEAST_DISTANCE, long_gaps, steady_spans

_STEP = 0.08  # of body height: a smaller swing of one foot against the other is no step
_STEP_IN_PLACE = 0.15  # who squats rocks a little, too
_SHORTEST_STEP_S = 0.2
_LEAST_STEPS = 3
_FEET_TRAVEL = 0.05  # of body height; a squat looks like coming nearer or going away, but on feet that stay
_FEET_SWING = 0.08  # of body height; landmarks of feet that stand stray by 0.02
_LONGEST_GAP_S = 1.0  # who is out of view for longer may have turned round there
_TRAVELS = 0.5  # of the way that the feet step; the hips of who walks through the room go about all of it


class Course(StrEnum):
    """The kinds of trials."""

    WALKS = "walks"
    IN_PLACE = "walks in place"  # on a treadmill, between bars, or followed by the camera
    BACKWARDS = "walks backwards"
    STAYS = "stays"  # squats, sit-to-stand, standing


@dataclass(frozen=True, slots=True, eq=False)
class HipPath:
    """Where a person goes, seen from above. Axis: T frames; any two horizontal axes."""

    time_s: FloatArray  # (T,)
    path_m: FloatArray  # (T, 2); one camera only guesses the second
    forward: FloatArray  # (T, 2) unit vectors in which the body faces
    feet_apart_m: FloatArray  # (T,) left ankle before the right one, along `forward`
    ankle_m: FloatArray  # (T, 2 sides, 2) in any two axes in which feet that stand stay
    height_m: float
    seen: BoolArray  # (T,) whether the person was found at all


def course_of(path: HipPath) -> tuple[Course, tuple[slice, ...]]:
    """The kind of a trial, and the frames of each way walked in one direction; all frames otherwise."""
    everything = (slice(0, len(path.time_s)),)
    ways, back = _ways(path)
    if ways:
        return Course.WALKS, ways
    if back:
        return Course.BACKWARDS, back
    if feet_swing(path) and len(_step_lengths_m(path, everything[0], _STEP_IN_PLACE)) >= _LEAST_STEPS:
        return Course.IN_PLACE, everything
    return Course.STAYS, everything


def also_backwards(path: HipPath) -> bool:
    """Whether some of the ways are walked forward and some backwards."""
    return all(_ways(path))


def _ways(path: HipPath) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Frames of the ways walked forward, and of those walked backwards."""
    in_view = ~long_gaps(path.time_s, ~path.seen, _LONGEST_GAP_S)
    spans = steady_spans(path.time_s, path.path_m, in_view, LEAST_DISTANCE * path.height_m)
    travelled = [(span, _travelled(path, span)) for span in spans]
    forward = tuple(span for span, share in travelled if share >= _TRAVELS)
    return forward, tuple(span for span, share in travelled if share <= -_TRAVELS)


def _travelled(path: HipPath, span: slice) -> float:
    """Way of the hips forward over the way that the feet stepped.

    0 where the feet stay. Without steps, 1 or -1 for a way across the picture, as of tiny steps, and 0 for
    one that only a change of the size in the picture suggests.
    """
    first, last = span.start, span.stop - 1
    feet_m = path.ankle_m[last].mean(axis=0) - path.ankle_m[first].mean(axis=0)
    if np.linalg.norm(feet_m) < _FEET_TRAVEL * path.height_m:
        return 0.0
    way = path.path_m[last] - path.path_m[first]
    forward_m = float(way @ np.median(path.forward[span], axis=0))
    steps_m = _step_lengths_m(path, span, _STEP)
    if len(steps_m) < 2:
        seen = abs(float(way[0])) >= LEAST_DISTANCE * path.height_m
        return float(np.sign(forward_m)) * seen
    between = steps_m[:-1].sum() + steps_m[-1] / 2  # the first and the last step are seen in part
    return forward_m / max(float(between), 1e-6)


def feet_swing(path: HipPath) -> bool:
    """Whether both feet leave their places; those of who squats only seem to pass."""
    low, high = np.percentile(path.ankle_m, [5, 95], axis=0)
    return bool((np.linalg.norm(high - low, axis=1) > _FEET_SWING * path.height_m).all())


def _step_lengths_m(path: HipPath, span: slice, least: float) -> FloatArray:
    """How far the feet were apart whenever one stopped swinging past the other; `least` in body heights.

    The feet need not pass each other: in a step-to gait they are apart at every second of these moments only.
    """
    if span.stop - span.start < 3:
        return np.zeros(0)
    rate_hz = (span.stop - span.start - 1) / float(path.time_s[span.stop - 1] - path.time_s[span.start])
    distance, swing_m = max(1, int(_SHORTEST_STEP_S * rate_hz)), least * path.height_m
    apart = uniform_filter1d(path.feet_apart_m[span], distance, mode="nearest")  # guessed depth is noisy
    found = [find_peaks(signed, prominence=swing_m, distance=distance)[0] for signed in (apart, -apart)]
    return np.asarray(np.abs(apart[np.sort(np.concatenate(found))]))
