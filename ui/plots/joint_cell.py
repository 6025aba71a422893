"""One plot of a grid with its words above it, outside the curves, and the difference of two gaits below."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.domain.body import Side
from ui.plots.against import Difference
from ui.plots.curves import JointPanel
from ui.plots.difference_strip import DifferenceStrip
from ui.plots.gait_cycle import AXIS_PX, GaitCyclePlot
from ui.widgets.basics import Button, ElidedLabel, column, looks, row

HEAD_GAP_PX, RIGHT_PX = 6, 4


class JointCell(QWidget):
    """The title is a button that gives this joint all the room, and gives it back."""

    enlarge = Signal()
    read_out = Signal(str)  # what has no room above the plot; empty when there is nothing to read

    def __init__(self, side: Side) -> None:
        super().__init__()
        looks(self)
        self.plot = GaitCyclePlot()
        self.strip = DifferenceStrip(side, AXIS_PX + 2)
        self.title = Button("", "title", tip="Click to enlarge")
        self.title.setProperty("side", side.value)
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.title.setMinimumWidth(60)  # where plots are narrow its end is cut
        self.words = ElidedLabel("small")
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head = row(self.title, self.words, gap=HEAD_GAP_PX)
        head.setContentsMargins(0, 0, RIGHT_PX, 0)
        head.setStretch(1, 1)
        layout = column(gap=0)
        layout.addLayout(head)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.strip)
        self.setLayout(layout)
        self.strip.show_difference(None, 1.0)
        self.title.clicked.connect(self.enlarge)
        self.plot.enlarge.connect(self.enlarge)
        self.plot.hovered.connect(self._show_read_out)

    def show_panel(
        self, panel: JointPanel, value_range: tuple[float, float], difference: Difference | None, most: float
    ) -> None:
        self.plot.set_panel(panel, value_range)
        self.title.setText(f"{panel.side.value.capitalize()} {panel.axis[:1].lower()}{panel.axis[1:]}")
        self.strip.show_difference(difference, most)
        self._show_read_out(None)

    def show_enlarged(self, enlarged: bool) -> None:
        self.strip.set_high(enlarged)
        self.title.setToolTip("Click to see all joints" if enlarged else "Click to enlarge")

    def _show_read_out(self, fraction: float | None) -> None:
        """Beside the title if it has room there, else wherever the grid has room."""
        panel = self.plot.panel
        if fraction is None or panel is None:
            self._say(self.plot.likeness_words())
            self.words.setToolTip(self.plot.likeness_tip())
            self.read_out.emit("")
            return
        place, *values = self.plot.read_out(fraction).split("\n")
        short = " · ".join((place, *values))
        room = self.width() - self.title.sizeHint().width() - HEAD_GAP_PX - RIGHT_PX
        fits = self.words.fontMetrics().horizontalAdvance(short) <= room
        self._say(short if fits else place)
        self.read_out.emit("" if fits else f"{panel.title} at {place}: {', '.join(values)}")

    def _say(self, words: str) -> None:
        """Nothing takes no room from the title."""
        self.words.setText(words)
        self.words.setVisible(bool(words))
