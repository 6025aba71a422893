"""Whether a controller helps: the verdict shown by sessions, screens, reports and packages.

Simulated walks with the personalized controller are compared with walks of the same twin without the exo: by
the metabolic cost, mean of both models, and by falls. Records of earlier versions know no metabolic cost;
there joint effort decides, and the words say so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from core.domain.controller import GaitScore
from core.domain.rollout import GaitLabel
from core.domain.walk_measures import Estimate, WalkMeasures, WalkRatios

SAME_SPEED = 0.02
"""A walk slower by more is compared per metre, for it is no cheaper one; a faster walk counts per second."""
NARROW = 0.02  # width of an interval that is told in tenths of a percent
HARDER_ELSEWHERE = "Walking gets harder in simulation in other situations"
_REASON = "I sign it all the same, because: "
_NO_EXO = "without the exo"


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


@dataclass(frozen=True, slots=True)
class FallCount:
    """Falls in as many walks with the exo as without it, from the same starts."""

    worn: int
    without: int
    walks: int


@dataclass(frozen=True, slots=True)
class Assistance:
    """Effect of the personalized controller on walking, in simulation. None: not known."""

    effort_ratio: float | None  # joint effort with the exo / without: decides where there is no `cost`
    falls_per_minute: float | None = None  # with the exo
    falls_without: float | None = None  # of the same walks without it
    cost: CostRatio | None = None  # with the exo / without
    counted: FallCount | None = None  # None in records of earlier versions
    elsewhere: str = ""  # situations besides level walking that it makes harder, in words

    @property
    def ratio(self) -> float | None:
        """What decides: below 1 walking costs less with the exo."""
        return self.effort_ratio if self.cost is None else self.cost.estimate.mean

    @property
    def known(self) -> bool:
        return self.ratio is not None

    @property
    def costs_more(self) -> bool:
        return self.ratio is not None and self.ratio > 1.0

    @property
    def more_falls(self) -> bool:
        """A single additional fall counts: the walks with and without the exo start from the same states."""
        if self.falls_per_minute is None or self.falls_without is None:
            return False
        return self.falls_per_minute > self.falls_without

    @property
    def harder(self) -> bool:
        """Without tolerance: a controller that does not help needs a person's reason for its use."""
        return self.costs_more or self.more_falls

    @property
    def helps(self) -> bool:
        """Whether walking gets easier, and by more than chance where that is known."""
        lower = self.ratio is not None and self.ratio < 1.0
        return lower and not self.more_falls and (self.cost is None or self.cost.shown)

    @property
    def needs_reason(self) -> bool:
        """Whether the person who releases it must give a reason: walking gets harder, or it is not known."""
        return self.harder or not self.known

    @property
    def words(self) -> str:
        """The verdict in one sentence, and in another one where else walking gets harder."""
        if not self.elsewhere:
            return self._level_words()
        level = self._level_words().replace(" walking ", " level walking ")
        return f"{level} {HARDER_ELSEWHERE}: {self.elsewhere}."

    def _level_words(self) -> str:
        if self.harder:
            return self._harder_words()
        if self.ratio is None:
            return "It is not known whether it makes walking easier or harder."
        if self.helps:
            return f"It makes walking easier in simulation: {self._cost_words()}."
        if self.ratio < 1.0:
            return f"It is not shown to make walking easier in simulation: {self._cost_words()}."
        return "It makes walking neither easier nor harder in simulation."

    @property
    def falls_words(self) -> str:
        """`3 falls in 40 walks instead of 0`; "" where falls are not known."""
        if self.counted is not None:
            falls = "1 fall" if self.counted.worn == 1 else f"{self.counted.worn} falls"
            return f"{falls} in {self.counted.walks} walks instead of {self.counted.without}"
        if self.falls_per_minute is None or self.falls_without is None:
            return ""
        return f"{self.falls_per_minute:.1f} falls a minute instead of {self.falls_without:.1f}"

    def _harder_words(self) -> str:
        facts = [self._cost_words()] if self.costs_more else []
        facts += [self.falls_words] if self.more_falls else []
        unsure = not self.more_falls and self.cost is not None and not self.cost.shown
        verdict = "does not make walking easier" if unsure else "makes walking harder"
        return f"It {verdict} in simulation: {' and '.join(facts)}."

    def _cost_words(self) -> str:
        if self.cost is not None:
            return self.cost.against(_NO_EXO)
        assert self.effort_ratio is not None
        change = self.effort_ratio - 1.0
        return f"{percent_words(abs(change))} {'more' if change > 0 else 'less'} joint effort than {_NO_EXO}"


def assistance_of(scores: tuple[GaitScore, ...]) -> Assistance:
    """The verdict on a comparison; not known when one of the two gaits or its cost is missing."""
    by_label = {score.label: score for score in scores}
    without = by_label.get(GaitLabel.WITHOUT_EXO.value)
    worn = by_label.get(GaitLabel.PERSONALIZED_CONTROLLER.value)
    if without is None or worn is None:
        return Assistance(None)
    if without.measures is not None and worn.measures is not None:
        return assistance_by(worn.measures, without.measures)
    return weigh(without.effort, worn.effort, without.falls_per_minute, worn.falls_per_minute)


def assistance_by(worn: WalkMeasures, without: WalkMeasures) -> Assistance:
    """The verdict on walks of many starts with the exo, against the same without it."""
    return Assistance(
        None,
        worn.falls_per_minute,
        without.falls_per_minute,
        cost_ratio(worn, without),
        FallCount(worn.falls, without.falls, worn.starts),
    )


def weigh(
    effort_without: float | None,
    effort_worn: float | None,
    falls_without: float | None,
    falls_worn: float | None,
) -> Assistance:
    """The verdict by joint effort; numbers may be missing, not finite or, for the effort, not positive."""
    before, after = _finite(effort_without), _finite(effort_worn)
    ratio = None if before is None or after is None or before <= 0.0 else after / before
    return Assistance(ratio, _finite(falls_worn), _finite(falls_without))


def weigh_cost(
    mean: float | None,
    interval: tuple[float | None, float | None],
    *,
    per_metre: bool = False,
    falls: tuple[float | None, float | None] = (None, None),
    counted: FallCount | None = None,
) -> Assistance:
    """The verdict by a metabolic ratio with its interval, and falls a minute with the exo and without."""
    ratio = _finite(mean)
    low, high = (math.nan if _finite(end) is None else float(end or 0.0) for end in interval)
    cost = None if ratio is None or ratio <= 0.0 else CostRatio(Estimate(ratio, low, high), per_metre)
    return Assistance(None, _finite(falls[0]), _finite(falls[1]), cost, counted)


def percent_words(fraction: float) -> str:
    """A fraction as a percentage for people; a small one is never rounded to zero."""
    if 0.0 < fraction < 0.0005:
        return "less than 0.1 %"
    return f"{100.0 * fraction:.1f} %" if fraction < 0.0095 else f"{100.0 * fraction:.0f} %"


def with_reason(declaration: str, assistance: Assistance, reason: str) -> str:
    """Meaning of a signature given although the controller does not help."""
    return f"{declaration} {assistance.words} {_REASON}{reason}"


def typed_reason(meaning: str) -> str:
    """The reason in a meaning that `with_reason` made; "" in others."""
    return meaning.partition(_REASON)[2]


def _first_seeds(measures: WalkMeasures, count: int) -> WalkMeasures:
    """The per-seed numbers that a cost is made of, of the first seeds only."""
    if measures.seeds == count:
        return measures
    values = {field.name: getattr(measures, field.name) for field in fields(measures)}
    first: dict[str, Any] = {
        name: value[:count] for name, value in values.items() if isinstance(value, np.ndarray)
    }
    return replace(measures, **first)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
