"""How well cameras are calibrated: against published calibrations of the same cameras."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.capture.calibration.boards import Board, BoardKind
from core.capture.calibration.bundle import adjust
from core.capture.calibration.files import read_calibration
from core.capture.calibration.first_guess import lens_of
from core.capture.calibration.from_board import BoardCalibration, Wishes, calibrate, corners_of
from core.capture.calibration.matching import View, fitted
from core.capture.calibration.moments_check import placed_setup
from core.capture.calibration.rotations import angle_between, mean_rotation
from core.capture.calibration.sightings import Sightings, moments
from core.domain.calibration import Calibration
from core.errors import refuse
from core.tasks.board_films import look_through, read_times

WEBCAMS = "calibration-charuco/charuco_calibration"
FOUR = "video-4cam-balance/Demo_SinglePerson/calibration"
SQUARE_M = 0.054  # told by the publisher, measured on the print
CHESSBOARD = Board(BoardKind.CHESSBOARD, 8, 5, 0.06)
SHIFT_S = 3.3

Numbers = dict[str, float]


def bench_cameras(recordings: Path) -> Numbers:
    """Differences from published calibrations. `recordings` is the folder with the real recordings.

    `webcams`: four webcams at 6 frames/s, a ChArUco board of 12 corners carried by hand. The published lenses
    come from other films, which are not there. The published places took the stamps of the pictures at their
    word; the moving board shows stamps wrong by up to 140 ms. So places are told with own and with published
    lenses and clocks found, and with published lenses and `stamps_as_told`; and `published_places_px` is how
    far corners are off where the cameras stand as published, lenses as published and clocks found.
    `stills`: pictures of a chessboard against the lenses that Qualisys measured.
    """
    for name in (f"{WEBCAMS}/camera_array.toml", f"{FOUR}/Calib.qca.txt"):
        if not (recordings / name).is_file():
            raise refuse(
                "PC-026",
                f"The recording {name} is missing.",
                f"It is not below {recordings}.",
                "Set EXOTWIN_DATA to the folder with the real recordings.",
            )
    return _webcams(recordings / WEBCAMS) | _stills(recordings / FOUR)


def _webcams(folder: Path) -> Numbers:
    films = [folder / f"calibration/extrinsic/cam_{number}.mp4" for number in range(4)]
    times = read_times(folder / "calibration/extrinsic/timestamps.csv")
    declared = Board(BoardKind.CHARUCO, 7, 5, SQUARE_M)  # the rest is found
    filmed = look_through(films, declared, lambda fraction, sentence: None, times)
    published = read_calibration(folder / "camera_array.toml")
    board, seen = filmed.board, filmed.sightings
    own = calibrate(seen, board, Wishes())
    known = calibrate(seen, board, Wishes(), published.cameras)
    told = calibrate(seen, board, Wishes(clocks=False), published.cameras)
    numbers = {"webcams_columns_found": float(board.columns), "webcams_rows_found": float(board.rows)}
    numbers |= _lenses("webcams", own.calibration, published)
    for name, found in (("own_lenses", own), ("published_lenses", known), ("stamps_as_told", told)):
        numbers |= _places(f"webcams_{name}", found, published)
    for one, late_s, spread in zip(seen, own.late_s, own.focal_spread, strict=True):
        numbers[f"webcams_{one.name}_late_ms"] = 1000 * float(late_s)
        numbers[f"webcams_{one.name}_focal_uncertainty_percent"] = 100 * float(spread)
    numbers["webcams_published_places_px"] = _published_places_px(seen, board, known, published)
    return numbers | _shifted(seen, board, own)


def _lenses(name: str, found: Calibration, published: Calibration) -> Numbers:
    numbers: Numbers = {}
    for one, other in zip(found.cameras, published.cameras, strict=True):
        focal = [100 * (one.matrix[k, k] / other.matrix[k, k] - 1) for k in (0, 1)]
        numbers[f"{name}_{other.name}_focal_x_percent"] = float(focal[0])
        numbers[f"{name}_{other.name}_focal_y_percent"] = float(focal[1])
    numbers[f"{name}_focal_percent_max"] = max(abs(value) for value in numbers.values())
    return numbers


def _places(name: str, found: BoardCalibration, published: Calibration) -> Numbers:
    mm, deg = apart(found.calibration, published)
    numbers = {f"{name}_mm_max": max(mm), f"{name}_deg_max": max(deg)}
    for camera, (one_mm, one_deg) in zip(published.cameras, zip(mm, deg, strict=True), strict=True):
        numbers[f"{name}_{camera.name}_mm"], numbers[f"{name}_{camera.name}_deg"] = one_mm, one_deg
    numbers[f"{name}_px_max"] = max(found.calibration.error_px)
    numbers[f"{name}_board_mm"] = found.calibration.error_mm
    return numbers


def apart(found: Calibration, other: Calibration) -> tuple[list[float], list[float]]:
    """Millimetres and degrees between cameras after both worlds are laid on each other (no scale)."""
    turn = mean_rotation(
        np.array([b.rotation.T @ a.rotation for a, b in zip(found.cameras, other.cameras, strict=True)])
    )
    centres = np.array([camera.centre_m for camera in found.cameras]) @ turn.T
    wanted = np.array([camera.centre_m for camera in other.cameras])
    off = (centres - centres.mean(axis=0)) - (wanted - wanted.mean(axis=0))
    turns = [
        angle_between(a.rotation @ turn.T, b.rotation)
        for a, b in zip(found.cameras, other.cameras, strict=True)
    ]
    return (1000 * np.linalg.norm(off, axis=1)).tolist(), np.degrees(turns).tolist()


def _published_places_px(
    seen: tuple[Sightings, ...], board: Board, known: BoardCalibration, published: Calibration
) -> float:
    """Largest root mean square error of a camera, cameras as published; only boards and clocks move."""
    shifted = tuple(one.shifted(-late) for one, late in zip(seen, known.late_s, strict=True))
    together = [moment for moment in moments(shifted) if len(moment.glimpses) > 1]
    setup, kept = placed_setup(together, board, published)
    sizes = np.array([[one.width_px, one.height_px] for one in seen], dtype=np.float64)
    corners = corners_of(kept, board)
    residual = adjust(corners, setup, sizes, lenses=False, places=False).residual_px
    square = (residual**2).sum(axis=1)
    return max(float(np.sqrt(square[corners.camera == number].mean())) for number in range(len(seen)))


def _shifted(seen: tuple[Sightings, ...], board: Board, own: BoardCalibration) -> Numbers:
    """A camera whose film begins seconds later, found without any common clock."""
    moved = tuple(one.shifted(SHIFT_S if number == 1 else 0.0) for number, one in enumerate(seen))
    found = calibrate(moved, board, Wishes(synchronous=False))
    off_s = found.late_s - own.late_s - np.array([0.0, SHIFT_S, 0.0, 0.0])
    mm, deg = apart(found.calibration, own.calibration)
    return {
        "webcams_shifted_film_off_ms": 1000 * float(np.abs(off_s).max()),
        "webcams_shifted_film_moves_cameras_mm": max(mm),
        "webcams_shifted_film_turns_cameras_deg": max(deg),
    }


def _stills(folder: Path, most: int = 4) -> Numbers:
    """The lens of each camera from seven pictures of a chessboard."""
    published = read_calibration(folder / "Calib.qca.txt")
    numbers: Numbers = {}
    focal: list[float] = []
    for camera in published.cameras[:most]:
        path = folder / f"intrinsics/int_{camera.name}_img"
        filmed = look_through([path], CHESSBOARD, lambda fraction, sentence: None)
        found = calibrate(filmed.sightings, filmed.board, Wishes(stills=True)).calibration
        (one,) = found.cameras
        other, _ = fitted(camera, View("", one.width_px, one.height_px))
        mine, theirs = lens_of(one), lens_of(other)
        off = [100 * (mine[k] / theirs[k] - 1) for k in (0, 1)]
        focal += [abs(value) for value in off]
        numbers[f"stills_{camera.name}_focal_x_percent"], numbers[f"stills_{camera.name}_focal_y_percent"] = (
            off
        )
        numbers[f"stills_{camera.name}_k1_off"] = float(mine[4] - theirs[4])
        numbers[f"stills_{camera.name}_px"] = found.error_px[0]
    numbers["stills_focal_percent_max"] = max(focal)
    return numbers
