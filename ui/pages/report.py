"""Report: its pages as they will be printed, and where to keep them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRectF, QSizeF, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QSizePolicy, QWidget

from core.session.report import ReportContent
from ui.pages.frame import Page
from ui.report_pdf import draw_report, page_count
from ui.report_sheet import PAGE_HEIGHT, PAGE_WIDTH
from ui.theme import Tone
from ui.widgets.basics import Box, column, label, row


@dataclass(frozen=True, slots=True, eq=False)
class ReportState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    content: ReportContent | None = None
    file_name: str = ""  # proposed
    contents: tuple[tuple[str, bool], ...] = ()  # what the report holds, and whether it is there
    saved: str = ""  # where it was kept
    main_action: str = ""
    why_not: str = ""
    badges: tuple[str, ...] = ()


class ReportPage(Page):
    title = "Report"
    help_text = (
        "One page for the patient's file: who, how well it was measured, the gait on its normal band, what "
        "the simulation says, which controller went onto which exo. Further pages have forces, EMG, "
        "calibrated muscles and strength, where the visit has them. The report is kept with the visit and "
        "can be saved anywhere as PDF."
    )

    save_to = Signal(object)  # Path

    def __init__(self) -> None:
        super().__init__()
        self._state = ReportState("")
        self.preview = ReportPreview()
        self._list = Box("card", margin=16, gap=8)
        self._list.setFixedWidth(300)
        self._list.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
        self._lines = [label("", "body", wrap=True) for _ in range(10)]
        self._list.body.addWidget(label("In this report", "section"))
        for line in self._lines:
            self._list.body.addWidget(line)
        self._saved = label("", "muted", wrap=True)
        self._list.body.addWidget(self._saved)
        layout = row(gap=16)
        layout.addWidget(self.preview, 1)
        layout.addLayout(column(self._list, None))
        self.body.addLayout(layout, 1)

    def render(self, state: ReportState) -> None:  # type: ignore[override]
        self._state = state
        self.set_badges(*state.badges)
        self.set_headline(state.headline, state.tone)
        self.set_main_action(state.main_action, not state.why_not, state.why_not)
        self.show_body()
        if state.content is not None:
            self.preview.show_content(state.content)
        for line, (words, there) in zip(self._lines, state.contents, strict=False):
            line.setText(f"{'✓' if there else '–'}  {words}{'' if there else ' (not yet)'}")
        for number, line in enumerate(self._lines):
            line.setVisible(number < len(state.contents))
        self._saved.setText(state.saved)
        self._saved.setVisible(bool(state.saved))

    def ask_where(self) -> None:
        proposed = str(Path.home() / self._state.file_name)
        path, _ = QFileDialog.getSaveFileName(self, "Save report", proposed, "PDF (*.pdf)")
        if path:
            self.save_to.emit(Path(path if path.lower().endswith(".pdf") else f"{path}.pdf"))


class ReportPreview(QWidget):
    """The pages side by side, as large as there is room, drawn once per size."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Preview of the report")
        self.setMinimumSize(320, 440)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._content: ReportContent | None = None
        self._pictures: tuple[QPixmap, ...] = ()

    def show_content(self, content: ReportContent) -> None:
        if content is not self._content:
            self._content, self._pictures = content, ()
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._pictures = ()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._content is None:
            return
        if not self._pictures:
            self._pictures = self._draw(self._content)
        widths = [picture.deviceIndependentSize().width() for picture in self._pictures]
        x = (self.width() - sum(widths) - _BETWEEN_PX * (len(widths) - 1)) / 2
        painter = QPainter(self)
        for picture, width in zip(self._pictures, widths, strict=True):
            painter.drawPixmap(round(x), 0, picture)
            x += width + _BETWEEN_PX
        painter.end()

    def _draw(self, content: ReportContent) -> tuple[QPixmap, ...]:
        pages = page_count(content)
        room = (self.width() - _BETWEEN_PX * (pages - 1)) / pages
        height = min(self.height(), room * PAGE_HEIGHT / PAGE_WIDTH)
        return tuple(self._draw_page(content, page, height) for page in range(pages))

    def _draw_page(self, content: ReportContent, page: int, height: float) -> QPixmap:
        ratio = self.devicePixelRatioF()
        size = QSizeF(height * PAGE_WIDTH / PAGE_HEIGHT, height) * ratio
        picture = QPixmap(size.toSize())
        picture.fill(QColor("white"))
        painter = QPainter(picture)
        draw_report(painter, size, content, page)
        painter.setPen(QColor("#CBD2D9"))
        painter.drawRect(QRectF(0, 0, size.width() - 1, size.height() - 1))
        painter.end()
        picture.setDevicePixelRatio(ratio)
        return picture


_BETWEEN_PX = 16
