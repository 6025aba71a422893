"""What a person has to answer before a motion is accepted, and what stops it otherwise."""

from __future__ import annotations

from dataclasses import replace

from core.domain.clock import SLOW_MOTION_EVIDENT, SLOW_MOTION_STATED
from core.domain.findings import Severity
from core.domain.gait_events import EventEdit
from core.domain.motion import Motion
from core.domain.sides_doubt import SIDES_IN_DOUBT
from core.errors import UserError, refuse
from core.session.stops import overridable
from ui.recording_view import RecordingView
from ui.sides_pictures import SidesPictures, sides_pictures

_ASK_FIRST = "Say below which leg is the left one."
_CLOCK_FIRST = "Say below how fast the film was recorded."
_SOLVE_FIRST = "Solve the motion again: it does not say which leg is the left one."
_MEND_FIRST = (
    "Mend what is marked below first, most often by recording again; or go on all the same, by name and role."
)
_RECORD_A_WALK = "There is no walk to go on with: record one of at least four steps. The angles are kept."
_BY_NAME = "Name and role of whoever goes on all the same are kept and printed in the report."


def in_doubt(motion: Motion) -> bool:
    """Whether left and right are still unconfirmed; `motion` holds the answers given so far."""
    return any(finding.advice.code == SIDES_IN_DOUBT for finding in motion.findings)


def override_words(motion: Motion) -> str:
    """What would be overridden, where the findings may lie below the window's edge; empty: nothing can."""
    stops = overridable(motion.findings)
    return " ".join((*(finding.advice.what for finding in stops), _BY_NAME)) if stops else ""


def question_words(motion: Motion) -> str:
    """Why a person has to look; empty when there is nothing to answer, or nothing to look at."""
    if not in_doubt(motion) or not motion.leg_exchanges:
        return ""
    return "Watch the video: the leg drawn in red counts as the patient's left one, the blue one as right."


def question_pictures(motion: Motion, clip: RecordingView | None) -> SidesPictures | None:
    """The pictures to the question; which leg is nearer is told only by a depth that fits the picture."""
    pictures, evidence = sides_pictures(clip), motion.side_evidence
    if pictures is not None and evidence is not None and not evidence.depth_fits:
        return replace(pictures, nearer=None)
    return pictures


def why_not_accept(motion: Motion) -> str:
    """What must be done before this motion can be accepted."""
    if question_words(motion):
        return _ASK_FIRST
    if any(finding.advice.code == SLOW_MOTION_EVIDENT for finding in motion.findings):
        return _CLOCK_FIRST
    if motion.without_walk:
        return _RECORD_A_WALK
    stopped = any(finding.severity is Severity.STOP for finding in motion.findings)
    if stopped and in_doubt(motion):
        return _SOLVE_FIRST
    return _MEND_FIRST if stopped else ""


SWAPPED = ("swap", "Swap left and right")
AGAIN = ("again", "Solve again")
SLOW = ("slow motion", "Slow motion…")

# Finding code -> (action, text of its button).
FINDING_ACTIONS: dict[str, tuple[str, str]] = {
    "MOT-011": ("capture", "Record again"),
    "MOT-020": ("swap", "Swap sides"),
    "MOT-023": ("capture", "Record again"),
    "MOT-025": ("capture", "Record again"),
    "MOT-026": ("capture", "Record again"),
    "MOT-028": ("capture", "Record again"),
    "MOT-029": ("capture", "Record again"),
    "MOT-060": ("capture", "Record again"),
    "MOT-065": ("capture", "Record again"),
    "MOT-066": ("capture", "Record again"),
    "MOT-071": ("capture", "Record a walk"),
    "MOT-072": ("capture", "Record a walk"),
    "MOT-075": ("capture", "Record a walk"),
    SLOW_MOTION_STATED: ("slow motion", "Correct the factor"),
}
FILM_ACTIONS = tuple((code, words) for code, (_key, words) in FINDING_ACTIONS.items())


def what_else(motion: Motion) -> tuple[tuple[str, str], ...]:
    """Beside accepting; a laboratory's labels tell the sides, and its clock is that of life."""
    if motion.marker_set:
        return (AGAIN,)
    if in_doubt(motion):
        return (AGAIN, SLOW)
    earlier = not motion.ways and not motion.without_walk  # solved again it has events that can be edited,
    return (SWAPPED, AGAIN if earlier else SLOW)  # and can be told slow; a third button has no room


def lost_edits(edit: EventEdit) -> UserError:
    """MOT-120: solving the motion again begins from the automatic events."""
    return refuse(
        "MOT-120",
        "The motion was not solved again yet.",
        f"{edit.by} changed its gait events by hand, and solving begins from the automatic ones.",
        "Press again to solve without these changes; the motion that holds them stays in the record.",
    )
