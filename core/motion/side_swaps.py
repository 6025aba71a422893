"""Left and right legs that the detector exchanged, found by continuity and put back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.domain.recording import Landmark, LandmarkTrack, frame_rate_hz
from core.domain.sides_doubt import MAX_EXCHANGED_FRACTION, SideEvidence
from core.motion.side_evidence import detected_sides, side_evidence, turned_round
from core.motion.side_search import best_states, jumps, no_prior, part_costs, prior_of, states_cost

# Feet and knees may be exchanged separately: the detector often keeps the knees while it mixes up the feet.
KNEES = ((Landmark.LEFT_KNEE, Landmark.RIGHT_KNEE),)
FEET = (
    (Landmark.LEFT_ANKLE, Landmark.RIGHT_ANKLE),
    (Landmark.LEFT_HEEL, Landmark.RIGHT_HEEL),
    (Landmark.LEFT_FOOT_INDEX, Landmark.RIGHT_FOOT_INDEX),
)
_LOST_WINDOW_S, _MOSTLY = 0.4, 0.6  # of which more than this share of the pictures jump
_FEWEST = 3  # frames with both legs; fewer say nothing about paths


@dataclass(frozen=True, slots=True, eq=False)
class SideRepair:
    """Landmarks with legs exchanged where needed. Axes: T frames."""

    track: LandmarkTrack
    exchanged: FloatArray  # (T, 2) 1 where knees, feet were exchanged
    usable: NDArray[np.bool_]  # (T,) frames in which both legs were found; others are not counted
    evidence: SideEvidence = field(default_factory=SideEvidence)
    jumping: float = 0.0  # fraction of these frames in which a leg jumps even after the repair
    lost_s: tuple[float, float] = (0.0, 0.0)  # at the start and the end, in which the legs only jump

    @property
    def fraction(self) -> float:
        """Fraction of the usable frames in which any part of the legs was exchanged."""
        return self.fraction_between(-np.inf, np.inf)

    def fraction_between(self, first_s: float, last_s: float) -> float:
        """The same fraction in a part of the trial: a long rest must not hide exchanges in a walk."""
        time_s = self.track.time_s
        counted = self.usable & (time_s >= first_s) & (time_s <= last_s)
        return float(self.exchanged[counted].any(axis=1).mean()) if counted.any() else 0.0


def correct_side_swaps(track: LandmarkTrack) -> SideRepair:
    """Exchange left and right where that makes the legs' paths smooth.

    See `side_search` for what counts as smooth. The detector's own sides count too: in each exchanged second,
    so that a few doubtful frames never turn a whole trial.
    """
    size_px = _body_size_px(track)
    choices = [_choices(track.image_px / size_px, pairs) for pairs in (KNEES, FEET)]
    found = [np.isfinite(choice).reshape(len(choice), -1).all(axis=1) for choice in choices]
    usable = np.asarray(found[0] & found[1])
    frames = np.flatnonzero(usable)
    exchanged = np.zeros((len(usable), 2))
    if len(frames) < _FEWEST:
        return SideRepair(track, exchanged, usable)
    rate_hz = frame_rate_hz(track.time_s[frames])
    turned = turned_round(track, frames)
    knees, feet = (part_costs(choice[frames], track.time_s[frames], turned) for choice in choices)
    states = best_states(knees, feet, prior_of(detected_sides(track)[frames], rate_hz))
    jumping = jumps(knees, feet, states, rate_hz, size_px)
    first, last = _followed(jumping, max(_FEWEST, round(_LOST_WINDOW_S * rate_hz)))
    time_s = track.time_s[frames]
    lost_s = float(time_s[first] - time_s[0]), float(time_s[-1] - time_s[last - 1])
    usable[frames[:first]] = usable[frames[last:]] = False
    exchanged[frames] = states
    repaired = exchange_legs(track, exchanged)
    evidence = side_evidence(repaired, np.where(usable, 1.0 - exchanged.any(axis=1), np.nan))
    alone = no_prior(len(frames), rate_hz)
    smoothest = best_states(knees, feet, alone)
    gain = states_cost(knees, feet, alone, states) - states_cost(knees, feet, alone, smoothest)
    other = float((smoothest != states).any(axis=1).mean())
    evidence = replace(evidence, smoother_otherwise=gain, other_sides=other)
    return SideRepair(repaired, exchanged, usable, evidence, float(jumping[first:last].mean()), lost_s)


def _followed(jumping: NDArray[np.bool_], window: int) -> tuple[int, int]:
    """First and one past the last frame between starts and ends in which the legs mostly jump.

    A detector that has not found the legs yet, or has lost them, invents steps there. A trial that is lost
    for more than a third at one end is kept whole: then it jumps throughout.
    """
    ends = [_lost(jumping, window), _lost(jumping[::-1], window)]
    first, lost = (end if end <= len(jumping) * MAX_EXCHANGED_FRACTION else 0 for end in ends)
    return first, len(jumping) - lost


def _lost(jumping: NDArray[np.bool_], window: int) -> int:
    """Frames at the beginning of which most jump."""
    start = 0
    while start + window <= len(jumping) and jumping[start : start + window].mean() > _MOSTLY:
        start += 1
    if start == 0:
        return 0
    while jumping[start : start + _FEWEST].any():  # to the end of it, over single frames that seem quiet
        start += int(np.flatnonzero(jumping[start : start + _FEWEST])[-1]) + 1
    return start


def leave_out_lost(track: LandmarkTrack, lost_s: tuple[float, float]) -> LandmarkTrack:
    """The track without the starts and ends in which nobody can follow the legs."""
    if not any(lost_s):
        return track
    seen = track.time_s[np.isfinite(track.image_px[:, Landmark.LEFT_HIP.value, 0])]
    kept = (track.time_s >= seen[0] + lost_s[0]) & (track.time_s <= seen[-1] - lost_s[1])
    image = np.where(kept[:, None, None], track.image_px, np.nan)
    return replace(track, image_px=image, visibility=np.where(kept[:, None], track.visibility, 0.0))


def most_doubtful(repairs: Sequence[SideRepair]) -> SideRepair:
    """Of several cameras the one whose evidence is weakest: one that contradicts itself is reason to ask."""
    return min(repairs, key=lambda repair: (not repair.evidence.against, repair.evidence.agreement))


def exchange_legs(track: LandmarkTrack, exchanged: FloatArray) -> LandmarkTrack:
    """Knees and feet exchanged in the frames whose flags (T, 2) say so."""
    image, world, seen = (np.array(a) for a in (track.image_px, track.world_m, track.visibility))
    for column, pairs in enumerate((KNEES, FEET)):
        for pair in pairs:
            for array in (image, world, seen):
                _exchange(array, pair, exchanged[:, column])
    return replace(track, image_px=image, world_m=world, visibility=seen)


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


def _choices(image: FloatArray, pairs: tuple[tuple[Landmark, Landmark], ...]) -> FloatArray:
    """Positions as detected and exchanged: (T, flag, side, pair, 2)."""
    left = image[:, [pair[0].value for pair in pairs]]
    right = image[:, [pair[1].value for pair in pairs]]
    return np.stack([np.stack([left, right], 1), np.stack([right, left], 1)], 1)
