"""What became of each camera of several, as a table."""

from __future__ import annotations

import numpy as np

from core.domain.recording import CameraVerdict, Landmarks, Synchronised
from ui.pages.number_table import NumberRow, NumberTable
from ui.wording import listed, percent

_COLUMNS = ("", "Sees the patient", "Starts", "Drift", "Off by", "Verdict")
_NO_SHIFT_FRAMES = 0.05


def camera_table(landmarks: Landmarks) -> NumberTable | None:
    """One row per video; None where there is one only."""
    if len(landmarks.cameras) < 2:
        return None
    calibrated = sum(track.projection is not None for track in landmarks.patient.tracks) > 1
    rows = (_row(number, camera, calibrated) for number, camera in enumerate(landmarks.cameras, start=1))
    return NumberTable(_COLUMNS, tuple(rows))


def cameras_words(numbers: tuple[int, ...]) -> str:
    """Camera 2, or Cameras 1, 2 and 4; numbers count from 0."""
    names = listed([str(number + 1) for number in numbers])
    return f"Camera {names}" if len(numbers) == 1 else f"Cameras {names}"


def _row(number: int, camera: CameraVerdict, calibrated: bool) -> NumberRow:
    name = f"Camera {number} · {camera.name}" if camera.name else f"Camera {number}"
    if camera.left_out:
        return NumberRow(
            name, ("–", "–", "–", "–", f"left out: {_clause(camera.left_out)}"), tip=camera.left_out
        )
    sync = camera.sync
    verdict = "used" if calibrated else "usable alone"
    if sync is None:
        return NumberRow(name, (percent(camera.seen_fraction), "gives the time", "–", "–", verdict))
    cells = (percent(camera.seen_fraction), _starts(camera), _drift(sync), _off(sync), verdict)
    return NumberRow(name, cells, tip=f"{sync.offset_s:+.3f} s; how sure: {percent(sync.sure)}")


def _starts(camera: CameraVerdict) -> str:
    """When its film begins on the first camera's clock, in its own pictures."""
    assert camera.sync is not None
    frames = camera.offset_frames
    unsure = "" if camera.sync.is_sure else ", not sure"
    if abs(frames) < _NO_SHIFT_FRAMES:
        return f"at the same time{unsure}"
    return f"{abs(frames):.1f} frames {'later' if frames > 0 else 'earlier'}{unsure}"


def _drift(sync: Synchronised) -> str:
    if np.isnan(sync.drift):
        return "too short to tell"
    ppm = round(1e6 * sync.drift)
    return "in step" if ppm == 0 else f"{abs(ppm)} ppm {'slow' if ppm > 0 else 'fast'}"


def _off(sync: Synchronised) -> str:
    return "–" if np.isnan(sync.residual_px) else f"{sync.residual_px:.1f} px"


def _clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
