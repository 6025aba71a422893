"""Calibration boards: what is printed on them, and where their corners are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from core.domain.arrays import FloatArray
from core.errors import refuse

SQUARES = (3, 30)  # along one side, that can be told apart and printed
SQUARE_M = (0.005, 0.5)


class BoardKind(StrEnum):
    CHARUCO = "charuco"
    CHESSBOARD = "chessboard"

    @property
    def label(self) -> str:
        return "ChArUco board" if self is BoardKind.CHARUCO else "chessboard"


@dataclass(frozen=True, slots=True)
class Board:
    """A flat board of squares. Its corners are those where four squares meet."""

    kind: BoardKind
    columns: int  # squares
    rows: int  # squares
    square_m: float
    dictionary: str = "DICT_4X4_50"  # of the markers, as OpenCV calls it
    marker_share: float = 0.75  # side of a marker over side of a square
    inverted: bool = False  # white on black
    legacy: bool = False  # first square white, as OpenCV before 4.6 printed boards of even rows

    @property
    def inner(self) -> tuple[int, int]:
        """Corners along a row and along a column."""
        return self.columns - 1, self.rows - 1

    @property
    def corners_m(self) -> FloatArray:
        """(N, 3) corners by their number: row by row, in metres from the first, the board in z = 0."""
        across, down = self.inner
        x, y = np.meshgrid(np.arange(across), np.arange(down))
        flat = np.stack([x.ravel(), y.ravel(), np.zeros(across * down)], axis=1)
        return np.asarray(flat * self.square_m)

    @property
    def tells_its_turn(self) -> bool:
        """Whether it looks different after half a turn, so that all cameras count its corners alike."""
        return self.kind is BoardKind.CHARUCO or (self.columns + self.rows) % 2 == 1

    def told(self) -> str:
        return f"{self.kind.label} of {self.columns} x {self.rows} squares of {self.square_m * 1000:.4g} mm"


SHIPPED = Board(BoardKind.CHARUCO, 7, 5, 0.035)  # fits on A4


def checked_board(board: Board) -> Board:
    """The board itself. Refuses CAL-020 when there is no such board."""
    fits = all(SQUARES[0] <= side <= SQUARES[1] for side in (board.columns, board.rows))
    if not fits or not SQUARE_M[0] <= board.square_m <= SQUARE_M[1]:
        raise refuse(
            "CAL-020",
            f"There is no {board.told()} to calibrate with.",
            f"A side has {SQUARES[0]} to {SQUARES[1]} squares of {SQUARE_M[0] * 1000:.0f} to "
            f"{SQUARE_M[1] * 1000:.0f} mm.",
            "Count the squares, black and white, along both sides, and measure one with a ruler.",
        )
    if board.kind is BoardKind.CHARUCO and not hasattr(cv2.aruco, board.dictionary):
        raise refuse(
            "CAL-020",
            f"There are no markers called {board.dictionary}.",
            "Markers have the names that OpenCV gives them.",
            "Use one like DICT_4X4_50, or leave it out: it is found from the pictures.",
        )
    return board


@lru_cache(maxsize=64)
def opencv_board(board: Board) -> Any:
    """The same board for OpenCV's detector, in squares: lengths do not matter to see it."""
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, board.dictionary))
    made = cv2.aruco.CharucoBoard((board.columns, board.rows), 1.0, board.marker_share, dictionary)
    made.setLegacyPattern(board.legacy)
    return made
