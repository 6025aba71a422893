"""Timing and size of the exo's help on each side, in numbers and sentences; a tab of Compare."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from ui.pages.compared_part import ComparedPart
from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.pages.torque_curves import TorqueCurves, TorqueView
from ui.widgets.basics import Deck, clear, column, label

_ROW_PX = 30


@dataclass(frozen=True, slots=True, eq=False)
class HelpView:
    """Numbers of both sides, then one sentence per deficit; `note` says what they are of."""

    table: NumberTable
    sentences: tuple[str, ...]
    note: str
    torque: TorqueView


class HelpPanel(ComparedPart):
    def __init__(self) -> None:
        super().__init__()
        self.table, self.torque = NumberTableWidget(), TorqueCurves()
        self.table.setAccessibleName("Help on each side")
        self.table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self._sentences, self._note = column(gap=8), label("", "small", wrap=True)
        parts = QWidget()
        parts.setLayout(self._build())
        self.arrange(parts)

    def fill(self, view: HelpView) -> None:
        self.table.show_numbers(view.table)
        self.table.setFixedHeight(self.table.horizontalHeader().height() + _ROW_PX * len(view.table.rows) + 6)
        clear(self._sentences)
        for words in view.sentences:
            self._sentences.addWidget(label(words, "body", wrap=True))
        self._note.setText(view.note)
        self.torque.show_view(view.torque)

    def _build(self) -> QVBoxLayout:
        left = QWidget()
        words = column(self.table, gap=12)
        words.addLayout(self._sentences)
        words.addWidget(self._note)
        words.addStretch(1)
        left.setLayout(words)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.setHandleWidth(12)
        split.addWidget(Deck(left))  # which takes wrapped texts for no higher than they are
        split.addWidget(self.torque)
        split.setSizes([640, 420])
        layout = column(split)
        return layout
