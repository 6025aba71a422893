"""The patient, under a pseudonymous code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from core.domain.body import Side
from core.domain.walking_ability import check_notes
from core.errors import UserError, refuse

USUAL_DEVICE = "Hippo_L1"
"""The exo of a new patient until somebody chooses."""
MOST_DIAGNOSIS = 300  # letters
MOST_CONSENT_NAME = 80  # letters of who took the consent


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"
    OTHER = "other"


class AffectedSide(StrEnum):
    """Which legs walk otherwise than they should. Where nobody told it there is None instead."""

    NONE = "none"
    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"

    @property
    def words(self) -> str:
        sides = {AffectedSide.NONE: "no side affected", AffectedSide.BOTH: "both sides affected"}
        return sides.get(self, f"{self.value} side affected")


@dataclass(frozen=True, slots=True)
class Consent:
    by: str  # who took the consent
    on: str  # ISO date


@dataclass(frozen=True, slots=True)
class Subject:
    """A patient. What changes from visit to visit is in the visit's notes (`core.domain.walking_ability`).

    A code is checked where a patient is made (`core.domain.patient_code`): earlier versions took any.
    """

    code: str
    birth_year: int
    sex: Sex
    height_m: float
    mass_kg: float
    diagnosis: str = ""
    affected_side: AffectedSide | None = None  # None: nobody told; earlier also none, and both
    consent: Consent | None = None
    device: str = USUAL_DEVICE
    synthetic: bool = False
    notes: str = ""

    def __post_init__(self) -> None:
        if not self.code.strip():
            raise refuse(
                "PAT-001",
                "The patient has no code.",
                "Every patient needs a pseudonymous code.",
                "Enter a code such as P-0042.",
            )
        check_height(self.height_m)
        check_mass(self.mass_kg)
        check_birth_year(self.birth_year)
        check_notes(self.notes)

    @property
    def one_affected_side(self) -> Side | None:
        """The side, where exactly one is affected."""
        match self.affected_side:
            case AffectedSide.LEFT:
                return Side.LEFT
            case AffectedSide.RIGHT:
                return Side.RIGHT
            case _:
                return None


def check_consent(subject: Subject, today: date) -> None:
    """Refuses (PAT-033) a consent without a name or a day, of the future, or of before the birth."""
    if subject.consent is None:
        return
    by, on = subject.consent.by, subject.consent.on
    if not by.strip() or len(by) > MOST_CONSENT_NAME:
        raise consent_unusable(f"It needs the name of who took it, of at most {MOST_CONSENT_NAME} letters.")
    try:
        taken = date.fromisoformat(on)
    except ValueError:
        raise consent_unusable(f"“{on[:20]}” is no day.") from None
    if taken > today:
        raise consent_unusable(f"{on} is in the future.")
    if taken.year < subject.birth_year:
        raise consent_unusable(f"{on} is before the patient was born, in {subject.birth_year}.")


def check_diagnosis(diagnosis: str) -> None:
    """Refuses (PAT-021) one that no list or report can show. Asked where it is entered, as codes are."""
    if len(diagnosis) > MOST_DIAGNOSIS:
        raise refuse(
            "PAT-021",
            "The diagnosis is too long.",
            f"It has {len(diagnosis)} signs; the most are {MOST_DIAGNOSIS}.",
            "Shorten it, or keep the long text in the notes.",
        )


def consent_unusable(why: str) -> UserError:
    return refuse(
        "PAT-033",
        "The consent cannot be used.",
        why,
        "Tell who took it and on which day, such as 2026-11-20; without consent no visit can start.",
    )


def check_height(height_m: float) -> None:
    """Refuses (PAT-002) a height that the body model does not hold for."""
    if not 1.0 <= height_m <= 2.3:
        raise refuse(
            "PAT-002",
            f"A height of {height_m:g} m cannot be used.",
            "The body model holds from 1.00 m to 2.30 m.",
            "Check the height; it is in metres.",
        )


def check_mass(mass_kg: float) -> None:
    """Refuses (PAT-003) a mass that the body model does not hold for."""
    if not 15.0 <= mass_kg <= 250.0:
        raise refuse(
            "PAT-003",
            f"A mass of {mass_kg:g} kg cannot be used.",
            "The body model holds from 15 kg to 250 kg.",
            "Check the mass; it is in kilograms.",
        )


def check_birth_year(year: int) -> None:
    """Refuses (PAT-004) what is no year of birth."""
    if not 1900 <= year <= 2100:
        raise refuse(
            "PAT-004",
            f"The birth year {year} cannot be right.",
            "It must have four digits, from 1900 on.",
            "Correct the birth year.",
        )
