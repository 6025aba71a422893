"""What a person can do on the Motion page beside accepting, and what its findings offer."""

from __future__ import annotations

from core.domain.clock import SLOW_MOTION_STATED
from core.domain.motion import Motion
from ui.presenters.motion_questions import in_doubt

SWAP_SIDES = ("swap", "Swap left and right")
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
    return (SWAP_SIDES, AGAIN if earlier else SLOW)  # and can be told slow; a third button has no room
