"""Twins in an ankle exo: their own walks trip none of its rows of gait, whatever they do; other walks do."""

from __future__ import annotations

import math

import pytest

from core.deploy.envelope import envelope_of, strides_of
from core.devices.profiles import load_profile
from core.domain.body import JointKind
from core.domain.controller import ExoController
from core.domain.gait_envelope import SensedWalks
from core.domain.scenario import LEVEL_WALKING, Scenario, scenario_of
from core.domain.twin import GENERIC_BODY
from core.exo_core.library import Library
from core.exo_core.safety import Limits, Profile, joint_number
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.learning.exo.envelope_walks import sensed_walks
from core.simulation.analysis.scenario import scenario_walker
from core.simulation.environment.tracking import WalkingEnvironment
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity
from tests.deploy.ankles import ANKLE, package_for, trained_for
from tests.exo_core.test_own_walks import assert_nothing_trips, assert_strides_trip_within_two
from tests.exo_core.worn_walks import WornWalk, largest_nm

LESSONS = ("level", "level-0.9", "level-1.8", "run-2.5")  # on one ground: models take longest to make
SECONDS, JUDGED, OWN = 9.9, 2, 2  # two walkers of each lesson for the envelope, the third is judged by it
BOOT = Profile(Limits.of(load_profile(ANKLE).limits), joint=joint_number(JointKind.ANKLE))


def lesson(key: str) -> Scenario:
    found = LEVEL_WALKING if key == "level" else scenario_of(key)
    assert found is not None
    return found


def controller() -> ExoController:
    """Gives hardly any torque, so that whoever walks without an exo walks with it."""
    return trained_for(ANKLE, peak_nm=2.0).controller


@pytest.fixture(scope="module")
def walks() -> SensedWalks:
    """Of the generic body with the ExoBoot, JUDGED + 1 walkers of each lesson."""
    stride = normal_walk(Leg.of(GENERIC_BODY.scale))
    walkers = [
        scenario_walker(
            lesson(key), GENERIC_BODY, stride, length_s=SECONDS + 1, fidelity=Fidelity.FAST, device_id=ANKLE
        )
        for key in LESSONS
        for _ in range(JUDGED + 1)
    ]
    environment = WalkingEnvironment(walkers, seed=2)
    return sensed_walks(environment, walkers, shipped_policy(), controller(), seed=2, seconds=SECONDS)


def of_walkers(walks: SensedWalks, which: list[int]) -> SensedWalks:
    assert walks.shank_rad_s is not None
    return SensedWalks(
        walks.rate_hz,
        walks.angle_rad[:, which],
        walks.velocity_rad_s[:, which],
        walks.torque_nm[:, which],
        walks.counted[:, which],
        walks.activity[which],
        walks.taught_low_rad[which],
        walks.taught_high_rad[which],
        walks.shank_rad_s[:, which],
    )


@pytest.mark.slow
def test_an_ankle_exo_knows_its_twin_in_every_lesson_and_nobody_elses_walk(core: Library, walks: SensedWalks):
    every = range(len(LESSONS) * (JUDGED + 1))
    own = [number for number in every if number % (JUDGED + 1) == OWN]
    upright = [number for number in own if walks.counted[100:, number].all()]
    assert len(upright) >= len(LESSONS) - 1  # a fall may trip any row
    envelope = envelope_of(of_walkers(walks, [number for number in every if number not in own]))
    assert envelope is not None
    assert (
        math.radians(15.0) < min(envelope.stride_low_rad) < max(envelope.stride_high_rad) < math.radians(60.0)
    )
    package = package_for(ANKLE, peak_nm=2.0, envelope=envelope).device_bytes
    for number in upright:
        assert_known(core, package, walks, number, changed=number == own[0])


def assert_known(core: Library, package: bytes, walks: SensedWalks, number: int, *, changed: bool) -> None:
    """Its own walk trips nothing; if `changed`, strides of another size and a shift do.

    Its placement was seen in a level walk, as it is with a person: at a run an ankle moves in another way.
    """
    assert walks.shank_rad_s is not None
    level, angle, shank = walks.angle_rad[:, OWN], walks.angle_rad[:, number], walks.shank_rad_s[:, number]
    velocity = walks.velocity_rad_s
    worn = WornWalk(
        core, package, level, velocity[:, OWN], walks.shank_rad_s[:, OWN], profile=BOOT, profile_id=ANKLE
    )
    worn.get_ready()
    worn.person.go_on_as(angle, velocity[:, number], shank)
    list(worn.walk(150))
    worn.arm()
    moments = list(worn.walk(worn.ticks_left))
    worn.keep()
    assert_nothing_trips(moments)
    for side in (0, 1):
        strides = strides_of(angle[:, side], 0.0 * angle[:, side], walks.rate_hz, shank[:, side])
        walked = sum(one.last >= len(angle) - len(moments) for one in strides)
        assert abs(moments[-1].strides[side] - walked) <= 1
    if not changed:
        return
    for scale in (0.4, 1.7):
        worn.go_back(scale=scale)
        assert_strides_trip_within_two(list(worn.walk(520)))
    worn.go_back(shift_rad=math.radians(30.0))
    shifted = list(worn.walk(200))
    assert any(moment.strange for moment in shifted)  # S13
    assert not all(all(moment.inside) for moment in shifted)  # S6
    assert largest_nm(shifted[-40:]) == 0.0


@pytest.mark.slow
def test_the_angle_of_an_ankle_alone_would_not_show_the_strides(walks: SensedWalks):
    """Why the shank is looked at: by its angle an ankle makes parts of strides, by the shank whole ones."""
    assert walks.shank_rad_s is not None
    period_s = normal_walk(Leg.of(GENERIC_BODY.scale)).period_s
    for one in range(JUDGED + 1):
        angle, shank = walks.angle_rad[100:, one, 0], walks.shank_rad_s[100:, one, 0]
        alone, whole = (
            [(stride.last - stride.first) / 100.0 for stride in strides_of(angle, 0.0 * angle, 100.0, by)]
            for by in (None, shank)
        )
        whole = whole[1:]  # the first began in the middle of a step
        assert whole == pytest.approx([period_s] * len(whole), abs=0.12) and len(whole) >= 5
        assert all(length_s < 0.8 * period_s for length_s in alone)
