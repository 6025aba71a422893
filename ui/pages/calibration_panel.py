"""Calibrating cameras: which board was filmed, and what came out for each camera."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QGridLayout, QSpinBox, QWidget

from core.jobs.values import JsonValue
from ui.pages.number_table import NumberTable, NumberTableWidget
from ui.widgets.basics import Box, label, row

_KINDS = (("charuco", "ChArUco (with markers)"), ("chessboard", "Chessboard"))
_USUAL = {"charuco": (7, 5), "chessboard": (8, 5)}
_USUAL_MM = 35.0


@dataclass(frozen=True, slots=True)
class CalibrationState:
    """What the panel shows: the table of the cameras once there is a calibration."""

    table: NumberTable | None = None
    source: str = ""  # "ChArUco board of 7 x 5 squares of 35 mm"
    busy: bool = False


class CalibrationPanel(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._kind, self._columns, self._rows = QComboBox(), QSpinBox(), QSpinBox()
        self._square_mm, self._on_floor = QDoubleSpinBox(), QCheckBox("The board lies on the floor at first")
        self._table, self._source = NumberTableWidget(), label("", "small", wrap=True)
        self._table.setAccessibleName("Calibrated cameras")
        for _key, words in _KINDS:
            self._kind.addItem(words)
        for field, name in ((self._columns, "Squares along a row"), (self._rows, "Squares along a column")):
            field.setRange(3, 30)
            field.setAccessibleName(name)
        self._kind.setAccessibleName("Kind of board")
        self._square_mm.setRange(5.0, 500.0)
        self._square_mm.setValue(_USUAL_MM)
        self._square_mm.setSuffix(" mm")
        self._square_mm.setAccessibleName("Side of a square")
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
            ("Squares along a row", self._columns),
            ("Squares along a column", self._rows),
            ("Side of a square", self._square_mm),
        )
        for line, (words, field) in enumerate(fields):
            grid.addWidget(label(words), line, 0)
            grid.addWidget(field, line, 1)
        box.body.addLayout(grid)
        box.body.addWidget(self._on_floor)
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

    def entry(self) -> dict[str, JsonValue]:
        """Parameters of `calibrate_cameras` as entered."""
        board: dict[str, JsonValue] = {
            "kind": _KINDS[self._kind.currentIndex()][0],
            "columns": self._columns.value(),
            "rows": self._rows.value(),
            "square_mm": self._square_mm.value(),
        }
        floor: dict[str, JsonValue] = {"floor_s": 0.5} if self._on_floor.isChecked() else {}
        return {"board": board, **floor}

    def _show_usual(self) -> None:
        columns, rows = _USUAL[_KINDS[self._kind.currentIndex()][0]]
        self._columns.setValue(columns)
        self._rows.setValue(rows)
