"""One paragraph of help for the page that is shown."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from ui.widgets.basics import Box, Button, Icon, label, row


class HelpStrip(QWidget):
    def __init__(self) -> None:
        super().__init__()
        strip = Box("strip", horizontal=True, margin=12, gap=12)
        self._text = label("", wrap=True)
        close = Button("Close", "quiet", "cancel", tip="Close the help (F1)")
        close.clicked.connect(self.hide)
        strip.body.addWidget(Icon("help", 20, color="accent"))
        strip.body.addWidget(self._text, 1)
        strip.body.addWidget(close)
        layout = row(strip)
        layout.setContentsMargins(24, 12, 24, 0)
        self.setLayout(layout)
        self.hide()

    def show_help(self, title: str, text: str, *, visible: bool) -> None:
        self._text.setText(text)
        self.setAccessibleName(f"Help for {title}")
        self.setVisible(visible and bool(text))
