"""Choice of the scenario: one button per group, its scenarios with their results."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from ui.widgets.basics import Button, clear, row


@dataclass(frozen=True, slots=True)
class ScenarioChoice:
    """One scenario; `result` is "12 of 16" or empty, `cause` the most frequent cause of falls."""

    key: str
    name: str
    result: str = ""
    cause: str = ""

    @property
    def words(self) -> str:
        """For the button of the chosen one."""
        return f"{self.name} · {self.result}" if self.result else self.name

    @property
    def menu_words(self) -> str:
        """Name on the left, result on the right."""
        found = " · ".join(part for part in (self.result or "not walked yet", self.cause) if part)
        return f"{self.name}\t{found}"


@dataclass(frozen=True, slots=True)
class ScenarioGroup:
    name: str
    choices: tuple[ScenarioChoice, ...]


class ScenarioPicker(QWidget):
    chosen = Signal(str)  # key

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Situation")
        self.buttons: list[Button] = []
        self.menus: list[QMenu] = []
        self._groups: tuple[ScenarioGroup, ...] = ()
        self._key = ""
        self._row = row(gap=4)
        self.setLayout(self._row)

    def show_groups(self, groups: tuple[ScenarioGroup, ...], key: str) -> None:
        if groups == self._groups and key == self._key:
            return
        self._groups, self._key = groups, key
        clear(self._row)
        self.buttons, self.menus = [], []
        for group in groups:
            self._row.addWidget(self._button(group, key))
        self._row.addStretch(1)

    def _button(self, group: ScenarioGroup, key: str) -> Button:
        chosen = next((choice for choice in group.choices if choice.key == key), None)
        button = Button(group.name if chosen is None else chosen.words, "quiet")
        button.setCheckable(True)
        button.setChecked(chosen is not None)
        button.setToolTip("" if chosen is None or not chosen.cause else f"Most falls: {chosen.cause}")
        if len(group.choices) > 1:
            menu = self._menu(group, key, button)
            button.setMenu(menu)
        else:
            button.clicked.connect(lambda: self._choose(button, group.choices[0].key))
        self.buttons.append(button)
        return button

    def _menu(self, group: ScenarioGroup, key: str, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        for choice in group.choices:
            action = menu.addAction(choice.menu_words)
            action.setCheckable(True)
            action.setChecked(choice.key == key)
            action.triggered.connect(lambda _=False, key=choice.key: self.chosen.emit(key))
        self.menus.append(menu)
        return menu

    def _choose(self, button: Button, key: str) -> None:
        button.setChecked(key == self._key)  # the page decides what is chosen
        self.chosen.emit(key)
