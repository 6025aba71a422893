"""Layout and typography of the report, in tenths of a typographic point (A4 = 5953 x 8419)."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPainter, QPen, QPolygonF

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.rollout import GaitLabel
from core.session.report import ReportContent, ReportCurve, ReportPanel
from core.session.report_tables import ReportTable
from ui.theme.tokens import LIGHT
from ui.wording import unbroken

PAGE_WIDTH, PAGE_HEIGHT = 5953.0, 8419.0
MARGIN = 480.0
GAP = 260.0
INK, MUTED, HAIR = QColor("#1A2430"), QColor("#5A6572"), QColor("#CBD2D9")
ACCENT = QColor(LIGHT.accent)
FAMILIES = ("Inter", "Source Sans 3", "Segoe UI", "SF Pro Text", "Noto Sans", "DejaVu Sans")
LEFT_ALIGNED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT_ALIGNED = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRED = Qt.AlignmentFlag.AlignCenter
WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
_LINES: dict[GaitLabel, tuple[float, list[float]]] = {  # width, dashes
    GaitLabel.MEASURED: (11.0, []),
    GaitLabel.DEFAULT_TWIN: (10.0, [4.0, 3.0]),
    GaitLabel.PERSONALIZED_TWIN: (20.0, []),
    GaitLabel.PERSONALIZED_CONTROLLER: (17.0, []),
}
UNCERTAIN = QColor(60, 60, 60, 55)  # over the normal band
_NAMES = {GaitLabel.PERSONALIZED_CONTROLLER: "with exo, personalized"}


class ReportDrawing:
    """Draws from top to bottom; `_y` is where the next block begins."""

    def __init__(self, painter: QPainter, content: ReportContent) -> None:
        self._painter, self._content = painter, content
        self._y = MARGIN
        self._family = _family()

    def draw(self) -> None:
        self._painter.fillRect(QRectF(0, 0, PAGE_WIDTH, PAGE_HEIGHT), QColor("white"))
        self._draw_head()
        self._draw_verdict()
        self._draw_panels()
        if self._content.controller.rows:
            self._y = self._wide_table(self._content.controller, MARGIN, self._y, PAGE_WIDTH - 2 * MARGIN)
        top = self._y
        left = self._draw_left_column(MARGIN, top)
        right = self._draw_right_column(MARGIN + _HALF + GAP, top)
        self._y = max(left, right)
        self._draw_foot()

    # Blocks ---------------------------------------------------------------------------------------

    def _draw_head(self) -> None:
        content = self._content
        self._text(QRectF(MARGIN, self._y, 2400, 150), "ExoTwin · Gait report", 92, color=ACCENT, weight=600)
        self._text(QRectF(MARGIN, self._y + 160, 2400, 280), content.patient, 230, weight=700)
        right = QRectF(PAGE_WIDTH - MARGIN - 2600, self._y, 2600, 150)
        self._text(right, content.visit, 100, align=RIGHT_ALIGNED, weight=600)
        self._text(right.adjusted(-1000, 170, 0, 170), " · ".join(content.person), 90, MUTED, RIGHT_ALIGNED)
        self._draw_labels(PAGE_WIDTH - MARGIN, self._y + 345)
        self._y += 500
        self._rule(self._y)
        self._y += 110

    def _draw_labels(self, right: float, top: float) -> None:
        for words in reversed(self._content.labels):
            font = self._font(70, 600)
            width = QFontMetricsF(font).horizontalAdvance(words) + 110
            box = QRectF(right - width, top, width, 120)
            warn = QColor(LIGHT.warn.ink)
            self._painter.setPen(QPen(warn, 6))
            self._painter.drawRoundedRect(box, 60, 60)
            self._text(box, words, 70, warn, CENTRED, 600)
            right -= width + 60

    def _draw_verdict(self) -> None:
        box = QRectF(MARGIN, self._y, PAGE_WIDTH - 2 * MARGIN, 10_000)
        used = self._text(box, unbroken(self._content.verdict), 106, align=WRAPPED, weight=600)
        self._y += used + 130

    def _draw_panels(self) -> None:
        if not self._content.panels:
            return
        self._draw_key()
        height, gap = 820.0, 80.0
        kinds = list(dict.fromkeys(panel.kind for panel in self._content.panels))
        width = (PAGE_WIDTH - 2 * MARGIN - (len(kinds) - 1) * GAP) / len(kinds)
        for row, side in enumerate(SIDES):
            for column, kind in enumerate(kinds):
                panel = next(p for p in self._content.panels if (p.kind, p.side) == (kind, side))
                box = QRectF(MARGIN + column * (width + GAP), self._y + row * (height + gap), width, height)
                PanelDrawing(self._painter, panel, self._shared_range(panel), self._family).draw(box)
        self._y += 2 * height + gap + 110

    def _shared_range(self, panel: ReportPanel) -> tuple[float, float]:
        """Left and right of one joint on the same scale."""
        values = []
        for other in self._content.panels:
            if other.kind is panel.kind:
                values += [value for curve in other.curves for edge in _edges(curve) for value in edge]
                values += [] if other.band_deg is None else [*other.band_deg[0], *other.band_deg[1]]
        return (min(values) - 3, max(values) + 3) if values else (0.0, 1.0)

    def _draw_key(self) -> None:
        x = MARGIN
        self._painter.fillRect(QRectF(x, self._y + 30, 190, 80), QColor(LIGHT.norm_band))
        x = self._key_words(x + 230, "normal ± 1 SD")
        curves = [curve for panel in self._content.panels for curve in panel.curves]
        shown = {curve.label for curve in curves}
        banded = {curve.label for curve in curves if curve.sd_deg is not None}
        for label, (width, dashes) in _LINES.items():
            if label not in shown:
                continue
            if label in banded:
                self._painter.fillRect(QRectF(x, self._y + 30, 230, 80), UNCERTAIN)
            self._painter.setPen(_pen(INK, width, dashes))
            self._painter.drawLine(QPointF(x, self._y + 70), QPointF(x + 230, self._y + 70))
            if label is GaitLabel.PERSONALIZED_CONTROLLER:
                _dot(self._painter, QPointF(x + 115, self._y + 70), INK)
            name = _NAMES.get(label, label.value)
            x = self._key_words(x + 270, f"{name} ± 1 SD" if label in banded else name)
        self._y += 190

    def _key_words(self, x: float, words: str) -> float:
        self._text(QRectF(x, self._y, 2000, 140), words, 80, MUTED)
        return x + QFontMetricsF(self._font(80)).horizontalAdvance(words) + 200

    def _draw_left_column(self, x: float, y: float) -> float:
        y = self._table(self._content.gait, x, y, _HALF)
        y = self._heading("Quality", x, y)
        for line in self._content.quality:
            used = self._text(QRectF(x, y, _HALF, 900), line, 84, align=WRAPPED)
            y += used + 36
        return y

    def _draw_right_column(self, x: float, y: float) -> float:
        if self._content.similarity.rows:
            y = self._table(self._content.similarity, x, y, _HALF)
        if not self._content.deployment:
            return y
        y = self._heading("Signature and deployment", x, y)
        for name, value in self._content.deployment:
            self._text(QRectF(x, y, 760, 120), name, 84, MUTED, WRAPPED)
            size = 62 if len(value) > 40 else 84
            box = QRectF(x + 780, y, _HALF - 780, 900)
            whole = size == 62 and " " not in value  # a hash has no place to break by itself
            words = "\u200b".join(value[i : i + 8] for i in range(0, len(value), 8)) if whole else value
            y += max(self._text(box, words, size, align=WRAPPED), 96) + 22
        return y

    def _draw_foot(self) -> None:
        top = PAGE_HEIGHT - MARGIN - 250
        self._rule(top)
        width = PAGE_WIDTH - 2 * MARGIN
        words = f"{self._content.notice} Normal bands: {self._content.band_source}."
        self._text(QRectF(MARGIN, top + 50, width, 250), words, 66, MUTED, WRAPPED)
        made = f"Made on {self._content.made_on}"
        self._text(QRectF(MARGIN, PAGE_HEIGHT - MARGIN + 10, width, 90), made, 66, MUTED, RIGHT_ALIGNED)

    # Pieces ---------------------------------------------------------------------------------------

    def _heading(self, words: str, x: float, y: float, width: float | None = None) -> float:
        used = self._text(QRectF(x, y, width or _HALF, 400), words, 96, ACCENT, WRAPPED, 600)
        return y + used + 50

    def _table(self, table: ReportTable, x: float, y: float, width: float) -> float:
        y = self._heading(table.title, x, y)
        cells = max(len(table.columns) - 1, 1)
        letters = QFontMetricsF(self._font(84))
        first = max((letters.horizontalAdvance(row.name) for row in table.rows), default=0.0) + 40
        step = (width - first) / cells
        line = _LINE
        deepest = 0.0
        for number, words in enumerate(table.columns[1:]):
            box = QRectF(x + first + number * step + 20, y, step - 20, 400)
            deepest = max(deepest, self._text(box, words, 72, MUTED, _WRAPPED_RIGHT))
        y += deepest + 30
        self._rule(y, x, x + width)
        for row in table.rows:
            self._text(QRectF(x, y, first, line), row.name, 84)
            for number, words in enumerate(row.cells):
                box = QRectF(x + first + number * step, y, step, line)
                self._text(box, words, 84, align=RIGHT_ALIGNED, weight=500)
            y += line
        return y + 130

    def _wide_table(self, table: ReportTable, x: float, y: float, width: float) -> float:
        """Columns as wide as what stands in them, and the rest shared out; the last row is the one signed."""
        y = self._heading(table.title, x, y, width)
        columns = list(zip(table.columns, *((row.name, *row.cells) for row in table.rows), strict=True))
        needed = [self._column_width(words) for words in columns]
        share = max(0.0, (width - sum(needed)) / max(len(needed) - 1, 1))
        rights, edge = [], x + needed[0]
        for own in needed[1:]:
            edge += own + share
            rights.append((edge - own - share, own + share))
        deepest = 0.0
        for words, (left, wide) in zip(table.columns[1:], rights, strict=True):
            box = QRectF(left + 30, y, wide - 30, 400)
            deepest = max(deepest, self._text(box, words, 66, MUTED, _WRAPPED_RIGHT))
        y += deepest + 30
        self._rule(y, x, x + width)
        for row in table.rows:
            weight = 700 if row is table.rows[-1] else 500
            self._text(QRectF(x, y, needed[0], _LINE), row.name, 84, weight=weight - 100)
            for words, (left, wide) in zip(row.cells, rights, strict=True):
                self._text(QRectF(left, y, wide, _LINE), words, 80, align=RIGHT_ALIGNED, weight=weight)
            y += _LINE
        y += 30 + self._text(QRectF(x, y + 30, width, 200), table.note, 66, MUTED, WRAPPED)
        return y + 110

    def _column_width(self, words: tuple[str, ...]) -> float:
        """Of the heading's longest word and of the widest cell, in the bold of the last row."""
        heading, cells = QFontMetricsF(self._font(66)), QFontMetricsF(self._font(80, 700))
        widths = [heading.horizontalAdvance(word) for word in words[0].split()]
        return max([*widths, *(cells.horizontalAdvance(cell) for cell in words[1:])]) + 50

    def _rule(self, y: float, x0: float = MARGIN, x1: float = PAGE_WIDTH - MARGIN) -> None:
        self._painter.setPen(QPen(HAIR, 6))
        self._painter.drawLine(QPointF(x0, y), QPointF(x1, y))

    def _text(
        self,
        box: QRectF,
        words: str,
        size: int,
        color: QColor = INK,
        align: Qt.AlignmentFlag = LEFT_ALIGNED,
        weight: int = 400,
    ) -> float:
        """Draw words and return the height they took."""
        self._painter.setFont(self._font(size, weight))
        self._painter.setPen(color)
        used = self._painter.drawText(box, int(align), words)
        return used.height() if isinstance(used, QRectF) else self._bounds(box, words, align)

    def _bounds(self, box: QRectF, words: str, align: Qt.AlignmentFlag) -> float:
        return self._painter.boundingRect(box, int(align), words).height()

    def _font(self, size: int, weight: int = 400) -> QFont:
        return _font(self._family, size, weight)


_LINE = 114.0  # height of a table's row
_HALF = (PAGE_WIDTH - 2 * MARGIN - GAP) / 2
_WRAPPED_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


def _edges(curve: ReportCurve) -> tuple[FloatArray, FloatArray]:
    """Lower and upper edge of what is drawn of a curve, degrees."""
    sd_deg = 0.0 if curve.sd_deg is None else curve.sd_deg
    return curve.mean_deg - sd_deg, curve.mean_deg + sd_deg


class PanelDrawing:
    """One small plot."""

    def __init__(
        self, painter: QPainter, panel: ReportPanel, value_range: tuple[float, float], family: str
    ) -> None:
        self._painter, self._panel, self._family = painter, panel, family
        self._low, self._high = value_range
        self._color = QColor(LIGHT.left if panel.side is SIDES[0] else LIGHT.right)

    def draw(self, box: QRectF) -> None:
        self._area = QRectF(box.left() + 190, box.top() + 150, box.width() - 190, box.height() - 290)
        title = f"{self._panel.side.value.capitalize()} {self._panel.kind.label.lower()} (°)"
        self._words(
            QRectF(box.left(), box.top(), box.width(), 130), title, 84, self._color, LEFT_ALIGNED, 600
        )
        self._draw_band()
        for curve in self._panel.curves:
            if curve.sd_deg is not None:
                self._fill_between(*_edges(curve), UNCERTAIN)
        self._draw_axes()
        for curve in self._panel.curves:
            line = QPolygonF([self._point(i, value) for i, value in enumerate(curve.mean_deg)])
            width, dashes = _LINES[curve.label]
            color = INK if curve.label is GaitLabel.MEASURED else self._color
            self._painter.setPen(_pen(color, width, dashes))
            self._painter.drawPolyline(line)
            if curve.label is GaitLabel.PERSONALIZED_CONTROLLER:
                for at in range(5, 101, 15):
                    _dot(self._painter, line.at(at), color)

    def _draw_band(self) -> None:
        if self._panel.band_deg is None:
            return
        self._fill_between(*self._panel.band_deg, QColor(LIGHT.norm_band))

    def _fill_between(self, low: FloatArray, high: FloatArray, color: QColor) -> None:
        edge = [self._point(i, value) for i, value in enumerate(low)]
        edge += [self._point(i, high[i]) for i in range(len(high) - 1, -1, -1)]
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(color)
        self._painter.drawPolygon(QPolygonF(edge))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_axes(self) -> None:
        self._painter.setPen(QPen(HAIR, 6))
        self._painter.drawLine(self._area.bottomLeft(), self._area.bottomRight())
        step = 20 if self._high - self._low > 50 else 10
        first = int(self._low // step + 1) * step
        for value in range(first, int(self._high) + 1, step):
            y = self._point(0, value).y()
            self._painter.setPen(QPen(HAIR, 8 if value == 0 else 4))
            self._painter.drawLine(QPointF(self._area.left(), y), QPointF(self._area.right(), y))
            box = QRectF(self._area.left() - 250, y - 60, 210, 120)
            self._words(box, f"{value}", 68, MUTED, RIGHT_ALIGNED)
        for percent in (0, 50, 100):
            x = self._point(percent, self._low).x()
            last = percent == 100
            box = QRectF(x - (500 if last else 250), self._area.bottom() + 15, 500, 110)
            words = f"{percent} %" if percent else "0"
            self._words(box, words, 68, MUTED, RIGHT_ALIGNED if last else CENTRED)
        if self._panel.toe_off_fraction is not None:
            x = self._point(100 * self._panel.toe_off_fraction, self._low).x()
            self._painter.setPen(_pen(MUTED, 7, [4.0, 4.0]))
            self._painter.drawLine(QPointF(x, self._area.top()), QPointF(x, self._area.bottom()))

    def _point(self, percent: float, value: float) -> QPointF:
        fraction = (value - self._low) / (self._high - self._low)
        return QPointF(
            self._area.left() + percent / 100 * self._area.width(),
            self._area.bottom() - fraction * self._area.height(),
        )

    def _words(
        self,
        box: QRectF,
        words: str,
        size: int,
        color: QColor,
        align: Qt.AlignmentFlag,
        weight: int = 400,
    ) -> None:
        self._painter.setFont(_font(self._family, size, weight))
        self._painter.setPen(color)
        self._painter.drawText(box, int(align), words)


def _pen(color: QColor, width: float, dashes: list[float]) -> QPen:
    pen = QPen(color, width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap if dashes else Qt.PenCapStyle.RoundCap)
    if dashes:
        pen.setDashPattern(dashes)
    return pen


def _dot(painter: QPainter, at: QPointF, color: QColor) -> None:
    painter.setPen(QPen(QColor("white"), 7))
    painter.setBrush(color)
    painter.drawEllipse(at, 26, 26)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _font(family: str, size: int, weight: int) -> QFont:
    font = QFont(family)
    font.setPixelSize(size)
    font.setWeight(QFont.Weight(weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if family == "DejaVu Sans":
        font.setStretch(QFont.Stretch.SemiCondensed)  # its normal width is too loose for print
    return font


def _family() -> str:
    present = set(QFontDatabase.families())
    return next((family for family in FAMILIES if family in present), QFont().defaultFamily())
