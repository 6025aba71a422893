"""Claims about training for unequal legs: what counts more, what is evened out, what healthy twins keep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup
from core.domain.twin import GENERIC_BODY
from core.learning.exo import surrogate as surrogate_module
from core.learning.exo.environment import PricedCost
from core.learning.exo.offline import OfflineTrainer
from core.learning.exo.offline_stage import OFFLINE_STEPS, SIDED_OFFLINE_STEPS, offline_steps
from core.learning.exo.sided_help import MOST_LEAN, MOST_MORE_LEAN, SidedHelp, choice_seeds
from core.learning.exo.study import Study
from core.learning.exo.surrogate import Frames, SurrogateCost
from core.learning.exo.walk_symmetry import symmetry_index
from core.learning.exo.worn_controller import SIZES
from core.learning.rl.networks import perceptron
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from tests.learning.exo.twins import LIMITS, WEAK_LEFT


def weak(side: Side, severity: float) -> Impairment:
    return Impairment(ImpairmentKind.WEAKNESS, severity, side, MuscleGroup.HIP_FLEXORS)


def test_the_more_impaired_leg_counts_more() -> None:
    left = SidedHelp.of(WEAK_LEFT)
    right = SidedHelp.of(replace(GENERIC_BODY, impairments=(weak(Side.LEFT, 0.2), weak(Side.RIGHT, 0.7))))
    assert left is not None and right is not None
    assert left.leg_weight[0] > 1.0 > left.leg_weight[1] and sum(left.leg_weight) == pytest.approx(2.0)
    assert right.leg_weight == pytest.approx(left.leg_weight[::-1])


@pytest.mark.parametrize("impairments", [(), (weak(Side.LEFT, 0.5), weak(Side.RIGHT, 0.5))])
def test_legs_that_are_alike_are_priced_as_before(impairments: tuple[Impairment, ...]) -> None:
    assert SidedHelp.of(replace(GENERIC_BODY, impairments=impairments)) is None


def test_a_longer_step_takes_flexion_from_the_affected_hip_within_limits() -> None:
    start, mirrored = SidedHelp((1.2, 0.8)), SidedHelp((0.8, 1.2))
    assert mirrored.corrected(-0.01).lean == start.corrected(0.01).lean
    once = start.corrected(0.01)
    assert once.lean > 0.0 and once.corrected(-0.01).lean == pytest.approx(0.0)
    assert replace(start, lean=MOST_LEAN).corrected(0.5).lean == MOST_LEAN
    assert replace(start, lean=-MOST_LEAN).corrected(-0.5).lean == -MOST_LEAN


def test_no_round_leans_much_further_than_the_one_before() -> None:
    start = SidedHelp((1.2, 0.8), lean=0.001)
    assert start.corrected(0.5).lean == pytest.approx(0.001 + MOST_MORE_LEAN)
    assert start.corrected(-0.5).lean == pytest.approx(0.001 - MOST_MORE_LEAN)


def test_unequal_legs_are_chosen_for_on_more_starts_than_equal_ones() -> None:
    several = choice_seeds(5, SidedHelp((1.2, 0.8)))
    assert choice_seeds(5, None) == (6,) and several[0] == 6
    assert len(several) == len(set(several)) == 3


def trainer_with(sided: SidedHelp | None) -> OfflineTrainer:
    trainer = OfflineTrainer(perceptron(SIZES, "relu"), LIMITS, seed=3)
    trainer.sided = sided
    return trainer


def test_leaning_prices_flexion_of_the_affected_hip() -> None:
    torque = torch.tensor([[[2.0, -1.0]]])
    level, leaned = (trainer_with(SidedHelp((0.8, 1.2), 1e-3, lean)) for lean in (0.0, 0.01))
    assert float(level._torque_cost(torque)) == pytest.approx(1e-3 * 2.5)
    assert float(leaned._torque_cost(torque) - level._torque_cost(torque)) == pytest.approx(-0.01)


def test_ppo_prices_torque_as_the_offline_stage_does() -> None:
    sided, torque = SidedHelp((1.2, 0.8), 1e-3, 0.01), np.array([[2.0, -1.0], [0.0, 3.0]])
    cost = PricedCost(None, *(np.ones(2),) * 3, sided=sided)  # type: ignore[arg-type]
    offline = [float(trainer_with(sided)._torque_cost(torch.tensor(row)[None, None])) for row in torque]
    np.testing.assert_allclose(cost.of_torque(torque), offline)
    unpriced = replace(cost, sided=None)
    np.testing.assert_array_equal(unpriced.of_torque(torque), 0.0)


def test_the_torque_of_a_healthy_twin_is_priced_as_it_always_was() -> None:
    torque = torch.tensor([[[3.0, -4.0]]])
    assert float(trainer_with(None)._torque_cost(torque)) == pytest.approx(2e-5 * 12.5)


@pytest.mark.slow
def test_a_study_of_a_healthy_twin_has_no_prices_for_sides(study: Study, study_of_weak_left: Study) -> None:
    assert study.sided is None and offline_steps(study) == OFFLINE_STEPS
    assert study_of_weak_left.sided == SidedHelp.of(WEAK_LEFT)
    assert offline_steps(study_of_weak_left) == SIDED_OFFLINE_STEPS
    assert offline_steps(study_of_weak_left, quick=True) == SIDED_OFFLINE_STEPS[:1]


def test_a_weak_legs_relief_is_worth_more_to_its_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surrogate_module, "STEPS", 3)
    random = np.random.default_rng(0)
    motion = (random.normal(size=(64, len(JOINTS))) for _ in range(3))
    frames = Frames(
        np.zeros(64, np.int64), *motion, costs=random.uniform(size=(64, 4)), walked=np.ones(64, np.bool_)
    )
    surrogate, slopes = SurrogateCost(frames, sided=True), []
    for weights in ((1.0, 1.0), (1.3, 0.7)):
        surrogate.weigh(weights)
        asked = torch.ones((1, len(JOINTS)), requires_grad=True)
        still = torch.zeros((1, len(JOINTS)))
        torch.autograd.backward(surrogate.differentiable(still, still, asked)[:, 1].sum())
        assert asked.grad is not None
        slopes.append(asked.grad[0, list(JointKind.HIP_FLEXION.columns)].numpy())
    np.testing.assert_allclose(slopes[1], slopes[0] * np.array([1.3, 0.7]), rtol=1e-5)


# The symmetry index


def stepping(stance: tuple[float, float] = (0.6, 0.6), step_m: tuple[float, float] = (0.6, 0.6)) -> tuple:
    """Two feet that step in turn for 6 s, made by hand: force (T, 1, 2) and heels (T, 1, 2)."""
    frames = round(1.0 / CONTROL_STEP_S)  # of a stride
    phase = ((np.arange(6 * frames)[:, None] + np.array([0, frames // 2])) % frames) / frames
    force: FloatArray = np.where(phase < np.array(stance), 700.0, 0.0)
    # At its strike each foot is its step's length ahead of the other.
    heel: FloatArray = np.stack([step_m[0] * (phase[:, 0] < 0.5), step_m[1] * (phase[:, 1] < 0.5)], axis=1)
    return np.ones((len(phase), 1), np.bool_), force[:, None], heel[:, None]


def test_equal_legs_have_an_index_of_zero() -> None:
    np.testing.assert_allclose(symmetry_index(*stepping()), 0.0, atol=1e-9)


def test_a_longer_left_side_is_positive_in_each_part() -> None:
    stance, _, impulse = symmetry_index(*stepping(stance=(0.7, 0.5)))
    assert stance == pytest.approx(0.2 / 1.2, abs=0.02) and impulse == pytest.approx(stance, abs=1e-6)
    _, step, _ = symmetry_index(*stepping(step_m=(0.66, 0.54)))
    assert step == pytest.approx(0.1, abs=1e-6)


def test_without_a_whole_stride_nothing_is_said() -> None:
    settled, force, heel = stepping()
    assert np.isnan(symmetry_index(settled[:30], force[:30], heel[:30])).all()
