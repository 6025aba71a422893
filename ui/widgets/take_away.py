"""Two quiet buttons beside a page's title: what is shown there as files, or into another program."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from ui.widgets.basics import Button


class TakeAway(StrEnum):
    """What is taken, in the words of the menus."""

    ZIP = "All of it for other programs (ZIP)…"
    PNG = "Figure as a picture, 300 dpi (PNG)…"
    SVG = "Figure as lines (SVG)…"
    PDF = "Figure as a page (PDF)…"
    CSV = "Numbers with their units (CSV)…"
    COPY_FIGURE = "Figure"
    COPY_NUMBERS = "Numbers with their units"

    @property
    def ending(self) -> str:
        """Of the file; "" for what goes to the clipboard."""
        return "" if self in COPIES else self.name.lower()


_SAVE_TIP, _COPY_TIP = "Save what this page shows as files", "Copy what this page shows into another program"
COPIES = (TakeAway.COPY_FIGURE, TakeAway.COPY_NUMBERS)


class TakeAwayButtons(QWidget):
    """Hidden until there is something to take."""

    chosen = Signal(object)  # TakeAway

    def __init__(self) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        saved = tuple(one for one in TakeAway if one not in COPIES)
        self.save = self._button("Save…", _SAVE_TIP, saved)
        self.copy = self._button("Copy", _COPY_TIP, COPIES)
        layout.addWidget(self.save)
        layout.addWidget(self.copy)
        self.hide()

    def allow(self, why_not: str) -> None:
        """Greyed with a reason; "" lets everything be taken."""
        for button, tip in ((self.save, _SAVE_TIP), (self.copy, _COPY_TIP)):
            button.setEnabled(not why_not)
            button.setToolTip(why_not or tip)

    def _button(self, words: str, tip: str, offers: tuple[TakeAway, ...]) -> Button:
        button = Button(words, "link", tip=tip)
        menu = QMenu(button)
        for offer in offers:
            action = menu.addAction(offer.value)
            action.triggered.connect(lambda _=False, offer=offer: self.chosen.emit(offer))
        button.setMenu(menu)
        return button
