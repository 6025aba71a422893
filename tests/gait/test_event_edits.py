"""Events moved, added and removed by hand: strides and measures follow, and what cannot be is refused."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.body import Side
from core.domain.gait_events import EventEdit, EventKind, MarkedEvent
from core.domain.motion import EVENTS_EDITED, Motion
from core.gait.event_edits import edit_words, marked_events, moved, removed, touched_events
from core.motion.edited_events import with_edit
from tests.gait.test_gait import PERIOD, STANCE, paths
from tests.gait.walking import HEIGHT_M, walking_motion
from tests.refusals import code_of
from tests.ui.samples import motion

ON = "2026-11-30T10:00:00+00:00"


@pytest.fixture(scope="module")
def walk() -> Motion:
    return walking_motion()


def edited(walk: Motion, *events: MarkedEvent, by: str = "A. Berger", before: Motion | None = None) -> Motion:
    return with_edit(walk, EventEdit(by, ON, events), height_m=HEIGHT_M, before=before)


def refusal(walk: Motion, *events: MarkedEvent, by: str = "A. Berger") -> str:
    return code_of(with_edit, walk, EventEdit(by, ON, events), height_m=HEIGHT_M)


def found(walk: Motion, side: Side, kind: EventKind, number: int) -> float:
    own = next(events for events in walk.ways[0].events if events.side is side)
    return float(own.times_s(kind)[number])


def shifted(walk: Motion, side: Side, kind: EventKind, number: int, by_s: float) -> MarkedEvent:
    time_s = found(walk, side, kind, number)
    return MarkedEvent(side, kind, time_s, time_s + by_s)


def without(walk: Motion, side: Side, kind: EventKind, number: int) -> MarkedEvent:
    return MarkedEvent(side, kind, found(walk, side, kind, number), None)


STRIKE, OFF = EventKind.HEEL_STRIKE, EventKind.TOE_OFF


def test_a_moved_heel_strike_moves_the_end_of_one_stride_and_the_start_of_the_next(walk: Motion) -> None:
    strike = shifted(walk, Side.LEFT, STRIKE, 2, 0.03)
    result = edited(walk, strike)
    before = [(s.start_s, s.end_s) for s in walk.strides if s.side is Side.LEFT]
    after = [(s.start_s, s.end_s) for s in result.strides if s.side is Side.LEFT]
    assert len(before) == len(after)
    changed = [k for k, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert [after[k] for k in changed] == [
        (before[changed[0]][0], strike.time_s),
        (strike.time_s, before[changed[1]][1]),
    ]
    assert result.measures.sides[0].stride_time_s.sd > walk.measures.sides[0].stride_time_s.sd
    assert not np.array_equal(result.cycles[0].angle_rad, walk.cycles[0].angle_rad)
    assert result.reference is not None and walk.reference is not None
    assert not np.array_equal(result.reference.angle_rad, walk.reference.angle_rad)


def test_the_automatic_events_stay_beside_and_name_and_day_are_kept(walk: Motion) -> None:
    result = edited(walk, shifted(walk, Side.LEFT, OFF, 1, -0.02))
    assert result.edited and result.ways is walk.ways
    assert result.edits[-1].by == "A. Berger"
    told = next(f.advice.what for f in result.findings if f.advice.code == EVENTS_EDITED)
    assert told == "A. Berger changed gait events on 2026-11-30: 1 moved."


def test_back_to_automatic_is_the_motion_as_it_was_solved_and_who_went_back_is_kept(walk: Motion) -> None:
    once = edited(walk, shifted(walk, Side.LEFT, STRIKE, 2, 0.03))
    back = edited(walk, before=once, by="B. Weiss")
    assert not back.edited
    assert (back.strides, back.measures, back.findings) == (walk.strides, walk.measures, walk.findings)
    assert [edit.by for edit in back.edits] == ["A. Berger", "B. Weiss"]


def test_a_stride_left_out_takes_its_steps_with_it_and_its_reason_is_told(walk: Motion) -> None:
    time_s = found(walk, Side.LEFT, STRIKE, 2)
    result = edited(walk, MarkedEvent(Side.LEFT, STRIKE, time_s, time_s, "stumbled"))
    assert time_s not in [s.start_s for s in result.strides if s.side is Side.LEFT]
    assert len(result.strides) == len(walk.strides) - 1
    assert result.measures.sides[0].strides == walk.measures.sides[0].strides - 1
    why = next(f.advice.why for f in result.findings if f.advice.code == EVENTS_EDITED)
    assert why == "Strides were left out because: stumbled."


def test_events_added_in_a_gap_make_the_stride_that_was_missed(walk: Motion) -> None:
    gone = [without(walk, Side.LEFT, STRIKE, 2), without(walk, Side.LEFT, OFF, 2)]
    fewer = edited(walk, *gone)
    again = [MarkedEvent(Side.LEFT, e.kind, None, e.automatic_s) for e in gone]
    assert len(fewer.strides) < len(walk.strides)
    assert len(edited(walk, *gone, *again).strides) == len(walk.strides)


def test_double_support_is_the_share_of_the_stride_with_both_feet_down(walk: Motion) -> None:
    both = 2 * STANCE - 1.0  # of both sides, half a stride apart
    for side in walk.measures.sides:
        assert side.double_support_fraction.mean == pytest.approx(both, abs=0.03)
    later = [MarkedEvent(Side.LEFT, OFF, float(t), float(t) + 0.05) for t in walk.ways[0].events[0].toe_off_s]
    before, longer = (m.measures.sides[0].double_support_fraction.mean for m in (walk, edited(walk, *later)))
    assert longer - before == pytest.approx(0.05 / PERIOD, abs=1e-3)


def test_every_measure_of_a_walk_knows_its_spread(walk: Motion) -> None:
    measures = walking_motion(paths(period=1.05)).measures
    for sd in (measures.speed_sd_m_s, measures.cadence_sd_steps_min, measures.symmetry_sd):
        assert np.isfinite(sd) and sd >= 0.0
    assert measures.symmetry_sd < 0.05
    alone = walk.measures.sides[0]
    assert all(np.isfinite(s.sd) for s in (alone.stride_time_s, alone.double_support_fraction))


def test_what_no_walk_can_show_is_refused_with_advice(walk: Motion) -> None:
    assert refusal(walk, shifted(walk, Side.LEFT, STRIKE, 2, 0.9 * PERIOD)) == "MOT-110"  # behind its toe-off
    assert refusal(walk, shifted(walk, Side.LEFT, STRIKE, 2, 99.0)) == "MOT-111"
    near = found(walk, Side.LEFT, OFF, 2) + 0.01
    close = [MarkedEvent(Side.LEFT, STRIKE, None, near), MarkedEvent(Side.LEFT, OFF, None, near + 0.01)]
    assert refusal(walk, *close) == "MOT-112"
    assert refusal(walk, shifted(walk, Side.LEFT, STRIKE, 2, 0.01), by=" ") == "MOT-113"
    time_s = found(walk, Side.LEFT, OFF, 2)
    assert refusal(walk, MarkedEvent(Side.LEFT, OFF, time_s, time_s, "stumbled")) == "MOT-114"
    every = [without(walk, side, STRIKE, k) for side in Side for k in range(len(_strikes(walk, side)))]
    assert refusal(walk, *every) == "MOT-115"
    assert refusal(walk, MarkedEvent(Side.LEFT, STRIKE, 0.1234, 0.2)) == "MOT-118"


def _strikes(walk: Motion, side: Side) -> np.ndarray:
    return next(events.heel_strike_s for events in walk.ways[0].events if events.side is side)


def test_a_motion_of_an_earlier_version_says_that_it_must_be_solved_again(walk: Motion) -> None:
    assert refusal(motion(), shifted(walk, Side.LEFT, STRIKE, 2, 0.01)) == "MOT-116"


def test_only_what_differs_is_kept_and_counted(walk: Motion) -> None:
    events = marked_events(walk.ways)
    assert touched_events(events) == ()
    first, second = (event for event in events[2:4])
    changed, _ = moved(events, first, first.time_s + 0.01)
    changed = removed(changed, second)
    assert edit_words(touched_events(changed)) == "1 moved, 1 removed"
    assert marked_events(walk.ways, touched_events(changed)) == changed
