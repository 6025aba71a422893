"""Calibrated cameras in words: a sentence, a table, and what can be done next."""

from __future__ import annotations

import math

from core.domain.calibration import Calibration
from core.domain.findings import Severity
from core.domain.record import RecordInfo
from ui.pages.calibration_panel import CalibrationState
from ui.pages.capture import CaptureState
from ui.pages.number_table import NumberRow, NumberTable
from ui.theme import Tone
from ui.wording import count, day

_COLUMNS = ("", "Picture", "Focal length", "Off by", "In space", "Stands at (m)")
_FILMS = "Choose films of the board"


def calibration_page(
    calibration: Calibration | None, earlier: RecordInfo | None, *, busy: bool
) -> CaptureState:
    """The page while cameras are calibrated: asks for films, or shows what came out."""
    others: list[tuple[str, str]] = [("calibration file", "Check a calibration file…")]
    if earlier is not None:
        others.append(("not moved", f"Cameras have not moved since {day(earlier.created_utc)}"))
    others.append(("close", "Back to the walk"))
    headline, tone = calibration_verdict(calibration)
    return CaptureState(
        "Looking at the board…" if busy else headline,
        Tone.NEUTRAL if busy else tone,
        calibration=CalibrationState(
            None if calibration is None else calibration_table(calibration),
            "" if calibration is None else calibration.source,
            busy,
        ),
        findings=() if calibration is None or busy else calibration.findings,
        main_action="" if busy else _FILMS,
        secondary=() if busy else tuple(others),
    )


def calibration_verdict(calibration: Calibration | None) -> tuple[str, Tone]:
    if calibration is None:
        return "Where the cameras stand is not known yet.", Tone.NEUTRAL
    words = f"{count(len(calibration.cameras), 'camera')} calibrated"
    errors = [error for error in calibration.error_px if math.isfinite(error)]
    if errors:
        words += f": off by at most {max(errors):.1f} px"
    if math.isfinite(calibration.error_mm):
        words += f"{',' if errors else ':'} {calibration.error_mm:.1f} mm in space"
    doubted = any(finding.severity is not Severity.NOTE for finding in calibration.findings)
    return f"{words}.", Tone.WARN if doubted else Tone.OK


def calibration_table(calibration: Calibration) -> NumberTable:
    """One row per camera."""
    rows = []
    for number, camera in enumerate(calibration.cameras):
        error_px = calibration.error_px[number]
        error_mm = calibration.camera_error_mm[number] if calibration.camera_error_mm else math.nan
        place = ", ".join(f"{value:.2f}" for value in camera.centre_m)
        cells = (
            f"{camera.width_px} × {camera.height_px}",
            f"{camera.matrix[0, 0]:.0f} px",
            f"{error_px:.2f} px" if math.isfinite(error_px) else "–",
            f"{error_mm:.2f} mm" if math.isfinite(error_mm) else "–",
            place,
        )
        rows.append(NumberRow(camera.name, cells))
    return NumberTable(_COLUMNS, tuple(rows))
