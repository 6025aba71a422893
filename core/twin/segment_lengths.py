"""A person's segment lengths from the landmarks of one trial, and the scale factors that follow."""

from __future__ import annotations

import numpy as np

from core.domain.twin import GENERIC_BODY, SegmentScale
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
    usable = (
        [Segment.THIGH, Segment.SHANK]
        if one_camera
        else [Segment.THIGH, Segment.SHANK, Segment.FOOT, Segment.TRUNK]
    )
    if not set(usable) <= set(ratio):
        return expected
    level = (ratio[Segment.THIGH] + ratio[Segment.SHANK]) / 2 if one_camera else 1.0
    trust = TRUST_ONE_CAMERA if one_camera else TRUST_SEVERAL_CAMERAS
    factor = {segment.value: segment.factor(expected) for segment in Segment}
    for segment in usable:
        deviation = trust * (ratio[segment] / level - 1.0)
        factor[segment.value] *= 1.0 + float(np.clip(deviation, -LARGEST_DEVIATION, LARGEST_DEVIATION))
    return SegmentScale(**factor)


def scale_of(lengths_m: dict[Segment, float]) -> SegmentScale:
    """The factors that give these lengths: those of a body that markers measured, segment by segment."""
    return SegmentScale(**{s.value: lengths_m[s] / GENERIC_LENGTH_M[s] for s in Segment})


def lengths_by_name(lengths_m: dict[Segment, float], height_m: float) -> dict[str, float]:
    """Lengths for the record; those that were not measured follow body height."""
    fraction = height_m / GENERIC_BODY.height_m
    return {s.value: float(lengths_m.get(s, GENERIC_LENGTH_M[s] * fraction)) for s in Segment}
