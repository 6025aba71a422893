"""Timing and size of the exo's help on each side, and which side gets more of it: from simulated walks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import SIDES, JointKind, Side
from core.domain.impairment import Impairment

LEAST_NM = 0.05
"""Less is no help and reads as 0.0 N·m: a trace in the direction in which the exo does not turn."""
ALIKE = 0.05
"""Sides whose torques differ by less get the same help: 5 %, as the strides of a healthy twin differ."""


@dataclass(frozen=True, slots=True)
class HelpPeak:
    """Largest torque in one direction, in the mean cycle; zero where there is none."""

    nm_kg: float
    nm: float
    at: float  # 0..1 of the cycle of that leg, from its heel strike


@dataclass(frozen=True, slots=True)
class SideHelp:
    """What one side gets."""

    side: Side
    flexion: HelpPeak  # dorsiflexion at the ankle
    extension: HelpPeak  # plantarflexion at the ankle
    rms_nm_kg: float  # over the cycle
    rms_nm: float


@dataclass(frozen=True, slots=True)
class DeficitHelp:
    """What one impairment gets of it."""

    impairment: Impairment
    affected: Side | None  # None: of both sides
    ratio: float | None  # RMS torque of the affected side / of the other one; None where `affected` is
    words: str  # a sentence for a clinician


@dataclass(frozen=True, slots=True)
class HelpBySide:
    """The table deficit -> timing and size of help."""

    joint: JointKind
    sides: tuple[SideHelp, SideHelp]  # in the order of SIDES
    deficits: tuple[DeficitHelp, ...]
    words: str  # a sentence on both sides together: "Both sides get alike help …"

    def of(self, side: Side) -> SideHelp:
        return self.sides[SIDES.index(side)]


def help_by_side(
    profile: AssistanceProfile, mass_kg: float, impairments: Sequence[Impairment] = ()
) -> HelpBySide | None:
    """The table of one controller on one twin; None where the walks had no whole stride of both legs."""
    if not all(profile.strides):
        return None
    left, right = (_side_help(profile, side, mass_kg) for side in SIDES)
    sides = (left, right)
    deficits = tuple(_deficit_help(one, profile.joint, sides) for one in impairments)
    return HelpBySide(profile.joint, sides, deficits, _both_words(sides))


def direction_words(joint: JointKind) -> tuple[str, str]:
    """Names of the positive and the negative direction."""
    return ("dorsiflexion", "plantarflexion") if joint is JointKind.ANKLE else ("flexion", "extension")


def _side_help(profile: AssistanceProfile, side: Side, mass_kg: float) -> SideHelp:
    flexion, extension = (_peak(profile, side, mass_kg, flexion=flexion) for flexion in (True, False))
    rms = profile.rms_nm_kg(side)
    return SideHelp(side, flexion, extension, rms, rms * mass_kg)


def _peak(profile: AssistanceProfile, side: Side, mass_kg: float, *, flexion: bool) -> HelpPeak:
    size, at = profile.peak(side, flexion=flexion)
    return HelpPeak(size, size * mass_kg, at) if size * mass_kg >= LEAST_NM else HelpPeak(0.0, 0.0, at)


def _deficit_help(impairment: Impairment, joint: JointKind, sides: tuple[SideHelp, SideHelp]) -> DeficitHelp:
    name, affected = impairment.slot.label, impairment.side
    if affected is None:
        return DeficitHelp(impairment, None, None, f"{name}: of both legs. {_both_words(sides)}")
    own = sides[SIDES.index(affected)]
    ratio = _ratio(own, sides[SIDES.index(affected.other)])
    words = f"{name}: {_more_words(affected, ratio)}; {_peak_words(own, joint)}."
    return DeficitHelp(impairment, affected, ratio, words)


def _ratio(own: SideHelp, other: SideHelp) -> float | None:
    """None where neither side gets torque; infinite where only `own` does."""
    if own.rms_nm_kg <= 0.0 and other.rms_nm_kg <= 0.0:
        return None
    return own.rms_nm_kg / other.rms_nm_kg if other.rms_nm_kg > 0.0 else math.inf


def _more_words(affected: Side, ratio: float | None) -> str:
    """`the left side gets 34 % more torque than the right`."""
    if ratio is None:
        return "the exo gives no torque"
    if math.isinf(ratio):
        return f"the {affected} side alone gets torque"
    if 1.0 / (1.0 + ALIKE) < ratio < 1.0 + ALIKE:
        return f"the {affected} side gets as much torque as the {affected.other}"
    size, more = abs(ratio - 1.0), "more" if ratio > 1.0 else "less"
    return f"the {affected} side gets {100.0 * size:.0f} % {more} torque than the {affected.other}"


def _peak_words(help_: SideHelp, joint: JointKind) -> str:
    """`flexion of at most 8.1 N m at 62 % and extension of at most 3.0 N m at 20 % of its gait cycle`."""
    found = [
        f"{name} of at most {peak.nm:.1f} N·m at {100.0 * peak.at:.0f} %"
        for name, peak in zip(direction_words(joint), (help_.flexion, help_.extension), strict=True)
        if peak.nm > 0.0
    ]
    return f"{' and '.join(found)} of its gait cycle" if found else "no torque on this side"


def _both_words(sides: tuple[SideHelp, SideHelp]) -> str:
    """One sentence on both sides."""
    left, right = sides
    ratio = _ratio(left, right)
    if ratio is None:
        return "The exo gives no torque."
    sizes = f"left {left.rms_nm:.1f}, right {right.rms_nm:.1f} N·m over the cycle"
    if 1.0 / (1.0 + ALIKE) < ratio < 1.0 + ALIKE:
        return f"Both sides are helped alike: {sizes}."
    weaker, stronger = sorted(sides, key=lambda one: one.rms_nm_kg)
    if weaker.rms_nm_kg <= 0.0:
        return f"The {stronger.side} side alone is helped: {sizes}."
    more = 100.0 * (stronger.rms_nm_kg / weaker.rms_nm_kg - 1.0)
    return f"The {stronger.side} side is helped {more:.0f} % more: {sizes}."
