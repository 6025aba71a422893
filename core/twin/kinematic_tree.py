"""Forward kinematics of a tree of hinges for many poses at once, with exact derivatives.

Derivatives are geometric (Featherstone 2008, Rigid Body Dynamics Algorithms, ch. 4.6): a point moves by the
cross product of a hinge's axis with the arm from the hinge to the point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray

ROOT_COLUMNS = 6  # position in metres, rotation vector in radians


@dataclass(frozen=True, slots=True)
class Link:
    """One rigid part. Its frame: moved by `offset_m`, turned by `turn`, then by its hinge."""

    name: str
    parent: int  # number of the parent link; -1 for the root, which moves freely
    offset_m: FloatArray  # (3,) in the parent's frame
    turn: FloatArray  # (3, 3)
    axis: FloatArray | None = None  # (3,) unit vector of the hinge in the link's frame
    column: int = -1  # of the pose that turns the hinge
    length: int = -1  # number of the length factor that stretches `offset_m`; -1 for none


@dataclass(frozen=True, slots=True)
class Point:
    """A point that moves with a link."""

    link: int
    offset_m: FloatArray  # (3,) in the link's frame
    length: int = -1  # number of the length factor that stretches `offset_m`


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Points and their derivatives. Axes: T poses, P points, N pose columns, L length factors."""

    point_m: FloatArray  # (T, P, 3)
    by_pose: FloatArray  # (T, P, 3, N)
    by_length: FloatArray  # (T, P, 3, L) by the logarithm of each length factor
    by_offset: FloatArray  # (T, P, 3, 3) by the point's own offset: the link's orientation


class KinematicTree:
    """Links in an order in which parents come first, and the points of interest on them."""

    def __init__(
        self, links: Sequence[Link], points: Sequence[Point], *, columns: int, lengths: int = 0
    ) -> None:
        self.links, self.points = tuple(links), tuple(points)
        self.columns, self.lengths = columns, lengths
        above = [self._above(number) for number in range(len(links))]
        self._moved = [  # which points each link carries
            np.array([p for p, point in enumerate(self.points) if number in above[point.link]], dtype=int)
            for number in range(len(links))
        ]

    def points_m(
        self, pose: FloatArray, log_length: FloatArray | None = None, offset_m: FloatArray | None = None
    ) -> FloatArray:
        """(T, P, 3) from poses (T, N); `log_length` (L,), `offset_m` (P, 3) replaces the points' offsets."""
        place, turn = self._place(pose, self._factors(log_length))
        return self._points(place, turn, self._factors(log_length), offset_m)

    def slopes(
        self, pose: FloatArray, log_length: FloatArray | None = None, offset_m: FloatArray | None = None
    ) -> Slopes:
        """Points and derivatives at poses (T, N)."""
        factor = self._factors(log_length)
        place, turn = self._place(pose, factor)
        point = self._points(place, turn, factor, offset_m)
        frames, count = point.shape[:2]
        by_pose = np.zeros((frames, count, 3, self.columns))
        by_pose[:, :, [0, 1, 2], [0, 1, 2]] = 1.0
        arm = point - pose[:, None, :3]
        by_pose[:, :, :, 3:6] = -_cross_matrix(arm) @ _left_jacobian(pose[:, 3:6])[:, None]
        by_length = np.zeros((frames, count, 3, self.lengths))
        for number, link in enumerate(self.links):
            moved = self._moved[number]
            if link.axis is not None and len(moved):
                axis = turn[:, number] @ link.axis
                arm = point[:, moved] - place[:, None, number]
                by_pose[..., link.column][:, moved] = np.cross(axis[:, None], arm)
            if link.length >= 0 and len(moved):
                by_length[..., link.length][:, moved] += self._reach(pose, turn, factor, number)[:, None]
        self._add_own_lengths(by_length, turn, factor, offset_m)
        return Slopes(point, by_pose, by_length, turn[:, [point.link for point in self.points]])

    def orientations(self, pose: FloatArray) -> FloatArray:
        """Rotation matrices of all links, (T, links, 3, 3)."""
        return self._place(pose, self._factors(None))[1]

    def _factors(self, log_length: FloatArray | None) -> FloatArray:
        return np.append(np.exp(np.zeros(self.lengths) if log_length is None else log_length), 1.0)

    def _place(self, pose: FloatArray, factor: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Position (T, links, 3) and orientation (T, links, 3, 3) of every link."""
        place = np.empty((len(pose), len(self.links), 3))
        turn = np.empty((len(pose), len(self.links), 3, 3))
        root = rotation_matrices(pose[:, 3:6])
        for number, link in enumerate(self.links):
            base, before = (
                (pose[:, :3], root) if link.parent < 0 else (place[:, link.parent], turn[:, link.parent])
            )
            place[:, number] = base + before @ (factor[link.length] * link.offset_m)
            turned = before @ link.turn
            if link.axis is not None:
                turned = turned @ _about(link.axis, pose[:, link.column])
            turn[:, number] = turned
        return place, turn

    def _points(
        self, place: FloatArray, turn: FloatArray, factor: FloatArray, offset_m: FloatArray | None
    ) -> FloatArray:
        links = [point.link for point in self.points]
        offset = self._offsets(factor, offset_m)
        return np.asarray(place[:, links] + (turn[:, links] @ offset[None, :, :, None])[..., 0])

    def _offsets(self, factor: FloatArray, offset_m: FloatArray | None) -> FloatArray:
        own = np.stack([point.offset_m for point in self.points]) if offset_m is None else offset_m
        return np.asarray(own * factor[[point.length for point in self.points], None])

    def _reach(self, pose: FloatArray, turn: FloatArray, factor: FloatArray, number: int) -> FloatArray:
        """The stretched offset of a link in the world, (T, 3)."""
        link = self.links[number]
        before = rotation_matrices(pose[:, 3:6]) if link.parent < 0 else turn[:, link.parent]
        return np.asarray(before @ (factor[link.length] * link.offset_m))

    def _add_own_lengths(
        self, by_length: FloatArray, turn: FloatArray, factor: FloatArray, offset_m: FloatArray | None
    ) -> None:
        offset = self._offsets(factor, offset_m)
        for number, point in enumerate(self.points):
            if point.length >= 0:
                by_length[:, number, :, point.length] += turn[:, point.link] @ offset[number]

    def _above(self, number: int) -> set[int]:
        """The link and all its ancestors."""
        above = set()
        while number >= 0:
            above.add(number)
            number = self.links[number].parent
        return above


def rotation_matrices(rotation: FloatArray) -> FloatArray:
    """(T, 3, 3) from rotation vectors (T, 3), by Rodrigues' formula."""
    angle = np.linalg.norm(rotation, axis=-1)[..., None, None]
    cross = _cross_matrix(rotation)
    first = np.sinc(angle / np.pi)
    second = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    return np.asarray(np.eye(3) + first * cross + second * cross @ cross)


def _about(axis: FloatArray, angle: FloatArray) -> FloatArray:
    """Rotations about one axis, (T, 3, 3)."""
    cross = _cross_matrix(axis)
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    return np.asarray(np.eye(3) + sine * cross + (1.0 - cosine) * (cross @ cross))


def _cross_matrix(vector: FloatArray) -> FloatArray:
    """Matrices (..., 3, 3) that take the cross product with vectors (..., 3)."""
    x, y, z = np.moveaxis(vector, -1, 0)
    zero = np.zeros_like(x)
    rows = ((zero, -z, y), (z, zero, -x), (-y, x, zero))
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _left_jacobian(rotation: FloatArray) -> FloatArray:
    """World angular change per change of the rotation vector (Chirikjian 2012, eq. 10.86). (T, 3, 3)"""
    angle = np.linalg.norm(rotation, axis=-1)[:, None, None]
    cross = _cross_matrix(rotation)
    first = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    small = angle < 1e-4
    safe = np.where(small, 1.0, angle)
    second = np.where(small, 1.0 / 6.0, (safe - np.sin(safe)) / safe**3)
    return np.asarray(np.eye(3) + first * cross + second * cross @ cross)
