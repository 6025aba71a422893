"""What a double click on a controller package shows: may it be used, for whom, on which exo, and why."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QWidget

from core.domain.package_look import LookedAt, PackageLook, PackageUse
from ui.theme import Spacing, Tone
from ui.widgets.basics import Box, Button, Icon, column, label, row

_WIDTH_PX, _HEIGHT_PX = 760, 660  # whole on the smallest screen, 768 px high, with a task bar
_SHORT_PX = 300  # where there is only a reason
_SIGNS = {
    PackageUse.NOBODY: ("attention", Tone.STOP),
    PackageUse.VIRTUAL_EXO: ("attention", Tone.WARN),
    PackageUse.PERSON: ("done", Tone.OK),
}


class PackageWindow(QWidget):
    chosen = Signal(bool)  # whether ExoTwin shall start; closing the window is not to

    def __init__(self, look: PackageLook) -> None:
        super().__init__()
        self._text = look.text
        self.setWindowTitle(f"{look.name} – ExoTwin")
        self.setAccessibleName(look.verdict)
        self.resize(_WIDTH_PX, _HEIGHT_PX if look.checks else _SHORT_PX)
        outer = column(gap=Spacing().m, margin=Spacing().xl)
        icon, tone = _SIGNS[look.use]
        top = row(Icon(icon, 28, tone), label(look.verdict, "title", wrap=True), gap=Spacing().m)
        top.setStretch(1, 1)
        outer.addLayout(top)
        outer.addWidget(label(look.name, "muted", wrap=True))
        outer.addWidget(self._details(look, tone), 1)
        outer.addLayout(self._buttons())
        self.setLayout(outer)

    def _details(self, look: PackageLook, tone: Tone) -> QScrollArea:
        inside = QWidget()
        body = column(gap=Spacing().m)
        against = [*look.reasons, *([look.warning] if look.warning else [])]
        if against:
            body.addWidget(_strip(against, Tone.WARN if tone is Tone.OK else tone))
        if look.facts:
            body.addLayout(_grid(look.facts))
        if look.checks:
            body.addWidget(label("Checks", "strong"))
            for check in look.checks:
                body.addLayout(_check_row(check))
        body.addStretch(1)
        body.setContentsMargins(0, 0, Spacing().m, 0)  # beside the scroll bar
        inside.setLayout(body)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("What is in the package, and its checks")
        area.setWidget(inside)
        return area

    def _buttons(self) -> QHBoxLayout:
        start = Button("Open ExoTwin", "main")
        close = Button("Close")
        self._copy = Button("Copy as text", "quiet", "copy")
        start.clicked.connect(lambda: self.chosen.emit(True))
        close.clicked.connect(self.close)
        self._copy.clicked.connect(self._copy_text)
        close.setFocus()
        return row(start, close, None, self._copy)

    def _copy_text(self) -> None:
        QGuiApplication.clipboard().setText(self._text)
        self._copy.setText("Copied")

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.chosen.emit(False)


def _strip(sentences: list[str], tone: Tone) -> Box:
    strip = Box("strip", margin=Spacing().m, gap=Spacing().s)
    strip.setProperty("tone", tone.value)
    for sentence in sentences:
        strip.body.addWidget(label(sentence, wrap=True, tone=tone))
    return strip


def _grid(facts: tuple[tuple[str, str], ...]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(Spacing().l)
    grid.setVerticalSpacing(Spacing().s)
    grid.setColumnStretch(1, 1)
    for number, (heading, words) in enumerate(facts):
        told = label(words, wrap=True)
        told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(label(heading, "muted"), number, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(told, number, 1)
    return grid


def _check_row(check: LookedAt) -> QHBoxLayout:
    tone = Tone.OK if check.passed else Tone.STOP
    sign = Icon("check" if check.passed else "cancel", 18, tone)
    name = check.name[:1].upper() + check.name[1:]
    sentence = " ".join(
        filter(None, (f"{name}:" if check.passed else f"{name}, failed:", check.words, check.more))
    )
    line = row(sign, label(sentence, wrap=True), gap=Spacing().s)
    line.setAlignment(sign, Qt.AlignmentFlag.AlignTop)
    line.setStretch(1, 1)
    return line
