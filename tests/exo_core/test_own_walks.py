"""Twins in a whole exo: neither their own walk nor their person's trips its rows of gait, another walk does.

The chain is the product's own: a simulated walk with imperfect sensors, the envelope taken from it, the
package that carries it, and the C core that reads the package and then the thighs of the twin, tick by tick.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pytest

from core.deploy.envelope import envelope_of
from core.deploy.package import parse_package
from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import JointKind
from core.domain.controller import ExoController, TrainedController
from core.domain.gait_envelope import SensedWalks
from core.domain.motion import GaitReference
from core.domain.scenario import COURSE, Scenario
from core.domain.twin import GENERIC_BODY
from core.exo_core.library import Library
from core.gait.leg import Leg
from core.gait.scenario_reference import at_speed, normal_walk
from core.learning.exo.envelope_walks import sensed_walks
from core.learning.exo.environment import TRAINING_FAULTS
from core.learning.exo.lessons import LESSONS
from core.learning.gait.base_policy import HEALTHY, HEIGHTS_M, MASS_FACTORS, varied_body, varied_reference
from core.simulation.analysis.scenario import scenario_walker
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.tasks.policy_files import shipped_policy
from core.tasks.train_controller import starting_controller
from core.twin.body import Fidelity
from tests.deploy.controllers import DEVICE, built
from tests.exo_core.worn_walks import Moment, WornWalk, largest_nm

JUDGED = 2  # walkers of the envelope for each twin; the program takes 32, so this is the harder test
WALK_S, JUDGED_S = 9.9, 8.0
BODIES, BATCH = 10, 50  # models take longest to make: twins differ by their stride, several share a body
OTHER_TICKS = 520  # three strides and a half
SETTLED_S = 1.0
UP_TO_STAIRS_S = 13.5  # on the course
SPEEDS_M_S = (0.6, 0.9, 1.2, 1.5, 1.8)


@dataclass(frozen=True, slots=True)
class Twin:
    package: bytes  # for the exo
    angle_rad: FloatArray  # (T, 2) of a walk that the envelope has not seen
    velocity_rad_s: FloatArray
    stride: GaitReference  # the person's own, which the twin follows


def twins(count: int, seed: int) -> Iterator[Twin]:
    """Endless bodies and strides; who falls is left out, since a fall may trip any row."""
    rng = np.random.default_rng(seed)
    bodies = [
        varied_body(float(rng.choice(HEIGHTS_M)), float(rng.choice(MASS_FACTORS)), rng)
        for _ in range(min(BODIES, count // 3))
    ]
    models = [worn_model(body, Fidelity.FAST, DEVICE, surfaces=False) for body in bodies]
    controller = starting_controller(DEVICE)
    while True:
        people = [number % len(bodies) for number in range(min(BATCH, count + 3))]
        walkers = [
            walker
            for number in people
            for walker in (
                [Walker(models[number], bodies[number], varied_reference(bodies[number], HEALTHY, rng))]
                * (JUDGED + 1)
            )
        ]
        walks = walks_of(walkers, controller, seed=int(rng.integers(1 << 30)))
        for first in range(0, len(walkers), JUDGED + 1):
            yield from twin(walks, walkers, first, controller)


def twin(walks: SensedWalks, walkers: list[Walker], first: int, controller: ExoController) -> Iterator[Twin]:
    """The twin of these columns of the walks; nobody when one of its walkers fell."""
    if walked(walks)[first : first + JUDGED + 1].all():
        package = package_of(walks, range(first, first + JUDGED), controller)
        yield twin_of(walks, walkers, first + JUDGED, package)


def walks_of(walkers: list[Walker], controller: ExoController, seed: int) -> SensedWalks:
    environment = WalkingEnvironment(walkers, seed=seed)
    return sensed_walks(environment, walkers, shipped_policy(), controller, seed=seed, seconds=WALK_S)


def walked(walks: SensedWalks) -> BoolArray:
    """(N,) who did not fall."""
    return walks.counted[round(SETTLED_S * walks.rate_hz) :].all(axis=0)


def twin_of(walks: SensedWalks, walkers: list[Walker], own: int, package: bytes) -> Twin:
    return Twin(package, walks.angle_rad[:, own], walks.velocity_rad_s[:, own], walkers[own].reference)


def package_of(walks: SensedWalks, judged: Sequence[int], controller: ExoController) -> bytes:
    """What the exo gets of a controller whose envelope is taken from these walkers."""
    ticks, which = round(JUDGED_S * walks.rate_hz), list(judged)
    envelope = envelope_of(
        SensedWalks(
            walks.rate_hz,
            walks.angle_rad[:ticks, which],
            walks.velocity_rad_s[:ticks, which],
            walks.torque_nm[:ticks, which],
            walks.counted[:ticks, which],
            walks.activity[which],
            walks.taught_low_rad[which],
            walks.taught_high_rad[which],
        )
    )
    assert envelope is not None
    trained = TrainedController(controller, DEVICE, (), 1, 1.0, 0.9, 0.0, synthetic=True, envelope=envelope)
    return parse_package(built(trained).archive).device_bytes


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(12, marks=pytest.mark.slow),
        pytest.param(200, marks=[pytest.mark.long, pytest.mark.timeout(1800)]),
    ],
)
def test_a_twins_own_walk_never_trips_its_envelope_and_other_walks_do(core: Library, count: int):
    assert sum(assert_knows(core, one) for one in islice(twins(count, seed=13), count)) == count


@pytest.mark.slow
def test_a_controller_of_many_speeds_knows_each_of_them(core: Library):
    """One package for the walks from the slowest to the fastest, whose strides differ by more than a half."""
    leg, model = Leg.of(GENERIC_BODY.scale), worn_model(GENERIC_BODY, Fidelity.FAST, DEVICE, surfaces=False)
    strides = [at_speed(normal_walk(leg), leg, speed) for speed in SPEEDS_M_S]
    walkers = [Walker(model, GENERIC_BODY, stride) for stride in strides for _ in range(JUDGED + 1)]
    controller = starting_controller(DEVICE)
    walks = walks_of(walkers, controller, seed=4)
    assert walked(walks).all()
    own = range(JUDGED, len(walkers), JUDGED + 1)
    package = package_of(walks, [number for number in range(len(walkers)) if number not in own], controller)
    assert all(assert_knows(core, twin_of(walks, walkers, number, package)) for number in own)


@pytest.mark.slow
def test_a_controller_of_walks_runs_and_stairs_keeps_its_torque_in_each_and_from_walk_to_run(core: Library):
    """Up to the stairs of a course. There thighs swing twice as far at once: S7 and S13 fade the torque."""
    controller, keys = starting_controller(DEVICE), ("level-0.9", "level-1.5", "run-2.0", "stairs-up")
    lessons = [scenario for scenario in LESSONS if scenario.key in keys]
    walkers = [in_exo(scenario) for scenario in lessons for _ in range(JUDGED + 1)]
    walks = walks_of(walkers, controller, seed=4)
    own = range(JUDGED, len(walkers), JUDGED + 1)
    package = package_of(walks, [number for number in range(len(walkers)) if number not in own], controller)
    for number in own:
        assert_keeps_torque(core, package, walks.angle_rad[:, number], walks.velocity_rad_s[:, number])
    course = sensed_walks(
        WalkingEnvironment([in_exo(COURSE)], seed=6, episode_s=60.0),
        [in_exo(COURSE)],
        shipped_policy(),
        controller,
        seed=6,
        seconds=UP_TO_STAIRS_S,
    )
    assert_keeps_torque(core, package, course.angle_rad[:, 0], course.velocity_rad_s[:, 0])


def assert_keeps_torque(core: Library, package: bytes, angle: FloatArray, velocity: FloatArray) -> None:
    worn = WornWalk(core, package, angle, velocity)
    worn.get_ready()
    worn.arm()
    assert_nothing_trips(list(worn.walk(worn.ticks_left)))


def in_exo(scenario: Scenario) -> Walker:
    return scenario_walker(scenario, GENERIC_BODY, None, length_s=WALK_S, device_id=DEVICE)


def assert_knows(core: Library, one: Twin) -> bool:
    """The own walk trips nothing, half as large and half as large again within two strides, and a shift."""
    worn = WornWalk(core, one.package, one.angle_rad, one.velocity_rad_s)
    worn.get_ready()
    worn.arm()
    own = list(worn.walk(worn.ticks_left))  # never beyond its end: only the true walk is its own
    worn.keep()
    assert_nothing_trips(own)
    for scale in (0.4, 1.6):
        worn.go_back(scale=scale)
        assert_strides_trip_within_two(list(worn.walk(OTHER_TICKS)))
    worn.go_back(shift_rad=math.radians(30.0))
    shifted = list(worn.walk(200))
    assert any(moment.strange for moment in shifted)  # S13
    assert not all(all(moment.inside) for moment in shifted)  # S6
    assert largest_nm(shifted[-40:]) == 0.0
    assert_the_person_is_known(core, one)
    return True


def assert_the_person_is_known(core: Library, one: Twin) -> None:
    """Who walks as it was recorded, and not as the twin does, is inside S4, S6 and S7."""
    angle, velocity = own_stride(one.stride)
    worn = WornWalk(core, one.package, angle, velocity)
    worn.get_ready()
    worn.arm()
    moments = list(worn.walk(worn.ticks_left))
    assert {moment.events for moment in moments} == {moments[0].events}
    assert all(all(moment.inside) for moment in moments)
    assert not any(any(moment.faded_by_strides) for moment in moments)


def own_stride(stride: GaitReference) -> tuple[FloatArray, FloatArray]:
    """Angle and velocity (T, 2) of the thighs in this stride, again and again, with noise of the sensors."""
    time_s = np.arange(round(100.0 * WALK_S)) / 100.0
    hips = stride.angle_rad[:, list(JointKind.HIP_FLEXION.columns)]
    phase = np.arange(len(hips)) / len(hips)
    angle = np.stack([np.interp(time_s / stride.period_s, phase, hip, period=1.0) for hip in hips.T], axis=1)
    noise = np.random.default_rng(1).normal(0.0, TRAINING_FAULTS.angle_noise_rad, angle.shape)
    return angle + noise, np.gradient(angle, 0.01, axis=0) + 10.0 * noise


def assert_nothing_trips(moments: list[Moment]) -> None:
    """Neither S4, S6, S7 nor S13, and the exo did give torque."""
    assert {moment.events for moment in moments} == {moments[0].events}
    assert all(all(moment.inside) for moment in moments)
    assert not any(any(moment.faded_by_strides) or moment.strange for moment in moments)
    assert largest_nm(moments[-100:]) > 1.0


def assert_strides_trip_within_two(moments: list[Moment]) -> None:
    """The stride in which they changed, and at most two more."""
    first = next((moment for moment in moments if any(moment.faded_by_strides)), None)
    assert first is not None
    side = first.faded_by_strides.index(True)
    assert first.strides[side] <= 3
