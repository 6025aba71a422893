"""Inverse kinematics: landmarks of a whole trial to joint angles of the body model.

All frames are solved at once, as one robust nonlinear least-squares problem (Gauss-Newton on a banded
system): the segments' directions follow the landmarks, accelerations are penalised, joint limits hold.
The acceleration penalty acts like a zero-lag low-pass of about 6 Hz, the usual choice for gait (Winter 2009,
ch. 3.4): with 0.05 rad landmark noise and 70 rad/s2 knee acceleration the corner is sqrt(70 / 0.05) rad/s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, Joint, JointKind
from core.domain.motion import Kinematics
from core.domain.recording import Landmark
from core.domain.twin import BodyParameters
from core.gait.events import FootPaths
from core.motion.body_landmarks import BodyLandmarks
from core.motion.segment_targets import SegmentTargets, difference_row, segment_targets
from core.twin.skeleton import COLUMN, POSE_SIZE, Skeleton

ITERATIONS = 14
MAX_GAP_S = 0.25  # longer gaps stay NaN: a quarter of a second is a fifth of a stride

_OUTLIER_M = 0.04  # from here on a landmark's pull fades (Cauchy weights)
_NOISE_M = 0.02  # landmark noise of one segment vector
_HIP_NOISE_M = 0.02
_LIMIT_NOISE_RAD = 0.005  # how far a joint may lean against its limit before it is clipped
_ACCELERATION = {  # rms over normal walking, rounded up; rad/s2
    JointKind.HIP_FLEXION: 40.0,
    JointKind.HIP_ADDUCTION: 20.0,
    JointKind.HIP_ROTATION: 20.0,
    JointKind.KNEE: 70.0,
    JointKind.ANKLE: 110.0,
    JointKind.SUBTALAR: 20.0,
    JointKind.TOES: 20.0,
}
_PELVIS_ACCELERATION = (4.0, 4.0, 4.0, 10.0, 10.0, 10.0)  # m/s2, rad/s2
_SPREAD_RAD = {  # how far a joint strays from neutral: only a pull for what the cameras do not see
    JointKind.HIP_FLEXION: 3.0,
    JointKind.HIP_ADDUCTION: 0.3,
    JointKind.HIP_ROTATION: 0.2,
    JointKind.KNEE: 3.0,
    JointKind.ANKLE: 1.0,
    JointKind.SUBTALAR: 0.1,
    JointKind.TOES: 0.02,
}
_UNSEEN = 0.003  # spread of what one camera cannot see at all: it stays neutral

_SAGITTAL_POSE = (1, 2, 3)  # pelvis forward, up and pitch


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """What inverse kinematics found, and how well it fits."""

    kinematics: Kinematics
    residual_m: float  # rms distance of model and observed landmarks, hips to toes
    at_limit_fraction: float  # share of frames and joints that lie on a joint limit
    gap_fraction: float  # share of frames without an answer for at least one leg
    feet: FootPaths  # of the fitted model


def solve_angles(
    observation: BodyLandmarks, body: BodyParameters, *, tick: Callable[[float], None] = lambda _: None
) -> Solution:
    """Joint angles of a trial. `tick` hears the finished share, 0..1, and may raise to cancel.

    Observed segments are stretched to the model's lengths first, so that a wrong segment length cannot bend
    a joint; what remains is direction. With one camera everything outside the sagittal plane stays neutral.
    """
    skeleton = Skeleton(body)
    neutral_m = skeleton.points_m(np.zeros(POSE_SIZE))
    targets = segment_targets(observation, neutral_m)
    pose = np.zeros((len(observation.time_s), POSE_SIZE))
    pose[:, :3] = _filled(observation.time_s, targets.hip_m) - neutral_m[2:4].mean(axis=0)
    stiffness = _smoothness(observation.time_s)
    pull = _pull(observation.planar)
    for iteration in range(ITERATIONS):
        step = _gauss_newton_step(skeleton, targets, pose, stiffness, pull)
        pose = pose + step
        tick((iteration + 1) / ITERATIONS)
        if np.abs(step).max() < 1e-4:
            break
    limits = skeleton.limit_rad
    at_limit = float(((pose[:, 6:] <= limits[:, 0]) | (pose[:, 6:] >= limits[:, 1]))[:, _flexion()].mean())
    pose[:, 6:] = np.clip(pose[:, 6:], limits[:, 0], limits[:, 1])
    fitted_m = np.stack([skeleton.points_m(frame) for frame in pose])
    kinematics, gaps = _kinematics(skeleton, observation, pose)
    feet = FootPaths(
        kinematics.time_s, pose[:, :3], fitted_m[:, _pair("HEEL")], fitted_m[:, _pair("FOOT_INDEX")]
    )
    residual_m = _residual_m(observation, fitted_m)
    return Solution(kinematics, residual_m, at_limit, gaps, feet)


def _pair(part: str) -> list[int]:
    return [COLUMN[Landmark[f"{side.name}_{part}"]] for side in SIDES]


def _flexion() -> list[int]:
    return [j.column for j in JOINTS if j.kind in (JointKind.HIP_FLEXION, JointKind.KNEE, JointKind.ANKLE)]


def _filled(time_s: FloatArray, path_m: FloatArray) -> FloatArray:
    """Gaps bridged by straight lines, for a first guess only."""
    columns = []
    for column in path_m.T:
        seen = np.isfinite(column)
        columns.append(np.interp(time_s, time_s[seen], column[seen]))
    return np.stack(columns, axis=1)


def _smoothness(time_s: FloatArray) -> FloatArray:
    """Quadratic form of the acceleration penalty as diagonals 0, 1, 2 over frames. (3, T, POSE_SIZE)"""
    spread = np.array([*_PELVIS_ACCELERATION, *(_ACCELERATION[joint.kind] for joint in JOINTS)])
    h1, h2 = np.diff(time_s)[:-1], np.diff(time_s)[1:]
    c = np.stack([2 / (h1 * (h1 + h2)), -2 / (h1 * h2), 2 / (h2 * (h1 + h2))])  # second derivative
    bands = np.zeros((3, len(time_s)))
    for i in range(3):
        for j in range(i, 3):
            bands[j - i, i : i + len(h1)] += c[i] * c[j]
    return np.asarray(bands[:, :, None] / spread**2)


def _pull(planar: bool) -> FloatArray:
    """Weight of the pull to neutral for each pose component. (POSE_SIZE,)"""
    spread = np.array([1e3, 1e3, 1e3, 1.0, 0.5, 1.0, *(_SPREAD_RAD[joint.kind] for joint in JOINTS)])
    if planar:
        unseen = np.ones(POSE_SIZE, dtype=bool)
        unseen[list(_SAGITTAL_POSE)] = False
        unseen[6 + np.array(_flexion())] = False
        spread[unseen] = _UNSEEN
    return np.asarray(1.0 / spread**2)


def _gauss_newton_step(
    skeleton: Skeleton, targets: SegmentTargets, pose: FloatArray, stiffness: FloatArray, pull: FloatArray
) -> FloatArray:
    """One step for all frames, (T, POSE_SIZE)."""
    frames, n = pose.shape
    blocks, slope = np.zeros((frames, n, n)), np.zeros((frames, n))
    for t in range(frames):
        blocks[t], slope[t] = _frame_terms(skeleton, targets, t, pose[t])
    diagonal = np.arange(n)
    blocks[:, diagonal, diagonal] += pull
    slope += pull * pose
    low, high = skeleton.limit_rad.T
    beyond = np.minimum(pose[:, 6:] - low, 0.0) + np.maximum(pose[:, 6:] - high, 0.0)
    blocks[:, diagonal[6:], diagonal[6:]] += (beyond != 0.0) / _LIMIT_NOISE_RAD**2
    slope[:, 6:] += beyond / _LIMIT_NOISE_RAD**2
    slope += _smoothness_slope(stiffness, pose)
    bands = np.zeros((2 * n + 1, frames * n))  # lower form: bands[i - j, j]
    for offset in range(n):
        for j in range(n - offset):
            bands[offset, j::n] = blocks[:, j + offset, j]
    for gap in range(3):
        bands[gap * n] += stiffness[gap].ravel()
    step = solveh_banded(bands, -slope.ravel(), lower=True)
    return np.asarray(np.clip(step.reshape(frames, n), -0.6, 0.6))


def _smoothness_slope(stiffness: FloatArray, pose: FloatArray) -> FloatArray:
    slope: FloatArray = stiffness[0] * pose
    for gap in (1, 2):
        slope[gap:] += stiffness[gap][:-gap] * pose[:-gap]
        slope[:-gap] += stiffness[gap][:-gap] * pose[gap:]
    return slope


def _frame_terms(
    skeleton: Skeleton, targets: SegmentTargets, t: int, pose: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Normal matrix and gradient of one frame's landmark terms."""
    points, slopes = skeleton.points_and_slopes(pose)
    ends = np.vstack([targets.ends, difference_row((), (Landmark.LEFT_HIP, Landmark.RIGHT_HIP))])
    wanted = np.vstack([targets.vector_m[t], np.nan_to_num(targets.hip_m[t])])
    difference = (ends @ points - wanted) @ targets.measured
    confidence = np.append(targets.confidence[t], targets.hip_confidence[t])
    noise = np.append(np.full(len(targets.ends), _NOISE_M), _HIP_NOISE_M)
    fade = 1.0 / (1.0 + (difference**2).sum(axis=1) / _OUTLIER_M**2)
    weight = np.sqrt(confidence**2 * fade) / noise
    jacobian = np.einsum("kl,sp,pln->skn", targets.measured, ends, slopes, optimize=True)
    jacobian *= weight[:, None, None]
    flat = jacobian.reshape(-1, pose.shape[0])
    return flat.T @ flat, flat.T @ (difference * weight[:, None]).ravel()


def _residual_m(observation: BodyLandmarks, fitted_m: FloatArray) -> float:
    legs = slice(COLUMN[Landmark.LEFT_HIP], None)
    square = ((fitted_m - observation.point_m)[:, legs] @ observation.measured) ** 2
    seen = observation.confidence[:, legs] > 0
    return float(np.sqrt(np.mean(square.sum(axis=2)[seen])))


def _kinematics(skeleton: Skeleton, observation: BodyLandmarks, pose: FloatArray) -> tuple[Kinematics, float]:
    angle = np.array(pose[:, 6:])
    missing = np.zeros(len(pose), dtype=bool)
    for side in SIDES:
        parts = [COLUMN[Landmark[f"{side.name}_{part}"]] for part in ("HIP", "KNEE", "ANKLE")]
        hidden = _long_gaps(observation.time_s, (observation.confidence[:, parts] == 0).any(axis=1))
        columns = [Joint.of(kind, side).column for kind in JointKind]
        angle[np.flatnonzero(hidden)[:, None], columns] = np.nan
        missing |= hidden
    quaternion = np.stack([skeleton.quaternion(frame) for frame in pose])
    kinematics = Kinematics(observation.time_s, angle, pose[:, :3], quaternion)
    return kinematics, float(missing.mean())


def _long_gaps(time_s: FloatArray, hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Frames of gaps longer than MAX_GAP_S."""
    long = np.zeros(len(hidden), dtype=bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(hidden, dtype=np.int8), [0]])))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if time_s[min(stop, len(time_s) - 1)] - time_s[start] > MAX_GAP_S:
            long[start:stop] = True
    return long
