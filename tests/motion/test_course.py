"""What a person does in a trial: walks, walks in place, walks backwards, or stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.motion.course import Course, HipPath, also_backwards, course_of
from core.motion.fit_start import hip_path
from tests.motion.detector_like import there_and_back
from tests.motion.filmed import filmed, moved, on_a_belt, played_backwards, standing_first
from tests.motion.synthetic_walk import HEIGHT_M, SyntheticWalk, squats, synthetic_walk

VIEWS = pytest.mark.parametrize("degrees", [0.0, 45.0, -45.0, 70.0])
FROM_EITHER_SIDE = pytest.mark.parametrize("from_left", [True, False], ids=["to the left", "to the right"])


@pytest.fixture(scope="module")
def walk() -> SyntheticWalk:
    return synthetic_walk()


def seen(walk: SyntheticWalk, degrees: float = 0.0, *, from_left: bool = True) -> HipPath:
    return hip_path(filmed(walk, degrees, from_left=from_left), HEIGHT_M)


@VIEWS
@FROM_EITHER_SIDE
def test_who_walks_through_the_room_walks(walk: SyntheticWalk, degrees: float, from_left: bool) -> None:
    course, ways = course_of(seen(walk, degrees, from_left=from_left))
    assert course is Course.WALKS and len(ways) == 1
    assert ways[0].stop - ways[0].start > 0.9 * len(walk.time_s)


@FROM_EITHER_SIDE
@pytest.mark.parametrize("drift_m_s", [0.0, -0.3, 0.3])
def test_who_drifts_on_a_treadmill_walks_in_place(
    walk: SyntheticWalk, from_left: bool, drift_m_s: float
) -> None:
    course, ways = course_of(seen(on_a_belt(walk, drift_m_s), from_left=from_left))
    assert course is Course.IN_PLACE and ways == (slice(0, len(walk.time_s)),)


@VIEWS
@FROM_EITHER_SIDE
def test_a_film_played_backwards_is_walking_backwards(
    walk: SyntheticWalk, degrees: float, from_left: bool
) -> None:
    assert course_of(seen(played_backwards(walk), degrees, from_left=from_left))[0] is Course.BACKWARDS


@pytest.mark.parametrize("degrees", [0.0, 45.0, 60.0, -60.0, 80.0, 90.0])
def test_who_squats_stays_although_the_body_becomes_smaller_in_the_picture(degrees: float) -> None:
    """From the front a squat looks like going away: thighs point at the camera."""
    assert course_of(seen(squats(), degrees))[0] is Course.STAYS


def test_there_and_back_are_two_ways_without_the_turn(walk: SyntheticWalk) -> None:
    time_s, point_m = there_and_back(walk)
    course, ways = course_of(seen(moved(walk, point_m, time_s)))

    assert course is Course.WALKS and len(ways) == 2
    frames = len(walk.time_s)
    assert ways[0].stop <= frames + 15 and ways[1].start >= frames + 15


def test_a_way_back_that_is_walked_backwards_is_left_out_and_told(walk: SyntheticWalk) -> None:
    there = np.arange(len(walk.time_s))
    rows = np.concatenate([there, np.repeat(there[-1], 15), there[::-1]])
    path = seen(moved(walk, walk.point_m[rows], np.arange(len(rows)) / 30.0))
    course, ways = course_of(path)

    assert course is Course.WALKS and len(ways) == 1 and also_backwards(path)
    assert not also_backwards(seen(walk)) and not also_backwards(seen(played_backwards(walk)))


def test_standing_before_a_walk_is_not_part_of_it(walk: SyntheticWalk) -> None:
    course, (way,) = course_of(seen(standing_first(walk, seconds=2.0)))
    assert course is Course.WALKS and 50 <= way.start <= 66


def test_a_way_without_a_complete_step_is_a_walk_if_the_feet_go_along(walk: SyntheticWalk) -> None:
    path = seen(walk)
    shuffling = replace(path, feet_apart_m=np.full_like(path.feet_apart_m, 0.05))
    assert course_of(shuffling)[0] is Course.WALKS
    standing = replace(shuffling, ankle_m=np.repeat(path.ankle_m[:1], len(path.time_s), axis=0))
    assert course_of(standing)[0] is Course.STAYS
