"""A course asks for one stride after the other, by place, and brings every foot to its step."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.scenario import COURSE, COURSE_SPEED_M_S, LEVEL_GROUND
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.gait.course import RUN_M_S, Course, course_of
from core.twin.scaling import scales_for_height

PLACES_M = np.linspace(-1.0, COURSE.ground.goal_m + 3.0, 400)
STRIDE_UP_M = 2.0 * COURSE.ground.tread_m


@pytest.fixture(scope="module", params=[1.55, 1.70, 1.90])
def course(request: pytest.FixtureRequest) -> Course:
    height_m = float(request.param)
    body = BodyParameters(height_m, 75.0, scales_for_height(height_m))
    return course_of(COURSE, body, None)


def test_every_place_has_strides_that_sum_to_one_and_never_more_than_two_at_a_time(course: Course) -> None:
    weights = course.weights(PLACES_M)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert (weights > -1e-12).all() and ((weights > 0.0).sum(axis=1) <= 2).all()


def test_it_begins_slowly_runs_and_is_slow_again_before_the_stairs(course: Course) -> None:
    speeds = np.array([stride.speed_m_s for stride in course.strides])
    at_start, at_stairs = course.weights(np.array([0.0, COURSE.ground.level_m - 1.2])) @ speeds
    assert at_start == at_stairs == COURSE_SPEED_M_S
    assert (course.weights(PLACES_M) @ speeds).max() == pytest.approx(RUN_M_S)


def test_on_the_stairs_a_stride_is_two_treads_from_where_they_begin(course: Course) -> None:
    on_stairs = COURSE.ground.level_m + STRIDE_UP_M * np.array([0.5, 1.0, 2.0, 2.5])
    assert (course.weights(on_stairs) @ course.is_stairs == 1.0).all()
    np.testing.assert_allclose(course.strides_to(on_stairs), [0.5, 1.0, 2.0, 2.5], atol=1e-3)


def test_strides_are_counted_by_their_length_at_each_place(course: Course) -> None:
    per_m = np.gradient(course.strides_to(PLACES_M), PLACES_M)
    expected = 1.0 / (course.weights(PLACES_M) @ course.stride_m)
    np.testing.assert_allclose(per_m[2:-2], expected[2:-2], rtol=0.03)


def test_only_the_stairs_have_another_ground_than_the_level() -> None:
    course = course_of(COURSE, GENERIC_BODY, None)
    assert [ground is LEVEL_GROUND for ground in course.grounds].count(False) == 1
