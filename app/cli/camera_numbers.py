"""What became of each camera of several, as numbers."""

from __future__ import annotations

import math
from typing import Any

from core.domain.motion import Motion
from core.domain.recording import Landmarks


def camera_numbers(landmarks: Landmarks, motion: Motion) -> dict[str, Any]:
    """What became of each camera, where there are several."""
    if not landmarks.cameras:
        return {}
    used = {(landmarks.patient.videos or (0,))[track] for track in motion.cameras_used}
    return {
        "cameras": [
            {
                "seen_fraction": round(camera.seen_fraction, 4),
                "offset_frames": round(camera.offset_frames, 2) if camera.sync is not None else None,
                "drift_ppm": _known(1e6 * camera.sync.drift, 1) if camera.sync is not None else None,
                "error_px": _known(camera.sync.residual_px, 2) if camera.sync is not None else None,
                "used": number in used,
                "left_out": camera.left_out,
            }
            for number, camera in enumerate(landmarks.cameras)
        ]
    }


def _known(value: float, digits: int) -> float | None:
    return round(value, digits) if math.isfinite(value) else None
