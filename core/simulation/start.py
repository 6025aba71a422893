"""How high the pelvis is when a walker is put on its feet."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.motion import GaitReference
from core.domain.scenario import Ground
from core.simulation.pace import PacedStrides, standing_bank
from core.simulation.reference import StrideBank
from core.simulation.stance import HEIGHT_SAMPLES, standing_heights


class Starts:
    """Pelvis heights above the line of the ground for N walkers. Equal walkers are computed once."""

    def __init__(
        self,
        models: Sequence[mujoco.MjModel],
        references: Sequence[GaitReference],
        grounds: Sequence[Ground],
        strides: PacedStrides,
    ) -> None:
        known: dict[tuple[int, int], FloatArray] = {}
        standing: dict[int, float] = {}
        for model, reference, ground in zip(models, references, grounds, strict=True):
            if (id(model), id(reference)) not in known:
                bank = StrideBank([reference])
                known[id(model), id(reference)] = standing_heights(model, bank, ground)
            if strides.paced and id(model) not in standing:
                standing[id(model)] = float(standing_heights(model, standing_bank(), ground)[0])
        pairs = [(id(model), id(reference)) for model, reference in zip(models, references, strict=True)]
        self._heights = np.stack([known[pair] for pair in pairs])  # (N, HEIGHT_SAMPLES)
        self.usual_m: FloatArray = self._heights.mean(axis=1)
        self._standing_m = np.array([standing.get(model, 0.0) for model, _ in pairs])
        self._strides = strides

    def height_and_climb(self, phase: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Pelvis height (N,) and its rate of change at each walker's phase and amplitude."""
        place = phase * HEIGHT_SAMPLES
        before = np.floor(place).astype(int) % HEIGHT_SAMPLES
        rows = np.arange(len(phase))
        low, high = self._heights[rows, before], self._heights[rows, (before + 1) % HEIGHT_SAMPLES]
        rise = high - low
        height, climb = low + (place % 1.0) * rise, rise * HEIGHT_SAMPLES / self._strides.period_s
        if not self._strides.paced:
            return height, climb
        size = self._strides.amplitude
        return size * height + (1.0 - size) * self._standing_m, size * climb
