"""Choice of what the twin wears in a situation: no exo, an exo without torque, or a controller."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QWidget

from ui.widgets.basics import Button, label, row


@dataclass(frozen=True, slots=True)
class ConditionChoice:
    """`result` is "12 of 16" in the chosen situation, or empty; `why_not` greys it."""

    key: str
    name: str
    result: str = ""
    why_not: str = ""

    @property
    def words(self) -> str:
        return f"{self.name} · {self.result}" if self.result else self.name


class ConditionPicker(QWidget):
    chosen = Signal(str)  # key

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Exo")
        self.buttons: dict[str, Button] = {}
        self._group = QButtonGroup(self)
        self._key = ""
        self._why_not = label("", "small", wrap=True)
        self._row = row(label("Exo", "section"), gap=4)
        self._row.addWidget(self._why_not, 1)
        self.setLayout(self._row)

    def show_choices(self, choices: tuple[ConditionChoice, ...], key: str) -> None:
        """The same places every time, so that a button that has the focus keeps it."""
        self._key = key
        for choice in choices:
            if choice.key not in self.buttons:
                self._add(choice.key)
            button = self.buttons[choice.key]
            button.setText(choice.words)
            button.setChecked(choice.key == key)
            button.setEnabled(not choice.why_not)
            button.setToolTip(choice.why_not)
        reasons = list(dict.fromkeys(choice.why_not for choice in choices if choice.why_not))
        self._why_not.setText(" ".join(reasons))
        self.setVisible(bool(choices))

    def _add(self, key: str) -> None:
        button = Button("", "quiet")
        button.setCheckable(True)
        button.clicked.connect(lambda: self._choose(button, key))
        self._group.addButton(button)
        self.buttons[key] = button
        self._row.insertWidget(len(self.buttons), button)

    def _choose(self, button: Button, key: str) -> None:
        self.chosen.emit(key)
        button.setChecked(key == self._key)  # the page decides what is chosen
