"""Statistics of a table: repeated measures of the same subjects in several conditions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QListWidget, QListWidgetItem, QTabWidget, QWidget

from core.domain.findings import Finding
from ui.file_dialogs import ask_file
from ui.pages.frame import Page
from ui.pages.number_table import FittingTable, NumberTable
from ui.plots.curve_test import CurveTestPlots, ShownCurve
from ui.theme import Tone
from ui.widgets.basics import Box, Button, ElidedLabel, fit_list, label, row

BACK, SAVE = ("back", "Back"), ("save", "Save as CSV…")
A_COLUMN_EACH = "each column of values is one"
NO_SECOND = "none"
CHOOSE = "Choose table"
PURPOSE = "Compare the same subjects in several conditions"
_CURVE = Qt.ItemDataRole.UserRole  # of an item that is a curve: what its columns begin with
_PATTERN = "Tables (*.csv *.tsv *.txt);;All files (*)"
_LEFT_PX = 300
_NOTHING = NumberTable((), ())


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the table's columns are, as a person said."""

    subject: str
    within: tuple[str, ...]  # (): each column of values is one condition
    values: tuple[str, ...]
    average: bool
    simulated: bool
    curves: tuple[str, ...] = ()  # ticked, each of many columns


@dataclass(frozen=True, slots=True, eq=False)
class StatisticsState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    file_name: str = ""
    columns: tuple[str, ...] = ()  # of the file
    numbers: tuple[str, ...] = ()  # those that hold numbers
    curves: tuple[tuple[str, int], ...] = ()  # columns that are one curve: what they begin with, and how many
    purpose: str = ""  # in place of everything, while there is no table
    proposed: Chosen | None = None  # of a file just read
    why_not: str = ""
    words: str = ""  # the verdicts
    effects: NumberTable = _NOTHING
    pairs: NumberTable = _NOTHING
    conditions: NumberTable = _NOTHING
    curve: ShownCurve | None = None
    places: NumberTable = _NOTHING  # where curves differ
    findings: tuple[Finding, ...] = ()
    has_result: bool = False


class StatisticsPage(Page):
    title = "Statistics of a table"
    help_text = (
        "A table with a row for each subject and condition, or with a row for each subject and a column for "
        "each condition, as CSV with one line of names. All subjects need all conditions. Where what is left "
        "of subject and condition is not normally distributed (Shapiro-Wilk), ranks decide, else repeated-"
        "measures ANOVA with Greenhouse and Geisser's correction where Mauchly's test finds sphericity "
        "violated. Pairs are corrected by Bonferroni. Columns NAME_0, NAME_1, … over the gait cycle are one "
        "curve, tested at all points at once (statistical parametric mapping), with a chance of 5 % to find "
        "a difference where there is none; several curves, one after the other, have that chance each. "
        "Nothing of the table is kept; the result can be saved."
    )

    file_chosen = Signal(object)  # Path
    changed = Signal()  # something was chosen
    save_to = Signal(object)  # Path

    def __init__(self) -> None:
        super().__init__()
        self._columns: tuple[str, ...] = ()
        halves = row(self._build_question(), self._build_answer(), gap=16)
        halves.setStretch(1, 1)
        self.body.addLayout(halves, 1)
        self._connect()

    def render(self, state: StatisticsState) -> None:  # type: ignore[override]
        self.set_headline(state.headline, state.tone)
        self.set_secondary_actions(BACK, *((SAVE,) if state.has_result else ()))
        self.show_findings(state.findings)
        if state.purpose:
            self.show_empty("compare", PURPOSE, state.purpose, "" if state.file_name else CHOOSE)
            return
        self.set_main_action("Test", not state.why_not, state.why_not)
        self.show_body()
        self._file.setText(state.file_name)
        if state.proposed is not None:
            self._show_columns(state, state.proposed)
        for widget in (self.subject, self.condition, self.second, self.values, self.average, self.simulated):
            widget.setEnabled(bool(state.columns))
        self._words.setText(state.words)
        self.curve.setVisible(state.curve is not None)
        if state.curve is not None:
            self.curve.show_curve(state.curve)
        shown = (state.places, state.effects, state.pairs, state.conditions)
        self.tables.setVisible(any(numbers.rows for numbers in shown))
        for tab, (numbers, table) in enumerate(zip(shown, self._tables, strict=True)):
            table.show_numbers(numbers)
            self.tables.setTabVisible(tab, bool(numbers.rows))

    def chosen(self) -> Chosen:
        within = [self.condition.currentText()] if self.condition.currentIndex() > 0 else []
        if within and self.second.currentIndex() > 0:
            within.append(self.second.currentText())
        items = [self.values.item(number) for number in range(self.values.count())]
        ticked = [one for one in items if one.checkState() is Qt.CheckState.Checked]
        return Chosen(
            self.subject.currentText(),
            tuple(within),
            tuple(one.text() for one in ticked if not one.data(_CURVE)),
            self.average.isChecked(),
            self.simulated.isChecked(),
            tuple(one.data(_CURVE) for one in ticked if one.data(_CURVE)),
        )

    def ask_for_table(self) -> None:
        path: Path | None = ask_file(self, "Table of repeated measures", _PATTERN)
        if path is not None:
            self.file_chosen.emit(path)

    def ask_where_to_save(self, file_name: str) -> None:
        path = self.ask_path("Save the result", file_name, "CSV (*.csv)")
        if path is not None:
            self.save_to.emit(path)

    # Implementation -----------------------------------------------------------------------------

    def _show_columns(self, state: StatisticsState, proposed: Chosen) -> None:
        parts = (self.subject, self.condition, self.second, self.values)
        for part in parts:
            part.blockSignals(True)
            part.clear()
        self.subject.addItems(state.columns)
        self.subject.setCurrentText(proposed.subject)
        self.condition.addItems((A_COLUMN_EACH, *state.columns))
        self.second.addItems((NO_SECOND, *state.columns))
        if proposed.within:
            self.condition.setCurrentText(proposed.within[0])
        for name in state.numbers:
            self._add_value(name, ticked=name in proposed.values)
        for name, points in state.curves:
            item = self._add_value(f"{name} (a curve of {points} points)", ticked=name in proposed.curves)
            item.setData(_CURVE, name)
        for choice in (self.subject, self.condition, self.second):
            fit_list(choice)
        for part in parts:
            part.blockSignals(False)

    def _add_value(self, words: str, *, ticked: bool) -> QListWidgetItem:
        item = QListWidgetItem(words, self.values)
        item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        return item

    def _build_question(self) -> QWidget:
        self._file, self.choose = ElidedLabel("muted"), Button(CHOOSE, icon="folder")
        self.subject, self.condition, self.second = QComboBox(), QComboBox(), QComboBox()
        self.values = QListWidget()
        self.average = QCheckBox("Several rows count as their mean")
        self.average.setToolTip("Several rows of a subject in a condition count once, as their mean")
        self.simulated = QCheckBox("The subjects are simulated")
        card = Box("card", margin=16, gap=8)
        card.setFixedWidth(_LEFT_PX)
        card.body.addLayout(row(label("Table", "section"), None, self.choose))
        card.body.addWidget(self._file)
        for words, widget in (
            ("Subject", self.subject),
            ("Condition", self.condition),
            ("Second condition, crossed", self.second),
            ("Values", self.values),
        ):
            card.body.addWidget(label(words, "muted"))
            card.body.addWidget(widget, 1 if widget is self.values else 0)
            widget.setAccessibleName(words)
        card.body.addWidget(self.average)
        card.body.addWidget(self.simulated)
        return card

    def _build_answer(self) -> QWidget:
        self._words = label("", wrap=True)
        self._words.setAccessibleName("What the tests show")
        self.curve = CurveTestPlots()
        self._tables = tuple(FittingTable() for _ in range(4))
        self.places, self.effects, self.pairs, self.conditions = self._tables
        names = ("Where curves differ", "Effects", "Pairs, p times their number (Bonferroni)", "Conditions")
        self.tables = QTabWidget()
        for name, table in zip(names, self._tables, strict=True):
            table.setAccessibleName(name)
            self.tables.addTab(table, name)
        card = Box("card", margin=16, gap=8)
        card.body.addWidget(self._words)
        card.body.addWidget(self.curve, 8)
        card.body.addWidget(self.tables, 5)
        card.body.addStretch(0)
        return card

    def _connect(self) -> None:
        self.choose.clicked.connect(self.ask_for_table)
        for choice in (self.subject, self.condition, self.second):
            choice.currentIndexChanged.connect(self.changed)
        self.values.itemChanged.connect(self.changed)
        self.average.toggled.connect(self.changed)
        self.simulated.toggled.connect(self.changed)
