"""First page of the report: whose, what it means, the gait on its normal band, how well it was measured."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.rollout import GaitLabel
from core.session.report import ReportContent
from core.session.report_panels import ReportCurve, ReportPanel
from core.store.clinic import Clinic
from ui.report_plot import PlotDrawing, dot, pen_of
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
from ui.wording import unbroken

_LINES: dict[GaitLabel, tuple[float, list[float]]] = {  # width, dashes
    GaitLabel.MEASURED: (11.0, []),
    GaitLabel.DEFAULT_TWIN: (10.0, [4.0, 3.0]),
    GaitLabel.PERSONALIZED_TWIN: (20.0, []),
    GaitLabel.PERSONALIZED_CONTROLLER: (17.0, []),
}
_CODE_WIDTH = 2600.0  # of the patient's code
_PANEL_HEIGHT, _MOST_LOWER = 1000.0, 620.0
_MOST_HIGHER = 250.0  # where the words are few
_PICTURE_HEIGHT, _LOGO_HEIGHT, _LOGO_WIDTH = 1000.0, 330.0, 1100.0
_SHADE = QColor("#F1F6F6")  # behind the interpretation
_LONG_WORDS = 600  # letters of an interpretation, above which they are smaller
_LONG_VERDICT = 600  # characters: of a controller that makes much harder, which is told one by one
_FOOT = PAGE_HEIGHT - MARGIN - 250
_ROOM_ENDS = _FOOT - 60
UNCERTAIN = QColor(60, 60, 60, 55)  # over the normal band
_NAMES = {GaitLabel.PERSONALIZED_CONTROLLER: "with exo, personalized"}


class ReportDrawing(Sheet):
    """The first page."""

    def __init__(self, painter: QPainter, content: ReportContent) -> None:
        super().__init__(painter)
        self._content, self._panel_height = content, _PANEL_HEIGHT
        self._picture_height = _PICTURE_HEIGHT
        self._columns_end = (0.0, 0.0)

    def draw(self) -> None:
        """The page; where its words are many, pictures and curves are lower to keep off its foot."""
        left, right = self._measured()
        rows = -(-len(self._content.pictures) // 2)
        most = 0.6 * _PICTURE_HEIGHT
        shrink = min(max((right - _ROOM_ENDS) / rows, 0.0), most) if rows else 0.0
        over = max(left, right - rows * shrink) - _ROOM_ENDS
        self._picture_height -= shrink
        self._panel_height -= min(max(over / 2, -_MOST_HIGHER), _MOST_LOWER)
        self._draw_body()
        self._draw_foot()

    def ends_at(self) -> float:
        """Where the lowest of what was drawn above the foot ends."""
        return self._y

    def _measured(self) -> tuple[float, float]:
        """Where the left and the right column end with everything as high as usual."""
        painter = QPainter(nowhere := QImage(1, 1, QImage.Format.Format_RGB32))
        trial = ReportDrawing(painter, self._content)
        trial._measuring = True
        trial._draw_body()
        painter.end()
        assert not nowhere.isNull()
        return trial._columns_end

    def _draw_body(self) -> None:
        self._blank()
        self._draw_head()
        self._draw_verdict()
        self._draw_interpretation()
        self._draw_panels()
        top = self._y
        left = self._draw_left_column(MARGIN, top)
        right = self._draw_right_column(MARGIN + HALF + GAP, top)
        self._columns_end, self._y = (left, right), max(left, right)

    # Blocks ---------------------------------------------------------------------------------------

    def _draw_head(self) -> None:
        content, x = self._content, MARGIN
        clinic = content.clinic or Clinic()
        logo = QImage.fromData(clinic.logo)
        if not logo.isNull():
            x += self._draw_logo(logo) + 140
        title = f"{clinic.name} · Gait report" if clinic.name else "ExoTwin · Gait report"
        size = self._fitting(title, 2900, 92, 600)
        self._text(QRectF(x, self._y, 2900, 150), title, size, color=ACCENT, weight=600)
        room = _CODE_WIDTH - (x - MARGIN)  # beside a logo, and before the labels
        size = self._fitting(content.patient, room, 230, 700)
        self._text(QRectF(x, self._y + 160, room + 50, 280), content.patient, size, weight=700)
        right = QRectF(PAGE_WIDTH - MARGIN - 2600, self._y, 2600, 150)
        self._text(right, content.visit, 100, align=RIGHT_ALIGNED, weight=600)
        self._draw_labels(content.labels, PAGE_WIDTH - MARGIN, self._y + 345)
        self._draw_person(x + self._wide(content.patient, size, 700) + 150)
        self._rule(self._y)
        self._y += 110

    def _draw_person(self, left: float) -> None:
        """Beside the code where there is room from `left` on, else on lines of its own."""
        words, end = " · ".join(self._content.person), PAGE_WIDTH - MARGIN
        if self._wide(words, 90, 400) <= end - left:
            self._text(QRectF(left, self._y + 170, end - left, 150), words, 90, MUTED, RIGHT_ALIGNED)
            self._y += 500
            return
        box = QRectF(MARGIN, self._y + 490, end - MARGIN, 600)
        self._y += 490 + self._text(box, words, 90, MUTED, WRAPPED) + 50

    def _draw_logo(self, logo: QImage) -> float:
        """In its own proportions; returns its width."""
        scale = min(_LOGO_HEIGHT / logo.height(), _LOGO_WIDTH / logo.width())
        box = QRectF(MARGIN, self._y + 20, logo.width() * scale, logo.height() * scale)
        self._painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._painter.drawImage(box, logo)
        return box.width()

    def _draw_interpretation(self) -> None:
        """Words of a clinician, set apart from what the program says."""
        part = self._content.interpretation
        if part is None:
            return
        width = PAGE_WIDTH - 2 * MARGIN
        words = QRectF(MARGIN + 130, self._y + 210, width - 220, 10_000)
        size = 92 if len(part.text) <= _LONG_WORDS else 80
        self._painter.setFont(self._font(size))
        height = 210 + self._bounds(words, part.text, WRAPPED) + 210
        self._painter.fillRect(QRectF(MARGIN, self._y, width, height), _SHADE)
        self._painter.fillRect(QRectF(MARGIN, self._y, 30, height), ACCENT)
        self._text(QRectF(words.left(), self._y + 60, width, 130), "Interpretation", 96, ACCENT, weight=600)
        self._text(words, part.text, size, align=WRAPPED)
        self._text(QRectF(words.left(), self._y + height - 170, words.width(), 120), part.signed, 80, MUTED)
        self._y += height + 130

    def _draw_verdict(self) -> None:
        box = QRectF(MARGIN, self._y, PAGE_WIDTH - 2 * MARGIN, 10_000)
        size = 106 if len(self._content.verdict) <= _LONG_VERDICT else 84
        used = self._text(box, unbroken(self._content.verdict), size, align=WRAPPED, weight=600)
        self._y += used + 130

    def _draw_panels(self) -> None:
        if not self._content.panels:
            return
        self._draw_key()
        height, gap = self._panel_height, 80.0
        kinds = list(dict.fromkeys(panel.kind for panel in self._content.panels))
        width = (PAGE_WIDTH - 2 * MARGIN - (len(kinds) - 1) * GAP) / len(kinds)
        for row, side in enumerate(SIDES):
            for column, kind in enumerate(kinds):
                panel = next(p for p in self._content.panels if (p.kind, p.side) == (kind, side))
                box = QRectF(MARGIN + column * (width + GAP), self._y + row * (height + gap), width, height)
                if self._measuring:
                    continue
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
        """One entry after another, on as many lines as they need."""
        x = MARGIN
        self._painter.fillRect(QRectF(x, self._y + 30, 190, 80), QColor(LIGHT.norm_band))
        x = self._key_words(x + 230, f"{'normal' if self._content.band_fits else 'nearest band'} ± 1 SD")
        curves = [curve for panel in self._content.panels for curve in panel.curves]
        shown = {curve.label for curve in curves}
        banded = {curve.label for curve in curves if curve.sd_deg is not None}
        for label, (width, dashes) in _LINES.items():
            if label not in shown:
                continue
            name = _NAMES.get(label, label.value)
            words = f"{name} ± 1 SD" if label in banded else name
            x = self._next_in_key(x, 270 + self._wide(words, 80), 160)
            if label in banded:
                self._painter.fillRect(QRectF(x, self._y + 30, 230, 80), UNCERTAIN)
            self._painter.setPen(pen_of(INK, width, dashes))
            self._painter.drawLine(QPointF(x, self._y + 70), QPointF(x + 230, self._y + 70))
            if label is GaitLabel.PERSONALIZED_CONTROLLER:
                dot(self._painter, QPointF(x + 115, self._y + 70), INK)
            x = self._key_words(x + 270, words)
        self._y += 190

    def _key_words(self, x: float, words: str) -> float:
        self._text(QRectF(x, self._y, 2000, 140), words, 80, MUTED)
        return x + self._wide(words, 80) + 150

    def _draw_left_column(self, x: float, y: float) -> float:
        y = self._table(self._content.gait, x, y, HALF)
        y = self._heading("Quality", x, y)
        for line in self._content.quality:
            used = self._text(QRectF(x, y, HALF, 900), line, 84, align=WRAPPED)
            y += used + 36
        return y

    def _draw_right_column(self, x: float, y: float) -> float:
        """Pictures of the recording, two and two."""
        if not self._content.pictures:
            return y
        y = self._heading("The recording, cut below the head", x, y)
        width = (HALF - 120) / 2
        for number, picture in enumerate(self._content.pictures):
            row, column = divmod(number, 2)
            if self._measuring:
                continue
            left, top = x + column * (width + 120), y + row * (self._picture_height + 190)
            image = QImage.fromData(picture.data)
            scale = min(width / image.width(), self._picture_height / image.height())
            box = QRectF(left, top, image.width() * scale, image.height() * scale)
            self._painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            self._painter.drawImage(box, image)
            below = QRectF(left, box.bottom() + 20, width, 110)
            self._text(below, picture.caption, 76, MUTED)
        return y + -(-len(self._content.pictures) // 2) * (self._picture_height + 190)

    def _draw_foot(self) -> None:
        top = _FOOT
        self._rule(top)
        width = PAGE_WIDTH - 2 * MARGIN
        words = f"{self._content.notice} {self._content.band_source}"
        self._text(QRectF(MARGIN, top + 50, width, 250), words, 66, MUTED, WRAPPED)
        line = QRectF(MARGIN, PAGE_HEIGHT - MARGIN + 80, width, 90)
        self._text(line, self._content.trail.printed_words, 66, MUTED)
        self._text(line, self._content.made, 66, MUTED, RIGHT_ALIGNED)


def _edges(curve: ReportCurve) -> tuple[FloatArray, FloatArray]:
    """Lower and upper edge of what is drawn of a curve, degrees."""
    sd_deg = 0.0 if curve.sd_deg is None else curve.sd_deg
    return curve.mean_deg - sd_deg, curve.mean_deg + sd_deg


class PanelDrawing(PlotDrawing):
    """One joint of one side."""

    def __init__(
        self, painter: QPainter, panel: ReportPanel, value_range: tuple[float, float], family: str
    ) -> None:
        super().__init__(painter, value_range, family)
        self._panel = panel
        self._color = QColor(LIGHT.left if panel.side is SIDES[0] else LIGHT.right)

    def draw(self, box: QRectF) -> None:
        title = f"{self._panel.side.value.capitalize()} {self._panel.kind.label.lower()} (°)"
        self._title(box, title, self._color)
        if self._panel.band_deg is not None:
            self._fill_between(*self._panel.band_deg, QColor(LIGHT.norm_band))
        for curve in self._panel.curves:
            if curve.sd_deg is not None:
                self._fill_between(*_edges(curve), UNCERTAIN)
        self._axes(20 if self._high - self._low > 50 else 10)
        self._draw_toe_off()
        for curve in self._panel.curves:
            color = INK if curve.label is GaitLabel.MEASURED else self._color
            line = self._line(curve.mean_deg, pen_of(color, *_LINES[curve.label]))
            if curve.label is GaitLabel.PERSONALIZED_CONTROLLER:
                for at in range(5, 101, 15):
                    dot(self._painter, line.at(at), color)

    def _draw_toe_off(self) -> None:
        if self._panel.toe_off_fraction is not None:
            x = self._point(100 * self._panel.toe_off_fraction, self._low).x()
            self._painter.setPen(pen_of(MUTED, 7, [4.0, 4.0]))
            self._painter.drawLine(QPointF(x, self._area.top()), QPointF(x, self._area.bottom()))
