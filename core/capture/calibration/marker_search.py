"""The size and the kind of a ChArUco board, read from where its markers are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import cv2
import numpy as np

from core.capture.calibration.boards import SQUARES, Board, BoardKind, opencv_board
from core.capture.calibration.seeing import GreyImage
from core.domain.arrays import FloatArray

# Smaller sets of a family are the beginnings of the larger ones, so one set tells the family.
_FAMILIES = (
    "DICT_4X4_250",
    "DICT_5X5_250",
    "DICT_6X6_250",
    "DICT_7X7_250",
    "DICT_APRILTAG_36H11",
    "DICT_ARUCO_MIP_36H12",
    "DICT_ARUCO_ORIGINAL",
)
_LEAST_MARKERS = 3  # in one picture; single ones are seen where none are
_OFF = 0.12  # of a square, by which markers may lie beside the places of a board
_SHARES = np.arange(0.4, 0.96, 0.01)
_USUAL_SHARES = (0.5, 0.6, 0.7, 0.75, 0.8)
_UNSURE = 0.03  # of a share: light spills over the edges of markers


@dataclass(frozen=True, slots=True, eq=False)
class Markers:
    """Markers in one picture."""

    ids: tuple[int, ...]
    px: FloatArray  # (N, 4, 2)


def read_from_markers(pictures: Sequence[GreyImage], square_m: float) -> Board | None:
    """The board whose markers lie as in these pictures, or None when too few are seen."""
    dictionary, inverted, seen = _best_reading(pictures)
    if not seen:
        return None
    last = max(max(markers.ids) for markers in seen)
    best: tuple[float, Board] | None = None
    for columns, legacy in product(range(SQUARES[0], SQUARES[1] + 1), (False, True)):
        rows = _rows(columns, last)
        if rows is None:
            continue
        board = Board(
            BoardKind.CHARUCO, columns, rows, square_m, dictionary, inverted=inverted, legacy=legacy
        )
        off = _off_places(seen, board)
        if best is None or off < best[0] - 1e-6:
            best = (off, board)
    if best is None or best[0] > _OFF:
        return None
    return replace(best[1], marker_share=_marker_share(seen, best[1]))


def mirrored_markers(pictures: Sequence[GreyImage]) -> int:
    """How many markers can be read in these pictures after left and right are exchanged."""
    _, _, seen = _best_reading([np.ascontiguousarray(picture[:, ::-1]) for picture in pictures])
    return sum(len(markers.ids) for markers in seen)


def _best_reading(pictures: Sequence[GreyImage]) -> tuple[str, bool, list[Markers]]:
    """Family and print (dark or light) in which most markers are read."""
    best: tuple[str, bool, list[Markers]] = ("", False, [])
    for dictionary, inverted in product(_FAMILIES, (False, True)):
        seen = _read(pictures, dictionary, inverted)
        if sum(len(markers.ids) for markers in seen) > sum(len(markers.ids) for markers in best[2]):
            best = (dictionary, inverted, seen)
    return best


def _read(pictures: Sequence[GreyImage], dictionary: str, inverted: bool) -> list[Markers]:
    parameters = cv2.aruco.DetectorParameters()
    parameters.detectInvertedMarker = False
    detector = cv2.aruco.ArucoDetector(
        cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, dictionary)), parameters
    )
    found = []
    for picture in pictures:
        corners, ids, _ = detector.detectMarkers(cv2.bitwise_not(picture) if inverted else picture)
        numbers = () if ids is None else tuple(int(number) for number in np.ravel(ids))
        if len(set(numbers)) == len(numbers) >= _LEAST_MARKERS:
            found.append(Markers(numbers, np.asarray(corners, np.float64).reshape(-1, 4, 2)))
    return found


def _rows(columns: int, last: int) -> int | None:
    """The fewest rows with so many markers: every second square has one."""
    for rows in range(SQUARES[0], SQUARES[1] + 1):
        if columns * rows // 2 > last:
            return rows
    return None


def _off_places(seen: Sequence[Markers], board: Board) -> float:
    """By how much (squares, median) markers lie beside the places that the board has for them."""
    places = np.asarray(opencv_board(board).getObjPoints(), np.float64)[..., :2].mean(axis=1)
    off = []
    for markers in seen:
        if max(markers.ids) >= len(places) or len(markers.ids) < 5:
            continue
        wanted = places[list(markers.ids)]
        if np.linalg.matrix_rank(wanted - wanted.mean(axis=0), tol=0.1) < 2:
            continue
        centres = markers.px.mean(axis=1)
        homography, _ = cv2.findHomography(centres, wanted, 0)
        if homography is not None:
            moved = cv2.perspectiveTransform(centres[:, None], homography)[:, 0]
            off.append(float(np.sqrt(((moved - wanted) ** 2).sum(axis=1).mean())))
    return float(np.median(off)) if off else np.inf


def _marker_share(seen: Sequence[Markers], board: Board) -> float:
    """Side of a marker over side of a square, at which all corners of markers fit best."""
    ids = [list(markers.ids) for markers in seen]
    printed = np.asarray(opencv_board(board).getObjPoints(), np.float64)
    middle = printed.mean(axis=1, keepdims=True)

    def off(share: float) -> float:
        places = middle + (printed - middle) * (share / board.marker_share)
        total = 0.0
        for markers, numbers in zip(seen, ids, strict=True):
            if len(numbers) < 4:
                continue
            wanted = places[numbers][..., :2].reshape(-1, 2)
            px = markers.px.reshape(-1, 2)
            homography, _ = cv2.findHomography(px, wanted, 0)
            total += float(
                ((cv2.perspectiveTransform(px[:, None], homography)[:, 0] - wanted) ** 2).mean() ** 0.5
            )
        return total

    measured = min((float(share) for share in _SHARES), key=off)
    usual = min(_USUAL_SHARES, key=lambda share: abs(share - measured))
    return usual if abs(usual - measured) <= _UNSURE else round(measured, 2)
