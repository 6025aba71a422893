"""Findings on the quality of a recorded motion, as advice to the clinician."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from core.domain.body import SIDES, Side
from core.domain.findings import Finding, Severity, worst_first
from core.domain.gait_events import FootPaths
from core.domain.motion import NO_STRIDE, Stride
from core.domain.recording import LandmarkTrack
from core.domain.sides_doubt import (
    MAX_EXCHANGED_FRACTION,
    SideEvidence,
    Sides,
    SideSource,
    doubt_of_sides,
    sides_settled,
)
from core.errors import refuse
from core.gait.events import find_events
from core.gait.strides import LONGEST_STRIDE_S, SHORTEST_STRIDE_S
from core.motion.trial import Trial
from core.motion.trial_findings import note, rate_hz, trial_findings

REFUSED_RATE_HZ = 10.0
MANY_EXCHANGES = 0.15
MANY_JUMPS = 0.35  # of the pictures; a leg in plain view jumps in up to a third, behind a frame in most
LITTLE_LOST_S = 1.0  # at the ends of a recording
GOOD_STRIDES = 3
UNEQUAL = 1 / 3  # of the smaller: both legs walk the same way, their strides last about equally long
CADENCE_STEPS_MIN = (20.0, 220.0)  # slowest walking with severe impairment, fast sprinting
UNEVEN_STRIDES = 0.12  # SD of stride times over their mean; healthy walking 0.02, Parkinson's disease to 0.10


@dataclass(frozen=True, slots=True)
class SideDoubt:
    """Source of a motion's sides, and the fraction of pictures in which the repair exchanges the legs."""

    sides: Sides
    fraction: float
    evidence: SideEvidence = field(default_factory=SideEvidence)
    jumping: float = 0.0  # fraction of the pictures in which a leg jumps even after the repair
    lost_s: tuple[float, float] = (0.0, 0.0)  # left out at the start and the end: the legs only jump there

    @property
    def repaired_fraction(self) -> float:
        """Fraction of the pictures in which the repair exchanged the motion's legs."""
        return self.fraction if self.sides.source is SideSource.REPAIRED else 0.0


@dataclass(frozen=True, slots=True)
class MotionFacts:
    """Input of the findings on a motion."""

    trial: Trial
    strides: Sequence[Stride]
    doubt: SideDoubt


def motion_findings(facts: MotionFacts) -> tuple[Finding, ...]:
    """All findings, worst first. Codes are stable."""
    found = [
        *_no_stride(facts),
        *stride_findings(facts.strides),
        *trial_findings(facts.trial),
        *_exchange_findings(facts.doubt),
        *_jump_findings(facts.doubt),
        *_lost_findings(facts.doubt),
    ]
    return worst_first(tuple(found))


def check_frame_rate(track: LandmarkTrack) -> None:
    """Refuse recordings that are too slow to see a step. Raises MOT-003."""
    rate = rate_hz(track.time_s)
    if rate < REFUSED_RATE_HZ - 0.05:  # a clock that is rounded
        raise refuse(
            "MOT-003",
            f"The video has {rate:.1f} pictures per second.",
            f"Steps can be measured from {REFUSED_RATE_HZ:.0f} pictures per second on; 30 are good.",
            "Record again with 30 pictures per second or more.",
        )


def _no_stride(facts: MotionFacts) -> list[Finding]:
    """A walk in which neither leg made a complete stride, with what was seen instead."""
    if not facts.trial.walks or facts.strides:
        return []
    what = "No complete stride was found; angles are shown over time."
    for finding in _jump_findings(facts.doubt):
        return [note(Severity.STOP, NO_STRIDE, what, finding.advice.what, finding.advice.next_step)]
    why, next_step = _landings([part.feet for part in facts.trial.parts])
    return [note(Severity.STOP, NO_STRIDE, what, why, next_step)]


def _landings(ways: Sequence[FootPaths]) -> tuple[str, str]:
    """What was seen of strides on the way with the most landings, and what to do."""
    events = [[side.heel_strike_s for side in find_events(paths)] for paths in ways]
    best = max(range(len(ways)), key=lambda way: sum(map(len, events[way])))
    lasted = np.concatenate([np.diff(strikes) for strikes in events[best]])
    stride = f"a stride lasts {SHORTEST_STRIDE_S:g} to {LONGEST_STRIDE_S:g} s."
    if ((lasted >= SHORTEST_STRIDE_S) & (lasted <= LONGEST_STRIDE_S)).any():
        why = "Feet landed, but between two landings of one foot a leg was out of sight or hardly moved."
        return why, "Record again with both legs in plain view all the time."
    if len(lasted):
        why = f"Two landings of one foot are {np.median(lasted):.2f} s apart; {stride}"
        return why, "Check whether the film plays faster or slower than life, and what was said of that."
    seconds = float(ways[best].time_s[-1] - ways[best].time_s[0])
    way = f" of the best of {len(ways)} ways" if len(ways) > 1 else ""
    left, right = (_times(len(strikes)) for strikes in events[best])
    why = f"In {seconds:.1f} s{way} the left foot landed {left}, the right foot {right}."
    return why, "Record a longer walk: at least four steps with the whole body in the picture."


def one_of_several(number: int, cameras: int) -> Finding:
    """Several cameras that nobody calibrated: only one could be used."""
    return note(
        Severity.NOTE,
        "MOT-027",
        f"Only video {number} of {cameras} was used: it shows the walk from the side.",
        "Several cameras see in depth only when it is known where they stand, by a calibration.",
        "Add their calibration on the Capture page, or conclude nothing from sideways movement.",
    )


def _times(count: int) -> str:
    return ("never", "once")[count] if count < 2 else f"{count} times"


def stride_findings(strides: Sequence[Stride]) -> list[Finding]:
    """What the strides alone tell, however they were found; nothing where there are none."""
    if not strides:
        return []
    return [*_side_findings(strides), *_rhythm_findings(strides), *_cadence_findings(strides)]


STRIDE_FINDINGS = frozenset({NO_STRIDE, "MOT-011", "MOT-012", "MOT-028", "MOT-065", "MOT-066"})


def _side_findings(strides: Sequence[Stride]) -> list[Finding]:
    count = {side: sum(stride.side is side for stride in strides) for side in SIDES}
    missing = [side for side in SIDES if count[side] == 0]
    if missing:
        return [_missing_side(missing[0])]
    if min(count.values()) < GOOD_STRIDES:
        return [
            note(
                Severity.NOTE,
                "MOT-012",
                f"Only {count[Side.LEFT]} left and {count[Side.RIGHT]} right strides were found.",
                "The spread between strides is uncertain with fewer than three.",
                "Record a longer walk when the spread matters.",
            )
        ]
    return []


def _rhythm_findings(strides: Sequence[Stride]) -> list[Finding]:
    time_s = np.array([stride.end_s - stride.start_s for stride in strides])
    if _unequal_sides(strides):
        return [_unequal_strides(strides)]
    spread = np.std(time_s) > UNEVEN_STRIDES * np.mean(time_s)
    varies = any(_differ(_durations_s(strides, side)) for side in SIDES)
    if not varies and (len(time_s) < GOOD_STRIDES or not spread):
        return []
    return [
        note(
            Severity.STOP if varies else Severity.WARNING,
            "MOT-028",
            f"The strides last between {time_s.min():.2f} and {time_s.max():.2f} s.",
            "Steady walking varies much less; a step may be false, or the legs were exchanged for a while.",
            "Check the skeleton in the video, or record again at a steady pace.",
        )
    ]


def _durations_s(strides: Sequence[Stride], side: Side) -> list[float]:
    return [stride.end_s - stride.start_s for stride in strides if stride.side is side]


def _differ(values: Sequence[float]) -> bool:
    """Whether the largest is more than a third above the smallest."""
    return len(values) > 1 and max(values) > (1.0 + UNEQUAL) * min(values)


def _unequal_sides(strides: Sequence[Stride]) -> bool:
    means = [float(np.mean(own)) for side in SIDES if (own := _durations_s(strides, side))]
    return _differ(means)


def _unequal_strides(strides: Sequence[Stride]) -> Finding:
    left_s, right_s = (float(np.mean(_durations_s(strides, side))) for side in SIDES)
    return note(
        Severity.STOP,
        "MOT-066",
        f"The strides of the left leg last {left_s:.2f} s, those of the right leg {right_s:.2f} s.",
        "Both legs of a walking person make equally many strides: steps were missed or are false.",
        "Check the skeleton in the video; record again with both feet in plain view.",
    )


def _cadence_findings(strides: Sequence[Stride]) -> list[Finding]:
    cadence = 120.0 / float(np.mean([stride.end_s - stride.start_s for stride in strides]))
    low, high = CADENCE_STEPS_MIN
    if low <= cadence <= high:
        return []
    return [
        note(
            Severity.STOP,
            "MOT-065",
            f"{cadence:.0f} steps per minute were found.",
            f"No person walks or runs with fewer than {low:.0f} or more than {high:.0f}.",
            "Check the skeleton in the video and the frame rate of the file.",
        )
    ]


def _jump_findings(doubt: SideDoubt) -> list[Finding]:
    if doubt.jumping <= MANY_JUMPS:
        return []
    return [
        note(
            Severity.STOP,
            "MOT-060",
            f"The legs cannot be followed: in {doubt.jumping:.0%} of the pictures a knee or foot jumps.",
            "Something is before the legs, such as a walking frame, bars, a skirt or another person, or the "
            "picture is too poor.",
            "Film from the other side, or so that nothing stands between the camera and the legs.",
        )
    ]


def _lost_findings(doubt: SideDoubt) -> list[Finding]:
    if not any(doubt.lost_s):
        return []
    where = [f"the {name} {s:.1f} s" for name, s in zip(("first", "last"), doubt.lost_s, strict=True) if s]
    return [
        note(
            Severity.NOTE if sum(doubt.lost_s) <= LITTLE_LOST_S else Severity.WARNING,
            "MOT-067",
            f"The legs could not be followed in {' and '.join(where)}; that was left out.",
            "The detector had not found them yet, or had lost them.",
            "Nothing to do. Steps there are not counted.",
        )
    ]


def _missing_side(side: Side) -> Finding:
    return note(
        Severity.WARNING,
        "MOT-011",
        f"No complete stride of the {side.value} leg was found.",
        f"The {side.value} foot landed less than twice while it was in view.",
        "Record a longer walk; until then both legs are taught from the other leg's strides.",
    )


def _exchange_findings(doubt: SideDoubt) -> list[Finding]:
    if doubt.sides.by:
        return [sides_settled(doubt.sides.by, doubt.sides.words)]
    against = doubt.evidence.against
    # Even where the detector's sides were kept: nobody answers for them.
    if doubt.fraction > MAX_EXCHANGED_FRACTION or against:
        return [doubt_of_sides(doubt.fraction, against=against)]
    fraction = doubt.repaired_fraction
    if fraction == 0.0:
        return []
    many = fraction > MANY_EXCHANGES
    return [
        note(
            Severity.WARNING if many else Severity.NOTE,
            "MOT-020",
            f"Left and right leg were exchanged in {fraction:.0%} of the pictures and put back.",
            "The detector mixes up the legs where they cross.",
            "Check the skeleton in the video; if the sides are still wrong, exchange them."
            if many
            else "Nothing to do.",
        )
    ]
