"""Draw a person's skeleton over a picture: left red, right blue, unsure parts dotted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from core.domain.arrays import FloatArray
from core.domain.recording import Landmark

_UNSURE = 0.5  # below this visibility a part is drawn dotted

_LEG = ("HIP", "KNEE", "ANKLE", "HEEL", "FOOT_INDEX", "ANKLE")
_ARM = ("SHOULDER", "ELBOW", "WRIST")


def _chain(side: str, parts: tuple[str, ...]) -> list[tuple[int, int]]:
    indices = [Landmark[f"{side}_{part}"].value for part in parts]
    return list(pairwise(indices))


_SIDES = {
    "left": _chain("LEFT", _LEG) + _chain("LEFT", _ARM),
    "right": _chain("RIGHT", _LEG) + _chain("RIGHT", _ARM),
}
_TRUNK = [
    (Landmark.LEFT_SHOULDER.value, Landmark.RIGHT_SHOULDER.value),
    (Landmark.LEFT_HIP.value, Landmark.RIGHT_HIP.value),
    (Landmark.LEFT_SHOULDER.value, Landmark.LEFT_HIP.value),
    (Landmark.RIGHT_SHOULDER.value, Landmark.RIGHT_HIP.value),
]


@dataclass(frozen=True, slots=True)
class SkeletonInk:
    """Light lines over pictures, which are of any brightness: the dark theme's colours with a dark rim."""

    left: str = "#F08A97"
    right: str = "#7DB3F0"
    trunk: str = "#F4F6F8"
    rim: str = "#10141A"
    width: float = 3.0


def draw_skeleton(
    painter: QPainter, points: FloatArray, visibility: FloatArray, ink: SkeletonInk, *, faint: bool = False
) -> None:
    """`points` (33, 2) in the painter's own pixels, NaN where not seen."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(0.45 if faint else 1.0)
    groups = ((_TRUNK, ink.trunk), (_SIDES["right"], ink.right), (_SIDES["left"], ink.left))
    for color, extra in ((ink.rim, 2.5), ("", 0.0)):
        for bones, own in groups:
            for start, end in bones:
                _bone(painter, points, visibility, start, end, color or own, ink.width + extra)
    for side, color in (("right", ink.right), ("left", ink.left)):
        for joint in sorted({index for bone in _SIDES[side] for index in bone}):
            _joint(painter, points[joint], color, ink)
    painter.restore()


def _bone(
    painter: QPainter,
    points: FloatArray,
    visibility: FloatArray,
    start: int,
    end: int,
    color: str,
    width: float,
) -> None:
    if not np.isfinite(points[[start, end]]).all():
        return
    unsure = min(visibility[start], visibility[end]) < _UNSURE
    pen = QPen(QColor(color), width, Qt.PenStyle.DotLine if unsure else Qt.PenStyle.SolidLine)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawLine(QPointF(*points[start]), QPointF(*points[end]))


def _joint(painter: QPainter, point: FloatArray, color: str, ink: SkeletonInk) -> None:
    if np.isfinite(point).all():
        painter.setPen(QPen(QColor(ink.rim), 1.2))
        painter.setBrush(QColor(color))
        painter.drawEllipse(QPointF(*point), ink.width, ink.width)
