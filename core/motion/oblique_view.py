"""One camera that sees a person from between the side and the front.

The picture measures two directions; along the line of sight there are only the pose detector's world
landmarks, which guess. Both go into the fit, the guess with less weight; the body's fixed segment lengths
then decide how far a limb that looks short points towards or away from the camera (Taylor 2000, Computer
Vision and Image Understanding 80:349).
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.recording import Landmark, LandmarkTrack
from core.motion.body_landmarks import (
    SHOULDER_TO_ANKLE,
    BodyLandmarks,
    kept_confidence,
    robust_slope,
    seen_part,
    standing_on_floor,
    walked_part,
)
from core.twin.skeleton import COLUMN, POINTS

_ACROSS = ((Landmark.LEFT_HIP, Landmark.RIGHT_HIP), (Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER))

DEPTH_TRUST = 0.3  # the detector's depth is about three times less certain than its place in the picture

_LENGTHS = tuple(
    (COLUMN[Landmark[f"{side}_{base}"]], COLUMN[Landmark[f"{side}_{tip}"]])
    for side in ("LEFT", "RIGHT")
    for base, tip in (("SHOULDER", "HIP"), ("HIP", "KNEE"), ("KNEE", "ANKLE"))
)


def observe_oblique(track: LandmarkTrack, height_m: float, *, walks: bool) -> BodyLandmarks:
    """A person seen by one camera from anywhere but exactly from the side.

    The person's size in the picture follows from body height and the world landmarks' proportions. The camera
    counts as level; a tilt turns the whole body and bends no joint. The way walked is the way across the
    picture over the cosine of the view angle, so towards the front it grows uncertain. Raises MOT-001, and
    MOT-002 when nobody walks who should.
    """
    track = walked_part(track) if walks else seen_part(track)
    columns = [p.value for p in POINTS]
    image, world = track.image_px[:, columns], _whole(track.time_s, track.world_m[:, columns])
    hips = [COLUMN[Landmark.LEFT_HIP], COLUMN[Landmark.RIGHT_HIP]]
    world = world - world[:, hips].mean(axis=1, keepdims=True)
    metres = _true_metres(world, height_m)
    px_per_m, change = _scale_trend(track.time_s, image, world)
    m_per_px = metres / px_per_m
    hip_px = image[:, hips].mean(axis=1)
    plane_m = (image - hip_px[:, None]) * m_per_px[:, None, None]
    body_m = np.concatenate([plane_m, world[:, :, 2:] * metres], axis=2)
    left = facing(track)
    turn = _camera_to_person(left)
    path_m = np.cumsum(np.diff(hip_px, axis=0, prepend=hip_px[:1]) * m_per_px[:, None], axis=0)
    point_m = body_m @ turn.T + _path(track.time_s, path_m, left, walks=walks)[:, None]
    right, back, up = turn @ np.array([0.0, 0.0, 1.0])
    seen = BodyLandmarks(
        track.time_s,
        point_m,
        kept_confidence(track.visibility[:, columns], point_m),
        change,
        depth=(float(right), float(back), float(up)),
        depth_trust=DEPTH_TRUST,
    )
    return standing_on_floor(seen)


def _path(time_s: FloatArray, plane_m: FloatArray, left: FloatArray, *, walks: bool) -> FloatArray:
    """Path of the hips in the person's axes (T, 3) from their path in the picture (T, 2)."""
    if not walks:
        return np.asarray(np.column_stack([plane_m, np.zeros(len(plane_m))]) @ _camera_to_person(left).T)
    drift = robust_slope(time_s, plane_m[:, 1]) * (time_s - time_s[0])  # coming nearer sinks in the picture
    return np.column_stack([np.zeros(len(plane_m)), -plane_m[:, 0] / left[1], drift - plane_m[:, 1]])


def _camera_to_person(left: FloatArray) -> FloatArray:
    """(3, 3) from the camera's axes (right, down, away) to the person's (left, back, up)."""
    right, away = left
    return np.array([[right, 0.0, away], [-away, 0.0, right], [0.0, -1.0, 0.0]])


def _whole(time_s: FloatArray, world_m: FloatArray) -> FloatArray:
    flat = np.array(world_m).reshape(len(world_m), -1)
    for column in range(flat.shape[1]):
        seen = np.isfinite(flat[:, column])
        flat[:, column] = np.interp(time_s, time_s[seen], flat[seen, column])
    return flat.reshape(world_m.shape)


def _true_metres(world_m: FloatArray, height_m: float) -> float:
    """Metres of this person per metre of the detector's typical person."""
    length = sum(np.linalg.norm(world_m[:, tip] - world_m[:, base], axis=1) for base, tip in _LENGTHS)
    return SHOULDER_TO_ANKLE * height_m / float(np.median(np.asarray(length) / 2.0))


def _scale_trend(time_s: FloatArray, image: FloatArray, world_m: FloatArray) -> tuple[FloatArray, float]:
    """Pixels per metre of the world landmarks, (T,), as a smooth trend, and its relative change."""

    def length(points: FloatArray) -> FloatArray:
        return np.asarray(
            sum(np.linalg.norm(points[:, tip] - points[:, base], axis=1) for base, tip in _LENGTHS)
        )

    log_scale = np.log(np.maximum(length(image), 1.0) / length(world_m[..., :2]))
    slope = robust_slope(time_s, log_scale)
    trend = np.exp(float(np.median(log_scale - slope * time_s)) + slope * time_s)
    return trend, float(trend[-1] / trend[0] - 1.0)


def facing(track: LandmarkTrack) -> FloatArray:
    """Unit vector (right, away) in the camera's horizontal plane to which the person's left points.

    From the lines of hips and shoulders, the median over the trial; straight away from the camera, as seen
    from the right side, when there are no world landmarks.
    """
    across = sum(track.world_m[:, left.value] - track.world_m[:, right.value] for left, right in _ACROSS)
    plane = np.asarray(across)[:, [0, 2]]
    seen = plane[np.isfinite(plane).all(axis=1)]
    if not len(seen):
        return np.array([0.0, 1.0])
    left = np.median(seen / np.linalg.norm(seen, axis=1, keepdims=True), axis=0)
    return np.asarray(left / np.linalg.norm(left))


def view_angle_rad(track: LandmarkTrack) -> float:
    """Angle between where the person faces and the picture plane: 0 from the side, pi/2 from the front."""
    left = facing(track)
    return float(np.arctan2(abs(left[0]), abs(left[1])))
