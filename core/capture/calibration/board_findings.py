"""What is told of a calibration with a board, and why one is refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.capture.calibration.boards import Board
from core.capture.calibration.floor import level_up
from core.capture.calibration.sightings import Sightings
from core.domain.arrays import FloatArray
from core.domain.calibration import Calibration
from core.domain.findings import Finding, Severity
from core.errors import Advice, UserError, refuse

GOOD_PX = 1.5  # for pictures of 1280 pixels; larger ones in proportion
_USUAL_WIDTH_PX = 1280
GOOD_FOCAL = 0.015  # standard deviation, as a share
_LATE_S = 0.02  # from which on it is worth telling


def too_few(one: Sightings, least: int) -> UserError:
    seen = sum(each is not None for each in one.seen)
    return refuse(
        "CAL-024",
        f"Camera {one.name} saw the board in {seen} of {len(one.seen)} pictures that were looked at.",
        f"At least {least} are needed.",
        "Film again: the whole board in the picture, moved slowly through all of it, tilted, near and far.",
    )


def never_together(one: Sightings) -> UserError:
    return refuse(
        "CAL-025",
        f"Camera {one.name} hardly ever saw the board at the same time as another camera.",
        "Where a camera stands is found from moments at which two or more see the board.",
        "Film again, with the board held still and moved between where this camera and its neighbour see it.",
    )


def no_common_time(one: Sightings) -> UserError:
    return refuse(
        "CAL-026",
        f"When camera {one.name} filmed the same as the others could not be found.",
        "How fast the board moves is not alike at any shift of its times.",
        "Start all cameras first, then move and stop the board some times where all see it; or give the "
        "times of the pictures.",
    )


def ambiguous(board: Board) -> UserError:
    return refuse(
        "CAL-027",
        f"With a {board.told()} only one camera can be calibrated.",
        "It looks the same after half a turn, so two cameras may count its corners from opposite ends.",
        "Use a ChArUco board, or a chessboard whose sides have an even and an odd number of squares.",
    )


def no_board_on_floor(time_s: float) -> UserError:
    return refuse(
        "CAL-028",
        f"The board was not seen lying on the floor at {time_s:.1f} s.",
        "No camera shows it within a second of that time.",
        "Name a time at which it lies there in view, or leave the floor open.",
    )


def findings(
    sightings: Sequence[Sightings],
    errors_px: Sequence[float],
    focal_spread: FloatArray,
    late_s: FloatArray,
) -> tuple[Finding, ...]:
    """Of each camera: whether it agrees, whether its lens is well known, whether its pictures come late."""
    found: list[Finding] = []
    for one, error_px, spread, late in zip(sightings, errors_px, focal_spread, late_s, strict=True):
        if error_px > GOOD_PX * max(1.0, max(one.width_px, one.height_px) / _USUAL_WIDTH_PX):
            found.append(_off(one, error_px))
        if spread > GOOD_FOCAL:
            found.append(_roughly(one, float(spread)))
        if abs(late) > _LATE_S and np.isfinite(late):
            found.append(_late(one, float(late)))
    return tuple(found)


def _off(one: Sightings, error_px: float) -> Finding:
    advice = Advice(
        f"Camera {one.name} does not fit the board: its corners are off by {error_px:.1f} pixels.",
        "The board bent or moved fast, the camera was moved, or it is another board.",
        "Film again with the board on something stiff, moved slowly, and the cameras fixed.",
        "CAL-030",
    )
    return Finding(Severity.WARNING, advice)


def _roughly(one: Sightings, spread: float) -> Finding:
    advice = Advice(
        f"The focal length of camera {one.name} is known to {100 * spread:.1f} % only.",
        "The board was seen too much alike: from the front, in one part of the picture, at one distance.",
        "Film again with the board tilted to all sides, near enough to fill the picture, and in its corners.",
        "CAL-031",
    )
    return Finding(Severity.WARNING, advice)


def _late(one: Sightings, late_s: float) -> Finding:
    how = "later" if late_s > 0 else "earlier"
    advice = Advice(
        f"Camera {one.name} stamps its pictures {abs(late_s) * 1000:.0f} ms {how} than the first camera.",
        "The moving board shows it.",
        "It was taken into account here; a walk filmed with these cameras needs to be synchronised too.",
        "CAL-032",
    )
    return Finding(Severity.NOTE, advice)


def floor_unknown() -> Finding:
    advice = Advice(
        "Where the floor is, is not told by this calibration.",
        "The board did not lie on it; upright is taken from cameras that stand level.",
        "Lay the board on the floor for a while when you film it, and tell at which time.",
        "CAL-033",
    )
    return Finding(Severity.NOTE, advice)


def floor_doubts(calibration: Calibration, cameras: int) -> tuple[Finding, ...]:
    """A board said to lie on the floor that stands upright in the pictures, or above a camera."""
    lowest = min(float(camera.centre_m[2]) for camera in calibration.cameras)
    if level_up(calibration)[2] > np.cos(np.radians(15)) and lowest > 0:
        return ()
    advice = Advice(
        "The board may not have lain on the floor.",
        f"Seen by {cameras} camera{'s' if cameras > 1 else ''}, it does not lie level below the cameras.",
        "Name the time at which it lay on the floor, or leave the floor open.",
        "CAL-034",
    )
    return (Finding(Severity.WARNING, advice),)
