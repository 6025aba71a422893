"""Findings that stop a motion: what stands, a person's decision to go on all the same, and the refusal.

What needs an answer cannot be overridden (which leg is the left one, how fast the film plays), nor can a
recording without a gait cycle (nobody walks, or backwards).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.domain.clock import SLOW_MOTION_EVIDENT
from core.domain.findings import Finding, Severity, worst_first
from core.domain.motion import BACKWARDS, NO_STRIDE, NO_WALK, Motion
from core.domain.people import Action
from core.domain.record import Decision, Verdict
from core.domain.sides_doubt import SIDES_IN_DOUBT
from core.errors import Advice, UserError, refuse
from core.session.flow import Step
from core.session.sides import refuse_doubtful_sides, sides_confirmation, with_sides_finding
from core.store.repository import Store

OVERRIDDEN_STOPS = "MOT-061"
NEVER_OVERRIDDEN = frozenset({SIDES_IN_DOUBT, BACKWARDS, NO_WALK, NO_STRIDE, SLOW_MOTION_EVIDENT})
_WITHOUT_WALK = frozenset({BACKWARDS, NO_WALK, NO_STRIDE})


def stops_override(decisions: Iterable[Decision], motion_id: str) -> Decision | None:
    """The newest decision of a person to go on with this motion in spite of what stops it."""
    found = [d for d in decisions if d.verdict is Verdict.OVERRIDDEN and d.record_id == motion_id]
    return found[-1] if found else None


def overridable(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that stop and that a person may override by name: none where nobody walks forward."""
    stops = [f for f in findings if f.severity is Severity.STOP]
    if any(f.advice.code in _WITHOUT_WALK for f in stops):
        return ()
    return tuple(f for f in stops if f.advice.code not in NEVER_OVERRIDDEN)


def present_motion(motion: Motion, decisions: Iterable[Decision], motion_id: str) -> Motion:
    """The motion with its findings as they stand after the decisions of people."""
    decisions = tuple(decisions)
    motion = with_sides_finding(motion, sides_confirmation(decisions, motion_id))
    override, stops = stops_override(decisions, motion_id), overridable(motion.findings)
    if override is None or not stops:
        return motion
    rest = [finding for finding in motion.findings if finding not in stops]
    kept = [replace(finding, severity=Severity.WARNING) for finding in stops]
    return replace(motion, findings=worst_first((_overridden(override, len(stops)), *kept, *rest)))


def override_stops(store: Store, motion_id: str, *, by: str, role: str) -> None:
    """Store that a person goes on with this motion in spite of what stops it.

    Refuses MOT-062 without a name and a role, MOT-063 where nothing of that kind stops it, and PPL-003
    without a signature where people have accounts.
    """
    by, role = store.people.named(Action.ACCEPT_STOP, by, role, motion_id)
    if not (by and role):
        raise refuse(
            "MOT-062",
            "The motion was not accepted in spite of its findings.",
            "Whoever goes on in spite of a finding that stops stands for it by name and role.",
            "Give name and role.",
        )
    stops = overridable(store.load(motion_id, Motion).findings)
    if not stops:
        raise refuse(
            "MOT-063",
            "There is nothing to override.",
            "No finding stops this motion, or only one that needs an answer or another recording.",
            "See the findings on the Motion page: answer the question there, or record again.",
        )
    codes = ", ".join(finding.advice.code for finding in stops)
    visit_id = store.info(motion_id).visit_id
    reason = f"in spite of {codes}"
    store.decide(
        visit_id,
        Step.MOTION,
        Verdict.OVERRIDDEN,
        record_id=motion_id,
        by=by,
        role=role,
        reason=reason,
    )


def refuse_stopped_motion(store: Store, motion_id: str) -> None:
    """Refuses a motion without a walk or stopped by a finding nobody overrode (MOT-064), or in doubt of its
    sides (MOT-034).
    """
    info, motion = store.info(motion_id), store.load(motion_id, Motion)
    if motion.without_walk:
        raise _without_walk(motion)
    refuse_doubtful_sides(store, motion_id)
    findings = present_motion(motion, store.decisions(info.visit_id), motion_id).findings
    standing = [finding for finding in findings if finding.severity is Severity.STOP]
    if standing:
        first = standing[0].advice
        all_the_same = " Or go on all the same, by name and role, on the Motion page."
        raise refuse(
            "MOT-064",
            f"This motion cannot be used yet ({first.code}): {first.what}",
            first.why,
            first.next_step + (all_the_same if overridable(standing[:1]) else ""),
        )


def _without_walk(motion: Motion) -> UserError:
    told = next(f.advice for f in motion.findings if f.advice.code in _WITHOUT_WALK)
    return refuse(
        "MOT-064", f"This motion cannot be used ({told.code}): {told.what}", told.why, told.next_step
    )


def _overridden(decision: Decision, count: int) -> Finding:
    return Finding(
        Severity.WARNING,
        Advice(
            f"{decision.by}, {decision.role}, goes on in spite of "
            f"{'a finding that stops' if count == 1 else f'{count} findings that stop'}.",
            f"Decided on {decision.on_utc:%Y-%m-%d}, {decision.reason}.",
            "Nothing to do; it is in the record and in the report.",
            OVERRIDDEN_STOPS,
        ),
    )
