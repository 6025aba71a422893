"""Findings on a motion from a laboratory's markers, as advice to the clinician."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from core.domain.body import SIDES
from core.domain.findings import Finding, Severity, worst_first
from core.domain.motion import BACKWARDS, NO_STRIDE, NO_WALK, Stride, stride_words
from core.motion.course import Course
from core.motion.findings import GOOD_STRIDES, UNEQUAL
from core.motion.marker_body import PersonBody
from core.motion.marker_places import Place
from core.motion.marker_sets import LabelledMarkers, tilt_is_told
from core.motion.trial_findings import note

LARGEST_RESIDUAL_M, STOP_RESIDUAL_M = 0.03, 0.08
_SHOWN = 5
_ANOTHER = "Give another trial of this person."


@dataclass(frozen=True, slots=True)
class MarkerFacts:
    """Input of the findings."""

    labelled: LabelledMarkers
    person: PersonBody
    course: Course
    strides: Sequence[Stride]
    residual_m: float
    gap_fraction: float  # of the frames in which a leg is not told
    belt_m_s: float = 0.0
    exchanged: dict[Place, float] = field(default_factory=dict)  # pairs, and the fraction of frames
    far: tuple[str, ...] = ()  # labels that miss their places much more than the others


def marker_findings(facts: MarkerFacts) -> tuple[Finding, ...]:
    """All findings, worst first. Codes are stable."""
    found = [
        *_course(facts),
        *_strides(facts),
        *_residual(facts.residual_m, facts.far),
        *_exchanged(facts.exchanged),
        *_gaps(facts.gap_fraction),
        *_standing(facts.person),
        *_tilt(facts.labelled),
        *_labels(facts.labelled),
    ]
    return worst_first(tuple(found))


def _course(facts: MarkerFacts) -> list[Finding]:
    match facts.course:
        case Course.WALKS:
            return []
        case Course.IN_PLACE:
            what = f"The patient walks in place, as on a treadmill at {facts.belt_m_s:.2f} m/s."
            why = "The pelvis stays while the feet walk; the speed is that of the standing feet."
            return [note(Severity.NOTE, "LAB-110", what, why, "Compare it with the treadmill's display.")]
        case Course.BACKWARDS:
            what, why = "The patient walks backwards.", "Toes point against the way walked."
            return [note(Severity.STOP, BACKWARDS, what, why, "Give a trial of a walk forward.")]
        case Course.STAYS:
            what = "No walk was seen in this trial."
            why = "Without steps there is no gait cycle; angles are shown over time."
            return [note(Severity.STOP, NO_WALK, what, why, "To go on to a twin, give a trial of a walk.")]


def _strides(facts: MarkerFacts) -> list[Finding]:
    if facts.course not in (Course.WALKS, Course.IN_PLACE):
        return []
    if not facts.strides:
        what = "No complete stride was found; angles are shown over time."
        why = "No foot landed twice while pelvis and legs were in view."
        return [note(Severity.STOP, NO_STRIDE, what, why, _ANOTHER)]
    return trial_stride_findings(facts.strides)


def trial_stride_findings(strides: Sequence[Stride]) -> list[Finding]:
    """Of a laboratory's trial with at least one stride: a leg without one, few, or legs that disagree."""
    return [*_few(strides), *_unequal(strides)]


TRIAL_STRIDE_FINDINGS = frozenset({NO_STRIDE, "LAB-111", "LAB-112", "LAB-113"})


def _few(strides: Sequence[Stride]) -> list[Finding]:
    count = {side: sum(stride.side is side for stride in strides) for side in SIDES}
    for side in SIDES:
        if not count[side]:
            what = f"No complete stride of the {side.value} leg was found."
            why = f"The {side.value} foot landed less than twice; both legs are taught from the other leg."
            return [note(Severity.WARNING, "LAB-111", what, why, f"{_ANOTHER} A longer one shows both legs.")]
    if min(count.values()) >= GOOD_STRIDES:
        return []
    left, right = (count[side] for side in SIDES)
    what = f"The trial holds {stride_words(left, right)}."
    why = "A walkway is short. One stride of each leg is enough to go on; how much strides vary is not known."
    return [note(Severity.NOTE, "LAB-112", what, why, "Nothing to do; conclude nothing from the spread.")]


def _unequal(strides: Sequence[Stride]) -> list[Finding]:
    """Both legs of a walking person make equally many strides."""
    lasted = [[s.end_s - s.start_s for s in strides if s.side is side] for side in SIDES]
    means = [float(np.mean(own)) for own in lasted if own]
    if len(means) < 2 or max(means) <= (1.0 + UNEQUAL) * min(means):
        return []
    what = f"The strides of the left leg last {means[0]:.2f} s, those of the right leg {means[1]:.2f} s."
    why = "Both legs of a walking person make equally many strides: steps were missed or are false."
    step = "Check the events in the file, and that the labels of both feet are never exchanged."
    return [note(Severity.STOP, "LAB-113", what, why, step)]


def _exchanged(pairs: dict[Place, float]) -> list[Finding]:
    if not pairs:
        return []
    named = ", ".join(place.words for place in pairs)
    what = f"Left and right change places for up to {max(pairs.values()):.0%} of the time: {named}."
    why = "A label jumped to the other leg; these markers are not used while it is there."
    step = "Correct the labels in the laboratory's program where the legs pass each other."
    return [note(Severity.WARNING, "LAB-119", what, why, step)]


def _residual(residual_m: float, far: tuple[str, ...]) -> list[Finding]:
    if residual_m <= LARGEST_RESIDUAL_M:
        return []
    return [
        note(
            Severity.STOP if residual_m > STOP_RESIDUAL_M else Severity.WARNING,
            "LAB-114",
            f"The body model misses the markers by {residual_m * 1e3:.0f} mm on average"
            + (f", most of all {', '.join(far)}." if far else "."),
            "Skin moves by 10 to 20 mm; more means exchanged labels, or a standing trial of another person.",
            "Check the labels, and that standing and walking trial belong together.",
        )
    ]


def _gaps(fraction: float) -> list[Finding]:
    if fraction <= 0.0:
        return []
    what = f"A leg's markers were hidden for {fraction:.0%} of the time."
    why = "Gaps longer than a quarter of a second are not filled; their strides are left out."
    return [note(Severity.WARNING, "LAB-115", what, why, "Fill the gaps in the laboratory's program.")]


def _standing(person: PersonBody) -> list[Finding]:
    if person.standing:
        return []
    what = "No standing trial was used."
    why = "The body's size and the places of the markers come from the walk, with a foot flat on the floor."
    step = "Nothing to do; with a standing trial the ankle angle is surer."
    return [note(Severity.NOTE, "LAB-116", what, why, step)]


def _tilt(labelled: LabelledMarkers) -> list[Finding]:
    if tilt_is_told(labelled):
        return []
    what = "How far the pelvis tilts is not told; a healthy tilt is taken."
    why = "One marker on the sacrum sits somewhere below the pelvis' bony points at the back."
    step = "Conclude nothing from the level of hip flexion; its range is measured."
    return [note(Severity.NOTE, "LAB-118", what, why, step)]


def _labels(labelled: LabelledMarkers) -> list[Finding]:
    unknown = labelled.unknown
    if not unknown:
        return []
    more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
    what = (
        f"{len(unknown)} labels are not of the set {labelled.set_name}: {', '.join(unknown[:_SHOWN])}{more}."
    )
    why = "They stand for no known place on the body and are not used."
    return [note(Severity.NOTE, "LAB-117", what, why, "Nothing to do, unless one of them is needed.")]
