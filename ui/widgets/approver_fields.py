"""Name and role of the clinician who approves a step."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QLineEdit

from core.domain.people import Action
from ui.widgets.account_field import AccountField
from ui.widgets.basics import label, row

ROLES = ("physician", "physiotherapist", "orthotist", "rehabilitation engineer")


class ApproverFields(AccountField):
    """Empty until somebody types: no name is proposed, as a signature that was filled in is none.

    Where people have accounts nothing is typed: it says who is signed in, and the PIN follows. `purpose`
    completes the names of the fields: "who signs", "who keeps the controller".
    """

    changed = Signal()
    entered = Signal()

    def __init__(self, purpose: str, action: Action) -> None:
        super().__init__(action)
        self.name, self.role = QLineEdit(), QLineEdit()
        self._account = label("", "small", wrap=True)
        self._account.setMinimumWidth(240)
        self._account.hide()
        self.name.setPlaceholderText("Your name")
        self.name.setAccessibleName(f"Name of the clinician {purpose}")
        self.role.setPlaceholderText("Your role")
        self.role.setAccessibleName(f"Role of the clinician {purpose}")
        completer = QCompleter(ROLES, self.role)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.role.setCompleter(completer)
        popup = completer.popup()
        assert popup is not None, "a completer makes its list when asked for it"
        popup.setParent(self.role, Qt.WindowType.Popup)  # so that it follows the page's look
        for field in (self.name, self.role):
            field.setMinimumWidth(150)
            field.setMaximumWidth(240)
            field.textChanged.connect(self.changed)
            field.returnPressed.connect(self.entered)
        layout = row(self.name, self.role, self._account)
        self.setLayout(layout)

    @property
    def given(self) -> tuple[str, str]:
        """Name and role as typed, or of the account; empty where nothing was."""
        if self._person is not None:
            return self._person.name, self._person.role.value
        return self.name.text().strip(), self.role.text().strip()

    @property
    def complete(self) -> bool:
        return all(self.given) and not self._why_not

    def clear(self) -> None:
        self.name.clear()
        self.role.clear()

    def _follow(self) -> None:
        person = self._person
        for field in (self.name, self.role):
            field.setVisible(person is None)
            field.clear()
        self._account.setVisible(person is not None)
        if person is not None:
            signs = f"{person.name}, {person.role.value}, signs with the PIN."
            self._account.setText(f"{self._why_not}." if self._why_not else signs)
        self.changed.emit()
