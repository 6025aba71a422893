"""Where landmarks are in space, from several calibrated cameras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.capture.common_time import common_time
from core.capture.straighten import straight_px
from core.domain.arrays import FloatArray, frozen
from core.domain.recording import LANDMARK_COUNT, LandmarkTrack

_OUTLIER_PX = 20.0
_LEAST_VISIBILITY = 0.3
_REFINEMENTS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Triangulated:
    """One person in space. Axes: T frames, 33 landmarks."""

    time_s: FloatArray  # (T,)
    world_m: FloatArray  # (T, 33, 3) z up; NaN where fewer than two cameras agree
    confidence: FloatArray  # (T, 33) 0..1, the mean visibility of the cameras used
    residual_px: FloatArray  # (T, 33) weighted RMS of the reprojection; NaN where not placed

    def __post_init__(self) -> None:
        frozen(self, "time_s", (None,))
        frozen(self, "world_m", (len(self.time_s), LANDMARK_COUNT, 3))
        frozen(self, "confidence", (len(self.time_s), LANDMARK_COUNT))
        frozen(self, "residual_px", (len(self.time_s), LANDMARK_COUNT))


def triangulate(tracks: tuple[LandmarkTrack, ...], *, outlier_px: float = _OUTLIER_PX) -> Triangulated:
    """Place every landmark by the weighted direct linear transformation.

    `tracks` are the same person seen by at least two cameras with a `projection`; they are straightened and
    brought to the times of the first one (`common_time`). Each camera's two equations are weighted by
    visibility over depth, so that the algebraic error approaches pixels (iteratively reweighted, Hartley and
    Sturm 1997, "Triangulation"). Where a camera is further than `outlier_px` off, the landmark is placed
    without the camera whose absence helps most, as long as two others remain.
    """
    views = tuple(track for track in tracks if track.projection is not None)
    if len(views) < 2:
        raise ValueError("triangulation needs two cameras with a projection")
    views = common_time(views)
    time_s = views[0].time_s
    projection = np.array([view.projection for view in views])  # (C, 3, 4)
    seen_px = np.array([straight_px(view) for view in views])  # (C, T, 33, 2)
    visibility = np.array([view.visibility for view in views])
    usable = np.isfinite(seen_px).all(axis=-1) & (visibility >= _LEAST_VISIBILITY)
    weight = np.where(usable, visibility, 0.0)  # (C, T, 33)
    point_m = _solve(projection, seen_px, weight)
    error_px = _error_px(projection, seen_px, point_m)
    for _ in range(len(views) - 2):
        bad = (np.where(weight > 0, error_px, 0.0).max(axis=0) > outlier_px) & ((weight > 0).sum(axis=0) > 2)
        if not bad.any():
            break
        weight[:, bad] = _without_worst(projection, seen_px[:, bad], weight[:, bad])
        point_m[bad] = _solve(projection, seen_px[:, bad][:, None], weight[:, bad][:, None])[0]
        error_px = _error_px(projection, seen_px, point_m)
    return _result(time_s, point_m, error_px, weight)


def _result(
    time_s: FloatArray, point_m: FloatArray, error_px: FloatArray, weight: FloatArray
) -> Triangulated:
    cameras = (weight > 0).sum(axis=0)
    placed = cameras >= 2
    total = np.maximum(weight.sum(axis=0), 1e-9)
    squares = np.where(weight > 0, weight * error_px**2, 0.0).sum(axis=0)
    return Triangulated(
        time_s,
        np.where(placed[..., None], point_m, np.nan),
        np.where(placed, weight.sum(axis=0) / np.maximum(cameras, 1), 0.0),
        np.where(placed, np.sqrt(squares / total), np.nan),
    )


def _without_worst(projection: FloatArray, seen_px: FloatArray, weight: FloatArray) -> FloatArray:
    """Weights (C, N) of N landmarks, each without the camera whose absence leaves the smallest error.

    With a wrong view among three, all three look wrong; who is to blame shows only without them.
    """
    seen_px, weight = seen_px[:, None], weight[:, None]
    left = []
    for camera in range(len(projection)):
        tried = np.array(weight)
        tried[camera] = 0.0
        error_px = _error_px(projection, seen_px, _solve(projection, seen_px, tried))
        worst_px = np.where(tried > 0, error_px, 0.0).max(axis=0)
        left.append(np.where(weight[camera] > 0, worst_px, np.inf))
    blamed = np.argmin(left, axis=0)
    return np.where(np.arange(len(projection))[:, None] == blamed, 0.0, weight[:, 0])


def _solve(projection: FloatArray, seen_px: FloatArray, weight: FloatArray) -> FloatArray:
    """(T, 33, 3) points that fit (C, T, 33, 2) pixels with weights (C, T, 33)."""
    pixel = np.nan_to_num(seen_px)
    rows = (
        pixel[..., :, None] * projection[:, None, None, 2:3, :] - projection[:, None, None, :2, :]
    )  # (C, T, 33, 2, 4)
    depth = np.ones_like(weight)
    point = np.zeros((*weight.shape[1:], 4))
    for _ in range(1 + _REFINEMENTS):
        scaled = rows * (weight / depth)[..., None, None]
        normal = np.einsum("ctlij,ctlik->tljk", scaled, scaled)
        # The eigenvector of the smallest eigenvalue minimises |A x| for |x| = 1.
        point = np.linalg.eigh(normal)[1][..., 0]
        safe = np.where(np.abs(point[..., 3:]) > 1e-12, point[..., 3:], 1e-12)
        point = point / safe
        found = np.einsum("cj,tlj->ctl", projection[:, 2], point)
        depth = np.where(np.abs(found) > 1e-6, found, 1.0)
    result: FloatArray = point[..., :3]
    return result


def _error_px(projection: FloatArray, seen_px: FloatArray, point_m: FloatArray) -> FloatArray:
    """(C, T, 33) distances between what was seen and where the points would be seen."""
    homogeneous = np.concatenate([point_m, np.ones((*point_m.shape[:-1], 1))], axis=-1)
    image = np.einsum("cij,tlj->ctli", projection, homogeneous)
    depth = np.where(np.abs(image[..., 2:]) > 1e-9, image[..., 2:], 1e-9)
    error: FloatArray = np.linalg.norm(image[..., :2] / depth - np.nan_to_num(seen_px), axis=-1)
    return error
