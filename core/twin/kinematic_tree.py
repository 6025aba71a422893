"""Forward kinematics of a tree of hinges for many poses at once, with exact derivatives.

Derivatives are geometric (Featherstone 2008, Rigid Body Dynamics Algorithms, ch. 4.6): a point moves by the
cross product of a hinge's axis with the arm from the hinge to the point. What one pose column does to all
points it moves is one twist: how fast they turn, and how fast the place where the root is moves with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.domain.arrays import FloatArray

ROOT_COLUMNS = 6  # position in metres, rotation vector in radians

Glide = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Where a link has slid to at its column's angles (T,): metres (T, 3), and the slope by the angle (T, 3)."""


@dataclass(frozen=True, slots=True)
class Link:
    """One rigid part. Frame: moved by `offset_m`, turned by `turn`, slid by `glide`, turned by a hinge."""

    name: str
    parent: int  # number of the parent link; -1 for the root, which moves freely
    offset_m: FloatArray  # (3,) in the parent's frame
    turn: FloatArray  # (3, 3)
    axis: FloatArray | None = None  # (3,) unit vector of the hinge in the link's frame
    column: int = -1  # of the pose that turns the hinge
    length: int = -1  # number of the length factor that stretches `offset_m`; -1 for none
    glide: Glide | None = None  # as a knee's rolling and sliding; of the same column


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


@dataclass(frozen=True, slots=True, eq=False)
class Twists:
    """Points and how each pose column moves them. Axes: T poses, P points, N pose columns.

    Column n moves point p by `twist[:, n, :3]` x `arm_m[:, p]` + `twist[:, n, 3:]` if `moves[n, p]`.
    """

    point_m: FloatArray  # (T, P, 3)
    arm_m: FloatArray  # (T, P, 3) from the root
    twist: FloatArray  # (T, N, 6) turning, and movement of the place where the root is
    moves: FloatArray  # (N, P) 1 or 0


class _Placed(NamedTuple):
    """All links at T poses, in the world."""

    place: FloatArray  # (T, links, 3)
    turn: FloatArray  # (T, links, 3, 3)
    slide: dict[int, FloatArray]  # (T, 3) metres per radian, of the links that glide


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
        self.moves = np.zeros((columns, len(points)))
        self.moves[:ROOT_COLUMNS] = 1.0
        self._hinges = [number for number, link in enumerate(self.links) if link.axis is not None]
        for number, link in enumerate(self.links):
            if link.column >= 0:
                self.moves[link.column, self._moved[number]] = 1.0
        self._hinge_column = [self.links[number].column for number in self._hinges]
        if len(set(self._hinge_column)) < len(self._hinges):
            raise ValueError("two hinges share a column of the pose")
        axes = np.array([self.links[number].axis for number in self._hinges]).reshape(-1, 3)
        self._axes, cross = axes, _cross_matrix(axes)
        rest = np.array([link.turn for link in self.links])
        self._rest, hinged = rest, rest[self._hinges]
        self._by_sine, self._by_versine = hinged @ cross, hinged @ cross @ cross

    def points_m(
        self, pose: FloatArray, log_length: FloatArray | None = None, offset_m: FloatArray | None = None
    ) -> FloatArray:
        """(T, P, 3) from poses (T, N); `log_length` (L,), `offset_m` (P, 3) replaces the points' offsets."""
        place, turn, _ = self._place(pose, self._factors(log_length))
        return self._points(place, turn, self._factors(log_length), offset_m)

    def slopes(
        self, pose: FloatArray, log_length: FloatArray | None = None, offset_m: FloatArray | None = None
    ) -> Slopes:
        """Points and derivatives at poses (T, N)."""
        factor = self._factors(log_length)
        place, turn, _ = placed = self._place(pose, factor)
        point = self._points(place, turn, factor, offset_m)
        twist = self._twist(pose, placed)
        by_pose = _cross_matrix(pose[:, None, :3] - point) @ twist[:, None, :, :3].swapaxes(2, 3)
        by_pose += twist[:, None, :, 3:].swapaxes(2, 3)
        by_pose *= self.moves.T[:, None]
        frames, count = point.shape[:2]
        by_length = np.zeros((frames, count, 3, self.lengths))
        for number, link in enumerate(self.links):
            moved = self._moved[number]
            if link.length >= 0 and len(moved):
                by_length[..., link.length][:, moved] += self._reach(pose, turn, factor, number)[:, None]
        self._add_own_lengths(by_length, turn, factor, offset_m)
        return Slopes(point, by_pose, by_length, turn[:, [point.link for point in self.points]])

    def twists(self, pose: FloatArray) -> Twists:
        """Points at poses (T, N), and what moves them: all that least squares over points need."""
        factor = self._factors(None)
        placed = self._place(pose, factor)
        point = self._points(placed.place, placed.turn, factor, None)
        return Twists(point, point - pose[:, None, :3], self._twist(pose, placed), self.moves)

    def orientations(self, pose: FloatArray) -> FloatArray:
        """Rotation matrices of all links, (T, links, 3, 3)."""
        return self._place(pose, self._factors(None)).turn

    def _factors(self, log_length: FloatArray | None) -> FloatArray:
        return np.append(np.exp(np.zeros(self.lengths) if log_length is None else log_length), 1.0)

    def _place(self, pose: FloatArray, factor: FloatArray) -> _Placed:
        place = np.empty((len(self.links), len(pose), 3))
        turn = np.empty((len(self.links), len(pose), 3, 3))
        root = rotation_matrices(pose[:, 3:6])
        local = self._local_turns(pose)
        slide: dict[int, FloatArray] = {}
        for number, link in enumerate(self.links):
            base, before = (pose[:, :3], root) if link.parent < 0 else (place[link.parent], turn[link.parent])
            place[number] = base + before @ (factor[link.length] * link.offset_m)
            if link.glide is not None:
                slid, slope = link.glide(pose[:, link.column])
                place[number] += _turned(before, slid @ link.turn.T)
                slide[number] = _turned(before, slope @ link.turn.T)
            np.matmul(before, local[number], out=turn[number])
        return _Placed(place.swapaxes(0, 1), turn.swapaxes(0, 1), slide)

    def _local_turns(self, pose: FloatArray) -> list[FloatArray]:
        """Orientation of every link in its parent, (3, 3) where it is fixed and (T, 3, 3) at hinges."""
        angle = pose[:, self._hinge_column].T[..., None, None]
        hinged = self._rest[self._hinges][:, None] + np.sin(angle) * self._by_sine[:, None]
        hinged += (1.0 - np.cos(angle)) * self._by_versine[:, None]
        local = list(self._rest)
        for number, turn in zip(self._hinges, hinged, strict=True):
            local[number] = turn
        return local

    def _twist(self, pose: FloatArray, placed: _Placed) -> FloatArray:
        """(T, N, 6); see `Twists`."""
        twist = np.zeros((len(pose), self.columns, 6))
        twist[:, [0, 1, 2], [3, 4, 5]] = 1.0
        twist[:, 3:6, :3] = _left_jacobian(pose[:, 3:6]).swapaxes(1, 2)
        axis = _turned(placed.turn[:, self._hinges], self._axes)
        twist[:, self._hinge_column, :3] = axis
        arm = placed.place[:, self._hinges] - pose[:, None, :3]
        twist[:, self._hinge_column, 3:] = cross(arm, axis)
        for number, slope in placed.slide.items():
            twist[:, self.links[number].column, 3:] += slope
        return twist

    def _points(
        self, place: FloatArray, turn: FloatArray, factor: FloatArray, offset_m: FloatArray | None
    ) -> FloatArray:
        links = [point.link for point in self.points]
        offset = self._offsets(factor, offset_m)
        return np.asarray(place[:, links] + _turned(turn[:, links], offset))

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


def cross(first: FloatArray, second: FloatArray) -> FloatArray:
    """Cross products along the last axis: as NumPy's, in a third of the time for the sizes of a trial."""
    product = np.empty(np.broadcast_shapes(first.shape, second.shape))
    for k, i, j in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        np.multiply(first[..., i], second[..., j], out=product[..., k])
        product[..., k] -= first[..., j] * second[..., i]
    return product


def _turned(turn: FloatArray, vector: FloatArray) -> FloatArray:
    """Vectors (..., 3) turned by matrices (..., 3, 3)."""
    return np.asarray((turn @ vector[..., None])[..., 0])


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
