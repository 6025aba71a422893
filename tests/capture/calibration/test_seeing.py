"""Claims about finding the board in pictures, and about boards that are not what was said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.capture.calibration.boards import SHIPPED, Board, BoardKind, checked_board
from core.capture.calibration.search import found_board
from core.capture.calibration.seeing import BoardEye
from tests.capture.calibration.filmed_board import picture
from tests.refusals import refused

CHARUCO = Board(BoardKind.CHARUCO, 7, 5, 0.035)
CHESS = Board(BoardKind.CHESSBOARD, 8, 5, 0.06)


@pytest.mark.parametrize("board", [CHARUCO, CHESS])
def test_a_board_is_seen_with_all_its_corners(board: Board) -> None:
    seen = BoardEye(board).look(picture(board))

    assert seen is not None
    assert seen.ids.tolist() == list(range((board.columns - 1) * (board.rows - 1)))


def test_a_chessboard_is_counted_from_the_same_corner_however_it_is_held() -> None:
    upright = picture(CHESS)
    eye = BoardEye(CHESS, thorough=True)

    seen, turned = eye.look(upright), eye.look(np.ascontiguousarray(upright[::-1, ::-1]))

    assert seen is not None and turned is not None
    size = np.array([upright.shape[1] - 1, upright.shape[0] - 1])
    np.testing.assert_allclose(size - turned.px, seen.px, atol=0.3)


@pytest.mark.parametrize(
    ("printed", "declared"),
    [
        (CHARUCO, replace(CHARUCO, columns=5, rows=7)),  # columns for rows
        (CHARUCO, replace(CHARUCO, columns=6, rows=4)),  # corners for squares
        (replace(CHARUCO, dictionary="DICT_5X5_250", columns=8, rows=6), CHARUCO),
        (replace(CHARUCO, inverted=True), CHARUCO),
        (replace(CHARUCO, legacy=True, columns=5, rows=6), CHARUCO),
        (CHESS, replace(CHESS, columns=7, rows=4)),
        (CHESS, CHARUCO),
        (CHARUCO, CHESS),
    ],
)
def test_a_board_that_is_not_as_said_is_found_and_told(printed: Board, declared: Board) -> None:
    board, findings = found_board([picture(printed), picture(printed, tilt=-0.4)], declared)

    assert (board.kind, board.columns, board.rows) == (printed.kind, printed.columns, printed.rows)
    assert board.inverted == printed.inverted
    assert board.square_m == declared.square_m  # cannot be seen
    assert [finding.advice.code for finding in findings] == ["CAL-023"]
    seen = BoardEye(board).look(picture(printed))
    assert seen is not None and len(seen.ids) == (printed.columns - 1) * (printed.rows - 1)


def test_the_declared_board_needs_no_words() -> None:
    assert found_board([picture(CHARUCO)], CHARUCO) == (CHARUCO, ())


def test_mirrored_pictures_are_refused_with_the_reason() -> None:
    with refused("CAL-022"):
        found_board([np.ascontiguousarray(picture(CHARUCO)[:, ::-1])], CHARUCO)


def test_pictures_without_a_board_are_refused() -> None:
    noise = np.random.default_rng(4).integers(0, 255, (480, 640)).astype(np.uint8)
    with refused("CAL-021"):
        found_board([noise], SHIPPED)


@pytest.mark.parametrize(
    "board",
    [
        replace(CHARUCO, columns=2),
        replace(CHESS, square_m=35.0),  # millimetres for metres
        replace(CHARUCO, dictionary="DICT_3X3"),
    ],
)
def test_a_board_that_cannot_be_is_refused(board: Board) -> None:
    with refused("CAL-020"):
        checked_board(board)
