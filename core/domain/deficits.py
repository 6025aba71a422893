"""Strength of muscle groups as gait, moments and EMG tell it, and what is proposed as impairment."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.body import Side
from core.domain.findings import Finding
from core.domain.impairment import Impairment
from core.domain.muscles import MuscleGroup

INTERVAL_Z = 1.645  # nine of ten true strengths lie inside the interval


@dataclass(frozen=True, slots=True)
class StrengthDeficit:
    """Strength of one group of one side against what is expected of this body; 1 is as expected."""

    group: MuscleGroup
    side: Side
    strength: float
    sd: float
    evidence: tuple[str, ...]  # "EMG", "joint moments", "gait": what it was estimated from
    sentence: str  # in a clinician's words
    least: float = 0.0  # that the joint moments of the walk show

    @property
    def interval(self) -> tuple[float, float]:
        """Strength lies inside nine times out of ten."""
        return max(
            self.least, 0.05, self.strength - INTERVAL_Z * self.sd
        ), self.strength + INTERVAL_Z * self.sd


@dataclass(frozen=True, slots=True)
class Deficits:
    """The weakest first. `proposed` are at most four impairments; a person accepts each by name."""

    strengths: tuple[StrengthDeficit, ...]
    proposed: tuple[Impairment, ...]
    not_told: tuple[str, ...]  # groups that the data say nothing of, as sentences
    findings: tuple[Finding, ...]
    synthetic: bool = False
