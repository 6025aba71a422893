"""Muscle paths as tubes with a belly: numpy only, so a frame costs one pass over a few thousand points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDES_OF_TUBE = 7
TENDON_RADIUS_M = 0.0028
BELLY_RADIUS_M = 0.0095


class TubeShape:
    """What stays the same while the paths move. Axes: M muscles, P path points, S sides of the tube."""

    def __init__(self, muscle_start: NDArray[np.int64]) -> None:
        self._start = np.asarray(muscle_start, dtype=np.int64)
        lengths = np.diff(self._start)
        self._muscle_of_point = np.repeat(np.arange(len(lengths)), lengths)
        self._points = int(self._start[-1])
        self._last = self._start[1:] - 1
        self._first = self._start[:-1]
        self._radius_m = self._radii(lengths)
        turn = 2 * np.pi * np.arange(SIDES_OF_TUBE) / SIDES_OF_TUBE
        self._cos, self._sin = np.cos(turn)[None, :, None], np.sin(turn)[None, :, None]
        self.quads = self._quads()

    @property
    def vertex_count(self) -> int:
        return self._points * SIDES_OF_TUBE

    def surface(self, point_m: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Vertices and unit normals, both (P * S, 3), of paths `point_m` (P, 3)."""
        path = np.asarray(point_m, dtype=np.float32)
        along = self._tangents(path)
        helper = np.zeros_like(along)
        helper[:, 0] = 1.0  # leg muscles hardly ever run sideways
        across = np.cross(along, helper)
        across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
        other = np.cross(along, across)
        normal = across[:, None, :] * self._cos + other[:, None, :] * self._sin
        vertex = path[:, None, :] + normal * self._radius_m[:, None, None]
        return vertex.reshape(-1, 3).astype(np.float32), normal.reshape(-1, 3).astype(np.float32)

    def spread(self, value: NDArray[np.float64]) -> NDArray[np.float32]:
        """One value per muscle (M,) onto all its vertices (P * S,)."""
        return np.repeat(value[self._muscle_of_point], SIDES_OF_TUBE).astype(np.float32)

    def _tangents(self, path: NDArray[np.float32]) -> NDArray[np.float32]:
        after = np.minimum(np.arange(self._points) + 1, self._last[self._muscle_of_point])
        before = np.maximum(np.arange(self._points) - 1, self._first[self._muscle_of_point])
        along = path[after] - path[before]
        length = np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
        return np.asarray(along / length, dtype=np.float32)

    def _radii(self, lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        fraction = np.concatenate([np.linspace(0, 1, max(int(length), 1)) for length in lengths])
        return (TENDON_RADIUS_M + (BELLY_RADIUS_M - TENDON_RADIUS_M) * np.sin(np.pi * fraction)).astype(
            np.float32
        )

    def _quads(self) -> NDArray[np.int64]:
        ring = np.setdiff1d(np.arange(self._points), self._last)
        here = ring[:, None] * SIDES_OF_TUBE + np.arange(SIDES_OF_TUBE)
        beside = ring[:, None] * SIDES_OF_TUBE + (np.arange(SIDES_OF_TUBE) + 1) % SIDES_OF_TUBE
        quads = np.stack([here, beside, beside + SIDES_OF_TUBE, here + SIDES_OF_TUBE], axis=-1)
        return quads.reshape(-1, 4)
