"""The force of a belt over the gait cycle: what was asked for, what is planned, what belts gave before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor

from core.domain.arrays import FloatArray
from ui import theme
from ui.plots.plain_plot import PlainPlot
from ui.plots.plot_style import axis_label, line_pen, style_plot

_PERCENT = np.linspace(0.0, 100.0, 101)
_WINDOW_ALPHA = 22  # of 255


@dataclass(frozen=True, slots=True, eq=False)
class BeltCurves:
    """Forces [N] at 101 points of the gait cycle, and the part of it with assistance in percent."""

    planned_n: FloatArray  # (101,)
    wanted_n: FloatArray  # (101,)
    conventional_n: FloatArray  # (101,)
    window: tuple[float, float]


class BeltPlot(PlainPlot):
    def __init__(self) -> None:
        super().__init__()
        self._curves: BeltCurves | None = None
        self.setMinimumSize(260, 180)
        self.setAccessibleName("Force of the belt over the gait cycle")
        self.draw()

    def sizeHint(self) -> QSize:
        return QSize(560, 320)

    def show_curves(self, curves: BeltCurves | None) -> None:
        self._curves = curves
        self.draw()

    def draw(self) -> None:
        look = theme.current()
        self.clear_box()
        style_plot(self, look)
        axis_label(self.bottom, "% of gait cycle", look)
        axis_label(self.left, "N", look)
        self.left.setWidth(52)
        self.box.setXRange(0.0, 100.0, padding=0.0)
        curves = self._curves
        if curves is None:
            self.box.setYRange(0.0, 1.0, padding=0.0)
            return
        shade = QColor(look.colors.accent)
        shade.setAlpha(_WINDOW_ALPHA)
        region = pg.LinearRegionItem(curves.window, movable=False, brush=shade, pen=pg.mkPen(None))
        self.box.addItem(region, ignoreBounds=True)
        for value, pen in (
            (curves.conventional_n, line_pen(look.colors.muted, 1.8, dashed=True)),
            (curves.wanted_n, line_pen(look.colors.norm, 5.0)),
            (curves.planned_n, line_pen(look.colors.accent, 2.4)),
        ):
            self.box.addItem(pg.PlotCurveItem(_PERCENT, value, pen=pen))
        top = max(float(value.max()) for value in (curves.planned_n, curves.wanted_n, curves.conventional_n))
        self.box.setYRange(0.0, max(top, 1.0), padding=0.08)
