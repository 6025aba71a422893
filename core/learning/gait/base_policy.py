"""What the shipped base policies are trained on: a population of bodies, strides and scenarios.

A new twin starts from a base policy, so that minutes of training are enough. `app.train.base_policies` trains
the base policies from scratch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.domain.body import JOINTS, JointKind
from core.domain.impairment import SLOTS, Impairment, ImpairmentKind
from core.domain.motion import GaitReference
from core.domain.scenario import COURSE, SCENARIOS, Disturbance, Scenario
from core.domain.twin import GENERIC_BODY, BodyParameters, SegmentScale
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.simulation.analysis.scenario import scenario_walker
from core.simulation.environment.batch_environment import EPISODE_S
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.simulation.reference_gait.gait_initiation import STEADY, GaitOnset
from core.twin.body import Fidelity
from core.twin.scaling import scales_for_height

WALKERS = 128
_KNEES = [joint.column for joint in JOINTS if joint.kind is JointKind.KNEE]
SCENARIO_WEIGHT = {  # sampled so many times as often as the others: learned last
    "level-0.6": 6,
    "ramp-up-10": 2,
    "ramp-down-10": 2,
    "stairs-up": 8,
    "stairs-down": 12,
    "run-2.0": 2,
    "run-2.5": 3,
    "run-3.0": 4,
    "start-stop": 12,
    "trip": 3,
    "slip": 4,
}
SCENARIO_BODIES = 4  # different bodies in scenarios; each pair of body and scenario needs a model of its own
BODILY = (ImpairmentKind.WEAKNESS, ImpairmentKind.STIFFNESS, ImpairmentKind.LIMITED_RANGE)
HEIGHTS_M = (1.50, 1.60, 1.70, 1.80, 1.90)  # up to 12 percent around the generic body
MASS_FACTORS = (0.75, 1.0, 1.25)  # of the generic mass at that height


@dataclass(frozen=True, slots=True)
class PopulationFractions:
    """Composition of a training population; the rest are other bodies with other strides on the level."""

    plain: float  # generic body, normal stride: the default twin must be the best of all
    in_scenarios: float  # at other speeds, on ramps and stairs, running, perturbed
    impaired: float  # generic bodies with weak, stiff or limited legs; the reference is the normal stride


BALANCED = PopulationFractions(plain=0.15, in_scenarios=0.5, impaired=0.15)
MOSTLY_SCENARIOS = PopulationFractions(plain=0.2, in_scenarios=0.6, impaired=0.1)
HALF_SCENARIOS = PopulationFractions(plain=0.3, in_scenarios=0.5, impaired=0.1)


@dataclass(frozen=True, slots=True)
class StrideVariation:
    """How much the strides of a population differ from the normal stride; ranges are uniform."""

    speed_fraction: tuple[float, float]  # of the normal speed
    period_fraction: tuple[float, float]  # of the period that goes with the speed
    both_sides: tuple[float, float]  # factor of a joint's range, equal left and right
    one_side: tuple[float, float]  # further factor of each leg's joints alone
    offset_deg: float  # standard deviation of each leg's joint offsets
    crouch_deg: float  # largest extra flexion of each knee


# Healthy strides first: balance is learned fastest where both legs do the same.
HEALTHY = StrideVariation((0.65, 1.2), (0.94, 1.06), (0.85, 1.15), (0.93, 1.07), 2.0, 0.0)
# Then strides as patients show and single cameras see them: stiff knees, crouch, short steps on one side.
IMPAIRED = StrideVariation((0.5, 1.2), (0.88, 1.12), (0.8, 1.15), (0.45, 1.15), 4.0, 15.0)


def training_population(
    variation: StrideVariation,
    seed: int,
    *,
    fractions: PopulationFractions = BALANCED,
    fidelity: Fidelity = Fidelity.FAST,
    count: int = WALKERS,
) -> tuple[Walker, ...]:
    """Walkers to train on: generic bodies with normal strides, varied bodies and strides, all scenarios."""
    rng = np.random.default_rng(seed)
    bodies = [varied_body(height, factor, rng) for height in HEIGHTS_M for factor in MASS_FACTORS]
    plain, in_scenarios, impaired = (
        round(fraction * count) for fraction in (fractions.plain, fractions.in_scenarios, fractions.impaired)
    )
    walkers = list(generic_walkers(fidelity=fidelity, count=plain))
    for _ in range(impaired):
        body = impaired_body(rng)
        walkers.append(_walker(body, normal_walk(Leg.of(body.scale)), fidelity))
    for number in range(count - len(walkers) - in_scenarios):
        body = bodies[number % len(bodies)]
        walkers.append(_walker(body, varied_reference(body, variation, rng), fidelity))
    for scenario in _sampled_scenarios(in_scenarios, rng):
        body = (GENERIC_BODY, *bodies)[int(rng.integers(SCENARIO_BODIES))]
        walker = scenario_walker(scenario, body, None, length_s=EPISODE_S, fidelity=fidelity)
        walkers.append(_with_random_timing(walker, rng))
    return tuple(
        walkers[number] for number in rng.permutation(count)
    )  # so every environment gets some of each kind


def generic_walkers(*, fidelity: Fidelity = Fidelity.FAST, count: int = WALKERS) -> tuple[Walker, ...]:
    """The generic body with the normal stride, many times: where walking is learned fastest."""
    return (_walker(GENERIC_BODY, normal_walk(Leg.of(GENERIC_BODY.scale)), fidelity),) * count


def _walker(body: BodyParameters, stride: GaitReference, fidelity: Fidelity) -> Walker:
    return Walker(worn_model(body, fidelity, None, surfaces=False), body, stride)


def _sampled_scenarios(count: int, rng: np.random.Generator) -> list[Scenario]:
    """`count` scenarios in proportion to SCENARIO_WEIGHT, as evenly as can be."""
    taught = [scenario for scenario in SCENARIOS[1:] if scenario is not COURSE]  # its parts are
    weighted = [scenario for scenario in taught for _ in range(SCENARIO_WEIGHT.get(scenario.key, 1))]
    return [weighted[pick] for pick in np.resize(rng.permutation(len(weighted)), count)]


def _with_random_timing(walker: Walker, rng: np.random.Generator) -> Walker:
    """Starts, stops and perturbations at random times and strengths: the policy must not learn the timing.

    Half of the walkers that start and stop walk from the first step and stop soon: stopping is learned later.
    """
    onset = walker.onset
    if onset != STEADY and rng.random() < 0.5:
        onset = GaitOnset(ends_s=float(rng.uniform(2.0, 4.0)))
    elif onset != STEADY:
        onset = GaitOnset(float(rng.uniform(0.3, 1.5)), float(rng.uniform(4.5, 0.8 * EPISODE_S)))
    perturbation = walker.disturbance
    return replace(
        walker,
        onset=onset,
        disturbance=None if perturbation is None else _varied_disturbance(perturbation, rng),
    )


def _varied_disturbance(perturbation: Disturbance, rng: np.random.Generator) -> Disturbance:
    strength = float(rng.uniform(0.5, 1.1))
    return replace(
        perturbation,
        at_s=float(rng.uniform(0.5, 0.6 * EPISODE_S)),
        forward_n_kg=strength * perturbation.forward_n_kg,
        sideways_n_kg=strength * perturbation.sideways_n_kg * float(rng.choice((-1.0, 1.0))),
        friction=float(rng.uniform(perturbation.friction, 3.0 * perturbation.friction)),
    )


def varied_body(height_m: float, mass_factor: float, rng: np.random.Generator) -> BodyParameters:
    """A body of this height with limb proportions that differ by some percent, as people's do."""
    even = scales_for_height(height_m)
    thigh, shank, foot, pelvis = 1.0 + rng.uniform(-0.05, 0.05, 4)
    scale = SegmentScale(
        pelvis_width=even.pelvis_width * float(pelvis),
        thigh=even.thigh * float(thigh),
        shank=even.shank * float(shank),
        foot=even.foot * float(foot),
        trunk=even.trunk,
    )
    mass = GENERIC_BODY.mass_kg * (height_m / GENERIC_BODY.height_m) ** 2 * mass_factor
    return BodyParameters(height_m, mass, scale)


def impaired_body(rng: np.random.Generator) -> BodyParameters:
    """The generic body with one or two random impairments that its model can have."""
    slots = [slot for slot in SLOTS if slot.kind in BODILY]
    picks = rng.choice(len(slots), size=int(rng.integers(1, 3)), replace=False)
    impairments = [
        Impairment(
            slots[pick].kind, float(rng.uniform()), slots[pick].side, slots[pick].group, slots[pick].joint
        )
        for pick in picks
    ]
    return replace(GENERIC_BODY, impairments=tuple(impairments))


def varied_reference(
    body: BodyParameters, variation: StrideVariation, rng: np.random.Generator
) -> GaitReference:
    """The normal stride at another speed, with varied joint ranges, offsets and asymmetry.

    Speed is split evenly between stride length and cadence (Grieve 1966); the joints' ranges of
    motion scale with the length.
    """
    normal = normal_walk(Leg.of(body.scale))
    speed = normal.speed_m_s * rng.uniform(*variation.speed_fraction)
    length_factor = np.sqrt(speed / normal.speed_m_s)
    period = normal.period_s / length_factor * rng.uniform(*variation.period_fraction)
    joints = len(JOINTS)
    range_factor = np.array([length_factor if joint.kind is not JointKind.ANKLE else 1.0 for joint in JOINTS])
    range_factor *= np.tile(rng.uniform(*variation.both_sides, joints // 2), 2)
    range_factor *= rng.uniform(*variation.one_side, joints)
    offset = np.radians(rng.normal(0.0, variation.offset_deg, joints))
    offset[_KNEES] += np.radians(rng.uniform(0.0, variation.crouch_deg, 2))
    mean = normal.angle_rad.mean(axis=0)
    angle = mean + offset + range_factor * (normal.angle_rad - mean)
    angle[:, _KNEES] = np.maximum(angle[:, _KNEES], 0.03)  # knees do not bend backwards
    return GaitReference(period, speed, angle)
