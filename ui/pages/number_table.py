"""A quiet table of numbers with headings, for correlations and scores."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from core.domain.body import Side
from ui import theme
from ui.theme import Tone

_DENSE_ROW_PX, _LEAST_PX = 25, 48


@dataclass(frozen=True, slots=True)
class NumberRow:
    """One row; a side colours its name, `tip` explains it, `tips` one cell each. Without cells: a heading."""

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

    def show_numbers(self, table: NumberTable) -> None:
        self.setColumnCount(len(table.columns))
        self.setHorizontalHeaderLabels(list(table.columns))
        self.setRowCount(len(table.rows))
        for number, numbers in enumerate(table.rows):
            self._fill_row(number, numbers)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        if table.columns:
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        first = self.horizontalHeaderItem(0)
        if first is not None:
            first.setTextAlignment(Qt.AlignmentFlag.AlignLeft)

    def _fill_row(self, number: int, numbers: NumberRow) -> None:
        look = theme.current()
        cells = numbers.cells or ("",) * (self.columnCount() - 1)
        for column, text in enumerate((numbers.name, *cells)):
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


class FittingTable(NumberTableWidget):
    """No number is cut off: columns share the room where there is some, else the table scrolls."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("dense", True)
        self.verticalHeader().setDefaultSectionSize(_DENSE_ROW_PX)
        self.verticalHeader().setMinimumSectionSize(_DENSE_ROW_PX)
        self.horizontalHeader().setMinimumSectionSize(_LEAST_PX)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def show_numbers(self, table: NumberTable) -> None:
        super().show_numbers(table)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Every column as wide as what stands in it; what is left goes to all but the names."""
        header, count = self.horizontalHeader(), self.columnCount()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        needed = [
            max(self.sizeHintForColumn(number), header.sectionSizeHint(number), _LEAST_PX)
            for number in range(count)
        ]
        spare = max(0, self.viewport().width() - sum(needed)) // max(1, count - 1)
        for number, width in enumerate(needed):
            header.resizeSection(number, width + (spare if number else 0))
