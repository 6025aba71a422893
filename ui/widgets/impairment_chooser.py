"""Kind, side, muscles or joint, and severity of one impairment: for "What if?" and for the twin's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QSlider, QWidget

from core.domain.body import JointKind, Side
from core.domain.impairment import SLOTS, Impairment, ImpairmentKind, Slot
from core.domain.muscles import MuscleGroup
from ui.widgets.basics import label, row

Item = TypeVar("Item")
KINDS = tuple(dict.fromkeys(slot.kind for slot in SLOTS))
STEPS = 10  # of the slider: tenths
AT_FIRST = 5
_DEGREES = ((0.0, "absent"), (0.35, "mild"), (0.65, "moderate"), (1.0, "severe"))


def severity_words(severity: float) -> str:
    """As a clinician says it: absent, mild, moderate or severe."""
    return next(words for most, words in _DEGREES if severity <= most)


class ImpairmentChooser(QWidget):
    """The fields stand in one row; a caller with little width places `fields` itself."""

    changed = Signal()  # another impairment or severity is chosen

    def __init__(self) -> None:
        super().__init__()
        self.kind, self.side, self.where = QComboBox(self), QComboBox(self), QComboBox(self)
        self._sides: Sequence[Side] = ()  # as listed in `side`
        self._places: Sequence[MuscleGroup | JointKind] = ()  # as listed in `where`
        self.severity = QSlider(Qt.Orientation.Horizontal)
        self.words: QLabel = label("", "section")
        self.kind.addItems([kind.capitalize() for kind in KINDS])
        self._fill_places()
        self._build()

    @property
    def fields(self) -> tuple[QWidget, ...]:
        return self.kind, self.side, self.where, self.severity, self.words

    @property
    def impairment(self) -> Impairment:
        slot = self._slot()
        return Impairment(slot.kind, self.severity.value() / STEPS, slot.side, slot.group, slot.joint)

    def choose(self, impairment: Impairment) -> None:
        """Show this impairment; emits nothing."""
        blockers = [QSignalBlocker(widget) for widget in (self.kind, self.side, self.where, self.severity)]
        self.kind.setCurrentIndex(KINDS.index(impairment.kind))
        self._fill_places()
        if impairment.side is not None:
            self.side.setCurrentIndex(self._sides.index(impairment.side))
        place = impairment.group or impairment.joint
        if place is not None:
            self.where.setCurrentIndex(self._places.index(place))
        self.severity.setValue(round(STEPS * impairment.severity))
        self._show_severity(self.severity.value())
        del blockers

    def _build(self) -> None:
        for widget, name in (
            (self.kind, "Impairment"),
            (self.side, "Side"),
            (self.where, "Muscles or joint"),
            (self.severity, "Severity, from absent to severe"),
        ):
            widget.setAccessibleName(name)
        self.severity.setRange(0, STEPS)
        self.severity.setPageStep(1)
        self.severity.setValue(AT_FIRST)
        self.severity.setTracking(False)  # a result is looked for when the slider is let go
        self.severity.setFixedWidth(150)
        self.words.setMinimumWidth(92)
        self._show_severity(AT_FIRST)
        self.setLayout(row(*self.fields))
        self.severity.sliderMoved.connect(self._show_severity)
        self.severity.valueChanged.connect(self._moved)
        self.kind.currentIndexChanged.connect(self._kind_chosen)
        self.side.currentIndexChanged.connect(self.changed)
        self.where.currentIndexChanged.connect(self.changed)

    def _fill_places(self) -> None:
        """Sides and muscles or joints of the chosen kind; what was chosen stays where it can."""
        slots = [slot for slot in SLOTS if slot.kind is self._kind]
        self._sides = _each(slot.side for slot in slots if slot.side is not None)
        self._places = _each(place for slot in slots if (place := slot.group or slot.joint) is not None)
        _refill(self.side, [side.capitalize() for side in self._sides])
        _refill(self.where, [_place_words(place) for place in self._places])

    @property
    def _kind(self) -> ImpairmentKind:
        return KINDS[self.kind.currentIndex()]

    def _slot(self) -> Slot:
        side = self._sides[self.side.currentIndex()] if self._sides else None
        place = self._places[self.where.currentIndex()] if self._places else None
        return next(
            slot
            for slot in SLOTS
            if slot.kind is self._kind and slot.side is side and (slot.group or slot.joint) is place
        )

    def _kind_chosen(self) -> None:
        self._fill_places()
        self.changed.emit()

    def _moved(self, value: int) -> None:
        self._show_severity(value)
        self.changed.emit()

    def _show_severity(self, value: int) -> None:
        severity = value / STEPS
        self.words.setText(f"{severity:.1f} {severity_words(severity)}")


def _each(items: Iterable[Item]) -> list[Item]:
    """Every item once, in their order."""
    return list(dict.fromkeys(items))


def _place_words(place: MuscleGroup | JointKind) -> str:
    return place.label if isinstance(place, MuscleGroup) else place.label.split()[0]


def _refill(box: QComboBox, words: list[str]) -> None:
    """New entries, the same words chosen as before if they are there; hidden when there is no choice."""
    with QSignalBlocker(box):
        before = box.currentText()
        box.clear()
        box.addItems(words)
        box.setCurrentIndex(max(0, box.findText(before)) if words else -1)
    box.setVisible(bool(words))
