"""How far a foot is before the pelvis over time; heel strikes and toe-offs are lines that can be dragged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPen

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.gait_events import EventKind, MarkedEvent
from ui import theme
from ui.plots.plain_plot import PlainPlot
from ui.plots.plot_style import axis_label, fill, line_pen, mixed, small_font, style_plot
from ui.plots.time_courses import TimeBox

NUDGE_S, FAR_NUDGE_S = 0.01, 0.05  # of an arrow key, and with Shift
WINDOW_S = 4.0  # more of a walk at once, and its events stand too close to be dragged
SHORT = {EventKind.HEEL_STRIKE: "HS", EventKind.TOE_OFF: "TO"}
_LEAST_PX = 88


@dataclass(frozen=True, slots=True, eq=False)
class EventCourse:
    """One foot of a walk. Axis: T samples."""

    side: Side
    time_s: FloatArray  # (T,)
    ahead_cm: FloatArray  # (T,) before the pelvis; NaN between ways
    events: tuple[MarkedEvent, ...]
    left_out_s: tuple[tuple[float, float], ...] = ()  # strides that do not count
    chosen: MarkedEvent | None = None


class EventPlot(PlainPlot):
    """Drag a line, or choose it and use the arrows; Page up and down choose another, Delete removes."""

    chosen = Signal(object)  # MarkedEvent
    dragged = Signal(object, float)  # MarkedEvent, s; while the hand is on it
    moved = Signal(object, float)  # MarkedEvent, s; let go
    removed = Signal(object)  # MarkedEvent
    pressed = Signal(object, float)  # Side, s; beside the lines

    def __init__(self, side: Side) -> None:
        super().__init__(TimeBox())
        self.side = side
        self._course: EventCourse | None = None
        self._cursor_s, self._first_s = 0.0, 0.0
        self.lines: list[tuple[MarkedEvent, pg.InfiniteLine]] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, _LEAST_PX)
        self.setAccessibleName(
            f"Heel strikes and toe-offs of the {side.value} foot. Page up and down choose one, "
            "arrows move it, Delete removes it."
        )
        self.box.picked.connect(lambda time_s: self.pressed.emit(self.side, time_s))
        self.draw()

    def show_course(self, course: EventCourse | None) -> None:
        self._course = course
        self.draw()

    def show_from(self, first_s: float) -> None:
        """The start of what is seen of a long walk."""
        self._first_s = first_s
        self._fit_range()

    def set_cursor(self, time_s: float) -> None:
        self._cursor_s = time_s
        self._cursor.setPos(time_s)

    def draw(self) -> None:
        look = theme.current()
        self.clear_box()
        style_plot(self, look)
        self.lines = []
        self._cursor = pg.InfiniteLine(pos=self._cursor_s, angle=90, pen=line_pen(look.colors.accent, 1.2))
        self.box.addItem(self._cursor, ignoreBounds=True)
        course = self._course
        if course is None:
            return
        axis_label(self.left, f"{self.side.value.capitalize()} (cm)", look)
        self.bottom.showLabel(self.side is SIDES[-1])  # the lower plot names the time of both
        if self.side is SIDES[-1]:
            axis_label(self.bottom, "Time (s)", look)
        self.left.setWidth(48)
        for first_s, last_s in course.left_out_s:
            self._shade(look, first_s, last_s)
        pen = line_pen(look.side_color(self.side.value), 2.0)
        self.box.addItem(pg.PlotCurveItem(course.time_s, course.ahead_cm, pen=pen, connect="finite"))
        self._fit_range()
        for event in course.events:
            self._add_event(look, event, is_chosen=event is course.chosen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        course = self._course
        if course is None or not self._answer(course, event):
            event.ignore()  # the page steps the film

    def _answer(self, course: EventCourse, event: QKeyEvent) -> bool:
        """Whether the key means something here."""
        key, marked = event.key(), course.chosen
        if key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._choose_next(course, 1 if key == Qt.Key.Key_PageDown else -1)
            return True
        if marked is None or marked.time_s is None:
            return False
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            step_s = (FAR_NUDGE_S if far else NUDGE_S) * (1.0 if key == Qt.Key.Key_Right else -1.0)
            self.moved.emit(marked, marked.time_s + step_s)
            return True
        if key == Qt.Key.Key_Delete:
            self.removed.emit(marked)
            return True
        return False

    def _choose_next(self, course: EventCourse, step: int) -> None:
        if not course.events:
            return
        at = next((k for k, event in enumerate(course.events) if event is course.chosen), -1)
        number = at + step if at >= 0 else (0 if step > 0 else -1)
        self.chosen.emit(course.events[number % len(course.events)])

    def _add_event(self, look: theme.Theme, event: MarkedEvent, *, is_chosen: bool) -> None:
        """The line, and the automatic one beside it where a person's is another."""
        if event.changed and event.automatic_s is not None:
            was = pg.InfiniteLine(
                event.automatic_s, angle=90, pen=line_pen(look.colors.muted, 1.0, dashed=True)
            )
            self.box.addItem(was, ignoreBounds=True)
            if event.time_s is None:
                self._label(look, was, f"✕ {SHORT[event.kind]}")
                was.sigClicked.connect(lambda *_: self.chosen.emit(event))
        if event.time_s is None:
            return
        line = pg.InfiniteLine(
            event.time_s, angle=90, movable=True, pen=_pen(look, event, is_chosen=is_chosen)
        )
        line.setHoverPen(line_pen(look.colors.accent, 3.0))
        line.setZValue(15 if is_chosen else 10)
        self._label(look, line, SHORT[event.kind] + ("*" if event.changed else ""))
        line.sigClicked.connect(lambda *_: self.chosen.emit(event))
        line.sigDragged.connect(lambda moving: self.dragged.emit(event, float(moving.value())))
        line.sigPositionChangeFinished.connect(lambda moving: self.moved.emit(event, float(moving.value())))
        self.box.addItem(line, ignoreBounds=True)
        self.lines.append((event, line))

    def _label(self, look: theme.Theme, line: Any, text: str) -> None:
        words = pg.InfLineLabel(line, text, position=0.94, color=look.colors.text, fill=look.colors.surface)
        words.setFont(small_font(look))

    def _shade(self, look: theme.Theme, first_s: float, last_s: float) -> None:
        region = pg.LinearRegionItem(
            (first_s, last_s), movable=False, brush=fill(look.colors.muted, 0.28), pen=pg.mkPen(None)
        )
        region.setZValue(-10)
        self.box.addItem(region, ignoreBounds=True)

    def _fit_range(self) -> None:
        course = self._course
        if course is None:
            return
        low, high = float(np.nanmin(course.ahead_cm)), float(np.nanmax(course.ahead_cm))
        margin = max(2.0, 0.1 * (high - low))
        last_s = min(self._first_s + WINDOW_S, float(course.time_s[-1]))
        self.box.setRange(
            xRange=(self._first_s, max(last_s, self._first_s + 0.5)),
            yRange=(low - margin, high + 2.5 * margin),
            padding=0,
            disableAutoRange=True,
        )


def _pen(look: theme.Theme, event: MarkedEvent, *, is_chosen: bool) -> QPen:
    """Heel strikes are whole lines, toe-offs dashed; the chosen one is thick."""
    if is_chosen:
        return line_pen(look.colors.accent, 3.0, dashed=event.kind is EventKind.TOE_OFF)
    color = mixed(_color(look.side_color(event.side.value)), _color(look.colors.text), 0.4)
    return line_pen(color.name(), 1.6, dashed=event.kind is EventKind.TOE_OFF)


def _color(name: str) -> Any:
    return pg.mkColor(name)
