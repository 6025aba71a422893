"""Report: its pages as they will be printed, and where to keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSizeF, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from core.session.report import ReportContent
from ui.pages.frame import Page
from ui.printing import ask_printer
from ui.report_pdf import draw_report, page_count
from ui.report_sheet import PAGE_HEIGHT, PAGE_WIDTH
from ui.theme import Tone
from ui.widgets.basics import Box, column, label, row
from ui.widgets.clinic_box import ClinicBox
from ui.widgets.interpretation import InterpretationBox

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

_SIDE_PX = 340


@dataclass(frozen=True, slots=True, eq=False)
class ReportState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    content: ReportContent | None = None
    file_name: str = ""  # proposed
    contents: tuple[tuple[str, bool], ...] = ()  # what the report holds, and whether it is there
    interpretation: tuple[str, str] = ("", "")  # as kept, and whose it is
    clinic: str = ""
    has_logo: bool = False
    second_place: str = ""  # where the record is copied to
    encrypted: bool = False  # the data folder
    appendix_pages: int = 0  # that it would have
    secondary: tuple[tuple[str, str], ...] = ()
    saved: str = ""  # where it was kept
    main_action: str = ""
    why_not: str = ""
    badges: tuple[str, ...] = ()


class ReportPage(Page):
    title = "Report"
    help_text = (
        "Two pages at most for the patient's file: who, your interpretation, the gait on its normal band, "
        "how well it was measured; then what the simulation says, which controller went onto which exo, EMG, "
        "forces, and what every step warns of. The appendix has the exo's help, forces, EMG, calibrated "
        "muscles and strength in full. The report is kept with the visit; save it anywhere as PDF, print it, "
        "or save it as JSON for programs: every number with its unit and the record it comes from."
    )

    save_to = Signal(object)  # Path
    appendix_wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._state = ReportState("")
        self.preview = ReportPreview()
        self.interpretation, self.clinic = InterpretationBox(), ClinicBox()
        self._list = Box("card", margin=12, gap=6)
        self._there, self._missing = label("", "body", wrap=True), label("", "muted", wrap=True)
        self.appendix = QCheckBox()
        self.appendix.toggled.connect(self.appendix_wanted)
        self._saved = label("", "muted", wrap=True)
        self._list.body.addWidget(label("In this report", "section"))
        for widget in (self._there, self._missing, self.appendix, self._saved):
            self._list.body.addWidget(widget)
        self._list.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.clinic.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        side = QWidget()
        side.setFixedWidth(_SIDE_PX)
        side.setLayout(column(self.interpretation, self._list, self.clinic, gap=12))
        layout = row(gap=16)
        layout.addWidget(self.preview, 1)
        layout.addWidget(side)
        self.body.addLayout(layout, 1)

    def render(self, state: ReportState) -> None:  # type: ignore[override]
        self._state = state
        self.set_badges(*state.badges)
        self.set_headline(state.headline, state.tone)
        self.set_main_action(state.main_action, not state.why_not, state.why_not)
        self.show_body()
        if state.content is not None:
            self.preview.show_content(state.content)
        self.set_secondary_actions(*state.secondary)
        self.interpretation.show_kept(*state.interpretation)
        self.clinic.show_clinic(state.clinic, has_logo=state.has_logo)
        self.clinic.second_place.show_place(state.second_place, encrypted=state.encrypted)
        missing = [words for words, there in state.contents if not there]
        self._there.setText(f"✓ {_listed([words for words, there in state.contents if there])}")
        self._missing.setText(f"– Not yet: {_listed(missing)}")
        self._missing.setVisible(bool(missing))
        pages = f"{state.appendix_pages} page{'s' if state.appendix_pages > 1 else ''}"
        self.appendix.setText(f"Appendix: all of it in full, {pages}")
        self.appendix.setVisible(state.appendix_pages > 0)
        self._saved.setText(state.saved)
        self._saved.setVisible(bool(state.saved))

    def ask_printer(self) -> QPrinter | None:
        return ask_printer(self)

    def ask_where(self) -> None:
        path = self.ask_path("Save report", self._state.file_name, "PDF (*.pdf)")
        if path is not None:
            self.save_to.emit(path)


def _listed(parts: Sequence[str]) -> str:
    """In the middle of a sentence."""
    return ", ".join(words[:1].lower() + words[1:] for words in parts)


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
