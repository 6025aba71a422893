"""On a course stride, height of the pelvis, slope and phase follow each walker's place."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from core.domain.scenario import COURSE, LEVEL_WALKING
from core.domain.twin import GENERIC_BODY
from core.simulation.analysis.scenario import NOT_THERE, run_scenario, scenario_walker
from core.simulation.environment.observation import columns
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.reference_gait.course_batch import CourseBatch
from core.simulation.reference_gait.gait_initiation import STEADY, PhasedStrides
from core.tasks.policy_files import shipped_policy

GROUND = COURSE.ground
BEFORE, UP = 1.0, GROUND.level_m + 3.0 * GROUND.tread_m  # places on the level and on the stairs


@pytest.fixture(scope="module")
def walkers() -> tuple[Walker, Walker]:
    """One on the course, and one on the level."""
    return tuple(scenario_walker(item, GENERIC_BODY, None, length_s=25.0) for item in (COURSE, LEVEL_WALKING))


@pytest.fixture
def environment(walkers: tuple[Walker, Walker]) -> WalkingEnvironment:
    return WalkingEnvironment(walkers, seed=3, threads=1)


def put(environment: WalkingEnvironment, forward_m: float) -> None:
    """Both walkers so far ahead."""
    environment.state[:, 2] = -forward_m  # after the time, and the place to the side
    environment.reference.set_moment(environment.forward_m, environment.time_s)


def test_the_policy_sees_the_slope_of_the_stairs_only_on_the_course_and_on_them(
    environment: WalkingEnvironment,
) -> None:
    climbs = []
    for place in (BEFORE, UP):
        put(environment, place)
        climbs.append(environment.observation()[:, columns("climb")][:, 0].tolist())
    assert climbs[0] == [0.0, 0.0]
    assert climbs[1] == pytest.approx([GROUND.rise_m / GROUND.tread_m, 0.0])


def test_speed_and_stride_change_with_the_place_and_the_other_walkers_stay(
    environment: WalkingEnvironment,
) -> None:
    seen = []
    for place in (BEFORE, 9.0, UP):
        put(environment, place)
        seen.append(environment.strides.speed_m_s.tolist())
    (slow, level), (run, still), (stairs, same) = seen
    assert stairs < slow < run and level == still == same


def test_blended_strides_move_at_the_rate_of_change_of_their_angles(walkers: tuple[Walker, Walker]) -> None:
    """In the middle of a blend, between a moment before and one after at the asked speed."""
    course = walkers[0].course
    assert course is not None
    batch, moment_s = CourseBatch([course]), 5e-4
    strides = PhasedStrides([walkers[0].reference], [STEADY], batch)
    phase, place = np.array([0.3]), np.array([course.changes_m[1]])
    strides.set_places(batch.places(place))
    velocity, speed, period = strides.velocity(phase), strides.speed_m_s.copy(), strides.period_s.copy()
    angles = []
    for since_s in (-moment_s, moment_s):
        strides.set_places(batch.places(place + since_s * speed))
        angles.append(strides.angle(phase + since_s / period))
    np.testing.assert_allclose((angles[1] - angles[0]) / (2 * moment_s), velocity, atol=0.02)


def test_the_phase_is_drawn_to_the_place_softly_before_the_stairs_and_closely_on_them(
    environment: WalkingEnvironment,
) -> None:
    drawn = []
    for place in (BEFORE, UP):
        put(environment, place)
        (at,) = environment.reference.courses.places(environment.forward_m)
        environment.phase[:] = (at.strides[0] - 0.1) % 1.0  # a tenth of a stride behind
        free = environment.phase + 0.02 / environment.strides.period_s
        drawn.append(
            (environment.reference.coming_phase(environment.phase, environment.forward_m) - free).tolist()
        )
    (soft, none), (close, nothing) = drawn
    assert 0.0 < soft < 0.25 * close and none == nothing == 0.0


def test_starts_stand_at_the_place_of_their_phase(walkers: tuple[Walker, Walker]) -> None:
    environment = WalkingEnvironment(walkers[:1] * 8, seed=5, threads=1)
    (at,) = environment.reference.courses.places(environment.forward_m)
    np.testing.assert_allclose(at.strides % 1.0, environment.phase, atol=1e-6)
    assert (environment.forward_m >= 0.0).all()


@pytest.mark.slow
def test_the_shipped_twin_walks_runs_and_climbs_the_course(walkers: tuple[Walker, Walker]) -> None:
    """Seven in eight do, without an exo."""
    environment = WalkingEnvironment(walkers[:1] * 8, seed=11, episode_s=60.0)
    run = run_scenario(COURSE, environment, shipped_policy(muscles=False).act, COURSE.usual_s)
    assert run.success_rate >= 0.8, Counter(run.cause)
    assert (run.distance_m > GROUND.goal_m - 2.0).sum() >= 7


def test_a_walk_that_does_not_reach_the_end_of_the_course_is_no_success(
    walkers: tuple[Walker, Walker],
) -> None:
    environment = WalkingEnvironment(walkers[:1], seed=11, episode_s=60.0)
    run = run_scenario(COURSE, environment, shipped_policy(muscles=False).act, 1.0)
    assert run.cause == (NOT_THERE,)
    assert dataclasses.replace(COURSE, ground=LEVEL_WALKING.ground).ground.goal_m == 0.0
