"""The key of a skeleton drawn over a picture: which colour is left, which is right, what dots mean."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from core.domain.body import Side
from ui import theme
from ui.widgets.skeleton import SkeletonInk

_GAP, _LINE, _HEIGHT = 8.0, 18.0, 22.0
_ENTRIES = ((Side.LEFT.value, False), (Side.RIGHT.value, False), ("unsure", True))


def draw_side_key(painter: QPainter, area: QRectF, ink: SkeletonInk, *, over_picture: bool) -> None:
    """In the lower left corner of `area`; on a dark ground over pictures, which are of any brightness."""
    colors = theme.current().colors
    ground, text = ("#10141A", "#F4F6F8") if over_picture else (colors.surface, colors.text)
    painter.save()
    font = painter.font()
    font.setPixelSize(theme.current().type.small)
    painter.setFont(font)
    widths = [painter.fontMetrics().horizontalAdvance(words) for words, _dotted in _ENTRIES]
    width = sum(widths) + len(_ENTRIES) * (_LINE + 2 * _GAP) + _GAP
    box = QRectF(area.left() + _GAP, area.bottom() - _GAP - _HEIGHT, width, _HEIGHT)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_with_alpha(ground, 0.8))
    painter.drawRoundedRect(box, 4, 4)
    x, middle = box.left() + _GAP, box.center().y()
    for (words, dotted), room in zip(_ENTRIES, widths, strict=True):
        color = {Side.LEFT.value: ink.left, Side.RIGHT.value: ink.right}.get(words, text)
        painter.setPen(QPen(QColor(color), 3.0, Qt.PenStyle.DotLine if dotted else Qt.PenStyle.SolidLine))
        painter.drawLine(QPointF(x, middle), QPointF(x + _LINE, middle))
        painter.setPen(QColor(text))
        x += _LINE + _GAP
        painter.drawText(QRectF(x, box.top(), room + 2, _HEIGHT), Qt.AlignmentFlag.AlignVCenter, words)
        x += room + _GAP
    painter.restore()


def _with_alpha(color: str, alpha: float) -> QColor:
    result = QColor(color)
    result.setAlphaF(alpha)
    return result
