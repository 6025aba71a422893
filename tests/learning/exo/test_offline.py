"""Claims about the offline stage: its exo is the real one, differentiable, and what it learns helps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.devices.profiles import load_default_controller
from core.domain.arrays import FloatArray
from core.domain.body import Joint, JointKind, Side
from core.domain.controller import Aim, TorqueLimits
from core.exo_core.numpy_runtime import HISTORY, ExoRuntime, TorqueShaper
from core.learning.exo import offline_stage as stage_module
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.offline import (
    _RESPONSE_TICKS,
    OfflineSettings,
    OfflineTrainer,
    _impulse_response,
    _inputs,
    _Walk,
)
from core.learning.exo.offline_stage import OfflineStage
from core.learning.exo.study import Study
from core.learning.exo.surrogate import SurrogateCost
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import SIZES, VELOCITY_SCALE, WornExo, exo_controller
from core.learning.rl.networks import load_layers, perceptron, to_network
from core.simulation.environment.tracking import WalkingEnvironment
from tests.learning.exo.twins import DEVICE, LIMITS, constant

HIPS = list(JointKind.HIP_FLEXION.columns)
FAR_LIMITS = TorqueLimits(1e6, 1e9, 100.0)  # nothing is clamped


def trainer_of(
    study: Study, network: nn.Sequential, limits: TorqueLimits = LIMITS, **settings: float
) -> OfflineTrainer:
    trainer = OfflineTrainer(network, limits, seed=0, settings=OfflineSettings(**settings))
    trainer.add_person(study.surrogate, study.price(Aim.MUSCLES), symmetric=study.symmetric)
    for walks in study.walks:
        trainer.add_walks(walks)
    return trainer


def test_the_low_pass_is_that_of_the_exo() -> None:
    """A random target. The short impulse response leaves out 0.3 percent, and the rest grows by as much."""
    controller = replace(exo_controller(constant(SIZES, "relu"), FAR_LIMITS), kp_nm_rad=1.0, kd_nm_s_rad=0.0)
    shaper, still = TorqueShaper(controller, 1), np.zeros((1, 2), np.float32)
    target = np.random.default_rng(0).normal(0.0, 1.0, (400, 2)).astype(np.float32)
    exact = np.array([shaper.step(one[None], still, still)[0] for one in target])

    smooth = torch.from_numpy(target).unfold(0, _RESPONSE_TICKS, 1) @ _impulse_response()

    late = exact[_RESPONSE_TICKS - 1 :]
    assert float(_impulse_response().sum()) == pytest.approx(1.0)
    np.testing.assert_allclose(smooth[50:].numpy(), late[50:], atol=0.006 * float(np.abs(target).max()))


def test_the_inputs_are_those_of_the_network_on_the_exo() -> None:
    """Newest first: angles and scaled velocities of both thighs."""
    random = np.random.default_rng(0)
    angle, velocity = (random.normal(0.0, 1.0, (1, 20, 2)).astype(np.float32) for _ in range(2))
    expected = [
        np.concatenate(
            [
                np.concatenate([angle[0, tick - lag], VELOCITY_SCALE * velocity[0, tick - lag]])
                for lag in range(HISTORY)
            ]
        )
        for tick in range(HISTORY - 1, 20)
    ]
    found = _inputs(torch.from_numpy(angle), torch.from_numpy(velocity))
    np.testing.assert_allclose(found[0].numpy(), np.array(expected), rtol=1e-6)


def test_mirrored_walks_swap_the_sides() -> None:
    walk = _Walk(*(torch.randn(30, 14) for _ in range(3)), torch.ones(4))
    other = walk.mirrored()
    for kind in JointKind:
        left, right = (Joint.of(kind, side).column for side in (Side.LEFT, Side.RIGHT))
        for one, swapped in ((walk.angle, other.angle), (walk.total, other.total)):
            torch.testing.assert_close(one[:, left], swapped[:, right])
            torch.testing.assert_close(one[:, right], swapped[:, left])
    torch.testing.assert_close(other.mirrored().velocity, walk.velocity)
    torch.testing.assert_close(other.price, walk.price)


@pytest.mark.slow
def test_walks_of_lessons_that_are_left_out_are_not_learned_from(study: Study) -> None:
    lessons = {number: int((study.walks[0].lesson == number).sum()) for number in (0, 1)}
    trainer = OfflineTrainer(perceptron(SIZES, "relu"), LIMITS, seed=0)
    trainer.add_person(study.surrogate, study.price(Aim.MUSCLES), symmetric=False, left_out=(1,))
    trainer.add_walks(study.walks[0])
    assert len(trainer._people[0].walks) <= lessons[0] and lessons[1] > 0


@pytest.mark.slow
def test_the_differentiable_exo_gives_the_torque_of_the_worn_one(twin: TwinInExo, study: Study) -> None:
    """On the sensor readings of a walk, without clamp, within 0.1 N m.

    Targets of 0.5 rad ask for 25 N m, of which the short impulse response may miss 0.6 percent.
    """
    controller = replace(load_default_controller(DEVICE), limits=FAR_LIMITS)
    environment = twin.environment(twin.walkers(1, worn=True), seed=3, threads=1)
    exo, angle, velocity, torque = WornExo(controller, environment), [], [], []

    def assist(walking: WalkingEnvironment) -> FloatArray:
        angle.append(walking.joint_angle_rad[0, HIPS])
        velocity.append(walking.joint_velocity_rad_s[0, HIPS])
        torque.append(exo(walking)[0])
        return np.zeros((1, 2))

    for _ in range(100):
        environment.step(twin.walking.act(environment.observation()), assist)
    network = perceptron(SIZES, "relu")
    load_layers(network, controller.network)
    readings = (torch.tensor(np.array(one)[None], dtype=torch.float32) for one in (angle, velocity))

    given, asked = trainer_of(study, network, FAR_LIMITS)._exo(*readings)

    given_nm, expected = given[0].detach().numpy(), np.array(torque)[:-1][-given.shape[1] :]
    assert np.abs(expected).max() > 5.0
    np.testing.assert_allclose(given_nm, expected, atol=0.1)
    torch.testing.assert_close(given, asked, atol=0.01, rtol=0.0)


@pytest.mark.slow
def test_the_soft_clamp_never_gives_more_than_the_peak(study: Study) -> None:
    network = perceptron(SIZES, "relu")
    load_layers(network, constant(SIZES, "relu", output=3.0))
    still = torch.zeros((2, 60, 2))
    given, asked = trainer_of(study, network)._exo(still, still)
    assert float(asked.detach().abs().min()) > 100.0
    assert LIMITS.peak_nm - 0.01 < float(given.detach().abs().max()) <= LIMITS.peak_nm


@pytest.mark.slow
def test_a_network_that_stays_near_another_changes_its_torque_less(study: Study) -> None:
    torch.manual_seed(0)
    start = perceptron(SIZES, "relu")
    changed = []
    for near in (False, True):
        network, before = perceptron(SIZES, "relu"), perceptron(SIZES, "relu")
        for one in (network, before):
            one.load_state_dict(start.state_dict())
        trainer = trainer_of(study, network, braking_price=1.0, near_price=10.0)
        if near:
            trainer.stay_near(before, 0.5)
        trainer.train(30)
        sensed = trainer._sensed(trainer._windows(trainer._people[0].walks))
        now, was = trainer._exo(*sensed), trainer._exo(*sensed, before)
        changed.append(float((now[0] - was[0]).detach().abs().mean()))
    assert changed[1] < 0.5 * changed[0]


@pytest.mark.slow
def test_training_offline_lowers_the_loss_and_leaves_a_person_who_stands_alone(study: Study) -> None:
    torch.manual_seed(0)
    network = perceptron(SIZES, "relu")
    no_torque = trainer_of(study, network, replace(LIMITS, peak_nm=1e-3), saturation_price=0.0)
    worn = float(np.mean([float(no_torque._loss().detach()) for _ in range(5)]))
    trainer = trainer_of(study, network)
    before = float(np.mean([float(trainer._loss().detach()) for _ in range(5)]))

    after = trainer.train(100)

    assert after < 0.97 * worn < before  # an exo that knows nothing is worse than one without torque
    runtime = ExoRuntime(exo_controller(to_network(network, "relu"), LIMITS))
    standing, still = np.full(2, 0.05, np.float32), np.zeros(2, np.float32)
    torque = np.array([runtime.step(standing, still) for _ in range(60)])
    assert np.abs(torque[-1]).max() < 2.0


@pytest.mark.slow
def test_walkers_that_fell_are_not_learned_from(study: Study) -> None:
    trainer = trainer_of(study, perceptron(SIZES, "relu"))
    walks, (person,) = study.walks[0], trainer._people
    before = len(person.walks)
    trainer.add_walks(replace(walks, falls=np.array([1, 0, 0, 0, 0, 0])))
    assert len(person.walks) - before == 2 * 5  # each one, and mirrored


@pytest.mark.slow
def test_a_crowd_takes_turns_and_each_person_is_priced_by_an_own_surrogate(
    study: Study, study_of_weak_left: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = trainer_of(study, perceptron(SIZES, "relu"))
    other = study_of_weak_left
    number = trainer.add_person(other.surrogate, other.price(Aim.MUSCLES), symmetric=other.symmetric)
    for walks in other.walks:
        trainer.add_walks(walks, number)
    asked, price = [], SurrogateCost.differentiable

    def watched(surrogate: SurrogateCost, *joints: torch.Tensor) -> torch.Tensor:
        asked.append(surrogate)
        return price(surrogate, *joints)

    monkeypatch.setattr(SurrogateCost, "differentiable", watched)
    trainer.train(3)

    assert asked == [study.surrogate, other.surrogate, study.surrogate]
    assert len(trainer._people[1].walks) == sum(len(walks.falls) for walks in other.walks)  # none mirrored


@pytest.mark.slow
def test_the_same_seed_gives_the_same_controller(
    twin: TwinInExo, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_module, "OFFLINE_STEPS", (4, 4))
    monkeypatch.setattr(stage_module, "SECONDS", 2.6)
    monkeypatch.setattr(stage_module, "WALKERS", 3)
    one, other = (list(OfflineStage(twin, study, LIMITS, Aim.ENERGY, seed=7)) for _ in range(2))
    assert len(one) == 2
    for first, second in zip(one, other, strict=True):
        assert all(
            np.array_equal(*pair) for pair in zip(first.network.weights, second.network.weights, strict=True)
        )
    assert not np.array_equal(one[0].network.weights[0], one[1].network.weights[0])


@pytest.mark.slow
def test_the_first_controller_helps_already(twin: TwinInExo, study: Study) -> None:
    """After one round, on starts that taught nothing: cheaper than without the exo, whose mass counts."""
    controller = next(OfflineStage(twin, study, LIMITS, Aim.ENERGY, seed=0))
    evaluator = WalkEvaluator(twin, seeds=(31,), walkers=4, seconds=3.0, threads=1)
    worn, without = evaluator.worn(controller), evaluator.without_exo
    assert worn.falls == 0
    assert worn.metabolic_w_kg.mean() < 0.95 * without.metabolic_w_kg.mean()
    assert worn.exo_power_w[0] > 0.0 and worn.exo_peak_nm[0] <= LIMITS.peak_nm
