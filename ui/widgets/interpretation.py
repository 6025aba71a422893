"""Free words of a clinician on a visit, kept by name."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit

from core.domain.interpretation import MOST_LETTERS
from core.domain.people import Action
from ui.widgets.approver_fields import ApproverFields
from ui.widgets.basics import Box, Button, label, row


class InterpretationBox(Box):
    """What is being written stays until it is kept or another visit is opened."""

    kept = Signal(str, str, str)  # text, name, role

    def __init__(self) -> None:
        super().__init__("card", margin=12, gap=8)
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Interpretation")
        self.text.setPlaceholderText("What the results mean for this patient")
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(84)
        self.approver = ApproverFields("who interprets", Action.INTERPRET)
        self.approver.name.setMinimumWidth(110)
        self.approver.role.setMinimumWidth(110)
        self.keep = Button("Keep")
        self.keep.clicked.connect(self._keep)
        self.approver.changed.connect(self._check)
        self.text.textChanged.connect(self._show_room)
        self._told = label("", "small", wrap=True)
        self._shown, self._signed = "", ""  # as it is on record, and who wrote it
        self.body.addWidget(label("Interpretation", "section"))
        self.body.addWidget(self.text, 1)
        self.body.addWidget(self.approver)
        below = row(self._told, self.keep, gap=8)
        below.setStretch(0, 1)
        self.body.addLayout(below)
        self._show_room()

    def show_kept(self, text: str, signed: str) -> None:
        """What is on record; words that were not kept yet are left alone while the record is the same."""
        if text != self._shown or not self.text.toPlainText():
            self.text.setPlainText(text)
        self._shown, self._signed = text, signed
        self._show_room()

    def forget(self) -> None:
        """Another visit: nothing of this one may be kept there."""
        self._shown = ""
        self.text.clear()
        self.approver.clear()

    def _check(self) -> None:
        """Greyed for roles that do not interpret; a missing name is told when it is pressed."""
        why_not = self.approver.missing("")
        self.keep.setEnabled(not why_not)
        self.keep.setToolTip(why_not)

    def _keep(self) -> None:
        self.kept.emit(self.text.toPlainText(), *self.approver.given)

    def _show_room(self) -> None:
        """Whose words these are, or how many letters there is room for."""
        text = self.text.toPlainText().strip()
        if text and text == self._shown:
            self._told.setText(f"Kept: {self._signed}.")
        else:
            left = MOST_LETTERS - len(text)
            room = f"{left} letters left." if left >= 0 else f"{-left} letters too many."
            self._told.setText(f"Not kept yet. {room}" if text else room)
