"""Whether the record is encrypted, and what is chosen before it is."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit

from ui.widgets.basics import Box, label, row

_LOGIN, _PASSPHRASE = "login", "passphrase"


class EncryptBox(Box):
    """Asks how the record opens from then on; nothing typed stays when it is hidden."""

    changed = Signal()
    entered = Signal()

    def __init__(self) -> None:
        super().__init__("card", margin=16, gap=10)
        self._words = label("", wrap=True)
        self._opens_words = label("The record then opens", "section")
        self.opens = QComboBox()
        self.opens.setAccessibleName("How the record opens from then on")
        self.opens.addItem("by itself, for who is logged in to this PC as now", _LOGIN)
        self.opens.addItem("with a passphrase that is typed at each start", _PASSPHRASE)
        self.passphrase, self.again = _secret("Passphrase"), _secret("Once more")
        self._hint = label("At least 12 characters; four words are easy to remember.", "small", wrap=True)
        self.body.addWidget(label("Encryption", "section"))
        self.body.addWidget(self._words)
        self.body.addWidget(self._opens_words)
        self.body.addWidget(self.opens)
        self.body.addLayout(row(self.passphrase, self.again))
        self.body.addWidget(self._hint)
        self.body.addStretch(1)
        self._asks = self._has_key_store = False
        self.opens.currentIndexChanged.connect(self._show_fields)
        for field in (self.passphrase, self.again):
            field.textChanged.connect(self.changed)
        self.again.returnPressed.connect(self.entered)
        self._show_fields()

    def show_words(self, words: tuple[str, ...], *, asks: bool, has_key_store: bool) -> None:
        """`asks`: how the record is to open is asked; `has_key_store`: this login can keep the key."""
        self._words.setText("\n\n".join(words))
        if not asks:
            self.forget()
        self._asks, self._has_key_store = asks, has_key_store
        self._show_fields()

    def forget(self) -> None:
        self.passphrase.clear()
        self.again.clear()

    @property
    def given(self) -> tuple[str, str]:
        """The passphrase twice; empty where the login keeps the key."""
        return (self.passphrase.text(), self.again.text()) if self.by_passphrase else ("", "")

    @property
    def by_passphrase(self) -> bool:
        return not self._has_key_store or self.opens.currentData() == _PASSPHRASE

    @property
    def missing(self) -> str:
        """Why it cannot go on as it stands; "" where it can."""
        if self._asks and self.by_passphrase and not (self.passphrase.text() and self.again.text()):
            return "Type a passphrase twice first."
        return ""

    def _show_fields(self) -> None:
        self._opens_words.setVisible(self._asks and self._has_key_store)
        self.opens.setVisible(self._asks and self._has_key_store)
        for widget in (self.passphrase, self.again, self._hint):
            widget.setVisible(self._asks and self.by_passphrase)
        self.changed.emit()


def _secret(words: str) -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setPlaceholderText(words)
    field.setAccessibleName(words)
    return field
