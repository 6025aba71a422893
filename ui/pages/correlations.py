"""Healthy, impaired and assisted gait and how alike they are: table and colour map; a tab of Compare."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSplitter, QVBoxLayout, QWidget

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from ui.pages.compared_part import ComparedPart
from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.plots.color_map import ColorMap
from ui.theme import Tone
from ui.widgets.basics import Icon, column, label, row

_TONE_ICONS = {Tone.OK: "done", Tone.WARN: "attention"}
_MOST_JOINTS = 3
_COLUMN_PX, _ROW_PX = 62, 24  # six and twelve of them have room at 1366 x 768


@dataclass(frozen=True, slots=True, eq=False)
class ColorMapView:
    """One joint of one side."""

    title: str  # "Left hip flexion"
    joint: str  # "Hip flexion"
    side: Side
    r: FloatArray  # (G, G)


@dataclass(frozen=True, slots=True, eq=False)
class CorrelationsView:
    """Maps joint by joint, left before right."""

    sentence: str
    tone: Tone
    names: tuple[str, ...]  # G, short
    maps: tuple[ColorMapView, ...]
    table: NumberTable
    note: str


class CorrelationsPanel(ComparedPart):
    def __init__(self) -> None:
        super().__init__()
        self.table = NumberTableWidget()
        self.table.setAccessibleName("Correlations of every joint")
        self.table.horizontalHeader().setMinimumSectionSize(_COLUMN_PX)
        self.table.verticalHeader().setMinimumSectionSize(_ROW_PX)
        self.table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.table.setProperty("dense", True)
        self.maps = tuple(ColorMap() for _ in range(_MOST_JOINTS * len(SIDES)))
        self._joints = tuple(label("", "small") for _ in range(_MOST_JOINTS))
        self._icon, self._sentence = Icon("", 20), label("", "strong", wrap=True)
        self._note = label("", "small", wrap=True)
        parts = QWidget()
        parts.setLayout(self._build())
        self.arrange(parts)

    def fill(self, view: CorrelationsView) -> None:
        self._sentence.setText(view.sentence)
        self._icon.show_icon(_TONE_ICONS.get(view.tone, ""), view.tone)
        self._icon.setVisible(view.tone in _TONE_ICONS)
        self.table.show_numbers(view.table)
        self._note.setText(view.note)
        for number, place in enumerate(self.maps):
            place.setVisible(number < len(view.maps))
        for number, (place, shown) in enumerate(zip(self.maps, view.maps, strict=False)):
            self._joints[number // len(SIDES)].setText(shown.joint)
            place.show_matrix(
                shown.title, view.names, shown.r, above=number < len(SIDES), beside=shown.side is SIDES[0]
            )

    def _build(self) -> QVBoxLayout:
        maps = QWidget()
        maps.setLayout(self._build_maps())
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.setHandleWidth(12)
        split.addWidget(self.table)
        split.addWidget(maps)
        split.setSizes([520, 560])
        above = row(self._icon, self._sentence, gap=8)
        above.setStretch(1, 1)
        layout = column(gap=8)
        layout.addLayout(above)
        layout.addWidget(split, 1)
        layout.addWidget(self._note)
        return layout

    def _build_maps(self) -> QGridLayout:
        """A row per joint, its name above; left beside right."""
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        for number, side in enumerate(SIDES):
            heading = label(side.value.capitalize(), "section")
            heading.setProperty("side", side.value)
            grid.addWidget(heading, 0, number, Qt.AlignmentFlag.AlignHCenter)
        for joint in range(_MOST_JOINTS):
            grid.addWidget(self._joints[joint], 2 * joint + 1, 0, 1, 2)
            for number in range(len(SIDES)):
                grid.addWidget(self.maps[joint * len(SIDES) + number], 2 * joint + 2, number)
            grid.setRowStretch(2 * joint + 2, 12 if joint == 0 else 10)  # the first one has the names
        grid.setColumnStretch(0, 124)  # and the left ones those of the rows
        grid.setColumnStretch(1, 100)
        return grid
