"""A course: walks, a run and stairs one after the other, each stride blended into the next.

What is asked for depends on the place alone, as on a real course: a stride begins where the walker is, not
when a clock says so. So a walker that is late is not lost, and every foot finds its step.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.motion import GaitReference
from core.domain.scenario import COURSE_SPEED_M_S, LEVEL_GROUND, GaitKind, Ground, GroundKind, Scenario
from core.domain.twin import BodyParameters
from core.gait.scenario_reference import scenario_reference

RUN_M_S = 2.0
# Legs on the level and where each ends: the walk gets faster before the run and slower after it.
_LEVEL_LEGS: tuple[tuple[GaitKind, float, float], ...] = (
    (GaitKind.WALK, COURSE_SPEED_M_S, 4.0),
    (GaitKind.WALK, 1.5, 6.0),
    (GaitKind.RUN, RUN_M_S, 13.0),
    (GaitKind.WALK, 1.5, 15.0),
    (GaitKind.WALK, COURSE_SPEED_M_S, np.inf),
)
BLEND_STRIDES = 1.0
BEFORE_STAIRS_STRIDES, AFTER_STAIRS_STRIDES = -0.5, 0.2  # middle of the blend from the first and last tread's
_GRID_M = 0.01
_AHEAD_M = 30.0  # of the landing


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Strides by place. Axes: L legs, P places of a grid, K samples, 14 joints."""

    strides: tuple[GaitReference, ...]  # L
    grounds: tuple[Ground, ...]  # L, that each stride is made for
    changes_m: tuple[float, ...]  # L - 1, the middle of each blend
    blend_m: tuple[float, ...]  # L - 1, its length
    stairs_m: float  # where a stride up the stairs begins
    _strides_to: FloatArray = field(init=False, repr=False)  # (P,) strides from `stairs_m` to each place

    def __post_init__(self) -> None:
        place = self._grid()
        length = self.weights(place) @ self.stride_m
        per_m = 1.0 / length
        steps = _GRID_M * 0.5 * (per_m[1:] + per_m[:-1])
        count = np.concatenate([[0.0], np.cumsum(steps)])
        # Beyond the blend into the stairs: there every foot has its tread.
        stairs = int(np.argmax(self.is_stairs))
        known_m = 0.5 * (self.changes_m[stairs - 1] + self.changes_m[stairs])
        known = (known_m - self.stairs_m) / self.stride_m[stairs]
        object.__setattr__(self, "_strides_to", count - np.interp(known_m, place, count) + known)
        frozen(self, "_strides_to", (len(place),))

    def _grid(self) -> FloatArray:
        return np.arange(-3.0, self.changes_m[-1] + _AHEAD_M, _GRID_M)

    @property
    def is_stairs(self) -> FloatArray:
        """(L,) 1 for the legs that are stairs, else 0."""
        return np.array([float(ground is not LEVEL_GROUND) for ground in self.grounds])

    @property
    def stride_m(self) -> FloatArray:
        """(L,) length of each stride."""
        return np.array([one.period_s * one.speed_m_s for one in self.strides])

    def weights(self, place_m: FloatArray) -> FloatArray:
        """(..., L) how much each leg's stride counts at places (...); they sum to 1."""
        over = _smooth((place_m[..., None] - self.changes_m) / np.array(self.blend_m) + 0.5)
        ones = np.ones((*place_m.shape, 1))
        begun, ended = np.concatenate([ones, over], axis=-1), np.concatenate([over, 0.0 * ones], axis=-1)
        weights: FloatArray = begun - ended
        return weights

    def strides_to(self, place_m: FloatArray) -> FloatArray:
        """Strides (...) from where the stairs begin to places (...): the phase that belongs there."""
        count: FloatArray = np.interp(place_m, self._grid(), self._strides_to)
        return count


def course_of(scenario: Scenario, body: BodyParameters, own: GaitReference | None) -> Course:
    """The course of a person on the ground of `scenario`; `own` is the person's level stride, if known."""
    ground = scenario.ground
    steps = Ground(GroundKind.STAIRS, rise_m=ground.rise_m, tread_m=ground.tread_m)
    stairs = replace(scenario, gait=GaitKind.STAIRS_UP, ground=steps)
    level = [
        replace(scenario, gait=gait, speed_m_s=speed, ground=LEVEL_GROUND) for gait, speed, _ in _LEVEL_LEGS
    ]
    legs = [*level, stairs, level[-1]]
    strides = tuple(scenario_reference(leg, body, own) for leg in legs)
    length = [one.period_s * one.speed_m_s for one in strides]
    tops_m = ground.level_m + ground.steps * ground.tread_m
    stair_m = 2.0 * ground.tread_m
    changes = (
        *(until for *_, until in _LEVEL_LEGS[:-1]),
        ground.level_m + BEFORE_STAIRS_STRIDES * stair_m,
        tops_m + AFTER_STAIRS_STRIDES * stair_m,
    )
    blends = tuple(
        BLEND_STRIDES
        * (
            stair_m
            if leg is stairs or legs[number + 1] is stairs
            else 0.5 * (length[number] + length[number + 1])
        )
        for number, leg in enumerate(legs[:-1])
    )
    return Course(strides, tuple(leg.ground for leg in legs), changes, blends, ground.level_m)


def _smooth(fraction: FloatArray) -> FloatArray:
    """A smooth step from 0 to 1 over fractions 0 to 1."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(fraction, 0.0, 1.0))
