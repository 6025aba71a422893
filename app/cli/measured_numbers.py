"""What a session measured, as numbers for `summary.json`."""

from __future__ import annotations

from typing import Any

from app.cli.camera_numbers import camera_numbers
from core.domain.motion import Motion
from core.domain.recording import Landmarks
from core.gait.cycles import range_of_motion_deg


def measured_numbers(landmarks: Landmarks | None, motion: Motion) -> dict[str, Any]:
    """Strides, measures and quality of a motion; `landmarks` None where markers were measured."""
    left, right = motion.measures.sides
    return {
        **_seen_numbers(landmarks, motion),
        "strides_left": left.strides,
        "strides_right": right.strides,
        "speed_m_s": round(motion.measures.speed_m_s, 3),
        "cadence_steps_min": round(motion.measures.cadence_steps_min, 1),
        "rom_deg": {
            joint: round(degrees, 1)
            for cycles in motion.cycles
            if len(cycles.angle_rad)
            for joint, degrees in range_of_motion_deg(cycles).items()
        },
        "quality": {
            "sagittal_only": motion.sagittal_only,
            "residual_m": round(motion.residual_m, 4),
            "swapped_fraction": round(motion.swapped_fraction, 3),
            "findings": [
                {"severity": finding.severity.value, "code": finding.advice.code, "what": finding.advice.what}
                for finding in (*(() if landmarks is None else landmarks.findings), *motion.findings)
            ],
        },
    }


def _seen_numbers(landmarks: Landmarks | None, motion: Motion) -> dict[str, Any]:
    """What the motion was measured from: a film, else a laboratory's markers."""
    if landmarks is None:
        return {"frames": len(motion.kinematics.time_s), "marker_set": motion.marker_set}
    return {
        "frames": len(landmarks.patient.tracks[0].time_s),
        "detected_fraction": round(landmarks.patient.seen_fraction, 4),
        **camera_numbers(landmarks, motion),
    }
