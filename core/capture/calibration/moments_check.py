"""A calibration held against what its cameras saw of a board later."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.capture.calibration.boards import Board
from core.capture.calibration.bundle_model import Setup
from core.capture.calibration.first_guess import lens_of, pose_of
from core.capture.calibration.sightings import Moment
from core.domain.calibration import Calibration


def placed_setup(
    found: Sequence[Moment], board: Board, calibration: Calibration
) -> tuple[Setup, list[Moment]]:
    """The set-up of a calibration with a board pose for every moment that gives one, and those moments."""
    lenses = np.array([lens_of(camera) for camera in calibration.cameras])
    kept, turns, places = [], [], []
    for moment in found:
        glimpse = max(moment.glimpses, key=lambda each: len(each.ids))
        camera = calibration.cameras[glimpse.camera]
        pose = pose_of(glimpse, board, lenses[glimpse.camera])
        if pose is not None:
            kept.append(moment)
            turns.append(camera.rotation.T @ pose[0])
            places.append(camera.rotation.T @ (pose[1] - camera.translation_m))
    setup = Setup(
        np.array([camera.rotation for camera in calibration.cameras]),
        np.array([camera.translation_m for camera in calibration.cameras]),
        lenses,
        np.zeros(len(lenses)),
        np.array(turns),
        np.array(places),
    )
    return setup, kept
