"""A person in a room that several calibrated cameras see together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import uniform_filter1d

from core.capture.calibration.floor import aligned_to_floor
from core.capture.common_time import common_time
from core.capture.gaps import bridged
from core.capture.straighten import straight_px
from core.capture.triangulation import Triangulated, triangulate
from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import SIDES
from core.domain.calibration import Calibration
from core.domain.recording import Landmark, LandmarkTrack, frame_rate_hz
from core.motion.course import HipPath
from core.motion.fit_body import CONSTANTS
from core.motion.fit_camera import KnownCamera
from core.motion.fit_start import ROOT_OVER_HIPS_M, flexion_rad
from core.motion.fit_state import FitState, View
from core.motion.generic_links import COLUMNS
from core.motion.observed import cut, inside_picture, seen_points, seen_span
from core.twin.skeleton import POSE_SIZE

_SMOOTHING_S = 0.5
_MOST_LEAN_RAD = np.radians(35.0)  # who walks or squats leans less; a calibration may lie on its side
_STILL_FRACTION = 0.25  # the slowest quarter of the feet's movement: they stand
_ON_FLOOR = 15  # percentile of the feet's heights that is the floor's
_ACROSS = ("HIP", "SHOULDER")


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """What several cameras saw at the same moments. Axis: T frames."""

    time_s: FloatArray  # (T,)
    point_m: FloatArray  # (T, 33, 3) triangulated, z up, gaps bridged
    seen: BoolArray  # (T,) where the hips were placed
    tracks: tuple[LandmarkTrack, ...]  # straightened, at these times

    def hip_path(self, height_m: float) -> HipPath:
        forward = self.forward()
        apart = (self._apart("ANKLE") * forward).sum(axis=1)
        ankle_m = self.point_m[:, [Landmark[f"{side.name}_ANKLE"].value for side in SIDES], :2]
        return HipPath(self.time_s, self.hips_m[:, :2], forward, apart, ankle_m, height_m, self.seen)

    @property
    def hips_m(self) -> FloatArray:
        """Middle of the hips, (T, 3)."""
        return np.asarray(
            (self.point_m[:, Landmark.LEFT_HIP.value] + self.point_m[:, Landmark.RIGHT_HIP.value]) / 2
        )

    def forward(self) -> FloatArray:
        """Horizontal unit vectors in which the body faces, smooth over half a second. (T, 2)"""
        width = max(1, round(_SMOOTHING_S * frame_rate_hz(self.time_s)))
        left = np.sum([self._apart(part) for part in _ACROSS], axis=0)
        left = uniform_filter1d(left, width, axis=0, mode="nearest")
        forward = np.column_stack([left[:, 1], -left[:, 0]])
        return np.asarray(forward / np.maximum(np.linalg.norm(forward, axis=1, keepdims=True), 1e-9))

    def _apart(self, part: str) -> FloatArray:
        """From the right to the left landmark, horizontally. (T, 2)"""
        ends = [self.point_m[:, Landmark[f"{side.name}_{part}"].value, :2] for side in SIDES]
        return np.asarray(ends[0] - ends[1])


def room_of(tracks: tuple[LandmarkTrack, ...]) -> Room:
    """The room of at least two cameras with a projection. Raises MOT-001 when the person is hardly seen."""
    tracks = common_time(tracks)
    placed = triangulate(tracks)
    cameras = [track.camera for track in tracks if track.camera is not None]
    if len(cameras) == len(tracks) and not _stands_upright(placed.world_m):
        upright = aligned_to_floor(Calibration(tuple(cameras), "", ()), _standing_feet_m(placed))
        tracks = tuple(replace(t, camera=c) for t, c in zip(tracks, upright.cameras, strict=True))
        placed = triangulate(tracks)
    together = [replace(track, image_px=straight_px(track), camera=None) for track in tracks]
    hips = [Landmark.LEFT_HIP.value, Landmark.RIGHT_HIP.value]
    hips_placed = np.asarray(np.isfinite(placed.world_m[:, hips]).all(axis=(1, 2)))
    span = seen_span(hips_placed)
    seen = tuple(
        cut(replace(track, visibility=np.where(inside_picture(track), track.visibility, 0.0)), span)
        for track in together
    )
    time_s = placed.time_s[span]
    return Room(time_s, bridged(time_s, placed.world_m[span]), hips_placed[span], seen)


def _stands_upright(point_m: FloatArray) -> bool:
    """Whether z is up: along the body, from ankles to shoulders, over most of the trial."""
    ends = [
        sum(point_m[:, Landmark[f"{side.name}_{part}"].value] for side in SIDES)
        for part in ("SHOULDER", "ANKLE")
    ]
    along = np.asarray(ends[0]) - np.asarray(ends[1])
    lean = np.arccos(np.clip(along[:, 2] / np.linalg.norm(along, axis=1), -1.0, 1.0))
    return bool(np.isfinite(lean).any() and np.nanmedian(lean) < _MOST_LEAN_RAD)


def _standing_feet_m(placed: Triangulated) -> FloatArray:
    """Places (N, 3) of heels and toes while they rest."""
    feet = [Landmark[f"{s.name}_{part}"].value for s in SIDES for part in ("HEEL", "FOOT_INDEX")]
    point_m = placed.world_m[:, feet]
    speed = np.linalg.norm(np.gradient(point_m, placed.time_s, axis=0), axis=2)
    still = np.isfinite(speed) & (speed <= np.nanquantile(speed, _STILL_FRACTION))
    return np.asarray(point_m[still])


def start_of_several(room: Room, way: slice) -> FitState:
    """First guess for one way through the room: turned so that it leads to -y, with the feet on z = 0."""
    hips_m, point_m, time_s = room.hips_m[way], room.point_m[way], room.time_s[way]
    right, ahead = _heading(hips_m, room.forward()[way])
    turn = np.array([[-ahead, right, 0.0], [-right, -ahead, 0.0], [0.0, 0.0, 1.0]])
    feet = [Landmark[f"{s.name}_{part}"].value for s in SIDES for part in ("HEEL", "FOOT_INDEX")]
    origin = np.array([*hips_m[0, :2], np.nanpercentile(point_m[:, feet, 2], _ON_FLOOR)])
    turned = (point_m - origin) @ turn.T
    pose = np.zeros((len(time_s), COLUMNS))
    pose[:, :3] = (hips_m - origin) @ turn.T + ROOT_OVER_HIPS_M
    back, up = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
    pose[:, 6:POSE_SIZE] = flexion_rad(time_s, turned, back=back, up=up)
    views = tuple(_view(cut(track, way), turn, origin, pose[:, :3]) for track in room.tracks)
    return FitState(pose, np.zeros(CONSTANTS), views)


def _heading(hips_m: FloatArray, forward: FloatArray) -> FloatArray:
    """Unit vector (2,) of the way walked; of the way the body faces where it does not go forward."""
    faces = np.median(forward, axis=0)
    way = hips_m[-1, :2] - hips_m[0, :2]
    heading = way if way @ faces > 0.5 * np.linalg.norm(way) > 0.1 else faces
    return np.asarray(heading / np.linalg.norm(heading))


def _view(track: LandmarkTrack, turn: FloatArray, origin: FloatArray, pelvis_m: FloatArray) -> View:
    assert track.projection is not None
    rows = track.projection[:, :3]
    camera = KnownCamera(np.column_stack([rows @ turn.T, rows @ origin + track.projection[:, 3]]))
    by_point = camera.project(pelvis_m[:, None]).by_point
    px_per_m = float(np.median(np.linalg.norm(by_point[..., 0, :], axis=-1)))
    return View(camera, *seen_points(track), px_per_m)
