"""Walks of one twin in one situation and condition: level, ramp, stairs, run, or with a disturbance."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.assistance_profile import AssistanceProfile
from core.domain.walk_measures import WalkMeasures


@dataclass(frozen=True, slots=True, eq=False)
class SituationWalks:
    """Many walks in one situation, simulated; all conditions of a situation start alike."""

    situation: str  # key of a Scenario
    label: str  # a GaitLabel
    measures: WalkMeasures
    profile: AssistanceProfile | None = None  # None without an exo that gives torque
    handrail: bool = False  # whether a virtual handrail was there to hold on to
    support_bw: float = 0.0  # mean force of the handrail in body weights
    unsupported_starts: int = 0  # walks to their end that held on to nothing


def find_walks(
    walks: tuple[SituationWalks, ...], situation: str, label: str, *, handrail: bool = False
) -> SituationWalks | None:
    """The walks of one situation in one condition, or None."""
    return next(
        (
            one
            for one in walks
            if one.situation == situation and one.label == label and one.handrail is handrail
        ),
        None,
    )
