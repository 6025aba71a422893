"""The verdict on a comparison and what else its walks tell, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.assistance import assistance_of
from core.domain.controller import Comparison, GaitScore
from core.domain.cost_ratio import CostRatio, cost_ratio
from core.domain.rollout import GaitLabel
from core.domain.situation import SituationWalks
from core.domain.situation_effects import joined, situation_assistance, situation_verdict
from core.domain.walk_measures import Estimate, WalkMeasures

_PERSONAL = "The personalized controller"
# Whom the personalized controller is compared with, besides walking without the exo.
RIVALS = (GaitLabel.DEFAULT_CONTROLLER, GaitLabel.GENERIC_CONTROLLER)


def comparison_verdict(comparison: Comparison) -> str:
    """What is told of a comparison wherever there is room, made anew: a kept sentence may count otherwise."""
    scores = comparison.scores
    if any(score.measures is None for score in scores) or not assistance_of(scores).known:
        return situation_assistance(comparison).told_of(_PERSONAL)
    return verdict(scores, comparison.strangers, comparison.situations)


def verdict(
    scores: Sequence[GaitScore],
    strangers: Sequence[WalkMeasures] = (),
    situations: Sequence[SituationWalks] = (),
) -> str:
    """A few sentences for a clinician, from the walks of every gait. All scores need their measures."""
    told = assistance_of(tuple(scores)).told_of(_PERSONAL)
    return f"{told} {verdict_details(scores, strangers, situations)}"


def verdict_details(
    scores: Sequence[GaitScore],
    strangers: Sequence[WalkMeasures] = (),
    situations: Sequence[SituationWalks] = (),
) -> str:
    """What the verdict says after the comparison with no exo: rivals, falls, torque and other situations."""
    walks = _walks(scores)
    personal, without = walks[GaitLabel.PERSONALIZED_CONTROLLER], walks[GaitLabel.WITHOUT_EXO]
    sentences = (
        _against_rivals(walks, strangers),
        _speed(personal, without),
        _falls(personal, without),
        f"The exo gives at most {personal.exo_peak_nm.max():.0f} N·m.",
        situation_verdict(situations),
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _walks(scores: Sequence[GaitScore]) -> dict[GaitLabel, WalkMeasures]:
    return {GaitLabel(score.label): score.measures for score in scores if score.measures is not None}


def _against_rivals(walks: dict[GaitLabel, WalkMeasures], strangers: Sequence[WalkMeasures]) -> str:
    """Where a difference is shown by how much, then with whom none is shown."""
    personal = walks[GaitLabel.PERSONALIZED_CONTROLLER]
    found = [
        (cost, f"the {label.value}", "")
        for label in RIVALS
        if label in walks and (cost := cost_ratio(personal, walks[label])) is not None
    ]
    found += _against_strangers(personal, strangers)
    shown = joined(_than([rival for rival in found if rival[0].shown]))
    equal = joined([_from(*rival) for rival in found if not rival[0].shown])
    sentence = f"Walking with the personalized controller costs {shown}." if shown else ""
    if equal:
        sentence += f"{' ' if sentence else ''}No difference is shown from {equal}."
    return sentence


def _against_strangers(
    personal: WalkMeasures, strangers: Sequence[WalkMeasures]
) -> list[tuple[CostRatio, str, str]]:
    """Against controllers learned for other people, with the interval over these, each by its mean."""
    costs = [cost for stranger in strangers if (cost := cost_ratio(personal, stranger)) is not None]
    if not costs:
        return []
    means = Estimate.of(np.array([cost.estimate.mean for cost in costs]))
    people = f"{len(costs)} other virtual people" if len(costs) > 1 else "another virtual person"
    cost = CostRatio(means, any(cost.per_metre for cost in costs))
    return [(cost, f"controllers learned for {people}", f"; {strangers[0].starts} walks each")]


def _than(rivals: Sequence[tuple[CostRatio, str, str]]) -> list[str]:
    """`5 % less energy than with the default controller (3 to 6 %)`; what costs is named where it changes."""
    parts, named = [], ""
    for cost, whom, note in rivals:
        energy = " energy per metre" if cost.per_metre else " energy"
        less = f"{'more' if cost.change > 0 else 'less'}{'' if energy == named else energy}"
        parts.append(f"{cost.size_words} {less} than with {whom} ({cost.range_words}{note})")
        named = energy
    return parts


def _from(cost: CostRatio, whom: str, note: str) -> str:
    return f"{whom} ({cost.range_words or 'from one seed'}{note})"


def _speed(personal: WalkMeasures, without: WalkMeasures) -> str:
    """Why costs are told per metre; "" where they are not."""
    cost = cost_ratio(personal, without)
    if cost is None or not cost.per_metre:
        return ""
    with_it, before = personal.speed_m_s.mean(), without.speed_m_s.mean()
    return f"The twin walks at {with_it:.2f} instead of {before:.2f} m/s, so its cost is told per metre."


def _falls(personal: WalkMeasures, without: WalkMeasures) -> str:
    if personal.falls_per_minute > without.falls_per_minute:
        return ""  # the verdict has them
    if personal.falls == without.falls == 0:
        return f"The twin falls in none of {personal.starts} walks."
    walks = f"in {personal.starts} walks (without the exo: {without.falls})."
    if personal.falls == 0:
        return f"The twin never falls {walks}"
    times = "once" if personal.falls == 1 else f"{personal.falls} times"
    return f"The twin falls {times} {walks}"
