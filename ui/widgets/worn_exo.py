"""An exo that was worn while the person was recorded: its torque log, and how it goes with the motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit

from ui.file_dialogs import ask_file
from ui.widgets.basics import Box, Button, column, label, row

_LOGS = "Torque logs (*.csv *.txt *.tsv *.sto *.mot);;All files (*)"
_WHY = (
    "A table with a time column and a torque in N·m for each side and joint, as “left_hip_flexion_torque”. "
    "What the exo gave is taken off the person's moments."
)
_POSITIVE = (("As the columns say", ""), ("Positive flexes", "flexion"), ("Positive extends", "extension"))
_ANOTHER, _NONE_CHOSEN = "Another exo", "No log chosen."
_NO_LOG, _NO_NUMBER = "Choose the log first.", "Write the seconds as a number, or leave them empty."


@dataclass(frozen=True, slots=True)
class WornExo:
    """What a person says of an exo that was worn."""

    file: Path | None  # None: the newest walk with an exo that the record holds
    offset_s: float | None = None  # added to the log's time gives the motion's
    positive: str = ""
    device_id: str = ""


class WornExoCard(Box):
    """Shown when somebody says that an exo was worn."""

    told = Signal(object)  # WornExo
    not_worn = Signal()

    def __init__(self) -> None:
        super().__init__("card", margin=10, gap=8)
        self.file: Path | None = None
        self._from_walk = False
        self._name = label(_NONE_CHOSEN, "small", wrap=True)
        self.choose, self.walk = Button("Choose log…"), Button("Last walk with the exo")
        self.offset, self.positive, self.device = QLineEdit(), QComboBox(), QComboBox()
        self.offset.setMaximumWidth(70)
        self.offset.setAccessibleName("Seconds that added to the log's time give the motion's")
        self.positive.setAccessibleName("What a positive torque does to the person's joint")
        self.device.setAccessibleName("Which exo was worn")
        for words, key in _POSITIVE:
            self.positive.addItem(words, key)
        self.none, self.take = Button("None was worn"), Button("Account for it", "main")
        self.body.addLayout(column(label("Worn exo", "section"), label(_WHY, "small", wrap=True), gap=4))
        chosen = row(self.choose, self.walk, self._name)
        chosen.setStretch(2, 1)
        self.body.addLayout(chosen)
        fields = row(self.device, self.positive, label("log's time +"), self.offset, label("s"))
        fields.addStretch(1)
        self.body.addLayout(fields)
        ends = row(gap=8)
        ends.addStretch(1)
        ends.addWidget(self.none)
        ends.addWidget(self.take)
        self.body.addLayout(ends)
        self.choose.clicked.connect(self._ask_file)
        self.walk.clicked.connect(self._take_walk)
        self.offset.textChanged.connect(self._check)
        self.take.clicked.connect(lambda: self.told.emit(self.answer()))
        self.none.clicked.connect(self.not_worn)
        self._check()
        self.hide()

    def offer(self, devices: Sequence[str], *, walk: bool, accounted: bool) -> None:
        """Exos that are known, whether the record has a walk with one, whether one is in the forces."""
        shown = [self.device.itemText(number) for number in range(self.device.count())]
        if shown != [_ANOTHER, *devices]:
            self.device.clear()
            self.device.addItem(_ANOTHER, "")
            for name in devices:
                self.device.addItem(name, name)
        self.walk.setVisible(walk)
        self.none.setVisible(accounted)

    def forget(self) -> None:
        """Another motion is on the page."""
        self.file, self._from_walk = None, False
        self._name.setText(_NONE_CHOSEN)
        self.offset.clear()
        self.positive.setCurrentIndex(0)
        self.device.setCurrentIndex(0)
        self._check()
        self.hide()

    def choose_file(self, file: Path) -> None:
        self.file, self._from_walk = file, False
        self._name.setText(file.name)
        self._check()

    def answer(self) -> WornExo:
        file = None if self._from_walk else self.file
        return WornExo(file, self._seconds(), self.positive.currentData(), self.device.currentData())

    def _take_walk(self) -> None:
        self._from_walk = True
        self._name.setText("The walk with the exo that the record holds; its time counts from arming.")
        self._check()

    def _ask_file(self) -> None:
        path = ask_file(self, "Torque log of the worn exo", _LOGS)
        if path is not None:
            self.choose_file(path)

    def _seconds(self) -> float | None:
        """With a point or a comma; None where nothing, or no number, is written."""
        try:
            return float(self.offset.text().strip().replace("−", "-").replace(",", "."))
        except ValueError:
            return None

    def _check(self) -> None:
        written = bool(self.offset.text().strip())
        number = self._seconds() is not None or not written
        chosen = self._from_walk or self.file is not None
        self.take.setEnabled(chosen and number)
        self.take.setToolTip(_NO_LOG if not chosen else "" if number else _NO_NUMBER)
