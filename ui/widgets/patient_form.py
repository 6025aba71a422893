"""The patient's data as an inline form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from core.domain.patient_code import MOST_LETTERS
from core.domain.subject import AffectedSide, Sex, Subject
from core.domain.walking_ability import MOST_NOTE_LETTERS
from ui.widgets.basics import Box, Button, label, row
from ui.widgets.field_note import FieldNote, NoteLine
from ui.widgets.two_edits import merged
from ui.wording import day

_SEXES = ((Sex.FEMALE, "Female"), (Sex.MALE, "Male"), (Sex.OTHER, "Other"))
_SIDES = (
    (None, "Not told"),
    (AffectedSide.NONE, "None"),
    (AffectedSide.LEFT, "Left"),
    (AffectedSide.RIGHT, "Right"),
    (AffectedSide.BOTH, "Both"),
)
_LINES = 3  # of the grid per line of the form: caption, field, note


@dataclass(frozen=True, slots=True)
class PatientEntry:
    """What stands in the fields, as typed."""

    code: str = ""
    birth_year: str = ""
    sex: Sex = Sex.FEMALE
    height_m: str = ""
    mass_kg: str = ""
    diagnosis: str = ""
    affected_side: AffectedSide | None = None
    device: str = ""
    consent_by: str = ""
    consent_on: str = ""
    notes: str = ""


def entry_of(subject: Subject) -> PatientEntry:
    consent = subject.consent
    return PatientEntry(
        code=subject.code,
        birth_year=str(subject.birth_year),
        sex=subject.sex,
        height_m=_metres(subject.height_m),
        mass_kg=f"{subject.mass_kg:g}",
        diagnosis=subject.diagnosis,
        affected_side=subject.affected_side,
        device=subject.device,
        consent_by=consent.by if consent else "",
        consent_on=_day_of(consent.on) if consent else "",
        notes=subject.notes,
    )


def _metres(height_m: float) -> str:
    """Whole centimetres as 1.70, and millimetres where somebody measured them: saving changes no height."""
    return f"{height_m:.2f}" if round(height_m, 2) == height_m else f"{height_m:g}"


def _day_of(written: str) -> str:
    """A day of the record as people write it; what is no day stays as it is."""
    try:
        return day(date.fromisoformat(written))
    except ValueError:
        return written


class PatientForm(Box):
    edited = Signal()  # something was changed by a person

    def __init__(self) -> None:
        super().__init__("card", margin=16, gap=12)
        self._given: PatientEntry | None = None
        self._shown: PatientEntry | None = None  # the given entry as the fields hold it
        self._code = _field("Patient code", "P-0042")
        self._code.setMaxLength(2 * MOST_LETTERS)  # what is pasted is refused in words, not cut
        self._year = _field("Birth year", "1961")
        self._height = _field("Height in metres", "1.68")
        self._mass = _field("Mass in kilograms", "60")
        self._diagnosis = _field("Diagnosis", "for example stroke, 2025")
        self._by = _field("Consent taken by", "name of who took it")
        self._on = _field("Consent date", day(date(2026, 11, 20)))
        self._notes = _field("Notes on the patient", "what holds at every visit; never a name")
        self._notes.setMaxLength(MOST_NOTE_LETTERS)
        self._sex, self._side, self._device = _choice("Sex"), _choice("Affected side"), _choice("Exo")
        for sex, words in _SEXES:
            self._sex.addItem(words, sex)
        for side, words in _SIDES:
            self._side.addItem(words, side)
        self._fields = {
            "code": self._code,
            "birth_year": self._year,
            "height_m": self._height,
            "mass_kg": self._mass,
            "diagnosis": self._diagnosis,
            "consent_by": self._by,
            "consent_on": self._on,
            "notes": self._notes,
        }
        self._note_lines = {name: NoteLine(field) for name, field in self._fields.items()}
        self._lay_out()
        for field in self._fields.values():
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
        self._fill(entry)
        self._shown = self.entry()

    def meet(self, theirs: PatientEntry) -> tuple[str, ...]:
        """Somebody else saved `theirs`: show it where nothing was typed here, and leave what was typed.

        Returns the names of the fields that both changed, each otherwise.
        """
        mine, before = self.entry(), self._shown
        self.forget()
        self.show_entry(theirs)
        if before is None or self._shown is None:
            return ()
        kept, both = merged(before, mine, self._shown)
        self._fill(kept)
        return both

    def _fill(self, entry: PatientEntry) -> None:
        for name, field in self._fields.items():
            field.setText(getattr(entry, name))
        self._sex.setCurrentIndex(self._sex.findData(entry.sex))
        self._side.setCurrentIndex(self._side.findData(entry.affected_side))
        self._device.setCurrentIndex(max(0, self._device.findData(entry.device)))

    def show_notes(self, notes: tuple[FieldNote, ...]) -> None:
        """Say under each field what is wrong with it, and nothing under the others; the first one counts."""
        by_field = {note.field: note for note in reversed(notes)}
        for name, line in self._note_lines.items():
            line.show_note(by_field.get(name))

    def shown_notes(self) -> dict[str, str]:
        """The words that stand under the fields, by the name of the field."""
        return {name: line.text for name, line in self._note_lines.items() if line.text}

    def focus_field(self, name: str) -> None:
        self._fields[name].setFocus()

    def forget(self) -> None:
        """Let the next `show_entry` fill the fields again."""
        self._given = self._shown = None

    def entry(self) -> PatientEntry:
        side = self._side.currentData()  # Qt gives back the text of a choice, not the choice
        return PatientEntry(
            sex=Sex(self._sex.currentData() or Sex.OTHER),
            affected_side=None if side is None else AffectedSide(side),
            device=self._device.currentData() or "",
            **{name: field.text() for name, field in self._fields.items()},
        )

    def _changed(self) -> None:
        self.edited.emit()

    def _today(self) -> None:
        self._on.setText(day(date.today()))
        self._changed()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        today = Button("Today", "quiet")
        today.clicked.connect(self._today)
        cells: tuple[tuple[str, QWidget, str, int, int, int], ...] = (
            ("Code", self._code, "code", 0, 0, 2),
            ("Birth year", self._year, "birth_year", 0, 2, 1),
            ("Sex", self._sex, "", 0, 3, 1),
            ("Height [m]", self._height, "height_m", 1, 0, 1),
            ("Mass [kg]", self._mass, "mass_kg", 1, 1, 1),
            ("Affected side", self._side, "", 1, 2, 2),
            ("Diagnosis", self._diagnosis, "diagnosis", 2, 0, 2),
            ("Exo", self._device, "", 2, 2, 2),
            ("Consent taken by", self._by, "consent_by", 3, 0, 2),
            ("Consent on", _beside(self._on, today), "consent_on", 3, 2, 2),
            ("Notes on the patient", self._notes, "notes", 4, 0, 4),
        )
        for words, widget, name, line, at, span in cells:
            caption = label(words, "small")
            caption.setBuddy(self._fields.get(name, widget))
            grid.addWidget(caption, _LINES * line, at, 1, span)
            grid.addWidget(widget, _LINES * line + 1, at, 1, span)
            if name:
                grid.addWidget(self._note_lines[name], _LINES * line + 2, at, 1, span)
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
