"""Where the fit of a trial starts: from where the body faces, how large it is, and the landmarks in space."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, Joint, JointKind
from core.domain.recording import Landmark, LandmarkTrack, frame_rate_hz
from core.motion.course import HipPath
from core.motion.facing import camera_yaw_rad, forward_directions
from core.motion.fit_body import CONSTANTS
from core.motion.fit_camera import StandingCamera
from core.motion.fit_state import FitState, View
from core.motion.generic_links import COLUMNS
from core.motion.observed import seen_points
from core.twin.skeleton import POSE_SIZE

FOCAL_OVER_LONG_SIDE = 0.76  # phones and webcams: 0.7 to 0.85
SHOULDER_TO_ANKLE = 0.818 - 0.039
"""Shoulder minus ankle height over body height (Drillis & Contini 1966; Winter 2009, fig. 4.1)."""

_CAMERA_HEIGHT_M = 1.2
_MOST_PITCH_RAD = 0.2
_LONGEST_CAMERA_M = 3.0  # above the floor
ROOT_OVER_HIPS_M = np.array([0.0, -0.05, 0.08])
_SMOOTHING_S, _SIZE_SMOOTHING_S = 0.1, 0.6


def hip_path(track: LandmarkTrack, height_m: float) -> HipPath:
    """Where a person goes, seen by one camera: the size in the picture gives the distance."""
    focal, centre = _lens(track)
    depth = focal / _px_per_m(track, height_m)
    across = (_middle(track, "HIP")[:, 0] - centre[0]) * depth / focal
    forward = forward_directions(track)
    ankles = _point(track.world_m, "LEFT", "ANKLE") - _point(track.world_m, "RIGHT", "ANKLE")
    apart = (np.nan_to_num(ankles)[:, [0, 2]] * forward).sum(axis=1)
    ankles_px = np.stack([_point(track.image_px, side.name, "ANKLE") for side in SIDES], axis=1)
    in_picture_m = ankles_px * float(np.median(depth)) / focal
    seen = track.visibility[:, Landmark.LEFT_HIP.value] > 0.0
    path_m = np.column_stack([across, depth])
    return HipPath(track.time_s, path_m, forward, apart, in_picture_m, height_m, seen)


def start_of_one(track: LandmarkTrack, height_m: float) -> FitState:
    """First guess for one camera that stands on the walker's floor. A straight line over time smooths the
    distance; the lowest foot gives the camera's height.
    """
    focal, centre = _lens(track)
    px_per_m = _px_per_m(track, height_m)
    trend = np.polyval(np.polyfit(track.time_s, px_per_m, 1), track.time_s)
    depth = focal / np.maximum(trend, 0.3 * np.median(px_per_m))
    yaw = camera_yaw_rad(track)
    pitch, height = _pitch_and_height(track, depth)
    camera = StandingCamera(
        state=np.array([yaw, pitch, 0.0, height, 0.0]),
        start=np.array([yaw, 0.0, 0.0, _CAMERA_HEIGHT_M, 0.0]),
        target_m=np.zeros(2),
        distance_m=float(np.median(depth)),
        focal_px=focal,
        centre_px=centre,
    )
    hips = np.column_stack([(_middle(track, "HIP") - centre) / focal * depth[:, None], depth])
    pose = np.zeros((len(track.time_s), COLUMNS))
    pose[:, :3] = camera.eye_m + hips @ camera.turn + ROOT_OVER_HIPS_M
    back = np.array([np.sin(yaw), 0.0, np.cos(yaw)])  # in the detector's axes: right, down, away
    pose[:, 6:POSE_SIZE] = flexion_rad(track.time_s, track.world_m, back=back, up=np.array([0.0, -1.0, 0.0]))
    view = View(camera, *seen_points(track), float(np.median(px_per_m)))
    return FitState(pose, np.zeros(CONSTANTS), (view,))


def flexion_rad(time_s: FloatArray, point_m: FloatArray, *, back: FloatArray, up: FloatArray) -> FloatArray:
    """Flexion (T, 14) from landmarks in space (T, 33, 3); other angles are 0. `back`, `up`: unit vectors."""
    width = max(1, round(_SMOOTHING_S * frame_rate_hz(time_s)))

    def pitch(side: str, base: str, tip: str) -> FloatArray:
        along = _point(point_m, side, tip) - _point(point_m, side, base)
        along = uniform_filter1d(np.nan_to_num(along), width, axis=0, mode="nearest")
        return np.asarray(np.arctan2(-(along @ back), -(along @ up)))  # 0 hanging, forward positive

    angle = np.zeros((len(time_s), len(JOINTS)))
    for side in SIDES:
        thigh, shank = pitch(side.name, "HIP", "KNEE"), pitch(side.name, "KNEE", "ANKLE")
        foot = pitch(side.name, "HEEL", "FOOT_INDEX") - np.pi / 2
        angle[:, Joint.of(JointKind.HIP_FLEXION, side).column] = np.clip(thigh, -0.7, 2.2)
        angle[:, Joint.of(JointKind.KNEE, side).column] = np.clip(thigh - shank, 0.05, 2.4)
        angle[:, Joint.of(JointKind.ANKLE, side).column] = np.clip(foot - shank, -0.6, 0.5)
    return angle


def _lens(track: LandmarkTrack) -> tuple[float, FloatArray]:
    """Focal length and principal point that phones and webcams typically have, px."""
    focal = FOCAL_OVER_LONG_SIDE * max(track.width_px, track.height_px)
    return focal, np.array([track.width_px / 2.0, track.height_px / 2.0])


def _px_per_m(track: LandmarkTrack, height_m: float) -> FloatArray:
    """Pixels to a metre at the person, smooth over about a step. (T,)

    The body's lengths in the picture over those of the landmarks in space, as they would look from there: who
    bends the knees does not seem to go away. Space is stretched to the person's height; where it is not
    known, the body counts as upright.
    """
    upright_m = SHOULDER_TO_ANKLE * height_m
    space_m = _size(track.world_m)
    if not np.isfinite(space_m).any():
        scale = _size(track.image_px) / upright_m
    else:
        stretch = upright_m / np.nanmedian(space_m)
        scale = _size(track.image_px) / (stretch * np.maximum(_size(track.world_m[..., :2]), 0.1))
    width = max(1, round(_SIZE_SMOOTHING_S * frame_rate_hz(track.time_s)))
    return np.asarray(np.maximum(uniform_filter1d(scale, width, mode="nearest"), 1.0))


def _size(points: FloatArray) -> FloatArray:
    """Shoulders to ankles along trunk and legs, mean of both sides. (T,)"""

    def part(base: str, tip: str) -> FloatArray:
        both = [_point(points, s.name, tip) - _point(points, s.name, base) for s in SIDES]
        return np.asarray(np.mean([np.linalg.norm(end, axis=1) for end in both], axis=0))

    return part("SHOULDER", "HIP") + part("HIP", "KNEE") + part("KNEE", "ANKLE")


def _pitch_and_height(track: LandmarkTrack, depth: FloatArray) -> tuple[float, float]:
    """Downward pitch [rad] and height [m] of the camera: the lower foot is on the floor."""
    focal, centre = _lens(track)
    feet = np.max([_point(track.image_px, s.name, "HEEL")[:, 1] for s in SIDES], axis=0)
    below, distance = float(np.median(np.arctan((feet - centre[1]) / focal))), float(np.median(depth))
    pitch = np.arctan(_CAMERA_HEIGHT_M / distance) - below
    pitch = float(np.clip(pitch, -_MOST_PITCH_RAD, _MOST_PITCH_RAD))
    return pitch, float(np.clip(distance * np.tan(below + pitch), 0.1, _LONGEST_CAMERA_M))


def _middle(track: LandmarkTrack, part: str) -> FloatArray:
    return np.asarray(np.mean([_point(track.image_px, s.name, part) for s in SIDES], axis=0))


def _point(values: FloatArray, side: str, part: str) -> FloatArray:
    return values[:, Landmark[f"{side}_{part}"].value]
