"""Claims about exos that feel their wearer by one gyroscope on each thigh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.domain.controller import ExoController, ExoSensors, Sense
from core.domain.scenario import EXO_FAILURES
from core.exo_core.numpy_network import StreamingNetwork
from core.learning.exo.envelope_walks import sensed_walks
from core.learning.exo.gyro_exo import GyroExo, wear
from core.learning.exo.student_scores import streamed
from core.learning.exo.temporal_network import SPAN, StreamedNetwork, TemporalNetwork
from core.learning.exo.temporal_student import GYRO_FAULTS, student_controller
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import WornExo
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.model.exo_sensors import PERFECT
from core.simulation.model.thigh_gyros import SAGITTAL, ThighGyros
from tests.deploy.controllers import network
from tests.learning.exo.gyros import delayed_gyros
from tests.learning.exo.twins import LIMITS


def random_student(seed: int = 0) -> ExoController:
    torch.manual_seed(seed)
    return student_controller(TemporalNetwork().network(75.0), LIMITS)


def walked(twin: TwinInExo, exo: GyroExo, environment: WalkingEnvironment, steps: int) -> list[np.ndarray]:
    """(T, N, 2) angle, turning and torque of every tick."""
    rows = []

    def assist(walking: WalkingEnvironment) -> np.ndarray:
        torque = exo(walking)
        rows.append((*exo.reading, torque))
        return torque

    for _ in range(steps):
        environment.step(twin.walking.act(environment.observation()), assist)
    return [np.array(column) for column in zip(*rows, strict=True)]


def test_only_what_reads_two_gyros_and_nothing_else_counts_as_thigh_gyros(twin: TwinInExo) -> None:
    student, environment = random_student(), twin.environment(twin.walkers(1, worn=True), seed=0)
    with_angles = replace(student, inputs=None)
    assert student.sensors is ExoSensors.THIGH_GYROS and with_angles.sensors is ExoSensors.ENCODERS
    assert isinstance(wear(student, environment), GyroExo)
    assert isinstance(wear(replace(with_angles, network=network(0)), environment), WornExo)


def test_many_walkers_get_what_each_alone_gets_from_the_exos_own_network() -> None:
    student, rng = random_student(), np.random.default_rng(1)
    inputs = rng.normal(0.0, 1.0, (50, 3, 2)).astype(np.float32)
    many, alone = StreamedNetwork(student, 3), [StreamingNetwork(student) for _ in range(3)]
    for tick, row in enumerate(inputs):
        if tick == 20:  # one of them starts anew
            many.reset(np.array([False, True, False]))
            alone[1].reset()
        expected = np.array([one.step(own) for one, own in zip(alone, row, strict=True)])
        np.testing.assert_allclose(many.step(row), expected, rtol=2e-4, atol=2e-4)


def test_learning_and_the_exo_compute_the_same_network() -> None:
    torch.manual_seed(3)
    learned = TemporalNetwork()
    student = student_controller(learned.network(1.0), LIMITS)
    signals = np.random.default_rng(2).normal(0.0, 1.0, (40, 2)).astype(np.float32)
    streaming = StreamingNetwork(student)
    streamed_rows = np.array([streaming.step(row) for row in signals])
    with torch.no_grad():
        convolved = learned(torch.from_numpy(signals.T[None].copy()))[0].numpy().T
    assert SPAN == 31 and len(convolved) == len(signals) - SPAN + 1
    np.testing.assert_allclose(convolved, streamed_rows[SPAN - 1 :], rtol=1e-4, atol=1e-5)


def test_a_worn_student_gives_what_the_exo_computes_from_its_gyros_alone(twin: TwinInExo) -> None:
    student = delayed_gyros()
    environment = twin.environment(twin.walkers(2, worn=True), seed=3, threads=1)
    exo = GyroExo(student, environment, faults=GYRO_FAULTS, seed=3)
    angle, turning, torque = walked(twin, exo, environment, 30)
    for walker in range(2):
        alone = streamed(student, 0.0 * angle[:, walker], turning[:, walker])  # whatever the angle is
        np.testing.assert_allclose(torque[:, walker], alone, atol=1e-3)
    assert np.abs(torque).max() > 2.0


def test_perfect_gyros_tell_how_the_thighs_turn(twin: TwinInExo) -> None:
    environment = twin.environment(twin.walkers(2, worn=True), seed=0, threads=1)
    exo = GyroExo(delayed_gyros(), environment, faults=PERFECT)
    exo.read_sensors(environment)
    physics, state = environment.physics, environment.state
    true = ThighGyros(physics.models).read(physics.position(state), physics.velocity(state))
    np.testing.assert_allclose(exo.reading[1], true[:, :, SAGITTAL], atol=1e-5)
    np.testing.assert_allclose(exo.reading[0], environment.exo_reading[0], atol=1e-6)


def test_gyros_freeze_when_the_exos_sensors_freeze(twin: TwinInExo) -> None:
    freezes = next(one for one in EXO_FAILURES if one.key == "exo-sensors-freeze-100")
    failure = freezes.exo_disturbance
    assert failure is not None
    scenario = replace(freezes, exo_disturbance=replace(failure, at_s=0.1))
    environment = twin.environment(twin.walkers(1, worn=True, scenario=scenario), seed=1, threads=1)
    exo = GyroExo(delayed_gyros(), environment, faults=PERFECT)
    _, turning, _ = walked(twin, exo, environment, 12)
    changes = np.abs(np.diff(turning[:, 0, 0]))
    assert (changes[10:18] == 0.0).all() and (changes[:8] > 0.0).all() and changes[20] > 0.0


@pytest.mark.parametrize("sense", [Sense.ANGLE_LEFT, Sense.OUTPUT_LEFT])
def test_whatever_else_a_network_reads_it_is_no_gyro_student(sense: Sense) -> None:
    student = delayed_gyros()
    assert student.inputs is not None
    more = replace(
        student.inputs, signals=(*student.inputs.signals, replace(student.inputs.signals[0], sense=sense))
    )
    assert replace(student, inputs=more).sensors is ExoSensors.ENCODERS


def test_the_envelope_of_a_student_is_that_of_its_own_sensors(twin: TwinInExo) -> None:
    walkers = twin.walkers(2, worn=True)
    environment = twin.environment(walkers, seed=5, threads=1)
    walks = sensed_walks(environment, walkers, twin.networks, delayed_gyros(), seed=5, seconds=1.6)
    assert np.abs(walks.torque_nm).max() > 1.0
    assert 1.0 < np.abs(walks.velocity_rad_s).max() < 12.0
