"""Virtual people: a crowd for the generic controller to learn on, and eight others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.domain.body import Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.motion import GaitReference
from core.domain.muscles import MuscleGroup
from core.domain.twin import GENERIC_BODY, BodyParameters, GaitPolicy
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.gait.base_policy import HEALTHY, HEIGHTS_M, impaired_body, varied_body, varied_reference
from core.simulation.environment.policy import PolicyNetworks
from core.tasks.policy_files import shipped_policy

CROWD_HEALTHY, CROWD_IMPAIRED = 8, 4
SEVERITY = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A virtual person who walks by the shipped policy."""

    name: str
    body: BodyParameters
    reference: GaitReference


def crowd(seed: int) -> tuple[Person, ...]:
    """People of many sizes and strides, some of them impaired."""
    random = np.random.default_rng(seed)
    people = []
    for number in range(CROWD_HEALTHY):
        height_m, mass = HEIGHTS_M[number % len(HEIGHTS_M)], float(random.uniform(0.8, 1.2))
        body = varied_body(height_m, mass, random)
        reference = varied_reference(body, HEALTHY, random)
        people.append(Person(f"healthy, {body.height_m:.2f} m, {body.mass_kg:.0f} kg", body, reference))
    for _ in range(CROWD_IMPAIRED):
        body = impaired_body(random)
        words = " and ".join(_words(impairment) for impairment in body.impairments)
        people.append(Person(words, body, normal_walk(Leg.of(body.scale))))
    return tuple(people)


def virtual_people() -> tuple[Person, ...]:
    """Four sizes and four deficits of the left leg; their bodies are not in the crowd."""
    random = np.random.default_rng(99)
    sizes = ((1.55, 0.9), (1.65, 1.1), (1.75, 0.95), (1.85, 1.15))
    people = []
    for height_m, mass in sizes:
        body = varied_body(height_m, mass, random)
        reference = varied_reference(body, HEALTHY, random)
        people.append(Person(f"healthy, {height_m:.2f} m, {body.mass_kg:.0f} kg", body, reference))
    groups = (
        MuscleGroup.HIP_FLEXORS,
        MuscleGroup.HIP_EXTENSORS,
        MuscleGroup.PLANTARFLEXORS,
        MuscleGroup.KNEE_EXTENSORS,
    )
    for group in groups:
        weak = Impairment(ImpairmentKind.WEAKNESS, SEVERITY, Side.LEFT, group)
        body = replace(GENERIC_BODY, impairments=(weak,))
        people.append(Person(_words(weak), body, normal_walk(Leg.of(body.scale))))
    return tuple(people)


def twin_of(person: Person, device_id: str, networks: PolicyNetworks | None = None) -> TwinInExo:
    """The person's twin, walking by the shipped policy or another. Raises UserError SIM-011."""
    found = networks or shipped_policy()
    policy = GaitPolicy(
        person.body, person.reference, found.policy, found.value, found.log_std,
        found.observation_mean, found.observation_std, (), 0, 0.0, 0.0, 0.0, coordination=found.coordination,
    )  # fmt: skip
    return TwinInExo(policy, device_id)


def default_twin(device_id: str, *, muscles: bool = False) -> TwinInExo:
    """The generic body with the normal stride, by the shipped policy of torques or muscles."""
    person = Person("generic", GENERIC_BODY, normal_walk(Leg.of(GENERIC_BODY.scale)))
    return twin_of(person, device_id, shipped_policy(muscles=muscles))


def _words(impairment: Impairment) -> str:
    what = impairment.group or impairment.joint
    side = "" if impairment.side is None else f", {impairment.side.value}"
    return f"{impairment.kind.value} of {what}{side}, {impairment.severity:.1f}"
