"""Claims about the surrogate: it stands in for static optimisation, above all for changes of hip torque."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, Joint, JointKind, Side
from core.learning.exo import surrogate as surrogate_module
from core.learning.exo.lesson_walks import record_lessons
from core.learning.exo.lessons import LESSONS, LessonPlan
from core.learning.exo.study import Study
from core.learning.exo.surrogate import COSTS, LEAST_EXPLAINED, Frames, SurrogateCost
from core.learning.exo.twin_in_exo import TwinInExo

OTHER_SIDE = [Joint.of(joint.kind, joint.side.other).column for joint in JOINTS]
OTHER_SEED = 50  # of starts: no frame of these walks fitted anything

pytestmark = pytest.mark.slow  # the study of a twin takes ten seconds


@pytest.fixture(scope="module")
def other_frames(twin: TwinInExo) -> Frames:
    """Frames as walked, then the same ones with other hip torques, all with exact costs."""
    plan = LessonPlan.of(LESSONS[:1], 2)
    walks = record_lessons(twin, plan, None, worn=True, seed=OTHER_SEED, seconds=3.0, vary_nm=12.0)
    assert not walks.falls.any()
    return walks.frames


def predicted(surrogate: SurrogateCost, frames: Frames, torque_nm: FloatArray | None = None) -> FloatArray:
    torque = frames.torque_nm if torque_nm is None else torque_nm
    return surrogate.costs(frames.angle_rad, frames.velocity_rad_s, torque)


def mirrored(frames: Frames) -> Frames:
    sides = {
        name: getattr(frames, name)[:, OTHER_SIDE] for name in ("angle_rad", "velocity_rad_s", "torque_nm")
    }
    return replace(frames, **sides)


def test_it_explains_nine_tenths_of_every_cost_in_walks_it_never_saw(
    study: Study, other_frames: Frames
) -> None:
    error = predicted(study.surrogate, other_frames) - other_frames.costs
    explained = 1.0 - (error**2).mean(axis=0) / other_frames.costs.var(axis=0)
    assert explained.shape == (len(COSTS),)
    assert (explained > 0.9).all() and (study.surrogate.explained > 0.9).all()
    assert study.well_explained
    by_lesson = study.explained_by_lesson
    assert list(by_lesson) == [lesson.key for lesson in study.lessons]
    assert min(by_lesson.values()) > 0.9


def test_it_knows_what_a_change_of_hip_torque_does(study: Study, other_frames: Frames) -> None:
    """Exact costs with and without a change of up to 12 N m: the same direction, and the same size."""
    walked, varied = np.flatnonzero(other_frames.walked), np.flatnonzero(~other_frames.walked)
    np.testing.assert_array_equal(other_frames.angle_rad[walked], other_frames.angle_rad[varied])
    exact = other_frames.costs[varied] - other_frames.costs[walked]
    costs = predicted(study.surrogate, other_frames)
    guessed = costs[varied] - costs[walked]
    for number, name in enumerate(COSTS):
        slope = np.polyfit(exact[:, number], guessed[:, number], 1)[0]
        assert 0.7 < slope < 1.3, name
        assert np.corrcoef(exact[:, number], guessed[:, number])[0, 1] > 0.7, name
        large = np.abs(exact[:, number]) > 0.05 * other_frames.costs[:, number].mean()
        right = np.sign(exact[large, number]) == np.sign(guessed[large, number])
        assert large.sum() > 10 and right.mean() > 0.85, name


def test_its_gradient_is_that_of_its_costs(study: Study, other_frames: Frames) -> None:
    """The offline stage follows this gradient. One thousandth is float32 at steps of 0.5 N m."""
    frames, hip = other_frames.rows(np.arange(20)), Joint.of(JointKind.HIP_FLEXION, Side.LEFT).column
    angle, velocity, torque = (
        torch.tensor(part, dtype=torch.float32)
        for part in (frames.angle_rad, frames.velocity_rad_s, frames.torque_nm)
    )
    torque.requires_grad_(True)
    torch.autograd.backward(study.surrogate.differentiable(angle, velocity, torque)[:, 2].sum())
    step = np.zeros(len(JOINTS))
    step[hip] = 0.25
    higher, lower = (
        predicted(study.surrogate, frames, frames.torque_nm + sign * step)[:, 2] for sign in (1.0, -1.0)
    )
    assert torque.grad is not None
    slope = torque.grad[:, hip].numpy()
    np.testing.assert_allclose(slope, (higher - lower) / 0.5, atol=0.02 * np.abs(slope).max())


def test_legs_that_are_alike_cost_the_same_on_either_side(study: Study, other_frames: Frames) -> None:
    assert study.symmetric
    np.testing.assert_allclose(
        predicted(study.surrogate, mirrored(other_frames)),
        predicted(study.surrogate, other_frames),
        rtol=1e-4,
    )


def test_a_weak_leg_is_told_from_a_strong_one(study_of_weak_left: Study, other_frames: Frames) -> None:
    """Flexing the left hip, whose flexors are weak, costs more activation than flexing the right one."""
    assert not study_of_weak_left.symmetric
    frames = other_frames.rows(np.flatnonzero(other_frames.walked))
    added = {}
    for side in Side:
        flexed = frames.torque_nm.copy()
        flexed[:, Joint.of(JointKind.HIP_FLEXION, side).column] += 15.0
        costs = predicted(study_of_weak_left.surrogate, frames, flexed)
        added[side] = (costs - predicted(study_of_weak_left.surrogate, frames))[:, 1].mean()
    assert added[Side.LEFT] > 1.3 * added[Side.RIGHT]


def test_costs_without_rule_are_not_explained_and_that_is_told(
    study: Study, other_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surrogate_module, "STEPS", 60)
    shuffled = np.random.default_rng(0).permutation(other_frames.costs)
    poor = SurrogateCost(replace(other_frames, costs=shuffled), sided=False)
    assert (poor.explained < LEAST_EXPLAINED).all()
    assert not replace(study, surrogate=poor).well_explained


def test_the_same_frames_and_seed_give_the_same_surrogate(
    other_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surrogate_module, "STEPS", 40)
    one, two, other = (SurrogateCost(other_frames, sided=False, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(predicted(one, other_frames), predicted(two, other_frames))
    assert not np.array_equal(predicted(one, other_frames), predicted(other, other_frames))


def test_costs_are_never_negative(study: Study, other_frames: Frames) -> None:
    """However much the exo would give: else training would be drawn to where the surrogate knows nothing."""
    torque = other_frames.torque_nm.copy()
    torque[:, [Joint.of(JointKind.HIP_FLEXION, side).column for side in Side]] -= 200.0
    assert (predicted(study.surrogate, other_frames, torque) >= 0.0).all()
