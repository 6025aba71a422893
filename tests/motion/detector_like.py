"""Walks as a pose detector reports them: head, visibility and depth of both legs, and its mistakes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from core.capture.synthetic import PinholeCamera, project_landmarks
from core.domain.arrays import FloatArray
from core.domain.recording import Landmark, LandmarkTrack
from core.motion.side_swaps import FEET, KNEES
from core.twin.skeleton import COLUMN, POINTS
from tests.motion.synthetic_walk import SyntheticWalk

HEAD = (Landmark.NOSE, Landmark.LEFT_EAR, Landmark.RIGHT_EAR)
LEGS = tuple(landmark for pair in KNEES + FEET for landmark in pair)
NEAR, FAR = 0.98, 0.82  # typical visibilities of the near and the far leg
_PULL_PX, _PULL = 60.0, 0.4  # feet nearer than this are drawn together by this much


def detected(
    time_s: FloatArray,
    point_m: FloatArray,
    *,
    from_left: bool = True,
    noise_px: float = 2.0,
    seed: int = 0,
) -> LandmarkTrack:
    """Points (T, P, 3) of a walk towards -y, seen by one camera 6 m to the person's left or right."""
    x = 6.0 if from_left else -6.0
    middle_y = float(point_m[..., 1].mean())
    camera = PinholeCamera((x, middle_y, 1.0), (0.0, middle_y, 0.9), focal_px=1000.0, width_px=2400)
    with_head = np.concatenate([point_m, _head(point_m)], axis=1)
    track = project_landmarks(time_s, with_head, POINTS + HEAD, camera, noise_px=noise_px, seed=seed)
    noise = np.random.default_rng(seed + 1000)
    image, world = _pulled_together(track.image_px), np.array(track.world_m)
    world[..., 2] = 0.8 * world[..., 2] + noise.normal(0.0, 0.02, world.shape[:2])
    return replace(
        track, image_px=image, world_m=world, visibility=_visibility(track, noise), projection=None
    )


def walk_seen(walk: SyntheticWalk, *, from_left: bool = True, seed: int = 0) -> LandmarkTrack:
    return detected(walk.time_s, walk.point_m, from_left=from_left, seed=seed)


def mistaken(track: LandmarkTrack, frames: Iterable[int], *, depth_too: bool) -> LandmarkTrack:
    """Knees and feet exchanged in these frames: in the picture, or in depth and visibility as well.

    A detector that mixes up the legs for a moment goes on to believe which side is the near one.
    """
    rows = np.array(list(frames), dtype=int)
    arrays = [np.array(a) for a in (track.image_px, track.world_m, track.visibility)]
    for left, right in KNEES + FEET:
        for array in arrays if depth_too else arrays[:1]:
            array[np.ix_(rows, [left.value, right.value])] = array[np.ix_(rows, [right.value, left.value])]
    return replace(track, image_px=arrays[0], world_m=arrays[1], visibility=arrays[2])


def step_to_walk(seconds: float = 8.0, rate_hz: float = 30.0) -> tuple[FloatArray, FloatArray]:
    """The left foot steps ahead, the right one only catches up with it: times (T,) and points (T, P, 3)."""
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    cycle_s, step_m = 1.7, 0.45
    point_m = np.zeros((len(time_s), len(POINTS), 3))
    hip_y = -step_m * time_s / cycle_s
    for x, side, begins_s in ((0.09, "LEFT", 0.0), (-0.09, "RIGHT", 0.75)):
        done = np.floor((time_s - begins_s) / cycle_s)
        phase = np.clip((time_s - begins_s - done * cycle_s) / 0.5, 0.0, 1.0)
        foot_y = -step_m * (done + phase**2 * (3 - 2 * phase))
        lift = 0.08 * np.sin(np.pi * phase)
        ankle = np.column_stack([np.full_like(hip_y, x), foot_y, 0.08 + lift])
        hip = np.column_stack([np.full_like(hip_y, x), hip_y, np.full_like(hip_y, 0.88)])
        bend = np.column_stack([np.zeros_like(hip_y), -0.04 - lift, np.zeros_like(hip_y)])
        for name, place in {
            "SHOULDER": hip + _offset(0.0, 0.0, 0.50),
            "HIP": hip,
            "KNEE": 0.5 * (hip + ankle) + bend,
            "ANKLE": ankle,
            "HEEL": ankle + _offset(0.0, 0.05, -0.05),
            "FOOT_INDEX": ankle + _offset(0.0, -0.13, -0.06),
        }.items():
            point_m[:, COLUMN[Landmark[f"{side}_{name}"]]] = place
    return time_s, point_m


def there_and_back(walk: SyntheticWalk) -> tuple[FloatArray, FloatArray]:
    """The walk, a turn on the spot and the walk back."""
    frames, turn = len(walk.time_s), 30
    rows = np.concatenate([np.arange(frames), np.full(turn, frames - 1), np.arange(frames)])
    heading = np.concatenate([np.zeros(frames), np.linspace(0.0, np.pi, turn), np.full(frames, np.pi)])
    hips = walk.point_m[:, [COLUMN[Landmark.LEFT_HIP], COLUMN[Landmark.RIGHT_HIP]]].mean(axis=1)
    hips[:, 2] = 0.0
    way = np.concatenate([hips, np.repeat(hips[-1:], turn, 0), 2 * hips[-1] - (hips - hips[0]) - hips[-1]])
    c, s, zero = np.cos(heading), np.sin(heading), np.zeros_like(heading)
    turned = np.stack([c, -s, zero, s, c, zero, zero, zero, zero + 1.0], axis=-1).reshape(-1, 3, 3)
    body = walk.point_m[rows] - hips[rows][:, None]
    return np.arange(len(rows)) / 30.0, np.einsum("tij,tpj->tpi", turned, body) + way[:, None]


def _offset(*place: float) -> FloatArray:
    return np.array(place)


def _head(point_m: FloatArray) -> FloatArray:
    neck = point_m[:, [COLUMN[Landmark.LEFT_SHOULDER], COLUMN[Landmark.RIGHT_SHOULDER]]].mean(axis=1)
    left = point_m[:, COLUMN[Landmark.LEFT_SHOULDER]] - point_m[:, COLUMN[Landmark.RIGHT_SHOULDER]]
    left = left / np.linalg.norm(left, axis=1, keepdims=True)
    forward = np.cross(left, [0.0, 0.0, 1.0])
    up = np.array([0.0, 0.0, 0.22])
    return np.stack([neck + up + 0.12 * forward, neck + up + 0.07 * left, neck + up - 0.07 * left], axis=1)


def _visibility(track: LandmarkTrack, noise: np.random.Generator) -> FloatArray:
    """The near leg is seen well, the far one less."""
    seen = np.array(track.visibility)
    seen[:, [landmark.value for landmark in POINTS + HEAD]] = 0.99
    for left, right in KNEES + FEET:
        nearer = track.world_m[:, left.value, 2] < track.world_m[:, right.value, 2]
        seen[:, left.value] = np.where(nearer, NEAR, FAR)
        seen[:, right.value] = np.where(nearer, FAR, NEAR)
    return np.clip(seen + noise.normal(0.0, 0.02, seen.shape), 0.0, 1.0) * (track.visibility > 0.0)


def _pulled_together(image_px: FloatArray) -> FloatArray:
    image = np.array(image_px)
    for left, right in FEET:
        gap = image[:, left.value] - image[:, right.value]
        near = np.linalg.norm(gap, axis=1, keepdims=True) < _PULL_PX
        image[:, left.value] -= np.where(near, _PULL / 2 * gap, 0.0)
        image[:, right.value] += np.where(near, _PULL / 2 * gap, 0.0)
    return image
