"""Claims about learning without a reference: curriculum, expert, resuming, evaluation. With 26 muscles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.learning.gait import dagger
from core.learning.gait.dagger import DaggerLearner, with_exploration_std
from core.learning.gait.demonstration import Demonstration, PhaseEstimator, TrackingExpert, demonstrate
from core.learning.gait.predictive import (
    CURRICULUM,
    IMITATION_FRACTION,
    CurriculumStage,
    PredictiveLearner,
    evaluate_predictive,
    stage_walkers,
)
from core.learning.rl.ppo import PpoSettings
from core.simulation.environment.predictive import PredictiveEnvironment, PredictiveWalker
from core.simulation.muscles.activation_dynamics import excitation_for
from core.simulation.physics.domain_randomisation import NO_RANDOMISATION, RandomisationRanges
from core.simulation.reference_gait.reference_strides import StrideBank
from core.twin.body import Fidelity
from tests.learning.rl.tracking import muscled_walkers, standing_policy

MUSCLES = 26
SYNERGIES = np.array([(np.arange(MUSCLES) % 4 == number).astype(float) for number in range(4)])
SMALL = PpoSettings(horizon=8, epochs=1, minibatches=2)


@pytest.fixture(autouse=True)
def short_iterations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dagger, "HORIZON", 10)
    monkeypatch.setattr(dagger, "BATCH", 256)


class Clock:
    """Every call takes a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture(scope="module")
def demonstration() -> Demonstration:
    return demonstrate(muscled_walkers(4), standing_policy(), seconds=0.6, seed=1, threads=1)


def environment_of(demonstration: Demonstration, count: int = 4, seed: int = 2) -> PredictiveEnvironment:
    walker = PredictiveWalker(muscled_walkers(1)[0].model, GENERIC_BODY, (1.2, 1.3))
    return PredictiveEnvironment([walker] * count, demonstration.starts(), SYNERGIES, seed=seed, threads=1)


# Demonstrations


def test_states_of_walks_are_recorded_but_not_those_before_a_fall(demonstration: Demonstration) -> None:
    assert len(demonstration.state) >= 20
    assert demonstration.activation.shape[1] == MUSCLES
    assert demonstration.activation.min() >= 0.0 and demonstration.activation.max() <= 1.0
    assert 0.0 < demonstration.seconds <= 0.6
    assert demonstration.speed_m_s.min() > 0.3
    heights = demonstration.state[:, 3]
    assert heights.min() > 0.75 * heights.max()


def test_the_same_seed_demonstrates_the_same(demonstration: Demonstration) -> None:
    again = demonstrate(muscled_walkers(4), standing_policy(), seconds=0.6, seed=1, threads=1)

    np.testing.assert_array_equal(again.state, demonstration.state)


def test_a_demonstration_survives_the_way_through_a_file(demonstration: Demonstration) -> None:
    copy = Demonstration.of(demonstration.arrays())

    for name, array in demonstration.arrays().items():
        np.testing.assert_array_equal(copy.arrays()[name], array, err_msg=name)


def test_a_pose_of_the_stride_is_found_at_its_phase() -> None:
    bank = StrideBank([normal_reference()] * 5)
    phase = np.array([0.0, 0.13, 0.5, 0.77, 0.97])
    phases = PhaseEstimator(bank)

    found = phases.nearest((phase + 0.08) % 1.0, bank.angle(phase), bank.velocity(phase))

    apart = (found - phase + 0.5) % 1.0 - 0.5
    assert np.abs(apart).max() < 0.02


def test_the_phase_follows_the_pose_step_by_step() -> None:
    bank = StrideBank([normal_reference()])
    phases, late = PhaseEstimator(bank), np.array([0.30])

    for _ in range(30):
        late = phases.corrected(late, bank.angle(np.array([0.4])), bank.velocity(np.array([0.4])))

    assert late[0] == pytest.approx(0.4, abs=0.02)


def test_a_constant_excitation_brings_muscles_to_the_desired_activation() -> None:
    """Against MuJoCo's own activation dynamics, within what excitation 0..1 can reach."""
    import mujoco

    for activation, wanted in ((0.1, 0.3), (0.4, 0.35), (0.05, 0.1)):
        excitation = excitation_for(np.array([activation]), np.array([wanted]), 0.02)[0]
        now = activation
        for _ in range(2000):
            rate = mujoco.mju_muscleDynamics(excitation, now, np.array([0.01, 0.04, 0.0]))
            now += 0.00001 * rate
        assert now == pytest.approx(wanted, abs=0.02)


def test_the_expert_excites_the_same_in_the_same_state_and_not_all_muscles_alike(
    demonstration: Demonstration,
) -> None:
    experts = [TrackingExpert(muscled_walkers(4), standing_policy()) for _ in range(2)]
    rows = np.arange(4)

    excitations = []
    for expert in experts:
        expert.phase = demonstration.phase[rows].copy()
        excitations.append(
            expert.excitation(demonstration.state[rows].copy(), demonstration.sensor[rows].copy())
        )

    np.testing.assert_array_equal(excitations[0], excitations[1])
    assert excitations[0].shape == (4, MUSCLES)
    assert excitations[0].min() >= 0.0 and excitations[0].max() <= 1.0
    assert excitations[0].std() > 0.05


# Learning


def stage_learner(demonstration: Demonstration, seed: int = 1) -> PredictiveLearner:
    return PredictiveLearner(
        [environment_of(demonstration, seed=5), environment_of(demonstration, seed=6)],
        seed=seed,
        settings=SMALL,
    )


def dagger_learner(demonstration: Demonstration, seed: int = 1) -> DaggerLearner:
    expert = TrackingExpert(muscled_walkers(4), standing_policy())
    return DaggerLearner(environment_of(demonstration), expert, demonstration, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("make", [stage_learner, dagger_learner])
def test_learning_resumed_from_a_checkpoint_equals_learning_without_a_break(
    make: Callable[..., PredictiveLearner | DaggerLearner], demonstration: Demonstration
) -> None:
    straight, broken = make(demonstration), make(demonstration)
    for _ in range(4):
        straight.learn_iteration(Clock())
    for _ in range(2):
        broken.learn_iteration(Clock())

    resumed = make(demonstration, seed=1)
    resumed.load_checkpoint(broken.save_checkpoint())
    for _ in range(2):
        resumed.learn_iteration(Clock())

    for name, array in straight.latest.arrays().items():
        np.testing.assert_array_equal(resumed.latest.arrays()[name], array, err_msg=name)
    assert [len(curve.value) for curve in resumed.curves()] == [4] * len(straight.curves())
    assert resumed.elapsed_s == straight.elapsed_s


@pytest.mark.slow
def test_a_dagger_learner_comes_closer_to_its_expert(demonstration: Demonstration) -> None:
    learner = dagger_learner(demonstration)

    # From the sixth iteration on it visits states of its own, which the expert has to label first.
    iterations = [learner.learn_iteration(Clock()) for _ in range(12)]

    assert iterations[-1].difference < 0.7 * iterations[0].difference
    assert iterations[0].expert_fraction == 1.0 and iterations[-1].expert_fraction <= 0.5


def test_a_stage_starts_from_the_networks_of_the_one_before(demonstration: Demonstration) -> None:
    before = dagger_learner(demonstration)
    before.learn_iteration(Clock())
    networks = with_exploration_std(before)

    learner = PredictiveLearner([environment_of(demonstration)], start=networks, settings=SMALL)

    observation = environment_of(demonstration).observation()
    # The normaliser keeps variances, a policy file standard deviations: a rounding apart.
    np.testing.assert_allclose(learner.latest.act(observation), networks.act(observation), atol=0.02)


def test_an_iteration_reports_steps_speed_error_and_effort(demonstration: Demonstration) -> None:
    progress = stage_learner(demonstration).learn_iteration(Clock())

    assert progress.control_steps == 8 * 2 * 4
    assert 0.0 < progress.effort < 1.0
    assert 0.0 < progress.speed_error_m_s < 2.0
    assert 0.0 < progress.reward <= 1.0


def test_an_evaluation_counts_seconds_speed_and_falls(demonstration: Demonstration) -> None:
    networks = stage_learner(demonstration).latest
    walkers = [PredictiveWalker(muscled_walkers(1)[0].model, GENERIC_BODY, (1.2, 1.2))] * 3

    found = evaluate_predictive(
        walkers, demonstration.starts(), SYNERGIES, networks, seed=1, length_s=1.5, threads=1
    )

    assert (found.walk_seconds > 0.0).all() and (found.walk_seconds <= 1.5).all()
    assert found.survived(1.5) < 1.0  # nothing was learned: it falls
    np.testing.assert_allclose(found.command_m_s, 1.2)


# The curriculum


def test_the_curriculum_first_varies_speeds_then_slopes_and_spends_all_the_time() -> None:
    speeds, slopes = CURRICULUM

    assert speeds.slopes_deg == (0.0,)
    assert min(slopes.slopes_deg) < 0.0 < max(slopes.slopes_deg) and 0.0 in slopes.slopes_deg
    assert IMITATION_FRACTION + sum(stage.fraction for stage in CURRICULUM) == pytest.approx(1.0)
    assert all(stage.ranges == RandomisationRanges() for stage in CURRICULUM)


@pytest.mark.slow
def test_a_stage_deals_its_slopes_and_draws_out_to_the_walkers() -> None:
    stage = CurriculumStage("slopes", (0.9, 1.4), (-5.0, 5.0), 0.5)

    walkers = stage_walkers(GENERIC_BODY, Fidelity.LUMPED, stage, 4, seed=3)

    climbs = [round(walker.ground.climb, 3) for walker in walkers]
    assert climbs == [-0.087, 0.087, -0.087, 0.087]
    masses = [float(walker.model.body_mass.sum()) for walker in walkers]
    assert len(set(masses)) == 4
    assert all(0.9 <= mass / GENERIC_BODY.mass_kg <= 1.1 for mass in masses)
    assert all(0.0 <= walker.latency_s <= 0.03 for walker in walkers)


@pytest.mark.slow
def test_a_stage_without_randomisation_shares_one_model() -> None:
    stage = CurriculumStage("evaluation", (1.2, 1.2), (0.0,), 0.0, NO_RANDOMISATION)

    walkers = stage_walkers(GENERIC_BODY, Fidelity.LUMPED, stage, 3, seed=3)

    assert len({id(walker.model) for walker in walkers}) == 1
