"""The patient's data as an inline form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from core.domain.body import Side
from core.domain.subject import Sex, Subject
from ui.widgets.basics import Box, Button, label, row

_SEXES = ((Sex.FEMALE, "Female"), (Sex.MALE, "Male"), (Sex.OTHER, "Other"))
_SIDES = ((None, "None or both"), (Side.LEFT, "Left"), (Side.RIGHT, "Right"))


@dataclass(frozen=True, slots=True)
class PatientEntry:
    """What stands in the fields, as typed."""

    code: str = ""
    birth_year: str = ""
    sex: Sex = Sex.FEMALE
    height_m: str = ""
    mass_kg: str = ""
    diagnosis: str = ""
    affected_side: Side | None = None
    device: str = ""
    consent_by: str = ""
    consent_on: str = ""


def entry_of(subject: Subject) -> PatientEntry:
    consent = subject.consent
    return PatientEntry(
        code=subject.code,
        birth_year=str(subject.birth_year),
        sex=subject.sex,
        height_m=f"{subject.height_m:.2f}",
        mass_kg=f"{subject.mass_kg:g}",
        diagnosis=subject.diagnosis,
        affected_side=subject.affected_side,
        device=subject.device,
        consent_by=consent.by if consent else "",
        consent_on=consent.on if consent else "",
    )


class PatientForm(Box):
    edited = Signal()  # the first change since the entry was shown

    def __init__(self) -> None:
        super().__init__("card", margin=16, gap=12)
        self._given: PatientEntry | None = None
        self._shown: PatientEntry | None = None  # the given entry as the fields hold it
        self._code = _field("Patient code", "P-0042")
        self._year = _field("Birth year", "1961")
        self._height = _field("Height in metres", "1.68")
        self._mass = _field("Mass in kilograms", "60")
        self._diagnosis = _field("Diagnosis", "for example stroke, 2025")
        self._by = _field("Consent taken by", "name of who took it")
        self._on = _field("Consent date", "2026-11-20")
        self._sex, self._side, self._device = _choice("Sex"), _choice("Affected side"), _choice("Exo")
        for sex, words in _SEXES:
            self._sex.addItem(words, sex)
        for side, words in _SIDES:
            self._side.addItem(words, side)
        self._lay_out()
        for field in (
            self._code,
            self._year,
            self._height,
            self._mass,
            self._diagnosis,
            self._by,
            self._on,
        ):
            field.textEdited.connect(self._changed)
        for choice in (self._sex, self._side, self._device):
            choice.activated.connect(self._changed)

    @property
    def dirty(self) -> bool:
        return self._shown is not None and self.entry() != self._shown

    def show_devices(self, devices: tuple[tuple[str, str], ...]) -> None:
        if [self._device.itemData(i) for i in range(self._device.count())] != [d[0] for d in devices]:
            self._device.clear()
            for device_id, name in devices:
                self._device.addItem(name, device_id)

    def show_entry(self, entry: PatientEntry) -> None:
        """Fill the fields; what a person is typing is never overwritten by the same entry."""
        if entry == self._given:
            return
        self._given = entry
        self._code.setText(entry.code)
        self._year.setText(entry.birth_year)
        self._height.setText(entry.height_m)
        self._mass.setText(entry.mass_kg)
        self._diagnosis.setText(entry.diagnosis)
        self._by.setText(entry.consent_by)
        self._on.setText(entry.consent_on)
        self._sex.setCurrentIndex(self._sex.findData(entry.sex))
        self._side.setCurrentIndex(self._side.findData(entry.affected_side))
        self._device.setCurrentIndex(max(0, self._device.findData(entry.device)))
        self._shown = self.entry()

    def forget(self) -> None:
        """Let the next `show_entry` fill the fields again."""
        self._given = self._shown = None

    def entry(self) -> PatientEntry:
        return PatientEntry(
            code=self._code.text(),
            birth_year=self._year.text(),
            sex=self._sex.currentData() or Sex.OTHER,
            height_m=self._height.text(),
            mass_kg=self._mass.text(),
            diagnosis=self._diagnosis.text(),
            affected_side=self._side.currentData(),
            device=self._device.currentData() or "",
            consent_by=self._by.text(),
            consent_on=self._on.text(),
        )

    def focus_code(self) -> None:
        self._code.setFocus()

    def _changed(self) -> None:
        if self.dirty:
            self.edited.emit()

    def _today(self) -> None:
        self._on.setText(date.today().isoformat())
        self._changed()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        today = Button("Today", "quiet")
        today.clicked.connect(self._today)
        cells: tuple[tuple[str, QWidget, int, int, int], ...] = (
            ("Code", self._code, 0, 0, 2),
            ("Birth year", self._year, 0, 2, 1),
            ("Sex", self._sex, 0, 3, 1),
            ("Height [m]", self._height, 1, 0, 1),
            ("Mass [kg]", self._mass, 1, 1, 1),
            ("Affected side", self._side, 1, 2, 2),
            ("Diagnosis", self._diagnosis, 2, 0, 2),
            ("Exo", self._device, 2, 2, 2),
            ("Consent taken by", self._by, 3, 0, 2),
            ("on (year-month-day)", _beside(self._on, today), 3, 2, 2),
        )
        for words, widget, line, at, span in cells:
            caption = label(words, "small")
            caption.setBuddy(widget)
            grid.addWidget(caption, 3 * line, at, 1, span)
            grid.addWidget(widget, 3 * line + 1, at, 1, span)
            grid.setRowMinimumHeight(3 * line + 2, 8)
        for at in range(4):
            grid.setColumnStretch(at, 1)
        self.body.addLayout(grid)


def _field(name: str, example: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(example)
    return field


def _choice(name: str) -> QComboBox:
    choice = QComboBox()
    choice.setAccessibleName(name)
    return choice


def _beside(field: QLineEdit, button: Button) -> QWidget:
    both = QWidget()
    both.setLayout(row(field, button, gap=4))
    return both
