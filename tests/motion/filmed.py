"""Synthetic walks as one uncalibrated camera films them, with the errors of a pose detector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.capture.synthetic import PinholeCamera
from core.domain.arrays import FloatArray
from core.domain.recording import LandmarkTrack
from tests.motion.synthetic_walk import SyntheticWalk, seen_by

NOISE_PX = 2.0  # about 8 mm at the person
_DEPTH_SCALE, _DEPTH_NOISE_M = 0.8, 0.05  # detectors guess depth a fifth too small, and badly


def filmed(
    walk: SyntheticWalk,
    degrees: float = 0.0,
    *,
    from_left: bool = True,
    lens: float = 0.72,
    noise_px: float = NOISE_PX,
    seed: int = 0,
) -> LandmarkTrack:
    """From `degrees` in front of the person's side. `lens` is focal length over the width of the picture."""
    angle, sign = np.radians(degrees), 1.0 if from_left else -1.0
    middle_y = float(walk.point_m[..., 1].mean())
    away_m = 9.0 * lens
    camera = PinholeCamera(
        (sign * away_m * np.cos(angle), middle_y - away_m * np.sin(angle), 1.1),
        (0.0, middle_y, 0.9),
        focal_px=1920 * lens,
        width_px=1920,
        height_px=1080,
    )
    return as_detected(seen_by(walk, camera, noise_px=noise_px, seed=seed), seed)


def as_detected(track: LandmarkTrack, seed: int = 0) -> LandmarkTrack:
    """Without calibration, and with depth as detectors guess it."""
    world = np.array(track.world_m)
    world[..., 2] *= _DEPTH_SCALE
    world[..., 2] += np.random.default_rng(seed).normal(0.0, _DEPTH_NOISE_M, world.shape[:2])
    return replace(track, world_m=world, projection=None)


def on_a_belt(walk: SyntheticWalk, drift_m_s: float = 0.0) -> SyntheticWalk:
    """The same steps on a treadmill; `drift_m_s` carries the person forward (or back) in the room."""
    held = np.zeros((len(walk.time_s), 1, 3))
    held[:, 0, 1] = (walk.speed_m_s - drift_m_s) * walk.time_s
    return replace(walk, point_m=walk.point_m + held)


def played_backwards(walk: SyntheticWalk) -> SyntheticWalk:
    return replace(walk, point_m=walk.point_m[::-1], angle_rad=walk.angle_rad[::-1])


def standing_first(walk: SyntheticWalk, seconds: float = 1.5) -> SyntheticWalk:
    frames = round(seconds / float(np.diff(walk.time_s)[0]))
    rows = np.concatenate([np.zeros(frames, dtype=int), np.arange(len(walk.time_s))])
    time_s = np.arange(len(rows)) * float(np.diff(walk.time_s)[0])
    return replace(walk, time_s=time_s, point_m=walk.point_m[rows], angle_rad=walk.angle_rad[rows])


def moved(walk: SyntheticWalk, point_m: FloatArray, time_s: FloatArray) -> SyntheticWalk:
    return replace(walk, point_m=point_m, time_s=time_s)
