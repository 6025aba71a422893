"""Job `edit_events`: the motion with gait events as a person left them, as a record of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.domain.body import Side
from core.domain.gait_events import EventEdit, EventKind, MarkedEvent
from core.domain.motion import Motion
from core.domain.record import RecordKind, Verdict
from core.errors import UserError, refuse
from core.gait.event_edits import edit_words
from core.jobs.values import JobContext, Params
from core.motion.edited_events import with_edit
from core.session.flow import Step
from core.session.sides import sides_confirmation
from core.store.repository import Store, open_store
from core.tasks.by_account import by_account
from core.tasks.solve_motion import motion_summary


def run(params: Params, context: JobContext) -> str:
    """Params: motion_id, by, events; returns the id of the edited MOTION; refuses MOT-110 to -119.

    `events` are all that differ from the automatic ones, each with side, kind, automatic_s (null: added),
    time_s (null: removed) and left_out (why the stride that begins there does not count); none: back to the
    automatic ones. The new record refers to the motion that was solved and to all that it was made from, so
    what was made of either before is out of date.
    """
    params = by_account(params, context)
    motion_id, by = str(params["motion_id"]), str(params.get("by", ""))
    events = _events(params.get("events", []))
    with open_store(context.spec.data_dir) as store:
        context.progress(0.0, "Reading the motion")
        info = store.info(motion_id)
        automatic_id = solved_motion(store, motion_id)
        before, automatic = store.load(motion_id, Motion), store.load(automatic_id, Motion)
        edit = EventEdit(by.strip(), datetime.now(UTC).isoformat(timespec="seconds"), events)
        height_m = store.subject_of(info.visit_id).height_m
        context.progress(0.2, "Cutting the walk at the changed events")
        motion = with_edit(automatic, edit, height_m=height_m, before=before)
        context.check_cancelled()
        inputs = [automatic_id, *(name for name, _ in store.info(automatic_id).provenance.inputs)]
        edited_id = store.save(
            RecordKind.MOTION,
            motion,
            visit_id=info.visit_id,
            inputs=tuple(inputs),
            summary=f"{motion_summary(motion)}; {_summary(edit)}",
            operator=context.spec.operator,
            settings=json.loads(store.info(automatic_id).provenance.settings or "{}"),
        )
        _carry_sides(store, info.visit_id, motion_id, edited_id)
        return edited_id


def solved_motion(store: Store, motion_id: str) -> str:
    """The motion as it was solved, of one that a person edited; else itself."""
    for input_id, _digest in store.info(motion_id).provenance.inputs:
        if store.info(input_id).kind is RecordKind.MOTION:
            return input_id
    return motion_id


def _carry_sides(store: Store, visit_id: str, motion_id: str, edited_id: str) -> None:
    """Who confirmed left and right of the motion confirmed them of the same motion with other events."""
    said = sides_confirmation(store.decisions(visit_id), motion_id)
    if said is not None:
        store.decide(
            visit_id,
            Step.MOTION,
            Verdict.SIDES_CONFIRMED,
            record_id=edited_id,
            by=said.by,
            reason=f"{said.reason}; said before events were changed",
        )


def _summary(edit: EventEdit) -> str:
    if not edit.events:
        return f"automatic events again, by {edit.by}"
    return f"events changed by {edit.by}: {edit_words(edit.events)}"


def _events(given: Any) -> tuple[MarkedEvent, ...]:
    """Refuses MOT-119 what is no list of events."""
    try:
        return tuple(_event(one) for one in given)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable() from error


def _event(given: Mapping[str, Any]) -> MarkedEvent:
    automatic_s, time_s = (None if given[name] is None else float(given[name]) for name in _TIMES)
    if automatic_s is None and time_s is None:
        raise _unreadable()
    reason = str(given.get("left_out", ""))
    return MarkedEvent(Side(given["side"]), EventKind(given["kind"]), automatic_s, time_s, reason)


_TIMES = ("automatic_s", "time_s")


def _unreadable() -> UserError:
    return refuse(
        "MOT-119",
        "The changed events cannot be read.",
        "Each needs side (left or right), kind (heel strike or toe-off), automatic_s and time_s in seconds.",
        "Give automatic_s null for an added event, and time_s null for a removed one.",
    )
