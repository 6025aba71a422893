"""Bodies and grounds that differ a little from what was measured, so that learning does not rely on it.

Domain randomisation, the idea of Luo et al. (2024, Nature 630:353, eq. 16) and Song et al. (2026, arXiv
2603.04166): every member of a batch gets its own mass, strength, friction and latency. Luo et al. draw anew
in every episode and vary the exo as well; here they are drawn once, and the ranges are ours.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray, frozen

Range = tuple[float, float]
_PEAK_FORCE = 2  # position in MuJoCo's muscle gain and bias parameters


@dataclass(frozen=True, slots=True)
class RandomisationRanges:
    """Ranges of what varies, uniform; shares are factors of the measured value."""

    mass: Range = (0.9, 1.1)  # clothes, meals, and what scales and segment tables miss
    strength: Range = (0.85, 1.15)  # of all muscles together
    each_muscle: Range = (0.9, 1.1)  # further factor of each muscle alone
    friction: Range = (0.7, 1.1)  # shoe on dry floor to smooth or dusty floor
    latency_s: Range = (0.0, 0.03)  # from a decision to the muscles

    def __post_init__(self) -> None:
        for name in ("mass", "strength", "each_muscle", "friction", "latency_s"):
            low, high = getattr(self, name)
            least = 0.0 if name == "latency_s" else 0.1
            if not least <= low <= high:
                raise ValueError(f"{name} cannot range from {low:g} to {high:g}")


NO_RANDOMISATION = RandomisationRanges((1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (0.0, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Variation:
    """What one member of a batch got. Axis: M muscles."""

    mass_factor: float
    strength_factor: FloatArray  # (M,)
    friction_factor: float
    latency_s: float

    def __post_init__(self) -> None:
        frozen(self, "strength_factor", (None,))


def draw(ranges: RandomisationRanges, count: int, muscles: int, seed: int) -> tuple[Variation, ...]:
    """Values of `count` members; a member's values do not depend on how many follow it."""
    drawn = []
    for member in range(count):
        rng = np.random.default_rng((seed, member))
        mass, strength, friction, latency = (
            rng.uniform(*limits)
            for limits in (ranges.mass, ranges.strength, ranges.friction, ranges.latency_s)
        )
        each = rng.uniform(*ranges.each_muscle, muscles)
        drawn.append(Variation(mass, strength * each, friction, latency))
    return tuple(drawn)


def altered_model(model: Any, change: Variation) -> Any:
    """A copy of a compiled model with this mass, strength (in the order of its muscles) and friction.

    Mass and inertia change alike, so the body keeps its shape; friction is that of the ground.
    """
    altered = copy.copy(model)
    altered.body_mass *= change.mass_factor
    altered.body_inertia *= change.mass_factor
    muscles = np.flatnonzero(model.actuator_dyntype == mujoco.mjtDyn.mjDYN_MUSCLE)
    altered.actuator_gainprm[muscles, _PEAK_FORCE] *= change.strength_factor
    altered.actuator_biasprm[muscles, _PEAK_FORCE] *= change.strength_factor
    altered.geom_friction[model.geom_bodyid == 0, 0] *= change.friction_factor
    mujoco.mj_setConst(altered, mujoco.MjData(altered))  # weights of the constraints follow the mass
    return altered


def ticks(delay_s: float, tick_s: float) -> int:
    """Whole ticks of a delay, rounded."""
    return round(delay_s / tick_s)
