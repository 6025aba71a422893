"""Erasing a patient: what goes and what stays, the code typed again, a reason, and a signature."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from core.domain.people import Action
from ui.theme import Tone
from ui.widgets.approver_fields import ApproverFields
from ui.widgets.basics import Box, Button, column, label, row

_UNSIGNED = "Write name and role first: they stay in the trail."
_MOST_REASON = 200  # letters


class EraseBox(Box):
    """Nothing is filled in, and nothing typed stays when it is closed."""

    erased = Signal(str, str, str)  # reason, name, role
    closed = Signal()

    def __init__(self) -> None:
        super().__init__("card", margin=16, gap=10)
        self._title, self._words = label("", "strong", tone=Tone.STOP), label("", wrap=True)
        self.code, self.reason = QLineEdit(), QLineEdit()
        self.code.setAccessibleName("Code of the patient to erase")
        self.code.setPlaceholderText("Type the code again")
        self.code.setMinimumWidth(190)
        self.reason.setAccessibleName("Reason for erasing")
        self.reason.setPlaceholderText("Why, without code or name: it stays in the trail")
        self.reason.setMaxLength(_MOST_REASON)
        self.approver = ApproverFields("who erases", Action.ERASE)
        self.button, self.cancel = Button("Erase for good"), Button("Cancel", "quiet")
        fields = row(self.code, self.reason, gap=8)
        fields.setStretch(1, 1)
        self.body.addLayout(column(self._title, self._words, gap=6))
        self.body.addLayout(fields)
        self.body.addLayout(row(self.approver, None, self.cancel, self.button, gap=8))
        for field in (self.code, self.reason):
            field.textChanged.connect(self._check)
        self.approver.changed.connect(self._check)
        self.button.clicked.connect(self._erase)
        self.cancel.clicked.connect(self.closed)
        self._asked = ""
        self.hide()

    def ask(self, code: str, words: tuple[str, ...]) -> None:
        """Ask for this patient; without words it is hidden, and what was typed is forgotten."""
        if not words or code != self._asked:
            for field in (self.code, self.reason, self.approver):
                field.clear()
        self._asked = code if words else ""
        self._title.setText(f"Erase {code}? This cannot be undone.")
        self._words.setText("\n\n".join(words))
        self.setVisible(bool(words))
        self._check()

    def _erase(self) -> None:
        self.erased.emit(self.reason.text().strip(), *self.approver.given)

    def _check(self) -> None:
        missing = self.approver.missing(_UNSIGNED)
        if self.code.text().strip() != self._asked:
            missing = "Type the code of the patient first, letter by letter."
        elif not self.reason.text().strip():
            missing = "Write why first."
        self.button.setEnabled(bool(self._asked) and not missing)
        self.button.setToolTip(missing or "Everything of the patient is removed")
