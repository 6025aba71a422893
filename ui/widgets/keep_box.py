"""How long patients are kept after their last visit, and who was kept longer."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSpinBox

from core.store.clinic import LEAST_YEARS, MOST_YEARS
from ui.widgets.basics import Box, Button, label, row
from ui.widgets.two_line import TwoLineList

_NO_TIME = LEAST_YEARS - 1
_NEVER = "Nobody is erased by itself. Open a patient here to export, archive or erase there."


class KeepBox(Box):
    chosen = Signal(object)  # years, None: no time
    opened = Signal(str)  # id of a patient

    def __init__(self) -> None:
        super().__init__("card", margin=16, gap=10)
        self.years = QSpinBox()
        self.years.setRange(_NO_TIME, MOST_YEARS)
        self.years.setSpecialValueText("no time set")
        self.years.setSuffix(" years")
        self.years.setAccessibleName("Years that patients are kept after their last visit")
        self.keep = Button("Keep this time")
        self._headline = label("", "section", wrap=True)
        self._list = TwoLineList("Patients kept longer")
        self.body.addWidget(label("How long patients are kept", "section"))
        self.body.addLayout(row(label("After the last visit:"), self.years, self.keep, None))
        self.body.addWidget(self._headline)
        self.body.addWidget(self._list, 1)
        self.body.addWidget(label(_NEVER, "muted", wrap=True))
        self.body.addStretch(0)
        self._kept: int | None = None
        self._why_not = ""
        self.years.valueChanged.connect(self._check)
        self.keep.clicked.connect(lambda: self.chosen.emit(self.years.value() or None))
        self._list.chosen.connect(self.opened)

    def show_kept(self, years: int | None, due: tuple[tuple[str, str, str], ...], why_not: str) -> None:
        """`due`: id, code and words of each patient; `why_not`: why this person cannot change the time."""
        if years != self._kept or not self.years.hasFocus():
            self.years.setValue(_NO_TIME if years is None else years)
        self._kept, self._why_not = years, why_not
        found = f"{len(due)} {'patient was' if len(due) == 1 else 'patients were'} last seen more than"
        words = f"{found} {years} {'year' if years == 1 else 'years'} ago."
        if not due:
            words = f"Nobody was last seen more than {years} {'year' if years == 1 else 'years'} ago."
        self._headline.setText("No time is set, so nobody is listed." if years is None else words)
        self._list.show_rows(due, None)
        self._list.setVisible(bool(due))
        self._check()

    def _check(self) -> None:
        same = "Choose another time first." if (self.years.value() or None) == self._kept else ""
        reason = self._why_not or same
        self.keep.setEnabled(not reason)
        self.keep.setToolTip(reason)
        self.keep.setAccessibleDescription(reason)
