"""What learning looks like: the twin now on the left, three curves in clinical words on the right."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from ui.plots.live_curve import LiveCurveCard
from ui.scene.live_twin import LiveTwin
from ui.widgets.basics import Box, column, label, row

MOST_IN_A_COLUMN = 3
MOST_BESIDE_WORDS = 2  # choices; beside more of them their words would be a narrow column


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
    of_lessons: bool = (
        False  # of many situations while it learns: no number of the result, whose tiles tell it
    )

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
METABOLIC = CurveText(
    "metabolic_ratio",
    "Metabolic rate",
    "While learning, in all lessons; without the exo 100\u00a0%. Lower is better",
    "%",
    100.0,
    0,
    (75.0, 105.0),
    ((100.0, "without exo"),),
    of_lessons=True,
)
ACTIVATION = CurveText(
    "activation_ratio",
    "Muscle activation",
    "While learning, in all lessons; without the exo 100\u00a0%. Lower is better",
    "%",
    100.0,
    0,
    (75.0, 105.0),
    ((100.0, "without exo"),),
    of_lessons=True,
)
EFFORT = CurveText(  # of trainings by earlier versions
    "effort_ratio",
    "Joint effort",
    "With the exo; without it 100\u00a0%. Lower is better",
    "%",
    100.0,
    0,
    (80.0, 104.0),
    ((100.0, "without exo"),),
)
AGAINST = CurveText(  # of a fine-tuning
    "against",
    "Work against the leg",
    "Share of the exo's work after each round, on the walks used to choose; lower is better",
    "%",
    100.0,
    0,
    (0.0, 20.0),
)
IMITATION = CurveText(  # of a controller from thigh gyros
    "imitation",
    "How far it is from its teacher",
    "Torque before each round, on walks that are new to it; lower is better",
    "N·m/kg",
    1.0,
    3,
    (0.0, 0.2),
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
    """Curves by name, the live twin and facts of the result.

    `earlier` are curves that a fine-tuning or trainings of earlier versions recorded: they are shown in
    place of those that such a training lacks.
    """

    def __init__(
        self, curves: tuple[CurveText, ...], twin_title: str, earlier: tuple[CurveText, ...] = ()
    ) -> None:
        super().__init__()
        self._usual = frozenset(words.name for words in curves)
        self._curves = {words.name: words for words in (*earlier, *curves)}
        self.twin = LiveTwin()
        self.cards = {
            words.name: LiveCurveCard(
                words.title,
                words.explanation,
                labels_time=words in (*earlier, *curves[-2:])
                if len(curves) > MOST_IN_A_COLUMN
                else words is curves[-1],
                value_range=words.value_range,
                marks=words.marks,
            )
            for words in self._curves.values()
        }
        self._twin_title = label(twin_title, "section")
        self._twin_note = label("", "small", wrap=True)
        self._facts = FactRow()
        self._build()
        self.show_cards(self._usual)

    def show_cards(self, recorded: Collection[str]) -> None:
        """Show the usual cards, or where other ones were recorded, those."""
        earlier = set(recorded) - self._usual
        names = set(recorded) if earlier & self._curves.keys() else self._usual
        for name, card in self.cards.items():
            card.setVisible(name in names)

    def add(self, time_s: float, values: dict[str, float]) -> None:
        """One live sample of the job."""
        if not self._curves.keys().isdisjoint(values):
            self.show_cards(values)
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
        newest = words.words(float(value[-1])) if len(value) else "–"
        self.cards[name].show_value("" if words.of_lessons else newest)

    def clear_curves(self) -> None:
        for card in self.cards.values():
            card.plot.clear_points()
            card.show_value("–")
        self.show_cards(self._usual)

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
        right = self._build_cards()
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

    def _build_cards(self) -> QGridLayout:
        """One below the other; more than three in two columns, or their curves would be too flat to read."""
        grid = QGridLayout()
        grid.setSpacing(10)
        columns = 2 if len(self._usual) > MOST_IN_A_COLUMN else 1
        earlier = [name for name in self.cards if name not in self._usual]
        for number, name in enumerate(name for name in self.cards if name in self._usual):
            grid.addWidget(self.cards[name], number // columns, number % columns)
        for name in earlier:  # in the place of the first, which are hidden where these are shown
            grid.addWidget(self.cards[name], 0, 0, 1, columns)
        for line in range(grid.rowCount()):
            grid.setRowStretch(line, 1)
        for place in range(columns):
            grid.setColumnStretch(place, 1)
        return grid


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
class Option:
    """One answer to a choice: `key` is the job's parameter, the rest is shown."""

    key: str
    name: str
    words: str = ""  # what to expect


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose before learning begins; the first option is the usual one."""

    param: str  # of the job
    title: str
    spoken: str  # name for a screen reader
    options: tuple[Option, ...]


class MinutesBox(Box):
    """How long to learn and what else there is to choose; with what to expect of it."""

    def __init__(self, words: str, default: int, choices: tuple[Choice, ...] = ()) -> None:
        beside = len(choices) <= MOST_BESIDE_WORDS
        super().__init__("card", horizontal=beside, margin=12, gap=12 if beside else 6)
        self._row = self.body if beside else row(gap=12)
        self._choice = QComboBox()
        self._choice.setAccessibleName("Learning time")
        for minutes in CHOICES_MIN:
            self._choice.addItem(f"{minutes} minutes", float(minutes))
        self.set_minutes(default)
        self._usual_words = words
        self._words = label("", "muted", wrap=True)
        self._row.addWidget(label("Learning time", "section"))
        self._row.addWidget(self._choice)
        self._choices = {choice.param: choice for choice in choices}
        self.boxes = {choice.param: self._add_choice(choice) for choice in choices}
        if not beside:
            self._row.addStretch(1)
            self.body.addLayout(self._row)
        self.body.addWidget(self._words, 1)
        self._show_words()

    @property
    def minutes(self) -> float:
        return float(self._choice.currentData())

    def chosen(self, param: str) -> str:
        """The key of the chosen option; empty without such a choice."""
        return str(self.boxes[param].currentData()) if param in self.boxes else ""

    def set_minutes(self, minutes: float) -> None:
        """Choose a time; one that is not offered is added."""
        if self._choice.findData(float(minutes)) < 0:
            self._choice.addItem(f"{minutes:g} minutes", float(minutes))
        self._choice.setCurrentIndex(self._choice.findData(float(minutes)))

    def _add_choice(self, choice: Choice) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(choice.spoken)
        for option in choice.options:
            box.addItem(option.name, option.key)
        box.currentIndexChanged.connect(self._show_words)
        self._row.addWidget(label(choice.title, "section"))
        self._row.addWidget(box)
        return box

    def _show_words(self) -> None:
        told = [self._usual_words]
        told += [self._choices[param].options[box.currentIndex()].words for param, box in self.boxes.items()]
        self._words.setText(" ".join(words for words in told if words))
