"""What learning looks like: the twin now on the left, three curves in clinical words on the right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QComboBox, QGridLayout, QVBoxLayout, QWidget

from ui.plots.live_curve import LiveCurveCard
from ui.scene.live_twin import LiveTwin
from ui.widgets.basics import Box, column, label, row


@dataclass(frozen=True, slots=True)
class CurveText:
    """One curve: `name` is the job's sample, the rest is shown. Values are shown times `factor`."""

    name: str
    title: str
    explanation: str
    unit: str
    factor: float = 1.0
    digits: int = 0
    value_range: tuple[float, float] | None = None
    marks: tuple[tuple[float, str], ...] = ()

    def words(self, value: float) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"{value * self.factor:.{self.digits}f}{unit}"


FALLS = CurveText(
    "falls_per_minute",
    "Falls per minute",
    "How often the twin falls; lower is better",
    "",
    1.0,
    1,
    (0.0, 4.0),
)
EFFORT = CurveText(
    "effort_ratio",
    "Effort with exo",
    "Compared with walking without it (100 %); lower is better",
    "%",
    100.0,
    0,
    (80.0, 104.0),
    ((100.0, "without exo"),),
)
LIKENESS = CurveText(
    "similarity",
    "Follows the patient's own gait",
    "100 % would be every joint angle as measured; higher is better",
    "%",
    100.0,
    0,
    (0.0, 100.0),
)
WALK = CurveText(
    "walk_seconds", "Walks without a fall", "Typical time on the feet; higher is better", "s", 1.0, 1, (0, 10)
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One number of a result with its name; `tip` explains it."""

    name: str
    value: str
    tip: str = ""


class LearningView(QWidget):
    """Curves by name, the live twin and facts of the result."""

    def __init__(self, curves: tuple[CurveText, ...], twin_title: str) -> None:
        super().__init__()
        self._curves = {words.name: words for words in curves}
        self.twin = LiveTwin()
        self.cards = {
            words.name: LiveCurveCard(
                words.title,
                words.explanation,
                labels_time=words is curves[-1],
                value_range=words.value_range,
                marks=words.marks,
            )
            for words in curves
        }
        self._twin_title = label(twin_title, "section")
        self._twin_note = label("", "small", wrap=True)
        self._facts = FactRow()
        self._build()

    def add(self, time_s: float, values: dict[str, float]) -> None:
        """One live sample of the job."""
        for name, value in values.items():
            words = self._curves.get(name)
            if words is not None and np.isfinite(value):
                self.cards[name].plot.add(time_s, value * words.factor)
                self.cards[name].show_value(words.words(value))

    def show_curve(self, name: str, time_s: NDArray[np.float64], value: NDArray[np.float64]) -> None:
        """A whole recorded curve, for example of a finished training."""
        words = self._curves.get(name)
        if words is None:
            return
        self.cards[name].plot.show_series(time_s, value * words.factor)
        self.cards[name].show_value(words.words(float(value[-1])) if len(value) else "–")

    def clear_curves(self) -> None:
        for card in self.cards.values():
            card.plot.clear_points()
            card.show_value("–")

    def show_twin_note(self, title: str, note: str) -> None:
        self._twin_title.setText(title)
        self._twin_note.setText(note)
        self._twin_note.setVisible(bool(note))

    def show_facts(self, facts: tuple[Fact, ...]) -> None:
        self._facts.show_facts(facts)

    def _build(self) -> None:
        picture = Box("card", margin=12, gap=6)
        picture.body.addWidget(self._twin_title)
        picture.body.addWidget(self._twin_note)
        picture.body.addWidget(self.twin, 1)
        right = QVBoxLayout()
        right.setSpacing(10)
        for card in self.cards.values():
            right.addWidget(card, 1)
        halves = QGridLayout()
        halves.setContentsMargins(0, 0, 0, 0)
        halves.setHorizontalSpacing(12)
        halves.addWidget(picture, 0, 0)
        halves.addLayout(right, 0, 1)
        halves.setColumnStretch(0, 46)
        halves.setColumnStretch(1, 54)
        layout = column(gap=10)
        layout.addWidget(self._facts)
        layout.addLayout(halves, 1)
        self.setLayout(layout)
        self.show_twin_note(self._twin_title.text(), "")


class FactRow(QWidget):
    """Numbers with their names, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self._row = row(gap=28)
        self.setLayout(self._row)
        self._facts: tuple[Fact, ...] = ()
        self.hide()

    def show_facts(self, facts: tuple[Fact, ...]) -> None:
        self.setVisible(bool(facts))
        if facts == self._facts:
            return
        self._facts = facts
        while self._row.count():
            item = self._row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for fact in facts:
            box = QWidget()
            box.setLayout(column(label(fact.value, "value"), label(fact.name, "small"), gap=0))
            box.setToolTip(fact.tip)
            self._row.addWidget(box)
        self._row.addStretch(1)


CHOICES_MIN = (3, 6, 10, 20, 40, 60)


@dataclass(frozen=True, slots=True)
class FidelityChoice:
    """What moves the twin's joints: `key` is the job's parameter, the rest is shown."""

    key: str
    name: str
    words: str  # what to expect, and how long it takes


class MinutesBox(Box):
    """How long to learn and, where there is a choice, what moves the joints; with what to expect of it."""

    def __init__(self, words: str, default: int, fidelities: tuple[FidelityChoice, ...] = ()) -> None:
        super().__init__("card", horizontal=True, margin=12, gap=12)
        self._fidelities = fidelities
        self._choice = QComboBox()
        self._choice.setAccessibleName("Learning time")
        for minutes in CHOICES_MIN:
            self._choice.addItem(f"{minutes} minutes", float(minutes))
        self.set_minutes(default)
        self._words = label(words, "muted", wrap=True)
        self.body.addWidget(label("Learning time", "section"))
        self.body.addWidget(self._choice)
        self._fidelity_choice = QComboBox()
        self._fidelity_choice.setAccessibleName("What moves the joints")
        if fidelities:
            self.body.addWidget(label("Moved by", "section"))
            self.body.addWidget(self._fidelity_choice)
            for fidelity in fidelities:
                self._fidelity_choice.addItem(fidelity.name, fidelity.key)
            self._fidelity_choice.currentIndexChanged.connect(self._show_words)
            self._show_words(0)
        self.body.addWidget(self._words, 1)

    @property
    def minutes(self) -> float:
        return float(self._choice.currentData())

    @property
    def fidelity(self) -> str:
        """The key of the chosen fidelity; empty without a choice."""
        return str(self._fidelity_choice.currentData() or "")

    def set_minutes(self, minutes: float) -> None:
        """Choose a time; one that is not offered is added."""
        if self._choice.findData(float(minutes)) < 0:
            self._choice.addItem(f"{minutes:g} minutes", float(minutes))
        self._choice.setCurrentIndex(self._choice.findData(float(minutes)))

    def _show_words(self, number: int) -> None:
        self._words.setText(self._fidelities[number].words)
