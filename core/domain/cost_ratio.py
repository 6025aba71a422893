"""What walking costs one way against another: the ratio that every verdict, table and file tells."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from core.domain.walk_measures import Estimate, WalkMeasures, WalkRatios

SAME_SPEED = 0.02
"""A walk slower by more is compared per metre, for it is no cheaper one; a faster walk counts per second."""
NARROW = 0.02  # width of an interval that is told in tenths of a percent


@dataclass(frozen=True, slots=True)
class CostRatio:
    """Metabolic cost of one way of walking / of another, the mean of both models, paired seed by seed."""

    estimate: Estimate
    per_metre: bool = False  # else per second

    @property
    def change(self) -> float:
        return self.estimate.mean - 1.0

    @property
    def shown(self) -> bool:
        """Whether the walks show a difference: its 95 % interval excludes none."""
        return self.estimate.excludes(1.0)

    @property
    def quantity(self) -> str:
        return "metabolic cost per metre" if self.per_metre else "metabolic rate"

    @property
    def interval_words(self) -> str:
        """`95 % interval 3 % lower to 1 % higher`; of a single seed that there is none."""
        return f"95 % interval {self.range_words}" if self.range_words else "one seed, so without an interval"

    @property
    def range_words(self) -> str:
        """The interval alone: `10 to 14 %` in the direction of the change; "" of a single seed."""
        if math.isnan(self.estimate.low):
            return ""
        low, high = self.estimate.low - 1.0, self.estimate.high - 1.0
        if low < 0.0 < high:
            return f"{self._percent(-low)} lower to {self._percent(high)} higher"
        near, far = sorted((abs(low), abs(high)))
        return f"{self._percent(near).removesuffix(' %')} to {self._percent(far)}"

    @property
    def size_words(self) -> str:
        """How large the change is, whatever its direction: `12 %`, or with a tenth by a narrow interval."""
        return self._percent(abs(self.change))

    def _percent(self, fraction: float) -> str:
        narrow = self.estimate.high - self.estimate.low < NARROW
        return f"{100.0 * fraction:.1f} %" if narrow and fraction >= 0.0095 else percent_words(fraction)

    @property
    def change_words(self) -> str:
        """`12 % lower metabolic rate`."""
        return f"{self.size_words} {'higher' if self.change > 0 else 'lower'} {self.quantity}"

    def against(self, other: str) -> str:
        """`12 % lower metabolic rate than without the exo (95 % interval 10 to 14 %)`."""
        words = f"{self.change_words} than {other}"
        none = "" if self.shown else ", no difference shown"
        return f"{words}{none} ({self.interval_words})"


def cost_ratio(walks: WalkMeasures, to: WalkMeasures) -> CostRatio | None:
    """The cost of `walks` against the walks `to`, over the seeds that both have; None if not known."""
    seeds = min(walks.seeds, to.seeds)
    walks, to = _first_seeds(walks, seeds), _first_seeds(to, seeds)
    if not ((to.metabolic_w_kg > 0.0).all() and (to.speed_m_s > 0.0).all() and (walks.speed_m_s > 0.0).all()):
        return None
    per_metre = float(walks.speed_m_s.mean() / to.speed_m_s.mean()) < 1.0 - SAME_SPEED
    ratios = WalkRatios.between(walks, to, per_metre=per_metre).metabolic
    if not np.isfinite(ratios).all():
        return None
    return CostRatio(Estimate.of(ratios.mean(axis=1)), per_metre)


def percent_words(fraction: float) -> str:
    """A fraction as a percentage for people; a small one is never rounded to zero."""
    if 0.0 < fraction < 0.0005:
        return "less than 0.1 %"
    return f"{100.0 * fraction:.1f} %" if fraction < 0.0095 else f"{100.0 * fraction:.0f} %"


def _first_seeds(measures: WalkMeasures, count: int) -> WalkMeasures:
    """The per-seed numbers that a cost is made of, of the first seeds only."""
    if measures.seeds == count:
        return measures
    values = {field.name: getattr(measures, field.name) for field in fields(measures)}
    first: dict[str, Any] = {
        name: value[:count] for name, value in values.items() if isinstance(value, np.ndarray)
    }
    return replace(measures, **first)
