"""Gait events over time: heel strikes and toe-offs moved, added and removed by hand; a tab of Motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLineEdit, QScrollBar, QWidget

from core.domain.body import SIDES, Side
from core.domain.gait_events import EventKind, MarkedEvent
from core.domain.people import Action
from ui.plots.event_course import NUDGE_S, SHORT, WINDOW_S, EventCourse, EventPlot
from ui.theme import Tone
from ui.widgets.account_field import NameField
from ui.widgets.basics import Button, Deck, ElidedLabel, column, label, row, set_look
from ui.widgets.empty import EmptyState

_HOW = (
    "Foot before the pelvis. Drag heel strikes (HS) and toe-offs (TO), or press one and use the arrow keys."
)
_HOW_LONG = (
    "Whole lines are heel strikes, dashed ones toe-offs. Where one was changed, the thin grey line is its "
    "automatic place. Page up and down choose the event before and after, Delete removes it."
)
_MS = 1000  # of the scroll bar


@dataclass(frozen=True, slots=True, eq=False)
class EventsState:
    """`empty` says why there is nothing to change, `detail` what to do about it."""

    empty: str = ""
    detail: str = ""
    courses: tuple[EventCourse, ...] = ()  # in the order of SIDES
    span_s: tuple[float, float] = (0.0, 1.0)
    chosen: MarkedEvent | None = None
    chosen_words: str = ""
    begins_stride: bool = False  # the chosen one is a heel strike that a complete stride begins with
    words: str = ""  # what was changed and what would count
    problem: str = ""  # what cannot be
    changed: bool = False  # since the motion on show was made
    edited: bool = False  # the motion on show has a person's events
    history: str = ""  # who changed what, when
    busy: bool = False


class EventsPanel(QWidget):
    chosen = Signal(object)  # MarkedEvent
    moved = Signal(object, float)  # MarkedEvent, s
    removed = Signal(object)  # MarkedEvent
    put_back = Signal(object)  # MarkedEvent, to where it was found
    added = Signal(object, object, float)  # Side, EventKind, s
    left_out = Signal(object, str)  # MarkedEvent, reason; empty: it counts again
    time_chosen = Signal(float)  # s
    applied = Signal(str)  # name
    discarded = Signal()
    automatic_again = Signal(str)  # name

    def __init__(self) -> None:
        super().__init__()
        self._state = EventsState()
        self._side, self._cursor_s = Side.LEFT, 0.0
        self.plots = {side: EventPlot(side) for side in SIDES}
        self.part = QScrollBar(Qt.Orientation.Horizontal)
        self.part.setAccessibleName("Part of the walk that is shown")
        self._problem = label("", "small", wrap=True)
        self._words, self._history = ElidedLabel("small"), ElidedLabel("small")
        self._empty, self._editor = EmptyState(), QWidget()
        how = ElidedLabel("small")
        how.setText(_HOW)
        how.setToolTip(f"{_HOW} {_HOW_LONG}")
        layout = column(how, gap=6)
        layout.addLayout(self._build_chosen())
        layout.addLayout(self._build_stride())
        for plot in self.plots.values():
            layout.addWidget(plot, 1)
        for widget in (self.part, self._problem, self._words, self._history):
            layout.addWidget(widget)
        layout.addLayout(self._build_end())
        self._editor.setLayout(layout)
        self._deck = Deck(self._empty, self._editor)
        self.setLayout(column(self._deck))
        self._connect()

    # What is shown ----------------------------------------------------------------------------

    def render_state(self, state: EventsState) -> None:
        self._state = state
        if state.empty:
            self._empty.show_purpose("motion", state.empty, state.detail)
            self._deck.show_widget(self._empty)
            return
        self._deck.show_widget(self._editor)
        self._show_scroll(state.span_s, state.chosen)
        for course in state.courses:
            self.plots[course.side].show_course(course)
        self._show_chosen(state)
        self._words.setText(state.words)
        self._problem.setText(state.problem)
        self._problem.setVisible(bool(state.problem))
        set_look(self._problem, tone=Tone.STOP.value)
        self._history.setText(state.history)
        self._history.setVisible(bool(state.history))
        self._check()

    def set_cursor(self, time_s: float) -> None:
        """Where the film is."""
        self._cursor_s = time_s
        for plot in self.plots.values():
            plot.set_cursor(time_s)

    def _show_scroll(self, span_s: tuple[float, float], chosen: MarkedEvent | None) -> None:
        first_s, last_s = span_s
        self.part.setRange(round(_MS * first_s), round(_MS * max(first_s, last_s - WINDOW_S)))
        self.part.setPageStep(round(_MS * WINDOW_S))
        self.part.setSingleStep(_MS // 2)
        self.part.setVisible(self.part.maximum() > self.part.minimum())
        time_s = None if chosen is None else chosen.automatic_s if chosen.time_s is None else chosen.time_s
        shown_s = self.part.value() / _MS
        if time_s is not None and not shown_s <= time_s <= shown_s + WINDOW_S:
            self.part.setValue(round(_MS * (time_s - 0.5 * WINDOW_S)))
        self._scrolled()

    def _show_chosen(self, state: EventsState) -> None:
        event = state.chosen
        self._chosen_words.setText(state.chosen_words)
        for widget in (self.time, self.remove):
            widget.setEnabled(event is not None and event.time_s is not None)
        self.time.setVisible(self.time.isEnabled())  # else its number would be that of no event
        self.found.setVisible(event is not None)
        found_s = None if event is None or not event.touched else event.automatic_s
        self.found.setEnabled(found_s is not None)
        self.found.setText("As found" if found_s is None else f"Back to {found_s:.2f} s")
        self.time.blockSignals(True)
        if event is not None and event.time_s is not None:
            self.time.setValue(event.time_s)
        self.time.blockSignals(False)
        self.reason.setText("" if event is None else event.left_out)
        self.reason.setEnabled(state.begins_stride)
        self.out.setText("Let it count again" if event is not None and event.left_out else "Leave stride out")
        self._check_reason()

    def _check(self) -> None:
        """Why each button is greyed stands in its tip."""
        state = self._state
        unsigned = self.name.missing("Write your name first: it is kept with the change.")
        nothing = "" if state.changed else "Nothing was changed."
        working = "Wait until the running work has ended." if state.busy else ""
        why_not = working or nothing or state.problem or unsigned
        self.apply.setEnabled(not why_not)
        self.apply.setToolTip(why_not or "Strides, measures and all that follows use these events")
        self.discard.setEnabled(state.changed)
        self.automatic.setVisible(state.edited)
        self.automatic.setEnabled(not (working or unsigned))
        self.automatic.setToolTip(working or unsigned or "A new motion with the events as they were found")

    # How it is built --------------------------------------------------------------------------

    def _build_chosen(self) -> QHBoxLayout:
        self._chosen_words = ElidedLabel()
        self.time = QDoubleSpinBox()
        self.time.setRange(0.0, 100_000.0)
        self.time.setDecimals(3)
        self.time.setSingleStep(NUDGE_S)
        self.time.setSuffix(" s")
        self.time.setFixedWidth(92)
        self.time.setKeyboardTracking(False)
        self.time.setAccessibleName("Time of the chosen event in seconds")
        self.remove, self.found = Button("Remove"), Button("As found")
        self.found.setToolTip("Back to where it was found")
        self.add = {kind: Button(f"+ {short}") for kind, short in SHORT.items()}
        for kind, button in self.add.items():
            button.setToolTip(f"Add a {kind.value} at the cursor, of the foot whose plot was pressed last")
            button.setAccessibleName(f"Add a {kind.value} at the cursor")
            button.clicked.connect(lambda _=False, kind=kind: self._add(kind))
        line = row(self._chosen_words, self.time, self.remove, self.found, *self.add.values(), gap=6)
        line.setStretch(0, 1)
        return line

    def _build_stride(self) -> QHBoxLayout:
        self.reason, self.out = QLineEdit(), Button("Leave stride out")
        self.reason.setPlaceholderText("Why the stride that begins at the chosen heel strike does not count")
        self.reason.setAccessibleName("Reason to leave the stride out")
        self.reason.textChanged.connect(self._check_reason)
        line = row(self.reason, self.out, gap=8)
        line.setStretch(0, 1)
        return line

    def _check_reason(self) -> None:
        again = self._state.chosen is not None and bool(self._state.chosen.left_out)
        self.out.setEnabled(self._state.begins_stride and (again or bool(self.reason.text().strip())))

    def _build_end(self) -> QHBoxLayout:
        self.name = NameField(Action.CAPTURE, "Name of who changes the events")
        self.name.setMinimumWidth(96)
        self.apply, self.discard = Button("Apply changes"), Button("Discard")
        self.automatic = Button("Automatic")
        self.automatic.setToolTip("Back to the events that were found automatically")
        return row(self.automatic, None, self.name, self.discard, self.apply, gap=8)

    def _connect(self) -> None:
        for plot in self.plots.values():
            plot.chosen.connect(self.chosen)
            plot.moved.connect(self.moved)
            plot.removed.connect(self.removed)
            plot.dragged.connect(self._follow_hand)
            plot.pressed.connect(self._pressed)
        self.time.valueChanged.connect(self._typed)
        self.remove.clicked.connect(lambda: self._about_chosen(self.removed))
        self.found.clicked.connect(lambda: self._about_chosen(self.put_back))
        self.out.clicked.connect(self._leave_out)
        self.reason.returnPressed.connect(self._leave_out)
        self.name.textChanged.connect(self._check)
        self.part.valueChanged.connect(self._scrolled)
        self.apply.clicked.connect(lambda: self.applied.emit(self.name.text().strip()))
        self.discard.clicked.connect(self.discarded)
        self.automatic.clicked.connect(lambda: self.automatic_again.emit(self.name.text().strip()))

    def _add(self, kind: EventKind) -> None:
        self.added.emit(self._side, kind, self._cursor_s)

    def _about_chosen(self, signal: Any) -> None:
        if self._state.chosen is not None:
            signal.emit(self._state.chosen)

    def _typed(self, time_s: float) -> None:
        if self._state.chosen is not None:
            self.moved.emit(self._state.chosen, time_s)

    def _leave_out(self) -> None:
        chosen, reason = self._state.chosen, self.reason.text().strip()
        if chosen is None or not self._state.begins_stride:
            return
        if chosen.left_out:
            self.left_out.emit(chosen, "")
        elif reason:
            self.left_out.emit(chosen, reason)

    def _follow_hand(self, event: MarkedEvent, time_s: float) -> None:
        """While a line is dragged: the number and the film follow, all else waits until it is let go."""
        self.time.blockSignals(True)
        self.time.setValue(time_s)
        self.time.blockSignals(False)
        self.time_chosen.emit(time_s)

    def _pressed(self, side: Side, time_s: float) -> None:
        self._side = side
        self.set_cursor(time_s)
        self.time_chosen.emit(time_s)

    def _scrolled(self) -> None:
        for plot in self.plots.values():
            plot.show_from(self.part.value() / _MS)
