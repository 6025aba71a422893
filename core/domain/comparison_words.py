"""The verdict on a comparison in words, made from its numbers; joint effort is not in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.assistance import CostRatio, cost_ratio
from core.domain.controller import GaitScore
from core.domain.rollout import GaitLabel
from core.domain.situation import SituationWalks
from core.domain.situation_effects import joined, situation_verdict
from core.domain.walk_measures import Estimate, WalkMeasures

# Whom the personalized controller is compared with, besides walking without the exo.
RIVALS = (GaitLabel.DEFAULT_CONTROLLER, GaitLabel.GENERIC_CONTROLLER)


def verdict(
    scores: Sequence[GaitScore],
    strangers: Sequence[WalkMeasures] = (),
    situations: Sequence[SituationWalks] = (),
) -> str:
    """A few sentences for a clinician, from the walks of every gait. All scores need their measures."""
    walks = _walks(scores)
    cost = cost_ratio(walks[GaitLabel.PERSONALIZED_CONTROLLER], walks[GaitLabel.WITHOUT_EXO])
    return f"{_against_no_exo(cost)} {verdict_details(scores, strangers, situations)}"


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


def _against_no_exo(cost: CostRatio | None) -> str:
    if cost is None:
        return "In simulation the metabolic cost of walking cannot be told."
    if not cost.shown:
        return (
            f"In simulation no difference in {cost.quantity} is shown between walking with the personalized "
            f"controller and without the exo ({cost.interval_words})."
        )
    return (
        f"In simulation the personalized controller {'raises' if cost.change > 0 else 'lowers'} the "
        f"{cost.quantity} of walking by {cost.size_words} compared with walking without the exo "
        f"({cost.interval_words})."
    )


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
    if personal.falls == without.falls == 0:
        return f"The twin falls in none of {personal.starts} walks."
    walks = f"in {personal.starts} walks (without the exo: {without.falls})."
    if personal.falls == 0:
        return f"The twin never falls {walks}"
    times = "once" if personal.falls == 1 else f"{personal.falls} times"
    return f"The twin falls {times} {walks}"
