"""Hide heads in pictures, so that nobody is recognised.

Each head becomes a few flat fields, blurred: what is left of a face is four by four mean colours. The fields
lie fixed to the head, so that pictures of a film cannot be put together to a finer one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.capture.pipeline import ByteImage
from core.capture.walk_seen import body_height_px
from core.domain.arrays import FloatArray, frozen
from core.domain.recording import Landmark, LandmarkTrack

HEAD_LANDMARKS = slice(0, 11)  # nose, eyes, ears and mouth
_EARS = [Landmark.LEFT_EAR.value, Landmark.RIGHT_EAR.value]
RADIUS = 0.105  # of the body height, around the middle of the face: hair and chin, not the shoulders
_SPREAD = 1.8  # times the distance of the outermost landmark of the face, for people close to the camera
_LEAST_PX = 4.0
_BEYOND_S = 1.0  # heads are hidden for this long before and after a person was seen
_LESS_SURE_S = 0.3  # so much larger per second without a sighting
_FIELDS = 4  # across a head
_FROM_S = 0.3  # the motion at either end of a sighting, from so much of it


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """The heads to hide in every frame. Axes: T frames, P people."""

    centre_px: FloatArray  # (T, P, 2) NaN where there is nobody
    radius_px: FloatArray  # (T, P)

    def __post_init__(self) -> None:
        frozen(self, "centre_px", (None, None, 2))
        frozen(self, "radius_px", self.centre_px.shape[:2])


def heads_of(tracks: Sequence[LandmarkTrack], time_s: Sequence[float]) -> Heads:
    """Heads at the times (T,) of the film; between sightings, and for a second around them, as they move.

    Tracks of the same person may come several times, the best first: where that one saw the head, its place
    is enough.
    """
    now = np.asarray(time_s, dtype=float)
    centre = np.full((len(now), len(tracks), 2), np.nan)
    radius = np.zeros((len(now), len(tracks)))
    sure_of: dict[int, NDArray[np.bool_]] = {}
    for number, track in enumerate(tracks):
        one = _head_of(track, now)
        if one is None:
            continue
        place, size, sure = one
        for earlier, seen in sure_of.items():
            away = np.linalg.norm(centre[:, earlier] - place, axis=1)
            place[(away < 0.5 * size) & seen] = np.nan
        centre[:, number], radius[:, number] = place, size
        sure_of[number] = sure
    return Heads(centre, np.maximum(radius, _LEAST_PX))


def _head_of(
    track: LandmarkTrack, now: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]] | None:
    """Centre (T, 2), radius (T,) and whether it is between two sightings; None for nobody."""
    seen = np.isfinite(track.image_px[:, HEAD_LANDMARKS]).all(axis=(1, 2))
    if not seen.any():
        return None
    known_s = track.time_s[seen]
    middle, size = _circles(track.image_px[seen])
    centre = np.stack([_moving_on(now, known_s, middle[:, axis]) for axis in range(2)], axis=1)
    gone_s = np.maximum(known_s[0] - now, now - known_s[-1]).clip(0.0)
    centre[gone_s > _BEYOND_S] = np.nan
    return centre, np.interp(now, known_s, size) * (1.0 + _LESS_SURE_S * gone_s), gone_s == 0.0


def with_sightings(heads: Heads, found: Sequence[Sequence[FloatArray]]) -> Heads:
    """Also the heads of poses (33, 2) that were found in single frames, whoever they belong to."""
    most = max((len(poses) for poses in found), default=0)
    centre = np.full((len(heads.centre_px), most, 2), np.nan)
    radius = np.full((len(heads.centre_px), most), _LEAST_PX)
    for frame, poses in enumerate(found):
        if poses:
            centre[frame, : len(poses)], radius[frame, : len(poses)] = _circles(np.array(poses), alone=True)
    return Heads(
        np.concatenate([heads.centre_px, centre], axis=1), np.concatenate([heads.radius_px, radius], axis=1)
    )


def _circles(image: FloatArray, *, alone: bool = False) -> tuple[FloatArray, FloatArray]:
    """Centre (N, 2) and radius (N,) of the heads of poses (N, 33, 2): of one person, or each `alone`."""
    face = image[:, HEAD_LANDMARKS]
    middle = (face.mean(axis=1) + 2.0 * face[:, _EARS].mean(axis=1)) / 3  # the face lies in front of the head
    spread = np.linalg.norm(face - middle[:, None], axis=2).max(axis=1)
    heights = [body_height_px(image[k : k + 1])[0] for k in range(len(image))] if alone else None
    height = body_height_px(image) if heights is None else np.array(heights)
    return middle, np.maximum(RADIUS * height, _SPREAD * spread)


def _moving_on(now: FloatArray, known_s: FloatArray, place: FloatArray) -> FloatArray:
    """Places at the times `now`: between known ones straight, beyond them at the speed there."""
    found = np.interp(now, known_s, place)
    for end, edge_s in ((now < known_s[0], known_s[0]), (now > known_s[-1], known_s[-1])):
        near = np.abs(known_s - edge_s) <= _FROM_S
        if end.any() and near.sum() > 2:
            found[end] += np.polyfit(known_s[near], place[near], 1)[0] * (now[end] - edge_s)
    return np.asarray(found)


def hide_heads(image: ByteImage, centre_px: FloatArray, radius_px: FloatArray) -> None:
    """Hide the heads (P, 2) with radius (P,) in a picture (H, W, 3), in place."""
    for centre, radius in zip(centre_px, radius_px, strict=True):
        if np.isfinite(centre).all():
            _hide(image, centre, float(radius))


def _hide(image: ByteImage, centre: FloatArray, radius: float) -> None:
    height, width = image.shape[:2]
    side = max(_FIELDS, round(2 * radius))
    left, top = round(float(centre[0]) - side / 2), round(float(centre[1]) - side / 2)
    inner_left, inner_top = max(0, left), max(0, top)
    right, bottom = min(width, left + side), min(height, top + side)
    if right <= inner_left or bottom <= inner_top:
        return
    square = cv2.copyMakeBorder(
        image[inner_top:bottom, inner_left:right],
        inner_top - top,
        top + side - bottom,
        inner_left - left,
        left + side - right,
        cv2.BORDER_REPLICATE,
    )
    fields = cv2.resize(square, (_FIELDS, _FIELDS), interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(fields, (side, side), interpolation=cv2.INTER_LINEAR)
    offset = np.arange(side) - (side - 1) / 2
    inside = offset[:, None] ** 2 + offset[None, :] ** 2 <= (side / 2) ** 2
    part = slice(inner_top - top, bottom - top), slice(inner_left - left, right - left)
    image[inner_top:bottom, inner_left:right][inside[part]] = blurred[part][inside[part]]
