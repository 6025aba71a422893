"""Curves of several conditions and where they differ: means with SD above, the test statistic below."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from core.domain.arrays import FloatArray
from ui import theme
from ui.plots.plain_plot import PlainPlot
from ui.plots.plot_key import PlotKey
from ui.plots.plot_style import axis_label, fill, line_pen, style_plot, visit_color, visit_pen
from ui.widgets.basics import column

MOST_MEANS = 4  # conditions whose lines can be told apart
_AXIS_PX = 56
_BAND, _SHADE = 0.14, 0.22  # opacity
_ROOM = 0.06  # of the range, above and below


@dataclass(frozen=True, slots=True, eq=False)
class ShownCurve:
    """Axes: K conditions, P points of the curve."""

    name: str
    conditions: tuple[str, ...]  # K
    mean: FloatArray  # (K, P)
    sd: FloatArray  # (K, P) over subjects
    statistic: FloatArray  # (P,); NaN where it is endless
    letter: str  # "t" or "F"
    threshold: float  # NaN where chance has none
    places: tuple[tuple[float, float], ...]  # where the conditions differ, in points


class CurveTestPlots(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._key, self.means, self.statistic = PlotKey(), MeansPlot(), StatisticPlot()
        layout = column(self._key, gap=4)
        layout.addWidget(self.means, 3)
        layout.addWidget(self.statistic, 2)
        self.setLayout(layout)

    def show_curve(self, curve: ShownCurve) -> None:
        """The means of more than four conditions cannot be told apart, and are not drawn."""
        few = len(curve.conditions) <= MOST_MEANS
        self._key.show_entries(tuple(enumerate(curve.conditions)) if few else ())
        for part in (self._key, self.means):
            part.setVisible(few)
        for plot in (self.means, self.statistic):
            plot.show_curve(curve)


class _CurvePlot(PlainPlot):
    """Shaded where the conditions differ."""

    def __init__(self) -> None:
        self._curve: ShownCurve | None = None
        super().__init__()
        self.setMinimumSize(240, 96)
        self.draw()

    def show_curve(self, curve: ShownCurve) -> None:
        self._curve = curve
        self.draw()

    def draw(self) -> None:
        look = theme.current()
        self.clear_box()
        style_plot(self, look)
        self.left.setWidth(_AXIS_PX)  # alike in both, so that they stand one above the other
        curve = self._curve
        if curve is None:
            return
        percent = np.linspace(0.0, 100.0, len(curve.statistic))
        for begin, end in curve.places:
            at = 100.0 * np.array([begin, end]) / (len(percent) - 1)
            shade = pg.LinearRegionItem(
                at.tolist(),
                brush=fill(look.colors.accent, _SHADE),
                pen=line_pen(look.colors.accent, 0.0),
                movable=False,
            )
            self.box.addItem(shade)
        self.draw_curve(curve, percent, look)

    def draw_curve(self, curve: ShownCurve, percent: FloatArray, look: theme.Theme) -> None:
        raise NotImplementedError

    def fit(self, *values: FloatArray) -> None:
        known = np.concatenate([one[np.isfinite(one)] for one in values])
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        room = _ROOM * (high - low) or 1.0
        self.box.setRange(xRange=(0.0, 100.0), yRange=(low - room, high + room), padding=0)


class MeansPlot(_CurvePlot):
    """The mean of every condition with its standard deviation over subjects."""

    def draw_curve(self, curve: ShownCurve, percent: FloatArray, look: theme.Theme) -> None:
        self.setAccessibleName(f"Means of {curve.name} by condition")
        self.setToolTip("Means of the conditions; bands are one standard deviation over subjects")
        axis_label(self.left, curve.name, look)
        low, high = curve.mean - curve.sd, curve.mean + curve.sd
        for number in range(min(len(curve.conditions), MOST_MEANS)):
            edges = [pg.PlotCurveItem(percent, edge[number]) for edge in (low, high)]
            band = fill(visit_color(look, number).name(), _BAND)
            self.box.addItem(pg.FillBetweenItem(*edges, brush=band))
            self.box.addItem(pg.PlotCurveItem(percent, curve.mean[number], pen=visit_pen(look, number)))
        self.fit(low, high)


class StatisticPlot(_CurvePlot):
    """t or F over the curve, and the threshold that chance passes anywhere with 5 %."""

    def draw_curve(self, curve: ShownCurve, percent: FloatArray, look: theme.Theme) -> None:
        self.setAccessibleName(f"Test statistic of {curve.name}")
        self.setToolTip("Beyond the dashed line the conditions differ by more than chance")
        axis_label(self.left, f"SPM{{{curve.letter}}}", look)
        axis_label(self.bottom, "% of the curve, of the gait cycle where it is one", look)
        signs = (1.0, -1.0) if curve.letter == "t" else (1.0,)
        limits = np.array([sign * curve.threshold for sign in signs if np.isfinite(curve.threshold)])
        for limit in limits.tolist():
            pen = line_pen(look.colors.muted, 1.2, dashed=True)
            self.box.addItem(pg.PlotCurveItem(percent[[0, -1]], np.array([limit, limit]), pen=pen))
        pen = line_pen(QColor(look.colors.text).name(), 2.0)
        self.box.addItem(pg.PlotCurveItem(percent, curve.statistic, pen=pen, connect="finite"))
        self.fit(curve.statistic, limits, np.zeros(1))
