"""The head of a result on a tab: its source, whether it is out of date, and the button that makes it anew."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.theme import Tone
from ui.widgets.basics import Button, Icon, column, label, row


class ResultHead(QWidget):
    pressed = Signal()

    def __init__(self, *beside: QWidget) -> None:
        """`beside` stand left of the button."""
        super().__init__()
        self._icon, self.source = Icon("", 18), label("", "section", wrap=True)
        self.stale = label("", "small", wrap=True, tone=Tone.WARN)
        self.button = Button("")
        self.button.clicked.connect(self.pressed)
        top = row(self._icon, self.source, *beside, self.button, gap=8)
        top.setStretch(1, 1)
        layout = column(gap=6)
        layout.addLayout(top)
        layout.addWidget(self.stale)
        self.setLayout(layout)

    def show_head(
        self, source: str, tone: Tone, *, stale: str, action: str, why_not: str, tip: str = ""
    ) -> None:
        """`action` are the button's words; `why_not` greys it, `tip` explains the source."""
        self._icon.show_icon("done" if tone is Tone.OK else "attention", tone)
        self.source.setText(source)
        self.source.setToolTip(tip)
        self.stale.setText(stale)
        self.stale.setVisible(bool(stale))
        self.button.setText(action)
        self.button.setVisible(bool(action))
        self.button.setEnabled(not why_not)
        self.button.setToolTip(why_not)
