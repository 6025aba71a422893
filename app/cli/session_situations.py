"""Help of the exo by side and situation, for the summary of a session without windows."""

from __future__ import annotations

import math
from typing import Any

from core.domain.controller import Comparison
from core.domain.help_by_side import HelpBySide, HelpPeak, SideHelp
from core.domain.rollout import GaitLabel
from core.domain.scenario import LEVEL_WALKING
from core.domain.situation import SituationWalks, find_walks
from core.domain.situation_effects import (
    effect_of,
    handrail_words,
    situation_assistance,
    situation_effects,
    situation_words,
)
from core.domain.walk_numbers import estimate_values
from core.session.curve_tests import curve_sentence, joint_tests
from core.session.exo_help import CONTROLLERS, expectation_of, help_of, profile_of
from core.statistics.told import curve_values, rounded


def situation_numbers(comparison: Comparison) -> dict[str, Any]:
    """What every condition costs in every situation, and the torque on each side in level walking."""
    effects = situation_effects(comparison.situations)
    return {
        "situations": {
            "walks": [_walks(one, comparison.situations) for one in comparison.situations],
            "harder": [one.situation for one in effects if one.harder],
            "easier": [one.situation for one in effects if one.easier and not one.disturbed],
            "not_walkable_without_exo": [one.situation for one in effects if not one.walkable],
            "harder_in_words": situation_assistance(comparison).elsewhere,
            "verdict": situation_words(comparison.situations),
            "handrail": handrail_words(comparison.situations),
        },
        "help_by_side": {
            label.value: _help(comparison, label, found)
            for label in CONTROLLERS
            if (found := help_of(comparison, label)) is not None
        },
        "correlations": _correlations(comparison),
        "default_against_personalized": _curve_tests(comparison),
    }


def _walks(walks: SituationWalks, every: tuple[SituationWalks, ...]) -> dict[str, Any]:
    """One condition; its cost as a ratio to the same walks without the exo, None where it is not known."""
    without = find_walks(every, walks.situation, GaitLabel.WITHOUT_EXO, handrail=walks.handrail)
    cost = None
    if without is not None and walks is not without:
        effect = effect_of(walks, without)
        cost = effect.cost if effect.walkable else None
    return {
        "situation": walks.situation,
        "gait": walks.label,
        "metabolic_ratio": None if cost is None else estimate_values(cost.estimate),
        "per_metre": None if cost is None else cost.per_metre,
        "difference_shown": None if cost is None else cost.shown,
        "falls": walks.measures.falls,
        "walks": walks.measures.starts,
        "handrail": walks.handrail,
        "support_bw": round(walks.support_bw, 4),
        "unsupported_walks": None if walks.situation == LEVEL_WALKING.key else walks.unsupported_starts,
    }


def _help(comparison: Comparison, label: GaitLabel, found: HelpBySide) -> dict[str, Any]:
    profile = profile_of(comparison, label)
    assert profile is not None
    deficits = []
    for one in found.deficits:
        expectation = expectation_of(profile, one.impairment)
        deficits.append(
            {
                "impairment": one.impairment.slot.label,
                "affected": None if one.affected is None else one.affected.value,
                "torque_ratio": None if one.ratio is None else _known(one.ratio),
                "words": one.words,
                "as_expected": None if expectation is None else expectation.met,
                "expectation": "" if expectation is None else expectation.words,
            }
        )
    sides = {side.side.value: _side(side) for side in found.sides}
    return {"joint": found.joint.value, **sides, "words": found.words, "deficits": deficits}


def _side(side: SideHelp) -> dict[str, Any]:
    return {
        "flexion": _peak(side.flexion),
        "extension": _peak(side.extension),
        "rms_nm_kg": _known(side.rms_nm_kg),
        "rms_nm": _known(side.rms_nm),
    }


def _peak(peak: HelpPeak) -> dict[str, float | None]:
    return {"nm_kg": _known(peak.nm_kg), "nm": _known(peak.nm), "at": round(peak.at, 2)}


def _correlations(comparison: Comparison) -> dict[str, Any]:
    """Mean r of the strides of every two gaits, over sagittal joints and sides; {} where not known."""
    found = comparison.correlations
    if found is None:
        return {}
    return {
        first: {second: _known(found.mean(first, second)) for second in found.labels}
        for first in found.labels
    }


def _curve_tests(comparison: Comparison) -> dict[str, Any]:
    """Statistical parametric mapping of the joint angles; {} where nothing was tested."""
    tests = joint_tests(comparison)
    if not tests:
        return {}
    curves = {one.name: rounded(curve_values(one.test)) for one in tests}
    return {"sentence": curve_sentence(tests), "simulated_starts": tests[0].test.n, "curves": curves}


def _known(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
