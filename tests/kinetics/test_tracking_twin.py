"""The simulated twin that tracks a recorded walk: what its floor gives, and what it needs at the pelvis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.kinetics import ForceSource
from core.domain.motion import Kinematics, Stride
from core.kinetics.body_dynamics import ROOT, BodyDynamics, course_of_motion
from core.kinetics.inverse_dynamics import kinetics_of
from core.kinetics.rigid_tree import GRAVITY_M_S2, Course
from core.kinetics.tracking_twin import TrackedWalk, pelvis_inertia, track
from tests.kinetics.plate_walk import BODY, PlateWalk, plate_walk

_WEIGHT_N = BODY.mass_kg * GRAVITY_M_S2


@pytest.fixture(scope="module")
def walk() -> PlateWalk:
    return plate_walk()


@pytest.fixture(scope="module")
def tracked(walk: PlateWalk) -> TrackedWalk:
    return tracked_by(walk.motion.kinematics, walk.steps)


def tracked_by(kinematics: Kinematics, strides: tuple[Stride, ...]) -> TrackedWalk:
    body, course = BodyDynamics.of(BODY), course_of_motion(kinematics)
    return track(body, course, body.tree.total(course), kinematics.time_s, strides)


def standing(feet: tuple[Side, ...], *, seconds: float = 2.0, rate_hz: float = 50.0) -> TrackedWalk:
    """Upright and still, with its weight above these feet, which the strides say stand."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    frames = len(time_s)
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (frames, 1))
    body = BodyDynamics.of(BODY)
    still = Kinematics(time_s, np.zeros((frames, 14)), np.zeros((frames, 3)), upright)
    swing = {side: 0.0 if side in feet else -1.0 for side in SIDES}
    strides = tuple(
        Stride(side, -0.5, seconds + 0.5 if swing[side] == 0.0 else -0.4, seconds + 1.0) for side in SIDES
    )
    course = course_of_motion(still)
    return track(body, course, body.tree.total(course), time_s, strides)


def test_a_standing_foot_carries_the_whole_weight_and_the_other_nothing() -> None:
    force = standing((Side.LEFT,)).force_n[-20:]
    np.testing.assert_allclose(force[:, 0, 2], _WEIGHT_N, rtol=0.02)
    np.testing.assert_array_equal(force[:, 1], 0.0)


def test_the_inertia_of_the_pelvis_is_that_of_newton_and_euler(walk: PlateWalk) -> None:
    body, course = BodyDynamics.of(BODY), course_of_motion(walk.motion.kinematics)
    found, nothing = pelvis_inertia(body, course), np.zeros_like(course.value)
    weight = body.tree.moments(Course(course.value, nothing, nothing))
    for move in range(ROOT):
        unit = np.zeros_like(course.value)
        unit[:, move] = 1.0
        asked = body.tree.moments(Course(course.value, nothing, unit)) - weight
        np.testing.assert_allclose(found[:, :, move], asked[:, :ROOT], atol=1e-9)


def test_the_floor_and_the_aid_together_give_what_newton_asks(walk: PlateWalk, tracked: TrackedWalk) -> None:
    body, course = BodyDynamics.of(BODY), course_of_motion(walk.motion.kinematics)
    asked = body.tree.total(course).force_n
    given = tracked.force_n.sum(axis=1) + tracked.aid_force_n
    inside = slice(20, -20)  # beside the ends, where the twin begins at rest
    assert abs((given - asked)[inside].mean(axis=0)).max() < 0.02 * _WEIGHT_N
    assert np.corrcoef(given[inside, 2], asked[inside, 2])[0, 1] > 0.95


def test_the_floor_pushes_and_never_pulls_and_a_foot_in_the_air_feels_nothing(
    walk: PlateWalk, tracked: TrackedWalk
) -> None:
    known = np.isfinite(tracked.force_n).all(axis=(1, 2))
    assert known.sum() > 200
    assert tracked.force_n[known][..., 2].min() >= 0.0
    time_s = walk.motion.kinematics.time_s
    for step in walk.steps:
        swings = known & (time_s > step.toe_off_s + 0.01) & (time_s < step.end_s - 0.01)
        np.testing.assert_array_equal(tracked.force_n[swings, SIDES.index(step.side)], 0.0)


def test_millimetres_of_error_in_the_height_of_a_foot_change_little(
    walk: PlateWalk, tracked: TrackedWalk
) -> None:
    moved = np.array(walk.motion.kinematics.pelvis_position_m)
    moved[:, 2] += 0.003 * np.sin(2.0 * np.pi * 0.7 * walk.motion.kinematics.time_s)
    again = tracked_by(replace(walk.motion.kinematics, pelvis_position_m=moved), walk.steps)
    apart = (again.force_n - tracked.force_n)[20:-20, :, 2]
    assert rms(apart) < 0.02 * _WEIGHT_N


def test_the_rate_of_the_frames_changes_little(walk: PlateWalk, tracked: TrackedWalk) -> None:
    seen = walk.motion.kinematics
    rare = Kinematics(
        seen.time_s[::2], seen.angle_rad[::2], seen.pelvis_position_m[::2], seen.pelvis_quaternion[::2]
    )
    apart = (tracked_by(rare, walk.steps).force_n - tracked.force_n[::2])[10:-10, :, 2]
    assert rms(apart) < 0.05 * _WEIGHT_N


def test_frames_of_which_no_stride_tells_are_not_known(walk: PlateWalk) -> None:
    only = tuple(step for step in walk.steps if step.side is Side.LEFT)
    assert np.isnan(tracked_by(walk.motion.kinematics, only).force_n).all()


def test_estimated_forces_have_the_twin_beside_them_and_measured_ones_do_not(walk: PlateWalk) -> None:
    estimated = kinetics_of(walk.motion, BODY, None)
    assert estimated.source is ForceSource.ESTIMATED and estimated.twin is not None
    for cycles, force_bw in zip(estimated.cycles, estimated.twin.cycle_bw, strict=True):
        assert force_bw.shape == cycles.force_bw.shape
        assert np.corrcoef(force_bw[..., 2].ravel(), cycles.force_bw[..., 2].ravel())[0, 1] > 0.9
    assert kinetics_of(walk.motion, BODY, walk.trial(walk.plates())).twin is None
    assert kinetics_of(replace(walk.motion, strides=()), BODY, None).twin is None


def test_a_walk_that_does_not_fit_its_steps_is_told(walk: PlateWalk) -> None:
    late = tuple(
        replace(s, start_s=s.start_s + 0.3, toe_off_s=s.toe_off_s + 0.3, end_s=s.end_s + 0.3)
        for s in walk.motion.strides
    )
    told = kinetics_of(replace(walk.motion, strides=late), BODY, None).findings
    (advice,) = (finding.advice for finding in told if finding.advice.code == "KIN-018")
    assert "needs 10 % of body weight and" in advice.what


def rms(values: FloatArray) -> float:
    return float(np.sqrt(np.nanmean(values**2)))
