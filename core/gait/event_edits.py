"""Gait events as a person edits them: moved, added, removed, strides left out; what cannot be is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from core.domain.body import SIDES, Side
from core.domain.gait_events import EventKind, GaitEvents, MarkedEvent, WayWalked
from core.domain.motion import Stride
from core.errors import Advice
from core.gait.strides import LONGEST_STRIDE_S, SHORTEST_STRIDE_S, WalkedStrides, strides_in_turns

SAME_S = 1e-6  # two times nearer to each other are one: they only passed through a file
Marked = tuple[MarkedEvent, ...]


def marked_events(ways: Sequence[WayWalked], touched: Iterable[MarkedEvent] = ()) -> Marked:
    """All events of a motion by time; `touched` are those that a person left otherwise than found."""
    by_place = {_place(event): event for event in touched if event.automatic_s is not None}
    added = [event for event in touched if event.automatic_s is None]
    found = [
        MarkedEvent(events.side, kind, float(time_s), float(time_s))
        for way in ways
        for events in way.events
        for kind in EventKind
        for time_s in events.times_s(kind)
    ]
    return _in_order([*(by_place.get(_place(event), event) for event in found), *added])


def unknown_events(ways: Sequence[WayWalked], touched: Iterable[MarkedEvent]) -> Marked:
    """Those that say they were found automatically where nothing was."""
    known = {_place(event) for event in marked_events(ways)}
    return tuple(event for event in touched if event.automatic_s is not None and _place(event) not in known)


def _place(event: MarkedEvent) -> tuple[Side, EventKind, int]:
    return event.side, event.kind, round((event.automatic_s or 0.0) / SAME_S)


def _in_order(events: Iterable[MarkedEvent]) -> Marked:
    """By the time that holds, those removed at their old place."""
    return tuple(sorted(events, key=_shown_s))


def _shown_s(event: MarkedEvent) -> float:
    return (event.automatic_s or 0.0) if event.time_s is None else event.time_s


def touched_events(events: Marked) -> Marked:
    """Those that differ from what was found: what is kept on record. One added and removed is forgotten."""
    return tuple(e for e in events if e.touched and not (e.automatic_s is None and e.time_s is None))


# What a person does -------------------------------------------------------------------------------


def moved(events: Marked, event: MarkedEvent, time_s: float) -> tuple[Marked, MarkedEvent]:
    return _with(events, event, replace(event, time_s=time_s))


def removed(events: Marked, event: MarkedEvent) -> Marked:
    """An event that a person had added is gone; one that was found stays as removed, beside."""
    rest = tuple(other for other in events if other is not event)
    return rest if event.automatic_s is None else _in_order([*rest, replace(event, time_s=None, left_out="")])


def as_found(events: Marked, event: MarkedEvent) -> tuple[Marked, MarkedEvent]:
    """Where it was found; its stride counts as before."""
    return _with(events, event, replace(event, time_s=event.automatic_s, left_out=""))


def added(events: Marked, side: Side, kind: EventKind, time_s: float) -> tuple[Marked, MarkedEvent]:
    new = MarkedEvent(side, kind, None, time_s)
    return _in_order([*events, new]), new


def left_out(events: Marked, strike: MarkedEvent, reason: str) -> tuple[Marked, MarkedEvent]:
    """The stride that begins with this heel strike does not count; without a reason it counts again."""
    return _with(events, strike, replace(strike, left_out=reason))


def _with(events: Marked, old: MarkedEvent, new: MarkedEvent) -> tuple[Marked, MarkedEvent]:
    return _in_order([new, *(other for other in events if other is not old)]), new


def edit_words(events: Marked) -> str:
    """ "2 moved, 1 added, 1 stride left out"; empty where nothing differs."""
    counts = (
        (sum(e.changed and e.automatic_s is not None and e.time_s is not None for e in events), "moved"),
        (sum(e.automatic_s is None for e in events), "added"),
        (sum(e.time_s is None for e in events), "removed"),
    )
    words = [f"{number} {what}" for number, what in counts if number]
    out = sum(bool(event.left_out) for event in events)
    if out:
        words.append(f"{out} stride{'' if out == 1 else 's'} left out")
    return ", ".join(words)


# What comes of it ---------------------------------------------------------------------------------


def edited_ways(ways: Sequence[WayWalked], events: Marked) -> tuple[WalkedStrides, ...]:
    """The ways with a person's events, the strides that count and those that were left out.

    A stride in which something was moved or added counts as a person made it; the others must keep the rhythm
    of the walk, as strides that are found automatically.
    """
    return tuple(_edited_way(way, [e for e in events if _is_on(way, e)]) for way in ways)


def _is_on(way: WayWalked, event: MarkedEvent) -> bool:
    first_s, last_s = way.span_s
    return event.time_s is not None and first_s <= event.time_s <= last_s


def _edited_way(way: WayWalked, events: Sequence[MarkedEvent]) -> WalkedStrides:
    def times(side: Side, kind: EventKind) -> list[float]:
        return [e.time_s for e in events if (e.side, e.kind) == (side, kind) and e.time_s is not None]

    left, right = (
        GaitEvents(
            side, np.array(times(side, EventKind.HEEL_STRIKE)), np.array(times(side, EventKind.TOE_OFF))
        )
        for side in SIDES
    )
    in_rhythm = {*strides_in_turns((left, right)), *strides_in_turns(way.events)}
    counted, out = [], []
    for first, middle, last in _strides(events):
        stride = _stride(first, middle, last)
        if first.left_out:
            out.append(stride)
        elif stride in in_rhythm or first.changed or middle.changed or last.changed:
            counted.append(stride)
    counted.sort(key=lambda stride: stride.start_s)
    return WalkedStrides(WayWalked(way.paths, (left, right)), tuple(counted), tuple(out))


def _strides(events: Iterable[MarkedEvent]) -> list[tuple[MarkedEvent, MarkedEvent, MarkedEvent]]:
    """Heel strike, toe-off and heel strike that follow each other on one side of one way."""
    kinds = (EventKind.HEEL_STRIKE, EventKind.TOE_OFF, EventKind.HEEL_STRIKE)
    found = []
    for side in SIDES:
        own = [event for event in events if event.side is side and event.time_s is not None]
        triples = zip(own, own[1:], own[2:], strict=False)
        found += [three for three in triples if tuple(event.kind for event in three) == kinds]
    return found


def _stride(first: MarkedEvent, middle: MarkedEvent, last: MarkedEvent) -> Stride:
    assert first.time_s is not None and middle.time_s is not None and last.time_s is not None
    return Stride(first.side, first.time_s, middle.time_s, last.time_s)


def stride_that_begins(ways: Sequence[WayWalked], events: Marked, strike: MarkedEvent) -> Stride | None:
    """The stride that begins with a heel strike, whether it counts or not; None where none does."""
    for way in ways:
        on_way = [event for event in events if _is_on(way, event)]
        for three in _strides(on_way):
            if three[0] is strike:
                return _stride(*three)
    return None


# What cannot be -----------------------------------------------------------------------------------


def impossible(ways: Sequence[WayWalked], events: Marked) -> Advice | None:
    """The first thing that a person changed and that no walk can show; None where all is possible.

    What was found automatically and not touched is not judged here: the strides leave out what does not fit.
    """
    for event in events:
        if event.time_s is not None and event.changed and not any(_is_on(way, event) for way in ways):
            return _outside(event, ways)
    for way in ways:
        for side in SIDES:
            own = [event for event in events if event.side is side and _is_on(way, event)]
            advice = _out_of_order(own) or _no_stride_long(own)
            if advice is not None:
                return advice
    return None


def _outside(event: MarkedEvent, ways: Sequence[WayWalked]) -> Advice:
    spans = " and ".join(f"{first_s:.2f} to {last_s:.2f} s" for first_s, last_s in (w.span_s for w in ways))
    return Advice(
        f"The {event.words()} lies outside the walk.",
        f"The feet were followed from {spans}.",
        "Choose a time in the walk, or remove the event.",
        "MOT-111",
    )


def _out_of_order(own: Sequence[MarkedEvent]) -> Advice | None:
    for first, second in pairwise(own):
        if not (first.changed or second.changed):
            continue
        if first.kind is second.kind:
            missing = next(kind for kind in EventKind if kind is not first.kind)
            return Advice(
                f"No {missing.value} stands between the {first.words()} and that at {second.time_s:.2f} s.",
                "A foot leaves the ground before it lands again: heel strike and toe-off take turns.",
                f"Move the event back, add the {missing.value}, or remove one of the two.",
                "MOT-110",
            )
        if second.time_s == first.time_s:
            return Advice(
                f"The {first.words()} and the {second.kind.value} are at the same time.",
                "A foot lands before it leaves the ground.",
                "Move one of the two.",
                "MOT-110",
            )
    return None


def _no_stride_long(own: Sequence[MarkedEvent]) -> Advice | None:
    """Of two landings with a toe-off between them, one of the three changed."""
    for three in _strides(own):
        stride = _stride(*three)
        lasts_s = stride.end_s - stride.start_s
        if any(e.changed for e in three) and not SHORTEST_STRIDE_S <= lasts_s <= LONGEST_STRIDE_S:
            return Advice(
                f"The {stride.side.value} stride at {stride.start_s:.2f} s would last {lasts_s:.2f} s.",
                f"A stride lasts {SHORTEST_STRIDE_S:g} to {LONGEST_STRIDE_S:g} s.",
                "Move the heel strikes apart or nearer, or remove the one that is none.",
                "MOT-112",
            )
    return None
