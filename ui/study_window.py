"""Results of a study on virtual patients: distributions, paired intervals, strangers, who was left out."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QHeaderView, QScrollArea, QWidget

from core.cohort.summary_file import Interval, ShownDevice, ShownMeasure, StudySummary
from ui.pages.number_table import NumberRow, NumberTable, NumberTableWidget
from ui.plots.cohort_plots import DifferencePlot, DistributionPlot
from ui.plots.stranger_map import StrangerMap
from ui.theme import Spacing, Tone
from ui.widgets.basics import Box, column, label, row

_WIDTH_PX, _HEIGHT_PX = 1240, 690  # on the smallest screen, 1366 x 768, with a task bar
_SIMULATED = "Simulated: none of these patients exists, and nobody walked with this exo."


class StudyWindow(QWidget):
    """Thin: it draws a summary that was read and checked before."""

    def __init__(self, summary: StudySummary) -> None:
        super().__init__()
        self._summary = summary
        self.setWindowTitle(f"{summary.name} – study – ExoTwin")
        self.setAccessibleName(f"Results of the study {summary.name}")
        self.resize(_WIDTH_PX, _HEIGHT_PX)
        self.device, self.measure = QComboBox(), QComboBox()
        self._distribution, self._differences, self._strangers = (
            DistributionPlot(),
            DifferencePlot(),
            StrangerMap(),
        )
        self._test, self._best = label("", "muted", wrap=True), label("", "muted", wrap=True)
        self._groups, self._curves = NumberTableWidget(), label("", "muted", wrap=True)
        outer = column(gap=Spacing().s, margin=Spacing().l)
        outer.addWidget(label(summary.name, "title", wrap=True))
        outer.addLayout(self._head())
        outer.addWidget(label(summary.verdict, "strong", wrap=True))
        outer.addLayout(self._plots(), 3)
        outer.addLayout(self._below(), 2)
        self.setLayout(outer)
        self._fill_choices()

    def _head(self) -> QHBoxLayout:
        summary = self._summary
        left_out = f", {len(summary.excluded)} left out" if summary.excluded else ""
        strip = label(_SIMULATED, tone=Tone.WARN)
        count = label(f"{summary.finished} of {summary.cells} cells finished{left_out}", "muted")
        self.device.setAccessibleName("Exo")
        self.measure.setAccessibleName("What is measured")
        return row(strip, count, None, self.device, self.measure, gap=Spacing().m)

    def _plots(self) -> QHBoxLayout:
        plots = row(gap=Spacing().m)
        for title, plot, note in (
            ("Every patient, by condition", self._distribution, self._test),
            ("Own controller minus others, 95 % intervals", self._differences, None),
            ("Whose controller, on whom", self._strangers, self._best),
        ):
            card = Box("card", margin=Spacing().m, gap=Spacing().s)
            card.body.addWidget(label(title, "section"))
            card.body.addWidget(plot, 1)
            if note is not None:
                card.body.addWidget(note)
            plots.addWidget(card, 1)
        return plots

    def _below(self) -> QHBoxLayout:
        groups = Box("card", margin=Spacing().m, gap=Spacing().s)
        groups.body.addWidget(label("With the own controller, by impairment", "section"))
        groups.body.addWidget(self._groups, 1)
        more = Box("card", margin=Spacing().m, gap=Spacing().s)
        more.body.addWidget(label("Joint angles, own controller against without exo", "section"))
        more.body.addWidget(self._curves)
        more.body.addWidget(label("Left out", "section"))
        told = "\n".join(f"{who}: {why}" for who, why in self._summary.excluded) or "Nobody."
        more.body.addWidget(_scrolled(told), 1)
        below = row(gap=Spacing().m)
        below.addWidget(groups, 1)
        below.addWidget(more, 1)
        return below

    def _fill_choices(self) -> None:
        for device in self._summary.devices:
            self.device.addItem(device.device)
        self.device.setVisible(len(self._summary.devices) > 1)
        for measure in self._summary.devices[0].measures if self._summary.devices else ():
            self.measure.addItem(measure.words.capitalize())
        self.device.currentIndexChanged.connect(self._show)
        self.measure.currentIndexChanged.connect(self._show)
        self._show()

    def _show(self) -> None:
        if not self._summary.devices:
            return
        device = self._summary.devices[max(0, self.device.currentIndex())]
        measure = device.measures[max(0, self.measure.currentIndex())]
        self._distribution.show_measure(measure)
        self._differences.show_differences(measure)
        self._strangers.show_matrix(device.patients, measure.strangers, measure.words)
        self._test.setText(measure.test or "Too few patients finished: nothing is tested.")
        self._best.setText(_best_words(device, measure))
        self._groups.show_numbers(_group_table(measure))
        header = self._groups.horizontalHeader()
        header.setSectionResizeMode(self._groups.columnCount() - 1, QHeaderView.ResizeMode.ResizeToContents)
        self._curves.setText("\n".join(device.curves) or "Too few patients finished: nothing is tested.")


def _best_words(device: ShownDevice, measure: ShownMeasure) -> str:
    if measure.own_best is None:
        return "Nobody walked with the controllers of others."
    return f"Own controller best, or within 1 % of it: {measure.own_best} of {len(device.patients)} patients."


def _group_table(measure: ShownMeasure) -> NumberTable:
    rows = tuple(NumberRow(one.name.capitalize(), _group_cells(one)) for one in measure.groups)
    return NumberTable(("Patients", "n", "share of walking without exo (95 % interval)"), rows)


def _group_cells(one: Interval) -> tuple[str, ...]:
    interval = "" if math.isnan(one.low) else f" ({one.low:.3f} to {one.high:.3f})"
    return (str(one.n), f"{one.mean:.3f}{interval}")


def _scrolled(text: str) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setAccessibleName("Who was left out, and why")
    told = label(text, "muted", wrap=True)
    told.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    area.setWidget(told)
    return area
