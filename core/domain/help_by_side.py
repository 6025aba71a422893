"""Timing and size of the exo's help on each side, and which side gets more of it: from simulated walks."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.body import SIDES, JointKind, Side
from core.domain.impairment import Impairment

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
