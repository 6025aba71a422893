"""Estimated hip moments: curves with the band of their errors, and how they were weighed; a tab of Motion."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QWidget

from core.domain.body import Side
from core.domain.moments import MOMENT_PLANES
from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.pages.result_head import ResultHead
from ui.plots.curves import JointPanel
from ui.plots.joint_grid import JointGrid
from ui.theme import Tone
from ui.widgets.basics import Button, Deck, column, label, looks, row
from ui.widgets.empty import EmptyState

_ROW_PX = 30


class MomentView(StrEnum):
    CURVES = "Curves"
    WEIGHTS = "Weights"


@dataclass(frozen=True, slots=True, eq=False)
class MomentsState:
    """Without panels: `empty` says what is missing, `detail` what to do about it."""

    empty: str = ""
    detail: str = ""
    action: str = ""  # words of the button that estimates; none: nothing to do
    why_not: str = ""  # why the button is greyed
    source: str = ""
    stale: str = ""
    panels: tuple[JointPanel, ...] = ()
    note: str = ""  # below the curves
    weights: NumberTable | None = None
    weights_note: str = ""  # below the weights


class MomentsPanel(QWidget):
    compute = Signal()
    moment_chosen = Signal(object, float)  # Side, fraction of its gait cycle

    def __init__(self) -> None:
        super().__init__()
        self._state = MomentsState()
        self._empty = EmptyState()
        self.head, self._views = ResultHead(), QButtonGroup(self)
        self.grid, self._note = JointGrid(MOMENT_PLANES), label("", "small", wrap=True)
        self.weights, self._weights_note = NumberTableWidget(), label("", "small", wrap=True)
        self.weights.setAccessibleName("Weights by stage of the stride")
        self.weights.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.weights.horizontalHeader().setFixedHeight(_ROW_PX)
        self._build()
        self._empty.action.connect(self.compute)
        self.head.pressed.connect(self.compute)
        self._views.idClicked.connect(self._choose)
        self.grid.cursor_moved.connect(self.moment_chosen)

    def render(self, state: MomentsState) -> None:  # type: ignore[override]
        if state is self._state:
            return
        self._state = state
        if not state.panels:
            action = "" if state.why_not else state.action
            self._empty.show_purpose("motion", state.empty, state.detail or state.why_not, action)
            self._deck.show_widget(self._empty)
            return
        self.head.show_head(
            state.source, Tone.WARN, stale=state.stale, action=state.action, why_not=state.why_not
        )
        self.grid.set_rows(tuple(dict.fromkeys(panel.kind for panel in state.panels)))
        self.grid.show_panels(state.panels)
        self._note.setText(state.note)
        if state.weights is not None:
            self.weights.show_numbers(state.weights)
        self._weights_note.setText(state.weights_note)
        self._deck.show_widget(self._result)
        self._choose()

    def set_cursor(self, side: Side, fraction: float | None) -> None:
        self.grid.set_cursor(side, fraction)

    @property
    def view(self) -> MomentView:
        return tuple(MomentView)[self._views.checkedId()]

    def choose(self, view: MomentView) -> None:
        self._views.button(tuple(MomentView).index(view)).setChecked(True)
        self._choose()

    # Building -------------------------------------------------------------------------------------

    def _build(self) -> None:
        choice = row(gap=2)
        for number, view in enumerate(MomentView):
            button = Button(view.value, "quiet")
            button.setCheckable(True)
            button.setChecked(number == 0)
            self._views.addButton(button, number)
            looks(button)
            choice.addWidget(button)
        choice.addStretch(1)
        self._charts, self._table, self._result = QWidget(), QWidget(), QWidget()
        charts = column(self.grid, self._note, gap=4)
        charts.setStretch(0, 1)
        self._charts.setLayout(charts)
        self._table.setLayout(column(self.weights, self._weights_note, gap=8))
        self._middle = Deck(self._charts, self._table)
        layout = column(gap=6)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.addWidget(self.head)
        layout.addLayout(choice)
        layout.addWidget(self._middle, 1)
        self._result.setLayout(layout)
        self._deck = Deck(self._result, self._empty)
        self.setLayout(column(self._deck))

    def _choose(self, _chosen: int = 0) -> None:
        self._middle.show_widget(self._charts if self.view is MomentView.CURVES else self._table)
