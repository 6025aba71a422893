"""Claims about the exo's controller on the twin: the law it starts from, effort, and training."""

from __future__ import annotations

import dataclasses
import itertools
import time

import numpy as np
import pytest

from core.domain.body import JOINTS, Joint, JointKind, Side
from core.domain.controller import ExoController, TorqueLimits
from core.domain.twin import GENERIC_BODY, GaitPolicy, Network
from core.exo_core.numpy_runtime import ExoRuntime, forward
from core.gait.norms import normal_reference
from core.learning.exo.delayed_output_feedback import HipTrack, distil_law, law_torque
from core.learning.exo.effort import effort_change, effort_of, measure_walk
from core.learning.exo.environment import (
    OBSERVATION,
    Baseline,
    ExoEnvironment,
    perturbed_walkers,
    walkers_of,
    worn_by,
)
from core.learning.exo.training import ControllerEvaluator, ExoLearner, learn_exo
from core.learning.exo.worn_controller import PERFECT_SENSORS, SIZES, WalkingPolicy, WornExo, exo_controller
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import ACTION_SIZE, WalkingEnvironment
from core.tasks.policy_files import shipped_policy
from core.twin.body import STRENGTH

DEVICE = "Hippo_L1"
LIMITS = TorqueLimits(12.0, 150.0, 1.396)


def constant(sizes: tuple[int, ...], activation: str, output: float = 0.0) -> Network:
    weights = tuple(np.zeros((b, a), np.float32) for a, b in itertools.pairwise(sizes))
    biases = [np.zeros(b, np.float32) for b in sizes[1:]]
    biases[-1] += np.float32(output)
    return Network(weights, tuple(biases), activation)


@pytest.fixture(scope="module")
def policy() -> GaitPolicy:
    """An untrained twin: its joint PD follows the normal stride until it falls."""
    return GaitPolicy(
        GENERIC_BODY,
        normal_reference(),
        constant((OBSERVATION_SIZE, 8, ACTION_SIZE), "silu"),
        constant((OBSERVATION_SIZE, 8, 1), "silu"),
        np.full(ACTION_SIZE, -1.0, np.float32),
        np.zeros(OBSERVATION_SIZE),
        np.ones(OBSERVATION_SIZE),
        (),
        0,
        0.0,
        0.0,
        0.0,
    )


@pytest.fixture(scope="module")
def evaluator(policy: GaitPolicy) -> ControllerEvaluator:
    return ControllerEvaluator(policy, DEVICE, seed=5, walkers=4, seconds=1.6, threads=1)


@pytest.fixture(scope="module")
def distilled() -> tuple[ExoController, float, list[HipTrack]]:
    tracks = []
    for period_s in (0.9, 1.1, 1.3):
        turn = 2 * np.pi * np.arange(800)[:, None] / (100 * period_s) + np.array([0.0, np.pi])
        angle, speed = 0.15 + 0.4 * np.cos(turn), -0.4 * 2 * np.pi / period_s * np.sin(turn)
        tracks.append(HipTrack(angle, speed))
    return *distil_law(tracks, LIMITS, seed=0, steps=1000), tracks


def environment_of(policy: GaitPolicy, device: str | None, count: int, seed: int = 0) -> WalkingEnvironment:
    return WalkingEnvironment(walkers_of(policy.body, policy.reference, device, count), seed=seed, threads=1)


def walking(policy: GaitPolicy) -> WalkingPolicy:
    return WalkingPolicy(PolicyNetworks.from_policy(policy))


def test_the_default_law_is_antisymmetric_and_delayed(distilled: tuple) -> None:
    angle = distilled[2][0].angle_rad
    torque = law_torque(angle)
    np.testing.assert_allclose(torque[:, 0], -torque[:, 1])
    np.testing.assert_allclose(law_torque(angle[:, ::-1]), -torque)
    assert not torque[:10].any() and torque[10:].any()


def test_the_network_on_the_exo_reproduces_the_default_law(distilled: tuple) -> None:
    controller, error_nm, tracks = distilled
    runtime = ExoRuntime(controller)
    angle, velocity = tracks[1].angle_rad.astype(np.float32), tracks[1].velocity_rad_s.astype(np.float32)
    torque = np.array([runtime.step(a, v) for a, v in zip(angle, velocity, strict=True)])
    expected = np.clip(law_torque(tracks[1].angle_rad), -LIMITS.peak_nm, LIMITS.peak_nm)
    assert error_nm < 1.0
    assert np.sqrt(np.mean((torque - expected)[100:] ** 2)) < 1.0
    assert np.corrcoef(torque[100:, 0], expected[100:, 0])[0, 1] > 0.98


def test_effort_is_the_mean_squared_fraction_of_strength_without_the_toes() -> None:
    strength = np.array([STRENGTH[joint.kind].limit_nm for joint in JOINTS])
    torque = np.zeros((2, len(JOINTS)))
    torque[0, Joint.of(JointKind.KNEE, Side.LEFT).column] = 100.0
    torque[1, Joint.of(JointKind.TOES, Side.LEFT).column] = 20.0
    np.testing.assert_allclose(effort_of(torque, strength), [0.25 / 12, 0.0])
    assert effort_change(0.93) == "−7 %" and effort_change(1.1) == "+10 %" and effort_change(1.001) == "±0 %"


@pytest.mark.slow
def test_many_simulated_exos_give_the_bits_of_one_real_one(policy: GaitPolicy, distilled: tuple) -> None:
    environment = environment_of(policy, DEVICE, 3)
    exo, single = WornExo(distilled[0], environment), ExoRuntime(distilled[0])
    networks, torques = PolicyNetworks.from_policy(policy), []
    hips = [Joint.of(JointKind.HIP_FLEXION, side).column for side in Side]
    single_torques = []

    def assist(w: WalkingEnvironment) -> np.ndarray:
        sample = [v[1, hips].astype(np.float32) for v in (w.joint_angle_rad, w.joint_velocity_rad_s)]
        single_torques.append(single.step(*sample))
        torques.append(exo(w)[1])
        return np.zeros((3, 2))

    for _ in range(20):
        environment.step(networks.act(environment.observation()), assist)
    assert np.array(torques, np.float32).tobytes() == np.array(single_torques).tobytes()


def test_an_exo_that_pushes_the_way_the_hip_works_lowers_the_hip_effort(
    evaluator: ControllerEvaluator, policy: GaitPolicy
) -> None:
    """The chain from control to body: torque of the motors is torque the joint PD need not give."""

    class ProportionalExo(WornExo):
        def __call__(self, environment: WalkingEnvironment) -> np.ndarray:
            hips = [Joint.of(JointKind.HIP_FLEXION, side).column for side in Side]
            return np.clip(0.3 * environment.joint_torque_nm[:, hips], -12.0, 12.0)

    zero = exo_controller(constant(SIZES, "relu"), LIMITS)
    environment = environment_of(policy, DEVICE, 4, seed=5)
    helped = measure_walk(
        environment,
        WalkingPolicy(PolicyNetworks.from_policy(policy)),
        ProportionalExo(zero, environment),
        1.6,
    )
    idle = evaluator.evaluate(None).measure
    assert helped.hip_effort < 0.97 * idle.hip_effort
    assert helped.work.peak_nm <= 12.0


def test_the_policy_in_pytorch_is_the_stored_policy() -> None:
    networks = shipped_policy()
    observation = np.random.default_rng(0).normal(0.0, 1.0, (5, OBSERVATION_SIZE)).astype(np.float32)
    np.testing.assert_allclose(WalkingPolicy(networks).act(observation), networks.act(observation), atol=1e-4)


def test_randomised_models_differ_in_mass_strength_and_friction(policy: GaitPolicy) -> None:
    models = {id(w.model): w.model for w in perturbed_walkers(policy.body, policy.reference, DEVICE, 16, 0)}
    assert len(models) == 8
    for values in (
        [m.body_mass.sum() for m in models.values()],
        [m.actuator_gainprm[0, 0] for m in models.values()],
        [m.geom_friction[:, 0].max() for m in models.values()],
    ):
        assert len({round(float(value), 6) for value in values}) == 8
    assert all(m.actuator_gainprm[ACTION_SIZE, 0] == 1.0 for m in models.values())


def test_an_observation_begins_with_the_controllers_inputs(policy: GaitPolicy, distilled: tuple) -> None:
    environment, controller = environment_of(policy, DEVICE, 4), distilled[0]
    exo = worn_by(environment, controller, lambda x: forward(controller.network, x), PERFECT_SENSORS, 0)
    exo_environment = ExoEnvironment(
        environment, WalkingPolicy(PolicyNetworks.from_policy(policy)), exo, Baseline(0.05, 0.1)
    )
    before = exo_environment.observation()
    assert before.shape == (4, OBSERVATION)
    hips = [Joint.of(JointKind.HIP_FLEXION, side).column for side in Side]
    np.testing.assert_allclose(before[:, :2], environment.joint_angle_rad[:, hips], atol=1e-6)
    np.testing.assert_array_equal(before, exo_environment.observation())  # looking twice changes nothing
    exo_environment.step(forward(controller.network, before[:, :16]).astype(float))
    after = exo_environment.observation()
    np.testing.assert_allclose(after[:, :2], environment.joint_angle_rad[:, hips], atol=1e-6)
    which = np.array([True, False, False, False])
    exo_environment.reset(which)
    again = exo_environment.observation()
    np.testing.assert_array_equal(again[1:, :16], after[1:, :16])
    np.testing.assert_allclose(again[0, :2], environment.joint_angle_rad[0, hips], atol=1e-6)


def test_episodes_of_a_training_end_one_by_one(policy: GaitPolicy) -> None:
    environment = environment_of(policy, DEVICE, 32)

    environment.stagger_episodes(seed=0)

    assert len(set(environment.time_s)) > 20


@pytest.mark.slow
def test_training_never_returns_less_than_it_started_with(
    policy: GaitPolicy, evaluator: ControllerEvaluator, distilled: tuple
) -> None:
    learner = ExoLearner(policy, DEVICE, distilled[0], budget_s=1.5, walker_count=8, evaluator=evaluator)
    seen, saved = [], []
    learn_exo(learner, clock=time.monotonic, watch=seen.append, save=saved.append)
    assert seen and saved and learner.best_score is not None
    assert learner.best_score.cost <= evaluator.evaluate(distilled[0]).cost + 1e-12
    assert learner.best.limits == LIMITS
    assert {curve.name for curve in learner.curves()} == {"effort_ratio", "falls_per_minute", "similarity"}


@pytest.mark.slow
def test_training_goes_on_from_a_checkpoint(
    policy: GaitPolicy, evaluator: ControllerEvaluator, distilled: tuple
) -> None:
    first = ExoLearner(policy, DEVICE, distilled[0], walker_count=8, evaluator=evaluator)
    for _ in range(8):
        first.learn_iteration(time.monotonic)
    first.evaluate_latest(time.monotonic)
    second = ExoLearner(policy, DEVICE, distilled[0], walker_count=8, evaluator=evaluator)
    second.load_checkpoint(first.save_checkpoint())
    assert second.control_steps == first.control_steps and second.elapsed_s == first.elapsed_s
    for one, other in zip(second.latest().network.weights, first.latest().network.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    moved = np.abs(first.latest().network.biases[-1] - distilled[0].network.biases[-1]).max()
    assert moved > 0.0  # the controller learns once the value network has had its first iterations
    assert second.learn_iteration(time.monotonic).control_steps > first.control_steps


def test_a_start_of_another_size_is_refused(
    policy: GaitPolicy, evaluator: ControllerEvaluator, distilled: tuple
) -> None:
    small = dataclasses.replace(distilled[0], network=constant((16, 8, 2), "relu"))
    with pytest.raises(ValueError, match="sizes"):
        ExoLearner(policy, DEVICE, small, walker_count=4, evaluator=evaluator)
