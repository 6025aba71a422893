"""The clinic's name and logo, as every report of this data folder shows them, and where it is copied to."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from core.store.clinic import MOST_NAME
from ui.file_dialogs import ask_file
from ui.widgets.basics import Box, Button, label, row
from ui.widgets.second_place_line import SecondPlaceLine


class ClinicBox(Box):
    named = Signal(str)
    logo_chosen = Signal(object)  # Path; None: no logo

    def __init__(self) -> None:
        super().__init__("card", margin=12, gap=8)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the clinic")
        self.name.setPlaceholderText("Name of the clinic")
        self.name.setMaxLength(MOST_NAME)
        self.name.editingFinished.connect(lambda: self.named.emit(self.name.text()))
        self.logo = Button("Logo…", tip="A PNG or JPEG file of at most 2 MB")
        self.logo.clicked.connect(self._choose)
        self.body.addWidget(label("Clinic, on every report", "section"))
        line = row(self.name, self.logo, gap=8)
        line.setStretch(0, 1)
        self.body.addLayout(line)
        self.second_place = SecondPlaceLine()
        self.body.addWidget(self.second_place)
        self._has_logo = False

    def show_clinic(self, name: str, *, has_logo: bool) -> None:
        if not self.name.hasFocus():
            self.name.setText(name)
        self._has_logo = has_logo
        self.logo.setText("Remove logo" if has_logo else "Logo…")

    def _choose(self) -> None:
        if self._has_logo:
            self.logo_chosen.emit(None)
            return
        path = ask_file(self, "Logo of the clinic", "Pictures (*.png *.jpg *.jpeg)")
        if path is not None:
            self.logo_chosen.emit(path)
