"""The camera of a fit: where it stands, and what it sees of points in the walker's world.

World: z up, floor at 0, walking towards -y. A camera that nobody calibrated stands on the same floor, looks
at a fixed place of the walk from a fixed distance, and has no distortion; fitted are the direction it looks
from, its pitch, roll, height and focal length.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from core.domain.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """Points in a picture and their derivatives. Axes: T frames, P points, K constants of the camera."""

    image_px: FloatArray  # (T, P, 2)
    by_point: FloatArray  # (T, P, 2, 3)
    by_camera: FloatArray  # (T, P, 2, K)


class FitCamera(Protocol):
    """A camera in a fit, with K constants that the fit may change."""

    @property
    def constants(self) -> int: ...
    def project(self, point_m: FloatArray) -> Projected: ...
    def moved(self, step: FloatArray) -> FitCamera: ...
    def prior(self) -> tuple[FloatArray, FloatArray]:
        """How far each constant strays from its start, and how far it is from there, (K,) each."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class KnownCamera:
    """A calibrated camera."""

    projection: FloatArray  # (3, 4)

    @property
    def constants(self) -> int:
        return 0

    def project(self, point_m: FloatArray) -> Projected:
        homogeneous = point_m @ self.projection[:, :3].T + self.projection[:, 3]
        depth = _in_front(homogeneous[..., 2:])
        image = homogeneous[..., :2] / depth
        by_point = (self.projection[:2, :3] - image[..., None] * self.projection[2, :3]) / depth[..., None]
        return Projected(image, by_point, np.zeros((*image.shape, 0)))

    def moved(self, step: FloatArray) -> KnownCamera:
        return self

    def prior(self) -> tuple[FloatArray, FloatArray]:
        return np.zeros(0), np.zeros(0)


STATE = 5
_SPREAD = np.array([0.4, 0.2, 0.02, 0.4, 0.03])
"""How far yaw, pitch, roll [rad], height [m] and log focal length stray from their start."""

_UP = np.array([0.0, 0.0, 1.0])
_ABOUT_RIGHT = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # generators of turns in
_ABOUT_AHEAD = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])  # camera axes


@dataclass(frozen=True, slots=True, eq=False)
class StandingCamera:
    """A camera that nobody calibrated. `state`: yaw, pitch down, roll [rad], height [m], logarithm of its
    focal length over `focal_px`. At yaw 0 it looks along +y: it sees the walker come.
    """

    state: FloatArray  # (5,)
    start: FloatArray  # (5,) the state before the fit, which the prior pulls to
    target_m: FloatArray  # (2,) place on the floor it looks at
    distance_m: float
    focal_px: float
    centre_px: FloatArray  # (2,)

    @property
    def constants(self) -> int:
        return STATE

    def project(self, point_m: FloatArray) -> Projected:
        arm = point_m - self.eye_m
        seen = arm @ self.turn.T
        depth = _in_front(seen[..., 2:])
        plane, focal = seen[..., :2] / depth, self.focal_px * float(np.exp(self.state[4]))
        by_seen = np.zeros((*plane.shape, 3))
        by_seen[..., 0, 0] = by_seen[..., 1, 1] = focal / depth[..., 0]
        by_seen[..., :, 2] = -focal * plane / depth
        moved = np.stack(self._changes(arm, seen), axis=-1)  # (..., 3, 4)
        by_camera = np.concatenate([by_seen @ moved, focal * plane[..., None]], axis=-1)
        return Projected(self.centre_px + focal * plane, by_seen @ self.turn, by_camera)

    def moved(self, step: FloatArray) -> StandingCamera:
        return replace(self, state=self.state + step)

    def prior(self) -> tuple[FloatArray, FloatArray]:
        return _SPREAD, self.state - self.start

    @property
    def view_angle_rad(self) -> float:
        """Between the way of a walker, -y, and the picture plane: 0 from the side, pi/2 from the front."""
        return float(np.arcsin(min(1.0, abs(np.cos(self.state[0])))))

    @property
    def look(self) -> FloatArray:
        """Horizontal direction it looks along, (3,)."""
        return np.array([-np.sin(self.state[0]), np.cos(self.state[0]), 0.0])

    @property
    def eye_m(self) -> FloatArray:
        return np.array([*self.target_m, self.state[3]]) - self.distance_m * self.look

    @property
    def turn(self) -> FloatArray:
        """(3, 3) from world axes to camera axes: right, down, ahead."""
        _, pitch, roll = self.state[:3]
        right = np.array([self.look[1], -self.look[0], 0.0])
        level = np.stack([right, -_UP, self.look])
        return np.asarray(_turned(_ABOUT_AHEAD, roll) @ _turned(_ABOUT_RIGHT, pitch) @ level)

    def _changes(self, arm: FloatArray, seen: FloatArray) -> list[FloatArray]:
        """Change of points in camera axes with yaw, pitch, roll and height, each (..., 3)."""
        turned_look = np.cross(_UP, self.look)
        by_yaw = (self.distance_m * turned_look - np.cross(_UP, arm)) @ self.turn.T
        roll = _turned(_ABOUT_AHEAD, self.state[2])
        by_pitch = seen @ (roll @ _ABOUT_RIGHT @ roll.T).T
        by_height = np.broadcast_to(-self.turn @ _UP, seen.shape)
        return [by_yaw, by_pitch, seen @ _ABOUT_AHEAD.T, by_height]


def _turned(generator: FloatArray, angle: float) -> FloatArray:
    return np.asarray(np.eye(3) + np.sin(angle) * generator + (1.0 - np.cos(angle)) * generator @ generator)


def _in_front(depth: FloatArray) -> FloatArray:
    """Depths of at least a hand's breadth: behind the camera the projection means nothing."""
    return np.maximum(depth, 0.1)
