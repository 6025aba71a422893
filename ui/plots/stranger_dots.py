"""Patient by patient: what the own controller brings, and what those of others do."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from core.cohort.stranger_matrix import StrangerMatrix
from core.domain.arrays import FloatArray
from ui import theme
from ui.plots.cohort_plots import dashed_line, room
from ui.plots.plain_plot import PlainPlot
from ui.plots.plot_style import axis_label, fill, line_pen, style_plot

_MOST_NUMBERED = 16  # patients that have room for their number below; of more, every second or third


class StrangerDots(PlainPlot):
    """A column for each patient, the best own controller first: a diamond for it, dots for the others'."""

    def __init__(self) -> None:
        self._patients: tuple[int, ...] = ()
        self._matrix: StrangerMatrix | None = None
        super().__init__()
        self.setMinimumSize(260, 160)
        self.draw()

    def show_matrix(self, patients: tuple[int, ...], matrix: StrangerMatrix, words: str) -> None:
        self._patients, self._matrix = patients, matrix
        self.setAccessibleName(f"{words}, own controller and those of others, by patient")
        self.draw()

    def draw(self) -> None:
        look = theme.current()
        self.clear_box()
        style_plot(self, look)
        matrix = self._matrix
        if matrix is None or not len(matrix.ratio):
            return
        axis_label(self.left, "share of walking without exo", look)
        axis_label(self.bottom, "patient, best own controller first (◆ own, ● of others)", look)
        own = matrix.wearer == matrix.owner
        order = matrix.wearer[own][np.argsort(matrix.ratio[own], kind="stable")]
        column = np.empty(len(self._patients))
        column[order] = np.arange(len(order))
        names = [(at, str(self._patients[row])) for at, row in enumerate(order.tolist())]
        self.bottom.setTicks([names[:: 1 + len(names) // _MOST_NUMBERED], []])
        last = len(order) - 1
        self.box.addItem(dashed_line([-0.6, last + 0.6], [1.0, 1.0], look))
        x = column[matrix.wearer]
        self._add(x[~own], matrix.ratio[~own], "o", 5, look.colors.muted)
        self._add(x[own], matrix.ratio[own], "d", 10, look.colors.accent)
        self.box.setRange(xRange=(-0.6, last + 0.6), yRange=room([matrix.ratio, np.ones(1)]), padding=0)

    def _add(self, x: FloatArray, y: FloatArray, symbol: str, size: int, color: str) -> None:
        pen = line_pen(color) if symbol == "d" else None
        self.box.addItem(pg.ScatterPlotItem(x, y, size=size, symbol=symbol, pen=pen, brush=fill(color, 0.75)))
