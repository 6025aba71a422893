"""Who answered when left and right of a motion were in doubt, and what holds until somebody has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.domain.findings import Finding, worst_first
from core.domain.motion import Motion
from core.domain.record import Decision, Verdict
from core.domain.sides_doubt import SIDES_IN_DOUBT, doubt_of_sides, sides_told
from core.errors import refuse
from core.store.repository import Store

_MIXED_UP = "MOT-020"  # what earlier versions said of the same: "put back"


def sides_confirmation(decisions: Iterable[Decision], motion_id: str) -> Decision | None:
    """The decision of a person who looked: left and right of this motion are right as shown."""
    found = [d for d in decisions if d.verdict is Verdict.SIDES_CONFIRMED and d.record_id == motion_id]
    return found[-1] if found else None


def as_told(motion: Motion, confirmation: Decision | None) -> Motion:
    """The motion with the finding on sides as it stands today: still open, or settled by whom."""
    if not motion.sides_in_doubt:
        return motion
    rest = [f for f in motion.findings if f.advice.code not in (SIDES_IN_DOUBT, _MIXED_UP)]
    asked = next((f for f in motion.findings if f.advice.code == SIDES_IN_DOUBT), None)
    now: Finding = asked or doubt_of_sides(motion.swapped_fraction, can_be_shown=bool(motion.leg_exchanges))
    if confirmation is not None:
        now = sides_told(confirmation.by, "Left and right are right as shown on the Motion page.")
    return replace(motion, findings=worst_first((*rest, now)))


def refuse_doubtful_sides(store: Store, motion_id: str) -> None:
    """Nothing is taught from a motion whose legs may be the wrong way round. Refuses MOT-034."""
    if not store.load(motion_id, Motion).sides_in_doubt:
        return
    if sides_confirmation(store.decisions(store.info(motion_id).visit_id), motion_id) is None:
        raise refuse(
            "MOT-034",
            "This motion cannot be used yet.",
            "Nobody has said which of its legs is the left one.",
            "Answer the question on the Motion page, then start this again.",
        )
