"""Curves that grow while something runs: learning progress and telemetry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QSize, QTimer
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.plots.plain_plot import PlainPlot
from ui.plots.plot_style import axis_label, line_pen, small_font, style_plot
from ui.widgets.basics import Box, label, row

REDRAW_MS = 60
GRID_ALPHA = 30  # of 255
LEARNING_POINTS = 4000


class Ring:
    """The newest `capacity` points of several series over one time. Axes: N points, S series."""

    def __init__(self, series: int, capacity: int) -> None:
        self._time_s = np.full(2 * capacity, np.nan)
        self._value = np.full((2 * capacity, series), np.nan)
        self._capacity, self._end, self._count = capacity, 0, 0

    def __len__(self) -> int:
        return self._count

    def add(self, time_s: float, values: Sequence[float]) -> None:
        """Written twice, so that the newest points are always one piece of memory."""
        for place in (self._end, self._end + self._capacity):
            self._time_s[place] = time_s
            self._value[place] = values
        self._end = (self._end + 1) % self._capacity
        self._count = min(self._count + 1, self._capacity)

    def clear(self) -> None:
        self._end = self._count = 0

    def view(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Times (N,) and values (N, S), oldest first, without a copy."""
        stop = self._end + self._capacity
        return self._time_s[stop - self._count : stop], self._value[stop - self._count : stop]


@dataclass(frozen=True, slots=True)
class Trace:
    """One line of a live plot; `color` is a field of the theme's colours."""

    name: str
    color: str
    width: float = 2.0
    dashed: bool = False


class LivePlot(PlainPlot):
    """Redraws at most every 60 ms, however fast points come."""

    def __init__(
        self,
        traces: tuple[Trace, ...],
        *,
        unit: str = "",
        capacity: int = LEARNING_POINTS,
        window_s: float | None = None,
        minutes: bool = False,
        labels_time: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent=parent)
        self._traces, self._unit, self._window_s, self._minutes = traces, unit, window_s, minutes
        self._labels_time = labels_time
        self._ring = Ring(len(traces), capacity)
        self._range: tuple[float, float] | None = None
        self._marks: list[tuple[float, str]] = []
        self.setMinimumSize(160, 56)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self._redraw)
        self.draw()

    def sizeHint(self) -> QSize:
        return QSize(320, 64)  # a scrolling page counts with this height, so it must be modest

    def add(self, time_s: float, *values: float) -> None:
        self._ring.add(time_s, values)
        self._redraw_soon()

    def show_series(self, time_s: NDArray[np.float64], value: NDArray[np.float64]) -> None:
        """Replace everything: times (N,), values (N,) or (N, traces)."""
        self._ring.clear()
        for at, row_values in zip(time_s, np.atleast_2d(value.T).T, strict=True):
            self._ring.add(float(at), [float(number) for number in row_values])
        self._redraw_soon()

    def clear_points(self) -> None:
        self._ring.clear()
        self._redraw_soon()

    def set_value_range(self, low: float, high: float) -> None:
        """Keep this range; wider values widen it."""
        self._range = (low, high)
        self._redraw_soon()

    def set_marks(self, *marks: tuple[float, str]) -> None:
        """Quiet horizontal lines with a word, such as the torque limit."""
        self._marks = list(marks)
        self.draw()

    def show_torque_limit(self, limit: float) -> None:
        """Symmetric limits, marked and always in the picture."""
        marks = ((limit, f"limit {limit:g} N·m"), (-limit, ""))
        if tuple(self._marks) != marks:
            self._range = (-limit, limit)
            self.set_marks(*marks)

    def draw(self) -> None:
        look = theme.current()
        self.clear_box()
        style_plot(self, look)
        self.left.setGrid(GRID_ALPHA)
        if self._labels_time:
            axis_label(self.bottom, "minutes" if self._minutes else "seconds", look)
        if self._unit:
            axis_label(self.left, self._unit, look)
        self.left.setWidth(52 if self._unit else 38)
        for value, words in self._marks:
            pen = line_pen(look.colors.norm, 1.0, dashed=True)
            options = {"position": 0.98, "anchors": [(1, 0), (1, 0)], "color": look.colors.muted}
            line = pg.InfiniteLine(value, angle=0, pen=pen, label=words or None, labelOpts=options)
            if words:
                line.label.setFont(small_font(look))
            self.box.addItem(line, ignoreBounds=True)
        self._lines = [
            pg.PlotCurveItem(pen=line_pen(getattr(look.colors, t.color), t.width, dashed=t.dashed))
            for t in self._traces
        ]
        for line in self._lines:
            self.box.addItem(line)
        self._redraw()

    def _redraw_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _redraw(self) -> None:
        time_s, value = self._ring.view()
        scale = 1 / 60 if self._minutes else 1.0
        newest = float(time_s[-1]) if len(time_s) else 0.0
        if self._window_s is not None:
            shown = np.searchsorted(time_s, newest - self._window_s)
            time_s, value = time_s[shown:], value[shown:]
        for column, line in enumerate(self._lines):
            line.setData(time_s * scale, value[:, column], connect="finite")
        start = 0.0 if self._window_s is None else max(0.0, newest - self._window_s)
        least_s = self._window_s or (60.0 if self._minutes else 10.0)
        self.box.setXRange(start * scale, max(newest, start + least_s) * scale, padding=0.01)
        self._fit_values(value)

    def _fit_values(self, value: NDArray[np.float64]) -> None:
        finite = value[np.isfinite(value)]
        lows = [float(finite.min())] if len(finite) else []
        highs = [float(finite.max())] if len(finite) else []
        if self._range is not None:
            lows.append(self._range[0])
            highs.append(self._range[1])
        low, high = (min(lows), max(highs)) if lows else (0.0, 1.0)
        self.box.setYRange(low, high if high > low else low + 1.0, padding=0.08)


class LiveCurveCard(Box):
    """One learning curve in clinical words: a name, the number now, the curve."""

    def __init__(
        self,
        title: str,
        explanation: str,
        *,
        labels_time: bool = True,
        value_range: tuple[float, float] | None = None,
        marks: tuple[tuple[float, str], ...] = (),
    ) -> None:
        super().__init__("card", margin=12, gap=2)
        self._title = label(title, "section", wrap=True)
        self._value = label("–", "title")
        self._explanation = label(explanation, "small", wrap=True)
        trace = Trace(title, "accent", 2.4)
        self.plot = LivePlot((trace,), minutes=True, labels_time=labels_time)
        self.plot.setAccessibleName(f"{title} over time")
        if value_range is not None:
            self.plot.set_value_range(*value_range)
        if marks:
            self.plot.set_marks(*marks)
        top = row(self._title, self._value)
        top.setStretch(0, 1)
        self.body.addLayout(top)
        self.body.addWidget(self._explanation)
        self.body.addWidget(self.plot, 1)

    def show_value(self, words: str) -> None:
        self._value.setText(words)
