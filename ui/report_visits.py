"""The page on which recordings of a patient are compared: drawn once, for the file and tests."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from core.domain.body import SIDES
from core.domain.condition import Condition
from core.session.capture_page import VisitPanel, VisitsPage, finite_range
from core.session.capture_trend import TrendPoint, TrendSeries
from core.session.report_tables import ReportTable
from ui.pdf_file import write_pdf
from ui.report_plot import PlotDrawing, pen_of
from ui.report_sheet import (
    ACCENT,
    CENTRED,
    GAP,
    HAIR,
    HALF,
    INK,
    LEFT_ALIGNED,
    MARGIN,
    MUTED,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    RIGHT_ALIGNED,
    WRAPPED,
    Sheet,
    font_of,
)
from ui.theme.tokens import LIGHT
from ui.wording import unbroken

DASHES: tuple[list[float], ...] = ([], [4.0, 2.4], [1.0, 1.8], [7.0, 2.0, 1.2, 2.0])
"""Of the recordings in their order, so that they can be told apart in grey; widths of the pen."""
_WIDTH = PAGE_WIDTH - 2 * MARGIN
_PANEL_HEIGHT, _BETWEEN, _HEIGHTS = 700.0, 50.0, (560.0, 1150.0)
_TREND_HEIGHT = 470.0
_LETTERS, _LINE = 76, 97.0
_TOP, _FOOT = 330.0, PAGE_HEIGHT - MARGIN - 60
_SPREAD_ALPHA = 40


def write_visits(path: Path, page: VisitsPage) -> None:
    """Write one A4 page. Needs a QGuiApplication, also an offscreen one. Refuses RPT-002."""
    draw = partial(draw_visits, page=page)
    write_pdf(path, f"ExoTwin visits compared {page.patient}", [draw])


def draw_visits(painter: QPainter, size: QSizeF, page: VisitsPage) -> float:
    """Draw the page into `size` device pixels; returns where it ends, in tenths of a point."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scale = min(size.width() / PAGE_WIDTH, size.height() / PAGE_HEIGHT)
    painter.scale(scale, scale)
    painter.setClipRect(QRectF(0, 0, PAGE_WIDTH, PAGE_HEIGHT))
    drawing = VisitsDrawing(painter, page)
    drawing.draw()
    painter.restore()
    return drawing.ends_at()


class VisitsDrawing(Sheet):
    """One page from top to bottom."""

    def __init__(self, painter: QPainter, page: VisitsPage) -> None:
        super().__init__(painter)
        self._page, self._panel_height = page, _PANEL_HEIGHT

    def draw(self) -> None:
        """The page; its curves are as high as the words and tables leave room for."""
        room = _FOOT - 40 - self._draw_for_trial()
        low, high = _HEIGHTS
        self._panel_height = min(max(self._panel_height + room / 2, low), high)
        self._draw_body()
        self._draw_foot()

    def _draw_for_trial(self) -> float:
        """How far down the page reaches with panels of the usual height."""
        nowhere = QImage(1, 1, QImage.Format.Format_RGB32)
        painter = QPainter(nowhere)
        trial = VisitsDrawing(painter, self._page)
        trial._draw_body()
        painter.end()
        return trial.ends_at()

    def _draw_body(self) -> None:
        page = self._page
        self._blank()
        self._y = _TOP
        self._draw_head()
        box = QRectF(MARGIN, self._y, _WIDTH, 2000)
        self._y += self._text(box, unbroken(page.headline), 92, align=WRAPPED, weight=600) + 60
        self._draw_key()
        self._draw_panels()
        curves = tuple(replace(row, cells=("", *row.cells)) for row in page.curves.rows)
        rows, note = (*page.change.rows, *curves), f"{page.change.note} {page.curves.note}"
        self._small_table(replace(page.change, rows=rows, note=note))
        self._draw_trend()
        if page.prediction is not None:
            self._small_table(page.prediction)
        for words in page.findings:
            self._y += self._text(QRectF(MARGIN, self._y, _WIDTH, 400), f"• {words}", 72, INK, WRAPPED) + 10

    def ends_at(self) -> float:
        """Where the lowest of what was drawn above the foot ends."""
        return self._y

    @property
    def foot(self) -> float:
        return _FOOT

    def _draw_head(self) -> None:
        page = self._page
        self._text(
            QRectF(MARGIN, self._y, 2600, 140), "ExoTwin · Visits compared", 92, color=ACCENT, weight=600
        )
        self._text(QRectF(MARGIN, self._y + 140, 2600, 230), page.patient, 180, weight=700)
        right = QRectF(PAGE_WIDTH - MARGIN - 2600, self._y, 2600, 140)
        self._text(right, f"Made on {page.made_on}", 84, MUTED, RIGHT_ALIGNED)
        self._draw_labels(page.labels, PAGE_WIDTH - MARGIN, self._y + 210)
        self._y += 390
        self._rule(self._y)
        self._y += 80

    def _draw_key(self) -> None:
        """Every recording with its line, its date and how it was measured; two beside each other."""
        for number, (name, facts) in enumerate(zip(self._page.names, self._page.facts, strict=True)):
            x = MARGIN + (number % 2) * (HALF + GAP)
            self._painter.setPen(pen_of(visit_color(number), 17, DASHES[number]))
            self._painter.drawLine(QPointF(x, self._y + 50), QPointF(x + 260, self._y + 50))
            self._text(QRectF(x + 310, self._y, HALF - 310, 100), name, 82, weight=600)
            self._text(QRectF(x + 310, self._y + 95, HALF - 310, 90), facts, 68, MUTED)
            if number % 2 or number == len(self._page.names) - 1:
                self._y += 210
        self._y += 10

    def _draw_panels(self) -> None:
        panels = self._page.panels
        kinds = list(dict.fromkeys(panel.kind for panel in panels))
        width = (_WIDTH - (len(kinds) - 1) * GAP) / len(kinds)
        for row, side in enumerate(SIDES):
            for column, kind in enumerate(kinds):
                panel = next(p for p in panels if (p.kind, p.side) == (kind, side))
                top = self._y + row * (self._panel_height + _BETWEEN)
                box = QRectF(MARGIN + column * (width + GAP), top, width, self._panel_height)
                VisitPanelDrawing(self._painter, panel, self._shared_range(panel), self._family).draw(box)
        self._y += 2 * self._panel_height + _BETWEEN + 50

    def _shared_range(self, panel: VisitPanel) -> tuple[float, float]:
        """Left and right of one joint on the same scale."""
        values: list[float] = []
        for other in self._page.panels:
            if other.kind is panel.kind:
                for curve in other.curves:
                    sd_deg = 0.0 if curve.sd_deg is None else curve.sd_deg
                    values += [*(curve.mean_deg - sd_deg), *(curve.mean_deg + sd_deg)]
                values += [] if other.band_deg is None else [*other.band_deg[0], *other.band_deg[1]]
        return (min(values) - 3, max(values) + 3) if values else (0.0, 1.0)

    def _small_table(self, table: ReportTable) -> None:
        """As wide as the page; what stands in a column tells how wide it is."""
        self._y = self._heading(table.title, MARGIN, self._y, _WIDTH) - 30
        columns = list(zip(table.columns, *((row.name, *row.cells) for row in table.rows), strict=True))
        size = _letters_for(table, self._family)
        letters = QFontMetricsF(self._font(size, 600))
        needed = [max(letters.horizontalAdvance(words) for words in column) + 60 for column in columns]
        share = max(0.0, _WIDTH - sum(needed)) / max(len(needed) - 1, 1)
        rights = [MARGIN + needed[0]]
        for own in needed[1:]:
            rights.append(rights[-1] + own + share)
        lines = [(table.columns, MUTED, 500), *(((row.name, *row.cells), INK, 400) for row in table.rows)]
        for number, (cells, color, weight) in enumerate(lines):
            self._text(QRectF(MARGIN, self._y, needed[0], _LINE), cells[0], size, color)
            for left, right, words in zip(rights[:-1], rights[1:], cells[1:], strict=True):
                strong = 600 if "▲" in words or "▼" in words else weight
                box = QRectF(left, self._y, right - left, _LINE)
                self._text(box, words, size, color, RIGHT_ALIGNED, strong)
            self._y += _LINE
            if not number:
                self._rule(self._y)
        note = QRectF(MARGIN, self._y + 20, _WIDTH, 600)
        self._y += self._text(note, table.note, 62, MUTED, WRAPPED) + 90

    def _draw_trend(self) -> None:
        words = "Over the visits · ○ no exo  ● with a controller  □ other or not stated"
        self._y = self._heading(words, MARGIN, self._y, _WIDTH) - 30
        series, gap = self._page.trend, 130.0
        width = (_WIDTH - (len(series) - 1) * gap) / len(series)
        for number, one in enumerate(series):
            box = QRectF(MARGIN + number * (width + gap), self._y, width, _TREND_HEIGHT)
            TrendDrawing(self._painter, one, self._family).draw(box)
        self._y += _TREND_HEIGHT + 70

    def _draw_foot(self) -> None:
        self._rule(_FOOT)
        words = " ".join(filter(None, (self._page.notice, self._page.band_source, self._page.trail_words)))
        self._text(QRectF(MARGIN, _FOOT + 40, _WIDTH, 250), words, 66, MUTED, WRAPPED)


class VisitPanelDrawing(PlotDrawing):
    """One joint of one side: a line per recording, on the normal band."""

    def __init__(
        self, painter: QPainter, panel: VisitPanel, value_range: tuple[float, float], family: str
    ) -> None:
        super().__init__(painter, value_range, family)
        self._panel = panel

    def draw(self, box: QRectF) -> None:
        side = LIGHT.left if self._panel.side is SIDES[0] else LIGHT.right
        self._title(box, f"{self._panel.title} (°)", QColor(side))
        if self._panel.band_deg is not None:
            self._fill_between(*self._panel.band_deg, QColor(LIGHT.norm_band))
        for curve in self._panel.curves:
            if curve.sd_deg is not None:
                tint = visit_color(curve.number)
                tint.setAlpha(_SPREAD_ALPHA)
                self._fill_between(curve.mean_deg - curve.sd_deg, curve.mean_deg + curve.sd_deg, tint)
        self._axes(20 if self._high - self._low > 50 else 10)
        for curve in self._panel.curves:
            self._line(curve.mean_deg, pen_of(visit_color(curve.number), 14, DASHES[curve.number]))


class TrendDrawing:
    """A few numbers over the visits, each side in its colour; the mark tells the condition."""

    def __init__(self, painter: QPainter, series: TrendSeries, family: str) -> None:
        self._painter, self._series, self._family = painter, series, family
        values = [point.value for point in series.points]
        self._ends = (min(values), max(values)) if values else (0.0, 1.0)
        self._low, self._high = finite_range(values, margin=2.0 * 10.0**-series.digits)
        self._area = QRectF()

    def draw(self, box: QRectF) -> None:
        self._area = QRectF(box.left() + 130, box.top() + 130, box.width() - 130, box.height() - 240)
        title = QRectF(box.left(), box.top(), box.width() + 120, 110)
        self._words(title, self._series.short_title, 64, INK)
        self._painter.setPen(pen_of(HAIR, 5))
        self._painter.drawLine(self._area.bottomLeft(), self._area.bottomRight())
        for words, y in self._end_labels():
            self._words(QRectF(box.left() - 70, y - 50, 180, 100), words, 58, MUTED, RIGHT_ALIGNED)
        for number, words in enumerate(self._series.places):
            at = QRectF(self._x_of(number) - 100, self._area.bottom() + 10, 200, 90)
            self._words(at, words, 58, MUTED, CENTRED)
        for side in (None, *SIDES):
            self._draw_points([point for point in self._series.points if point.side is side])

    def _end_labels(self) -> list[tuple[str, float]]:
        """The least and the largest value beside the axis, never over each other."""
        low, high = (f"{value:.{self._series.digits}f}" for value in self._ends)
        below, above = (self._y_of(value) for value in self._ends)
        if low == high:
            return [(low, 0.5 * (below + above))]
        apart = max(0.0, 70.0 - (below - above)) / 2.0
        return [(low, below + apart), (high, above - apart)]

    def _draw_points(self, points: list[TrendPoint]) -> None:
        if not points:
            return
        side = points[0].side
        color = INK if side is None else QColor(LIGHT.left if side is SIDES[0] else LIGHT.right)
        places = [QPointF(self._x_of(point.place), self._y_of(point.value)) for point in points]
        self._painter.setPen(pen_of(color, 8))
        self._painter.drawPolyline(places)
        for at, point in zip(places, points, strict=True):
            filled = point.condition.assisted
            self._painter.setBrush(color if filled else QColor("white"))
            if filled or point.condition is Condition.NO_EXO:
                self._painter.drawEllipse(at, 24, 24)
            else:
                self._painter.drawRect(QRectF(at.x() - 22, at.y() - 22, 44, 44))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)

    def _x_of(self, place: int) -> float:
        steps, inset = max(len(self._series.places) - 1, 1), 50.0
        return self._area.left() + inset + place / steps * (self._area.width() - 2 * inset)

    def _y_of(self, value: float) -> float:
        return self._area.bottom() - (value - self._low) / (self._high - self._low) * self._area.height()

    def _words(
        self, box: QRectF, words: str, size: int, color: QColor, align: Qt.AlignmentFlag = LEFT_ALIGNED
    ) -> None:
        self._painter.setFont(font_of(self._family, size, 400))
        self._painter.setPen(color)
        self._painter.drawText(box, int(align), words)


def _letters_for(table: ReportTable, family: str) -> int:
    """As large as usual, or as the widest rows of four recordings let them be."""
    columns = list(zip(table.columns, *((row.name, *row.cells) for row in table.rows), strict=True))
    for size in range(_LETTERS, 40, -2):
        letters = QFontMetricsF(font_of(family, size, 600))
        if sum(max(letters.horizontalAdvance(words) for words in one) + 60 for one in columns) <= _WIDTH:
            return size
    return 40


def visit_color(number: int) -> QColor:
    """The colour of a recording on paper."""
    return QColor(LIGHT.visits[number])
