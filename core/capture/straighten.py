"""Landmarks without the lens's distortion: a calibrated camera's projection knows straight lines only."""

from __future__ import annotations

from core.capture.calibration.lens import straightened_px
from core.domain.arrays import FloatArray
from core.domain.recording import LandmarkTrack


def straight_px(track: LandmarkTrack) -> FloatArray:
    """The landmarks of a track, (T, 33, 2), as its `projection` knows them."""
    return track.image_px if track.camera is None else straightened_px(track.image_px, track.camera)
