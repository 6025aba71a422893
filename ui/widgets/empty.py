"""The empty state: what this step is for, one picture, the main action."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from ui.widgets.basics import Button, Icon, column, label, row


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is nothing to show in a part of a page, and what to do about it."""

    sentence: str
    detail: str = ""
    action: str = ""  # words of the button; empty: there is none


class EmptyState(QWidget):
    action = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._icon = Icon("", 72, color="accent")
        self._picture: QWidget | None = None
        self._sentence = label("", "title", wrap=True)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setMaximumWidth(640)
        self._detail = label("", "muted", wrap=True)
        self._detail.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._detail.setMaximumWidth(560)
        self._button = Button("", "main")
        self._button.clicked.connect(self.action)
        layout = column(gap=16)
        layout.addStretch(2)
        layout.addLayout(row(None, self._icon, None))
        self._picture_place = row()
        layout.addLayout(self._picture_place, 6)
        for text in (self._sentence, self._detail):
            centred = row(None, text, None)
            centred.setStretch(1, 8)
            layout.addLayout(centred)
        layout.addLayout(row(None, self._button, None))
        layout.addStretch(3)
        self.setLayout(layout)

    @property
    def button(self) -> Button:
        return self._button

    def set_picture(self, picture: QWidget) -> None:
        """A picture of the page's own in place of the icon; there for good."""
        self._picture_place.addWidget(picture)
        picture.setMaximumHeight(280)
        self._picture = picture
        self._icon.hide()

    def show_picture(self, shown: bool) -> None:
        """Whether the picture, or else the icon, is shown."""
        if self._picture is not None:
            self._picture.setVisible(shown)
            self._icon.setVisible(not shown)

    def show_purpose(self, icon: str, sentence: str, detail: str = "", action: str = "") -> None:
        self._icon.show_icon(icon, color="accent")
        self._sentence.setText(sentence)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        self._button.setText(action)
        self._button.setVisible(bool(action))
