"""Go on with a motion in spite of findings that stop: by name and role, never by a mere press."""

from __future__ import annotations

from PySide6.QtCore import Signal

from core.domain.people import Action
from ui.widgets.approver_fields import ApproverFields
from ui.widgets.basics import Box, Button, column, label

_UNSIGNED = "Write name and role first: they are kept with the decision and printed in the report."


class StopsOverride(Box):
    """Shown only where something stops that a person may answer for."""

    given = Signal(str, str)  # name, role

    def __init__(self) -> None:
        super().__init__("card", horizontal=True, margin=10, gap=12)
        self._why = label("", wrap=True)
        self.approver = ApproverFields("who goes on in spite of the findings", Action.ACCEPT_STOP)
        self.button = Button("Go on all the same")
        self.body.addLayout(column(label("Use this motion all the same?", "section"), self._why, gap=4), 1)
        self.body.addWidget(self.approver)
        self.body.addWidget(self.button)
        self.approver.changed.connect(self._check)
        self.button.clicked.connect(lambda: self.given.emit(*self.approver.given))
        self._check()
        self.hide()

    def offer(self, why: str) -> None:
        """Offer it, with what it means; without a reason it is hidden and the name is forgotten."""
        self.setVisible(bool(why))
        self._why.setText(why)
        if not why:
            self.approver.clear()

    def _check(self) -> None:
        self.button.setEnabled(self.approver.complete)
        self.button.setToolTip(self.approver.missing(_UNSIGNED) or "Kept with the motion")
