"""A reward as a weighted sum of small named terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from core.domain.arrays import FloatArray

QuantitiesT = TypeVar("QuantitiesT")


@dataclass(frozen=True, slots=True)
class RewardTerm(Generic[QuantitiesT]):
    weight: float
    value: Callable[[QuantitiesT], FloatArray]  # (N,) from the quantities of one control step

    @property
    def name(self) -> str:
        return str(self.value.__name__)


def weighted_reward(
    terms: tuple[RewardTerm[QuantitiesT], ...], quantities: QuantitiesT
) -> tuple[FloatArray, dict[str, float]]:
    """Weighted sum (N,), and the mean of every unweighted term by name."""
    values = np.stack([term.value(quantities) for term in terms])
    reward: FloatArray = np.array([term.weight for term in terms]) @ values
    return reward, dict(zip((term.name for term in terms), values.mean(axis=1).tolist(), strict=True))
