"""A board on paper, in true size: a PDF of filled rectangles."""

from __future__ import annotations

import cv2
import numpy as np

from core.capture.calibration.boards import Board, BoardKind, opencv_board
from core.domain.arrays import FloatArray
from core.errors import refuse

PAGES_MM = {"a4": (297.0, 210.0), "a3": (420.0, 297.0), "a2": (594.0, 420.0), "a1": (841.0, 594.0)}
_POINTS = 72.0 / 25.4  # PDF counts in points
_RIM_MM = 12.0  # white, without which corners at the edge are not seen
_RULER_MM = 100.0


def board_pdf(board: Board, page: str) -> bytes:
    """One page with the board in its middle, and a line to check the printer with. Refuses CAL-029."""
    width, height = PAGES_MM[page]
    square = board.square_m * 1000
    across, down = board.columns * square, board.rows * square
    if across > width - 2 * _RIM_MM or down > height - 2 * _RIM_MM:
        raise refuse(
            "CAL-029",
            f"A {board.told()} does not fit on {page.upper()}.",
            f"With its white rim it needs {across + 2 * _RIM_MM:.0f} x {down + 2 * _RIM_MM:.0f} mm.",
            "Choose a larger page, smaller squares or fewer of them.",
        )
    left, bottom = (width - across) / 2, (height - down) / 2
    marks = black_rectangles(board) * square
    drawn = [_rectangle(left + x, bottom + down - y - high, wide, high) for x, y, wide, high in marks]
    drawn += [_rectangle(left, 6.0, _RULER_MM, 0.3), *_words(board, left, page)]
    return _document((width, height), "\n".join(drawn))


def black_rectangles(board: Board) -> FloatArray:
    """(N, 4) left, top, width and height of all that is black, in squares from the board's top left."""
    if board.inverted:
        raise ValueError("boards white on black are seen, not printed")
    if board.kind is BoardKind.CHESSBOARD:
        dark = [(x, y) for y in range(board.rows) for x in range(board.columns) if (x + y) % 2 == 0]
        return np.array([[x, y, 1.0, 1.0] for x, y in dark])
    first_white = 1 if board.legacy and board.rows % 2 == 0 else 0
    dark = [(x, y) for y in range(board.rows) for x in range(board.columns) if (x + y + first_white) % 2 == 0]
    return np.array([*([x, y, 1.0, 1.0] for x, y in dark), *_marker_rectangles(board)])


def _marker_rectangles(board: Board) -> list[list[float]]:
    """Runs of black cells of every marker."""
    made = opencv_board(board)
    dictionary = made.getDictionary()
    cells = int(dictionary.markerSize) + 2  # a rim of one black cell
    found: list[list[float]] = []
    for number, corners in zip(made.getIds().ravel(), made.getObjPoints(), strict=True):
        picture = cv2.aruco.generateImageMarker(dictionary, int(number), cells, borderBits=1)
        left, top = np.asarray(corners)[:, :2].min(axis=0)
        side = board.marker_share / cells
        for row, line in enumerate(picture):
            for start, end in _runs(line == 0):
                found.append([left + start * side, top + row * side, (end - start) * side, side])
    return found


def _runs(dark: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], dark.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _rectangle(left: float, bottom: float, width: float, height: float) -> str:
    return " ".join(f"{value * _POINTS:.4f}" for value in (left, bottom, width, height)) + " re f"


def _words(board: Board, left_mm: float, page: str) -> list[str]:
    said = (
        f"ExoTwin - {board.told()} - print on {page.upper()} at 100 %, glue it flat on something stiff. "
        f"The line is {_RULER_MM:.0f} mm long: check it with a ruler."
    )
    return ["BT /F1 7 Tf", f"{left_mm * _POINTS:.2f} {8.0 * _POINTS:.2f} Td ({said}) Tj ET"]


def _document(size_mm: tuple[float, float], content: str) -> bytes:
    """The shortest PDF there is: catalogue, pages, page, content, font."""
    box = " ".join(f"{side * _POINTS:.4f}" for side in size_mm)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {box}] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    text, starts = "%PDF-1.6\n", []
    for number, each in enumerate(objects, 1):
        starts.append(len(text))
        text += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{start:010d} 00000 n \n" for start in starts)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(text)}\n%%EOF\n"
    return (text + end).encode("ascii")
