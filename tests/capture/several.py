"""A walk filmed by several cameras, each with its own place, clock and frame rate."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.capture.calibration.lens import seen_px
from core.capture.common_time import resampled
from core.capture.synthetic import PinholeCamera
from core.domain.calibration import Camera
from core.domain.recording import LANDMARK_COUNT, Landmark, LandmarkTrack, Person
from core.twin.skeleton import POINTS
from tests.motion.synthetic_walk import SyntheticWalk, synthetic_walk

MIDDLE_M = (0.0, -2.8, 0.9)
PLACES_M = ((5.0, -2.8, 1.0), (4.0, 1.5, 1.4), (4.5, -7.0, 1.2))
BENT = (-0.12, 0.05, 0.001, -0.0005, 0.0)


@dataclass(frozen=True)
class Clocked:
    """A camera's own clock: the true time is `offset_s` + (1 + `drift`) times its own."""

    offset_s: float = 0.0
    drift: float = 0.0
    rate_hz: float = 30.0


def camera_at(place_m: tuple[float, float, float], *, bent: tuple[float, ...] = BENT) -> Camera:
    pinhole = PinholeCamera(place_m, MIDDLE_M, focal_px=700.0)
    matrix = np.array([[700.0, 0, 640.0], [0, 700.0, 360.0], [0, 0, 1.0]])
    rotation = pinhole.rotation()
    shift = -rotation @ np.array(place_m)
    return Camera(f"cam{place_m}", 1280, 720, matrix, np.array(bent), rotation, shift)


def filmed(
    walk: SyntheticWalk,
    camera: Camera,
    clock: Clocked = Clocked(),
    *,
    calibrated: bool = True,
    noise_px: float = 2.0,
    seed: int = 1,
    seen_s: tuple[float, float] = (-np.inf, np.inf),
) -> LandmarkTrack:
    """What the detector would tell of a walk, with noise, and NaN outside the picture."""
    first_s, last_s = (
        (moment - clock.offset_s) / (1.0 + clock.drift) for moment in (walk.time_s[0], walk.time_s[-1])
    )
    time_s = np.arange(max(0.0, first_s), last_s, 1.0 / clock.rate_hz)
    true_s = clock.offset_s + (1.0 + clock.drift) * time_s
    points = resampled(walk.time_s, walk.point_m, true_s)
    image = np.full((len(time_s), LANDMARK_COUNT, 2), np.nan)
    image[:, [p.value for p in POINTS]] = seen_px(points, camera)
    random = np.random.default_rng(seed)
    image += random.normal(0.0, noise_px, image.shape)
    inside = ((image > 0) & (image < [camera.width_px, camera.height_px])).all(axis=2)
    seen = inside[:, Landmark.LEFT_HIP.value] & (true_s >= seen_s[0]) & (true_s <= seen_s[1])
    image[~inside | ~seen[:, None]] = np.nan
    track = LandmarkTrack(
        time_s,
        image,
        np.full((len(time_s), LANDMARK_COUNT, 3), np.nan),
        np.where(np.isfinite(image[..., 0]), 0.9, 0.0),
        camera.width_px,
        camera.height_px,
    )
    return replace(track, camera=camera) if calibrated else track


def a_walk(seconds: float = 5.0) -> SyntheticWalk:
    return synthetic_walk(seconds=seconds, rate_hz=120.0)


def uneven(walk: SyntheticWalk, seed: int = 3) -> SyntheticWalk:
    """The same walk with a rhythm that varies a little from step to step, as everybody's does."""
    random = np.random.default_rng(seed)
    knots = np.linspace(0.0, walk.time_s[-1], max(4, int(2 * walk.time_s[-1])))
    pace = np.interp(walk.time_s, knots, random.normal(1.0, 0.08, len(knots)).clip(0.8, 1.2))
    warped = np.concatenate([[0.0], np.cumsum(pace[:-1] * np.diff(walk.time_s))])
    points = resampled(walk.time_s, walk.point_m, np.clip(warped, 0.0, walk.time_s[-1]))
    return replace(walk, point_m=points)


def beside(walk: SyntheticWalk, *, x_m: float, slower: float = 0.8, back: bool = True) -> SyntheticWalk:
    """Another person: slower, some way to the side, and walking the other way."""
    points = np.array(resampled(walk.time_s, walk.point_m, slower * walk.time_s))
    if back:
        middle = np.array([0.0, MIDDLE_M[1], 0.0])
        points = (points - middle) * [-1.0, -1.0, 1.0] + middle
    return replace(walk, point_m=points + np.array([x_m, 0.0, 0.0]))


def treading(walk: SyntheticWalk) -> SyntheticWalk:
    """The same steps on the spot, as on a treadmill."""
    hips = walk.point_m[:, [POINTS.index(Landmark.LEFT_HIP), POINTS.index(Landmark.RIGHT_HIP)], 1].mean(
        axis=1
    )
    line = np.polyval(np.polyfit(walk.time_s, hips, 1), walk.time_s)
    points = np.array(walk.point_m)
    points[..., 1] += (MIDDLE_M[1] - line)[:, None]
    return replace(walk, point_m=points)


def person(track: LandmarkTrack, label: str = "Person 1, walks to the left") -> Person:
    return Person(label, track.detected_fraction, 500.0, (track,))
