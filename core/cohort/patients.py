"""The virtual patients of a study: drawn by their number and the cohort's seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from core.domain.body import SIDES
from core.domain.cohort_plan import Cohort, Strides
from core.domain.impairment import Impairment
from core.domain.motion import GaitReference
from core.domain.subject import Sex, Subject
from core.domain.twin import BodyParameters, Twin
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.learning.gait.base_policy import HEALTHY, IMPAIRED, varied_body, varied_reference

_BIRTH_YEAR = 1980  # asked of every patient, and without a meaning for one who does not exist
_VARIATION = {Strides.HEALTHY: HEALTHY, Strides.IMPAIRED: IMPAIRED}


@dataclass(frozen=True, slots=True, eq=False)
class VirtualPatient:
    """Numbers from 1. `group` is what the cohort is divided by: the impairment without its side."""

    number: int
    group: str
    body: BodyParameters
    reference: GaitReference

    @property
    def words(self) -> str:
        return ", ".join(one.words for one in self.body.impairments) or "healthy"

    @property
    def twin(self) -> Twin:
        """Its body is known: nothing was measured, so that there are no residuals."""
        unknown, body = float("nan"), self.body
        return Twin(body, unknown, body.mass_kg, Leg.of(body.scale).length_m, unknown, (), True)

    def subject(self, code: str, device: str) -> Subject:
        body = self.body
        return Subject(
            code=code,
            birth_year=_BIRTH_YEAR,
            sex=Sex.OTHER,
            height_m=body.height_m,
            mass_kg=body.mass_kg,
            diagnosis=f"Virtual patient, {self.words}",
            device=device,
            synthetic=True,
        )


def virtual_patients(cohort: Cohort) -> Iterator[VirtualPatient]:
    return (virtual_patient(cohort, number) for number in range(1, cohort.patients + 1))


def virtual_patient(cohort: Cohort, number: int) -> VirtualPatient:
    """Always the same of a seed and a number."""
    random = np.random.default_rng((cohort.seed, number))
    height_m = float(random.uniform(*cohort.height_m))
    body = varied_body(height_m, float(random.uniform(*cohort.mass_factor)), random)
    reference = normal_walk(Leg.of(body.scale))
    if cohort.strides in _VARIATION:
        reference = varied_reference(body, _VARIATION[cohort.strides], random)
    turn = _turn(cohort, number)
    if turn is None:
        return VirtualPatient(number, "healthy", body, reference)
    choice = cohort.impairments[turn % len(cohort.impairments)]
    severity, side = float(random.uniform(*choice.severity)), SIDES[int(random.integers(2))]
    had = tuple(
        Impairment(slot.kind, round(severity, 3), slot.side, slot.group, slot.joint)
        for slot in choice.slots(side)
    )
    return VirtualPatient(number, choice.words, replace(body, impairments=had), reference)


def _turn(cohort: Cohort, number: int) -> int | None:
    """How many impaired patients come before; None for a healthy one. Healthy ones are spread evenly."""
    healthy_before, healthy = (int(count * cohort.healthy + 1e-9) for count in (number - 1, number))
    return None if healthy > healthy_before else number - 1 - healthy_before
