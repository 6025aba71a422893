"""Two gaits in 3D beside their curves: the common heart of Review and Compare."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QSplitter, QWidget

from core.domain.body import SAGITTAL, SIDES, Side
from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.plots.against import against, gait_names
from ui.plots.curves import ExoQuantity, JointPanel
from ui.plots.joint_grid import JointGrid
from ui.plots.muscle_grid import MuscleGrid, MuscleView
from ui.scene.stage import GaitStage, StagedGait
from ui.widgets.basics import Box, Button, Deck, column, label
from ui.widgets.tabs import Tabs

ALL_TIP = "Draw the curves of all gaits; else of A and B, with their difference below"
CURSOR_MS = 100  # plots are redrawn ten times a second while the figures walk; the 3D view needs the rest


ONLY_LEVEL = MuscleView(
    reason="EMG belongs to level walking",
    remedy="Choose level walking, without an impairment, to compare it.",
)


@dataclass(frozen=True, slots=True, eq=False)
class ComparisonView:
    """What the component shows: pictures of two gaits at a time, of which the first leads the time."""

    staged: tuple[StagedGait, ...]
    joint_panels: tuple[JointPanel, ...]  # with the curves of all gaits
    sentence: str
    table: NumberTable
    place: str = ""  # where the twin walks and the result, unless shown elsewhere on the page
    exo_panels: tuple[JointPanel, ...] = ()
    against: tuple[str, str] | None = None  # which two are shown at first; None: the first and last staged
    all_curves: bool = True  # at first; else those two against each other
    muscles: MuscleView = ONLY_LEVEL
    same_time: bool = False  # the pictures show the same time, not the same place in the gait cycle

    @property
    def names(self) -> tuple[str, ...]:
        """All gaits: those with curves, then those with a picture alone."""
        return tuple(dict.fromkeys((*gait_names(self.joint_panels), *(gait.name for gait in self.staged))))

    @property
    def first_pair(self) -> tuple[str, str]:
        if self.against is not None:
            return self.against
        names = [gait.name for gait in self.staged] if len(self.staged) > 1 else list(self.names)
        return names[0], names[-1]


class GaitComparison(QWidget):
    def __init__(self, *, with_exo: bool) -> None:
        super().__init__()
        self._view: ComparisonView | None = None
        self._pair = ("", "")  # names of A and B
        self._pictures, self._split = QWidget(), QSplitter()
        self.stage = GaitStage(2)
        self.joints = JointGrid(SAGITTAL)
        self.exo = JointGrid((ExoQuantity.TORQUE, ExoQuantity.POWER)) if with_exo else None
        self.table = NumberTableWidget()
        self.muscles = None if with_exo else MuscleGrid()
        self._cursor_timer = QTimer(self)
        self._cursor_timer.setSingleShot(True)
        self._cursor_timer.setInterval(CURSOR_MS)
        self._cursor_timer.timeout.connect(self._show_cursor)
        self._place = label("", "section")
        self._sentence = label("", "body", wrap=True)
        self.all_curves = tuple(Button("All gaits", "quiet", tip=ALL_TIP) for _ in self._grids())
        self._build()
        self.stage.time_changed.connect(self._time_changed)
        for number, head in enumerate(self.stage.heads):
            head.chosen.connect(lambda name, number=number: self.choose(number, name))
        for grid, button in zip(self._grids(), self.all_curves, strict=True):
            grid.cursor_moved.connect(self._go_to)
            grid.add_tool(button)
            button.setCheckable(True)
            button.clicked.connect(self._show_all_curves)
        if self.muscles is not None:
            self.muscles.cursor_moved.connect(self._go_to)

    def show_view(self, view: ComparisonView) -> None:
        if view is self._view:
            self._show_cursor()
            return
        before, self._view = self._view, view
        if before is None or before.names != view.names:  # else what the person chose stays
            self._pair = view.first_pair
            self._set_all_curves(view.all_curves)
        self._place.setText(view.place)
        self._place.setVisible(bool(view.place))
        if self.muscles is not None:
            self.muscles.show_view(view.muscles)
        self.table.show_numbers(view.table)
        self._sentence.setText(view.sentence)
        self._sentence.setToolTip(_hover(view.table))
        self._show_pair(view)
        self._make_room()

    def choose(self, number: int, name: str) -> None:
        """Gait A (0) or B (1); whoever takes the other one's gait gives up the own."""
        if self._view is None or name not in self._view.names:
            return
        first, second = self._pair
        other = second if number == 0 else first
        own = first if number == 0 else second
        other = own if name == other else other
        self._pair = (name, other) if number == 0 else (other, name)
        self._show_pair(self._view)

    def leave(self) -> None:
        self.stage.play(False)

    # Two of the gaits -----------------------------------------------------------------------------

    def _show_pair(self, view: ComparisonView) -> None:
        by_name = {gait.name: gait for gait in view.staged}
        self.stage.show_gaits(
            *(by_name[name] for name in self._pair if name in by_name), same_time=view.same_time
        )
        if len(view.names) > len(self._pair):
            titles = {name: _title(name, by_name.get(name)) for name in view.names}
            self.stage.show_choice(titles, self._pair)
        self._show_curves(view)
        self._show_cursor()

    def _show_curves(self, view: ComparisonView) -> None:
        """All of them, or A against B; with two gaits that is the same."""
        several = len(view.names) > len(self._pair)
        for button in self.all_curves:
            button.setVisible(several)
        everything = several and self.all_curves[0].isChecked()
        for grid, panels in zip(self._grids(), (view.joint_panels, view.exo_panels), strict=False):
            grid.show_panels(panels if everything else against(panels, *self._pair))

    def _show_all_curves(self, on: bool) -> None:
        self._set_all_curves(on)
        if self._view is not None:
            self._show_curves(self._view)

    def _set_all_curves(self, on: bool) -> None:
        for button in self.all_curves:
            button.setChecked(on)

    # Building -------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.tabs = Tabs()
        tabs: list[tuple[QWidget, str]] = [(self.joints, "Joint angles"), (self.table, "Numbers")]
        if self.exo is not None:  # what the exo changes is told by its numbers first
            tabs = [tabs[1], tabs[0], (self.exo, "Exo torque and power")]
        if self.muscles is not None:
            tabs.append((self.muscles, "Muscles and EMG"))
        for widget, name in tabs:
            self.tabs.addTab(widget, name)
        split = self._split
        split.setChildrenCollapsible(False)
        split.splitterMoved.connect(self._make_room)
        split.addWidget(self._build_pictures())
        split.addWidget(self.tabs)
        split.setSizes([460, 540])
        split.setHandleWidth(12)
        split.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        layout = column(gap=4)
        layout.addWidget(self._place)
        layout.addWidget(split, 1)
        self.setLayout(layout)

    def _build_pictures(self) -> Deck:
        """With the verdict below them: the curves need all the height that a small screen has."""
        verdict = Box("strip", margin=8)
        verdict.body.addWidget(self._sentence)
        layout = column(self.stage, verdict, gap=4)
        layout.setStretch(0, 1)
        self._pictures.setLayout(layout)
        return Deck(self._pictures)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """For the verdict as it wraps now: a splitter asks for one line of it, and pictures run over."""
        layout = self._pictures.layout()
        if layout is not None and self._pictures.width() > 0:
            self._split.setMinimumHeight(layout.totalMinimumHeightForWidth(self._pictures.width()))

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


def _title(name: str, gait: StagedGait | None) -> str:
    """In the choice of gaits; what was only measured has no body that could be shown."""
    return f"{name[:1].upper()}{name[1:]} · curves only" if gait is None else gait.caption


def _hover(table: NumberTable) -> str:
    """The numbers behind the sentence, as text."""
    lines = [" · ".join(table.columns[1:])]
    lines += [f"{row.name}: {' · '.join(row.cells)}" for row in table.rows]
    return "\n".join(lines)
