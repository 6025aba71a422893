"""The impairments that a person puts into the twin by name: entered, or taken over from the gait."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.domain.impairment import Impairment

MOST_CHOSEN = 4


class ImpairmentOrigin(StrEnum):
    """Where a chosen impairment comes from. The values are stored and shown."""

    ENTERED = "entered"  # by the clinician, from examination or history
    GAIT = "found in the gait"  # by the job `fit_impairments`


@dataclass(frozen=True, slots=True)
class ChosenImpairment:
    impairment: Impairment
    origin: ImpairmentOrigin
    by: str  # who answers for it
    role: str

    @property
    def words(self) -> str:
        """For example "weakness, left hip flexors, 0.5"."""
        one = self.impairment
        often = ", in some strides only" if one.occasional else ""
        return f"{one.slot.label.lower()}, {one.severity:.2g}{often}"

    @property
    def answer(self) -> str:
        """For example "entered by Dr. A, physician"."""
        accepted = "" if self.origin is ImpairmentOrigin.ENTERED else ", accepted"
        return f"{self.origin.value}{accepted} by {self.by}, {self.role}"


@dataclass(frozen=True, slots=True)
class ChosenImpairments:
    """All that stand, at most MOST_CHOSEN, each of another place; empty when all were removed."""

    chosen: tuple[ChosenImpairment, ...]
    synthetic: bool = False

    @property
    def impairments(self) -> tuple[Impairment, ...]:
        return tuple(one.impairment for one in self.chosen)
