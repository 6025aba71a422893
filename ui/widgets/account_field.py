"""Fields for who answers: typed where nobody has an account, else the account's own, not to be changed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from core.domain.people import Action, Person
from ui.widgets.basics import label, row


class AccountField(QWidget):
    """Base of what shows who answers for an action. Subclasses write `_follow`."""

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.action = action
        self._person: Person | None = None
        self._why_not = ""

    def show_account(self, person: Person | None, why_not: str) -> None:
        """`person`: who is signed in, None where names are typed; `why_not`: the role does not cover it."""
        if (person, why_not) != (self._person, self._why_not):
            self._person, self._why_not = person, why_not
            self._follow()

    def missing(self, unsigned: str) -> str:
        """Why a button beside it is greyed: `unsigned` where a name has to be typed; "" where nothing is."""
        if self._person is not None:
            return self._why_not
        return "" if self.complete else unsigned

    @property
    def complete(self) -> bool:
        raise NotImplementedError

    def _follow(self) -> None:
        raise NotImplementedError


class NameField(AccountField):
    """One name: a field, or in people mode the name of who is signed in."""

    textChanged = Signal(str)

    def __init__(self, action: Action, accessible: str) -> None:
        super().__init__(action)
        self.line, self._account = QLineEdit(), label("", "small")
        self.line.setPlaceholderText("Your name")
        self.line.setAccessibleName(accessible)
        self.line.textChanged.connect(self.textChanged)
        self.setMaximumWidth(200)
        self.setLayout(row(self.line, self._account))
        self._account.hide()

    def text(self) -> str:
        return self.line.text() if self._person is None else "" if self._why_not else self._person.name

    def setText(self, text: str) -> None:
        self.line.setText(text)

    def clear(self) -> None:
        self.line.clear()

    @property
    def complete(self) -> bool:
        return bool(self.text().strip())

    def _follow(self) -> None:
        self.line.setVisible(self._person is None)
        self._account.setVisible(self._person is not None)
        self._account.setText("" if self._person is None else f"As {self._person.name}")
        self.line.clear()
        self.textChanged.emit("")
