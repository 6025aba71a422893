"""Gait events for the tab of Motion: the draft of a person's changes, what is wrong with it, the job."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.gait_events import EventEdit, MarkedEvent, WayWalked
from core.domain.motion import Motion, stride_words
from core.gait.event_edits import (
    Marked,
    added,
    as_found,
    edit_words,
    edited_ways,
    impossible,
    left_out,
    marked_events,
    moved,
    removed,
    stride_that_begins,
    touched_events,
)
from core.jobs.values import JsonValue
from ui.pages.gait_events import EventsPanel, EventsState
from ui.plots.event_course import EventCourse
from ui.presenters.base import StepPresenter

JOB = "edit_events"
_NOT_HERE = "The events of this motion cannot be changed here."
_EARLIER = "An earlier version solved it and did not keep the feet's paths: solve again, then they can be."
_NO_WALK = "No walk was seen in it."


class EventsPresenter:
    """Fills the tab for the presenter of the page that it stands on."""

    def __init__(self, panel: EventsPanel, owner: StepPresenter) -> None:
        self._panel, self._owner = panel, owner
        self._motion_id = ""
        self._motion: Motion | None = None
        self._before: Marked = ()  # of the motion on show
        self._events: Marked = ()
        self._chosen: MarkedEvent | None = None
        self._courses = lru_cache(maxsize=1)(_paths_over_time)
        panel.chosen.connect(self._choose)
        panel.moved.connect(lambda event, time_s: self._draft(*moved(self._events, event, time_s)))
        panel.removed.connect(lambda event: self._draft(removed(self._events, event), None))
        panel.put_back.connect(lambda event: self._draft(*as_found(self._events, event)))
        panel.added.connect(lambda side, kind, time_s: self._draft(*added(self._events, side, kind, time_s)))
        panel.left_out.connect(lambda event, reason: self._draft(*left_out(self._events, event, reason)))
        panel.applied.connect(
            lambda name: owner.attempt(lambda: self._submit(name, touched_events(self._events)))
        )
        panel.automatic_again.connect(lambda name: owner.attempt(lambda: self._submit(name, ())))
        panel.discarded.connect(lambda: self._draft(self._before, None))

    def show(self, motion_id: str, motion: Motion) -> None:
        """A draft stays while the same motion is on show."""
        if motion_id != self._motion_id:
            self._motion_id, self._motion, self._chosen = motion_id, motion, None
            edit = motion.edits[-1].events if motion.edits else ()
            self._before = self._events = marked_events(motion.ways, edit)
        self._render()

    def _choose(self, event: MarkedEvent) -> None:
        self._chosen = event
        self._render()
        time_s = event.automatic_s if event.time_s is None else event.time_s
        if time_s is not None:
            self._panel.time_chosen.emit(time_s)

    def _draft(self, events: Marked, chosen: MarkedEvent | None) -> None:
        self._events, self._chosen = events, chosen
        self._render()

    def _submit(self, name: str, events: Marked) -> None:
        given: list[JsonValue] = [_as_json(event) for event in events]
        self._owner.submit(JOB, motion_id=self._motion_id, by=name, events=given)

    def _render(self) -> None:
        motion = self._motion
        if motion is None:
            return
        if not motion.ways:
            self._panel.render_state(EventsState(_NOT_HERE, _NO_WALK if motion.without_walk else _EARLIER))
            return
        self._panel.render_state(self._state(motion))

    def _state(self, motion: Motion) -> EventsState:
        walked = edited_ways(motion.ways, self._events)
        out = {side: [s for way in walked for s in way.left_out if s.side is side] for side in SIDES}
        counted = [sum(s.side is side for way in walked for s in way.strides) for side in SIDES]
        advice = impossible(motion.ways, self._events)
        touched, chosen = touched_events(self._events), self._chosen
        begins = chosen is not None and stride_that_begins(motion.ways, self._events, chosen) is not None
        return EventsState(
            courses=tuple(
                EventCourse(
                    side,
                    *self._courses(motion.ways, side),
                    tuple(event for event in self._events if event.side is side),
                    tuple((stride.start_s, stride.end_s) for stride in out[side]),
                    chosen,
                )
                for side in SIDES
            ),
            span_s=(motion.ways[0].span_s[0], motion.ways[-1].span_s[1]),
            chosen=chosen,
            chosen_words=_chosen_words(chosen),
            begins_stride=begins,
            words=f"{_first_upper(edit_words(touched)) or 'Nothing differs from the automatic events'}. "
            f"{stride_words(*counted)} count.",
            problem="" if advice is None else f"{advice.what} {advice.next_step}",
            changed=touched != touched_events(self._before),
            edited=motion.edited,
            history=" ".join(map(history_words, motion.edits)),
            busy=self._owner.running_job() is not None,
        )


def _paths_over_time(ways: tuple[WayWalked, ...], side: Side) -> tuple[FloatArray, FloatArray]:
    """Time (T,) and centimetres before the pelvis (T,), with a gap between ways."""
    time_s = [np.append(way.paths.time_s, way.span_s[1]) for way in ways]
    ahead = [np.append(100.0 * way.ahead_m(side), np.nan) for way in ways]
    return np.concatenate(time_s), np.concatenate(ahead)


def _chosen_words(event: MarkedEvent | None) -> str:
    if event is None:
        return "No event is chosen"
    name = f"{event.side.suffix.upper()} {event.kind.value}"
    return f"{name}, removed" if event.time_s is None else name


def history_words(edit: EventEdit) -> str:
    """Who changed what, when."""
    what = edit_words(edit.events) or "back to the automatic events"
    return f"{edit.by}, {edit.on_utc[:10]}: {what}."


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _as_json(event: MarkedEvent) -> dict[str, JsonValue]:
    return {
        "side": event.side.value,
        "kind": event.kind.value,
        "automatic_s": event.automatic_s,
        "time_s": event.time_s,
        "left_out": event.left_out,
    }
