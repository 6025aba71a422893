"""Delay from the policy's excitation to the muscles, with the stretch reflexes of spastic muscles added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import JOINTS
from core.domain.impairment import ImpairmentKind, Slot
from core.domain.twin import BodyParameters
from core.simulation.environment.actuation import ActuationInputs
from core.simulation.environment.impaired_actuation import LATEST_REACTION_S, MuscleReflex, spasticity
from core.simulation.environment.state_dict import load_with_prefix, with_prefix
from core.simulation.physics.delay_line import DelayedValues
from core.simulation.physics.domain_randomisation import ticks
from core.twin.impairments import severity

_DELAY, _REFLEX = "delay_", "reflex_"


class NeuralDelay:
    """Delays the excitations of N walkers. Axes: M muscles."""

    def __init__(
        self,
        models: Sequence[Any],
        bodies: Sequence[BodyParameters],
        latency_s: Sequence[float],
        tick_s: float,
    ) -> None:
        """Called every `tick_s`; a body's own delay comes on top of its walker's latency (N,)."""
        late_s = [
            latency + LATEST_REACTION_S * severity(body, Slot(ImpairmentKind.DELAY))
            for latency, body in zip(latency_s, bodies, strict=True)
        ]
        delay_ticks = np.array([ticks(delay, tick_s) for delay in late_s])
        self._delay = DelayedValues(delay_ticks, int(models[0].na))
        spastic = spasticity(bodies)
        self._reflex = MuscleReflex(models, spastic, tick_s) if spastic.any() else None
        self._unused = np.zeros((len(bodies), len(JOINTS)))

    def __call__(self, excitation: FloatArray, state: FloatArray, sensor: FloatArray) -> FloatArray:
        """Excitation that reaches the muscles in this tick (N, M), for the new excitation (N, M)."""
        delayed = self._delay(excitation)
        if self._reflex is None:
            return delayed
        joints, gait = (self._unused,) * 3, (self._unused[:, 0],) * 2
        return self._reflex.with_reflex(delayed, ActuationInputs(*joints, state, sensor, *gait))

    def reset(self, which: BoolArray, activation: FloatArray) -> None:
        """Fill the history of the marked walkers (N,) with their present activation (N, M)."""
        self._delay.fill(which, activation)
        if self._reflex is not None:
            self._reflex.reset(which)

    def state_dict(self) -> dict[str, np.ndarray]:
        reflex = {} if self._reflex is None else with_prefix(_REFLEX, self._reflex)
        return with_prefix(_DELAY, self._delay) | reflex

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        load_with_prefix(_DELAY, self._delay, state)
        if self._reflex is not None:
            load_with_prefix(_REFLEX, self._reflex, state)
