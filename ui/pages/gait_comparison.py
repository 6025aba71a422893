"""Two gaits in 3D beside their curves: the common heart of Review and Compare."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QSplitter, QTabWidget, QWidget

from core.domain.body import SAGITTAL, SIDES, Side
from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.plots.curves import ExoQuantity, JointPanel
from ui.plots.joint_grid import JointGrid
from ui.plots.muscle_grid import MuscleGrid, MuscleView
from ui.scene.stage import GaitStage, StagedGait
from ui.widgets.basics import Box, Button, clear, column, label, row

CURSOR_MS = 100  # plots are redrawn ten times a second while the figures walk; the 3D view needs the rest


ONLY_LEVEL = MuscleView(
    reason="EMG belongs to level walking",
    remedy="Choose level walking, without an impairment, to compare it.",
)


@dataclass(frozen=True, slots=True, eq=False)
class ComparisonView:
    """What the component shows. The first staged gait leads the time."""

    staged: tuple[StagedGait, ...]
    joint_panels: tuple[JointPanel, ...]
    sentence: str
    table: NumberTable
    place: str = ""  # where the twin walks and the result, unless shown elsewhere on the page
    exo_panels: tuple[JointPanel, ...] = ()
    pairs: tuple[str, ...] = ()  # which gait stands on the left; empty when there is no choice
    pair: int = 0
    muscles: MuscleView = ONLY_LEVEL
    same_time: bool = False  # the pictures show the same time, not the same place in the gait cycle


class GaitComparison(QWidget):
    pair_chosen = Signal(int)

    def __init__(self, *, with_exo: bool) -> None:
        super().__init__()
        self._view: ComparisonView | None = None
        self.stage = GaitStage(2)
        self.joints = JointGrid(SAGITTAL)
        self.exo = JointGrid((ExoQuantity.TORQUE, ExoQuantity.POWER)) if with_exo else None
        self.table = NumberTableWidget()
        self.muscles = None if with_exo else MuscleGrid()
        self._cursor_timer = QTimer(self)
        self._cursor_timer.setSingleShot(True)
        self._cursor_timer.setInterval(CURSOR_MS)
        self._cursor_timer.timeout.connect(self._show_cursor)
        self._place, self._pairs = label("", "section"), row(gap=4)
        self._pair_group = QButtonGroup(self)
        self._sentence = label("", "strong", wrap=True)
        self._build()
        self.stage.time_changed.connect(self._time_changed)
        for grid in self._grids():
            grid.cursor_moved.connect(self._go_to)
        if self.muscles is not None:
            self.muscles.cursor_moved.connect(self._go_to)

    def show_view(self, view: ComparisonView) -> None:
        if view is self._view:
            self._show_cursor()
            return
        self._view = view
        self._place.setText(view.place)
        self._place.setVisible(bool(view.place))
        self._show_pairs(view.pairs, view.pair)
        self.joints.show_panels(view.joint_panels)
        if self.exo is not None:
            self.exo.show_panels(view.exo_panels)
        if self.muscles is not None:
            self.muscles.show_view(view.muscles)
        self.table.show_numbers(view.table)
        self._sentence.setText(view.sentence)
        self._sentence.setToolTip(_hover(view.table))
        self.stage.show_gaits(*view.staged, same_time=view.same_time)
        self._show_cursor()

    def leave(self) -> None:
        self.stage.play(False)

    # Building -------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.tabBar().setDrawBase(False)
        tabs: list[tuple[QWidget, str]] = [(self.joints, "Joint angles"), (self.table, "Numbers")]
        if self.exo is not None:  # what the exo changes is told by its numbers first
            tabs = [tabs[1], tabs[0], (self.exo, "Exo torque and power")]
        if self.muscles is not None:
            tabs.append((self.muscles, "Muscles and EMG"))
        for widget, name in tabs:
            self._tabs.addTab(widget, name)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.addWidget(self.stage)
        split.addWidget(self._tabs)
        split.setSizes([460, 540])
        split.setHandleWidth(12)
        split.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        top = row(gap=16)
        top.addWidget(self._place)
        top.addStretch(1)
        top.addLayout(self._pairs)
        verdict = Box("strip", margin=10)
        verdict.body.addWidget(self._sentence)
        layout = column(gap=4)
        layout.addLayout(top)
        layout.addWidget(split, 1)
        layout.addWidget(verdict)
        self.setLayout(layout)

    def _show_pairs(self, pairs: tuple[str, ...], chosen: int) -> None:
        clear(self._pairs)
        if not pairs:
            return
        self._pairs.addWidget(label("Left picture", "small"))
        for number, words in enumerate(pairs):
            button = Button(words, "quiet")
            button.setCheckable(True)
            button.setChecked(number == chosen)
            button.clicked.connect(lambda _=False, number=number: self.pair_chosen.emit(number))
            self._pair_group.addButton(button)
            self._pairs.addWidget(button)

    # Plot and picture move together -----------------------------------------------------------------

    def _grids(self) -> tuple[JointGrid, ...]:
        return (self.joints,) if self.exo is None else (self.joints, self.exo)

    def _moving(self) -> tuple[JointGrid | MuscleGrid, ...]:
        return self._grids() if self.muscles is None else (*self._grids(), self.muscles)

    def _time_changed(self, _time_s: float) -> None:
        if not self.stage.playing:
            self._show_cursor()
        elif not self._cursor_timer.isActive():
            self._cursor_timer.start()

    def _show_cursor(self) -> None:
        for side in SIDES:
            fraction = self.stage.cycle_fraction(side)
            for grid in self._moving():
                if grid.isVisible():
                    grid.set_cursor(side, fraction)

    def _go_to(self, side: Side, fraction: float) -> None:
        self.stage.play(False)
        self.stage.go_to_fraction(side, fraction)


def _hover(table: NumberTable) -> str:
    """The numbers behind the sentence, as text."""
    lines = [" · ".join(table.columns[1:])]
    lines += [f"{row.name}: {' · '.join(row.cells)}" for row in table.rows]
    return "\n".join(lines)
