"""What is wrong with one field of a form, right under it; gone as soon as it is mended."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from ui.theme import Tone
from ui.widgets.basics import Icon, label, row, set_look


@dataclass(frozen=True, slots=True)
class FieldNote:
    field: str  # name of the field in the entry
    words: str
    details: str = ""  # with the code to quote; the tool tip
    tone: Tone = Tone.STOP


class NoteLine(QWidget):
    """One small line with an icon; takes no room while there is nothing to say."""

    def __init__(self, field: QWidget) -> None:
        super().__init__()
        self._field = field
        self._icon = Icon("attention", 14, Tone.STOP)
        self._words = label("", "small", wrap=True)
        self._name = field.accessibleName()
        layout = row(self._icon, self._words, gap=4)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.hide()

    @property
    def text(self) -> str:
        return self._words.text()

    def show_note(self, note: FieldNote | None) -> None:
        self.setVisible(note is not None)
        self._words.setText("" if note is None else note.words)
        self.setToolTip("" if note is None else note.details)
        tone = Tone.NEUTRAL if note is None else note.tone
        self._icon.show_icon("attention", tone)
        set_look(self._words, tone="" if note is None else tone.value)
        set_look(self._field, problem="" if note is None else tone.value)
        self._field.setAccessibleName(self._name if note is None else f"{self._name}: {note.words}")
