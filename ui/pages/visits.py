"""Visits: recordings of one patient side by side, across visits and with another exo or none."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QSplitter, QTabWidget, QWidget

from core.domain.findings import Finding
from core.session.capture_trend import TrendSeries
from ui.pages.frame import Page
from ui.pages.number_table import FittingTable, NumberTable, NumberTableWidget
from ui.pages.recording_list import RecordingItem, RecordingList
from ui.plots.curves import JointPanel
from ui.plots.joint_grid import JointGrid
from ui.plots.trend import TrendPlot
from ui.theme import Tone
from ui.widgets.basics import ElidedLabel, column, label

BACK = ("back", "Back")
_TRENDS = 6
_TREND_NOTE = "○ no exo   ● with a controller   □ other, or not stated. Lines join recordings in their order."
NO_NUMBERS = NumberTable((), ())


@dataclass(frozen=True, slots=True, eq=False)
class VisitsState:
    headline: str
    tone: Tone = Tone.NEUTRAL
    items: tuple[RecordingItem, ...] = ()
    panels: tuple[JointPanel, ...] = ()  # empty until two recordings are ticked
    change: NumberTable = NO_NUMBERS
    change_note: str = ""
    likeness: NumberTable = NO_NUMBERS
    likeness_note: str = ""
    prediction: NumberTable = NO_NUMBERS
    prediction_note: str = ""
    trend: tuple[TrendSeries, ...] = ()
    findings: tuple[Finding, ...] = ()
    file_name: str = ""  # proposed
    main_action: str = ""
    why_not: str = ""
    badges: tuple[str, ...] = ()
    missing: str = ""  # what is needed first; empty where there are recordings to show


class VisitsPage(Page):
    title = "Visits"
    help_text = (
        "Tick two to four recordings of the patient; the others are compared with the oldest of them. The "
        "field below each says with which exo the patient walked. A difference counts when it is larger than "
        "the minimal detectable change, which comes from the spread of the strides; other places of the "
        "camera and other days come on top. Predicted compares what the twin did in simulation with what was "
        "measured. Record a walk with the exo in a visit of its own, so that the twin stays the one of the "
        "walk without."
    )

    ticked = Signal(str, bool)
    condition_chosen = Signal(str, object)
    save_to = Signal(object)  # Path

    def __init__(self) -> None:
        super().__init__()
        self._file_name = ""
        self.recordings, self.grid = RecordingList(), JointGrid()
        self.recordings.ticked.connect(self.ticked)
        self.recordings.condition_chosen.connect(self.condition_chosen)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.setHandleWidth(8)
        split.addWidget(self.recordings)
        split.addWidget(self.grid)
        split.addWidget(self._build_tabs())
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 2)
        split.setStretchFactor(2, 3)
        split.setSizes([224, 330, 520])
        self.body.addWidget(split, 1)

    def render(self, state: VisitsState) -> None:  # type: ignore[override]
        self._file_name = state.file_name
        self.set_headline(state.headline, state.tone)
        self.set_badges(*state.badges)
        self.set_main_action(state.main_action, not state.why_not, state.why_not)
        self.set_secondary_actions(BACK)
        self.show_findings(state.findings)
        if state.missing:
            self.show_empty("compare", state.headline, state.missing)
            return
        self.show_body()
        self.recordings.show_items(state.items)
        self.grid.setVisible(bool(state.panels))
        self.tabs.setVisible(bool(state.panels))
        if state.panels:
            self._show_comparison(state)

    def ask_where(self) -> None:
        path = self.ask_path("Save comparison", self._file_name, "PDF (*.pdf)")
        if path is not None:
            self.save_to.emit(path)

    def _show_comparison(self, state: VisitsState) -> None:
        self.grid.show_panels(state.panels)
        self.change.show_numbers(state.change)
        self.likeness.show_numbers(state.likeness)
        self._change_note.setText(state.change_note)
        self._likeness_note.setText(state.likeness_note)
        self.tabs.setTabVisible(self._predicted_tab, bool(state.prediction_note))
        self.prediction.show_numbers(state.prediction)
        self._prediction_note.setText(state.prediction_note)
        for number, plot in enumerate(self.trends):
            shown = number < len(state.trend)
            plot.setVisible(shown)
            self._trend_titles[number].setVisible(shown)
            if shown:
                self._trend_titles[number].setText(state.trend[number].title)
                plot.show_series(state.trend[number])

    def _build_tabs(self) -> QTabWidget:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.tabBar().setAccessibleName("Parts of the comparison")
        self.change, self.likeness, self.prediction = (FittingTable() for _ in range(3))
        self._change_note, self._likeness_note, self._prediction_note = (
            label("", "small", wrap=True) for _ in range(3)
        )
        parts = (
            ("Change", self.change, self._change_note, "Change of every number"),
            ("Curves", self.likeness, self._likeness_note, "Likeness of the curves"),
        )
        for name, table, note, spoken in parts:
            self.tabs.addTab(_with_note(table, note, spoken), name)
        self.tabs.addTab(self._build_trends(), "Trend")
        self._predicted_tab = self.tabs.addTab(
            _with_note(self.prediction, self._prediction_note, "Predicted and measured change"), "Predicted"
        )
        return self.tabs

    def _build_trends(self) -> QWidget:
        self.trends = tuple(TrendPlot() for _ in range(_TRENDS))
        self._trend_titles = tuple(ElidedLabel("small") for _ in range(_TRENDS))
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for number, (title, plot) in enumerate(zip(self._trend_titles, self.trends, strict=True)):
            line, place = divmod(number, 2)
            grid.addWidget(title, 2 * line, place)
            grid.addWidget(plot, 2 * line + 1, place)
            grid.setRowStretch(2 * line + 1, 1)
            grid.setColumnStretch(place, 1)
        inside = QWidget()
        layout = column(gap=4)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addLayout(grid, 1)
        layout.addWidget(label(_TREND_NOTE, "small", wrap=True))
        inside.setLayout(layout)
        return inside


def _with_note(table: NumberTableWidget, note: QWidget, spoken: str) -> QWidget:
    table.setAccessibleName(spoken)
    inside = QWidget()
    layout = column(gap=6)
    layout.setContentsMargins(0, 8, 0, 0)
    layout.addWidget(table, 1)
    layout.addWidget(note)
    inside.setLayout(layout)
    return inside
