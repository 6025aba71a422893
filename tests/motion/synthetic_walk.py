"""A walk whose joint angles are known, and the landmarks that cameras see of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from core.capture.synthetic import PinholeCamera, project_landmarks
from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SAGITTAL, JointKind
from core.domain.recording import LANDMARK_COUNT, LandmarkTrack
from core.gait.norms import fourier_series, normal_reference
from core.motion.fit_body import CONSTANTS, SOLES, FitBody, Place
from core.motion.generic_links import COLUMNS, TRUNK, Length
from core.motion.side_swaps import FEET, KNEES
from core.twin.skeleton import POINTS, POSE_SIZE

HEIGHT_M = 1.68
FLEXION = [joint.column for joint in JOINTS if joint.kind in SAGITTAL]
KNEE_COLUMNS = [joint.column for joint in JOINTS if joint.kind is JointKind.KNEE]

_TILT_OF_LEAN = 0.7  # how far the pelvis tilts with the line from the detector's hips to its shoulders
_STEP_S = 0.1  # over which the change from foot to foot is spread


def detector_constants() -> FloatArray:
    """Where a pose detector puts its landmarks: hips wider apart than the joints, shoulders lower than the
    model's, and the kneecap instead of the knee's centre.
    """
    constant = np.zeros(CONSTANTS)
    constant[Length.PELVIS], constant[Length.TRUNK] = 0.25, -0.08
    constant[len(Length) + Place.KNEE_FORWARD] = 0.02
    return constant


@dataclass(frozen=True, eq=False)
class SyntheticWalk:
    """Truth of one trial. Axes: T frames."""

    time_s: FloatArray
    angle_rad: FloatArray  # (T, 14)
    point_m: FloatArray  # (T, P, 3) in the order of `POINTS`
    period_s: float
    speed_m_s: float


def synthetic_walk(*, seconds: float = 4.5, rate_hz: float = 30.0, planar: bool = False) -> SyntheticWalk:
    """Normal gait of a 1.68 m person straight ahead; `planar` keeps all joints but flexion at zero."""
    reference = normal_reference(HEIGHT_M)
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    phase = time_s / reference.period_s
    samples = len(reference.angle_rad)
    spectrum = np.fft.rfft(reference.angle_rad, axis=0) / samples
    angle = np.stack([_periodic(spectrum[:, column], phase) for column in range(len(JOINTS))], axis=1)
    if planar:
        angle[:, [c for c in range(len(JOINTS)) if c not in FLEXION]] = 0.0
    point_m = standing_points_m(time_s, angle)
    hips_m = point_m[:, 2:4, 1].mean(axis=1)
    return SyntheticWalk(time_s, angle, point_m, reference.period_s, -float(np.polyfit(time_s, hips_m, 1)[0]))


def squats(*, seconds: float = 6.0, rate_hz: float = 30.0) -> SyntheticWalk:
    """Two squats on the spot, feet flat: knees to 100 degrees, and the trunk leans 30 degrees forward."""
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    deep = 0.5 * (1.0 - np.cos(4.0 * np.pi * time_s / seconds))
    knee, ankle, lean = (np.radians(5.0) + deep * np.radians(degrees) for degrees in (95.0, 20.0, 30.0))
    bends = {
        JointKind.HIP_FLEXION: knee - ankle + pelvis_tilt_rad(lean),
        JointKind.KNEE: knee,
        JointKind.ANKLE: ankle,
    }
    angle = np.zeros((len(time_s), len(JOINTS)))
    for joint in JOINTS:
        angle[:, joint.column] = bends.get(joint.kind, 0.0)
    return SyntheticWalk(time_s, angle, standing_points_m(time_s, angle, lean_rad=lean), np.nan, 0.0)


def pelvis_tilt_rad(lean_rad: FloatArray | float) -> FloatArray:
    """How far the pelvis tilts with a trunk that leans forward."""
    return np.asarray(_TILT_OF_LEAN * np.asarray(lean_rad))


def standing_points_m(
    time_s: FloatArray,
    angle_rad: FloatArray,
    *,
    lean_rad: FloatArray | float = 0.0,
    tilt_rad: FloatArray | float | None = None,
    constant: FloatArray | None = None,
) -> FloatArray:
    """Landmarks (T, P, 3) of legs that move so: the lower sole stands on the floor and does not slide.

    `lean_rad` is how far the trunk leans forward, `tilt_rad` how far the pelvis tilts where it does not go
    with the trunk, `constant` the person's proportions and where the detector puts its landmarks.
    """
    body = FitBody(HEIGHT_M, 60.0)
    constant = detector_constants() if constant is None else constant
    pose = np.zeros((len(time_s), COLUMNS))
    pose[:, 3] = pelvis_tilt_rad(lean_rad) if tilt_rad is None else tilt_rad
    pose[:, TRUNK.start] = pose[:, 3] - lean_rad
    pose[:, 6:POSE_SIZE] = angle_rad
    sole_m = body.points_m(pose, constant)[:, SOLES]
    lowest = sole_m[..., 2].argmin(axis=1)
    frames = np.arange(len(time_s) - 1)
    steps_m = np.diff(sole_m[..., 1], axis=0)[frames, lowest[:-1]]
    rate_hz = 1.0 / float(np.median(np.diff(time_s)))
    width = max(1, round(_STEP_S * rate_hz))
    steps_m = uniform_filter1d(steps_m, width, mode="nearest")
    pose[1:, 1] = -np.cumsum(steps_m)
    pose[:, 2] = -uniform_filter1d(sole_m[..., 2].min(axis=1), width, mode="nearest")
    return body.points_m(pose, constant)[:, : len(POINTS)]


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
