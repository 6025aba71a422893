"""Which force plate carries which foot, and when.

A plate measures what stands on it, whoever that is. A foot's load is known where one foot alone stands on the
loaded plates and lies on them whole, and where the foot is in the air; elsewhere it is NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.laboratory import LaboratoryTrial, PlateForces
from core.domain.motion import Stride

LOADED_N = 20.0  # less is noise, or a foot that only brushes the plate
FARTHEST_M = 0.15  # of the centre of pressure from the sole of a foot that makes it

_SHORTEST_S = 0.05  # shorter contacts are knocks
_STILL_M_S, _LOW_M = 0.4, 0.05  # a part of the sole of a foot that stands
_EDGE_M = 0.03  # that a sole may reach over a plate's edge: shoes are wider than the bones
_PARTIAL = 0.2  # of a contact; so much of it may seem to be beside the plate
_EXPLAINED = 0.6  # of a foot's time on the floor that a plate must have measured

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class FootLoads:
    """Axes: T frames, 2 sides as SIDES. World axes as in `Kinematics`."""

    force_n: FloatArray  # (T, 2, 3); NaN where not known, zero in the air
    pressure_m: FloatArray  # (T, 2, 3); NaN where nothing is known to press
    free_moment_nm: FloatArray  # (T, 2)
    shared_s: float = 0.0  # how long both feet stood on one plate
    partial: int = 0  # contacts with a foot half beside its plates
    far: int = 0  # contacts far from every foot
    contacts: int = 0  # all contacts of the trial
    without_corners: int = 0  # plates whose place is not known


@dataclass(frozen=True, slots=True, eq=False)
class Soles:
    """Where the feet are. Axes: T frames, 2 sides; heel, ball and toe of each sole."""

    time_s: FloatArray  # (T,)
    point_m: FloatArray  # (T, 2, 3, 3) in the laboratory
    speed_m_s: FloatArray  # (T, 2, 3) against the floor or the belt
    swings: Bools  # (T, 2) where strides say that the foot is in the air
    told: Bools  # (T, 2) where strides say that it stands

    @classmethod
    def of(
        cls, time_s: FloatArray, point_m: FloatArray, belt_m: FloatArray, strides: tuple[Stride, ...]
    ) -> Soles:
        """`point_m` (T, 2, 3, 3) against the belt, `belt_m` (T, 3) how far it has moved in the laboratory."""
        speed = np.linalg.norm(np.gradient(point_m, time_s, axis=0), axis=-1)
        swings, told = np.zeros((2, len(time_s), 2), dtype=bool)
        for stride in strides:
            side = SIDES.index(stride.side)
            told[(time_s >= stride.start_s) & (time_s <= stride.toe_off_s), side] = True
            swings[(time_s > stride.toe_off_s) & (time_s < stride.end_s), side] = True
        return cls(time_s, point_m + belt_m[:, None, None], speed, swings, told)

    def low(self) -> Bools:
        """Which points of the soles are near the floor, (T, 2, 3)."""
        height = self.point_m[..., 2]
        return np.asarray(height < np.percentile(height, 5, axis=0) + _LOW_M)

    def stands(self) -> Bools:
        """Whether each foot stands on the floor, (T, 2).

        By the strides, else where a part of its sole is low and still.
        """
        still = (self.speed_m_s < _STILL_M_S) & self.low()
        return np.asarray(self.told | (still.any(axis=-1) & ~self.swings))


@dataclass(frozen=True, slots=True, eq=False)
class _Plate:
    """A plate at the frames of the motion. Axes: T frames."""

    force_n: FloatArray  # (T, 3)
    pressure_m: FloatArray  # (T, 3)
    free_moment_nm: FloatArray  # (T,)
    corner_m: FloatArray  # (4, 3)

    @property
    def placed(self) -> bool:
        return bool(np.isfinite(self.corner_m).all())

    def beneath(self, point_m: FloatArray, margin_m: float) -> Bools:
        """Whether points (..., 3) are above the plate, or at most a margin beside it."""
        corner = self.corner_m[:, :2]
        side = np.roll(corner, -1, axis=0) - corner
        inward = np.stack([-side[:, 1], side[:, 0]], axis=1)
        inward /= np.linalg.norm(inward, axis=1, keepdims=True)
        inward *= np.sign(((corner.mean(axis=0) - corner) * inward).sum(axis=1, keepdims=True))
        depth = ((point_m[..., None, :2] - corner) * inward).sum(axis=-1)
        return np.asarray((depth > -margin_m).all(axis=-1))


def foot_loads(trial: LaboratoryTrial, soles: Soles) -> FootLoads:
    """The load of either foot at the motion's frames."""
    return _Assignment(trial, soles).result()


class _Assignment:
    """Gives every contact on a plate to a foot, one plate after the other, and counts what is not clear."""

    def __init__(self, trial: LaboratoryTrial, soles: Soles) -> None:
        self._soles = soles
        self._plates = [_at_frames(plate, trial.plate_time_s, soles.time_s) for plate in trial.plates]
        self._loaded = np.array([plate.force_n[:, 2] > LOADED_N for plate in self._plates])
        self._loaded = self._loaded.reshape(len(self._plates), len(soles.time_s))
        self._stands, self._low = soles.stands(), soles.low()
        frames = len(soles.time_s)
        self._carries = np.zeros((len(self._plates), frames, 2), dtype=bool)
        self._unclear = np.zeros((frames, 2), dtype=bool)
        self._shared_s, self._partial, self._far, self._contacts = 0.0, 0, 0, 0

    def result(self) -> FootLoads:
        for number, plate in enumerate(self._plates):
            for run in _runs(self._loaded[number]):
                if self._soles.time_s[run][-1] - self._soles.time_s[run][0] >= _SHORTEST_S:
                    self._contacts += 1
                    self._assign(number, plate, run)
        for side in range(2):
            self._drop_partial(side)
        unknown = self._unclear | self._unexplained()
        force, pressure, free = self._summed()
        force[unknown], free[unknown], pressure[unknown] = np.nan, np.nan, np.nan
        without_corners = sum(not plate.placed for plate in self._plates)
        counts = (self._shared_s, self._partial, self._far, self._contacts, without_corners)
        return FootLoads(force, pressure, free, *counts)

    def _assign(self, number: int, plate: _Plate, run: slice) -> None:
        """The foot of every frame of one contact."""
        distance = _distance_m(plate.pressure_m[run], self._soles.point_m[run])  # (t, 2)
        weight = plate.force_n[run, 2:3]
        mean = (distance * weight).sum(axis=0) / weight.sum()
        if (distance.min(axis=1) * weight[:, 0]).sum() / weight.sum() > FARTHEST_M:
            self._far += 1
            self._unclear[run] |= self._stands[run]
            return
        near = np.zeros((run.stop - run.start, 2), dtype=bool)
        near[:, int(np.argmin(mean))] = True
        on = self._on(plate, run, distance)
        alone: Bools = np.asarray(on.sum(axis=1) == 1)
        near[alone] = on[alone]
        both: Bools = np.asarray(on.all(axis=1))
        self._carries[number, run] = near & ~both[:, None]
        self._unclear[run] |= both[:, None]
        self._shared_s += float(both.sum()) * float(np.median(np.diff(self._soles.time_s)))

    def _on(self, plate: _Plate, run: slice, distance_m: FloatArray) -> Bools:
        """Which feet stand on the plate, (t, 2)."""
        stands = self._stands[run]
        if not plate.placed:
            return np.asarray(stands & (distance_m < FARTHEST_M))
        above = plate.beneath(self._soles.point_m[run], _EDGE_M) & self._low[run]
        return np.asarray(stands & above.any(axis=-1))

    def _drop_partial(self, side: int) -> None:
        """Contacts in which the foot also stands beside the plates that carry it."""
        carried: Bools = np.asarray(self._carries[:, :, side].any(axis=0))
        for run in _runs(carried):
            points, low = self._soles.point_m[run, side], self._low[run, side]
            beneath = np.zeros(low.shape, dtype=bool)
            for number, plate in enumerate(self._plates):
                if not plate.placed:
                    beneath |= self._carries[number, run, side][:, None]
                elif self._carries[number, run, side].any():
                    beneath |= plate.beneath(points, _EDGE_M)
            still = self._soles.speed_m_s[run, side] < _STILL_M_S
            beside = (low & still & ~beneath)[:, :2].any(axis=1)
            if beside.mean() > _PARTIAL:
                self._partial += 1
                self._carries[:, run, side] = False
                self._unclear[run, side] = True

    def _unexplained(self) -> Bools:
        """Frames in which a foot stands on the floor and no plate tells its load, (T, 2)."""
        unknown = np.zeros_like(self._stands)
        carried: Bools = np.asarray(self._carries.any(axis=0))
        empty = np.zeros_like(self._stands)  # above a plate that feels nothing
        for number, plate in enumerate(self._plates):
            if plate.placed:
                above = plate.beneath(self._soles.point_m[..., :2, :], 0.0).all(axis=-1)
                empty |= above & ~self._loaded[number][:, None] & ~self._soles.told
        for side in range(2):
            for run in _runs(self._stands[:, side]):
                if carried[run, side].mean() < _EXPLAINED:
                    unknown[run, side] = ~empty[run, side] & ~carried[run, side]
        return unknown

    def _summed(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Force, centre of pressure and free moment of either foot over the plates that carry it."""
        frames = len(self._soles.time_s)
        force, pressed, free = np.zeros((frames, 2, 3)), np.zeros((frames, 2, 3)), np.zeros((frames, 2))
        shares = [
            (plate, self._carries[number][..., None] * plate.force_n[:, None])
            for number, plate in enumerate(self._plates)
        ]
        for plate, share in shares:
            force += share
            pressed += share[..., 2:] * np.nan_to_num(plate.pressure_m)[:, None]
        upwards = np.where(force[..., 2:] > LOADED_N, force[..., 2:], np.nan)
        pressure = pressed / upwards
        for number, (plate, share) in enumerate(shares):
            arm = np.nan_to_num(np.nan_to_num(plate.pressure_m)[:, None] - pressure)
            free += arm[..., 0] * share[..., 1] - arm[..., 1] * share[..., 0]
            free += self._carries[number] * plate.free_moment_nm[:, None]
        return force, pressure, free


def _at_frames(plate: PlateForces, plate_time_s: FloatArray, time_s: FloatArray) -> _Plate:
    """Means over the time of each frame, so that a fast plate's noise does not fold into slow frames."""
    force = np.nan_to_num(np.asarray(plate.force_n))
    pressed = force[:, 2:] * np.nan_to_num(plate.pressure_m)
    columns = np.column_stack([force, pressed, np.nan_to_num(plate.free_moment_nm)])
    mean = _means(columns, plate_time_s, time_s)
    upwards = np.where(mean[:, 2:3] > LOADED_N, mean[:, 2:3], np.nan)
    return _Plate(mean[:, :3], mean[:, 3:6] / upwards, mean[:, 6], np.asarray(plate.corner_m))


def _means(values: FloatArray, known_s: FloatArray, time_s: FloatArray) -> FloatArray:
    """Means of columns (K, C) around each time, (T, C); zero outside of the recording."""
    frame = float(np.median(np.diff(time_s)))
    first, last = time_s - 0.5 * frame, time_s + 0.5 * frame
    step = float(np.median(np.diff(known_s)))
    found = np.zeros((len(time_s), values.shape[1]))
    for column in range(values.shape[1]):
        if step > 0.7 * frame:
            found[:, column] = np.interp(time_s, known_s, values[:, column], left=0.0, right=0.0)
            continue
        area = np.concatenate([[0.0], np.cumsum(values[:, column]) * step])
        at = np.concatenate([[known_s[0] - step / 2], known_s + step / 2])
        found[:, column] = (np.interp(last, at, area) - np.interp(first, at, area)) / frame
    return found


def _distance_m(place_m: FloatArray, point_m: FloatArray) -> FloatArray:
    """Of places (t, 3) from the soles (t, 2, 3, 3) in the plane of the floor, (t, 2)."""
    best = np.full(point_m.shape[:2], np.inf)
    place = place_m[:, None, :2]
    for first, second in ((0, 1), (1, 2)):
        start, along = point_m[:, :, first, :2], point_m[:, :, second, :2] - point_m[:, :, first, :2]
        length = np.maximum((along**2).sum(axis=-1), 1e-9)
        share = np.clip(((place - start) * along).sum(axis=-1) / length, 0.0, 1.0)
        best = np.fmin(best, np.linalg.norm(place - start - share[..., None] * along, axis=-1))
    return best


def _runs(flags: Bools) -> Iterator[slice]:
    """Stretches of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    for first, last in edges.reshape(-1, 2):
        yield slice(int(first), int(last))
