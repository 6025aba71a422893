"""What simulated walks of one condition cost, over several seeds, and their comparison with another one.

Conditions are walking without the exo, with the exo worn but giving no torque, and with a controller. All
walk from the same starts, seed by seed, so that their ratios are paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.body import SIDES
from core.domain.rollout import METABOLIC_MODELS

CONFIDENCE = 0.95
_PER_SEED = (
    "activation_mean",
    "activation_peak",
    "positive_power_w_kg",
    "speed_m_s",
    "joint_effort",
    "symmetry",
    "similarity",
    "exo_peak_nm",
    "exo_power_w",
    "negative_work_fraction",
)
_OPTIONAL = ("leg_activation", "symmetry_index")
SYMMETRY_PARTS = ("stance time", "step length", "vertical impulse")
"""Parts of the symmetry index (left - right) / (left + right) of Robinson et al. 1987: 0 for equal legs."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds and its 95 % interval; low and high are NaN for a single seed."""

    mean: float
    low: float
    high: float

    @staticmethod
    def of(values: FloatArray) -> Estimate:
        """Student's t interval of the mean of independent values (S,)."""
        count, mean = len(values), float(np.mean(values))
        if count < 2:
            return Estimate(mean, float("nan"), float("nan"))
        from scipy.special import stdtrit  # here: the exo's own code imports this module and needs NumPy only

        t = float(stdtrit(count - 1, 0.5 + 0.5 * CONFIDENCE))
        half = t * float(np.std(values, ddof=1)) / count**0.5
        return Estimate(mean, mean - half, mean + half)

    def excludes(self, value: float) -> bool:
        """Whether the interval shows a difference from `value`; an unknown interval shows none."""
        return self.low > value or self.high < value


@dataclass(frozen=True, slots=True, eq=False)
class WalkMeasures:
    """Walks of one condition in numbers, simulated. Axes: S seeds, 2 metabolic models (METABOLIC_MODELS)."""

    metabolic_w_kg: FloatArray  # (S, 2) net rate: what walking costs beyond standing
    activation_mean: FloatArray  # (S,) over time and leg muscles, 0..1
    activation_peak: FloatArray  # (S,) mean over the leg muscles of each one's 98th percentile
    positive_power_w_kg: FloatArray  # (S,) positive power of all joints of the body itself
    speed_m_s: FloatArray  # (S,)
    joint_effort: FloatArray  # (S,) mean squared fraction of the joints' strength, a detail
    symmetry: FloatArray  # (S,) of stance time and vertical impulse: 1 for equal legs
    similarity: FloatArray  # (S,) 0..1, of the joint angles to the reference
    exo_peak_nm: FloatArray  # (S,)
    exo_power_w: FloatArray  # (S,) both sides together, positive when it helps
    negative_work_fraction: FloatArray  # (S,) negative work of the exo / all its work
    falls: int
    starts: int  # walkers, over all seeds
    walked_s: float  # of all walkers and seeds together
    leg_activation: FloatArray | None = None  # (S, 2) mean over each leg's muscles; None in older records
    symmetry_index: FloatArray | None = None  # (S, 3) of SYMMETRY_PARTS, signed; None in older records

    def __post_init__(self) -> None:
        seeds = len(self.speed_m_s)
        frozen(self, "metabolic_w_kg", (seeds, len(METABOLIC_MODELS)))
        for name in _PER_SEED:
            frozen(self, name, (seeds,))
        for name, width in zip(_OPTIONAL, (len(SIDES), len(SYMMETRY_PARTS)), strict=True):
            if getattr(self, name) is not None:
                frozen(self, name, (seeds, width))

    @staticmethod
    def joined(parts: Sequence[WalkMeasures]) -> WalkMeasures:
        """The measures of several seeds as one."""
        arrays = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("metabolic_w_kg", *_PER_SEED)
        }
        return WalkMeasures(
            **arrays,
            leg_activation=_joined_if_known([part.leg_activation for part in parts]),
            symmetry_index=_joined_if_known([part.symmetry_index for part in parts]),
            falls=sum(part.falls for part in parts),
            starts=sum(part.starts for part in parts),
            walked_s=sum(part.walked_s for part in parts),
        )

    @property
    def seeds(self) -> int:
        return len(self.speed_m_s)

    @property
    def falls_per_minute(self) -> float:
        return 60.0 * self.falls / self.walked_s if self.walked_s > 0 else 0.0

    @property
    def metabolic_j_kg_m(self) -> FloatArray:
        """(S, 2) net cost of transport."""
        cost: FloatArray = self.metabolic_w_kg / self.speed_m_s[:, None]
        return cost

    @property
    def positive_work_j_kg_m(self) -> FloatArray:
        """(S,) positive joint work per metre."""
        work: FloatArray = self.positive_power_w_kg / self.speed_m_s
        return work


def _joined_if_known(parts: list[FloatArray | None]) -> FloatArray | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None


@dataclass(frozen=True, slots=True, eq=False)
class WalkRatios:
    """Paired ratios of one condition to another, seed by seed: below 1 is less. Axes: S seeds, 2 models.

    Per metre: every rate over the speed, so that a slower walk does not look cheaper.
    """

    metabolic: FloatArray  # (S, 2)
    positive_power: FloatArray  # (S,)
    activation: FloatArray  # (S,)
    activation_peak: FloatArray  # (S,)
    speed: FloatArray  # (S,)
    joint_effort: FloatArray  # (S,)
    per_metre: bool

    @staticmethod
    def between(walks: WalkMeasures, to: WalkMeasures, *, per_metre: bool = False) -> WalkRatios:
        """Ratios of `walks` to the walks `to` of the same seeds.

        Raises ValueError when their numbers of seeds differ.
        """
        if walks.seeds != to.seeds:
            raise ValueError(f"{walks.seeds} seeds cannot be paired with {to.seeds}")
        speed = walks.speed_m_s / to.speed_m_s
        distance = speed if per_metre else np.ones_like(speed)
        return WalkRatios(
            metabolic=walks.metabolic_w_kg / to.metabolic_w_kg / distance[:, None],
            positive_power=walks.positive_power_w_kg / to.positive_power_w_kg / distance,
            activation=walks.activation_mean / to.activation_mean / distance,
            activation_peak=walks.activation_peak / to.activation_peak,
            speed=speed,
            joint_effort=walks.joint_effort / to.joint_effort,
            per_metre=per_metre,
        )

    @property
    def metabolic_of_both(self) -> Estimate:
        """The mean of both metabolic models: the number that decides whether walking gets easier."""
        return Estimate.of(self.metabolic.mean(axis=1))

    @property
    def by_model(self) -> tuple[Estimate, ...]:
        """One estimate per metabolic model, in their order."""
        return tuple(Estimate.of(column) for column in self.metabolic.T)
