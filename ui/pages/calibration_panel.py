"""Calibrating cameras: which board was filmed, and what came out for each camera."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QComboBox, QGridLayout, QHeaderView, QLineEdit, QWidget

from core.jobs.values import JsonValue
from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.widgets.basics import Box, label, row

_KINDS = (("charuco", "ChArUco"), ("chessboard", "Chessboard"))
_FLOORS = ("not shown by it", "it lies there at first")
_USUAL = {"charuco": (7, 5), "chessboard": (8, 5)}
_SQUARES = range(3, 31)
_USUAL_MM = 35.0
_ON_FLOOR_S = 0.5  # into the films, when the board lies on the floor at first


@dataclass(frozen=True, slots=True)
class CalibrationState:
    """What the panel shows: the table of the cameras once there is a calibration."""

    table: NumberTable | None = None
    source: str = ""  # "ChArUco board of 7 x 5 squares of 35 mm"
    busy: bool = False


class CalibrationPanel(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._kind, self._columns, self._rows = QComboBox(), QComboBox(), QComboBox()
        self._square_mm, self._floor = QLineEdit(f"{_USUAL_MM:g}"), QComboBox()
        self._table, self._source = NumberTableWidget(), label("", "small", wrap=True)
        self._table.setAccessibleName("Calibrated cameras")
        for _key, words in _KINDS:
            self._kind.addItem(words)
        self._floor.addItems(_FLOORS)
        self._floor.setAccessibleName("Floor")
        for field, name in ((self._columns, "Squares per row"), (self._rows, "Squares per column")):
            field.addItems([str(squares) for squares in _SQUARES])
            field.setAccessibleName(name)
        self._kind.setAccessibleName("Kind of board")
        self._square_mm.setAccessibleName("Side of a square in millimetres")
        self._kind.currentIndexChanged.connect(self._show_usual)
        self._show_usual()
        layout = row(self._board(), self._result(), gap=16)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def _board(self) -> Box:
        """The left side: what is asked, and how to film."""
        box = Box("card", margin=16, gap=12)
        grid = QGridLayout()
        fields = (
            ("Board", self._kind),
            ("Squares per row", self._columns),
            ("Squares per column", self._rows),
            ("Side of a square, mm", self._square_mm),
            ("Floor", self._floor),
        )
        for line, (words, field) in enumerate(fields):
            grid.addWidget(label(words), line, 0)
            grid.addWidget(field, line, 1)
        box.body.addLayout(grid)
        hint = (
            "Start all cameras. Lay the board on the floor for two seconds where they see it, then carry it "
            "slowly through the room: near and far, tilted to all sides, into the corners of each picture, "
            "and often where two cameras see it at once. Measure a square with a ruler: its size cannot be "
            "seen. Print a board with: exotwin calibration-board --out board.pdf"
        )
        box.body.addWidget(label(hint, "muted", wrap=True))
        box.body.addStretch(1)
        box.setFixedWidth(360)
        return box

    def _result(self) -> QWidget:
        box = Box("card", margin=16, gap=12)
        box.body.addWidget(self._source)
        box.body.addWidget(self._table, 1)
        return box

    def show_state(self, state: CalibrationState) -> None:
        self.setEnabled(not state.busy)
        self._source.setText(state.source)
        self._table.setVisible(state.table is not None)
        if state.table is not None:
            self._table.show_numbers(state.table)
            header, last = self._table.horizontalHeader(), len(state.table.columns) - 1
            header.setSectionResizeMode(last, QHeaderView.ResizeMode.ResizeToContents)  # x, y, z of a place

    def entry(self) -> dict[str, JsonValue]:
        """Parameters of `calibrate_cameras` as entered."""
        board: dict[str, JsonValue] = {
            "kind": _KINDS[self._kind.currentIndex()][0],
            "columns": _SQUARES[self._columns.currentIndex()],
            "rows": _SQUARES[self._rows.currentIndex()],
            "square_mm": self._millimetres(),
        }
        floor: dict[str, JsonValue] = {"floor_s": _ON_FLOOR_S} if self._floor.currentIndex() == 1 else {}
        return {"board": board, **floor}

    def _millimetres(self) -> float:
        """What was typed; a text that is no number is refused by the job as a board that cannot be."""
        try:
            return float(self._square_mm.text().replace(",", "."))
        except ValueError:
            return -1.0

    def _show_usual(self) -> None:
        columns, rows = _USUAL[_KINDS[self._kind.currentIndex()][0]]
        self._columns.setCurrentIndex(_SQUARES.index(columns))
        self._rows.setCurrentIndex(_SQUARES.index(rows))
