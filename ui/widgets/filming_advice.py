"""How to film a walk, as a picture: what the camera should see, and where it stands."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme

WORDS = (
    "The camera stands at hip height, about 4 m beside the walkway and square to it. It sees the whole body, "
    "from head to feet, for at least three steps of each leg."
)
_WIDTH, _HEIGHT = 640.0, 236.0  # of the drawing; it is scaled to the room there is
_LEAST = 500
_FRAME = QRectF(4, 30, 300, 172)  # what the camera should see
_FLOOR = 182.0
# A person in mid-stride, walking to the right: joints relative to the hip, in hundredths of the leg's length.
_HEAD, _NECK = QPointF(8, -88), QPointF(5, -70)
_NEAR_LEG = (QPointF(0, 0), QPointF(24, 40), QPointF(34, 84), QPointF(50, 82))
_FAR_LEG = (QPointF(0, 0), QPointF(-6, 44), QPointF(-40, 78), QPointF(-30, 90))
_NEAR_ARM = (_NECK, QPointF(-14, -42), QPointF(-20, -14))
_FAR_ARM = (_NECK, QPointF(20, -42), QPointF(34, -24))
_HIP, _SIZE = QPointF(154, 122), 0.7
_WALKWAY = QRectF(336, 34, 300, 46)  # seen from above
_CAMERA = QPointF(486, 190)


class FilmingAdvice(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(_LEAST, round(_LEAST * _HEIGHT / _WIDTH))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("How to film")
        self.setAccessibleDescription(WORDS)
        self.setToolTip(WORDS)

    def sizeHint(self) -> QSize:
        return QSize(round(_WIDTH), round(_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = min(self.width() / _WIDTH, self.height() / _HEIGHT)
        painter.translate(self.width() / 2, self.height() / 2)
        painter.scale(scale, scale)
        painter.translate(-_WIDTH / 2, -_HEIGHT / 2)
        _draw_view(painter)
        _draw_from_above(painter)
        painter.end()


def _draw_view(painter: QPainter) -> None:
    """The picture as it should be: the whole body from the side, with room above head and below feet."""
    colors = theme.current().colors
    _words(painter, QRectF(_FRAME.left(), 4, _FRAME.width(), 20), "What the camera sees", strong=True)
    painter.setPen(QPen(QColor(colors.border), 1.5))
    painter.setBrush(QColor(colors.sunken))
    painter.drawRoundedRect(_FRAME, 6, 6)
    painter.setPen(QPen(QColor(colors.muted), 1.5))
    painter.drawLine(QPointF(_FRAME.left() + 8, _FLOOR), QPointF(_FRAME.right() - 8, _FLOOR))
    _limb(painter, _FAR_ARM, colors.left, 5)
    _limb(painter, _FAR_LEG, colors.left, 7)
    _limb(painter, (QPointF(0, 0), _NECK), colors.text, 7)
    _limb(painter, _NEAR_LEG, colors.right, 7)
    _limb(painter, _NEAR_ARM, colors.right, 5)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colors.text))
    painter.drawEllipse(_at(_HEAD), 8, 8)
    painter.setPen(QPen(QColor(colors.accent), 2.5))
    _arrow(painter, QPointF(214, 110), QPointF(264, 110), colors.accent)
    below = QRectF(_FRAME.left(), _FRAME.bottom() + 6, _FRAME.width(), 28)
    _words(painter, below, "head to feet, from the side")


def _draw_from_above(painter: QPainter) -> None:
    """The walkway with steps of both feet, and the camera square to it."""
    colors = theme.current().colors
    above = QRectF(_WALKWAY.left(), 4, _WALKWAY.width(), 20)
    _words(painter, above, "Where it stands, from above", strong=True)
    sees = QColor(colors.accent)
    sees.setAlphaF(0.14)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(sees)
    left, right = _WALKWAY.topLeft() + QPointF(6, 0), _WALKWAY.topRight() - QPointF(6, 0)
    painter.drawPolygon(QPolygonF([_CAMERA, left, right]))
    painter.setPen(QPen(QColor(colors.border), 1.5))
    painter.setBrush(QColor(colors.sunken))
    painter.drawRoundedRect(_WALKWAY, 4, 4)
    for number in range(6):
        middle = _WALKWAY.center().y() + (-9 if number % 2 else 9)
        color = colors.left if number % 2 else colors.right
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(color))
        painter.drawEllipse(QPointF(_WALKWAY.left() + 28 + 42 * number, middle), 10, 4.5)
    _arrow(painter, QPointF(588, _WALKWAY.center().y()), QPointF(626, _WALKWAY.center().y()), colors.accent)
    top = QPointF(_CAMERA.x(), _WALKWAY.bottom() + 4)
    painter.setPen(QPen(QColor(colors.text), 1.5, Qt.PenStyle.DashLine))
    painter.drawLine(top, _CAMERA - QPointF(0, 16))
    _words(painter, QRectF(_CAMERA.x() + 8, 112, 90, 20), "about 4 m", left=True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colors.text))
    painter.drawRoundedRect(QRectF(_CAMERA.x() - 15, _CAMERA.y() - 6, 30, 18), 3, 3)
    painter.drawRect(QRectF(_CAMERA.x() - 6, _CAMERA.y() - 13, 12, 8))
    below = QRectF(_WALKWAY.left(), _FRAME.bottom() + 6, _WALKWAY.width(), 28)
    _words(painter, below, "at hip height, for three steps of each leg")


def _at(point: QPointF) -> QPointF:
    return _HIP + point * _SIZE


def _limb(painter: QPainter, points: tuple[QPointF, ...], color: str, width: float) -> None:
    pen = QPen(QColor(color), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([_at(point) for point in points]))


def _arrow(painter: QPainter, start: QPointF, end: QPointF, color: str) -> None:
    """Horizontal, to the right."""
    painter.setPen(QPen(QColor(color), 2.5))
    painter.drawLine(start, end - QPointF(6, 0))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawPolygon(QPolygonF([end, end + QPointF(-10, -5), end + QPointF(-10, 5)]))


def _words(painter: QPainter, area: QRectF, words: str, *, strong: bool = False, left: bool = False) -> None:
    look = theme.current()
    font = painter.font()
    scale = painter.worldTransform().m11()
    font.setPixelSize(round(look.type.small / scale))  # letters as large as elsewhere
    font.setBold(strong)
    painter.setFont(font)
    painter.setPen(QColor(look.colors.text if strong else look.colors.muted))
    sideways = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignHCenter
    painter.drawText(area, sideways | Qt.AlignmentFlag.AlignVCenter, words)
