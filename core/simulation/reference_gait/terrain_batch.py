"""Terrain of a batch of walkers: height of the ground under and ahead of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.scenario import Ground, GroundKind, ground_height_m

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
        self._count = len(grounds)
        stairs = {ground for ground in grounds if ground.kind is GroundKind.STAIRS}
        self._stairs = [(ground, np.flatnonzero([ground == other for other in grounds])) for ground in stairs]
        self._ahead = np.array(GROUND_AHEAD_M)
        self._stride_m = np.array([2.0 * ground.tread_m for ground in grounds])  # 0 off the stairs

    def line_m(self, forward_m: FloatArray) -> FloatArray:
        """Height of the line (N,) at distances ahead of the start (N,)."""
        line: FloatArray = self.climb * forward_m
        return line

    def ahead_of_phase(self, forward_m: FloatArray, phase: FloatArray) -> FloatArray:
        """By which fraction of a stride (N,) walkers on stairs are ahead of their phase, -0.5 to 0.5; else 0.

        A stride of two treads begins at distance 0 (`Ground.first_middle_m`).
        """
        on_steps = self._stride_m > 0.0
        place = forward_m / np.where(on_steps, self._stride_m, 1.0)
        return np.where(on_steps, (place - phase + 0.5) % 1.0 - 0.5, 0.0)

    def ahead_m(self, forward_m: FloatArray) -> FloatArray:
        """Height of the ground (N, G) above its line at GROUND_AHEAD_M from each walker; zero on ramps."""
        above = np.zeros((self._count, len(self._ahead)))
        for ground, rows in self._stairs:
            place = forward_m[rows, None] + self._ahead
            above[rows] = ground_height_m(ground, place) - ground.climb * place
        return above
