"""A motion with the gait events of a person: strides, cycles, measures and findings made anew from them."""

from __future__ import annotations

from dataclasses import replace

from core.domain.findings import Finding, Severity, worst_first
from core.domain.gait_events import EventEdit, MarkedEvent
from core.domain.motion import EVENTS_EDITED, Motion
from core.errors import UserError, refuse
from core.gait.cycles import cut_cycles
from core.gait.event_edits import (
    edit_words,
    edited_ways,
    impossible,
    marked_events,
    stride_that_begins,
    unknown_events,
)
from core.gait.measures import spatiotemporal_over
from core.gait.reference import gait_reference, whole_body_seen
from core.gait.strides import WalkedStrides
from core.motion.findings import STRIDE_FINDINGS, stride_findings
from core.motion.marker_findings import TRIAL_STRIDE_FINDINGS, trial_stride_findings
from core.motion.trial_findings import note


def with_edit(automatic: Motion, edit: EventEdit, *, height_m: float, before: Motion | None = None) -> Motion:
    """The motion with the edit; `automatic` is the one that was solved, `before` the edited one until now.

    Refuses MOT-110 to -112 what no walk can show, -113 without a name, -114 a stride left out without a
    reason, -115 where no stride would be left, -116 a motion of an earlier version, -118 an event that the
    motion has not.
    """
    history = (*(before or automatic).edits, edit)
    if not edit.by.strip():
        raise refuse(
            "MOT-113",
            "The events were not changed.",
            "Whoever changes gait events stands for it by name.",
            "Write your name beside the change, then apply it.",
        )
    if not edit.events:
        return replace(automatic, edits=history)
    _refuse_unfit(automatic, edit)
    walked = edited_ways(automatic.ways, marked_events(automatic.ways, edit.events))
    return _with_strides(automatic, walked, edit, history, height_m)


def _refuse_unfit(automatic: Motion, edit: EventEdit) -> None:
    if not automatic.ways:
        raise refuse(
            "MOT-116",
            "The events of this motion cannot be changed.",
            "It shows no walk, or an earlier version solved it and did not keep the feet's paths.",
            "Solve a recorded walk again on the Motion page; then its events can be changed.",
        )
    unknown = unknown_events(automatic.ways, edit.events)
    if unknown:
        raise refuse(
            "MOT-118",
            f"This motion has no {unknown[0].words()}.",
            "The change belongs to another motion, or to one that was solved again.",
            "Change the events as the Motion page shows them.",
        )
    events = marked_events(automatic.ways, edit.events)
    advice = impossible(automatic.ways, events)
    if advice is not None:
        raise UserError(advice)
    for event in (event for event in events if event.left_out):
        begins = stride_that_begins(automatic.ways, events, event) is not None
        if not (begins and event.left_out.strip()):
            raise _not_left_out(event)


def _not_left_out(event: MarkedEvent) -> UserError:
    return refuse(
        "MOT-114",
        f"The stride at the {event.words()} was not left out.",
        "No complete stride begins there, or no reason was given that can be read later.",
        "Choose the heel strike that a complete stride begins with, and write the reason.",
    )


def _with_strides(
    automatic: Motion,
    walked: tuple[WalkedStrides, ...],
    edit: EventEdit,
    history: tuple[EventEdit, ...],
    height_m: float,
) -> Motion:
    strides = tuple(stride for way in walked for stride in way.strides)
    kinematics = automatic.kinematics
    if not whole_body_seen(kinematics.time_s, kinematics.angle_rad, strides):
        raise refuse(
            "MOT-115",
            "No complete stride would be left.",
            "At least one stride from heel strike to heel strike, with both legs in view, has to count.",
            "Put some events back, or let more strides count.",
        )
    width_seen = not automatic.sagittal_only
    measures = spatiotemporal_over(walked, width_seen=width_seen)
    told = trial_stride_findings(strides) if automatic.marker_set else stride_findings(strides)
    kept = [f for f in automatic.findings if f.advice.code not in STRIDE_FINDINGS | TRIAL_STRIDE_FINDINGS]
    return replace(
        automatic,
        strides=strides,
        measures=measures,
        cycles=cut_cycles(kinematics.time_s, kinematics.angle_rad, strides),
        reference=gait_reference(
            kinematics.time_s,
            kinematics.angle_rad,
            strides,
            speed_m_s=measures.speed_m_s,
            height_m=height_m,
            sagittal_only=automatic.sagittal_only,
        ),
        findings=worst_first((*kept, *told, edit_finding(edit))),
        edits=history,
    )


def edit_finding(edit: EventEdit) -> Finding:
    """Who changed what, for everybody who reads a result of this motion."""
    reasons = list(dict.fromkeys(event.left_out for event in edit.events if event.left_out))
    why = f"Strides were left out because: {'; '.join(reasons)}." if reasons else "No stride was left out."
    return note(
        Severity.NOTE,
        EVENTS_EDITED,
        f"{edit.by} changed gait events on {edit.on_utc[:10]}: {edit_words(edit.events)}.",
        why,
        "Nothing to do; the automatic events are kept beside, and hold when the motion is solved again.",
    )
