"""The part of a track in which the person is seen, ready for a fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.capture.gaps import bridged
from core.domain.arrays import FloatArray
from core.domain.recording import Landmark, LandmarkTrack
from core.errors import refuse
from core.twin.skeleton import COLUMN, POINTS

LEAST_FRAMES = 10
_MINIMUM_VISIBILITY = 0.3  # below this the detector guesses


def seen_part(track: LandmarkTrack) -> LandmarkTrack:
    """From the first to the last frame with the person in view, gaps bridged.

    What the detector guesses beyond the edge of the picture is not seen. Raises MOT-001.
    """
    track = replace(track, visibility=np.where(inside_picture(track), track.visibility, 0.0))
    hips = [Landmark.LEFT_HIP.value, Landmark.RIGHT_HIP.value]
    _, counts = seen_points(track)
    a_leg = (counts[:, COLUMN[Landmark.LEFT_HIP] :] > 0.0).any(axis=1)
    track = cut(track, seen_span(np.isfinite(track.image_px[:, hips]).all(axis=(1, 2)) & a_leg))
    # Visibility is 0 in gaps: what is put there only carries the path on.
    return replace(
        track, image_px=bridged(track.time_s, track.image_px), world_m=bridged(track.time_s, track.world_m)
    )


def seen_span(seen: ArrayLike) -> slice:
    """From the first to the last of the frames (T,) with the person in view. Raises MOT-001."""
    frames = np.flatnonzero(np.asarray(seen))
    if len(frames) < LEAST_FRAMES:
        raise refuse(
            "MOT-001",
            f"The person was seen in {len(frames)} frames only.",
            "A motion needs at least ten frames with the whole body in view.",
            "Record again with the whole body in the picture and good light.",
        )
    return slice(int(frames[0]), int(frames[-1]) + 1)


def cut(track: LandmarkTrack, part: slice) -> LandmarkTrack:
    """Some of the frames of a track."""
    return replace(
        track,
        time_s=track.time_s[part],
        image_px=track.image_px[part],
        world_m=track.world_m[part],
        visibility=track.visibility[part],
    )


def seen_points(track: LandmarkTrack) -> tuple[FloatArray, FloatArray]:
    """Pixels (T, P, 2) of the points that are fitted, and how much each counts (T, P): 0 where not seen."""
    columns = [point.value for point in POINTS]
    image, visibility = track.image_px[:, columns], track.visibility[:, columns]
    seen = np.isfinite(image).all(axis=2) & (visibility >= _MINIMUM_VISIBILITY)
    return np.nan_to_num(image), np.where(seen, visibility, 0.0)


def walked_fraction(track: LandmarkTrack) -> float:
    """Way of the hips across the picture, as a fraction of its width; the best side view has the largest."""
    hip_px = track.image_px[:, [Landmark.LEFT_HIP.value, Landmark.RIGHT_HIP.value], 0].mean(axis=1)
    seen = hip_px[np.isfinite(hip_px)]
    return float(np.ptp(seen)) / track.width_px if len(seen) else 0.0


def inside_picture(track: LandmarkTrack) -> NDArray[np.bool_]:
    """Which landmarks lie in the picture, (T, 33); the detector goes on guessing beyond its edge."""
    x, y = track.image_px[..., 0], track.image_px[..., 1]
    with np.errstate(invalid="ignore"):
        return np.asarray((x >= 0) & (x <= track.width_px) & (y >= 0) & (y <= track.height_px))
