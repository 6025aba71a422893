"""The patient, under a pseudonymous code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.domain.body import Side
from core.errors import refuse

USUAL_DEVICE = "Hippo_L1"
"""The exo of a new patient until somebody chooses."""


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Consent:
    by: str  # who took the consent
    on: str  # ISO date


@dataclass(frozen=True, slots=True)
class Subject:
    code: str
    birth_year: int
    sex: Sex
    height_m: float
    mass_kg: float
    diagnosis: str = ""
    affected_side: Side | None = None
    consent: Consent | None = None
    device: str = USUAL_DEVICE
    synthetic: bool = False

    def __post_init__(self) -> None:
        if not self.code.strip():
            raise refuse(
                "PAT-001",
                "The patient has no code.",
                "Every patient needs a pseudonymous code.",
                "Enter a code such as P-0042.",
            )
        if not 1.0 <= self.height_m <= 2.3:
            raise refuse(
                "PAT-002",
                f"A height of {self.height_m:g} m cannot be used.",
                "The body model holds from 1.00 m to 2.30 m.",
                "Check the height; it is in metres.",
            )
        if not 15.0 <= self.mass_kg <= 250.0:
            raise refuse(
                "PAT-003",
                f"A mass of {self.mass_kg:g} kg cannot be used.",
                "The body model holds from 15 kg to 250 kg.",
                "Check the mass; it is in kilograms.",
            )
        if not 1900 <= self.birth_year <= 2100:
            raise refuse(
                "PAT-004",
                f"The birth year {self.birth_year} cannot be right.",
                "It must have four digits, from 1900 on.",
                "Correct the birth year.",
            )
