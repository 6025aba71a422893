"""How the patient walks at the open visit: aid, functional class, notes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from core.domain.walking_ability import MOST_NOTE_LETTERS, FunctionalClass, VisitNotes, WalkingAid
from ui.widgets.basics import fit_list, label
from ui.widgets.two_edits import merged

_NOT_TOLD = "Not told"
_FAC_TIP = "Functional Ambulation Categories, 0 to 5 (Holden 1984): how much help of others walking takes."


class VisitNotesForm(QWidget):
    edited = Signal()  # something was changed by a person

    def __init__(self) -> None:
        super().__init__()
        self._given: VisitNotes | None = None
        self._shown: VisitNotes | None = None  # the given notes as the fields hold them
        self.aid, self.ability, self.notes = QComboBox(), QComboBox(), QLineEdit()
        self.aid.setAccessibleName("Walking aid at this visit")
        self.ability.setAccessibleName("Functional class at this visit, FAC 0 to 5")
        self.ability.setToolTip(_FAC_TIP)
        self.notes.setAccessibleName("Notes on this visit")
        self.notes.setPlaceholderText("pain, shoes, orthosis, medication; never a name")
        self.notes.setMaxLength(MOST_NOTE_LETTERS)
        self._fill()
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        cells: tuple[tuple[str, QWidget], ...] = (
            ("Walking aid", self.aid),
            ("Functional class (FAC)", self.ability),
            ("Notes on this visit", self.notes),
        )
        for at, (words, field) in enumerate(cells):
            caption = label(words, "small")
            caption.setBuddy(field)
            grid.addWidget(caption, 0, at)
            grid.addWidget(field, 1, at)
            grid.setColumnStretch(at, (4, 5, 4)[at])
        self.setLayout(grid)
        self.aid.activated.connect(self.edited)
        self.ability.activated.connect(self.edited)
        self.notes.textEdited.connect(self.edited)

    def _fill(self) -> None:
        self.aid.addItem(_NOT_TOLD, None)
        for aid in WalkingAid:
            self.aid.addItem(aid.value.capitalize(), aid)
        self.ability.addItem(_NOT_TOLD, None)
        for ability in FunctionalClass:
            words = f"{ability.value} · {ability.words}"
            self.ability.addItem(words, ability)
            self.ability.setItemData(self.ability.count() - 1, words, Qt.ItemDataRole.ToolTipRole)
        for choice in (self.aid, self.ability):  # long words are cut in the field, never in the list
            choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.setMinimumContentsLength(10)
            fit_list(choice)

    @property
    def dirty(self) -> bool:
        return self._shown is not None and self.entry() != self._shown

    def show_entry(self, given: VisitNotes) -> None:
        """Fill the fields; what a person is typing is never overwritten by the same notes."""
        if given == self._given:
            return
        self._given = given
        self._show(given)
        self._shown = self.entry()

    def meet(self, theirs: VisitNotes) -> None:
        """Somebody else saved `theirs`: show it where nothing was typed here, and leave what was typed."""
        mine, before = self.entry(), self._shown
        self.forget()
        self.show_entry(theirs)
        if before is not None and self._shown is not None:
            self._show(merged(before, mine, self._shown)[0])

    def _show(self, given: VisitNotes) -> None:
        self.aid.setCurrentIndex(self.aid.findData(given.walking_aid))
        self.ability.setCurrentIndex(self.ability.findData(given.functional_class))
        self.notes.setText(given.notes)

    def forget(self) -> None:
        """Let the next `show_entry` fill the fields again."""
        self._given = self._shown = None

    def entry(self) -> VisitNotes:
        aid, ability = self.aid.currentData(), self.ability.currentData()  # Qt keeps text and numbers only
        return VisitNotes(
            None if aid is None else WalkingAid(aid),
            None if ability is None else FunctionalClass(ability),
            self.notes.text().strip(),
        )
