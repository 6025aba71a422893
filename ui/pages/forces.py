"""Forces of the recorded walk: moments, powers and ground forces over the gait cycle; a tab of Motion."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QWidget

from core.domain.body import SAGITTAL, Side
from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.pages.result_head import ResultHead
from ui.plots.curves import JointPanel
from ui.plots.joint_grid import JointGrid
from ui.theme import Tone
from ui.widgets.basics import Button, Deck, column, label, looks, row
from ui.widgets.empty import EmptyState
from ui.widgets.worn_exo import WornExo, WornExoCard

_ROW_PX = 26
_WORN = "An exo was worn…"


class ForceView(StrEnum):
    MOMENTS = "Moments"
    POWERS = "Powers"
    GROUND = "Ground force"
    NUMBERS = "Numbers"


class Plane(StrEnum):
    SAGITTAL = "Sagittal plane"
    FRONTAL = "Frontal plane"
    TRANSVERSE = "Transverse plane"


@dataclass(frozen=True, slots=True, eq=False)
class ForcePanels:
    """What one choice shows; ground forces have no plane."""

    view: ForceView
    plane: Plane | None
    panels: tuple[JointPanel, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ForcesState:
    """Without panels: `empty` says what is missing, `detail` what to do about it."""

    empty: str = ""
    detail: str = ""
    action: str = ""  # words of the button that computes; none: nothing to do
    why_not: str = ""  # why the button is greyed
    source: str = ""
    tone: Tone = Tone.NEUTRAL
    stale: str = ""
    shown: tuple[ForcePanels, ...] = ()
    why_one_plane: str = ""  # why only the sagittal plane can be chosen
    table: NumberTable | None = None
    residual: str = ""
    exo: str = ""  # what was accounted for of a worn exo
    exo_devices: tuple[str, ...] = ()  # that the program knows
    exo_walk: bool = False  # the record holds a walk with an exo


class ForcesPanel(QWidget):
    compute = Signal()
    moment_chosen = Signal(object, float)  # Side, fraction of its gait cycle
    exo_told = Signal(object)  # WornExo; None: none was worn

    def __init__(self) -> None:
        super().__init__()
        self._state = ForcesState()
        self._empty = EmptyState()
        self.worn = Button(_WORN, "quiet")
        self.head = ResultHead(self.worn)
        self._exo, self.exo_card = label("", "small", wrap=True), WornExoCard()
        self._views, self.planes = QButtonGroup(self), QComboBox()
        self.grid, self._note = JointGrid(SAGITTAL), label("", "small", wrap=True)
        self.numbers = NumberTableWidget()
        self.numbers.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.numbers.verticalHeader().setMinimumSectionSize(_ROW_PX)
        self.numbers.horizontalHeader().setFixedHeight(_ROW_PX)
        self._residual = label("", "small", wrap=True)
        self._build()
        self._empty.action.connect(self.compute)
        self.head.pressed.connect(self.compute)
        self.worn.clicked.connect(lambda: self.exo_card.setVisible(self.exo_card.isHidden()))
        self.exo_card.told.connect(self._tell_exo)
        self.exo_card.not_worn.connect(lambda: self._tell_exo(None))
        self._views.idClicked.connect(self._choose)
        self.planes.currentIndexChanged.connect(self._choose)
        self.grid.cursor_moved.connect(self.moment_chosen)

    def render(self, state: ForcesState) -> None:  # type: ignore[override]
        if state is self._state:
            return
        self._state = state
        if not state.shown:
            self._empty.show_purpose(
                "motion", state.empty, state.detail or state.why_not, "" if state.why_not else state.action
            )
            self._deck.show_widget(self._empty)
            return
        self.head.show_head(
            state.source,
            state.tone,
            stale=state.stale,
            action=state.action,
            why_not=state.why_not,
            tip=state.residual,
        )
        self._residual.setText(state.residual)
        self._show_exo(state)
        if state.table is not None:
            self.numbers.show_numbers(state.table)
        self._deck.show_widget(self._result)
        self._choose()

    def set_cursor(self, side: Side, fraction: float | None) -> None:
        self.grid.set_cursor(side, fraction)

    @property
    def view(self) -> ForceView:
        return tuple(ForceView)[self._views.checkedId()]

    @property
    def plane(self) -> Plane:
        return tuple(Plane)[self.planes.currentIndex()]

    def choose(self, view: ForceView, plane: Plane = Plane.SAGITTAL) -> None:
        self._views.button(tuple(ForceView).index(view)).setChecked(True)
        self.planes.setCurrentIndex(tuple(Plane).index(plane))
        self._choose()

    # Building -------------------------------------------------------------------------------------

    def _build(self) -> None:
        choice = row(gap=2)
        for number, view in enumerate(ForceView):
            button = Button(view.value, "quiet")
            button.setCheckable(True)
            button.setChecked(number == 0)
            self._views.addButton(button, number)
            choice.addWidget(button)
            looks(button)
        looks(self.planes)
        self.planes.addItems([plane.value for plane in Plane])
        self.planes.setAccessibleName("Plane")
        policy = self.planes.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # the page keeps its shape where there are no planes
        self.planes.setSizePolicy(policy)
        # on a small screen its words are cut before the page gets too wide
        self.planes.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.planes.setMinimumContentsLength(4)
        choice.addStretch(1)
        choice.addWidget(self.planes, 2)
        self._charts = QWidget()
        charts = column(self.grid, self._note, gap=4)
        charts.setStretch(0, 1)
        self._charts.setLayout(charts)
        self._table = QWidget()
        self._table.setLayout(column(self.numbers, self._residual, gap=8))
        self._middle = Deck(self._charts, self._table)
        self._result = QWidget()
        layout = column(gap=6)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.addWidget(self.head)
        layout.addWidget(self._exo)
        layout.addWidget(self.exo_card)
        layout.addLayout(choice)
        layout.addWidget(self._middle, 1)
        self._result.setLayout(layout)
        self._deck = Deck(self._result, self._empty)
        self.setLayout(column(self._deck))

    def _show_exo(self, state: ForcesState) -> None:
        self._exo.setText(state.exo)
        self._exo.setVisible(bool(state.exo))
        self.worn.setEnabled(not state.why_not)
        self.worn.setToolTip(state.why_not)
        self.exo_card.offer(state.exo_devices, walk=state.exo_walk, accounted=bool(state.exo))

    def _tell_exo(self, worn: WornExo | None) -> None:
        self.exo_card.hide()
        self.exo_told.emit(worn)

    def _choose(self, _chosen: int = 0) -> None:
        """Show what buttons and box say; other planes are greyed where they mean nothing."""
        view, why = self.view, self._state.why_one_plane
        if why:
            self.planes.setCurrentIndex(0)
        has_planes = view in (ForceView.MOMENTS, ForceView.POWERS)
        self.planes.setVisible(has_planes)
        self.planes.setEnabled(not why)
        self.planes.setToolTip(why)
        if view is ForceView.NUMBERS:
            self._middle.show_widget(self._table)
            return
        plane = self.plane if has_planes else None
        chosen = next((one for one in self._state.shown if (one.view, one.plane) == (view, plane)), None)
        if chosen is not None:
            self.grid.set_rows(tuple(dict.fromkeys(panel.kind for panel in chosen.panels)))
            self.grid.show_panels(chosen.panels)
            self._note.setText(chosen.note)
            self._note.setVisible(bool(chosen.note))
        self._middle.show_widget(self._charts)
