"""A board in a picture: which of its corners are seen, and where."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.capture.calibration.boards import Board, BoardKind, opencv_board
from core.domain.arrays import FloatArray, IntArray

GreyImage = NDArray[np.uint8]

LEAST_CORNERS = 6  # for a pose
_QUICK_PX = 960  # longest side of a picture in which a chessboard is looked for, in a video
_SHARE_OF_SQUARE = 0.03  # by which corners may be off the flat board, straight lenses or not


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Corners of a board in one picture, by their number on the board."""

    ids: IntArray  # (N,)
    px: FloatArray  # (N, 2)


class BoardEye:
    """Looks for one board. `thorough` takes ten times as long for a chessboard, for single pictures."""

    def __init__(self, board: Board, *, thorough: bool = False) -> None:
        self.board = board
        self._thorough = thorough
        self._charuco = None
        if board.kind is BoardKind.CHARUCO:
            self._charuco = cv2.aruco.CharucoDetector(opencv_board(board))

    def look(self, image: NDArray[np.uint8]) -> Seen | None:
        """The board's corners in a grey or blue-green-red picture; None with fewer than six, or no plane."""
        grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        seen = self._markers(grey) if self._charuco is not None else self._squares(grey)
        if seen is None or len(seen.ids) < LEAST_CORNERS:
            return None
        return seen if _is_flat(seen, self.board) else None

    def _markers(self, grey: GreyImage) -> Seen | None:
        assert self._charuco is not None
        picture = cv2.bitwise_not(grey) if self.board.inverted else grey
        corners, ids, _, _ = self._charuco.detectBoard(picture)
        if ids is None or len(ids) == 0:
            return None
        return Seen(np.asarray(ids).ravel().astype(np.int64), np.asarray(corners, np.float64).reshape(-1, 2))

    def _squares(self, grey: GreyImage) -> Seen | None:
        shrink = 1.0 if self._thorough else min(1.0, _QUICK_PX / max(grey.shape))
        small = grey if shrink == 1.0 else cv2.resize(grey, None, fx=shrink, fy=shrink)
        flags = cv2.CALIB_CB_ACCURACY | (cv2.CALIB_CB_EXHAUSTIVE if self._thorough else 0)
        found, corners = cv2.findChessboardCornersSB(small, self.board.inner, flags=flags)
        if not found:
            return None
        px = (np.asarray(corners, np.float64).reshape(-1, 2) + 0.5) / shrink - 0.5
        if not ((px >= 0).all() and (px <= [grey.shape[1] - 1, grey.shape[0] - 1]).all()):
            return None  # corners guessed beyond the picture's edge
        if shrink < 1.0:
            px = _refined(grey, px, self.board)
        px = _counted_from_the_dark_square(grey, px, self.board)
        return Seen(np.arange(len(px)), px)


def _refined(grey: GreyImage, px: FloatArray, board: Board) -> FloatArray:
    """Corners found in a smaller picture, to a fraction of a pixel in the whole one."""
    across, down = board.inner
    grid = px.reshape(down, across, 2)
    side = min(
        float(np.linalg.norm(np.diff(grid, axis=0), axis=-1).min()),
        float(np.linalg.norm(np.diff(grid, axis=1), axis=-1).min()),
    )
    reach = int(np.clip(0.3 * side, 2, 15))
    until = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-3)
    start = np.array(px[:, None], dtype=np.float32, order="C")
    return np.asarray(cv2.cornerSubPix(grey, start, (reach, reach), (-1, -1), until)[:, 0], np.float64)


def _counted_from_the_dark_square(grey: GreyImage, px: FloatArray, board: Board) -> FloatArray:
    """The same corners in the one order that fits the print: x to the right, y down, a dark square first.

    On a board whose sides differ by an odd number of squares, half a turn changes the colour of the first
    square; so every camera counts from the same corner, however the board is held.
    """
    across, down = board.inner
    grid = px.reshape(down, across, 2)
    right, below = grid[0, -1] - grid[0, 0], grid[-1, 0] - grid[0, 0]
    if right[0] * below[1] - right[1] * below[0] < 0:  # a board seen from the front is never mirrored
        grid = grid[:, ::-1]
    if board.tells_its_turn:
        first, last = (_brightness(grey, grid[rows, columns]) for rows, columns in _FIRST_AND_LAST)
        if (first > last) != board.inverted:
            grid = grid[::-1, ::-1]
    return np.asarray(grid.reshape(-1, 2))


_FIRST_AND_LAST = ((slice(None, 2), slice(None, 2)), (slice(-2, None), slice(-2, None)))


def _brightness(grey: GreyImage, corners: FloatArray) -> float:
    """Of the middle of the square between four corners (2, 2, 2)."""
    x, y = corners.reshape(4, 2).mean(axis=0)
    row, column = np.clip([round(y), round(x)], 1, [grey.shape[0] - 2, grey.shape[1] - 2])
    return float(grey[row - 1 : row + 2, column - 1 : column + 2].mean())


def _is_flat(seen: Seen, board: Board) -> bool:
    """Whether the corners fit one plane: with the wrong number of columns they do not."""
    plane = board.corners_m[seen.ids, :2] / board.square_m
    if np.linalg.matrix_rank(plane - plane.mean(axis=0), tol=0.1) < 2:
        return False
    homography, _ = cv2.findHomography(seen.px, plane, 0)
    if homography is None:
        return False
    off = cv2.perspectiveTransform(seen.px[:, None], homography)[:, 0] - plane
    return bool(np.sqrt((off**2).sum(axis=1).mean()) < _SHARE_OF_SQUARE * _reach(plane))


def _reach(plane: FloatArray) -> float:
    """Lenses bend long lines more: a few squares' worth for a board of many."""
    return max(1.0, float(np.ptp(plane, axis=0).max()) / 4.0)
