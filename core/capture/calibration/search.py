"""Which board it is that the cameras see: as declared, turned, of another size, or mirrored."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.capture.calibration.boards import Board, BoardKind
from core.capture.calibration.marker_search import mirrored_markers, read_from_markers
from core.capture.calibration.seeing import BoardEye, GreyImage
from core.domain.findings import Finding, Severity
from core.errors import Advice, UserError, refuse

MOST_PICTURES = 16
# Squares of chessboards that are sold or printed, most frequent first.
_USUAL = ((9, 6), (10, 7), (8, 6), (8, 5), (7, 5), (9, 7), (7, 6), (8, 7), (5, 4), (6, 5), (11, 8), (12, 9))
_SMALL_PX = 640


def found_board(pictures: Sequence[NDArray[np.uint8]], declared: Board) -> tuple[Board, tuple[Finding, ...]]:
    """The board seen in these pictures (of one or several cameras), and what differs from the declared one.

    Tries the declared one, then what people mix up: corners for squares, rows for columns, the size, the
    markers. A chessboard half out of the picture looks like a smaller one, so another is taken where it is
    seen much more often. Refuses CAL-021 (no board seen) and CAL-022 (mirrored pictures). The size of a
    square cannot be seen; it stays as declared.
    """
    grey = [_grey(picture) for picture in _some(pictures)]
    seen = _seen_in(grey, declared)
    if seen > 0 and (declared.kind is BoardKind.CHARUCO or seen == len(grey)):
        return declared, ()
    board = _from_markers(grey, declared) or _chessboard(grey, declared)
    if seen > 0 and (board is None or 2 * seen > _seen_in(grey, board)):
        return declared, ()
    if board is None:
        if mirrored_markers(grey) > 0:
            raise _mirrored()
        raise _nothing(declared)
    return board, (_differs(board, declared),)


def _some(pictures: Sequence[NDArray[np.uint8]]) -> Sequence[NDArray[np.uint8]]:
    """Not too many, evenly from all."""
    return pictures[:: max(1, -(-len(pictures) // MOST_PICTURES))]


def _grey(picture: NDArray[np.uint8]) -> GreyImage:
    return picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


def _seen_in(grey: Sequence[GreyImage], board: Board) -> int:
    eye = BoardEye(board)
    return sum(eye.look(picture) is not None for picture in grey)


def _from_markers(grey: Sequence[GreyImage], declared: Board) -> Board | None:
    found = read_from_markers(grey, declared.square_m)
    return found if found is not None and _seen_in(grey, found) > 0 else None


def _chessboard(grey: Sequence[GreyImage], declared: Board) -> Board | None:
    """The usual chessboard that is seen most often: one half out of the picture looks like a smaller one."""
    small = [_shrunk(picture) for picture in grey]
    boards = [
        Board(BoardKind.CHESSBOARD, columns, rows, declared.square_m) for columns, rows in _likely(declared)
    ]
    counts = [_seen_in(small, board) for board in boards]
    return boards[int(np.argmax(counts))] if max(counts) > 0 else None


def _likely(declared: Board) -> list[tuple[int, int]]:
    columns, rows = declared.columns, declared.rows
    near = [
        (columns + 1, rows + 1),
        (columns - 1, rows - 1),
    ]  # corners were counted for squares, or the reverse
    near += [(columns + a, rows + b) for a in (0, 1, -1) for b in (0, 1, -1)]
    sizes = [(max(size), min(size)) for size in (*near, *_USUAL) if min(size) >= 4]
    return list(dict.fromkeys(sizes))


def _shrunk(grey: GreyImage) -> GreyImage:
    factor = min(1.0, _SMALL_PX / max(grey.shape))
    return (
        grey if factor == 1.0 else np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=3))
    )


def _differs(board: Board, declared: Board) -> Finding:
    looks = board.told() + (", white on black" if board.inverted else "")
    advice = Advice(
        f"The board has another pattern than was said: {looks}.",
        f"A {declared.told()} was not seen in any picture.",
        "Check that a square is as long as was said: its size cannot be seen in a picture.",
        "CAL-023",
    )
    same = (board.kind, board.columns, board.rows) == (declared.kind, declared.columns, declared.rows)
    return Finding(Severity.NOTE if same else Severity.WARNING, advice)


def _mirrored() -> UserError:
    return refuse(
        "CAL-022",
        "The pictures of the board are mirrored.",
        "Its markers can be read only after left and right are exchanged, as front cameras of phones film.",
        "Switch mirroring off in the camera program, or use the back camera, and film the board again.",
    )


def _nothing(declared: Board) -> UserError:
    return refuse(
        "CAL-021",
        "No calibration board was seen.",
        f"Neither a {declared.told()} nor another usual board is in the pictures that were looked at.",
        "Hold the whole board with its white rim into the picture: flat, still, well lit and near.",
    )
