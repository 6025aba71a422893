"""How long this person's segments are, from the landmarks of one trial."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.recording import Landmark
from core.motion.body_landmarks import BodyLandmarks
from core.twin.scaling import Segment

_ENDS = {
    Segment.THIGH: ("HIP", "KNEE"),
    Segment.SHANK: ("KNEE", "ANKLE"),
    Segment.FOOT: ("HEEL", "FOOT_INDEX"),
}


def measured_lengths_m(observation: BodyLandmarks) -> dict[Segment, float]:
    """Median length of each segment over frames and sides; without what was not seen.

    One camera measures lengths only from the side, where the limbs move in the picture.
    """
    if observation.one_camera and not observation.planar:
        return {}
    lengths = {segment: _leg_length_m(observation, *ends) for segment, ends in _ENDS.items()}
    hip = observation.midpoint(Landmark.LEFT_HIP, Landmark.RIGHT_HIP)
    shoulder = observation.midpoint(Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER)
    lengths[Segment.TRUNK] = _median_m(shoulder - hip)
    if not observation.planar:
        lengths[Segment.PELVIS] = _median_m(
            observation.position_of(Landmark.LEFT_HIP) - observation.position_of(Landmark.RIGHT_HIP)
        )
    return {segment: length for segment, length in lengths.items() if np.isfinite(length)}


def _leg_length_m(observation: BodyLandmarks, base: str, tip: str) -> float:
    both = [
        observation.position_of(Landmark[f"{side.name}_{tip}"])
        - observation.position_of(Landmark[f"{side.name}_{base}"])
        for side in SIDES
    ]
    return float(np.nanmean([_median_m(vector) for vector in both]))


def _median_m(vector: FloatArray) -> float:
    length = np.linalg.norm(vector, axis=1)
    return float(np.median(length[np.isfinite(length)])) if np.isfinite(length).any() else float("nan")
