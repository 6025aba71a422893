"""Joint angles over the time of a recording, both sides in one plot per joint: for lack of strides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QWidget

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, JointKind, Side
from ui import theme
from ui.plots.plain_plot import PlainPlot
from ui.plots.plot_style import axis_label, fill, line_pen, small_font, style_plot
from ui.widgets.basics import column, label, row

_MOST_TICKS = 8


@dataclass(frozen=True, slots=True, eq=False)
class AngleCourse:
    """One joint of both sides over time. Axes: T frames, 2 sides in the order of SIDES."""

    kind: JointKind
    time_s: FloatArray  # (T,)
    angle_deg: FloatArray  # (T, 2) NaN where not seen
    sd_deg: FloatArray | None = None  # (T, 2)

    def edges(self, side: Side) -> tuple[FloatArray, FloatArray]:
        """Lower and upper edge of the band, (T,) each; the curve itself where no spread is known."""
        number = SIDES.index(side)
        spread = 0.0 if self.sd_deg is None else self.sd_deg[:, number]
        return self.angle_deg[:, number] - spread, self.angle_deg[:, number] + spread


class TimeCourses(QWidget):
    """Plots below each other with one cursor."""

    moment_chosen = Signal(float)  # time in the recording [s], by the person

    def __init__(self) -> None:
        super().__init__()
        self.plots: tuple[TimeCoursePlot, ...] = ()
        self._plots, self._words = column(gap=4), label("", "small", wrap=True)
        names = [label(side.value.capitalize(), "section") for side in SIDES]
        for name, side in zip(names, SIDES, strict=True):
            name.setProperty("side", side.value)
        layout = column(gap=2)
        layout.addLayout(row(*names, None, gap=18))
        layout.addWidget(self._words)
        layout.addLayout(self._plots, 1)
        self.setLayout(layout)

    def show_courses(self, courses: tuple[AngleCourse, ...], words: str = "") -> None:
        """`words` say what the bands are."""
        self._words.setText(words)
        self._words.setVisible(bool(words))
        while len(self.plots) < len(courses):
            plot = TimeCoursePlot()
            plot.moment_chosen.connect(self.moment_chosen)
            self._plots.addWidget(plot, 1)
            self.plots = (*self.plots, plot)
        for number, (plot, course) in enumerate(zip(self.plots, courses, strict=False)):
            plot.show_course(course, names_time=number == len(courses) - 1)

    def set_cursor(self, time_s: float) -> None:
        for plot in self.plots:
            plot.set_cursor(time_s)


_LEAST_PX, _TIME_AXIS_PX = 90, 38  # a joint's name fits beside its curves


class TimeBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph is untyped
    """Pressing or dragging moves the cursor; nothing pans or zooms by accident."""

    picked = Signal(float)  # s

    def __init__(self) -> None:
        super().__init__(enableMouse=False, enableMenu=False)

    def mouseClickEvent(self, event: Any) -> None:
        self._pick(event)

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        self._pick(event)

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        event.ignore()  # the page scrolls

    def _pick(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(float(self.mapSceneToView(event.scenePos()).x()))
            event.accept()


class TimeCoursePlot(PlainPlot):
    """One joint: left and right with their bands, and a cursor with both angles."""

    moment_chosen = Signal(float)  # s

    def __init__(self) -> None:
        super().__init__(TimeBox())
        self._course: AngleCourse | None = None
        self._names_time, self._time_s = True, 0.0
        self.setMinimumSize(240, _LEAST_PX)
        self.box.picked.connect(self._on_picked)
        self.draw()

    def show_course(self, course: AngleCourse, *, names_time: bool) -> None:
        if course is self._course and names_time == self._names_time:
            return
        self._course, self._names_time = course, names_time
        self.setMinimumHeight(_LEAST_PX + names_time * _TIME_AXIS_PX)
        self.setAccessibleName(f"{course.kind.label} of both sides over time")
        self.draw()

    def set_cursor(self, time_s: float) -> None:
        """Put the cursor line at a time. Emits nothing."""
        self._time_s = time_s
        self._cursor.setPos(time_s)
        self._read_out.setText(self.read_out(time_s))

    def read_out(self, time_s: float) -> str:
        """`left 12°, right 14°` at a time; a dash where a side is not seen."""
        if self._course is None:
            return ""
        frame = int(np.argmin(np.abs(self._course.time_s - time_s)))
        angles = zip(SIDES, self._course.angle_deg[frame], strict=True)
        return ", ".join(f"{side.value} {_degrees(angle)}" for side, angle in angles)

    def draw(self) -> None:
        look = theme.current()
        self.clear_box()
        style_plot(self, look)
        self._cursor = pg.InfiniteLine(pos=self._time_s, angle=90, pen=line_pen(look.colors.accent, 1.6))
        self._cursor.setZValue(20)
        self._read_out = pg.TextItem("", color=look.colors.text, anchor=(1, 0), fill=look.colors.surface)
        self._read_out.setFont(small_font(look))
        self._read_out.setZValue(30)
        if self._course is None:
            return
        axis_label(self.left, f"{self._course.kind.label.replace('dorsiflexion', 'dorsifl.')} (°)", look)
        self.left.setWidth(48)
        for side in SIDES:
            self._add_side(look, self._course, side)
        self._fit_range(look, self._course)
        self.box.addItem(self._cursor, ignoreBounds=True)
        self.box.addItem(self._read_out, ignoreBounds=True)
        self.set_cursor(self._time_s)

    def _add_side(self, look: theme.Theme, course: AngleCourse, side: Side) -> None:
        time_s, angle = course.time_s, course.angle_deg[:, SIDES.index(side)]
        if course.sd_deg is not None:
            seen = np.isfinite(angle)
            edges = [pg.PlotCurveItem(time_s[seen], edge[seen], pen=None) for edge in course.edges(side)]
            tint = fill(look.side_color(side.value), 0.16)
            self.box.addItem(pg.FillBetweenItem(*edges, brush=tint))
        pen = line_pen(look.side_color(side.value), 2.0)  # both sides in one plot: the pure colours
        self.box.addItem(pg.PlotCurveItem(time_s, angle, pen=pen, connect="finite"))

    def _fit_range(self, look: theme.Theme, course: AngleCourse) -> None:
        drawn = np.concatenate([edge for side in SIDES for edge in course.edges(side)])
        low, high = (np.nanmin(drawn), np.nanmax(drawn)) if np.isfinite(drawn).any() else (0.0, 1.0)
        margin = max(2.0, 0.08 * float(high - low))
        first, last = float(course.time_s[0]), float(course.time_s[-1])
        top = float(high) + 2.5 * margin  # room for the angles at the cursor
        limits = {"xRange": (first, last), "yRange": (float(low) - margin, top)}
        self.box.setRange(**limits, padding=0, disableAutoRange=True)
        self._read_out.setPos(QPointF(last, top))
        step = max(1.0, np.ceil((last - first) / _MOST_TICKS))
        self.bottom.setTicks([[(v, f"{v:g}") for v in np.arange(np.ceil(first), last + 1e-6, step)], []])
        self.bottom.setStyle(showValues=self._names_time)
        if self._names_time:
            axis_label(self.bottom, "Time (s)", look)
        self.bottom.showLabel(self._names_time)
        zero = pg.PlotCurveItem([first, last], [0.0, 0.0], pen=line_pen(look.colors.border), antialias=False)
        zero.setZValue(-5)
        self.box.addItem(zero, ignoreBounds=True)

    def _on_picked(self, time_s: float) -> None:
        if self._course is not None:
            inside = float(np.clip(time_s, self._course.time_s[0], self._course.time_s[-1]))
            self.set_cursor(inside)
            self.moment_chosen.emit(inside)


def _degrees(angle: float) -> str:
    return f"{angle:.0f}°" if np.isfinite(angle) else "–"
