"""A few numbers over the visits: one point per recording, each side in its colour."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from core.domain.body import SIDES
from core.domain.condition import Condition
from core.session.capture_trend import TrendPoint, TrendSeries
from ui import theme
from ui.plots.plain_plot import PlainPlot
from ui.plots.plot_style import axis_label, line_pen, style_plot
from ui.theme import Theme

SYMBOLS = {Condition.NO_EXO: "o", Condition.DEFAULT: "o", Condition.PERSONALIZED: "o"}
_OTHER = "s"
_LEAST_GAP = 0.25  # of the axis between two numbers, in the lowest plot about a line of text


class TrendPlot(PlainPlot):
    """Points with their standard error, joined by lines; filled where an exo's controller helped."""

    def __init__(self) -> None:
        self._series: TrendSeries | None = None
        super().__init__()
        self.setMinimumSize(130, 84)
        self.draw()

    @property
    def series(self) -> TrendSeries | None:
        return self._series

    def show_series(self, series: TrendSeries) -> None:
        if series == self._series:
            return
        self._series = series
        self.setAccessibleName(f"{series.title} over the visits")
        self.setToolTip(_read_out(series))
        self.draw()

    def draw(self) -> None:
        look = theme.current()
        self.clear_box()
        style_plot(self, look)
        if self._series is None:
            return
        axis_label(self.left, "", look)
        self.left.showLabel(False)
        self.left.setWidth(36)
        places = self._series.places
        self.bottom.setTicks([list(enumerate(places)), []])
        for side in (None, *SIDES):
            points = [point for point in self._series.points if point.side is side]
            if points:
                name = look.colors.text if side is None else look.side_color(side.value)
                self._add_points(points, QColor(name), look)
        low, high = _range(self._series)
        self.left.setTicks([_ticks(self._series), []])
        self.box.setRange(xRange=(-0.4, len(places) - 0.6), yRange=(low, high), padding=0)

    def _add_points(self, points: list[TrendPoint], color: QColor, look: Theme) -> None:
        x = np.array([float(point.place) for point in points])
        y = np.array([point.value for point in points])
        self.box.addItem(pg.PlotCurveItem(x, y, pen=line_pen(color.name(), 1.4)))
        for point in points:
            if math.isfinite(point.sem):
                ends = np.array([point.value - point.sem, point.value + point.sem])
                at = np.array([point.place, point.place], dtype=float)
                self.box.addItem(pg.PlotCurveItem(at, ends, pen=line_pen(color.name(), 1.2)))
        spots = pg.ScatterPlotItem(
            x,
            y,
            size=8,
            symbol=[SYMBOLS.get(point.condition, _OTHER) for point in points],
            pen=line_pen(color.name(), 1.6),
            brush=[color if point.condition.assisted else QColor(look.colors.surface) for point in points],
        )
        spots.setZValue(10)
        self.box.addItem(spots)


def _range(series: TrendSeries) -> tuple[float, float]:
    """What is drawn, with room around; a change below the last digit is not blown up."""
    values = [point.value for point in series.points] or [0.0]
    errors = [point.sem if math.isfinite(point.sem) else 0.0 for point in series.points] or [0.0]
    low = min(value - error for value, error in zip(values, errors, strict=True))
    high = max(value + error for value, error in zip(values, errors, strict=True))
    room = max(2.0 * 10.0**-series.digits, 0.15 * (high - low))
    return low - room, high + room


def _ticks(series: TrendSeries) -> list[tuple[float, str]]:
    """The lowest and the highest value, and nothing between; one in their middle where both do not fit."""
    values = [point.value for point in series.points]
    ends: tuple[float, ...] = (min(values), max(values)) if values else ()
    low, high = _range(series)
    if ends and ends[1] - ends[0] < _LEAST_GAP * (high - low):
        ends = (0.5 * (ends[0] + ends[1]),)
    return [(value, f"{value:.{series.digits}f}") for value in dict.fromkeys(ends)]


def _read_out(series: TrendSeries) -> str:
    lines = [series.title]
    for point in series.points:
        side = "" if point.side is None else f" {point.side.value}"
        sem = f" ± {point.sem:.{max(1, series.digits)}f}" if math.isfinite(point.sem) else ""
        condition = f", {point.condition.words}" if not series.simulated else ""
        lines.append(f"Visit {point.visit_number}{condition}{side}: {point.value:.{series.digits}f}{sem}")
    return "\n".join(lines)
