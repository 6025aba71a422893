"""Further pages of the report: forces; EMG, calibrated muscles and strength."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter

from core.domain.body import Side
from core.emg.normal_timing import SOURCE
from core.session.cycle_plot import CyclePlot
from core.session.report import ReportContent
from core.session.report_emg import EmgPart
from core.session.report_muscles import (
    EMG_COLUMNS,
    CalibrationPart,
    ForcePart,
    MusclePart,
    StrengthPart,
)
from ui.report_plot import PlotDrawing, pen_of, round_step
from ui.report_sheet import (
    ACCENT,
    GAP,
    HALF,
    INK,
    MARGIN,
    MUTED,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    RIGHT_ALIGNED,
    WRAPPED,
    Sheet,
)
from ui.theme.tokens import LIGHT

_BETWEEN = 70.0  # rows of plots
_WIDTH, _RIGHT = PAGE_WIDTH - 2 * MARGIN, MARGIN + HALF + GAP
_FORCES_NOTICE = (
    "Research prototype, not a cleared medical device. Moments, powers and work follow from the motion, the "
    "masses of a body model and the ground force."
)
_MUSCLES_NOTICE = (
    "Research prototype, not a cleared medical device. EMG is measured; muscle parameters and strength are "
    "estimates by a model of the muscles."
)


class FurtherPage(Sheet):
    """Head and foot that the further pages share."""

    def __init__(self, painter: QPainter, content: ReportContent, number: int) -> None:
        super().__init__(painter)
        self._content, self._number = content, number

    def _draw_head(self, labels: tuple[str, ...] = ()) -> None:
        content = self._content
        words = f"ExoTwin · Gait report · {content.patient}"
        self._text(QRectF(MARGIN, self._y, 3000, 150), words, 92, color=ACCENT, weight=600)
        right = QRectF(PAGE_WIDTH - MARGIN - 2600, self._y, 2600, 150)
        self._text(right, f"{content.visit} · page {self._number}", 92, align=RIGHT_ALIGNED, weight=600)
        shown = tuple(one for one in content.labels if one.startswith("SYNTHETIC")) + labels
        if shown:
            self._draw_labels(shown, PAGE_WIDTH - MARGIN, self._y + 180)
        self._y += 340 if shown else 190
        self._rule(self._y)
        self._y += 90

    def _draw_plots(self, plots: tuple[CyclePlot, ...], columns: int, height: float) -> None:
        width = (_WIDTH - (columns - 1) * GAP) / columns
        for number, plot in enumerate(plots):
            rows, column = divmod(number, columns)
            top = self._y + rows * (height + _BETWEEN)
            box = QRectF(MARGIN + column * (width + GAP), top, width, height)
            if not self._measuring:
                TwoSides(self._painter, plot, self._family).draw(box)
        self._y += -(-len(plots) // columns) * (height + _BETWEEN) + 60

    def _draw_key(self, plots: tuple[CyclePlot, ...], *, band: str = "", spread: str = "± 1 SD") -> None:
        """`band` says what the grey band is; empty: there is none. `spread` is what lies around a curve."""
        x = MARGIN
        spreads = any(sd is not None for plot in plots for _, _, sd in plot.curves)
        for side, color in (("left", LIGHT.left), ("right", LIGHT.right)):
            self._painter.fillRect(QRectF(x, self._y + 60, 190, 18), QColor(color))
            words = f"{side} {spread}" if spreads else side
            self._text(QRectF(x + 230, self._y, _WIDTH, 140), words, 80, MUTED)
            x += max(850.0, self._wide(words, 80) + 400.0)
        if band:
            self._painter.fillRect(QRectF(x, self._y + 30, 190, 80), QColor(LIGHT.norm_band))
            self._text(QRectF(x + 230, self._y, 1800, 140), band, 80, MUTED)
            x += 1800
        if any(plot.simulated for plot in plots):
            self._painter.setPen(pen_of(MUTED, 14.0, [3.0, 2.0]))
            self._painter.drawLine(QPointF(x, self._y + 69), QPointF(x + 190, self._y + 69))
            self._text(QRectF(x + 230, self._y, 1600, 140), "the twin's muscle, simulated", 80, MUTED)
            x += 1700
        if any(plot.active for plot in plots):
            self._painter.fillRect(QRectF(x, self._y + 56, 190, 26), QColor(LIGHT.norm))
            words = f"works in normal walking ({SOURCE})"
            self._text(QRectF(x + 230, self._y, 2000, 140), words, 80, MUTED)
        self._y += 190

    def _notes(self, notes: tuple[str, ...], x: float, y: float, width: float) -> float:
        for words in notes:
            y += self._text(QRectF(x, y, width, 1800), words, 80, align=WRAPPED) + 30
        return y + (80 if notes else 0)

    def _draw_foot(self, notice: str) -> None:
        top = PAGE_HEIGHT - MARGIN - 250
        self._rule(top)
        self._text(QRectF(MARGIN, top + 50, _WIDTH, 250), notice, 66, MUTED, WRAPPED)
        line = QRectF(MARGIN, PAGE_HEIGHT - MARGIN + 80, _WIDTH, 90)
        self._text(line, self._content.trail.printed_words, 66, MUTED)
        self._text(line, self._content.made, 66, MUTED, RIGHT_ALIGNED)


def force_band_key(part: ForcePart) -> str:
    """Never called normal where only the band of other people was near."""
    return f"{'normal' if part.band_fits else 'nearest band'} ± 1 SD, where published"


class ForcesPage(FurtherPage):
    def draw(self, part: ForcePart) -> None:
        self._blank()
        self._draw_head(("FORCES ESTIMATED, NOT MEASURED",) if part.estimated else ())
        self._y = self._heading(part.title, MARGIN, self._y, _WIDTH) - 20
        self._draw_key(part.plots, band=force_band_key(part))
        self._draw_plots(part.plots, 3, 960.0)
        self._y = self._wide_table(part.table, MARGIN, self._y, _WIDTH)
        self._notes(part.notes, MARGIN, self._y, _WIDTH)
        self._draw_foot(f"{_FORCES_NOTICE} {part.band_words}")


class MusclesPage(FurtherPage):
    """EMG and strength side by side, the calibration below them."""

    def draw(self, part: MusclePart, *, calibration_only: bool = False) -> None:
        self._blank()
        self._draw_head()
        deepest = self._y
        if not calibration_only:
            deepest = self._draw_measured(part)
        if part.calibration is not None and part.apart == calibration_only:
            self._draw_calibration(part.calibration, deepest)
        self._draw_foot(_MUSCLES_NOTICE)

    def _draw_measured(self, part: MusclePart) -> float:
        """EMG, and strength beside its table; returns where they end."""
        if part.emg is not None and part.emg.plots:
            self._y = self._heading(part.emg.title, MARGIN, self._y, _WIDTH) - 20
            self._draw_key(part.emg.plots)
            low = len(part.emg.plots) > 3 * EMG_COLUMNS
            self._draw_plots(part.emg.plots, EMG_COLUMNS, 540.0 if low else 640.0)
        deepest = self._y
        if part.emg is not None:
            deepest = self._draw_emg(part.emg, MARGIN, self._y)
        if part.strength is not None:
            x = MARGIN if part.emg is None else _RIGHT
            deepest = max(deepest, self._draw_strength(part.strength, x, self._y))
        return deepest

    def _draw_emg(self, part: EmgPart, x: float, y: float) -> float:
        y = self._wide_table(part.channels, x, y, HALF)
        for name, value in part.facts:
            self._text(QRectF(x, y, 760, 120), name, 80, MUTED, WRAPPED)
            y += max(self._text(QRectF(x + 780, y, HALF - 780, 900), value, 80, align=WRAPPED), 96) + 22
        return y + 110

    def _draw_calibration(self, part: CalibrationPart, y: float) -> None:
        y = self._wide_table(part.parameters, MARGIN, y, _WIDTH)
        y = self._notes(part.notes, MARGIN, y, _WIDTH)
        if part.fits.rows:
            self._wide_table(part.fits, MARGIN, y, _WIDTH)

    def _draw_strength(self, part: StrengthPart, x: float, y: float) -> float:
        y = self._wide_table(part.table, x, y, HALF)
        return self._notes(part.notes, x, y, HALF)


class TwoSides(PlotDrawing):
    """Both sides of one quantity on the normal band."""

    def __init__(self, painter: QPainter, plot: CyclePlot, family: str) -> None:
        super().__init__(painter, _value_range(plot), family)
        self._plot = plot

    def draw(self, box: QRectF) -> None:
        self._title(box, self._plot.title, INK)
        self._note(self._plot.note)
        if self._plot.band is not None:
            self._fill_between(*self._plot.band, QColor(LIGHT.norm_band))
        for side, mean, sd in self._plot.curves:
            if sd is not None:
                tint = _color(side)
                tint.setAlphaF(0.18)
                self._fill_between(mean - sd, mean + sd, tint)
        self._axes(*round_step(self._high - self._low, self._area.height() / _LINE_APART))
        for side, mean, _sd in self._plot.curves:
            self._line(mean, pen_of(_color(side), 13.0))
        for side, curve in self._plot.simulated:
            self._line(curve, pen_of(_color(side), 11.0, [3.0, 2.0]))
        for on, off in self._plot.active:
            left, right = (self._point(percent, self._low).x() for percent in (on, off))
            bar = QRectF(left, self._area.bottom() - 30, right - left, 26)
            self._painter.fillRect(bar, QColor(LIGHT.norm))

    def _note(self, words: str) -> None:
        """A line of its own between title and curves: no curve is hidden by it."""
        if words:
            line = QRectF(self._area.left(), self._area.top() - 15, self._area.width(), _NOTE_LINE)
            self._words(line, words, 68, MUTED, RIGHT_ALIGNED)
            self._area.setTop(self._area.top() + _NOTE_LINE)


def _color(side: Side) -> QColor:
    return QColor(LIGHT.left if side is Side.LEFT else LIGHT.right)


def _value_range(plot: CyclePlot) -> tuple[float, float]:
    edges = [mean + sign * (0.0 if sd is None else sd) for _, mean, sd in plot.curves for sign in (-1, 1)]
    edges += [curve for _, curve in plot.simulated]
    edges += [np.zeros(1)] if plot.band is None else list(plot.band)  # EMG stands on its zero line
    low, high = min(float(edge.min()) for edge in edges), max(float(edge.max()) for edge in edges)
    margin = max(0.05 * (high - low), 0.02)
    return low - margin, high + margin


_LINE_APART = 110.0  # room that a number beside the axis needs
_NOTE_LINE = 85.0
