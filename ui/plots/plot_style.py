"""Pens and axes in the look of the theme."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPen

from core.domain.body import Side
from ui.plots.curves import CurveStyle
from ui.plots.plain_plot import PlainPlot
from ui.theme import Theme

_WIDTH = {
    CurveStyle.MEASURED: 2.0,
    CurveStyle.DEFAULT: 2.0,
    CurveStyle.PERSONALIZED: 3.4,
    CurveStyle.WITH_EXO: 3.4,
    CurveStyle.IMPAIRED: 4.0,
    CurveStyle.ESTIMATED: 2.2,
    CurveStyle.HEALTHY: 2.2,
    CurveStyle.WORN: 2.2,
    CurveStyle.GENERIC: 2.2,
}
# Fraction of the text colour mixed into the side's colour, so that lines on one plot differ in weight too.
_TOWARDS_TEXT = {CurveStyle.MEASURED: 0.62, CurveStyle.IMPAIRED: 0.3}
_TOWARDS_MUTED = {CurveStyle.DEFAULT: 0.30}
_LONG_DASHES = {
    CurveStyle.ESTIMATED: [8.0, 2.4],
    CurveStyle.WORN: [5.0, 1.8, 1.2, 1.8],
    CurveStyle.GENERIC: [5.0, 1.8, 1.2, 1.8, 1.2, 1.8],
}
MARKER_EVERY = 10  # points of the cycle


def curve_color(theme: Theme, side: Side, style: CurveStyle) -> QColor:
    color = QColor(theme.side_color(side.value))
    color = mixed(color, QColor(theme.colors.text), _TOWARDS_TEXT.get(style, 0.0))
    return mixed(color, QColor(theme.colors.muted), _TOWARDS_MUTED.get(style, 0.0))


def curve_pen(theme: Theme, side: Side, style: CurveStyle) -> QPen:
    """Color tells the side, dashes and width the gait: each can be read without the other, also in grey."""
    pen = QPen(curve_color(theme, side, style))
    pen.setCosmetic(True)
    pen.setWidthF(_WIDTH[style])
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if style is CurveStyle.DEFAULT:
        pen.setDashPattern([4.0, 2.6])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    elif style is CurveStyle.IMPAIRED:
        pen.setDashPattern([0.1, 1.9])  # with round ends: dots
    elif style is CurveStyle.HEALTHY:
        pen.setDashPattern([1.4, 1.8])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    elif style in _LONG_DASHES:
        pen.setDashPattern(_LONG_DASHES[style])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


VISIT_DASHES: tuple[list[float], ...] = ([], [5.0, 3.0], [0.1, 2.2], [8.0, 2.4, 1.4, 2.4])


def visit_color(theme: Theme, number: int) -> QColor:
    """The colour of a recording among several; none is a side's."""
    return QColor(theme.colors.visits[number])


def visit_pen(theme: Theme, number: int) -> QPen:
    """Colour and dashes tell the recording: each can be read without the other, also in grey."""
    pen = QPen(visit_color(theme, number))
    pen.setCosmetic(True)
    pen.setWidthF(2.4)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    dashes = VISIT_DASHES[number]
    pen.setCapStyle(Qt.PenCapStyle.RoundCap if min(dashes, default=0.0) < 1.0 else Qt.PenCapStyle.FlatCap)
    if dashes:
        pen.setDashPattern(dashes)
    return pen


def line_pen(color: str, width: float = 1.0, *, dashed: bool = False) -> QPen:
    pen = QPen(QColor(color))
    pen.setCosmetic(True)
    pen.setWidthF(width)
    if dashed:
        pen.setDashPattern([3.0, 3.0])
    return pen


def fill(color: str, opacity: float) -> QBrush:
    tint = QColor(color)
    tint.setAlphaF(opacity)
    return QBrush(tint)


def small_font(theme: Theme) -> QFont:
    font = QFont(theme.family)
    font.setPixelSize(max(11, theme.type.small - 1))
    return font


def style_plot(plot: PlainPlot, theme: Theme) -> None:
    """Quiet axes: no frame, hairline grid, letters in the muted colour."""
    font = small_font(theme)
    plot.setBackground(theme.colors.surface)
    for axis in (plot.left, plot.bottom):
        axis.enableAutoSIPrefix(False)
        axis.setPen(line_pen(theme.colors.border))
        axis.setTextPen(QColor(theme.colors.muted))
        axis.setTickFont(font)
        axis.setStyle(tickLength=-3, tickTextOffset=4, hideOverlappingLabels=axis is plot.left)


def axis_label(axis: pg.AxisItem, text: str, theme: Theme) -> None:
    axis.setLabel(text, **{"color": theme.colors.muted, "font-size": f"{small_font(theme).pixelSize()}px"})
    axis.setSIPrefixEnableRanges(())  # else values below 1 are shown times 1000, and the unit stays


def mixed(color: QColor, other: QColor, fraction: float) -> QColor:
    return QColor.fromRgbF(
        color.redF() + (other.redF() - color.redF()) * fraction,
        color.greenF() + (other.greenF() - color.greenF()) * fraction,
        color.blueF() + (other.blueF() - color.blueF()) * fraction,
    )
