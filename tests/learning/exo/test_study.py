"""Claims about lessons and the study of a twin: what is taught, and what walking costs without the exo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.body import JointKind
from core.domain.controller import Aim
from core.domain.scenario import LEVEL_WALKING, GaitKind
from core.learning.exo import study as study_module
from core.learning.exo.aims import AIMS
from core.learning.exo.delayed_output_feedback import DelayedOutputFeedback
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.lesson_walks import LessonWalks, _TickRecorder, record_lessons
from core.learning.exo.lessons import LESSONS, OTHER_GAITS_SHARE, OTHER_LESSONS, OWN_FRACTION, LessonPlan
from core.learning.exo.study import Study, study_twin
from core.learning.exo.surrogate import Frames
from core.learning.exo.twin_in_exo import TwinInExo
from core.simulation.environment.tracking import WalkingEnvironment
from tests.learning.exo.conftest import FEW_LESSONS
from tests.learning.exo.twins import LIMITS, untrained_twin
from tests.refusals import refused

HIPS = list(JointKind.HIP_FLEXION.columns)


@pytest.mark.parametrize("walkers", [len(LESSONS), 14, 28, 256])
def test_every_lesson_has_a_walker_and_the_own_walk_comes_first(walkers: int) -> None:
    plan = LessonPlan.of(LESSONS, walkers)
    assert plan.lessons[0] is LEVEL_WALKING
    assert len(plan.number) == walkers and set(plan.number) == set(range(len(LESSONS)))
    assert plan.number[0] == 0


def test_the_own_walk_has_a_third_and_of_the_others_stairs_and_runs_have_twice_as_many() -> None:
    counts = np.bincount(LessonPlan.of(LESSONS, 256).number)
    assert counts[0] == round(OWN_FRACTION * 256)
    walks = np.array([lesson.gait is GaitKind.WALK for lesson in LESSONS[1:]])
    assert np.ptp(counts[1:][walks]) <= 1 and np.ptp(counts[1:][~walks]) <= 1
    assert counts[1:][~walks].mean() == pytest.approx(OTHER_GAITS_SHARE * counts[1:][walks].mean(), rel=0.05)


def test_a_twin_that_knows_one_lesson_only_walks_it_with_all_walkers() -> None:
    assert LessonPlan.of(LESSONS[:1], 5).number == (0,) * 5


def test_lessons_hold_slow_and_fast_walks_ramps_and_standing() -> None:
    speeds = {lesson.speed_m_s for lesson in OTHER_LESSONS}
    assert {0.6, 1.8} <= speeds and any(lesson.start_and_stop for lesson in OTHER_LESSONS)
    assert {np.sign(lesson.ground.slope_rad) for lesson in OTHER_LESSONS} == {-1.0, 0.0, 1.0}


def test_lessons_hold_stairs_both_ways_and_runs() -> None:
    gaits = [lesson.gait for lesson in OTHER_LESSONS]
    assert {GaitKind.STAIRS_UP, GaitKind.STAIRS_DOWN} < set(gaits) and gaits.count(GaitKind.RUN) == 2


@pytest.mark.slow
def test_a_recorded_tick_holds_what_turned_the_joints_body_and_exo_together(twin: TwinInExo) -> None:
    environment = twin.environment(twin.walkers(2, worn=True), seed=4, threads=1)
    recorder = _TickRecorder(environment, DelayedOutputFeedback(environment, 16.0, 0.05, LIMITS))
    angles, own, exo = [], [], []

    def assist(walking: WalkingEnvironment) -> FloatArray:
        angles.append(walking.joint_angle_rad)
        torque = walking.joint_torque_nm
        if len(own) % 2 == 0 and walking.quantities is not None:
            # Where a control step begins the torque jumps: the mean of both sides of the jump counts.
            torque = 0.5 * (torque + walking.quantities.torque_nm)
        own.append(torque)
        exo.append(walking.exo_torque_nm)  # that of the tick before, which acts until now
        before = walking.joint_torque_nm
        given = recorder(walking)
        np.testing.assert_array_equal(walking.joint_torque_nm, before)  # recording disturbs nothing
        return given

    for _ in range(15):
        environment.step(twin.walking.act(environment.observation()), assist)

    angle, _, total = recorder.arrays()
    np.testing.assert_array_equal(angle, angles)
    added = total - np.array(own)
    np.testing.assert_allclose(added[..., HIPS], exo, atol=1e-9)
    assert np.abs(exo).max() > 5.0 and not np.delete(added, HIPS, axis=2).any()


@pytest.mark.slow
def test_walks_that_are_not_priced_have_no_frames(twin: TwinInExo) -> None:
    plan = LessonPlan.of(LESSONS[:1], 1)
    walks = record_lessons(twin, plan, None, worn=True, seed=4, seconds=0.2, priced=False)
    assert len(walks.frames.costs) == 0 and len(walks.angle_rad) == 20


@pytest.mark.slow
def test_without_the_exo_there_are_no_ticks(twin: TwinInExo) -> None:
    walks = record_lessons(twin, LessonPlan.of(LESSONS[:1], 1), None, worn=False, seed=4, seconds=0.2)
    assert len(walks.angle_rad) == 0 and len(walks.frames.costs) > 0


@pytest.mark.slow
def test_the_study_knows_what_walking_costs_without_the_exo(study: Study, twin: TwinInExo) -> None:
    """By the surrogate, against exact measures of other starts. Frames with varied torques do not count."""
    evaluator = WalkEvaluator(twin, seeds=(11,), walkers=4, seconds=3.0, threads=1)
    exact = evaluator.without_exo
    activation, _, umberger_w, bhargava_w = study.without_exo[0]
    assert activation == pytest.approx(exact.activation_mean[0], rel=0.06)
    mass_kg = twin.policy.body.mass_kg
    assert umberger_w / mass_kg == pytest.approx(exact.metabolic_w_kg[0, 0], rel=0.06)
    assert bhargava_w / mass_kg == pytest.approx(exact.metabolic_w_kg[0, 1], rel=0.06)


@pytest.mark.slow
def test_frames_with_varied_torques_are_no_part_of_what_walking_costs(study: Study, twin: TwinInExo) -> None:
    plan = LessonPlan.of(LESSONS[:1], 1)
    bare = record_lessons(twin, plan, None, worn=False, seed=5, seconds=2.0, vary_nm=18.0).frames
    walked = bare.rows(np.flatnonzero(bare.walked))
    assert len(bare.costs) == 2 * len(walked.costs)

    mean = study_module._mean_costs(study.surrogate, bare, 0)

    expected = study.surrogate.costs(walked.angle_rad, walked.velocity_rad_s, walked.torque_nm).mean(axis=0)
    np.testing.assert_allclose(mean, expected)


@pytest.mark.slow
def test_a_price_weighs_each_cost_by_the_aim_over_its_value_without_the_exo(study: Study) -> None:
    for aim in Aim:
        np.testing.assert_allclose(
            (study.price(aim) * study.without_exo), np.broadcast_to(AIMS[aim].costs, study.without_exo.shape)
        )
        assert sum(AIMS[aim].costs) == pytest.approx(1.0)


@pytest.mark.slow
def test_the_study_keeps_walks_with_the_exo_of_every_taught_lesson(study: Study) -> None:
    assert study.lessons == FEW_LESSONS
    idle, helped = study.walks
    for walks in (idle, helped):
        assert set(walks.lesson) == {0, 1} and walks.settled.any(axis=0).all()


def lesson_walks(falls: list[int], pace: list[float], lesson: list[int]) -> LessonWalks:
    """Outcomes of walks, without the walks."""
    none: FloatArray = np.zeros((0, len(falls), 14))
    return LessonWalks(
        np.array(lesson), np.zeros((0, len(falls)), np.bool_), none, none, none, Frames.none(),
        np.array(falls), np.array(pace), np.array(pace),
    )  # fmt: skip


def test_a_lesson_that_the_twin_cannot_walk_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_module, "LESSONS", LESSONS[:4])
    walks = lesson_walks(
        lesson=[0, 0, 0, 1, 1, 2, 2, 3, 3],
        falls=[0, 0, 1, 2, 1, 0, 0, 0, 0],
        pace=[1.0, 1.0, 1.0, 1.0, 1.0, 0.95, 0.9, 0.5, 0.6],
    )
    assert study_module._walkable(walks) == [0, 2]  # in the second it falls, in the fourth it is too slow


def test_one_fall_is_no_reason_to_leave_a_lesson_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_module, "LESSONS", LESSONS[:2])
    walks = lesson_walks(lesson=[0, 0, 1, 1], falls=[0, 0, 2, 0], pace=[1.0, 1.0, 0.9, 1.0])
    assert study_module._walkable(walks) == [0, 1]


@pytest.mark.slow
@pytest.mark.usefixtures("few_lessons")
def test_a_twin_that_falls_without_the_exo_is_refused_with_advice() -> None:
    told: list[str] = []
    with refused("TRN-022"):
        study_twin(untrained_twin(), LIMITS, seed=0, watch=told.append)
    assert told == ["The twin walks without the exo"]  # it is not walked any further


@pytest.mark.slow
@pytest.mark.usefixtures("few_lessons")
def test_a_twin_that_falls_in_every_walk_with_the_exo_is_refused_with_advice(
    twin: TwinInExo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There would be no walk to learn from."""
    record = study_module._record

    def falls_when_worn(*arguments: Any, worn: bool, **others: Any) -> LessonWalks:
        walks = record(*arguments, worn=worn, **others)
        return replace(walks, falls=np.full_like(walks.falls, int(worn)))

    monkeypatch.setattr(study_module, "_record", falls_when_worn)
    with refused("TRN-022"):
        study_twin(twin, LIMITS, seed=0, watch=lambda sentence: None)


@pytest.mark.slow
def test_each_walker_may_have_a_law_of_its_own(twin: TwinInExo) -> None:
    environment = twin.environment(twin.walkers(3, worn=True), seed=2, threads=1)
    gains, delays = np.array([10.0, 20.0, 20.0]), np.array([0.05, 0.05, 0.15])
    no_rate = replace(LIMITS, peak_nm=1e9, rate_nm_s=1e9)
    law = DelayedOutputFeedback(environment, gains, delays, no_rate)
    seen, torque = [], []

    def assist(walking: WalkingEnvironment) -> FloatArray:
        seen.append(walking.joint_angle_rad[:, HIPS])
        torque.append(law(walking))
        return np.zeros((3, 2))

    for _ in range(15):
        environment.step(twin.walking.act(environment.observation()), assist)

    left, right = np.moveaxis(np.sin(np.array(seen)), 2, 0)
    for walker, (gain, ticks) in enumerate(zip(gains, (5, 5, 15), strict=True)):
        expected = gain * (right - left)[: len(seen) - ticks, walker]
        np.testing.assert_allclose(np.array(torque)[ticks:, walker, 0], expected)
        np.testing.assert_allclose(np.array(torque)[ticks:, walker, 1], -expected)
        assert not np.array(torque)[:ticks, walker].any()
