"""Maximum contractions: what the person does for each muscle, and the recordings of it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from ui.file_dialogs import ask_files
from ui.widgets.basics import Box, Button, clear, column, label, row


@dataclass(frozen=True, slots=True)
class MvcCard:
    """One contraction as the panel shows it."""

    key: str
    title: str
    muscles: str  # "left and right soleus"
    position: str
    effort: str
    files: tuple[str, ...] = ()  # names of the recordings chosen for it


@dataclass(frozen=True, slots=True)
class MvcState:
    """The contractions that the mapped muscles need, and what holds for all of them."""

    cards: tuple[MvcCard, ...]
    rule: str  # tries, hold and rest, one or two sentences


class MvcPanel(QWidget):
    files_chosen = Signal(str, object)  # key of the contraction, tuple[Path, ...]
    files_removed = Signal(str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state: MvcState | None = None
        self.pattern = "All files (*)"  # of the file dialog; the EMG page knows the formats
        self._rule, self._cards = label("", wrap=True), column(gap=12)
        done = Button("Done")
        done.clicked.connect(self.closed)
        inside = QWidget()
        inside.setLayout(self._cards)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        layout = column(gap=12)
        layout.addLayout(row(label("Maximum contractions", "section"), None, done))
        layout.addWidget(self._rule)
        layout.addWidget(scroll, 1)
        self.setLayout(layout)

    def show_state(self, state: MvcState) -> None:
        if state == self._state:
            return
        self._state = state
        self._rule.setText(state.rule)
        clear(self._cards)
        for card in state.cards:
            self._cards.addWidget(self._card(card))
        self._cards.addStretch(1)

    def choose_files(self, key: str) -> None:
        if paths := ask_files(self, "Maximum contractions", self.pattern):
            self.files_chosen.emit(key, paths)

    def _card(self, card: MvcCard) -> Box:
        choose = Button("Choose files", icon="folder", tip=f"Recordings of: {card.title}")
        choose.clicked.connect(lambda: self.choose_files(card.key))
        remove = Button("Remove", "quiet", tip=f"Forget the recordings of: {card.title}")
        remove.clicked.connect(lambda: self.files_removed.emit(card.key))
        remove.setVisible(bool(card.files))
        box = Box("card", margin=12, gap=6)
        box.body.addLayout(row(label(card.title, "strong"), None, remove, choose))
        box.body.addWidget(label(f"For {card.muscles}.", "muted", wrap=True))
        box.body.addWidget(label(f"{card.position} {card.effort}", wrap=True))
        if card.files:
            box.body.addWidget(label(", ".join(card.files), "small", wrap=True))
        return box
