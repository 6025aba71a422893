"""Claims about the exo's controller on the twin: the law it is compared with, environment and training."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.devices.profiles import load_default_controller
from core.domain.body import Joint, JointKind, Side
from core.domain.controller import Aim, ExoController
from core.domain.walk_measures import WalkRatios
from core.exo_core.numpy_runtime import INPUTS, ExoRuntime
from core.learning.exo.aims import AIMS
from core.learning.exo.delayed_output_feedback import DELAY_S, law_torque
from core.learning.exo.distillation import JointTrack, distil_law
from core.learning.exo.environment import OBSERVATION, ExoEnvironment, PricedCost, randomised
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.study import Study
from core.learning.exo.training import (
    CRITIC_ITERATIONS,
    CURVES,
    BestController,
    ExoLearner,
)
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import (
    CONTROL_HZ,
    KD_NM_S_RAD,
    KP_NM_RAD,
    SIZES,
    VELOCITY_SCALE,
    WalkingPolicy,
    WornExo,
    exo_controller,
)
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.tracking import ACTION_SIZE, WalkingEnvironment
from core.tasks.policy_files import shipped_policy
from tests.learning.exo.twins import DEVICE, LIMITS, WEAK_LEFT, constant, walking_twin

HIPS = [Joint.of(JointKind.HIP_FLEXION, side).column for side in Side]
WALKERS = 4


@pytest.fixture(scope="module")
def distilled() -> tuple[ExoController, float, list[JointTrack]]:
    tracks = []
    for period_s in (0.9, 1.1, 1.3):
        turn = 2 * np.pi * np.arange(800)[:, None] / (100 * period_s) + np.array([0.0, np.pi])
        angle, speed = 0.15 + 0.4 * np.cos(turn), -0.4 * 2 * np.pi / period_s * np.sin(turn)
        tracks.append(JointTrack(angle, speed))
    return *distil_law(tracks, LIMITS, seed=0, steps=1000), tracks


def worn(twin: TwinInExo, count: int, seed: int = 0) -> WalkingEnvironment:
    return twin.environment(twin.walkers(count, worn=True), seed=seed, threads=1)


def test_the_default_law_is_antisymmetric_and_delayed(distilled: tuple) -> None:
    angle = distilled[2][0].angle_rad
    torque = law_torque(angle)
    np.testing.assert_allclose(torque[:, 0], -torque[:, 1])
    np.testing.assert_allclose(law_torque(angle[:, ::-1]), -torque)
    ticks = round(DELAY_S * CONTROL_HZ)
    assert not torque[:ticks].any() and torque[ticks:].any()


def test_the_network_on_the_exo_reproduces_the_default_law(distilled: tuple) -> None:
    controller, error_nm, tracks = distilled
    runtime = ExoRuntime(controller)
    angle, velocity = tracks[1].angle_rad.astype(np.float32), tracks[1].velocity_rad_s.astype(np.float32)
    torque = np.array([runtime.step(a, v) for a, v in zip(angle, velocity, strict=True)])
    expected = np.clip(law_torque(tracks[1].angle_rad), -LIMITS.peak_nm, LIMITS.peak_nm)
    assert error_nm < 1.0
    assert np.sqrt(np.mean((torque - expected)[100:] ** 2)) < 1.0
    assert np.corrcoef(torque[100:, 0], expected[100:, 0])[0, 1] > 0.98


@pytest.mark.slow
def test_many_simulated_exos_give_the_bits_of_one_real_one(twin: TwinInExo) -> None:
    environment, controller = worn(twin, 3), load_default_controller(DEVICE)
    exo, single = WornExo(controller, environment), ExoRuntime(controller)
    torques, single_torques = [], []

    def assist(walking: WalkingEnvironment) -> np.ndarray:
        sample = [
            values[1, HIPS].astype(np.float32)
            for values in (walking.joint_angle_rad, walking.joint_velocity_rad_s)
        ]
        single_torques.append(single.step(*sample))
        torques.append(exo(walking)[1])
        return np.zeros((3, 2))

    for _ in range(20):
        environment.step(twin.walking.act(environment.observation()), assist)
    assert np.array(torques, np.float32).tobytes() == np.array(single_torques).tobytes()


@pytest.mark.slow
def test_an_exo_that_pushes_the_way_the_hip_works_lowers_what_walking_costs(twin: TwinInExo) -> None:
    """The chain from control to muscles: torque of the motors is torque that the hip need not give."""

    class ProportionalExo(WornExo):
        def __call__(self, environment: WalkingEnvironment) -> np.ndarray:
            own = environment.joint_torque_nm[:, HIPS] + environment.exo_torque_nm
            return np.clip(0.3 * own, -12.0, 12.0)

    zero = exo_controller(constant(SIZES, "relu"), LIMITS)
    evaluator = WalkEvaluator(twin, seeds=(5,), walkers=3, seconds=2.6, threads=1)

    helped = evaluator.assisted(lambda environment, _: ProportionalExo(zero, environment))

    ratios = WalkRatios.between(helped, evaluator.worn_without_torque)
    assert ratios.metabolic_of_both.mean < 0.97 and ratios.activation.mean() < 1.0
    assert helped.exo_peak_nm[0] <= 12.0 and helped.exo_power_w[0] > 0.0


def test_the_policy_in_pytorch_is_the_stored_policy() -> None:
    networks = shipped_policy()
    observation = np.random.default_rng(0).normal(0.0, 1.0, (5, OBSERVATION_SIZE)).astype(np.float32)
    np.testing.assert_allclose(WalkingPolicy(networks).act(observation), networks.act(observation), atol=1e-4)


def test_randomised_models_differ_in_mass_strength_and_friction(twin: TwinInExo) -> None:
    walker, random = twin.walkers(1, worn=True)[0], np.random.default_rng(0)
    models = [randomised(walker, DEVICE, random).model for _ in range(6)]
    for values in (
        [model.body_mass.sum() for model in models],
        [model.actuator_gainprm[0, 0] for model in models],
        [model.geom_friction[:, 0].max() for model in models],
    ):
        assert len({round(float(value), 6) for value in values}) == len(models)
    assert all(model.actuator_gainprm[ACTION_SIZE, 0] == 1.0 for model in models)  # the exo's own motors
    assert walker.model.body_mass.sum() not in {model.body_mass.sum() for model in models}


def test_muscles_of_randomised_models_differ_in_strength_and_motors_do_not() -> None:
    walker = walking_twin(muscles=True).walkers(1, worn=True)[0]
    model = randomised(walker, DEVICE, np.random.default_rng(0)).model
    factor = model.actuator_gainprm[: model.na, 2] / walker.model.actuator_gainprm[: model.na, 2]
    assert np.ptp(factor) < 1e-9 and factor[0] != 1.0
    np.testing.assert_array_equal(
        model.actuator_gainprm[model.na :], walker.model.actuator_gainprm[model.na :]
    )


def exo_environment(twin: TwinInExo, study: Study, count: int = 4) -> ExoEnvironment:
    environment, controller = worn(twin, count), load_default_controller(DEVICE)
    cost = PricedCost(
        study.surrogate,
        np.repeat(study.without_exo[:1], count, axis=0),
        np.repeat(study.speed_m_s[:1], count),
        np.array(AIMS[Aim.MUSCLES].costs),
    )
    return ExoEnvironment(environment, twin.walking, WornExo(controller, environment), cost)


def act(environment: ExoEnvironment, steps: int, *, against: bool = False) -> list[float]:
    """Let the worn controller act, or one that gives the opposite torque; the mean reward of each step."""
    rewards = []
    for _ in range(steps):
        inputs = environment.observation()[:, :INPUTS]
        target = environment.exo.act(inputs)
        if against:
            velocity = inputs[:, 2:4] / VELOCITY_SCALE
            target = 2.0 * (inputs[:, :2] + KD_NM_S_RAD / KP_NM_RAD * velocity) - target
        rewards.append(float(environment.step(target.astype(float)).reward.mean()))
    return rewards


@pytest.mark.slow
def test_an_observation_begins_with_the_controllers_inputs(twin: TwinInExo, study: Study) -> None:
    environment = exo_environment(twin, study)
    walking, before = environment.walking, environment.observation()
    assert before.shape == (4, OBSERVATION)
    np.testing.assert_allclose(before[:, :2], walking.joint_angle_rad[:, HIPS], atol=1e-6)
    np.testing.assert_array_equal(before, environment.observation())  # looking twice changes nothing
    act(environment, 1)
    after = environment.observation()
    np.testing.assert_allclose(after[:, :2], walking.joint_angle_rad[:, HIPS], atol=1e-6)
    environment.reset(np.array([True, False, False, False]))
    again = environment.observation()
    np.testing.assert_array_equal(again[1:, :INPUTS], after[1:, :INPUTS])
    np.testing.assert_allclose(again[0, :2], walking.joint_angle_rad[0, HIPS], atol=1e-6)


@pytest.mark.slow
def test_an_exo_that_helps_earns_more_than_one_that_hinders(twin: TwinInExo, study: Study) -> None:
    helping, hindering = exo_environment(twin, study), exo_environment(twin, study)
    assert np.mean(act(helping, 60)[10:]) > np.mean(act(hindering, 60, against=True)[10:]) + 0.2


@pytest.mark.slow
def test_the_exos_environment_continues_exactly_from_its_state(twin: TwinInExo, study: Study) -> None:
    first, second = exo_environment(twin, study), exo_environment(twin, study)
    act(first, 7)
    second.load_state_dict(first.state_dict())
    np.testing.assert_array_equal(act(first, 8), act(second, 8))


def test_episodes_of_a_training_end_one_by_one(twin: TwinInExo) -> None:
    environment = worn(twin, 32)

    environment.stagger_episodes(seed=0)

    assert len(set(environment.time_s)) > 20


# Learning


@pytest.fixture(scope="module")
def make_learner(twin: TwinInExo, study: Study) -> Callable[..., ExoLearner]:
    """Small learners, alike but for what is asked."""
    evaluator = WalkEvaluator(twin, seeds=(5,), walkers=2, seconds=1.4, threads=1)
    start = replace(load_default_controller(DEVICE), limits=LIMITS)

    def make(seed: int = 0, controller: ExoController = start) -> ExoLearner:
        best = BestController(evaluator, Aim.MUSCLES)
        best.consider(start)
        return ExoLearner(twin, study, controller, Aim.MUSCLES, seed=seed, best=best, walker_count=WALKERS)

    return make


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # as in a job


def learn(learner: ExoLearner, iterations: int, planned: int = 12) -> None:
    for _ in range(iterations):
        learner.learn_iteration(time.monotonic, learner.iterations / planned)


def bits(controller: ExoController | None) -> bytes:
    assert controller is not None
    return b"".join(array.tobytes() for array in (*controller.network.weights, *controller.network.biases))


@pytest.mark.slow
def test_a_training_that_was_stopped_and_one_that_was_not_end_in_the_same_bits(
    make_learner: Callable[..., ExoLearner], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Across the end of the critic's lead, and with an evaluation on either side."""
    monkeypatch.setattr("core.learning.exo.training.CRITIC_ITERATIONS", 2)
    monkeypatch.setattr("core.learning.exo.training.EVALUATE_EVERY", 2)
    whole, before, after = make_learner(), make_learner(), make_learner()
    learn(whole, 6)
    learn(before, 3)

    after.load_checkpoint(before.save_checkpoint())
    learn(after, 3)

    assert bits(after.latest()) == bits(whole.latest()) != bits(before.latest())
    assert bits(after.best.controller) == bits(whole.best.controller)
    assert after.best.cost == whole.best.cost
    assert (after.iterations, after.control_steps) == (whole.iterations, whole.control_steps)
    for one, other in zip(after.curves(), whole.curves(), strict=True):
        assert one.name == other.name
        np.testing.assert_array_equal(one.value, other.value)
    assert {curve.name for curve in whole.curves()} == set(CURVES)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_controller_and_another_seed_another(
    make_learner: Callable[..., ExoLearner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.learning.exo.training.CRITIC_ITERATIONS", 0)
    one, again, other = make_learner(seed=1), make_learner(seed=1), make_learner(seed=2)
    for learner in (one, again, other):
        learn(learner, 1)
    assert bits(one.latest()) == bits(again.latest()) != bits(other.latest())


@pytest.mark.slow
def test_the_controller_is_frozen_while_the_critic_learns(make_learner: Callable[..., ExoLearner]) -> None:
    learner = make_learner()
    start = bits(learner.latest())
    value = [parameter.clone() for parameter in learner._agent.value.parameters()]
    learn(learner, CRITIC_ITERATIONS)
    assert bits(learner.latest()) == start
    pairs = zip(value, learner._agent.value.parameters(), strict=True)
    assert not all(torch.equal(before, after) for before, after in pairs)
    learn(learner, 1)
    assert bits(learner.latest()) != start


@pytest.mark.slow
def test_what_was_learned_last_is_considered_too(
    make_learner: Callable[..., ExoLearner], monkeypatch: pytest.MonkeyPatch
) -> None:
    learner, considered = make_learner(), []
    monkeypatch.setattr(learner.best, "consider", considered.append)
    learn(learner, CRITIC_ITERATIONS)
    learner.consider_latest()
    assert not considered  # it still is the controller of the start
    learn(learner, 1)
    learner.consider_latest()
    assert [bits(one) for one in considered] == [bits(learner.latest())]


@pytest.mark.slow
def test_a_start_of_another_size_is_refused(make_learner: Callable[..., ExoLearner]) -> None:
    small = exo_controller(constant((16, 8, 2), "relu"), LIMITS)
    with pytest.raises(ValueError, match="sizes"):
        make_learner(controller=small)


@pytest.mark.slow
def test_the_limits_of_the_start_are_those_of_the_result(make_learner: Callable[..., ExoLearner]) -> None:
    gentle = dataclasses.replace(LIMITS, peak_nm=5.0)
    start = dataclasses.replace(load_default_controller(DEVICE), limits=gentle)
    assert make_learner(controller=start).latest().limits == gentle


@pytest.mark.slow
def test_a_checkpoint_keeps_how_far_the_help_leans(study_of_weak_left: Study) -> None:
    """The study that is made again when a training goes on does not know it."""
    twin, start = walking_twin(WEAK_LEFT), replace(load_default_controller(DEVICE), limits=LIMITS)
    evaluator = WalkEvaluator(twin, seeds=(5,), walkers=2, seconds=1.4, threads=1)
    assert study_of_weak_left.sided is not None
    leaned = replace(study_of_weak_left, sided=study_of_weak_left.sided.corrected(0.02))

    def learner_of(study: Study) -> ExoLearner:
        best = BestController(evaluator, Aim.MUSCLES, sided=study.sided)
        best.consider(start)
        return ExoLearner(twin, study, start, Aim.MUSCLES, seed=0, best=best, walker_count=WALKERS)

    first, again = learner_of(leaned), learner_of(study_of_weak_left)
    learn(first, 1)
    again.load_checkpoint(first.save_checkpoint())

    torque = np.array([[3.0, 0.0]])
    priced, resumed = (one.environments[0]._cost.of_torque(torque) for one in (first, again))
    np.testing.assert_array_equal(priced, resumed)
    assert priced[0] != learner_of(study_of_weak_left).environments[0]._cost.of_torque(torque)[0]
