"""Activity of three thigh muscles in the part of the gait cycle in which the hip is helped.

The iEMG over 31 to 75 % of a cycle as a share of that of a maximum contraction equally long is the mean of
the normalised envelope there. All cycles count that a recording has; the study took five.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.domain.amplitude import MUSCLES, WINDOW, MeasuredActivity
from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.emg import MVC, ChannelSite, EmgEnvelopes
from core.emg.muscle_words import SIDE_WORDS
from core.emg.signals import RawEmg
from core.errors import refuse

LEAST_CYCLES, USUAL_CYCLES = 3, 5
_CYCLE_S = (0.5, 2.5)
_UNLIKE = 0.3  # a cycle longer or shorter than the middle one by more is no stride of this walk
_HIGH, _LOW = 0.6, 0.3  # of the range of a foot switch: it closes above one and opens below the other
_POINTS = 101
_CONTACT_WORDS = re.compile(r"heel|foot.?sw|fsr|strike|contact", re.IGNORECASE)
_MUSCLE_WORDS = "rectus femoris, vastus medialis and vastus lateralis"


@dataclass(frozen=True, slots=True, eq=False)
class ForceActivity:
    """One recording. Axes: N cycles, 3 MUSCLES."""

    force_n: float
    percent: FloatArray  # (N, 3)
    side: Side
    source: str
    simulated: bool = False


def measured_activity(recordings: Sequence[ForceActivity]) -> MeasuredActivity:
    """Recordings at several forces, in the order of the forces.

    Raises UserError AMP-002 (a force twice).
    """
    ordered = sorted(recordings, key=lambda one: one.force_n)
    for one, other in pairwise(ordered):
        if one.force_n == other.force_n:
            raise refuse(
                "AMP-002",
                f"{one.force_n:g} N was given twice.",
                f"{one.source} and {other.source} cannot both be the recording at this force.",
                "Give every force once, with its own recording.",
            )
    return MeasuredActivity(
        np.array([one.force_n for one in ordered]),
        np.array([one.percent.mean(axis=0) for one in ordered]),
        np.array([one.percent.std(axis=0, ddof=1) for one in ordered]),
        np.array([one.percent.mean(axis=1).std(ddof=1) for one in ordered]),
        np.array([len(one.percent) for one in ordered]),
        ordered[0].side,
        tuple(one.source for one in ordered),
        any(one.simulated for one in ordered),
    )


def sites_of_leg(
    found: Mapping[str, ChannelSite], side: Side | None, source: str
) -> tuple[Side, dict[str, ChannelSite]]:
    """The channels of MUSCLES on one leg: on `side`, or on the only leg that has all three.

    Raises UserError AMP-003 where a muscle is missing, or both legs have them and nobody said which counts.
    """
    by_side = {
        leg: {name: site for name, site in found.items() if site.side is leg and site.muscle in MUSCLES}
        for leg in SIDES
    }
    whole = [leg for leg in SIDES if len({site.muscle for site in by_side[leg].values()}) == len(MUSCLES)]
    if side is None and len(whole) > 1:
        raise refuse(
            "AMP-003",
            f"{source} has the three muscles of both legs.",
            "Which leg counts is never guessed.",
            "Say left or right.",
        )
    if not whole or (side is not None and side not in whole):
        leg = "one leg" if side is None else f"the {side.value} leg"
        there = sorted({f"{site.side.value} {site.muscle.value}" for site in found.values()})
        raise refuse(
            "AMP-003",
            f"{source} does not have {_MUSCLE_WORDS} of {leg}.",
            f"Its channels are: {', '.join(there)}."
            if there
            else "None of its channels is named as a muscle.",
            "Choose recordings of these three muscles, with channels that are named after muscle and side"
            ", or say which channel is which muscle.",
        )
    chosen = whole[0] if side is None else side
    return chosen, by_side[chosen]


def activity_of(
    emg: EmgEnvelopes, strikes_s: FloatArray, *, force_n: float, simulated: bool = False
) -> ForceActivity:
    """The activity of each cycle of one recording, whose channels are MUSCLES of one leg.

    `strikes_s` are times of heel strikes of that leg. Raises UserError AMP-004 (no maximum contraction),
    AMP-005 (too few cycles).
    """
    columns = [_column(emg, muscle) for muscle in MUSCLES]
    without = [emg.channels[one].site.muscle.value for one in columns if emg.reference(one) != MVC]
    if without:
        raise refuse(
            "AMP-004",
            f"{emg.source_name}: no maximum contraction of {', '.join(without)}.",
            "A share of its own maximum differs from recording to recording, so forces cannot be compared.",
            "Add the recording of maximum contractions of these muscles.",
        )
    cycles = _cycles(strikes_s, float(emg.time_s[-1]))
    if len(cycles) < LEAST_CYCLES:
        raise refuse(
            "AMP-005",
            f"{emg.source_name} shows {len(cycles)} gait cycle{'s' * (len(cycles) != 1)}.",
            f"Activity differs from cycle to cycle: {LEAST_CYCLES} are the least, {USUAL_CYCLES} usual.",
            "Record a minute of steady walking at this force.",
        )
    inside = np.linspace(*WINDOW, _POINTS)
    percent = [
        [
            100.0 * np.interp(start + inside * (end - start), emg.time_s, emg.envelope[:, c]).mean()
            for c in columns
        ]
        for start, end in cycles
    ]
    return ForceActivity(
        force_n, np.array(percent), emg.channels[columns[0]].site.side, emg.source_name, simulated
    )


def heel_strikes(raw: RawEmg, side: Side, channel: str = "") -> FloatArray:
    """Times [s] at which a foot switch closes: of `channel`, or of the one whose name tells contact and leg.

    Raises UserError AMP-005 where no such channel is, or it does not switch.
    """
    name = channel or _contact_channel(raw.channels, side)
    if name not in raw.channels:
        missing = "does not tell where gait cycles begin" if not channel else f"has no channel “{channel}”"
        there = ", ".join(raw.channels[:12])
        raise refuse(
            "AMP-005",
            f"{raw.source_name} {missing}.",
            f"A switch under the {side.value} heel tells it; the channels are: {there}.",
            "Name the channel of the heel switch, and record one with the EMG.",
        )
    return _closings(raw.samples(name)) / raw.rate_hz


def _column(emg: EmgEnvelopes, muscle: object) -> int:
    return next(number for number, one in enumerate(emg.channels) if one.site.muscle is muscle)


def _cycles(strikes_s: FloatArray, last_s: float) -> list[tuple[float, float]]:
    """Whole cycles inside the recording that are as long as the others."""
    pairs = [
        (float(start), float(end))
        for start, end in pairwise(strikes_s)
        if _CYCLE_S[0] <= end - start <= _CYCLE_S[1] and start >= 0.0 and end <= last_s
    ]
    if not pairs:
        return []
    middle = float(np.median([end - start for start, end in pairs]))
    return [(start, end) for start, end in pairs if abs(end - start - middle) <= _UNLIKE * middle]


def _contact_channel(channels: Sequence[str], side: Side) -> str:
    """The only channel of foot contact that is not named after the other leg; empty where that is not one."""
    found = []
    for name in channels:
        words = [word for word in re.split(r"[^a-z]+", name.lower()) if word]
        told = {SIDE_WORDS[word] for word in words if word in SIDE_WORDS}
        if _CONTACT_WORDS.search(name) and told <= {side}:
            found.append((not told, name))
    named = [name for unsided, name in found if not unsided]
    best = named or [name for _unsided, name in found]
    return best[0] if len(best) == 1 else ""


def _closings(signal: FloatArray) -> FloatArray:
    """Samples at which a foot switch closes; chatter between its two levels does not count."""
    known = signal[np.isfinite(signal)]
    if len(known) < 2 or np.ptp(known) == 0:
        return np.empty(0)
    low, high = np.percentile(known, [2, 98])
    level = (np.nan_to_num(signal, nan=low) - low) / max(high - low, 1e-12)
    told = np.where(level > _HIGH, 1, np.where(level < _LOW, 0, -1))
    known_at = np.flatnonzero(told >= 0)
    closed = told[known_at]
    closes = (closed[1:] == 1) & (closed[:-1] == 0)
    return np.asarray(known_at[1:][closes], dtype=np.float64)
