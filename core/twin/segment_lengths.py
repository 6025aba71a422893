"""A person's segment lengths from the landmarks of one trial, and the scale factors that follow."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.recording import Landmark
from core.domain.twin import GENERIC_BODY, SegmentScale
from core.twin.observation import Observation
from core.twin.scaling import Segment, scales_for_height

GENERIC_LENGTH_M = {  # of the unscaled model, between the places where landmarks sit
    Segment.PELVIS: 0.1545,
    Segment.THIGH: 0.4044,
    Segment.SHANK: 0.4001,
    Segment.FOOT: 0.200,
    Segment.TRUNK: 0.535,
}
TRUST_ONE_CAMERA = 0.5
TRUST_SEVERAL_CAMERAS = 0.8
LARGEST_DEVIATION = 0.10  # from the proportions of body height; adults vary by 4 % (Winter 2009, ch. 4)

_ENDS = {
    Segment.THIGH: ("HIP", "KNEE"),
    Segment.SHANK: ("KNEE", "ANKLE"),
    Segment.FOOT: ("HEEL", "FOOT_INDEX"),
}


def measured_lengths_m(observation: Observation) -> dict[Segment, float]:
    """Median length of each segment over frames and sides; without what was not seen.

    One camera measures lengths only from the side, where the limbs move in the picture.
    """
    if observation.one_camera and not observation.planar:
        return {}
    lengths = {segment: _leg_length_m(observation, *ends) for segment, ends in _ENDS.items()}
    hip = observation.middle(Landmark.LEFT_HIP, Landmark.RIGHT_HIP)
    shoulder = observation.middle(Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER)
    lengths[Segment.TRUNK] = _median_m(shoulder - hip)
    if not observation.planar:
        lengths[Segment.PELVIS] = _median_m(
            observation.at(Landmark.LEFT_HIP) - observation.at(Landmark.RIGHT_HIP)
        )
    return {segment: length for segment, length in lengths.items() if np.isfinite(length)}


def estimate_scale(lengths_m: dict[Segment, float], height_m: float, *, one_camera: bool) -> SegmentScale:
    """Scale factors: proportions of body height, drawn towards what was measured.

    One camera sees lengths relative to each other only (its metre comes from the height), and its hip and
    shoulder landmarks sit beside the joints, so only the ratio of thigh to shank is used. Several calibrated
    cameras measure metres; pelvis width stays with body height, because the hip landmarks lie on the skin.
    """
    expected = scales_for_height(height_m)
    ratio = {
        segment: length / (GENERIC_LENGTH_M[segment] * segment.factor(expected))
        for segment, length in lengths_m.items()
    }
    usable = [Segment.THIGH, Segment.SHANK] if one_camera else [*_ENDS, Segment.TRUNK]
    if not set(usable) <= set(ratio):
        return expected
    level = (ratio[Segment.THIGH] + ratio[Segment.SHANK]) / 2 if one_camera else 1.0
    trust = TRUST_ONE_CAMERA if one_camera else TRUST_SEVERAL_CAMERAS
    factor = {segment.value: segment.factor(expected) for segment in Segment}
    for segment in usable:
        deviation = trust * (ratio[segment] / level - 1.0)
        factor[segment.value] *= 1.0 + float(np.clip(deviation, -LARGEST_DEVIATION, LARGEST_DEVIATION))
    return SegmentScale(**factor)


def lengths_by_name(lengths_m: dict[Segment, float], height_m: float) -> dict[str, float]:
    """Lengths for the record; what was not seen follows body height."""
    share = height_m / GENERIC_BODY.height_m
    return {s.value: float(lengths_m.get(s, GENERIC_LENGTH_M[s] * share)) for s in Segment}


def _leg_length_m(observation: Observation, base: str, tip: str) -> float:
    both = [
        observation.at(Landmark[f"{side.name}_{tip}"]) - observation.at(Landmark[f"{side.name}_{base}"])
        for side in SIDES
    ]
    return float(np.nanmean([_median_m(vector) for vector in both]))


def _median_m(vector: FloatArray) -> float:
    length = np.linalg.norm(vector, axis=1)
    return float(np.median(length[np.isfinite(length)])) if np.isfinite(length).any() else float("nan")
