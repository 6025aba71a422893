"""Measured over simulated muscle activity: a row per muscle, left beside right, as many as there are."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from core.domain.body import Side
from ui.plots.curves import JointPanel
from ui.plots.joint_grid import JointGrid
from ui.widgets.basics import Deck, column, label
from ui.widgets.empty import EmptyState

_ROW_PX, _REST_PX = 104, 90  # a plot; key, headings and the axis below the last one


@dataclass(frozen=True, slots=True, eq=False)
class MuscleView:
    """Without panels: `reason` says why there are none, `remedy` what to do."""

    panels: tuple[JointPanel, ...] = ()
    sentence: str = ""  # how alike they are
    words: str = ""  # what is drawn, and what it is not
    reason: str = ""
    remedy: str = ""


class MuscleGrid(QWidget):
    cursor_moved = Signal(object, float)  # Side, 0..1

    def __init__(self) -> None:
        super().__init__()
        self._view: MuscleView | None = None
        self.grid: JointGrid | None = None  # made when there is something to show: plots take a while
        self._sentence, self._words = label("", "section", wrap=True), label("", "small", wrap=True)
        self._area, self._empty, self._result = QScrollArea(), EmptyState(), QWidget()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setAccessibleName("Measured over simulated muscle activity")
        layout = column(self._sentence, self._words, self._area, gap=4)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setStretch(2, 1)
        self._result.setLayout(layout)
        self._deck = Deck(self._result, self._empty)
        self.setLayout(column(self._deck))

    def show_view(self, view: MuscleView) -> None:
        if view is self._view:
            return
        self._view = view
        if not view.panels:
            self._empty.show_purpose("emg", view.reason, view.remedy)
            self._deck.show_widget(self._empty)
            return
        self._sentence.setText(view.sentence)
        self._words.setText(view.words)
        self._show_panels(view.panels)
        self._deck.show_widget(self._result)

    def set_cursor(self, side: Side, fraction: float | None) -> None:
        if self.grid is not None:
            self.grid.set_cursor(side, fraction)

    def _show_panels(self, panels: tuple[JointPanel, ...]) -> None:
        kinds = tuple(dict.fromkeys(panel.kind for panel in panels))
        if self.grid is None or self.grid.rows < len(kinds):
            self.grid = JointGrid(kinds)
            self.grid.cursor_moved.connect(self.cursor_moved)
            self._area.setWidget(self.grid)  # deletes a smaller one
        self.grid.set_rows(kinds)
        self.grid.setMinimumHeight(_ROW_PX * len(kinds) + _REST_PX)
        self.grid.show_panels(panels)
