"""`exotwin bench impairments`: twins with known impairments walk, and these are found from the gait alone.

The search is told neither which sliders were moved nor how far, and its twins start at another moment of the
stride. `expected` is how the impairment changed the gait against what clinicians expect (see
`core.simulation.analysis.expected_impairment_effects`); positive is the expected way.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from core.domain.body import JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind, Slot
from core.domain.impairment_fit import ImpairmentFit
from core.domain.muscles import MuscleGroup
from core.domain.scenario import LEVEL_WALKING
from core.domain.twin import GENERIC_BODY
from core.gait.scenario_reference import scenario_reference
from core.learning.impairments.candidate_gaits import TwinWalks, WalkedGait
from core.learning.impairments.fit import ImpairmentSearch
from core.simulation.analysis.expected_impairment_effects import expected_of
from core.simulation.environment.policy import PolicyNetworks
from core.tasks.policy_files import BASE_POLICY, shipped_policy

SEVERITY = 0.5
_TARGET_SEED, _SEARCH_SEED = 1, 0
_K, _G = ImpairmentKind, MuscleGroup
PAIR = (
    Slot(_K.WEAKNESS, Side.LEFT, group=_G.DORSIFLEXORS),
    Slot(_K.STIFFNESS, Side.RIGHT, joint=JointKind.KNEE),
)
SINGLE_PROCESS: tuple[Slot, ...] = (
    *(Slot(_K.WEAKNESS, Side.LEFT, group=group) for group in MuscleGroup),
    *(
        Slot(_K.SPASTICITY, Side.LEFT, group=group)
        for group in (_G.PLANTARFLEXORS, _G.HAMSTRINGS, _G.KNEE_EXTENSORS)
    ),
    *(
        Slot(kind, Side.LEFT, joint=joint)
        for kind in (_K.STIFFNESS, _K.LIMITED_RANGE)
        for joint in (JointKind.HIP_FLEXION, JointKind.KNEE, JointKind.ANKLE)
    ),
    Slot(_K.PAIN, Side.LEFT),
    Slot(_K.DELAY),
)


def bench_impairments(
    *, networks: PolicyNetworks | None = None, slots: Sequence[Slot] = SINGLE_PROCESS
) -> dict[str, Any]:
    """Every slider of `slots` alone, then a pair. `networks` walk instead of the shipped policy."""
    policy = networks if networks is not None else shipped_policy()
    reference = scenario_reference(LEVEL_WALKING, GENERIC_BODY, None)
    searched, shown = (
        TwinWalks(GENERIC_BODY, reference, policy, seed=seed) for seed in (_SEARCH_SEED, _TARGET_SEED)
    )
    cases = [(slot,) for slot in slots] + [PAIR]
    remembering = _Remembering(searched)
    healthy, *walks = shown.walk([(), *(_at_severity(case) for case in cases)])
    found = {
        _name(case): _case(case, healthy, walk, remembering) for case, walk in zip(cases, walks, strict=True)
    }
    fitted = [case for case in found.values() if "error" in case]
    return {
        "conditions": {
            "policy": BASE_POLICY if networks is None else "given",
            "body": "generic, 1.70 m, 75 kg, torque-driven",
            "severity": SEVERITY,
            "told_to_the_search": "nothing but the gait: which of all sliders and how far is found",
        },
        "cases": found,
        "searched": len(fitted),
        "within_0.15": sum(case["error"] <= 0.15 for case in fitted),
        "expected_way": sum(change > 0 for case in found.values() for change in case["expected"].values()),
        "expected_changes": sum(len(case["expected"]) for case in found.values()),
    }


class _Remembering:
    """Walks that are asked for again, as the first round of every search, are not walked again."""

    def __init__(self, walks: TwinWalks) -> None:
        self.body = walks.body
        self._walks = walks
        self._known: dict[tuple[Impairment, ...], WalkedGait] = {}

    def walk(self, candidates: Sequence[tuple[Impairment, ...]]) -> tuple[WalkedGait, ...]:
        new = [candidate for candidate in candidates if candidate not in self._known]
        if new:
            self._known |= dict(zip(new, self._walks.walk(new), strict=True))
        return tuple(self._known[candidate] for candidate in candidates)


def _case(
    case: tuple[Slot, ...], healthy: WalkedGait, walk: WalkedGait, searched: _Remembering
) -> dict[str, Any]:
    numbers: dict[str, Any] = {"walked_s": walk.walked_s, "expected": {}}
    if walk.features is None or healthy.features is None:
        return numbers | {"fell": True}
    for slot in case:
        for expected in expected_of(slot):
            change = expected.change(healthy.features, walk.features, slot)
            numbers["expected"][f"{slot.label}: {expected.meaning}"] = round(change, 4)
    if walk.walked_fraction < 1.0:
        return numbers | {"fell": True}
    began = time.monotonic()
    search = ImpairmentSearch(walk.features, searched, seed=_SEARCH_SEED)
    while not search.done:
        search.advance()
    return numbers | _found(case, search.result()) | {"wall_s": round(time.monotonic() - began, 1)}


def _found(case: tuple[Slot, ...], fit: ImpairmentFit) -> dict[str, Any]:
    severity = {one.slot: one.severity for one in fit.estimates}
    sd = {one.slot: round(one.sd, 3) for one in fit.estimates}
    others = {slot.label: round(value, 3) for slot, value in severity.items() if slot not in case}
    return {
        "severity": {slot.label: round(severity.get(slot, 0.0), 3) for slot in case},
        "sd": {slot.label: sd.get(slot) for slot in case},
        "error": round(max(abs(severity.get(slot, 0.0) - SEVERITY) for slot in case), 3),
        "wrongly_found": {label: value for label, value in others.items() if value >= 0.05},
        "angle_rms_deg": round(fit.angle_rms_deg, 2),
        "healthy_rms_deg": round(fit.healthy_rms_deg, 2),
        "misfit": round(fit.misfit, 2),
        "healthy_misfit": round(fit.healthy_misfit, 1),
        "walks": fit.walks,
        "not_told_apart": list(fit.not_told_apart),
    }


def _at_severity(case: tuple[Slot, ...]) -> tuple[Impairment, ...]:
    return tuple(Impairment(slot.kind, SEVERITY, slot.side, slot.group, slot.joint) for slot in case)


def _name(case: tuple[Slot, ...]) -> str:
    return " + ".join(slot.label for slot in case)
