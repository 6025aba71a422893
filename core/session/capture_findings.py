"""What a comparison of recordings has to be read with: strides too few, other cameras, other speeds."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.capture_comparison import CapturedGait, GaitQuantity
from core.domain.condition import Condition
from core.domain.findings import Finding, Severity, worst_first
from core.domain.motion import Motion
from core.errors import Advice
from core.gait.change import ENOUGH_STRIDES, LEAST_STRIDES, chance_of_false_change
from core.session.captures import Capture, measured_how

SPEED_MATTERS = 0.10
"""Relative difference of speed from which joint angles differ by speed alone by some degrees: Schwartz et al.
2008 (J Biomech 41:1639) bin free walks more narrowly than that between slow and free."""


def gait_names(gaits: Sequence[CapturedGait]) -> tuple[str, ...]:
    """A name for each recording that no other one has: "Visit 2, no exo"."""
    plain = [f"Visit {gait.visit_number}, {gait.condition.words}" for gait in gaits]
    return tuple(
        f"{name} ({plain[:number].count(name) + 1})" if plain.count(name) > 1 else name
        for number, name in enumerate(plain)
    )


def short_names(gaits: Sequence[CapturedGait]) -> tuple[str, ...]:
    """The shortest that tell the recordings apart: "Visit 2", or of one visit "No exo"."""
    for names in (
        [f"Visit {gait.visit_number}" for gait in gaits],
        [gait.condition.label for gait in gaits],
    ):
        if len(set(names)) == len(names):
            return tuple(names)
    return gait_names(gaits)


def angles_alike(first: Motion, other: Motion) -> bool:
    """Whether joint angles of two motions were measured in the same way, so that degrees can be compared.

    Markers and cameras, and one camera and several, differ in the zero of their angles by more than most
    changes: by up to 15 degrees at the ankle.
    """
    return measured_kind(first) == measured_kind(other)


def measured_kind(motion: Motion) -> tuple[str, bool]:
    return motion.marker_set, motion.sagittal_only


def comparison_findings(captures: Sequence[Capture], gaits: Sequence[CapturedGait]) -> tuple[Finding, ...]:
    """Worst first; none where the recordings can be compared as they are."""
    found = (
        _few_strides(gaits),
        _measured_differently(captures),
        _belt(captures),
        _walking_aid(captures),
        _speeds(gaits),
        _not_stated(gaits),
    )
    return worst_first(tuple(finding for finding in found if finding is not None))


def _few_strides(gaits: Sequence[CapturedGait]) -> Finding | None:
    fewest = min(min(gait.strides) for gait in gaits)
    if fewest >= ENOUGH_STRIDES:
        return None
    gait = next(gait for gait in gaits if min(gait.strides) == fewest)
    which = f"Visit {gait.visit_number} ({gait.condition.words})"
    if fewest < LEAST_STRIDES:
        words = "Without two strides of a leg its spread is unknown, and its change is not judged."
        severity = Severity.WARNING
    else:
        by_chance = round(100 * chance_of_false_change(fewest))
        words = (
            f"With {fewest} strides of a leg {by_chance} in 100 unchanged numbers seem changed, instead of 5."
        )
        severity = Severity.WARNING if fewest < 4 else Severity.NOTE
    left, right = gait.strides
    what = f"{which} has few strides: {left} left and {right} right."
    step = f"Record {ENOUGH_STRIDES} strides or more of each leg: let the patient walk past several times."
    return Finding(severity, Advice(what, words, step, "VIS-004"))


def _measured_differently(captures: Sequence[Capture]) -> Finding | None:
    first = captures[0].motion
    if all(angles_alike(first, capture.motion) for capture in captures):
        return None
    ways = ", ".join(dict.fromkeys(measured_how(capture.motion) for capture in captures))
    return Finding(
        Severity.WARNING,
        Advice(
            f"The recordings were measured in different ways: {ways}.",
            "Their angles differ by some degrees for that reason alone, at the ankle by up to 15°: changes "
            "of angles are shown, and not judged.",
            "Compare recordings that were made in the same way.",
            "VIS-005",
        ),
    )


def _belt(captures: Sequence[Capture]) -> Finding | None:
    on_belt = {capture.motion.belt_speed_m_s is not None for capture in captures}
    if len(on_belt) == 1:
        return None
    return Finding(
        Severity.WARNING,
        Advice(
            "Some recordings were made on a treadmill, some over ground.",
            "People walk differently on a treadmill; its belt gives the speed.",
            "Compare recordings of the same kind, or read the differences with that in mind.",
            "VIS-006",
        ),
    )


def _walking_aid(captures: Sequence[Capture]) -> Finding | None:
    told = [capture for capture in captures if capture.notes.walking_aid is not None]
    if len({capture.notes.walking_aid for capture in told}) < 2:
        return None
    words = {c.visit_number: c.notes.facts[0] for c in told}
    which = ", ".join(f"visit {number} {aid}" for number, aid in words.items())
    return Finding(
        Severity.WARNING,
        Advice(
            "The patient did not use the same walking aid at all visits.",
            f"An aid changes speed and steps by itself: {which}.",
            "Read the differences with that in mind, or record with the same aid.",
            "VIS-011",
        ),
    )


def _speeds(gaits: Sequence[CapturedGait]) -> Finding | None:
    speeds = [one.value for gait in gaits if (one := gait.find(GaitQuantity.SPEED)) is not None and one.known]
    if not speeds or min(speeds) <= 0.0 or max(speeds) / min(speeds) <= 1.0 + SPEED_MATTERS:
        return None
    return Finding(
        Severity.NOTE,
        Advice(
            f"The speeds differ: {min(speeds):.2f} to {max(speeds):.2f} m/s.",
            "Ranges of motion and step lengths grow with speed alone.",
            "To see what else changed, record at the same speed.",
            "VIS-007",
        ),
    )


def _not_stated(gaits: Sequence[CapturedGait]) -> Finding | None:
    unknown = [gait for gait in gaits if gait.condition is Condition.NOT_STATED]
    if not unknown:
        return None
    which = ", ".join(dict.fromkeys(f"visit {gait.visit_number}" for gait in unknown))
    return Finding(
        Severity.NOTE,
        Advice(
            f"With which exo the patient walked was not stated ({which}).",
            "Nobody said it when the walk was recorded, or the recording is from an earlier version.",
            "Choose it beside the recording on the Visits page.",
            "VIS-008",
        ),
    )
