"""Events tab of Motion: dragged, typed, by key; nothing counts until a named person applies it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.domain.body import Side
from core.domain.gait_events import EventEdit, EventKind, MarkedEvent
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.motion.edited_events import with_edit
from tests.gait.walking import HEIGHT_M, walking_motion
from tests.ui import samples
from tests.ui.board import HandBoard
from tests.ui.samples import motion
from ui.pages.gait_events import EventsPanel
from ui.pages.motion import MotionPage
from ui.presenters.motion import MotionPresenter
from ui.presenters.motion_numbers import motion_table, motion_tiles
from ui.session_context import SessionContext

STRIKE, OFF = EventKind.HEEL_STRIKE, EventKind.TOE_OFF


@pytest.fixture
def walk() -> Motion:
    return walking_motion()


@pytest.fixture
def page(context: SessionContext, visit_id: str) -> MotionPage:
    page = MotionPage()
    presenter = MotionPresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    return page


@pytest.fixture
def events(context: SessionContext, page: MotionPage, visit_id: str, walk: Motion) -> EventsPanel:
    context.store.save(RecordKind.MOTION, walk, visit_id=visit_id, summary="walk")
    context.record_changed.emit()
    return page.events


def line_of(events: EventsPanel, side: Side, number: int) -> tuple[MarkedEvent, object]:
    return events.plots[side].lines[number]


def test_a_dragged_line_changes_nothing_until_a_person_applies_it_by_name(
    events: EventsPanel, board: HandBoard
) -> None:
    event, line = line_of(events, Side.LEFT, 4)
    line.setValue(event.time_s + 0.03)  # type: ignore[attr-defined]  # pyqtgraph, as a hand would
    line.sigPositionChangeFinished.emit(line)  # type: ignore[attr-defined]
    assert events._words.text().startswith("1 moved. ")
    assert not board.states() and not events.apply.isEnabled()
    assert events.apply.toolTip() == "Write your name first: it is kept with the change."
    events.name.setText("A. Berger")
    events.apply.click()
    (job,) = board.states()
    (sent,) = job.spec.params["events"]  # type: ignore[misc]
    assert job.spec.kind == "edit_events" and job.spec.params["by"] == "A. Berger"
    assert sent["time_s"] == pytest.approx(event.time_s + 0.03) and sent["automatic_s"] == event.automatic_s


def test_arrow_keys_the_number_and_delete_do_what_a_hand_does(events: EventsPanel) -> None:
    event, _ = line_of(events, Side.RIGHT, 3)
    plot = events.plots[Side.RIGHT]
    plot.chosen.emit(event)
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert events.time.value() == pytest.approx(event.time_s + 0.01, abs=1e-3)
    events.time.setValue(event.time_s + 0.02)
    moved = next(e for e, _ in plot.lines if e.automatic_s == event.automatic_s)
    assert moved.time_s == pytest.approx(event.time_s + 0.02, abs=1e-3)
    QTest.keyClick(plot, Qt.Key.Key_PageDown)
    QTest.keyClick(plot, Qt.Key.Key_Delete)
    assert events._words.text().startswith("1 moved, 1 removed. ")
    events.discard.click()
    assert events._words.text().startswith("Nothing differs from the automatic events. ")


def test_what_cannot_be_is_said_at_once_and_cannot_be_applied(events: EventsPanel) -> None:
    strike = next(e for e, _ in events.plots[Side.LEFT].lines if e.kind is STRIKE and e.time_s > 1.5)
    events.name.setText("A. Berger")
    events.moved.emit(strike, strike.time_s + 0.9)
    assert "stands between" in events._problem.text()
    assert not events.apply.isEnabled() and events.apply.toolTip() == events._problem.text()


def test_a_stride_is_left_out_with_a_reason_only(events: EventsPanel, board: HandBoard) -> None:
    strike = next(e for e, _ in events.plots[Side.LEFT].lines if e.kind is STRIKE and e.time_s > 1.0)
    events.chosen.emit(strike)
    assert not events.out.isEnabled()
    events.reason.setText("stumbled")
    events.out.click()
    assert "1 stride left out." in events._words.text()
    assert events.out.text() == "Let it count again"
    assert len(events._state.courses[0].left_out_s) == 1


def test_an_event_is_added_where_the_plot_was_pressed(events: EventsPanel) -> None:
    events.plots[Side.RIGHT].pressed.emit(Side.RIGHT, 2.5)
    events.add[OFF].click()
    assert events._chosen_words.text() == "R TO"
    assert "1 added" in events._words.text()


def test_who_changed_what_is_shown_and_the_automatic_events_come_back_by_name(
    context: SessionContext, page: MotionPage, visit_id: str, walk: Motion, board: HandBoard
) -> None:
    first = float(walk.ways[0].events[0].heel_strike_s[1])
    edit = EventEdit(
        "A. Berger", "2026-11-30T10:00:00", (MarkedEvent(Side.LEFT, STRIKE, first, first + 0.02),)
    )
    edited = with_edit(walk, edit, height_m=HEIGHT_M)
    context.store.save(RecordKind.MOTION, edited, visit_id=visit_id, summary="edited")
    context.record_changed.emit()
    assert page.events._history.text() == "A. Berger, 2026-11-30: 1 moved."
    page.events.name.setText("B. Weiss")
    page.events.automatic.click()
    (job,) = board.states()
    assert (job.spec.params["by"], job.spec.params["events"]) == ("B. Weiss", [])


def test_a_motion_of_an_earlier_version_says_why_its_events_stay(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    context.store.save(RecordKind.MOTION, motion(), visit_id=visit_id, summary="motion")
    context.record_changed.emit()
    assert "earlier version" in page.events._state.detail


def test_every_number_of_a_walk_shows_its_spread(walk: Motion) -> None:
    tiles = {tile.name: tile.value for tile in motion_tiles(walk)}
    assert all("±" in tiles[name] for name in ("Speed", "Cadence", "Symmetry"))
    rows = {row.name: row.cells for row in motion_table(walk).rows}
    assert all("±" in cell for cells in rows.values() for cell in cells)
    assert rows["Double support"][0].endswith("%")


def test_solving_again_says_first_that_it_leaves_out_what_was_changed_by_hand(
    context: SessionContext, page: MotionPage, events: EventsPanel, board: HandBoard, walk: Motion
) -> None:
    context.store.save(RecordKind.LANDMARKS, samples.landmarks(), visit_id=str(context.visit_id), summary="")
    first = next(event for event, _ in events.plots[Side.LEFT].lines)
    edit = EventEdit("A. Berger", "2026-11-30T10:00:00+00:00", (replace(first, time_s=first.time_s + 0.02),))
    edited = with_edit(walk, edit, height_m=HEIGHT_M)
    context.store.save(RecordKind.MOTION, edited, visit_id=str(context.visit_id), summary="edited")
    context.record_changed.emit()
    page.secondary_action.emit("swap")
    assert not board.states() and page._advice._code.text() == "MOT-120"
    assert "A. Berger changed its gait events" in page._advice._why.text()
    page.secondary_action.emit("swap")
    assert [job.spec.kind for job in board.states()] == ["solve_motion"]


def test_where_the_page_says_solve_again_there_is_a_button_for_it(
    context: SessionContext, page: MotionPage, visit_id: str, walk: Motion
) -> None:
    context.store.save(RecordKind.MOTION, replace(walk, ways=()), visit_id=visit_id, summary="walk")
    context.record_changed.emit()
    assert "again" in [key for key, _words in page._secondary_actions]
