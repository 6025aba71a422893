"""Where every corner should be seen, and how that changes with each unknown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.capture.calibration.rotations import cross_matrix, turn
from core.domain.arrays import FloatArray, IntArray

PLACE, LENS, CLOCK = slice(0, 6), slice(6, 15), 15
PER_CAMERA, PER_POSE = 16, 6


@dataclass(frozen=True, slots=True, eq=False)
class Corners:
    """Every corner that was seen. Axes: N corners in all pictures."""

    camera: IntArray  # (N,)
    pose: IntArray  # (N,) which board pose
    board_m: FloatArray  # (N, 3) on the board
    px: FloatArray  # (N, 2)
    rate_px_s: FloatArray  # (N, 2) how it moves across the picture
    change_px_s2: FloatArray  # (N, 2)
    late_s: FloatArray  # (N,) by how much the picture is later than the moment of its pose
    poses: int


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """The unknowns. Axes: C cameras, P poses of the board."""

    rotation: FloatArray  # (C, 3, 3) world to camera
    translation_m: FloatArray  # (C, 3)
    lens: FloatArray  # (C, 9) fx, fy, cx, cy, k1, k2, p1, p2, k3
    clock_s: FloatArray  # (C,) what a camera shows is so much older than its times say
    board_rotation: FloatArray  # (P, 3, 3) board to world
    board_m: FloatArray  # (P, 3) of the board's first corner, in the world


def stepped(setup: Setup, step: FloatArray) -> Setup:
    """The unknowns after a step, whose turns are small rotations applied from the left."""
    cameras = len(setup.rotation)
    own = step[: PER_CAMERA * cameras].reshape(cameras, PER_CAMERA)
    board = step[PER_CAMERA * cameras :].reshape(-1, PER_POSE)
    return Setup(
        turn(own[:, :3]) @ setup.rotation,
        setup.translation_m + own[:, 3:6],
        setup.lens + own[:, LENS],
        setup.clock_s + own[:, CLOCK],
        turn(board[:, :3]) @ setup.board_rotation,
        setup.board_m + board[:, 3:],
    )


def predicted(
    corners: Corners, setup: Setup, *, derivatives: bool = False
) -> tuple[FloatArray, FloatArray | None]:
    """(N, 2) predicted less seen pixels, and (N, 2, 22) derivatives by the camera's and the pose's unknowns.

    A corner seen too early or too late is moved along its own way across the picture: that is linear in the
    unknown clock of its camera, so clocks come out exact to milliseconds.
    """
    camera, pose = corners.camera, corners.pose
    on_board = np.einsum("nij,nj->ni", setup.board_rotation[pose], corners.board_m)
    turned = np.einsum("nij,nj->ni", setup.rotation[camera], on_board + setup.board_m[pose])
    inside = turned + setup.translation_m[camera]
    lens = setup.lens[camera]
    slope = inside[:, :2] / inside[:, 2:]
    bent, by_slope, by_lens = _through_lens(slope, lens, derivatives)
    wait_s = (setup.clock_s[camera] - corners.late_s)[:, None]
    seen = corners.px + wait_s * corners.rate_px_s + wait_s**2 / 2 * corners.change_px_s2
    residual = bent * lens[:, :2] + lens[:, 2:4] - seen
    if not derivatives:
        return residual, None
    by_inside = (lens[:, :2, None] * by_slope) @ _slope_by_inside(inside)
    by_world = by_inside @ setup.rotation[camera]
    by_clock = -(corners.rate_px_s + wait_s * corners.change_px_s2)
    blocks = (
        -by_inside @ cross_matrix(turned),
        by_inside,
        by_lens,
        by_clock[:, :, None],
        -by_world @ cross_matrix(on_board),
        by_world,
    )
    return residual, np.concatenate(blocks, axis=2)


def _slope_by_inside(inside: FloatArray) -> FloatArray:
    """(N, 2, 3) derivatives of x/z and y/z."""
    result = np.zeros((len(inside), 2, 3))
    depth = inside[:, 2]
    result[:, 0, 0] = result[:, 1, 1] = 1.0 / depth
    result[:, :, 2] = -inside[:, :2] / depth[:, None] ** 2
    return result


def _through_lens(
    slope: FloatArray, lens: FloatArray, derivatives: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Slopes after the lens (Brown 1966), their derivatives by slopes, and of pixels by the lens."""
    x, y = slope.T
    k1, k2, p1, p2, k3 = lens[:, 4:].T
    square = x**2 + y**2
    radial = 1 + square * (k1 + square * (k2 + square * k3))
    bent = np.stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (square + 2 * x**2),
            y * radial + p1 * (square + 2 * y**2) + 2 * p2 * x * y,
        ],
        axis=1,
    )
    if not derivatives:
        return bent, np.zeros(0), np.zeros(0)
    grows = k1 + square * (2 * k2 + 3 * square * k3)
    by_slope = np.empty((len(x), 2, 2))
    by_slope[:, 0, 0] = radial + 2 * x**2 * grows + 2 * p1 * y + 6 * p2 * x
    by_slope[:, 0, 1] = by_slope[:, 1, 0] = 2 * x * y * grows + 2 * p1 * x + 2 * p2 * y
    by_slope[:, 1, 1] = radial + 2 * y**2 * grows + 6 * p1 * y + 2 * p2 * x
    by_lens = np.zeros((len(x), 2, 9))
    by_lens[:, 0, 0], by_lens[:, 1, 1] = bent.T
    by_lens[:, 0, 2] = by_lens[:, 1, 3] = 1.0
    terms = (slope * square[:, None], slope * square[:, None] ** 2)
    sideways = (
        np.stack([2 * x * y, square + 2 * y**2], axis=1),
        np.stack([square + 2 * x**2, 2 * x * y], axis=1),
    )
    for column, term in enumerate((*terms, *sideways, slope * square[:, None] ** 3), 4):
        by_lens[:, :, column] = term * lens[:, :2]
    return bent, by_slope, by_lens
