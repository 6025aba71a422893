"""Plots of a study on virtual patients: a dot for each, and means and differences with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from core.cohort.summary_file import Interval, ShownMeasure
from core.domain.arrays import FloatArray
from ui import theme
from ui.plots.plain_plot import PlainPlot
from ui.plots.plot_style import axis_label, fill, line_pen, style_plot

SHORT = {
    "without exo": "without exo",
    "worn without torque": "no torque",
    "default controller": "default",
    "generic controller": "generic",
    "another person's controller": "strangers'",
    "personalized controller": "own",
}
"""Conditions, short enough to stand below a column."""
_SPREAD = 0.28  # of a column, that its dots take to either side


class DistributionPlot(PlainPlot):
    """A column of dots for each condition, with the mean and its interval; the line is without the exo."""

    def __init__(self) -> None:
        self._measure: ShownMeasure | None = None
        super().__init__()
        self.setMinimumSize(260, 160)
        self.draw()

    def show_measure(self, measure: ShownMeasure) -> None:
        self._measure = measure
        self.setAccessibleName(f"Distribution of {measure.words}")
        self.setToolTip("\n".join(_mean_words(one) for one in measure.means))
        self.draw()

    def draw(self) -> None:
        look = theme.current()
        self.clear_box()
        style_plot(self, look)
        if self._measure is None:
            return
        measure = self._measure
        axis_label(self.left, "share of walking without exo", look)
        names = [SHORT.get(name, name) for name in measure.conditions]
        self.bottom.setTicks([list(enumerate(names)), []])
        last = len(names) - 1
        self.box.addItem(dashed_line([-0.6, last + 0.6], [1.0, 1.0], look))
        for column, values in enumerate(measure.values):
            color = look.colors.accent if column == last else look.colors.muted
            self._add_dots(column, values, color)
        for column, mean in enumerate(measure.means):
            _add_interval(self, mean, column, look.colors.text, upright=True)
        self.box.setRange(xRange=(-0.6, last + 0.6), yRange=room([*measure.values, np.ones(1)]), padding=0)

    def _add_dots(self, column: int, values: FloatArray, color: str) -> None:
        """Side by side in the order of patients: the same patient stands at the same place of each column."""
        offset = np.linspace(-_SPREAD, _SPREAD, len(values)) if len(values) > 1 else np.zeros(len(values))
        spots = pg.ScatterPlotItem(column + offset, values, size=6, pen=None, brush=fill(color, 0.55))
        self.box.addItem(spots)


class DifferencePlot(PlainPlot):
    """A row for each difference with its interval; filled only where a difference is shown."""

    def __init__(self) -> None:
        self._rows: tuple[Interval, ...] = ()
        super().__init__()
        self.setMinimumSize(240, 160)
        self.draw()

    def show_differences(self, measure: ShownMeasure) -> None:
        self._rows = measure.own_minus
        self.setAccessibleName(f"Own controller minus other conditions, {measure.words}")
        self.setToolTip("\n".join(f"own − {one.name}: {one.words}" for one in self._rows))
        self.draw()

    def draw(self) -> None:
        look = theme.current()
        self.clear_box()
        style_plot(self, look)
        axis_label(self.bottom, "own minus other, % of walking without exo", look)
        rows = list(reversed(self._rows))
        self.left.setTicks([[(at, SHORT.get(one.name, one.name)) for at, one in enumerate(rows)], []])
        self.left.setWidth(74)
        if not rows:
            return
        last = len(rows) - 1
        self.box.addItem(dashed_line([0.0, 0.0], [-0.6, last + 0.6], look))
        percent = [_in_percent(one) for one in rows]
        for at, one in enumerate(percent):
            tone = look.colors.ok.ink if one.shown and one.mean < 0.0 else look.colors.text
            tone = look.colors.warn.ink if one.shown and one.mean > 0.0 else tone
            _add_interval(self, one, at, tone, upright=False, filled=one.shown)
        ends = np.array([end for one in percent for end in (one.low, one.high)])
        self.box.setRange(xRange=room([ends, np.zeros(1)]), yRange=(-0.6, last + 0.6), padding=0)


def _add_interval(
    plot: PlainPlot, one: Interval, at: float, color: str, *, upright: bool, filled: bool = True
) -> None:
    look = theme.current()
    ends, place = np.array([one.low, one.high]), np.array([at, at])
    if np.isfinite(ends).all():
        x, y = (place, ends) if upright else (ends, place)
        plot.box.addItem(_line(x, y, line_pen(color, 2.4)))
    across, along = ([at], [one.mean]) if upright else ([one.mean], [at])
    brush = QColor(color) if filled else QColor(look.colors.surface)
    spot = pg.ScatterPlotItem(across, along, size=10, symbol="d", pen=line_pen(color, 1.8), brush=brush)
    spot.setZValue(10)
    plot.box.addItem(spot)


def _line(x: Sequence[float] | FloatArray, y: Sequence[float] | FloatArray, pen: object) -> pg.PlotCurveItem:
    return pg.PlotCurveItem(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64), pen=pen)


def dashed_line(x: Sequence[float], y: Sequence[float], look: theme.Theme) -> pg.PlotCurveItem:
    """Where nothing changes."""
    return _line(x, y, line_pen(look.colors.muted, 1.2, dashed=True))


def _in_percent(one: Interval) -> Interval:
    mean, low, high = (100.0 * value for value in (one.mean, one.low, one.high))
    return Interval(one.name, mean, low, high, one.n, one.shown, one.words)


def room(values: Sequence[FloatArray]) -> tuple[float, float]:
    """Of all that is drawn, with a little around."""
    known = np.concatenate([one[np.isfinite(one)] for one in values])
    low, high = float(known.min()), float(known.max())
    room = max(0.08 * (high - low), 1e-3)
    return low - room, high + room


def _mean_words(one: Interval) -> str:
    interval = "" if np.isnan(one.low) else f" (95 % interval {one.low:.3f} to {one.high:.3f})"
    return f"{one.name}: mean {one.mean:.3f}{interval}"
