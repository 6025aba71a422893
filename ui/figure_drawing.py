"""A figure as it is printed: title, legend, plots with units and side colours, and what the band is."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from core.domain.body import SIDES, Side
from core.session.figures import Figure, FigurePlot
from ui.report_plot import PlotDrawing, pen_of, round_step
from ui.report_sheet import GAP, INK, MARGIN, MUTED, PAGE_WIDTH, WRAPPED, Sheet
from ui.theme.tokens import LIGHT

_TOP, _HEAD, _LEGEND, _FOOT_LINE, _BETWEEN = 260.0, 430.0, 210.0, 110.0, 90.0
_LEGEND_LINE = 160.0  # of a further one
_WIDTH = PAGE_WIDTH - 2 * MARGIN
_Line = tuple[float, list[float]]  # width, dashes
_PERSONALIZED: _Line = (24.0, [])  # thick, as on the screens
_GAIT_LINES: tuple[_Line, ...] = (  # the others in their order: measured or the first, the second, …
    (13.0, []),
    (13.0, [5.0, 3.0]),
    (15.0, [1.5, 2.0]),
    (15.0, [6.0, 2.0, 1.5, 2.0]),
    (15.0, [6.0, 2.0]),
)


def figure_size(figure: Figure) -> QSizeF:
    """In tenths of a typographic point, as wide as A4."""
    rows = math.ceil(len(figure.plots) / figure.columns)
    plots = rows * (_plot_height(figure) + _BETWEEN)
    foot = _FOOT_LINE * (len(figure.notes) + 1)
    legend = _LEGEND + _LEGEND_LINE * (_legend_lines(figure) - 1)
    return QSizeF(PAGE_WIDTH, 2 * _TOP + _HEAD + legend + plots + foot - _FOOT_LINE)


def _gaits(figure: Figure) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.gait for plot in figure.plots for line in plot.lines))


def _gait_styles(gaits: tuple[str, ...]) -> dict[str, _Line]:
    """How each gait is drawn; what is personalized stands out."""
    others = [gait for gait in gaits if not gait.startswith("personalized")]
    styles = dict(zip(others, _GAIT_LINES, strict=False))
    return {gait: styles.get(gait, _PERSONALIZED) for gait in gaits}


def _legend_lines(figure: Figure) -> int:
    """How many lines its legend needs."""
    painter = QPainter(nowhere := QImage(1, 1, QImage.Format.Format_RGB32))
    trial = FigureDrawing(painter, figure)
    before = trial.ends_at()
    trial.draw_legend()
    painter.end()
    assert not nowhere.isNull()
    return 1 + round((trial.ends_at() - before - _LEGEND) / _LEGEND_LINE)


def _plot_height(figure: Figure) -> float:
    return 1250.0 if figure.columns <= 3 else 1000.0


def draw_figure(painter: QPainter, figure: Figure, scale: float) -> None:
    """`scale` device pixels per tenth of a point, from the painter's origin."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(scale, scale)
    FigureDrawing(painter, figure).draw()
    painter.restore()


class FigureDrawing(Sheet):
    def __init__(self, painter: QPainter, figure: Figure) -> None:
        super().__init__(painter)
        self._figure, self._y = figure, _TOP
        self._styles = _gait_styles(_gaits(figure))

    def ends_at(self) -> float:
        return self._y

    def draw(self) -> None:
        size = figure_size(self._figure)
        self._painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor("white"))
        self._text(QRectF(MARGIN, self._y, _WIDTH, 200), self._figure.title, 150, weight=700)
        self._text(QRectF(MARGIN, self._y + 220, _WIDTH, 150), self._figure.subtitle, 92, MUTED)
        self._y += _HEAD
        self.draw_legend()
        self._draw_plots()
        dashed = "; dashed: toe-off" if any(plot.toe_off for plot in self._figure.plots) else ""
        for note in (*self._figure.notes, f"Over 0 to 100 % of the gait cycle{dashed}. Drawn by ExoTwin."):
            self._text(QRectF(MARGIN, self._y, _WIDTH, 2 * _FOOT_LINE), note, 72, MUTED, WRAPPED)
            self._y += _FOOT_LINE

    def draw_legend(self) -> None:
        """One entry after another, on as many lines as they need."""
        x = MARGIN
        for side in SIDES:
            self._painter.fillRect(QRectF(x, self._y + 58, 200, 24), _color(side))
            x = self._legend_words(x + 240, side.value)
        if len(self._styles) > 1:
            for gait, (width, dashes) in self._styles.items():
                x = self._next_in_key(x, 300 + self._wide(gait), _LEGEND_LINE)
                self._painter.setPen(pen_of(INK, width, dashes))
                self._painter.drawLine(QPointF(x, self._y + 70), QPointF(x + 260, self._y + 70))
                x = self._legend_words(x + 300, gait)
        if any(plot.band is not None for plot in self._figure.plots):
            normal = f"{'normal' if self._figure.band_fits else 'nearest band'} ± 1 SD"
            x = self._next_in_key(x, 240 + self._wide(normal), _LEGEND_LINE)
            self._painter.fillRect(QRectF(x, self._y + 30, 200, 80), QColor(LIGHT.norm_band))
            self._legend_words(x + 240, normal)
        self._y += _LEGEND

    def _legend_words(self, x: float, words: str) -> float:
        self._text(QRectF(x, self._y, 2000, 140), words, 84, MUTED)
        return x + self._wide(words) + 170

    def _wide(self, words: str) -> float:
        return QFontMetricsF(self._font(84)).horizontalAdvance(words)

    def _draw_plots(self) -> None:
        columns, height = self._figure.columns, _plot_height(self._figure)
        width = (_WIDTH - (columns - 1) * GAP) / columns
        for number, plot in enumerate(self._figure.plots):
            row, column = divmod(number, columns)
            top = self._y + row * (height + _BETWEEN)
            box = QRectF(MARGIN + column * (width + GAP), top, width, height)
            FigurePlotDrawing(self._painter, plot, self._styles, self._family).draw(box)
        self._y += math.ceil(len(self._figure.plots) / columns) * (height + _BETWEEN)


class FigurePlotDrawing(PlotDrawing):
    def __init__(self, painter: QPainter, plot: FigurePlot, styles: dict[str, _Line], family: str) -> None:
        super().__init__(painter, _value_range(plot), family)
        self._plot, self._styles = plot, styles

    def draw(self, box: QRectF) -> None:
        one_side = len({line.side for line in self._plot.lines}) == 1 and len(self._styles) > 1
        color = _color(self._plot.lines[0].side) if one_side else INK
        self._title(box, self._plot.title, color)
        if self._plot.band is not None:
            self._fill_between(*self._plot.band, QColor(LIGHT.norm_band))
        for line in self._plot.lines:
            if line.sd is not None:
                tint = _color(line.side)
                tint.setAlphaF(0.18)
                self._fill_between(line.mean - line.sd, line.mean + line.sd, tint)
        self._axes(*round_step(self._high - self._low, self._area.height() / 150.0))
        self._draw_toe_off()
        for on, off in self._plot.active:
            left, right = (self._point(percent, self._low).x() for percent in (on, off))
            bar = QRectF(left, self._area.bottom() - 40, right - left, 34)
            self._painter.fillRect(bar, QColor(LIGHT.norm))
        for line in self._plot.lines:
            self._line(line.mean, pen_of(_color(line.side), *self._styles[line.gait]))

    def _draw_toe_off(self) -> None:
        for side, fraction in self._plot.toe_off:
            x = self._point(100.0 * fraction, self._low).x()
            self._painter.setPen(pen_of(_color(side), 7.0, [4.0, 4.0]))
            self._painter.drawLine(QPointF(x, self._area.top()), QPointF(x, self._area.bottom()))


def _color(side: Side) -> QColor:
    return QColor(LIGHT.left if side is Side.LEFT else LIGHT.right)


def _value_range(plot: FigurePlot) -> tuple[float, float]:
    edges = [np.zeros(1)] if plot.band is None else list(plot.band)
    for line in plot.lines:
        sd = 0.0 if line.sd is None else line.sd
        edges += [line.mean - sd, line.mean + sd]
    low = min(float(np.nanmin(edge)) for edge in edges)
    high = max(float(np.nanmax(edge)) for edge in edges)
    margin = max(0.05 * (high - low), 0.02)
    return low - margin, high + margin
