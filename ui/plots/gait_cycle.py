"""One joint of one side over the gait cycle, on its normal band."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from core.store.private import patient_permissions
from ui import theme
from ui.file_dialogs import ask_where
from ui.plots.curves import (
    CYCLE_PERCENT,
    CurveStyle,
    CycleCurve,
    JointPanel,
)
from ui.plots.plain_plot import PlainPlot
from ui.plots.plot_style import (
    MARKER_EVERY,
    curve_color,
    curve_pen,
    fill,
    line_pen,
    small_font,
    style_plot,
    visit_color,
    visit_pen,
)
from ui.wording import signed

AXIS_PX, NUMBERS_PX = 34, 18  # for the numbers beside a plot and below it
LOW_PX = 48  # the least height of the curves' field
LEAST_WIDE_PX = 128  # two beside the widest table, at a width of 1366 px
WIDE_PX = 190  # from here on the axis has room for its name

_BAR_PX, _BAR_PLACE = 5.0, 0.03  # of a bar of normal activity: thickness, height above the lower edge


class _CycleBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph is untyped
    """Pressing or dragging inside the plot moves the cursor; nothing pans or zooms by accident."""

    picked = Signal(float)  # percent
    doubly_clicked = Signal()

    def __init__(self) -> None:
        super().__init__(enableMouse=False, enableMenu=False)

    def mouseClickEvent(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(float(self.mapSceneToView(event.scenePos()).x()))
            if event.double():
                self.doubly_clicked.emit()
            event.accept()

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(float(self.mapSceneToView(event.scenePos()).x()))
            event.accept()

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        event.ignore()  # the page scrolls


class GaitCyclePlot(PlainPlot):
    """Curves, normal band, toe-off, a cursor to move, export by context menu; words stand outside of it."""

    cursor_moved = Signal(float)  # 0..1, by the person
    hovered = Signal(object)  # 0..1 under the mouse; None where it is not
    enlarge = Signal()  # double-click

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_CycleBox(), parent)
        self._panel: JointPanel | None = None
        self._range: tuple[float, float] | None = None
        self._cursor_fraction: float | None = None
        self._show_x = True
        self._middle = ""  # of the axis
        self.setMinimumSize(LEAST_WIDE_PX, LOW_PX + NUMBERS_PX)
        self.setMouseTracking(True)
        self.box.picked.connect(self._on_picked)
        self.box.doubly_clicked.connect(self.enlarge)
        self.draw()

    def sizeHint(self) -> QSize:
        return QSize(240, 84)  # the default of pyqtgraph is too large for a grid of six

    @property
    def panel(self) -> JointPanel | None:
        return self._panel

    def set_panel(self, panel: JointPanel, value_range: tuple[float, float] | None = None) -> None:
        """Show a panel; `value_range` makes left and right comparable."""
        if panel is self._panel and value_range == self._range:
            return
        self._panel, self._range = panel, value_range
        self.setAccessibleName(f"{panel.title} over the gait cycle")
        self.draw()

    def set_axes(self, *, x_label: bool) -> None:
        """In a grid only the lowest plots name the gait cycle."""
        if x_label == self._show_x:
            return
        self._show_x = x_label
        self.setMinimumHeight(LOW_PX + (NUMBERS_PX if x_label else 0))
        if self._panel is not None:
            self.draw()

    def likeness_words(self) -> str:
        """Correlation and RMSE of the last-named gait."""
        if self._panel is None or not self._panel.likeness or not self._panel.likeness[-1].known:
            return ""
        return self._panel.likeness[-1].words()

    def likeness_tip(self) -> str:
        """Those of all gaits."""
        if self._panel is None:
            return ""
        return "\n".join(f"{item.label}: {item.words()}" for item in self._panel.likeness)

    def set_cursor(self, fraction: float | None) -> None:
        """Put the cursor line at a fraction of the cycle; None hides it. Emits nothing."""
        self._cursor_fraction = fraction
        self._cursor.setVisible(fraction is not None)
        if fraction is not None:
            self._cursor.setPos(100.0 * fraction)

    # Drawing ----------------------------------------------------------------------------------

    def draw(self) -> None:
        look = theme.current()
        self.clear_box()
        self._missing: pg.TextItem | None = None
        style_plot(self, look)
        self._add_frame(look)
        if self._panel is not None:
            self._add_band(look, self._panel)
            self._add_published(look, self._panel)
            for curve in self._panel.curves:
                self._add_curve(look, curve)
            self._add_toe_off(look, self._panel)
            if not self._panel.curves:
                self._add_no_stride_note(look, self._panel.missing)
        self._cursor = pg.InfiniteLine(pos=0, angle=90, pen=line_pen(look.colors.accent, 1.6))
        self._cursor.setZValue(20)
        self.box.addItem(self._cursor, ignoreBounds=True)
        self._add_grid(look, *self._fit_range())
        self.set_cursor(self._cursor_fraction)

    def _add_frame(self, look: theme.Theme) -> None:
        self._name_ticks()
        self.bottom.setStyle(showValues=self._show_x)
        self.bottom.showLabel(False)  # its own line would cost as much as a plot has at 768 px
        self.left.showLabel(False)  # the title above the plot names quantity and unit
        self.left.setStyle(showValues=self._panel is None or bool(self._panel.curves))
        self.left.setWidth(AXIS_PX)

    def _name_ticks(self) -> None:
        """What the axis shows stands at its middle number, as far as there is room."""
        middle = "50 % of gait cycle" if self.width() >= WIDE_PX else "50 %"
        if middle != self._middle:
            self._middle = middle
            self.bottom.setTicks([[(0, "0"), (50, middle), (100, "100")], []])

    def _add_band(self, look: theme.Theme, panel: JointPanel) -> None:
        if panel.band is None:
            return
        low = panel.band.mean - panel.band.sd
        self._add_area(low, low + 2 * panel.band.sd, fill(look.colors.norm_band, 0.75), -20)

    def _add_published(self, look: theme.Theme, panel: JointPanel) -> None:
        """Fields in which the peaks of published controllers lie: not a curve to follow."""
        for field in panel.published:
            begin, end = 100.0 * field.begin, 100.0 * field.end
            x = np.array([begin, begin, end, end, begin])
            y = np.array([field.low, field.high, field.high, field.low, field.low])
            frame = pg.PlotCurveItem(
                x, y, pen=line_pen(look.colors.norm, 1.4), brush=fill(look.colors.norm_band, 0.75)
            )
            frame.setFillLevel(field.low)
            frame.setZValue(-15)
            self.box.addItem(frame)

    def _add_curve(self, look: theme.Theme, curve: CycleCurve) -> None:
        visit = curve.visit
        color = curve_color(look, curve.side, curve.style) if visit is None else visit_color(look, visit)
        pen = curve_pen(look, curve.side, curve.style) if visit is None else visit_pen(look, visit)
        if curve.sd is not None:
            tint = fill(color.name(), 0.14)
            self._add_area(curve.mean - curve.sd, curve.mean + curve.sd, tint, -10)
        self.box.addItem(pg.PlotCurveItem(CYCLE_PERCENT, curve.mean, pen=pen))
        if curve.style is CurveStyle.WITH_EXO:
            spots = slice(MARKER_EVERY // 2, None, MARKER_EVERY)
            self.box.addItem(
                pg.ScatterPlotItem(
                    CYCLE_PERCENT[spots],
                    curve.mean[spots],
                    size=8,
                    pen=line_pen(look.colors.surface, 1.5),
                    brush=color,
                )
            )

    def _add_area(self, low: Any, high: Any, brush: Any, depth: int) -> None:
        edges = [pg.PlotCurveItem(CYCLE_PERCENT, edge, pen=None) for edge in (low, high)]
        area = pg.FillBetweenItem(*edges, brush=brush)
        area.setZValue(depth)
        self.box.addItem(area)

    def _add_toe_off(self, look: theme.Theme, panel: JointPanel) -> None:
        if panel.toe_off_fraction is None:
            return
        line = pg.InfiniteLine(
            100 * panel.toe_off_fraction, angle=90, pen=line_pen(look.colors.norm, 1.0, dashed=True)
        )
        line.setToolTip(f"Toe-off at {100 * panel.toe_off_fraction:.0f} % of the gait cycle")
        self.box.addItem(line, ignoreBounds=True)

    def _add_no_stride_note(self, look: theme.Theme, missing: str) -> None:
        """Empty axes look like a mistake; without a curve their numbers mean nothing either."""
        words = pg.TextItem(missing, color=look.colors.muted, anchor=(0.5, 0.5))
        words.setFont(small_font(look))
        words.setZValue(15)
        self.box.addItem(words, ignoreBounds=True)
        self._missing = words

    def _add_grid(self, look: theme.Theme, low: float, high: float) -> None:
        """Quarters of the cycle and the zero line, as two curves: pyqtgraph's own lines are slow to draw."""
        quarters, ends = np.repeat([25.0, 50.0, 75.0], 2), np.tile([low, high], 3)
        for x, y, color in (
            (quarters, ends, look.colors.plot_grid),
            (np.array([0.0, 100.0]), np.zeros(2), look.colors.border),
        ):
            lines = pg.PlotCurveItem(x, y, connect="pairs", pen=line_pen(color), antialias=False)
            lines.setZValue(-5)
            self.box.addItem(lines, ignoreBounds=True)
        self._add_active(look, low + _BAR_PLACE * (high - low))

    def _add_active(self, look: theme.Theme, at: float) -> None:
        """Bars just above the axis, when the muscle works in normal gait."""
        for on, off in () if self._panel is None else self._panel.active:
            pen = line_pen(look.colors.norm, _BAR_PX)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            bar = pg.PlotCurveItem(np.array([on, off]), np.array([at, at]), pen=pen, antialias=False)
            bar.setZValue(-4)
            self.box.addItem(bar, ignoreBounds=True)

    def _fit_range(self) -> tuple[float, float]:
        low, high = self._range or (self._panel.value_range() if self._panel is not None else (0.0, 1.0))
        least = 0.5 if self._panel is None else self._panel.least_margin
        margin = max(least, 0.08 * (high - low))
        low, high = low - margin, high + margin
        self.box.setRange(xRange=(0, 100), yRange=(low, high), padding=0, disableAutoRange=True)
        if self._missing is not None:
            self._missing.setPos(QPointF(50.0, (low + high) / 2))
        return low, high

    # What the person does -----------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_middle"):  # pyqtgraph resizes while it is made
            self._name_ticks()

    def mouseMoveEvent(self, event: Any) -> None:
        super().mouseMoveEvent(event)
        at = self.box.mapSceneToView(self.mapToScene(event.position().toPoint()))
        inside = self.box.sceneBoundingRect().contains(self.mapToScene(event.position().toPoint()))
        self.hovered.emit(float(np.clip(at.x() / 100, 0.0, 1.0)) if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction("Save picture…", self._save_picture)
        menu.addAction("Save numbers (CSV)…", self._save_table)
        menu.setEnabled(self._panel is not None)
        menu.exec(event.globalPos())

    def read_out(self, fraction: float) -> str:
        """`42 %: measured 12°, personalized twin 13°` at one fraction of the cycle."""
        if self._panel is None:
            return ""
        point = round(np.clip(fraction, 0, 1) * 100)
        unit, band, digits = self._panel.unit, self._panel.band, self._panel.digits
        values = [
            f"{curve.mark or curve.label} {signed(curve.mean[point], digits)}{unit}"
            for curve in self._panel.curves
        ]
        if band is not None:
            values.append(
                f"{band.name} {signed(band.mean[point], digits)} ± {band.sd[point]:.{digits}f}{unit}"
            )
        return f"{point} %\n" + "\n".join(values)

    def _on_picked(self, percent: float) -> None:
        fraction = float(np.clip(percent / 100, 0.0, 1.0))
        self.set_cursor(fraction)
        self.cursor_moved.emit(fraction)

    def _save_picture(self) -> None:
        path = ask_where(self, "Save picture", self._file_name("png"), "PNG (*.png)")
        if path is not None:
            with patient_permissions():
                self.grab().save(str(path))

    def _save_table(self) -> None:
        path = ask_where(self, "Save numbers", self._file_name("csv"), "CSV (*.csv)")
        if path is not None and self._panel is not None:
            with patient_permissions():
                path.write_text(self._panel.table(), encoding="utf-8")

    def _file_name(self, ending: str) -> str:
        assert self._panel is not None
        return f"{self._panel.title.lower().replace(' ', '-')}.{ending}"
