"""Torque of the exo over the gait cycle on either side, and where published peaks lie; a part of Compare."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from ui.plots.curves import JointPanel
from ui.plots.joint_grid import JointGrid
from ui.widgets.basics import Deck, column, label

LEAST_GRID_PX = 160  # with key and titles: lower, and the numbers at the axis lie on each other


@dataclass(frozen=True, slots=True, eq=False)
class TorqueView:
    """Two panels, left and right; without any `missing` says why."""

    title: str
    panels: tuple[JointPanel, ...] = ()
    words: str = ""  # on published peaks, with their source
    sources: str = ""  # in full, for a tool tip
    missing: str = ""


class TorqueCurves(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Torque of the exo over the gait cycle")
        self.grid: JointGrid | None = None
        self._title, self._missing = label("", "section", wrap=True), label("", "muted", wrap=True)
        self._words = label("", "small", wrap=True)
        self._place = QWidget()
        self._place.setLayout(column(gap=0))
        blank = QWidget()
        blank.setLayout(column(None, self._missing, None))
        self._blank = blank
        self._deck = Deck(self._place, blank)
        layout = column(self._title, self._deck, self._words, gap=4)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def show_view(self, view: TorqueView) -> None:
        self._title.setText(view.title)
        self._words.setText(view.words)
        self._words.setToolTip(view.sources)
        self._words.setVisible(bool(view.words))
        if not view.panels:
            self._missing.setText(view.missing)
            self._deck.show_widget(self._blank)
            return
        grid = self._grid_of(view.panels)
        grid.set_rows((view.panels[0].kind,))
        grid.show_panels(view.panels)
        self._deck.show_widget(self._place)

    def _grid_of(self, panels: tuple[JointPanel, ...]) -> JointGrid:
        """Plots take a while: they are made when there is something to show."""
        if self.grid is None:
            self.grid = JointGrid((panels[0].kind,))
            self.grid.setMinimumHeight(LEAST_GRID_PX)
            layout = self._place.layout()
            assert layout is not None
            layout.addWidget(self.grid)
        return self.grid
