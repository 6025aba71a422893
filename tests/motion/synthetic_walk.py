"""A walk whose joint angles are known, and the landmarks that cameras see of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.capture.synthetic import PinholeCamera, project_landmarks
from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SAGITTAL
from core.domain.recording import LANDMARK_COUNT, LandmarkTrack
from core.domain.twin import BodyParameters
from core.gait.norms import fourier_series, normal_reference
from core.motion.side_swaps import FEET, KNEES
from core.twin.scaling import scales_for_height
from core.twin.skeleton import POINTS, Skeleton

HEIGHT_M = 1.68
FLEXION = [joint.column for joint in JOINTS if joint.kind in SAGITTAL]


@dataclass(frozen=True)
class SyntheticWalk:
    """Truth of one trial. Axes: T frames."""

    time_s: FloatArray
    angle_rad: FloatArray  # (T, 14)
    point_m: FloatArray  # (T, P, 3)
    period_s: float
    speed_m_s: float


def synthetic_walk(*, seconds: float = 4.5, rate_hz: float = 30.0, planar: bool = False) -> SyntheticWalk:
    """Normal gait of a 1.68 m person straight ahead; `planar` keeps all joints but flexion at zero."""
    body = BodyParameters(HEIGHT_M, 60.0, scales_for_height(HEIGHT_M))
    skeleton, reference = Skeleton(body), normal_reference(HEIGHT_M)
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    phase = time_s / reference.period_s
    samples = len(reference.angle_rad)
    spectrum = np.fft.rfft(reference.angle_rad, axis=0) / samples
    angle = np.stack([_periodic(spectrum[:, column], phase) for column in range(len(JOINTS))], axis=1)
    if planar:
        angle[:, [c for c in range(len(JOINTS)) if c not in FLEXION]] = 0.0
    pose = np.zeros((len(time_s), 6 + len(JOINTS)))
    pose[:, 1] = -reference.speed_m_s * time_s
    pose[:, 2] = 0.92 + 0.02 * np.cos(4 * np.pi * phase)
    pose[:, 6:] = angle
    points = skeleton.points_m(pose)
    return SyntheticWalk(time_s, angle, points, reference.period_s, reference.speed_m_s)


def side_camera(distance_m: float = 6.0) -> PinholeCamera:
    """From the person's left, square to the walkway."""
    return PinholeCamera((distance_m, -2.8, 1.0), (0.0, -2.8, 0.9), focal_px=1000.0, width_px=1660)


def seen_by(
    walk: SyntheticWalk, camera: PinholeCamera, *, noise_px: float = 1.0, seed: int = 1
) -> LandmarkTrack:
    return project_landmarks(walk.time_s, walk.point_m, POINTS, camera, noise_px=noise_px, seed=seed)


def exchanged(track: LandmarkTrack, frames: slice) -> LandmarkTrack:
    """What a detector sees that mixes up knees and feet in these frames."""
    image = np.array(track.image_px)
    for left, right in KNEES + FEET:
        image[frames, [left.value, right.value]] = image[frames, [right.value, left.value]]
    return LandmarkTrack(
        track.time_s, image, track.world_m, track.visibility, track.width_px, track.height_px
    )


def in_space(walk: SyntheticWalk, *, noise_m: float = 0.005, seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """All 33 landmarks in space with noise, and their confidence."""
    world = np.full((len(walk.time_s), LANDMARK_COUNT, 3), np.nan)
    confidence = np.zeros((len(walk.time_s), LANDMARK_COUNT))
    columns = [landmark.value for landmark in POINTS]
    world[:, columns] = walk.point_m + np.random.default_rng(seed).normal(0, noise_m, walk.point_m.shape)
    confidence[:, columns] = 0.9
    return world, confidence


def rmse_deg(found_rad: FloatArray, true_rad: FloatArray, columns: list[int]) -> FloatArray:
    """Root mean square error per column over the inner frames, degrees."""
    inner = slice(5, -5)
    return np.degrees(np.sqrt(np.mean((found_rad[inner] - true_rad[inner])[:, columns] ** 2, axis=0)))


def _periodic(spectrum: FloatArray, phase: FloatArray) -> FloatArray:
    coefficients = [spectrum[0].real]
    for order in range(1, 7):
        coefficients += [2 * spectrum[order].real, -2 * spectrum[order].imag]
    return fourier_series(tuple(coefficients), phase)
