"""Claims about boards on paper: they are what the cameras look for, in true size."""

from __future__ import annotations

import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.capture.calibration.board_print import PAGES_MM, black_rectangles, board_pdf
from core.capture.calibration.boards import SHIPPED, Board, BoardKind
from core.capture.calibration.seeing import BoardEye
from tests.refusals import refused

CHESS = Board(BoardKind.CHESSBOARD, 8, 5, 0.03)


@pytest.mark.parametrize(
    "board",
    [
        SHIPPED,
        CHESS,
        replace(SHIPPED, columns=5, rows=6, legacy=True, dictionary="DICT_5X5_100", marker_share=0.7),
    ],
)
def test_what_is_printed_is_seen_corner_by_corner(board: Board) -> None:
    scale = rim = 80
    page = np.full((board.rows * scale + 2 * rim, board.columns * scale + 2 * rim), 255, np.uint8)
    moved = np.array([rim, rim, 0, 0])
    for left, top, width, height in np.round(black_rectangles(board) * scale).astype(int) + moved:
        page[top : top + height, left : left + width] = 0
    page = cv2.GaussianBlur(page, (5, 5), 0)

    seen = BoardEye(board).look(page)

    assert seen is not None
    assert len(seen.ids) == (board.columns - 1) * (board.rows - 1)
    expected = board.corners_m[seen.ids, :2] / board.square_m * scale + scale + rim - 0.5
    np.testing.assert_allclose(seen.px, expected, atol=1.0)


@pytest.mark.parametrize("board", [SHIPPED, CHESS])
def test_a_square_on_paper_is_as_large_as_it_says(board: Board) -> None:
    text = board_pdf(board, "a4").decode("ascii")

    rectangles = [
        [float(number) * 25.4 / 72 for number in line.split()[:4]]
        for line in text.splitlines()
        if line.endswith(" re f")
    ]
    squares = [each for each in rectangles if each[2] == pytest.approx(each[3], abs=0.01) and each[2] > 20]
    assert len(squares) >= board.columns * board.rows // 2
    assert {round(each[2], 2) for each in squares} == {board.square_m * 1000}
    assert any(each[2] == pytest.approx(100.0, abs=0.01) for each in rectangles)  # the ruler
    assert all(each[0] >= 0 and each[0] + each[2] <= PAGES_MM["a4"][0] for each in rectangles)
    assert "/PrintScaling /None" in text and f"squares of {board.square_m * 1000:.4g} mm" in text


def test_the_file_is_a_pdf_whose_parts_are_where_it_says() -> None:
    content = board_pdf(SHIPPED, "a3")

    start = int(re.search(rb"startxref\n(\d+)", content).group(1))  # type: ignore[union-attr]
    assert content[start:].startswith(b"xref")
    offsets = [int(match) for match in re.findall(rb"(\d{10}) 00000 n", content)]
    assert [content[at:].split(b" ", 1)[0] for at in offsets] == [b"1", b"2", b"3", b"4", b"5"]


def test_a_board_larger_than_the_page_is_refused() -> None:
    with refused("CAL-029"):
        board_pdf(replace(SHIPPED, square_m=0.06), "a4")
