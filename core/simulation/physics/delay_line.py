"""Values that arrive later: the one delay line of reflexes, reactions and random latency."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.domain.arrays import BoolArray, FloatArray


class DelayedValues:
    """Gives values back later, each member's after its own time. Axes: N members, C values.

    Between two ticks it interpolates, so that a delay can be any number of ticks.
    """

    def __init__(self, delay_ticks: FloatArray, channels: int) -> None:
        self._whole = np.floor(delay_ticks).astype(np.int64)
        self._fraction = (delay_ticks - self._whole)[:, None]
        self._rows = np.arange(len(delay_ticks))
        slots = int(self._whole.max(initial=0)) + 2
        self._ring: FloatArray = np.zeros((slots, len(delay_ticks), channels))
        self._tick = 0

    def __call__(self, value: FloatArray) -> FloatArray:
        """Take this tick's values (N, C); returns those of each member's delay ago."""
        slots = len(self._ring)
        self._tick = (self._tick + 1) % slots
        self._ring[self._tick] = value
        later = self._ring[(self._tick - self._whole) % slots, self._rows]
        earlier = self._ring[(self._tick - self._whole - 1) % slots, self._rows]
        delayed: FloatArray = later + self._fraction * (earlier - later)
        return delayed

    def fill(self, which: BoolArray, value: FloatArray) -> None:
        """Let the past of the marked members (N,) have been `value` (N, C) all along."""
        self._ring[:, which] = value[which]

    def state_dict(self) -> dict[str, np.ndarray]:
        return {"ring": self._ring.copy(), "tick": np.array([self._tick])}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        self._ring = np.array(state["ring"])
        self._tick = int(state["tick"][0])
