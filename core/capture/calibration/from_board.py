"""A calibration from pictures of a board: lenses, places, clocks, floor, and how well all of it agrees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.capture.calibration import board_findings as told
from core.capture.calibration.boards import Board
from core.capture.calibration.bundle import Adjusted, adjust
from core.capture.calibration.bundle_model import Corners, Setup
from core.capture.calibration.clocks import common_clocks
from core.capture.calibration.first_guess import Linked, lens_guess, lens_of, linked, well_spread
from core.capture.calibration.floor import aligned_to_board, level
from core.capture.calibration.sightings import Moment, Sightings, glimpses, moments
from core.domain.arrays import FloatArray
from core.domain.calibration import Calibration, Camera
from core.domain.findings import Finding

LEAST_PICTURES = 6  # of one camera
LEAST_TOGETHER = 4  # moments at which two cameras saw the board
_FLOOR_WITHIN_S = 1.0  # of the time named; a board that lies there stays there
_PER_CAMERA = 45  # pictures of one camera in the adjustment; more make it slow and hardly better


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to calibrate."""

    synchronous: bool = True  # cameras' times are of one clock, up to a fraction of a second
    stills: bool = False  # single pictures in the same order for every camera, of a board that stood
    clocks: bool = True  # find how late each camera's pictures are
    floor_s: float | None = None  # when the board lay on the floor; None: it never did


@dataclass(frozen=True, slots=True, eq=False)
class BoardCalibration:
    """The calibration, and what is worth knowing of each camera. Axes: C cameras."""

    calibration: Calibration
    late_s: FloatArray  # (C,) by how much later than the first camera's its pictures are stamped
    focal_spread: FloatArray  # (C,) standard deviation of the focal length, as a share
    pictures: tuple[int, ...]  # C, of the board


def calibrate(
    sightings: Sequence[Sightings], board: Board, wishes: Wishes, lenses: Sequence[Camera] | None = None
) -> BoardCalibration:
    """Calibrate the cameras that saw the board.

    `lenses` are cameras whose lens is known already: then only their places are found. Refuses CAL-024 (too
    few pictures of a camera), CAL-025 (a camera that never saw the board together with others), CAL-026 (no
    common time) and CAL-027 (a board that looks alike after half a turn).
    """
    for one in sightings:
        if sum(seen is not None for seen in one.seen) < (LEAST_PICTURES if lenses is None else 1):
            raise told.too_few(one, LEAST_PICTURES)
    if len(sightings) > 1 and not board.tells_its_turn:
        raise told.ambiguous(board)
    sizes = np.array([[one.width_px, one.height_px] for one in sightings], dtype=np.float64)
    guess = _lenses(sightings, board, lenses)
    shifts_s = np.zeros(len(sightings))
    if len(sightings) > 1 and not wishes.stills and not wishes.synchronous:
        shifts_s = common_clocks(sightings, board, guess)
    clocks = wishes.clocks and len(sightings) > 1 and not wishes.stills
    for _ in range(2):  # once more when clocks turned out so far off that other pictures belong together
        shifted = tuple(one.shifted(-shift) for one, shift in zip(sightings, shifts_s, strict=True))
        chosen = _linked(shifted, board, guess, wishes)
        adjusted = _adjusted(chosen, board, sizes, lenses is None, clocks)
        late_s = adjusted.setup.clock_s
        if np.abs(late_s).max() <= max(one.step_s for one in sightings) / 2:
            break
        shifts_s = shifts_s + late_s
    late_s = shifts_s + adjusted.setup.clock_s
    return _told(sightings, board, wishes, chosen, adjusted, late_s - late_s[0])


def _lenses(sightings: Sequence[Sightings], board: Board, known: Sequence[Camera] | None) -> FloatArray:
    if known is not None:
        return np.array([lens_of(camera) for camera in known])
    return np.array(
        [
            lens_guess(glimpses(one, number), board, (one.width_px, one.height_px))
            for number, one in enumerate(sightings)
        ]
    )


def _linked(sightings: tuple[Sightings, ...], board: Board, lenses: FloatArray, wishes: Wishes) -> Linked:
    every = moments(sightings, together=not wishes.stills)
    kept = _chosen(every, len(sightings)) | _near_floor(every, wishes)
    found = linked([every[number] for number in sorted(kept)], board, lenses)
    if isinstance(found, int):
        raise told.never_together(sightings[found])
    for number in range(len(sightings)) if len(sightings) > 1 else ():
        shared = sum(count for pair, count in found.together.items() if number in pair)
        if shared < (1 if wishes.stills else LEAST_TOGETHER):
            raise told.never_together(sightings[number])
    return found


def _chosen(found: Sequence[Moment], cameras: int) -> set[int]:
    """Moments with well-spread pictures of every camera; those that several cameras saw first."""
    kept: set[int] = set()
    for camera in range(cameras):
        for several in (True, False):
            own = [
                (number, glimpse)
                for number, moment in enumerate(found)
                for glimpse in moment.glimpses
                if glimpse.camera == camera and (len(moment.glimpses) > 1) == several
            ]
            most = _PER_CAMERA if several else _PER_CAMERA // 3
            kept |= {own[place][0] for place in well_spread([glimpse for _, glimpse in own], most)}
    return kept


def _near_floor(found: Sequence[Moment], wishes: Wishes) -> set[int]:
    """The moment at which the board lay on the floor, seen by as many cameras as possible."""
    if wishes.floor_s is None or not found:
        return set()
    off = [abs(moment.time_s - wishes.floor_s) for moment in found]
    near = [number for number, each in enumerate(off) if each <= _FLOOR_WITHIN_S]
    return {max(near, key=lambda number: (len(found[number].glimpses), -off[number]))} if near else set()


def _adjusted(chosen: Linked, board: Board, sizes: FloatArray, lenses: bool, clocks: bool) -> Adjusted:
    return adjust(corners_of(chosen.moments, board), chosen.setup, sizes, lenses=lenses, clocks=clocks)


def corners_of(found: Sequence[Moment], board: Board) -> Corners:
    """All corners of all pictures, one after another."""
    every = [(number, moment, glimpse) for number, moment in enumerate(found) for glimpse in moment.glimpses]
    counts = [len(glimpse.ids) for _, _, glimpse in every]
    return Corners(
        np.repeat([glimpse.camera for _, _, glimpse in every], counts),
        np.repeat([number for number, _, _ in every], counts),
        np.concatenate([board.corners_m[glimpse.ids] for _, _, glimpse in every]),
        np.concatenate([glimpse.px for _, _, glimpse in every]),
        np.concatenate([glimpse.rate_px_s for _, _, glimpse in every]),
        np.concatenate([glimpse.change_px_s2 for _, _, glimpse in every]),
        np.repeat([glimpse.time_s - moment.time_s for _, moment, glimpse in every], counts),
        len(found),
    )


def _told(
    sightings: Sequence[Sightings],
    board: Board,
    wishes: Wishes,
    chosen: Linked,
    adjusted: Adjusted,
    late_s: FloatArray,
) -> BoardCalibration:
    setup = adjusted.setup
    cameras = tuple(_camera(one, setup, number) for number, one in enumerate(sightings))
    corners = corners_of(chosen.moments, board)
    errors_px, errors_mm = _errors(corners, setup, adjusted.residual_px)
    overall_mm = float(np.sqrt(np.mean(np.square(errors_mm))))
    calibration = Calibration(cameras, board.told(), errors_px, overall_mm, camera_error_mm=errors_mm)
    placed, floor = _on_floor(calibration, wishes, chosen, setup)
    # Of films that were started one by one nobody expects one clock.
    surprising_s = late_s if wishes.synchronous else np.zeros_like(late_s)
    findings = told.findings(sightings, errors_px, adjusted.focal_spread, surprising_s) + floor
    pictures = tuple(sum(seen is not None for seen in one.seen) for one in sightings)
    return BoardCalibration(replace(placed, findings=findings), late_s, adjusted.focal_spread, pictures)


def _camera(one: Sightings, setup: Setup, number: int) -> Camera:
    fx, fy, cx, cy = setup.lens[number, :4]
    return Camera(
        one.name,
        one.width_px,
        one.height_px,
        np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]]),
        setup.lens[number, 4:],
        setup.rotation[number],
        setup.translation_m[number],
    )


def _errors(
    corners: Corners, setup: Setup, residual_px: FloatArray
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Root mean square of each camera's corners: in its pictures, and across its line of sight."""
    square = (residual_px**2).sum(axis=1)
    world = (
        np.einsum("nij,nj->ni", setup.board_rotation[corners.pose], corners.board_m)
        + setup.board_m[corners.pose]
    )
    depth = (
        np.einsum("nj,nj->n", setup.rotation[corners.camera, 2], world)
        + setup.translation_m[corners.camera, 2]
    )
    square_mm = square * (1000 * depth / setup.lens[corners.camera, 0]) ** 2
    own = [corners.camera == number for number in range(len(setup.rotation))]
    return (
        tuple(math.sqrt(float(square[mine].mean())) for mine in own),
        tuple(math.sqrt(float(square_mm[mine].mean())) for mine in own),
    )


def _on_floor(
    calibration: Calibration, wishes: Wishes, chosen: Linked, setup: Setup
) -> tuple[Calibration, tuple[Finding, ...]]:
    if wishes.floor_s is None:
        several = len(calibration.cameras) > 1
        return level(calibration), (told.floor_unknown(),) if several else ()
    near = _near_floor(chosen.moments, wishes)
    if not near:
        raise told.no_board_on_floor(wishes.floor_s)
    nearest = near.pop()
    moment = chosen.moments[nearest]
    placed = aligned_to_board(calibration, setup.board_rotation[nearest], setup.board_m[nearest])
    return placed, told.floor_doubts(placed, len(moment.glimpses))
