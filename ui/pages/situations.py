"""What the exo does in every situation that was walked, one row each, with its torque; a tab of Compare."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QSplitter, QVBoxLayout, QWidget

from ui.pages.compared_part import ComparedPart
from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.pages.torque_curves import TorqueCurves, TorqueView
from ui.theme import Tone
from ui.widgets.basics import Box, Icon, column, label, row

_ROW_PX = 28
MOST_TABLE_PX = 800  # at a width of 1366 px the curves need the rest
_TONE_ICONS = {Tone.OK: "done", Tone.WARN: "attention"}


@dataclass(frozen=True, slots=True, eq=False)
class SituationDetail:
    """What is told of the chosen row."""

    key: str
    name: str
    sentence: str
    tone: Tone
    torque: TorqueView


@dataclass(frozen=True, slots=True, eq=False)
class SituationsView:
    """One row of `table` per entry of `details`, in the same order."""

    sentence: str  # on all of them; its tone is never better than that of the worst
    tone: Tone
    table: NumberTable
    details: tuple[SituationDetail, ...]


class SituationTable(NumberTableWidget):
    """Rows are chosen as a whole, by mouse or arrow keys."""

    row_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Situations")
        self.setProperty("dense", True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)  # Tab goes on to the next part of the page
        self.verticalHeader().setMinimumSectionSize(_ROW_PX)
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.currentCellChanged.connect(self._changed)

    def show_numbers(self, table: NumberTable) -> None:
        self.blockSignals(True)
        super().show_numbers(table)
        header = self.horizontalHeader()
        for number in range(len(table.columns)):
            header.setSectionResizeMode(number, QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(False)  # it would cut the last column where room is short
        self._take_the_room_it_needs()
        self.blockSignals(False)

    def _take_the_room_it_needs(self) -> None:
        """All columns are seen at once: the curves beside them give way first, as far as they can."""
        header = self.horizontalHeader()
        columns = range(self.columnCount())
        wide = sum(max(self.sizeHintForColumn(one), header.sectionSizeHint(one)) for one in columns)
        beside = self.verticalScrollBar().sizeHint().width() + 2 * self.frameWidth()
        self.setMinimumWidth(min(wide + beside, MOST_TABLE_PX))

    def choose(self, number: int) -> None:
        """Silent."""
        self.blockSignals(True)
        self.setCurrentCell(number, 0)
        self.blockSignals(False)

    def _changed(self, number: int, _column: int, before: int, _before_column: int) -> None:
        if number >= 0 and number != before:
            self.row_chosen.emit(number)


class SituationsPanel(ComparedPart):
    def __init__(self) -> None:
        super().__init__()
        self._key = ""  # of the chosen row, which stays chosen when there are new values
        self.table, self.torque = SituationTable(), TorqueCurves()
        self._icon, self._sentence = Icon("", 20), label("", "strong", wrap=True)
        self._detail_icon, self._detail = Icon("", 20), label("", "body", wrap=True)
        parts = QWidget()
        parts.setLayout(self._build())
        self.arrange(parts)
        self.table.row_chosen.connect(self._choose)

    def fill(self, view: SituationsView) -> None:
        self._sentence.setText(view.sentence)
        _show_tone(self._icon, view.tone)
        self.table.show_numbers(view.table)
        keys = [detail.key for detail in view.details]
        number = keys.index(self._key) if self._key in keys else 0
        self.table.choose(number)
        self._choose(number)

    def _build(self) -> QVBoxLayout:
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.setHandleWidth(12)
        split.addWidget(self.table)
        split.addWidget(self.torque)
        split.setSizes([800, 272])
        split.setStretchFactor(0, 0)  # a wide screen gives its room to the curves
        split.setStretchFactor(1, 1)
        above = row(self._icon, self._sentence, gap=8)
        above.setStretch(1, 1)
        detail = Box("strip", horizontal=True, margin=10)
        detail.body.addWidget(self._detail_icon)
        detail.body.addWidget(self._detail, 1)
        layout = column(gap=8)
        layout.addLayout(above)
        layout.addWidget(split, 1)
        layout.addWidget(detail)
        return layout

    def _choose(self, number: int) -> None:
        if not isinstance(self._view, SituationsView) or number >= len(self._view.details):
            return
        detail = self._view.details[number]
        self._key = detail.key
        self._detail.setText(detail.sentence)
        _show_tone(self._detail_icon, detail.tone)
        self.torque.show_view(detail.torque)


def _show_tone(icon: Icon, tone: Tone) -> None:
    name = _TONE_ICONS.get(tone, "")
    icon.show_icon(name, tone)
    icon.setVisible(bool(name))
