"""Left and right legs alike in all calibrated cameras: the same leg lies in the same place in space.

Each camera's own repair (`side_swaps`) judges by smooth paths alone. Seen by two calibrated cameras, the left
knee of one picture lies on the line that the left knee of the other allows, and the right one seldom does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.capture.common_time import resampled
from core.capture.epipolar import fundamental_matrix, signed_sampson_px
from core.capture.straighten import straight_px
from core.domain.arrays import FloatArray
from core.domain.recording import Landmark, LandmarkTrack, body_size_px
from core.motion.side_swaps import FEET, KNEES, SideRepair, exchange_legs

_ONE_POINT = 0.03  # of the body size: nearer than this, two views may be of the same point
_CHANGE_COST = 4.0  # of changing the sides between two frames, in frames of clear evidence
_LEAST_VISIBILITY = 0.3
_LEAST_EVIDENCE = 5.0  # summed over the frames; less tells nothing


def alike_in_all_cameras(
    tracks: Sequence[LandmarkTrack], repairs: Sequence[SideRepair]
) -> tuple[SideRepair, ...]:
    """The repairs of calibrated cameras, all with the sides of the one whose own evidence is best.

    A camera that did not see the legs together with that one keeps its own repair.
    """
    best = max(range(len(repairs)), key=lambda number: _trust(repairs[number]))
    example = repairs[best].track
    return tuple(
        repair if number == best else _like(example, track, repair)
        for number, (track, repair) in enumerate(zip(tracks, repairs, strict=True))
    )


def _trust(repair: SideRepair) -> tuple[bool, float]:
    return not repair.evidence.against, repair.evidence.agreement


def _like(example: LandmarkTrack, track: LandmarkTrack, repair: SideRepair) -> SideRepair:
    exchanged = exchanges_like(example, track)
    if exchanged is None:
        return repair
    return replace(repair, track=exchange_legs(track, exchanged), exchanged=exchanged)


def exchanges_like(example: LandmarkTrack, track: LandmarkTrack) -> FloatArray | None:
    """Flags (T, 2) of knees and feet of `track` to be exchanged for the sides that `example` has.

    None where the two cameras cannot tell: they hardly overlap, or see both legs on the same lines.
    """
    if example.projection is None or track.projection is None:
        return None
    reference_s = track.time_s if track.sync is None else track.sync.reference_s(track.time_s)
    own_s = reference_s if example.sync is None else example.sync.own_s(reference_s)
    first = resampled(example.time_s, _clear(example), own_s)
    other, fundamental = _clear(track), fundamental_matrix(example.projection, track.projection)
    size_px = float(np.sqrt(body_size_px(example) * body_size_px(track)))
    flags = []
    for pairs in (KNEES, FEET):
        kept, crossed = _costs(fundamental, first, other, pairs, size_px)
        if np.abs(kept - crossed).sum() < _LEAST_EVIDENCE:
            return None
        flags.append(_cheapest(kept, crossed))
    return np.column_stack(flags)


def _clear(track: LandmarkTrack) -> FloatArray:
    """Straightened landmarks, NaN where not clearly seen. (T, 33, 2)"""
    return np.where(track.visibility[..., None] >= _LEAST_VISIBILITY, straight_px(track), np.nan)


def _costs(
    fundamental: FloatArray,
    first: FloatArray,
    other: FloatArray,
    pairs: Sequence[tuple[Landmark, Landmark]],
    size_px: float,
) -> tuple[FloatArray, FloatArray]:
    """Per frame (T,), 0..1: how badly the sides go together as they are, and exchanged."""
    left, right = ([pair[side].value for pair in pairs] for side in (0, 1))

    def miss(one: list[int], two: list[int]) -> FloatArray:
        squares = (signed_sampson_px(fundamental, first[:, one], other[:, two]) / (_ONE_POINT * size_px)) ** 2
        return np.asarray(squares / (1.0 + squares))

    kept = np.stack([miss(left, left), miss(right, right)])
    crossed = np.stack([miss(left, right), miss(right, left)])
    known = np.isfinite(kept) & np.isfinite(crossed)
    count = np.maximum(known.sum(axis=(0, 2)), 1)
    mean = [np.where(known, cost, 0.0).sum(axis=(0, 2)) / count for cost in (kept, crossed)]
    return mean[0], mean[1]


def _cheapest(kept: FloatArray, crossed: FloatArray) -> FloatArray:
    """The cheapest sequence of 0 (kept) and 1 (exchanged) when changes cost, (T,) (Viterbi 1967)."""
    costs = np.column_stack([kept, crossed])
    total, came_from = costs[0], np.zeros(costs.shape, dtype=int)
    for frame in range(1, len(costs)):
        changed = total[::-1] + _CHANGE_COST
        came_from[frame] = np.where(total <= changed, [0, 1], [1, 0])
        total = np.minimum(total, changed) + costs[frame]
    states = np.empty(len(costs))
    state = int(np.argmin(total))
    for frame in range(len(costs) - 1, -1, -1):
        states[frame] = state
        state = int(came_from[frame][state])
    return states
