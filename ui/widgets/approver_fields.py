"""Name and role of the clinician who approves a step."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from ui.widgets.basics import row

ROLES = ("physician", "physiotherapist", "orthotist", "rehabilitation engineer")


class ApproverFields(QWidget):
    """Empty until somebody types: no name is proposed, as a signature that was filled in is none.

    `purpose` completes the names of the fields: "who signs", "who keeps the controller".
    """

    changed = Signal()
    entered = Signal()

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.name, self.role = QLineEdit(), QLineEdit()
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
        layout = row(self.name, self.role)
        self.setLayout(layout)

    @property
    def given(self) -> tuple[str, str]:
        """Name and role as typed; empty where nothing was."""
        return self.name.text().strip(), self.role.text().strip()

    @property
    def complete(self) -> bool:
        return all(self.given)

    def clear(self) -> None:
        self.name.clear()
        self.role.clear()
