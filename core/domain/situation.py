"""Walks of one twin in one situation and condition: level, ramp, stairs, run, or with a disturbance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.domain.assistance_profile import AssistanceProfile
from core.domain.walk_measures import WalkMeasures


@dataclass(frozen=True, slots=True, eq=False)
class SituationWalks:
    """Walks in one situation, simulated; all conditions of a situation start alike.

    Beyond level walking each walker counts as one seed, and `measures.falls` are walkers that fell: who falls
    starts again, but from another start than in other conditions.
    """

    situation: str  # key of a Scenario
    label: str  # a GaitLabel
    measures: WalkMeasures
    profile: AssistanceProfile | None = None  # None without an exo that gives torque
    handrail: bool = False  # whether a virtual handrail was there to hold on to
    support_bw: float = 0.0  # mean force of the handrail in body weights
    unsupported_starts: int = 0  # walks to their end that held on to nothing

    @staticmethod
    def joined(parts: Sequence[SituationWalks]) -> SituationWalks:
        """The same situation and condition walked from several seeds, with as many walkers each."""
        profiles = [part.profile for part in parts if part.profile is not None]
        return replace(
            parts[0],
            measures=WalkMeasures.joined([part.measures for part in parts]),
            profile=AssistanceProfile.joined(profiles) if profiles else None,
            support_bw=sum(part.support_bw for part in parts) / len(parts),
            unsupported_starts=sum(part.unsupported_starts for part in parts),
        )


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
