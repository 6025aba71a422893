"""Newton-Euler dynamics of a tree of rigid parts, for many frames at once.

The recursive method (Luh, Walker & Paul 1980; Featherstone 2008, Rigid Body Dynamics Algorithms, ch. 5) with
all quantities in the world's axes: outwards turning and acceleration, inwards forces and moments. Every joint
is a chain of plain moves about or along one axis; a move may follow any smooth function of its coordinate, as
a knee's rolling does, and several moves may share a coordinate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from core.domain.arrays import FloatArray

GRAVITY_M_S2 = 9.80665

Function = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Value and slope at coordinates (T,)."""

_CHUNK = 2048  # frames that are worked on at once: their arrays stay in the processor's cache
_BEND = 1e-4  # rad or m: distance over which the slope of a function is compared for its curvature


@dataclass(frozen=True, slots=True)
class Part:
    """One part. Frame: the parent's, moved by `offset_m`, turned by `turn`, then moved by its coordinate."""

    parent: int  # number of the part that carries it; -1 for the ground
    offset_m: FloatArray  # (3,) in the parent's frame
    turn: FloatArray  # (3, 3)
    axis: FloatArray | None = None  # (3,) unit vector in the turned frame; None for a part that is fixed
    column: int = -1  # of the coordinates
    slides: bool = False  # along the axis; else it turns about it
    function: Function | None = None  # from the coordinate to the angle or way; None: they are equal


@dataclass(frozen=True, slots=True)
class Mass:
    """What a part weighs."""

    part: int
    mass_kg: float
    centre_m: FloatArray  # (3,) in the part's frame
    inertia_kg_m2: FloatArray  # (3, 3) about the centre, in the part's axes


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """A force and a moment on a part from outside, in the world's axes. Axes: T frames."""

    part: int
    force_n: FloatArray  # (T, 3)
    point_m: FloatArray  # (T, 3) where the force acts; any value where the force is zero
    moment_nm: FloatArray  # (T, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Coordinates over time. Axes: T frames, N columns."""

    value: FloatArray  # (T, N) rad, m
    rate: FloatArray  # (T, N)
    acceleration: FloatArray  # (T, N)


@dataclass(frozen=True, slots=True, eq=False)
class Wrench:
    """Force and moment that a body's motion and weight ask for, about the world's origin."""

    force_n: FloatArray  # (T, 3)
    moment_nm: FloatArray  # (T, 3)


@dataclass(slots=True, eq=False)
class _Placed:
    """A part at the frames of one chunk; vectors (3, T), matrices (3, 3, T)."""

    turn: FloatArray
    place: FloatArray
    turning: FloatArray
    turning_rate: FloatArray
    acceleration: FloatArray
    way: FloatArray | None = None  # slope of the move by its coordinate; None for 1


class RigidTree:
    """Parts in an order in which parents come first, and their masses."""

    def __init__(
        self, parts: Sequence[Part], masses: Sequence[Mass], *, columns: int, up: FloatArray
    ) -> None:
        self.columns = columns
        self._up = np.asarray(up, dtype=float)
        self._moves: list[Part] = []
        self._seat: list[tuple[int, FloatArray, FloatArray]] = []
        for part in parts:
            self._add(part)
        self.masses = tuple(masses)
        self.mass_kg = float(sum(mass.mass_kg for mass in masses))
        self._merged = [self._merged_on(number) for number in range(len(self._moves))]

    def _add(self, part: Part) -> None:
        """Fixed parts become frames of what carries them; every axis becomes the z axis of its part."""
        on, offset_m, turn = (-1, np.zeros(3), np.eye(3)) if part.parent < 0 else self._seat[part.parent]
        offset_m, turn = offset_m + turn @ part.offset_m, turn @ part.turn
        if part.axis is None:
            self._seat.append((on, offset_m, turn))
            return
        to_axis = _z_to(part.axis)
        self._moves.append(
            Part(on, offset_m, turn @ to_axis, part.axis, part.column, part.slides, part.function)
        )
        self._seat.append((len(self._moves) - 1, np.zeros(3), to_axis.T))

    def _merged_on(self, number: int) -> Mass | None:
        """All masses that move with one part, as one."""
        own = [(mass, self._seat[mass.part]) for mass in self.masses]
        own = [(mass, seat) for mass, seat in own if seat[0] == number and mass.mass_kg > 0.0]
        if not own:
            return None
        total = sum(mass.mass_kg for mass, _ in own)
        centres = [offset_m + turn @ mass.centre_m for mass, (_, offset_m, turn) in own]
        pairs = list(zip(own, centres, strict=True))
        centre = np.sum([mass.mass_kg * place for (mass, _), place in pairs], axis=0) / total
        inertia = np.zeros((3, 3))
        for (mass, (_, _, turn)), place in pairs:
            arm = place - centre
            inertia += turn @ mass.inertia_kg_m2 @ turn.T
            inertia += mass.mass_kg * (arm @ arm * np.eye(3) - np.outer(arm, arm))
        return Mass(number, total, centre, inertia)

    def moments(self, course: Course, loads: Sequence[Load] = ()) -> FloatArray:
        """Generalised forces (T, N) that the joints give: N m of turning, N of sliding coordinates."""
        found = np.zeros_like(course.value)
        for chunk in _chunks(len(found)):
            placed = self._placed(course, chunk)
            wrench = self._wrenches(placed)
            for load in loads:
                self._apply(wrench, load, chunk)
            found[chunk] = self._inwards(placed, wrench)
        return found

    def total(self, course: Course) -> Wrench:
        """What the ground must give the whole body: the sum over its parts of mass times (a - g)."""
        force, moment = np.empty((len(course.value), 3)), np.empty((len(course.value), 3))
        for chunk in _chunks(len(force)):
            wrench = self._wrenches(self._placed(course, chunk)).sum(axis=0)
            force[chunk], moment[chunk] = wrench[:3].T, wrench[3:].T
        return Wrench(force, moment)

    def points_m(self, value: FloatArray, points: Sequence[tuple[int, FloatArray]]) -> FloatArray:
        """Places (T, P, 3) in the world of points (part, place in its frame)."""
        still = np.zeros_like(value)
        found = np.empty((len(value), len(points), 3))
        for chunk in _chunks(len(value)):
            placed = self._placed(Course(value, still, still), chunk)
            for column, (part, place_m) in enumerate(points):
                on, offset_m, turn = self._seat[part]
                seat = placed[on]
                found[chunk, column] = (seat.place + _times(seat.turn, offset_m + turn @ place_m)).T
        return found

    def orientations(self, value: FloatArray, parts: Sequence[int]) -> FloatArray:
        """Rotation matrices (T, P, 3, 3) of parts in the world."""
        still = np.zeros_like(value)
        found = np.empty((len(value), len(parts), 3, 3))
        for chunk in _chunks(len(value)):
            placed = self._placed(Course(value, still, still), chunk)
            for column, part in enumerate(parts):
                on, _, turn = self._seat[part]
                found[chunk, column] = placed[on].turn.transpose(2, 0, 1) @ turn
        return found

    def carried(self, course: Course, loads: Sequence[Load], column: int) -> Wrench:
        """All that the joint of one column passes on to what hangs on it, about the world's origin.

        Its moment about a point p is `moment_nm` - p x `force_n`.
        """
        number = max(k for k, move in enumerate(self._moves) if move.column == column)
        force, moment = np.empty((2, len(course.value), 3))
        for chunk in _chunks(len(force)):
            placed = self._placed(course, chunk)
            wrench = self._wrenches(placed)
            for load in loads:
                self._apply(wrench, load, chunk)
            self._inwards(placed, wrench)
            force[chunk], moment[chunk] = wrench[number, :3].T, wrench[number, 3:].T
        return Wrench(force, moment)

    def centre_m(self, value: FloatArray) -> FloatArray:
        """Centre of mass (T, 3)."""
        places = self.points_m(value, [(mass.part, mass.centre_m) for mass in self.masses])
        share = np.array([mass.mass_kg for mass in self.masses]) / self.mass_kg
        return np.asarray(share @ places)

    def _placed(self, course: Course, chunk: slice) -> list[_Placed]:
        """Outwards. The ground is taken to fall upwards, which is what weight does to the body."""
        value, rate, acceleration = (
            np.ascontiguousarray(array[chunk].T) for array in (course.value, course.rate, course.acceleration)
        )
        frames = value.shape[1]
        still = np.zeros((3, frames))
        ground = _Placed(
            np.repeat(np.eye(3)[:, :, None], frames, axis=2),
            still,
            still,
            still,
            np.repeat(GRAVITY_M_S2 * self._up[:, None], frames, axis=1),
        )
        placed: list[_Placed] = []
        for part in self._moves:
            base = ground if part.parent < 0 else placed[part.parent]
            own = (value[part.column], rate[part.column], acceleration[part.column])
            placed.append(_moved(base, part, *own))
        return placed

    def _wrenches(self, placed: list[_Placed]) -> FloatArray:
        """What every part's motion asks for, force above moment about the origin: (parts, 6, T)."""
        found = np.zeros((len(placed), 6, placed[0].place.shape[1]))
        for number, (seat, mass) in enumerate(zip(placed, self._merged, strict=True)):
            if mass is None:
                continue
            arm = _times(seat.turn, mass.centre_m)
            force = mass.mass_kg * (seat.acceleration + _swept(seat, arm))
            local = np.einsum("ijt,it->jt", seat.turn, seat.turning)
            local_rate = np.einsum("ijt,it->jt", seat.turn, seat.turning_rate)
            inertia = mass.inertia_kg_m2
            spin = inertia @ local_rate + _cross(local, inertia @ local)
            found[number, :3] = force
            found[number, 3:] = np.einsum("ijt,jt->it", seat.turn, spin) + _cross(seat.place + arm, force)
        return found

    def _apply(self, wrench: FloatArray, load: Load, chunk: slice) -> None:
        on = self._seat[load.part][0]
        force = load.force_n[chunk].T
        wrench[on, :3] -= force
        wrench[on, 3:] -= load.moment_nm[chunk].T + _cross(load.point_m[chunk].T, force)

    def _inwards(self, placed: list[_Placed], wrench: FloatArray) -> FloatArray:
        """Every joint carries all that hangs on it: (T, N)."""
        found = np.zeros((self.columns, wrench.shape[2]))
        for number in range(len(placed) - 1, -1, -1):
            part, seat, own = self._moves[number], placed[number], wrench[number]
            axis = seat.turn[:, 2]
            across = own[:3] if part.slides else own[3:] - _cross(seat.place, own[:3])
            along = axis[0] * across[0] + axis[1] * across[1] + axis[2] * across[2]
            found[part.column] += along if seat.way is None else along * seat.way
            if part.parent >= 0:
                wrench[part.parent] += own
        return found.T


def _moved(base: _Placed, part: Part, value: FloatArray, rate: FloatArray, bend: FloatArray) -> _Placed:
    """A part on what carries it, with its coordinate's value, rate and acceleration (T,)."""
    way = None
    if part.function is not None:
        beside = np.concatenate([value, value + _BEND, value - _BEND])
        values, ways = (column.reshape(3, -1) for column in part.function(beside))
        value, way = values[0], ways[0]
        bend = way * bend + (ways[1] - ways[2]) / (2.0 * _BEND) * rate**2
        rate = way * rate
    turn = np.matmul(part.turn.T, base.turn) if not _is_unit(part.turn) else base.turn
    arm = _times(base.turn, part.offset_m) if part.offset_m.any() else None
    axis = turn[:, 2]
    if part.slides:
        slid = axis * value
        arm = slid if arm is None else arm + slid
        acceleration = base.acceleration + _swept(base, arm) + axis * bend
        acceleration += _cross(base.turning, axis) * (2.0 * rate)
        return _Placed(turn, base.place + arm, base.turning, base.turning_rate, acceleration, way)
    place, acceleration = base.place, base.acceleration
    if arm is not None:
        place, acceleration = place + arm, acceleration + _swept(base, arm)
    spun = axis * rate
    return _Placed(
        _about_z(turn, value),
        place,
        base.turning + spun,
        base.turning_rate + axis * bend + _cross(base.turning, spun),
        acceleration,
        way,
    )


def _about_z(turn: FloatArray, angle: FloatArray) -> FloatArray:
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = np.empty_like(turn)
    turned[:, 0] = cosine * turn[:, 0] + sine * turn[:, 1]
    turned[:, 1] = cosine * turn[:, 1] - sine * turn[:, 0]
    turned[:, 2] = turn[:, 2]
    return turned


def _swept(seat: _Placed, arm: FloatArray) -> FloatArray:
    """Acceleration of a point at `arm` (3, T) from a part's origin, against that of the origin."""
    return _cross(seat.turning_rate, arm) + _cross(seat.turning, _cross(seat.turning, arm))


def _cross(first: FloatArray, second: FloatArray) -> FloatArray:
    """Cross products of (3, T)."""
    product = np.empty(second.shape)
    for k, i, j in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        np.multiply(first[i], second[j], out=product[k])
        product[k] -= first[j] * second[i]
    return product


def _times(turn: FloatArray, vector: FloatArray) -> FloatArray:
    """Matrices (3, 3, T) times one vector (3,)."""
    x, y, z = vector
    return np.asarray(turn[:, 0] * x + turn[:, 1] * y + turn[:, 2] * z)


def _z_to(axis: FloatArray) -> FloatArray:
    """A rotation that takes the z axis to `axis`."""
    if np.array_equal(axis, (0.0, 0.0, 1.0)):
        return np.eye(3)
    if np.array_equal(axis, (0.0, 0.0, -1.0)):
        return np.diag([1.0, -1.0, -1.0])
    about = np.cross([0.0, 0.0, 1.0], axis)
    sine = float(np.linalg.norm(about))
    angle = np.arctan2(sine, axis[2])
    return np.asarray(Rotation.from_rotvec(about / sine * angle).as_matrix())


def _is_unit(turn: FloatArray) -> bool:
    return bool(np.array_equal(turn, np.eye(3)))


def _chunks(frames: int) -> list[slice]:
    return [slice(first, min(first + _CHUNK, frames)) for first in range(0, frames, _CHUNK)]
