"""A board carried through the room, as cameras of known lens and place see it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from core.capture.calibration.boards import Board, BoardKind, opencv_board
from core.capture.calibration.lens import seen_px
from core.capture.calibration.rotations import turn
from core.capture.calibration.seeing import Seen
from core.capture.calibration.sightings import Sightings
from core.domain.calibration import Camera

BOARD = Board(BoardKind.CHARUCO, 7, 5, 0.12)
CHESSBOARD = Board(BoardKind.CHESSBOARD, 8, 5, 0.12)
FLOOR_S = 2.0  # until then the board lies on the floor


def filmed(
    cameras: Sequence[Camera],
    *,
    board: Board = BOARD,
    seconds: float = 14.0,
    rate_hz: float = 10.0,
    late_s: Sequence[float] = (),
    noise_px: float = 0.15,
    seed: int = 7,
) -> tuple[Sightings, ...]:
    """What each camera sees; `late_s` by how much later its pictures are stamped than they were taken."""
    random = np.random.default_rng(seed)
    found = []
    for number, camera in enumerate(cameras):
        late = late_s[number] if late_s else 0.0
        taken_s = np.arange(0.0, seconds, 1.0 / rate_hz) + 0.013 * number
        seen = []
        for time_s in taken_s:
            px = seen_px(board_in_room(board, float(time_s)), camera)
            inside = (px > 4).all(axis=1) & (px < [camera.width_px - 4, camera.height_px - 4]).all(axis=1)
            ids = np.flatnonzero(inside)
            noisy = px[ids] + random.normal(0, noise_px, (len(ids), 2))
            whole = len(ids) == len(px) if board.kind is BoardKind.CHESSBOARD else len(ids) >= 6
            seen.append(Seen(ids, noisy) if whole else None)
        found.append(Sightings(camera.name, camera.width_px, camera.height_px, taken_s + late, tuple(seen)))
    return tuple(found)


def board_in_room(board: Board, time_s: float) -> np.ndarray:
    """(N, 3) corners: on the floor at first, then lifted and waved about, a little irregularly."""
    t = max(0.0, time_s - FLOOR_S)
    up = np.clip(t, 0.0, 1.0)
    middle = board.corners_m.mean(axis=0)
    sway = np.array([0.5 * np.sin(1.1 * t), 0.25 * np.sin(1.7 * t + 0.4), 0.3 * np.sin(0.9 * t)])
    place = np.array([0.1, -0.2, 0.0]) + up * (np.array([0.0, -0.5, 1.0]) + sway)
    upright = turn(np.array([np.pi / 2 * up, 0.0, 0.0]))
    tilt = turn(up * np.array([0.6 * np.sin(1.3 * t), 0.7 * np.sin(0.8 * t + 1.0), 0.4 * np.sin(1.9 * t)]))
    # On the floor the print's y axis points away from the cameras, and its z axis up.
    flat = (board.corners_m - middle) * [1.0, -1.0, -1.0]
    lifted = flat if up == 0 else flat @ (tilt @ upright).T
    return lifted + place


def picture(board: Board, size_px: tuple[int, int] = (640, 480), *, tilt: float = 0.35) -> np.ndarray:
    """A grey picture of a printed board with its white rim, seen a little from the side."""
    square = 60
    if board.kind is BoardKind.CHARUCO:
        print_px = opencv_board(board).generateImage((board.columns * square, board.rows * square))
    else:
        cells = np.add.outer(np.arange(board.rows), np.arange(board.columns)) % 2 * 255
        print_px = np.kron(cells, np.ones((square, square))).astype(np.uint8)
    print_px = cv2.copyMakeBorder(print_px, square, square, square, square, cv2.BORDER_CONSTANT, value=255)
    if board.inverted:
        print_px = 255 - print_px
    height, width = print_px.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    left, right, top, bottom = 0.12, 0.9, 0.15, 0.82
    x, y = size_px
    where = np.array(
        [
            [left * x, top * y],
            [right * x, (top + 0.1 * tilt) * y],
            [right * x, (bottom - 0.2 * tilt) * y],
            [left * x, bottom * y],
        ],
        np.float32,
    )
    warped = cv2.warpPerspective(
        print_px, cv2.getPerspectiveTransform(corners, where), size_px, flags=cv2.INTER_AREA, borderValue=110
    )
    return cv2.GaussianBlur(warped, (3, 3), 0)
