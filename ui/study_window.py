"""Results of a study on virtual patients: distributions, paired intervals, strangers, who was left out."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from core.cohort.summary_file import Interval, ShownDevice, ShownMeasure, StudySummary
from ui.pages.number_table import FittingTable, NumberRow, NumberTable
from ui.plots.cohort_plots import SHORT, DifferencePlot, DistributionPlot
from ui.plots.stranger_dots import StrangerDots
from ui.plots.stranger_map import StrangerMap
from ui.theme import Spacing, Tone
from ui.widgets.basics import Box, Deck, column, label, row

_WIDTH_PX, _HEIGHT_PX = 1240, 690  # on the smallest screen, 1366 x 768, with a task bar
_SIMULATED = "Simulated: none of these patients exists, and nobody walked with this exo."
_MIXED = "Not all cells were made by the same versions: see provenance among the tables."
_NOBODY = "Nobody walked with the controllers of others."
_MATRIX_KEY = "Green: less than without the exo; amber: more; framed: the own controller."
_BY_PATIENT, _MATRIX = "by patient", "as a matrix"
_LEAST_PX = 48  # of a text that scrolls
_FEW = 12  # patients whose matrix has room for its numbers


class StudyWindow(QWidget):
    """Thin: it draws a summary that was read and checked before."""

    def __init__(self, summary: StudySummary) -> None:
        super().__init__()
        self._summary = summary
        self.setWindowTitle(f"{summary.name} – study – ExoTwin")
        self.setAccessibleName(f"Results of the study {summary.name}")
        self.resize(_WIDTH_PX, _HEIGHT_PX)
        self.device, self.measure = QComboBox(), QComboBox()
        self.strangers_as = QComboBox()
        self._distribution, self._differences = DistributionPlot(), DifferencePlot()
        self._dots, self._matrix = StrangerDots(), StrangerMap()
        self._strangers = Deck(self._dots, self._matrix)
        self._test, self._best = label("", "small", wrap=True), label("", "small", wrap=True)
        self._groups, self._curves = FittingTable(), label("", "small", wrap=True)
        self._falls = label("", "small", wrap=True)
        outer = column(gap=Spacing().s, margin=Spacing().l)
        outer.addLayout(self._head())
        outer.addWidget(_wide(label(summary.question, "section", wrap=True)))
        answer = _wide(label(summary.answer, "strong", wrap=True))
        answer.setToolTip(summary.verdict)
        outer.addWidget(answer)
        outer.addLayout(self._plots(), 5)
        outer.addLayout(self._below(), 2)
        self.setLayout(outer)
        self._fill_choices()

    def _head(self) -> QVBoxLayout:
        summary = self._summary
        left_out = f", {len(summary.excluded)} left out" if summary.excluded else ""
        count = label(f"{summary.finished} of {summary.cells} cells finished{left_out}", "muted")
        self.device.setAccessibleName("Exo")
        self.measure.setAccessibleName("What is measured")
        warning = _SIMULATED if summary.made_alike else f"{_SIMULATED} {_MIXED}"
        head = column(gap=Spacing().xs)
        head.addLayout(
            row(label(summary.name, "title"), count, None, self.device, self.measure, gap=Spacing().m)
        )
        head.addWidget(_wide(label(warning, tone=Tone.WARN, wrap=True)))
        return head

    def _plots(self) -> QHBoxLayout:
        self.strangers_as.addItems((_BY_PATIENT, _MATRIX))
        self.strangers_as.setAccessibleName("How the controllers of others are shown")
        apart = label("Each for itself; filled where the corrected test shows it, too.", "small", wrap=True)
        apart.setToolTip(self._summary.method)
        plots = row(gap=Spacing().m)
        for title, choice, plot, note in (
            ("Every patient, by condition", None, self._distribution, self._test),
            ("Own controller minus others, 95 % intervals", None, self._differences, apart),
            ("Own controller and others'", self.strangers_as, self._strangers, self._best),
        ):
            card = Box("card", margin=Spacing().m, gap=Spacing().s)
            head = row(label(title, "section"), None, gap=Spacing().s)
            if choice is not None:
                head.addWidget(choice)
            card.body.addLayout(head)
            card.body.addWidget(plot, 1)
            card.body.addWidget(note)
            plots.addWidget(card, 1)
        return plots

    def _below(self) -> QHBoxLayout:
        groups = Box("card", margin=Spacing().m, gap=Spacing().s)
        groups.body.addWidget(label("Own controller by impairment, share of walking without exo", "section"))
        groups.body.addWidget(self._groups, 1)
        walked = Box("card", margin=Spacing().m, gap=Spacing().s)
        walked.body.addWidget(label("Joint angles, own controller against without exo", "section"))
        walked.body.addWidget(_scrolled(self._curves, "Where joint angles differ"), 1)
        left_out = Box("card", margin=Spacing().m, gap=Spacing().s)
        left_out.body.addWidget(label("Falls in 100 walks, and who was left out", "section"))
        left_out.body.addWidget(self._falls)
        who = label(self._left_out_words(), "small", wrap=True)
        left_out.body.addWidget(_scrolled(who, "Who was left out, and why"), 1)
        below = row(gap=Spacing().m)
        for card, share in ((groups, 4), (walked, 3), (left_out, 3)):
            below.addWidget(card, share)
        return below

    def _left_out_words(self) -> str:
        lines = [f"{who}: {why}" for who, why in self._summary.excluded]
        for one in self._summary.devices:
            numbers = ", ".join(map(str, one.unmeasured))
            lines += [f"{one.device}, patients {numbers}: fell too soon to be measured."] if numbers else []
        return "\n".join(lines) or "Nobody was left out."

    def _fill_choices(self) -> None:
        for device in self._summary.devices:
            self.device.addItem(device.device)
        self.device.setVisible(len(self._summary.devices) > 1)
        for measure in self._summary.devices[0].measures if self._summary.devices else ():
            self.measure.addItem(measure.words.capitalize())
        self.device.currentIndexChanged.connect(self._show)
        self.measure.currentIndexChanged.connect(self._show)
        few = all(len(device.patients) <= _FEW for device in self._summary.devices)
        self.strangers_as.setCurrentText(_MATRIX if few else _BY_PATIENT)
        self.strangers_as.currentIndexChanged.connect(self._show)
        self._show()

    def _show(self) -> None:
        if not self._summary.devices:
            return
        device = self._summary.devices[max(0, self.device.currentIndex())]
        measure = device.measures[max(0, self.measure.currentIndex())]
        self._distribution.show_measure(measure)
        self._differences.show_differences(measure)
        for plot in (self._dots, self._matrix):
            plot.show_matrix(device.patients, measure.strangers, measure.words)
        as_matrix = self.strangers_as.currentText() == _MATRIX
        self._strangers.show_widget(self._matrix if as_matrix else self._dots)
        self._test.setText(measure.test or "Too few patients finished: nothing is tested.")
        key = _MATRIX_KEY if as_matrix else ""
        self._best.setText(" ".join(filter(None, (key, measure.own_best or _NOBODY))))
        self._falls.setText(_falls_words(device))
        self._falls.setToolTip("\n".join(f"{name}: {n} in {walks} walks" for name, n, walks in device.falls))
        self._groups.show_numbers(_group_table(measure))
        self._curves.setText("\n".join(device.curves) or "Too few patients finished: nothing is tested.")


def _group_table(measure: ShownMeasure) -> NumberTable:
    rows = tuple(
        NumberRow(f"{one.name.capitalize()} ({one.n})", (_group_words(one),)) for one in measure.groups
    )
    return NumberTable(("Patients (n)", "share (95 % interval)"), rows)


def _group_words(one: Interval) -> str:
    interval = "" if math.isnan(one.low) else f" ({one.low:.3f} to {one.high:.3f})"
    return f"{one.mean:.3f}{interval}"


def _falls_words(device: ShownDevice) -> str:
    told = ((SHORT.get(name, name), 100.0 * falls / max(1, walks)) for name, falls, walks in device.falls)
    return ", ".join(f"{name} {rate:.0f}" for name, rate in told)


def _wide(text: QLabel) -> QLabel:
    """A text over the whole window: Qt takes as its least height that of a narrow column."""
    text.setMinimumHeight(text.fontMetrics().height())
    return text


def _scrolled(told: QLabel, name: str) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setAccessibleName(name)
    area.setMinimumHeight(_LEAST_PX)
    told.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    area.setWidget(told)
    return area
