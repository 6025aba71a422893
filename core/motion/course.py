"""What a person does in a trial: walks through the room, walks in place, walks backwards, or stays.

Decided by where the hips go against how far the feet step; the way across the picture says nothing alone:
on a treadmill, or with a camera that follows, the hips stay while the feet walk.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.signal import find_peaks

from core.domain.arrays import BoolArray, FloatArray
from core.motion.steady_walking import LEAST_DISTANCE, long_gaps, steady_spans

_STEP = 0.08  # of body height: a smaller swing of one foot against the other is no step
_STEP_IN_PLACE = 0.15  # who squats rocks a little, too
_SHORTEST_STEP_S = 0.2
_LEAST_STEPS = 3
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
    height_m: float
    seen: BoolArray  # (T,) whether the person was found at all


def course_of(path: HipPath) -> tuple[Course, tuple[slice, ...]]:
    """The kind of a trial, and the frames of each way walked in one direction; all frames otherwise."""
    everything = (slice(0, len(path.time_s)),)
    in_view = ~long_gaps(path.time_s, ~path.seen, _LONGEST_GAP_S)
    spans = steady_spans(path.time_s, path.path_m, in_view, LEAST_DISTANCE * path.height_m)
    travelled = [_travelled(path, span) for span in spans]
    ways = tuple(span for span, share in zip(spans, travelled, strict=True) if share >= _TRAVELS)
    if ways:
        return Course.WALKS, ways
    back = tuple(span for span, share in zip(spans, travelled, strict=True) if share <= -_TRAVELS)
    if back:
        return Course.BACKWARDS, back
    if len(_step_lengths_m(path, everything[0], _STEP_IN_PLACE)) >= _LEAST_STEPS:
        return Course.IN_PLACE, everything
    return Course.STAYS, everything


def _travelled(path: HipPath, span: slice) -> float:
    """Way of the hips forward over the way that the feet stepped.

    Without steps, 1 or -1 for a way across the picture, as of tiny steps, and 0 for one that only a change of
    the size in the picture suggests.
    """
    way = path.path_m[span.stop - 1] - path.path_m[span.start]
    forward_m = float(way @ np.median(path.forward[span], axis=0))
    steps_m = _step_lengths_m(path, span, _STEP)
    if len(steps_m) < 2:
        seen = abs(float(way[0])) >= LEAST_DISTANCE * path.height_m
        return float(np.sign(forward_m)) * seen
    between = steps_m[:-1].sum() + steps_m[-1] / 2  # the first and the last step are seen in part
    return forward_m / max(float(between), 1e-6)


def _step_lengths_m(path: HipPath, span: slice, least: float) -> FloatArray:
    """How far the feet were apart whenever one stopped swinging past the other; `least` in body heights.

    The feet need not pass each other: in a step-to gait they are apart at every second of these moments only.
    """
    apart = path.feet_apart_m[span]
    if len(apart) < 3:
        return np.zeros(0)
    rate_hz = (len(apart) - 1) / float(path.time_s[span.stop - 1] - path.time_s[span.start])
    distance, swing_m = max(1, int(_SHORTEST_STEP_S * rate_hz)), least * path.height_m
    found = [find_peaks(signed, prominence=swing_m, distance=distance)[0] for signed in (apart, -apart)]
    return np.asarray(np.abs(apart[np.sort(np.concatenate(found))]))
