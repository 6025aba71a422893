"""Landmarks of one trial in the body model's world, ready for inverse kinematics.

World axes: z up, the person walks towards -y, x to the person's left. One camera gives the sagittal plane
only (y and z, x stays zero); several calibrated cameras give all three.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from core.domain.arrays import FloatArray, frozen
from core.domain.body import Side
from core.domain.recording import LANDMARK_COUNT, Landmark, LandmarkTrack
from core.errors import refuse
from core.motion.steady_walking import inside_picture, steady_walking_span
from core.twin.skeleton import COLUMN, POINTS

SHOULDER_TO_ANKLE = 0.818 - 0.039
"""Shoulder minus ankle height as a share of body height (Drillis & Contini 1966; Winter 2009, fig. 4.1)."""

MINIMUM_FRAMES = 10
_MINIMUM_VISIBILITY = 0.3  # below this the detector guesses
_STILL_FRACTION = 0.25  # the slowest quarter of a foot's frames: it stands flat on the floor


@dataclass(frozen=True, slots=True, eq=False)
class BodyLandmarks:
    """What the cameras say about the body. Axes: T frames, P points in the order of `POINTS`."""

    time_s: FloatArray  # (T,)
    point_m: FloatArray  # (T, P, 3) NaN where not seen
    confidence: FloatArray  # (T, P) 0..1, 0 where not seen
    size_change: float  # how much larger the body became in the picture, 0.1 = 10 %; 0 for several cameras
    view_angle_rad: float = 0.0  # between the walk and the picture plane, where one camera saw it
    depth: tuple[float, float, float] = (0.0, 0.0, 0.0)  # unit vector along which one camera only guesses
    depth_trust: float = 1.0  # weight of that guess against what is measured; 0 when there is none

    def __post_init__(self) -> None:
        frozen(self, "time_s", (None,))
        frozen(self, "point_m", (len(self.time_s), len(POINTS), 3))
        frozen(self, "confidence", (len(self.time_s), len(POINTS)))

    @property
    def planar(self) -> bool:
        """Whether only y and z were observed."""
        return self.depth_trust == 0.0

    @property
    def one_camera(self) -> bool:
        """Whether one camera saw it: nothing but the sagittal plane can be trusted."""
        return self.depth_trust < 1.0

    @property
    def measured(self) -> FloatArray:
        """Weights (3, 3) of differences in space: full where the cameras measure, less where they guess."""
        return np.asarray(np.eye(3) - (1.0 - self.depth_trust) * np.outer(self.depth, self.depth))

    def position_of(self, landmark: Landmark) -> FloatArray:
        """Path of one landmark, (T, 3)."""
        return self.point_m[:, COLUMN[landmark]]

    def midpoint(self, left: Landmark, right: Landmark) -> FloatArray:
        """Path of the middle between two landmarks, (T, 3)."""
        return (self.position_of(left) + self.position_of(right)) / 2


def observe_sagittal(track: LandmarkTrack, height_m: float) -> BodyLandmarks:
    """One camera that sees the person from the side: picture plane = sagittal plane.

    Pixels become metres by the distance from shoulders along the legs to the ankles, which is a known share
    of body height; its slow change over the trial (the person comes nearer) is followed by a straight line
    of its logarithm. Standing, turning and the way back are left out. Raises MOT-001 when the person is
    hardly seen and MOT-002 when nobody walks.
    """
    track = walked_part(track)
    image = track.image_px[:, [p.value for p in POINTS]]
    hip_px = (image[:, COLUMN[Landmark.LEFT_HIP]] + image[:, COLUMN[Landmark.RIGHT_HIP]]) / 2
    size_px, change = _size_trend(track.time_s, image, hip_px)
    walked = float(hip_px[-1, 0] - hip_px[0, 0])
    metres_per_px = SHOULDER_TO_ANKLE * height_m / size_px
    # The hips' own path is scaled by its mean, the body around them frame by frame.
    path_m = np.cumsum(np.diff(hip_px, axis=0, prepend=hip_px[:1]) * metres_per_px[:, None], axis=0)
    relative_m = (image - hip_px[:, None]) * metres_per_px[:, None, None]
    plane_m = path_m[:, None] + relative_m
    point_m = np.zeros((len(image), len(POINTS), 3))
    point_m[:, :, 1] = -np.sign(walked) * plane_m[:, :, 0]
    point_m[:, :, 2] = -plane_m[:, :, 1]
    confidence = kept_confidence(track.visibility[:, [p.value for p in POINTS]], point_m)
    return standing_on_floor(
        BodyLandmarks(track.time_s, point_m, confidence, change, depth=(1.0, 0.0, 0.0), depth_trust=0.0)
    )


def walked_part(track: LandmarkTrack) -> LandmarkTrack:
    """The frames of the longest walk in one direction across the picture; see `walking_part`.

    Raises MOT-001 when the person is hardly seen and MOT-002 when nobody walks.
    """
    track = seen_part(track)
    image = track.image_px[:, [p.value for p in POINTS]]
    hip_px = (image[:, COLUMN[Landmark.LEFT_HIP]] + image[:, COLUMN[Landmark.RIGHT_HIP]]) / 2
    size_px, _ = _size_trend(track.time_s, image, hip_px)
    part = steady_walking_span(track.time_s, hip_px[:, 0], float(np.median(size_px)))
    if part is None:
        raise refuse(
            "MOT-002",
            "Nobody walks past the camera in this recording.",
            "The hips hardly move from one side of the picture to the other.",
            "Record a walk across the picture, seen from the side.",
        )
    return _cut(track, part)


def walked_fraction(track: LandmarkTrack) -> float:
    """How far the hips moved across the picture, as a share of its width; the best side view is largest."""
    hip_px = track.image_px[:, [Landmark.LEFT_HIP.value, Landmark.RIGHT_HIP.value], 0].mean(axis=1)
    seen = hip_px[np.isfinite(hip_px)]
    return float(np.ptp(seen)) / track.width_px if len(seen) else 0.0


def observe_space(time_s: FloatArray, world_m: FloatArray, confidence: FloatArray) -> BodyLandmarks:
    """Several calibrated cameras: triangulated landmarks (T, 33, 3), z up, any heading; confidence (T, 33).

    The walk is turned about the vertical so that it leads towards -y; somebody who does not move forward is
    turned so that the hips lie along x. Raises MOT-001 when the person is hardly seen.
    """
    if world_m.shape[1:] != (LANDMARK_COUNT, 3):
        raise ValueError(f"expected (T, 33, 3) landmarks, got {world_m.shape}")
    point_m = np.array(world_m[:, [p.value for p in POINTS]])
    first, last = _span(np.isfinite(point_m[:, COLUMN[Landmark.LEFT_HIP]]))
    point_m, time_s, confidence = point_m[first:last], time_s[first:last], confidence[first:last]
    point_m = point_m @ _turn_to_walk(time_s, point_m).T
    kept = kept_confidence(confidence[:, [p.value for p in POINTS]], point_m)
    return standing_on_floor(BodyLandmarks(time_s, point_m, kept, 0.0))


def seen_part(track: LandmarkTrack) -> LandmarkTrack:
    """From the first to the last frame with the person in view, gaps bridged.

    What the detector guesses beyond the edge of the picture is not seen. Raises MOT-001.
    """
    first, last = _span(np.isfinite(track.image_px[:, Landmark.LEFT_HIP.value]))
    track = _cut(track, slice(first, last))
    visibility = np.where(inside_picture(track), track.visibility, 0.0)
    return replace(track, image_px=_bridge(track.time_s, track.image_px), visibility=visibility)


def _cut(track: LandmarkTrack, part: slice) -> LandmarkTrack:
    return replace(
        track,
        time_s=track.time_s[part],
        image_px=track.image_px[part],
        world_m=track.world_m[part],
        visibility=track.visibility[part],
    )


def _span(seen: ArrayLike) -> tuple[int, int]:
    """First and one past the last frame in which all coordinates, (T, D), were seen."""
    frames = np.flatnonzero(np.asarray(seen).all(axis=1))
    if len(frames) < MINIMUM_FRAMES:
        raise refuse(
            "MOT-001",
            f"The person was seen in {len(frames)} frames only.",
            "A motion needs at least ten frames with the whole body in view.",
            "Record again with the whole body in the picture and good light.",
        )
    return int(frames[0]), int(frames[-1]) + 1


def _bridge(time_s: FloatArray, image_px: FloatArray) -> FloatArray:
    """Straight lines across missing frames; their visibility is 0, so they only carry the path on."""
    flat = np.array(image_px).reshape(len(image_px), -1)
    for column in range(flat.shape[1]):
        seen = np.isfinite(flat[:, column])
        if seen.any():
            flat[:, column] = np.interp(time_s, time_s[seen], flat[seen, column])
    return flat.reshape(image_px.shape)


def kept_confidence(visibility: FloatArray, point_m: FloatArray) -> FloatArray:
    """Visibility (T, P) where it is worth using, 0 where the detector guesses or there is no point."""
    confidence = np.where(visibility >= _MINIMUM_VISIBILITY, visibility, 0.0)
    return np.where(np.isfinite(point_m).all(axis=2), confidence, 0.0)


def _size_trend(time_s: FloatArray, image: FloatArray, hip_px: FloatArray) -> tuple[FloatArray, float]:
    """Shoulder-hip-knee-ankle length in pixels per frame, as a smooth trend, and its relative change."""

    def length(a: Landmark, b: Landmark) -> FloatArray:
        return np.asarray(np.linalg.norm(image[:, COLUMN[a]] - image[:, COLUMN[b]], axis=1))

    shoulder = (image[:, COLUMN[Landmark.LEFT_SHOULDER]] + image[:, COLUMN[Landmark.RIGHT_SHOULDER]]) / 2
    legs = [
        length(Landmark[f"{s}_HIP"], Landmark[f"{s}_KNEE"])
        + length(Landmark[f"{s}_KNEE"], Landmark[f"{s}_ANKLE"])
        for s in ("LEFT", "RIGHT")
    ]
    size = np.linalg.norm(shoulder - hip_px, axis=1) + sum(legs) / 2
    log_size = np.log(np.maximum(size, 1.0))
    slope = robust_slope(time_s, log_size)
    middle = float(np.median(log_size - slope * time_s))
    trend = np.exp(middle + slope * time_s)
    return trend, float(trend[-1] / trend[0] - 1.0)


def robust_slope(x: FloatArray, y: FloatArray) -> float:
    """Median of the slopes between the first and the second half's points (Theil-Sen, thinned)."""
    half = len(x) // 2
    dx = x[half : 2 * half, None] - x[None, :half]
    dy = y[half : 2 * half, None] - y[None, :half]
    return float(np.nanmedian(dy / dx))


def _turn_to_walk(time_s: FloatArray, point_m: FloatArray) -> FloatArray:
    """Rotation about z, (3, 3), that leads the walk towards -y."""
    left, right = point_m[:, COLUMN[Landmark.LEFT_HIP]], point_m[:, COLUMN[Landmark.RIGHT_HIP]]
    hip = (left + right) / 2
    seen = np.isfinite(hip).all(axis=1)
    velocity = np.array([robust_slope(time_s[seen], hip[seen, axis]) for axis in (0, 1)])
    if np.linalg.norm(velocity) < 0.15:  # m/s: standing or a treadmill
        across = np.nanmedian((left - right)[:, :2], axis=0)
        velocity = np.array([across[1], -across[0]])
    forward = velocity / np.linalg.norm(velocity)
    return np.array([[-forward[1], forward[0], 0.0], [-forward[0], -forward[1], 0.0], [0.0, 0.0, 1.0]])


def standing_on_floor(observation: BodyLandmarks) -> BodyLandmarks:
    """Shift the trial up or down so that the feet stand on z = 0, and forward so that it starts at y = 0."""
    soles = [observation.position_of(landmark)[:, 2] for landmark in POINTS[-4:]]
    hip = observation.midpoint(Landmark.LEFT_HIP, Landmark.RIGHT_HIP)
    shift = np.array([0.0, np.nanmedian(hip[:5, 1]), np.nanpercentile(np.stack(soles), 15)])
    return replace(observation, point_m=observation.point_m - shift)


def standing_pitch_rad(observation: BodyLandmarks, side: Side, base: str = "HEEL") -> float:
    """Pitch of the line from `base`, HEEL or ANKLE, to the toe landmark while the foot stands still, toes up
    positive.

    Both landmarks lie on the foot's surface, not on its sole; what is left of the pitch while the foot is
    flat on the floor is their own, and is taken off.
    """
    heel, toe = (observation.position_of(Landmark[f"{side.name}_{part}"]) for part in ("HEEL", "FOOT_INDEX"))
    speed = np.linalg.norm(np.gradient(heel, observation.time_s, axis=0), axis=1) + np.linalg.norm(
        np.gradient(toe, observation.time_s, axis=0), axis=1
    )
    along = toe - observation.position_of(Landmark[f"{side.name}_{base}"])
    usable = np.isfinite(speed) & np.isfinite(along).all(axis=1)
    if usable.sum() < MINIMUM_FRAMES:
        return 0.0
    along = along[usable & (speed <= np.quantile(speed[usable], _STILL_FRACTION))]
    return float(np.median(np.arctan2(along[:, 2], np.linalg.norm(along[:, :2], axis=1))))
