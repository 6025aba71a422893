"""EMG per gait cycle: envelopes of both legs, when muscles switch on and off, and co-contraction."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from ui.pages.number_table import FittingTable, NumberTable
from ui.plots.curves import EmgQuantity, JointPanel
from ui.plots.joint_grid import JointGrid
from ui.widgets.basics import Box, Deck, clear, column, label, row

_ROW_PX = 128  # the longest muscle stands beside its plot


@dataclass(frozen=True, slots=True, eq=False)
class EmgCyclesView:
    """What the tab shows; `instead` says why there is nothing, and how to get it."""

    panels: tuple[JointPanel, ...] = ()
    activity: NumberTable | None = None
    cocontraction: NumberTable | None = None
    words: str = ""  # what was cut at what, and how the clocks were brought together
    pair_words: str = ""  # what the index of co-contraction means here
    instead: str = ""


class EmgCycles(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._view: EmgCyclesView | None = None
        self._to_draw: tuple[JointPanel, ...] | None = None  # when the tab is opened: it takes its time
        self.activity, self.cocontraction = FittingTable(), FittingTable()
        self.activity.setAccessibleName("When muscles are active")
        self.cocontraction.setAccessibleName("Co-contraction")
        for table in (self.activity, self.cocontraction):
            table.setProperty("dense", True)
        self._instead = label("", "muted", wrap=True)
        self._words, self._pair_words = label("", "small", wrap=True), label("", "small", wrap=True)
        self._grids = column()
        nothing = QWidget()
        nothing.setLayout(column(self._instead, None))
        self._shown = self._build()
        self._deck = Deck(nothing, self._shown)
        self._nothing = nothing
        self.setLayout(column(self._deck))

    def show_view(self, view: EmgCyclesView) -> None:
        if view is self._view:
            return
        self._view = view
        self._instead.setText(view.instead)
        self._to_draw = None if view.instead else view.panels
        if view.instead:
            self._deck.show_widget(self._nothing)
            return
        self._deck.show_widget(self._shown)
        self._words.setText(view.words)
        if self.isVisible():
            self._show_panels()
        for table, widget in ((view.activity, self.activity), (view.cocontraction, self.cocontraction)):
            widget.setVisible(table is not None and bool(table.rows))
            if table is not None:
                widget.show_numbers(table)
        self._pair_words.setText(view.pair_words)
        self._pair_words.setVisible(bool(view.pair_words))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_panels()

    def _show_panels(self) -> None:
        """Muscles differ from recording to recording, so the grid is made anew."""
        panels, self._to_draw = self._to_draw, None
        if panels is None:
            return
        clear(self._grids)
        kinds = tuple(dict.fromkeys(panel.kind for panel in panels if isinstance(panel.kind, EmgQuantity)))
        grid = JointGrid(kinds)
        grid.show_panels(panels)
        grid.setMinimumHeight(_ROW_PX * (len(kinds) + 1))
        self._grids.addWidget(grid)

    def _build(self) -> QWidget:
        inside = QWidget()
        inside.setLayout(self._grids)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        curves = Box("card", margin=12)
        curves.body.addWidget(self._words)
        curves.body.addWidget(scroll, 1)
        tables = column(self.activity, self.cocontraction, self._pair_words, gap=8)
        page, side = QWidget(), QWidget()
        side.setLayout(tables)
        layout = row(side, curves, gap=16)
        layout.setStretch(0, 11)  # the longest pair of muscles and its numbers, at a width of 1366 px
        layout.setStretch(1, 10)
        page.setLayout(layout)
        return page
