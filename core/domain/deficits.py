"""Strength of muscle groups as gait, moments and EMG tell it, and what is proposed as impairment."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.body import Side
from core.domain.findings import Finding
from core.domain.impairment import Impairment
from core.domain.muscles import MuscleGroup


@dataclass(frozen=True, slots=True)
class StrengthDeficit:
    """Strength of one group of one side against what is expected of this body; 1 is as expected."""

    group: MuscleGroup
    side: Side
    strength: float
    sd: float
    evidence: tuple[str, ...]  # "EMG", "joint moments", "gait": what it was estimated from
    sentence: str  # in a clinician's words


@dataclass(frozen=True, slots=True)
class Deficits:
    """The weakest first. `proposed` are at most four impairments; a person accepts each by name."""

    strengths: tuple[StrengthDeficit, ...]
    proposed: tuple[Impairment, ...]
    not_told: tuple[str, ...]  # groups that the data say nothing of, as sentences
    findings: tuple[Finding, ...]
    synthetic: bool = False
