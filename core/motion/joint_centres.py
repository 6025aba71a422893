"""Joint centres from markers on the skin. Axes of arrays: T frames; metres, z up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.gait.norm_tables import PELVIC_TILT_DEG
from core.motion.marker_places import Place
from core.motion.marker_sets import LabelledMarkers, back_of_pelvis, tilt_is_told

# Harrington et al. 2007, J Biomech 40:595, table 5 (all 32 subjects): millimetres from the middle of the
# front of the pelvis, forward, up and to the side.
_FORWARD, _UP, _ASIDE = (-0.24, -9.9), (-0.30, -10.9), (0.33, 7.3)
# Breadths of the body's bones against its height (Ross & Wilson 1974, Acta Paediatr Belg 28:169: 9.52 and
# 6.68 cm of 170.18): half of one lies between a joint's centre and the marker on its outer side.
_KNEE_BREADTH, _ANKLE_BREADTH = 0.0559, 0.0393
_MARKER_RADIUS_M = 0.007
_WAND_M = 0.015  # a marker of the thigh that near to the line from hip to knee tells no plane


@dataclass(frozen=True, slots=True, eq=False)
class PelvisAxes:
    """The pelvis by its four bony points: axes (T, 3) and the middle of its front (T, 3)."""

    front_m: FloatArray
    forward: FloatArray
    up: FloatArray
    right: FloatArray
    width_m: FloatArray  # (T,) between both points of the front
    depth_m: FloatArray  # (T,) from front to back


@dataclass(frozen=True, slots=True, eq=False)
class LegCentres:
    """One leg. NaN where its markers do not tell."""

    hip_m: FloatArray  # (T, 3)
    knee_m: FloatArray  # (T, 3)
    ankle_m: FloatArray  # (T, 3)
    knee_axis: FloatArray  # (T, 3) unit vector from the knee's inner to its outer side


def pelvis_axes(labelled: LabelledMarkers, marker_m: FloatArray) -> PelvisAxes:
    """Axes as of Harrington et al.: to the side between both fronts, forward in the plane with the back.

    With one marker somewhere on the sacrum the mean tilt over the frames is taken to be a healthy one.
    """
    left, right = (labelled.mean_m(marker_m, Place.ASIS, side) for side in SIDES)
    front = 0.5 * (left + right)
    to_right = _unit(right - left)
    from_back = front - back_of_pelvis(labelled, marker_m)
    up = _unit(np.cross(to_right, from_back))
    forward = np.cross(up, to_right)
    if not tilt_is_told(labelled):
        more = np.radians(PELVIC_TILT_DEG) - _typical(np.arcsin(-forward[:, 2]))
        forward, up = (
            np.cos(more) * forward - np.sin(more) * up,
            np.cos(more) * up + np.sin(more) * forward,
        )
    return PelvisAxes(
        front_m=front,
        forward=forward,
        up=up,
        right=to_right,
        width_m=np.linalg.norm(right - left, axis=1),
        depth_m=np.linalg.norm(from_back, axis=1),
    )


def leg_centres(
    labelled: LabelledMarkers, marker_m: FloatArray, pelvis: PelvisAxes, side: Side, height_m: float
) -> LegCentres:
    """Centres of one leg in every frame."""
    hip = _hip_m(pelvis, side)
    outward = pelvis.right * (-1.0 if side is Side.LEFT else 1.0)
    outer, inner = (
        labelled.mean_m(marker_m, place, side) for place in (Place.KNEE_LATERAL, Place.KNEE_MEDIAL)
    )
    wand = labelled.mean_m(marker_m, Place.THIGH, side)
    half_m = 0.5 * _KNEE_BREADTH * height_m + _MARKER_RADIUS_M
    knee = _middle(outer, inner, _by_chord(hip, outer, _inward(hip, outer, wand, outward), half_m))
    axis = _unit(np.where(np.isfinite(inner), outer - inner, outer - knee))
    malleolus, inner = (
        labelled.mean_m(marker_m, place, side) for place in (Place.ANKLE_LATERAL, Place.ANKLE_MEDIAL)
    )
    half_m = 0.5 * _ANKLE_BREADTH * height_m + _MARKER_RADIUS_M
    ankle = _middle(malleolus, inner, _by_chord(knee, malleolus, -axis, half_m))
    return LegCentres(hip, knee, ankle, axis)


def _hip_m(pelvis: PelvisAxes, side: Side) -> FloatArray:
    """One person has one pelvis: its width and depth are the medians of all frames."""
    width_mm, depth_mm = (1e3 * _typical(size) for size in (pelvis.width_m, pelvis.depth_m))
    forward, up, aside = (
        (slope * size + rest) / 1e3
        for (slope, rest), size in zip((_FORWARD, _UP, _ASIDE), (depth_mm, width_mm, width_mm), strict=True)
    )
    aside = -aside if side is Side.LEFT else aside
    return np.asarray(pelvis.front_m + forward * pelvis.forward + up * pelvis.up + aside * pelvis.right)


def _typical(values: FloatArray) -> float:
    """Median of what is known; NaN of nothing."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _middle(outer: FloatArray, inner: FloatArray, otherwise: FloatArray) -> FloatArray:
    """Between the markers of both sides, else `otherwise`."""
    both = 0.5 * (outer + inner)
    return np.where(np.isfinite(both), both, otherwise)


def _inward(hip: FloatArray, knee: FloatArray, wand: FloatArray, outward: FloatArray) -> FloatArray:
    """From the knee's outer marker towards its centre: away from the marker on the thigh's outer side.

    Without one, or where it lies on the line from hip to knee, the way to the other side of the pelvis.
    """
    along = _unit(knee - hip)
    beside = _square_to(wand - knee, along)
    clear = np.linalg.norm(beside, axis=1, keepdims=True) > _WAND_M
    outside = np.einsum("tk,tk->t", beside, outward)[:, None] > 0.0
    return np.where(clear & outside, -beside, -outward)


def _by_chord(above: FloatArray, outer: FloatArray, inward: FloatArray, half_m: float) -> FloatArray:
    """A joint's centre, `half_m` from the marker on its outer side, square to the line from the joint above.

    The chord function of the conventional gait model (Davis et al. 1991, Hum Mov Sci 10:575); `inward` tells
    the plane.
    """
    line = above - outer
    length_m = np.linalg.norm(line, axis=1, keepdims=True)
    cosine = np.clip(half_m / np.maximum(length_m, half_m), 0.0, 1.0)
    beside = _unit(_square_to(inward, _unit(line)))
    return np.asarray(outer + half_m * (cosine * _unit(line) + np.sqrt(1.0 - cosine**2) * beside))


def _square_to(vector: FloatArray, axis: FloatArray) -> FloatArray:
    """The part of vectors (T, 3) square to unit vectors (T, 3)."""
    return np.asarray(vector - np.einsum("tk,tk->t", vector, axis)[:, None] * axis)


def _unit(vector: FloatArray) -> FloatArray:
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.asarray(vector / np.where(length > 1e-9, length, np.nan))
