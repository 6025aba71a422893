"""What the personalized controller does in each situation that was walked besides the level, in words.

The one place for it: pages, reports and programs say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.domain.assistance import Assistance, FallCount, assistance_of
from core.domain.controller import Comparison
from core.domain.cost_ratio import CostRatio, cost_ratio
from core.domain.rollout import GaitLabel
from core.domain.scenario import COURSE, LEVEL_WALKING, scenario_of
from core.domain.situation import SituationWalks, find_walks

MOST_NAMED = 3  # situations in a headline
MOST_FALLS = 0.5  # of the walks, with or without the exo: beyond, too little of them is left to compare


@dataclass(frozen=True, slots=True)
class SituationEffect:
    """One situation with a controller, against the same walks without the exo."""

    situation: str  # key of a Scenario
    name: str  # "stairs down", "the push from the side"
    cost: CostRatio | None  # None: not known, or with a disturbance, where falls alone count
    falls: FallCount  # of walks that ended in one: who falls starts again, but is counted once
    disturbed: bool

    @property
    def walkable(self) -> bool:
        """Whether the twin can walk there without the exo."""
        return self.disturbed or self.falls.without <= MOST_FALLS * self.falls.walks

    @property
    def more_falls(self) -> bool:
        """A single one counts, as on the level: pairs of walks start alike."""
        return self.falls.worn > self.falls.without

    @property
    def costs_more(self) -> bool:
        return self._cost_differs and self.cost is not None and self.cost.change > 0.0

    @property
    def harder(self) -> bool:
        return self.more_falls or self.costs_more

    @property
    def easier(self) -> bool:
        return not self.more_falls and self._cost_differs and not self.costs_more

    @property
    def _cost_differs(self) -> bool:
        return self.walkable and self.cost is not None and self.cost.shown

    @property
    def words(self) -> str:
        """`stairs down (4 % more energy, falls in 3 of 6 walks instead of 1)`: what is harder or easier."""
        facts = []
        if self._cost_differs and self.cost is not None:
            metre = " per metre" if self.cost.per_metre else ""
            facts.append(f"{self.cost.size_words} {'more' if self.costs_more else 'less'} energy{metre}")
        if self.more_falls:
            facts.append(fall_words(self.falls))
        return f"{self.name} ({', '.join(facts)})" if facts else self.name


def situation_effects(situations: Sequence[SituationWalks]) -> tuple[SituationEffect, ...]:
    """In the order walked. With a handrail others count: see `handrail_words`."""
    found = []
    for without in situations:
        if without.label != GaitLabel.WITHOUT_EXO or without.handrail or _is_level(without):
            continue
        worn = find_walks(tuple(situations), without.situation, GaitLabel.PERSONALIZED_CONTROLLER)
        if worn is not None:
            found.append(effect_of(worn, without))
    return tuple(found)


def situation_assistance(comparison: Comparison) -> Assistance:
    """The verdict on a comparison, with the situations that its controller makes harder."""
    harder = [one.words for one in situation_effects(comparison.situations) if one.harder]
    return replace(assistance_of(comparison.scores), elsewhere=joined(harder))


def brief_assistance(comparison: Comparison) -> Assistance:
    """The same for a headline: situations are named only, and counted where they are too many for that."""
    effects = situation_effects(comparison.situations)
    harder = [one.name for one in effects if one.harder]
    named = joined(harder) if len(harder) <= MOST_NAMED else f"{len(harder)} of {len(effects)}"
    return replace(assistance_of(comparison.scores), elsewhere=named if harder else "")


def situation_verdict(situations: Sequence[SituationWalks]) -> str:
    """What the verdict on level walking must not leave out: where else it gets harder; "" if not known."""
    effects = situation_effects(situations)
    if not effects:
        return ""
    harder = [one.words for one in effects if one.harder]
    others = f"{len(effects)} other situation{'s' * (len(effects) > 1)}"
    sentences = [
        f"In other situations walking gets harder: {joined(harder)}."
        if harder
        else f"In {others} walked it is not shown to get harder."
    ]
    lost = [_unwalkable_words(one) for one in effects if not one.walkable]
    sentences += [f"Without the exo the twin cannot walk: {joined(lost)}."] if lost else []
    return " ".join(sentences)


def situation_words(situations: Sequence[SituationWalks]) -> str:
    """The same for all situations besides the level, one by one; "" where none was walked."""
    effects = situation_effects(situations)
    calm = [one for one in effects if not one.disturbed]
    unmoved = [one for one in effects if one.disturbed and not one.more_falls]
    sentences = (
        ("Walking gets harder: {}.", [one.words for one in effects if one.harder]),
        ("Walking gets easier: {}.", [one.words for one in calm if one.easier]),
        ("No difference is shown: {}.", [one.name for one in calm if _alike(one)]),
        (
            "Without the exo the twin cannot walk there, so costs are not compared: {}.",
            [_unwalkable_words(one) for one in calm if not one.walkable],
        ),
        ("The twin falls no more often than without the exo: {}.", [_unmoved_words(one) for one in unmoved]),
    )
    told = [words.format(joined(names)) for words, names in sentences if names]
    return f"In other situations, {_walks_words(effects)} each: {' '.join(told)}" if told else ""


def handrail_words(situations: Sequence[SituationWalks]) -> str:
    """Who needs the handrail, with the personalized controller and without the exo; "" without a handrail."""
    found = []
    for worn in situations:
        if not worn.handrail or worn.label != GaitLabel.PERSONALIZED_CONTROLLER:
            continue
        without = find_walks(tuple(situations), worn.situation, GaitLabel.WITHOUT_EXO, handrail=True)
        if without is not None:
            found.append(_rail_words(worn, without))
    return f"With a handrail: {'; '.join(found)}." if found else ""


def _rail_words(worn: SituationWalks, without: SituationWalks) -> str:
    free = [f"{one.unsupported_starts} of {one.measures.starts}" for one in (worn, without)]
    lean = [f"{100.0 * one.support_bw:.1f} %" for one in (worn, without)]
    where = situation_name(worn.situation)
    return (
        f"on {where} {free[0]} walks never hold on to it (without the exo {free[1]}), "
        f"with {lean[0]} of the body weight on it on average ({lean[1]}){_all_the_same(worn, without)}"
    )


def _all_the_same(worn: SituationWalks, without: SituationWalks) -> str:
    """Who falls in spite of the handrail."""
    if not worn.measures.falls and not without.measures.falls:
        return ""
    return f", and {worn.measures.falls} fall all the same ({without.measures.falls})"


def _walks_words(effects: Sequence[SituationEffect]) -> str:
    counts = sorted({one.falls.walks for one in effects})
    return f"{counts[0]} walks" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} walks"


def _unmoved_words(effect: SituationEffect) -> str:
    falls = effect.falls
    if not falls.without:
        return effect.name
    return f"{effect.name} ({falls.worn} of {falls.walks} walks, without the exo {falls.without})"


def fall_words(falls: FallCount) -> str:
    """`falls in 3 of 6 walks instead of 1`."""
    return f"falls in {falls.worn} of {falls.walks} walks instead of {falls.without}"


def _unwalkable_words(effect: SituationEffect) -> str:
    falls = effect.falls
    return f"{effect.name} (it falls in {falls.without} of {falls.walks} walks, with the exo in {falls.worn})"


def joined(parts: Iterable[str]) -> str:
    """`a, b and c`."""
    *first, last = tuple(parts) or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def situation_name(key: str) -> str:
    """`stairs down`; the key itself of a situation that is no longer known."""
    if key == COURSE.key:
        return "the course of walk, run and stairs"
    scenario = scenario_of(key)
    if scenario is None:
        return key
    name = scenario.name.replace(", ", " ")
    return name[0].lower() + name[1:]


def _alike(effect: SituationEffect) -> bool:
    return effect.walkable and not effect.harder and not effect.easier


def _is_level(walks: SituationWalks) -> bool:
    return walks.situation == LEVEL_WALKING.key


def effect_of(worn: SituationWalks, without: SituationWalks) -> SituationEffect:
    """Of one situation, walked with an exo and without it."""
    scenario = scenario_of(worn.situation)
    disturbed = scenario is not None and bool(scenario.disturbance or scenario.exo_disturbance)
    falls = FallCount(worn.measures.falls, without.measures.falls, worn.measures.starts)
    cost = None if disturbed else cost_ratio(worn.measures, without.measures)
    if falls.worn > MOST_FALLS * falls.walks or (cost is not None and cost.estimate.low <= 0.0):
        cost = None  # falls left too little of the walks to compare: no share is below nothing
    return SituationEffect(worn.situation, situation_name(worn.situation), cost, falls, disturbed)
