"""Joint moments over time, measured and by EMG before and after calibration; the held-out span is shaded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QGridLayout, QWidget

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Joint
from ui import theme
from ui.plots.curves import CurveStyle
from ui.plots.plain_plot import PlainPlot
from ui.plots.plot_style import axis_label, curve_pen, fill, line_pen, small_font, style_plot
from ui.widgets.basics import column, label

_SHOWN_S = 6.0  # a few strides can be told apart; all of a minute would be a carpet
_CURVES = "Solid: joint moment from forces and motion. Dashed: from EMG before, thick: after calibration."
_SHADED = " Shaded: kept aside, the calibration did not see it."
_LEAST_PX, _TIME_AXIS_PX = 96, 34


@dataclass(frozen=True, slots=True, eq=False)
class MomentCourse:
    """One joint. Axis: T frames. Moments over body mass; flexion positive."""

    joint: Joint
    time_s: FloatArray  # (T,)
    measured_nm_kg: FloatArray  # (T,) NaN where not known
    before_nm_kg: FloatArray  # (T,)
    after_nm_kg: FloatArray  # (T,)
    held_out: FloatArray  # (T,) 1 where the calibration did not look


class MomentCourses(QWidget):
    """Plots over the same time, one column for each leg, with one line of words for all curves."""

    def __init__(self) -> None:
        super().__init__()
        self.plots: tuple[MomentPlot, ...] = ()
        self._plots = QGridLayout()
        self._plots.setSpacing(4)
        self._words = label("", "small", wrap=True)
        layout = column(gap=4)
        layout.addLayout(self._plots, 1)
        layout.addWidget(self._words)
        self.setLayout(layout)

    def show_courses(self, courses: tuple[MomentCourse, ...]) -> None:
        while len(self.plots) < len(courses):
            self.plots = (*self.plots, MomentPlot())
        for plot in self.plots:
            self._plots.removeWidget(plot)
            plot.hide()
        sides = [side for side in SIDES if any(course.joint.side is side for course in courses)]
        for place, side in enumerate(sides):
            own = [number for number, course in enumerate(courses) if course.joint.side is side]
            for line, number in enumerate(own):
                self._plots.addWidget(self.plots[number], line, place)
                self.plots[number].show()
                self.plots[number].show_course(courses[number], names_time=number == own[-1])
        kept_aside = any(course.held_out.any() for course in courses)
        self._words.setText(_CURVES + (_SHADED if kept_aside else ""))


def shown_span_s(held_out: FloatArray, time_s: FloatArray) -> tuple[float, float]:
    """A few seconds around where the held-out part begins, so that both parts are seen."""
    first, last = float(time_s[0]), float(time_s[-1])
    changes = np.flatnonzero(np.diff(held_out) != 0.0)
    middle = float(time_s[changes[0]]) if len(changes) else 0.5 * (first + last)
    start = float(np.clip(middle - _SHOWN_S / 2.0, first, max(first, last - _SHOWN_S)))
    return start, min(last, start + _SHOWN_S)


class MomentPlot(PlainPlot):
    """One joint's three curves."""

    def __init__(self) -> None:
        super().__init__()
        self._course: MomentCourse | None = None
        self._names_time = True
        self.setMinimumSize(180, _LEAST_PX)
        self.draw()

    def show_course(self, course: MomentCourse, *, names_time: bool) -> None:
        if course is self._course and names_time == self._names_time:
            return
        self._course, self._names_time = course, names_time
        self.setMinimumHeight(_LEAST_PX + names_time * _TIME_AXIS_PX)
        self.setAccessibleName(f"Moment of the {course.joint.label.lower()} measured and from EMG, over time")
        self.draw()

    def draw(self) -> None:
        look = theme.current()
        self.clear_box()
        style_plot(self, look)
        course = self._course
        if course is None:
            return
        side, words = course.joint.side, course.joint.kind.label.split()
        axis_label(self.left, f"{words[0]} (N·m/kg)", look)
        self.left.setWidth(52)
        start, end = shown_span_s(course.held_out, course.time_s)
        for first, last in _spans(course.held_out, course.time_s):
            region = pg.LinearRegionItem((first, last), movable=False, brush=fill(look.colors.muted, 0.16))
            for line in region.lines:
                line.setPen(line_pen(look.colors.border))
            region.setZValue(-10)
            self.box.addItem(region, ignoreBounds=True)
        curves = (
            (course.before_nm_kg, CurveStyle.DEFAULT),
            (course.after_nm_kg, CurveStyle.PERSONALIZED),
            (course.measured_nm_kg, CurveStyle.MEASURED),
        )
        for moment, style in curves:
            pen = curve_pen(look, side, style)
            self.box.addItem(pg.PlotCurveItem(course.time_s, moment, pen=pen, connect="finite"))
        self._name(look, course, start)
        self._fit_range(look, course, start, end)

    def _name(self, look: theme.Theme, course: MomentCourse, start_s: float) -> None:
        name = pg.TextItem(course.joint.label, color=look.side_color(course.joint.side.value), anchor=(0, 0))
        name.setFont(small_font(look))
        name.setZValue(30)
        name.setPos(start_s, _top(course))
        self.box.addItem(name, ignoreBounds=True)

    def _fit_range(self, look: theme.Theme, course: MomentCourse, start_s: float, end_s: float) -> None:
        self.box.setRange(
            xRange=(start_s, end_s), yRange=(_bottom(course), _top(course)), padding=0, disableAutoRange=True
        )
        ticks = np.arange(np.ceil(start_s), end_s + 1e-6, 1.0 if end_s - start_s > 2.5 else 0.5)
        self.bottom.setTicks([[(tick, f"{tick:g}") for tick in ticks], []])
        self.bottom.setStyle(showValues=self._names_time)
        if self._names_time:
            axis_label(self.bottom, "Time (s)", look)
        self.bottom.showLabel(self._names_time)
        zero = pg.PlotCurveItem(
            [start_s, end_s], [0.0, 0.0], pen=line_pen(look.colors.border), antialias=False
        )
        zero.setZValue(-5)
        self.box.addItem(zero, ignoreBounds=True)


def _spans(held_out: FloatArray, time_s: FloatArray) -> list[tuple[float, float]]:
    """First and last time of each stretch that was held out."""
    padded = np.concatenate([[0.0], held_out, [0.0]])
    starts, ends = np.flatnonzero(np.diff(padded) > 0.0), np.flatnonzero(np.diff(padded) < 0.0)
    return [(float(time_s[first]), float(time_s[last - 1])) for first, last in zip(starts, ends, strict=True)]


def _extent(course: MomentCourse) -> tuple[float, float]:
    drawn = np.concatenate([course.measured_nm_kg, course.before_nm_kg, course.after_nm_kg])
    seen = drawn[np.isfinite(drawn)]
    return (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)


def _top(course: MomentCourse) -> float:
    low, high = _extent(course)
    return high + 0.3 * (high - low)  # room for the joint's name


def _bottom(course: MomentCourse) -> float:
    low, high = _extent(course)
    return low - 0.06 * (high - low)
