"""Whether a controller helps: the one verdict of screens, step list, sessions, reports, packages, programs.

Simulated walks with the personalized controller are compared with walks of the same twin without the exo,
from the same starts: by the metabolic cost, mean of both models, by falls, and by work against the leg.
Records of earlier versions know no metabolic cost; there joint effort decides, and the words say so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.domain.controller import GaitScore, TrainedController
from core.domain.cost_ratio import CostRatio, cost_ratio, percent_words
from core.domain.rollout import GaitLabel
from core.domain.walk_measures import Estimate, WalkMeasures

HARDER_ELSEWHERE = "Harder in other situations"
WORTHWHILE = 0.03  # of what walking costs; a smaller change is hardly felt
MOST_AGAINST = 0.5  # of the exo's work: with more it takes more out of the walk than it gives
_NO_EXO = "without the exo"


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
    against: float | None = None  # share of the exo's work that works against the leg

    # What counts ----------------------------------------------------------------------------------

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
    def works_against(self) -> bool:
        """Whether the exo slows the leg more than it moves it, whatever walking costs."""
        return self.against is not None and self.against > MOST_AGAINST

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
        """Whether the person who releases it must give a reason: it is worse than no exo, or not known."""
        return self.harder or self.works_against or not self.known

    @property
    def warns(self) -> bool:
        """Whether anything in the words is no good news: such a result is never shown in green."""
        return self.needs_reason or not self.helps or self._hardly or bool(self.elsewhere)

    @property
    def _hardly(self) -> bool:
        return self.ratio is not None and self.ratio > 1.0 - WORTHWHILE

    # In words -------------------------------------------------------------------------------------

    @property
    def words(self) -> str:
        """The verdict, of a controller that was named before."""
        return self.told_of("It")

    @property
    def headline(self) -> str:
        """The same words for who reads them beside the numbers: without the interval."""
        return self.told_of("The controller", brief=True)

    def told_of(self, subject: str, *, brief: bool = False) -> str:
        """The verdict on level walking in one sentence, then work against the leg and other situations."""
        level = self._level_words(brief=brief)
        if self.elsewhere:
            level = level.replace(" walking ", " level walking ")
        sentences = [f"{subject} {level}"] if self.known or self.harder else [level]
        if self.works_against and self.against is not None:
            sentences.append(
                f"{percent_words(self.against)} of the exo's work is against the leg's movement."
            )
        if self.elsewhere:
            sentences.append(f"{HARDER_ELSEWHERE}: {self.elsewhere}.")
        return " ".join(sentences)

    def _level_words(self, *, brief: bool) -> str:
        """Without its subject, where it has one."""
        if self.harder:
            return self._harder_words(brief=brief)
        if self.ratio is None:
            return "It is not known whether it makes walking easier or harder."
        if self.ratio >= 1.0:
            return "makes walking neither easier nor harder in simulation."
        how = "is not shown to make" if not self.helps else "hardly makes" if self._hardly else "makes"
        return f"{how} walking easier in simulation: {self._cost_words(brief=brief)}."

    @property
    def falls_words(self) -> str:
        """`3 falls in 40 walks instead of 0`; "" where falls are not known."""
        if self.counted is not None:
            falls = "1 fall" if self.counted.worn == 1 else f"{self.counted.worn} falls"
            return f"{falls} in {self.counted.walks} walks instead of {self.counted.without}"
        if self.falls_per_minute is None or self.falls_without is None:
            return ""
        return f"{self.falls_per_minute:.1f} falls a minute instead of {self.falls_without:.1f}"

    def _harder_words(self, *, brief: bool) -> str:
        facts = [self._cost_words(brief=brief)] if self.costs_more else []
        facts += [self.falls_words] if self.more_falls else []
        unsure = not self.more_falls and self.cost is not None and not self.cost.shown
        verdict = "does not make walking easier" if unsure else "makes walking harder"
        return f"{verdict} in simulation: {' and '.join(facts)}."

    def _cost_words(self, *, brief: bool) -> str:
        if self.cost is not None and brief:
            return f"{self.cost.change_words}{'' if self.cost.shown else ', no difference shown'}"
        if self.cost is not None:
            return self.cost.against(_NO_EXO)
        assert self.effort_ratio is not None
        change = self.effort_ratio - 1.0
        return f"{percent_words(abs(change))} {'more' if change > 0 else 'less'} joint effort than {_NO_EXO}"


def assistance_of(scores: tuple[GaitScore, ...]) -> Assistance:
    """The verdict on compared gaits; not known when one of the two gaits or its cost is missing."""
    by_label = {score.label: score for score in scores}
    without = by_label.get(GaitLabel.WITHOUT_EXO.value)
    worn = by_label.get(GaitLabel.PERSONALIZED_CONTROLLER.value)
    if without is None or worn is None:
        return Assistance(None)
    if without.measures is not None and worn.measures is not None:
        return assistance_by(worn.measures, without.measures)
    return weigh(
        without.effort,
        worn.effort,
        without.falls_per_minute,
        worn.falls_per_minute,
        worn.exo_negative_work_fraction,
    )


def assistance_by(worn: WalkMeasures, without: WalkMeasures) -> Assistance:
    """The verdict on walks of many starts with the exo, against the same without it."""
    return Assistance(
        None,
        worn.falls_per_minute,
        without.falls_per_minute,
        cost_ratio(worn, without),
        FallCount(worn.falls, without.falls, worn.starts),
        against=_finite(float(worn.negative_work_fraction.mean())),
    )


def trained_assistance(trained: TrainedController) -> Assistance:
    """The verdict at the end of a training; without falls of no exo in records of earlier versions."""
    without, worn = trained.find(GaitLabel.WITHOUT_EXO), trained.find(GaitLabel.PERSONALIZED_CONTROLLER)
    if without is None or worn is None:
        return Assistance(_finite(trained.effort_ratio_with_exo), _finite(trained.falls_per_minute))
    return assistance_by(worn, without)


def weigh(
    effort_without: float | None,
    effort_worn: float | None,
    falls_without: float | None,
    falls_worn: float | None,
    against: float | None = None,
) -> Assistance:
    """The verdict by joint effort; numbers may be missing, not finite or, for the effort, not positive."""
    before, after = _finite(effort_without), _finite(effort_worn)
    ratio = None if before is None or after is None or before <= 0.0 else after / before
    return Assistance(ratio, _finite(falls_worn), _finite(falls_without), against=_finite(against))


def weigh_cost(
    mean: float | None,
    interval: tuple[float | None, float | None],
    *,
    per_metre: bool = False,
    falls: tuple[float | None, float | None] = (None, None),
    counted: FallCount | None = None,
    against: float | None = None,
) -> Assistance:
    """The verdict by a metabolic ratio with its interval, and falls a minute with the exo and without."""
    ratio = _finite(mean)
    low, high = (math.nan if _finite(end) is None else float(end or 0.0) for end in interval)
    cost = None if ratio is None or ratio <= 0.0 else CostRatio(Estimate(ratio, low, high), per_metre)
    return Assistance(None, _finite(falls[0]), _finite(falls[1]), cost, counted, against=_finite(against))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
