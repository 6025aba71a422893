"""What the compared controllers give each side, and whether that was expected for the twin's deficits."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import JointKind
from core.domain.controller import Comparison
from core.domain.help_by_side import ALIKE, DeficitHelp, HelpBySide, help_by_side
from core.domain.impairment import Impairment
from core.domain.rollout import GaitLabel
from core.domain.scenario import LEVEL_WALKING
from core.domain.situation import find_walks
from core.learning.exo.expected_assistance import expected_assistance

CONTROLLERS = (GaitLabel.DEFAULT_CONTROLLER, GaitLabel.PERSONALIZED_CONTROLLER)
"""Whose help is told side by side."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was written down for a deficit before any controller was trained for it, and whether it came."""

    met: bool
    words: str  # a sentence


def profile_of(comparison: Comparison, label: GaitLabel) -> AssistanceProfile | None:
    """Torque over the cycle in level walking; None without, as in records of earlier versions."""
    walks = find_walks(comparison.situations, LEVEL_WALKING.key, label)
    return None if walks is None else walks.profile


def help_of(comparison: Comparison, label: GaitLabel) -> HelpBySide | None:
    """The table of one controller in level walking; None where it is not known."""
    profile = profile_of(comparison, label)
    if profile is None or comparison.mass_kg is None:
        return None
    return help_by_side(profile, comparison.mass_kg, comparison.impairments)


def expectation_of(profile: AssistanceProfile, impairment: Impairment) -> Expectation | None:
    """None where nothing was written down: for an ankle exo, for both sides, or for other deficits."""
    expected = expected_assistance(impairment)
    affected = impairment.side
    if expected is None or affected is None or profile.joint is not JointKind.HIP_FLEXION:
        return None
    if not all(profile.strides):
        return None
    # as the sentence on the deficit has it: sides that differ by less get as much torque
    more = expected.ratio(profile, affected) >= 1.0 + ALIKE
    turned = expected.more_nm_kg(profile, affected) > 0.0
    direction = "flexion" if expected.flexion else "extension"
    first, last = (round(100.0 * share) for share in expected.phase)
    wanted = (
        f"more torque on the {affected} side than on the {affected.other}, turned further to {direction} "
        f"at {first} to {last} % of its gait cycle"
    )
    if more and turned:
        return Expectation(True, f"As expected: {wanted}.")
    missing = {
        (False, False): "neither came",
        (True, False): f"the torque came, the {direction} did not",
        (False, True): f"the {direction} came, the larger torque did not",
    }[more, turned]
    return Expectation(False, f"Against expectation: {missing}. Expected was {wanted}.")


def deficit_lines(comparison: Comparison, label: GaitLabel) -> tuple[str, ...]:
    """A sentence on both sides, then what each deficit gets and whether that was expected; () if unknown."""
    found, profile = help_of(comparison, label), profile_of(comparison, label)
    if found is None or profile is None:
        return ()
    return (found.words, *(_with_expectation(profile, one) for one in found.deficits))


def _with_expectation(profile: AssistanceProfile, deficit: DeficitHelp) -> str:
    expectation = expectation_of(profile, deficit.impairment)
    return deficit.words if expectation is None else f"{deficit.words} {expectation.words}"
