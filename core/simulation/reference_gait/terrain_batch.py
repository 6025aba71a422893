"""Terrain of a batch of walkers: height of the ground under and ahead of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import FloatArray, IntArray
from core.domain.scenario import Ground, GroundKind, ground_height_m, line_m
from core.simulation.reference_gait.course_batch import CoursePlace

GROUND_AHEAD_M = (
    -0.3,
    0.0,
    0.2,
    0.4,
    0.6,
    0.8,
)  # from the trailing foot to a step ahead


class TerrainBatch:
    """Walkways of N walkers. Their line climbs evenly through the middles of the treads."""

    def __init__(self, grounds: Sequence[Ground]) -> None:
        self.climb: FloatArray = np.array([ground.climb for ground in grounds])
        self.even: FloatArray = np.array([ground.kind is not GroundKind.STAIRS for ground in grounds], float)
        self._grounds, self._count = list(grounds), len(grounds)
        self._stairs = _rows_of(grounds, GroundKind.STAIRS)
        self._courses = _rows_of(grounds, GroundKind.COURSE)
        self._ahead = np.array(GROUND_AHEAD_M)
        self.on_stairs = np.array([ground.kind is GroundKind.STAIRS for ground in grounds])
        self._stride_m = np.array([2.0 * ground.tread_m for ground in grounds]) * self.on_stairs

    def set_places(self, places: Sequence[CoursePlace]) -> None:
        """Set where walkers on a course are: `climb` and `even` depend on it."""
        for place in places:
            ground = self._grounds[place.rows[0]]
            self.even[place.rows] = 1.0 - place.on_stairs
            self.climb[place.rows] = ground.rise_m / ground.tread_m * place.on_stairs

    def line_m(self, forward_m: FloatArray) -> FloatArray:
        """Height of the line (N,) at distances ahead of the start (N,)."""
        line: FloatArray = self.climb * forward_m
        for ground, rows in self._courses:
            line[rows] = line_m(ground, forward_m[rows])
        return line

    def ahead_of_phase(self, forward_m: FloatArray, phase: FloatArray) -> FloatArray:
        """By which fraction of a stride (N,) walkers on stairs are ahead of their phase, -0.5 to 0.5; else 0.

        A stride of two treads begins at distance 0 (`Ground.first_middle_m`).
        """
        on_steps = self._stride_m > 0.0
        place = forward_m / np.where(on_steps, self._stride_m, 1.0)
        return np.where(on_steps, ahead_of(place, phase), 0.0)

    def ahead_m(self, forward_m: FloatArray) -> FloatArray:
        """Height of the ground (N, G) above its line at GROUND_AHEAD_M from each walker; zero on ramps."""
        above = np.zeros((self._count, len(self._ahead)))
        for ground, rows in (*self._stairs, *self._courses):
            place = forward_m[rows, None] + self._ahead
            above[rows] = ground_height_m(ground, place) - line_m(ground, place)
        return above


def ahead_of(strides: FloatArray, phase: FloatArray) -> FloatArray:
    """By which fraction of a stride, -0.5 to 0.5, this count of strides is ahead of a phase."""
    ahead: FloatArray = (strides - phase + 0.5) % 1.0 - 0.5
    return ahead


def in_swing(fraction: FloatArray) -> FloatArray:
    """Phase of a stride on stairs for a fraction 0..1: the other foot landed at least a quarter before."""
    half = np.floor(2.0 * fraction) / 2.0
    phase: FloatArray = half + 0.25 + 0.5 * (fraction - half)
    return phase


def _rows_of(grounds: Sequence[Ground], kind: GroundKind) -> list[tuple[Ground, IntArray]]:
    """Each ground of this kind with the walkers on it."""
    distinct = {ground for ground in grounds if ground.kind is kind}
    return [(ground, np.flatnonzero([ground == other for other in grounds])) for ground in distinct]
