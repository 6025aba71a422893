"""Doubtful left and right sides of a motion: the person's confirmation, and the refusal without one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.domain.findings import Finding, worst_first
from core.domain.motion import Motion
from core.domain.record import Decision, Verdict
from core.domain.sides_doubt import SIDES_IN_DOUBT, doubt_of_sides, sides_settled
from core.errors import refuse
from core.store.repository import Store

_MIXED_UP = "MOT-020"  # the finding of earlier versions


def sides_confirmation(decisions: Iterable[Decision], motion_id: str) -> Decision | None:
    """The newest decision of a person that left and right of this motion are correct as shown."""
    found = [d for d in decisions if d.verdict is Verdict.SIDES_CONFIRMED and d.record_id == motion_id]
    return found[-1] if found else None


def with_sides_finding(motion: Motion, confirmation: Decision | None) -> Motion:
    """The motion with its present finding on sides: still in doubt, or settled by a named person."""
    if not motion.sides_in_doubt:
        return motion
    rest = [f for f in motion.findings if f.advice.code not in (SIDES_IN_DOUBT, _MIXED_UP)]
    stored = next((f for f in motion.findings if f.advice.code == SIDES_IN_DOUBT), None)
    present: Finding = stored or doubt_of_sides(
        motion.swapped_fraction, can_be_shown=bool(motion.leg_exchanges)
    )
    if confirmation is not None:
        present = sides_settled(confirmation.by, "Left and right are right as shown on the Motion page.")
    return replace(motion, findings=worst_first((*rest, present)))


def refuse_doubtful_sides(store: Store, motion_id: str) -> None:
    """Refuses (MOT-034) a motion whose left and right may be exchanged and were not confirmed."""
    if not store.load(motion_id, Motion).sides_in_doubt:
        return
    if sides_confirmation(store.decisions(store.info(motion_id).visit_id), motion_id) is None:
        raise refuse(
            "MOT-034",
            "This motion cannot be used yet.",
            "Nobody has said which of its legs is the left one.",
            "Answer the question on the Motion page, then start this again.",
        )
