"""Muscle activity over the assistance force: what was measured, the curve through it, and the best force."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from core.domain.amplitude import USUAL_N, Amplitude
from ui import theme
from ui.plots.plain_plot import PlainPlot
from ui.plots.plot_style import axis_label, line_pen, style_plot

_Z = 1.96  # of a normal distribution: 95 % lie inside
_BAND_ALPHA, _PLACE_ALPHA = 46, 70
_ROOM = 0.08


class AmplitudePlot(PlainPlot):
    """Points with the scatter of their cycles; a band for the curve, a bar below for the minimum's place."""

    def __init__(self) -> None:
        self._found: Amplitude | None = None
        super().__init__()
        self.setMinimumSize(320, 220)
        self.setAccessibleName("Muscle activity over the assistance force")
        self.draw()

    @property
    def found(self) -> Amplitude | None:
        return self._found

    def show_amplitude(self, found: Amplitude) -> None:
        if found is self._found:
            return
        self._found = found
        self.setToolTip(f"Least activity at {found.sentence}")
        self.draw()

    def draw(self) -> None:
        look = theme.current()
        self.clear_box()
        style_plot(self, look)
        axis_label(self.left, "Activity [% MVC]", look)
        axis_label(self.bottom, "Assistance force [N]", look)
        if self._found is None:
            return
        found, measured = self._found, self._found.measured
        low, high = self._heights(found)
        self._add_band(found, QColor(look.colors.accent))
        self._add_place(found, low, high)
        se = measured.mean_sd_percent / np.sqrt(measured.cycles)
        for force, value, error in zip(measured.force_n, measured.activity_percent, se, strict=True):
            ends = np.array([value - error, value + error])
            self.box.addItem(
                pg.PlotCurveItem(np.array([force, force]), ends, pen=line_pen(look.colors.text, 1.4))
            )
        spots = pg.ScatterPlotItem(
            measured.force_n,
            measured.activity_percent,
            size=8,
            pen=line_pen(look.colors.text, 1.6),
            brush=QColor(look.colors.surface),
        )
        spots.setZValue(10)
        self.box.addItem(spots)
        left = min(float(measured.force_n[0]), found.curve_force_n[0]) - 3.0
        right = max(float(measured.force_n[-1]), found.bound_n) + 3.0
        self.box.setRange(xRange=(left, right), yRange=(low, high), padding=0)

    def _add_band(self, found: Amplitude, color: QColor) -> None:
        force, half = found.curve_force_n, _Z * found.curve_sd_percent
        edges = [pg.PlotCurveItem(force, found.curve_percent + sign * half, pen=None) for sign in (-1.0, 1.0)]
        shade = QColor(color)
        shade.setAlpha(_BAND_ALPHA)
        self.box.addItem(pg.FillBetweenItem(*edges, brush=shade))
        self.box.addItem(pg.PlotCurveItem(force, found.curve_percent, pen=line_pen(color.name(), 2.4)))

    def _add_place(self, found: Amplitude, low: float, high: float) -> None:
        """The best force as a line, the band of its place as a bar on the axis, the usual force dashed."""
        look = theme.current()
        accent = QColor(look.colors.accent)
        for force, pen in (
            (found.best_n, line_pen(accent.name(), 1.6)),
            (USUAL_N, line_pen(look.colors.muted, 1.2, dashed=True)),
        ):
            self.box.addItem(pg.PlotCurveItem(np.array([force, force]), np.array([low, high]), pen=pen))
        shade = QColor(accent)
        shade.setAlpha(_PLACE_ALPHA)
        top = low + 0.03 * (high - low)
        first, last = (
            pg.PlotCurveItem(np.array(found.band_n), np.full(2, at), pen=None) for at in (low, top)
        )
        self.box.addItem(pg.FillBetweenItem(first, last, brush=shade))

    @staticmethod
    def _heights(found: Amplitude) -> tuple[float, float]:
        half = _Z * found.curve_sd_percent
        values = np.concatenate(
            [found.measured.activity_percent, found.curve_percent - half, found.curve_percent + half]
        )
        room = _ROOM * max(float(np.ptp(values)), 0.5)
        return float(values.min()) - room, float(values.max()) + room
