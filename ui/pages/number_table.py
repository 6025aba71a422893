"""A quiet table of numbers with headings, for correlations and scores."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from core.domain.body import Side
from ui import theme
from ui.theme import Tone


@dataclass(frozen=True, slots=True)
class NumberRow:
    """One row; a side colours its name, `tip` explains it, `tips` one cell each."""

    name: str
    cells: tuple[str, ...]
    side: Side | None = None
    tip: str = ""
    strong: bool = False
    tips: tuple[str, ...] = ()
    tones: tuple[Tone, ...] = ()  # of each cell, whose words say the same as the colour


@dataclass(frozen=True, slots=True)
class NumberTable:
    columns: tuple[str, ...]
    rows: tuple[NumberRow, ...]


class NumberTableWidget(QTableWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Numbers")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setDefaultSectionSize(30)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(72)
        self.horizontalHeader().setFixedHeight(round(46 * theme.current().scale))
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)

    def show_numbers(self, table: NumberTable, *, whole: int = 1) -> None:
        """The first `whole` columns are as wide as what stands in them; the others share the rest."""
        self.setColumnCount(len(table.columns))
        self.setHorizontalHeaderLabels(list(table.columns))
        self.setRowCount(len(table.rows))
        for number, numbers in enumerate(table.rows):
            self._fill_row(number, numbers)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column in range(min(whole, len(table.columns))):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        first = self.horizontalHeaderItem(0)
        if first is not None:
            first.setTextAlignment(Qt.AlignmentFlag.AlignLeft)

    def _fill_row(self, number: int, numbers: NumberRow) -> None:
        look = theme.current()
        for column, text in enumerate((numbers.name, *numbers.cells)):
            item = QTableWidgetItem(text)
            left = column == 0
            across = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignHCenter
            item.setTextAlignment(across | Qt.AlignmentFlag.AlignVCenter)
            own = numbers.tips[column - 1] if numbers.tips and column else ""
            item.setToolTip(" ".join(words for words in (own, numbers.tip) if words))
            if left and numbers.side is not None:
                item.setForeground(QColor(look.side_color(numbers.side.value)))
            tone = numbers.tones[column - 1] if numbers.tones and not left else Tone.NEUTRAL
            if tone is not Tone.NEUTRAL:
                item.setForeground(QColor(look.colors.tone(tone).ink))
            if left or numbers.strong or tone is not Tone.NEUTRAL:
                font = QFont(self.font())
                font.setWeight(QFont.Weight.DemiBold)
                item.setFont(font)
            self.setItem(number, column, item)
