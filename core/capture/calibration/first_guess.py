"""Lenses, places and board poses to begin with: each camera alone, then chained by what they saw together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np

from core.capture.calibration.boards import Board
from core.capture.calibration.bundle_model import Setup
from core.capture.calibration.rotations import angle_between, mean_rotation
from core.capture.calibration.sightings import Glimpse, Moment
from core.domain.arrays import FloatArray
from core.domain.calibration import Camera

MOST_PICTURES = 40
_USUAL_FOCAL = 0.9  # of the longer side, where pictures do not tell
_FOCAL_RANGE = (0.3, 8.0)  # of the longer side

Pose = tuple[FloatArray, FloatArray]  # rotation (3, 3) board to camera, translation (3,)


def lens_guess(glimpses: Sequence[Glimpse], board: Board, size_px: tuple[int, int]) -> FloatArray:
    """(9,) fx, fy, cx, cy, k1, k2, p1, p2, k3 from well-spread pictures of one camera."""
    longest = max(size_px)
    usual = np.array([_USUAL_FOCAL * longest] * 2 + [(size - 1) / 2 for size in size_px] + [0.0] * 5)
    chosen = [glimpses[number] for number in well_spread(glimpses, MOST_PICTURES)]
    if len(chosen) < 3:
        return usual
    matrix = np.array([[usual[0], 0, usual[2]], [0, usual[1], usual[3]], [0, 0, 1.0]])
    flags = cv2.CALIB_USE_INTRINSIC_GUESS | cv2.CALIB_FIX_PRINCIPAL_POINT | cv2.CALIB_FIX_ASPECT_RATIO
    flags |= cv2.CALIB_FIX_K2 | cv2.CALIB_FIX_K3 | cv2.CALIB_ZERO_TANGENT_DIST
    corners_m = board.corners_m.astype(np.float32)
    try:
        _, matrix, bend, _, _ = cv2.calibrateCamera(
            [corners_m[glimpse.ids] for glimpse in chosen],
            [glimpse.px.astype(np.float32) for glimpse in chosen],
            size_px,
            matrix,
            None,
            flags=flags,
        )
    except cv2.error:  # pictures in which the board faces the camera alike tell no focal length
        return usual
    focal = float(matrix[0, 0])
    if not _FOCAL_RANGE[0] * longest < focal < _FOCAL_RANGE[1] * longest:
        return usual
    return np.array([focal, focal, matrix[0, 2], matrix[1, 2], np.clip(bend.ravel()[0], -1, 1), 0, 0, 0, 0.0])


def lens_of(camera: Camera) -> FloatArray:
    """The same nine numbers of a camera whose lens is known."""
    (fx, _, cx), (_, fy, cy), _ = camera.matrix
    return np.array([fx, fy, cx, cy, *camera.distortion])


def well_spread(glimpses: Sequence[Glimpse], most: int) -> list[int]:
    """Pictures that differ in where, how large and how tilted the board is: each far from those before."""
    if len(glimpses) <= most:
        return list(range(len(glimpses)))
    features = np.array([_looks(glimpse) for glimpse in glimpses])
    features = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-9)
    chosen = [int(np.argmin(np.linalg.norm(features, axis=1)))]
    nearest = np.linalg.norm(features - features[chosen[0]], axis=1)
    while len(chosen) < most:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.linalg.norm(features - features[chosen[-1]], axis=1))
    return sorted(chosen)


def _looks(glimpse: Glimpse) -> FloatArray:
    """Middle, size, and how long against how wide the corners lie, with the direction of it."""
    middle = glimpse.px.mean(axis=0)
    spread = np.cov(glimpse.px.T)
    size = np.sqrt(np.trace(spread))
    return np.array([*middle, np.log(size) * size, *(spread / max(size, 1e-9))[[0, 0, 1], [0, 1, 1]]])


def pose_of(glimpse: Glimpse, board: Board, lens: FloatArray) -> Pose | None:
    """Where the board is, seen from one camera; None when no pose fits."""
    matrix = np.array([[lens[0], 0, lens[2]], [0, lens[1], lens[3]], [0, 0, 1.0]])
    points, px = board.corners_m[glimpse.ids], glimpse.px
    try:
        found, turn, shift = cv2.solvePnP(points, px, matrix, lens[4:], flags=cv2.SOLVEPNP_IPPE)
        if found:
            turn, shift = cv2.solvePnPRefineLM(points, px, matrix, lens[4:], turn, shift)
    except cv2.error:
        return None
    if not found or not np.isfinite(shift).all() or float(shift[2, 0]) <= 0:
        return None
    return np.asarray(cv2.Rodrigues(turn)[0]), np.asarray(shift).ravel()


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """Cameras placed by what they saw together, and the moments whose board pose is known."""

    setup: Setup
    moments: tuple[Moment, ...]
    together: dict[tuple[int, int], int]  # pairs of cameras: moments that both saw


def linked(moments: Sequence[Moment], board: Board, lenses: FloatArray) -> Linked | int:
    """A set-up to begin with, in the world of the first camera; or the number of a camera that saw the board
    never together with the others."""
    poses = [
        {glimpse.camera: pose for glimpse in moment.glimpses if (pose := _pose(glimpse, board, lenses))}
        for moment in moments
    ]
    pairs = _pairs(poses)
    places: dict[int, Pose] = {0: (np.eye(3), np.zeros(3))}
    cameras = len(lenses)
    while len(places) < cameras:
        open_pairs = [
            (len(seen), new, old)
            for (first, second), seen in pairs.items()
            for new, old in ((first, second), (second, first))
            if old in places and new not in places
        ]
        if not open_pairs:
            return next(camera for camera in range(cameras) if camera not in places)
        _, new, old = max(open_pairs)
        turn, shift = _between([(each[new], each[old]) for each in poses if new in each and old in each])
        rotation, translation = places[old]
        places[new] = (turn @ rotation, turn @ translation + shift)
    return _linked(moments, poses, places, lenses, {pair: len(seen) for pair, seen in pairs.items()})


def _pose(glimpse: Glimpse, board: Board, lenses: FloatArray) -> Pose | None:
    return pose_of(glimpse, board, lenses[glimpse.camera])


def _pairs(poses: Sequence[dict[int, Pose]]) -> dict[tuple[int, int], list[int]]:
    found: dict[tuple[int, int], list[int]] = {}
    for number, each in enumerate(poses):
        for pair in combinations(sorted(each), 2):
            found.setdefault(pair, []).append(number)
    return found


def _between(both: Sequence[tuple[Pose, Pose]]) -> Pose:
    """From one camera to another: the most central of what single moments tell, and those near it."""
    turns = np.array([new[0] @ old[0].T for new, old in both])
    shifts = np.array([new[1] - turn @ old[1] for turn, (new, old) in zip(turns, both, strict=True)])
    apart = np.array([[angle_between(a, b) for b in turns] for a in turns])
    centre = int(np.argmin(np.median(apart, axis=1)))
    near = apart[centre] <= np.median(apart[centre]) + 1e-9
    return mean_rotation(turns[near]), np.median(shifts[near], axis=0)


def _linked(
    moments: Sequence[Moment],
    poses: Sequence[dict[int, Pose]],
    places: dict[int, Pose],
    lenses: FloatArray,
    together: dict[tuple[int, int], int],
) -> Linked:
    kept: list[Moment] = []
    board_rotation, board_m = [], []
    for moment, each in zip(moments, poses, strict=True):
        if not each:
            continue
        camera = max(each, key=lambda number: _corners(moment, number))
        (rotation, translation), (turn, shift) = places[camera], each[camera]
        kept.append(moment)
        board_rotation.append(rotation.T @ turn)
        board_m.append(rotation.T @ (shift - translation))
    cameras = range(len(lenses))
    setup = Setup(
        np.array([places[camera][0] for camera in cameras]),
        np.array([places[camera][1] for camera in cameras]),
        lenses,
        np.zeros(len(lenses)),
        np.array(board_rotation),
        np.array(board_m),
    )
    return Linked(setup, tuple(kept), together)


def _corners(moment: Moment, camera: int) -> int:
    return max(len(glimpse.ids) for glimpse in moment.glimpses if glimpse.camera == camera)
