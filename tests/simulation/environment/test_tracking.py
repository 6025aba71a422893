"""Claims about the tracking environment: observation, termination, reset, and determinism."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core.domain.body import Side
from core.domain.motion import GaitReference
from core.domain.twin import GENERIC_BODY
from core.errors import UserError
from core.gait.norms import normal_reference
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.simulation.reference_gait.reference_strides import HARMONICS, StrideBank, check_reference
from core.twin.body import Fidelity
from tests.drop_foot import drop_foot


def walker(device_id: str | None = None) -> Walker:
    return Walker(worn_model(GENERIC_BODY, Fidelity.FAST, device_id), GENERIC_BODY, normal_reference())


def walk(environment: WalkingEnvironment, steps: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        step = environment.step(rng.normal(0.0, 0.3, (environment.size, 14)))
        environment.reset(step.terminated | step.truncated)
    return environment.observation()


def test_the_same_seed_and_actions_give_the_same_walk() -> None:
    first, second = (WalkingEnvironment([walker()] * 4, seed=5, threads=threads) for threads in (1, 2))

    np.testing.assert_array_equal(walk(first, 40), walk(second, 40))


def test_an_environment_continues_exactly_from_its_memory() -> None:
    one, other = (WalkingEnvironment([walker()] * 4, seed=5) for _ in range(2))
    walk(one, 30)

    other.load_state_dict({name: array.copy() for name, array in one.state_dict().items()})

    np.testing.assert_array_equal(walk(one, 40, seed=9), walk(other, 40, seed=9))


def test_an_observation_has_the_size_the_shipped_policy_expects() -> None:
    observation = WalkingEnvironment([walker()] * 3, seed=0).observation()

    assert observation.shape == (3, OBSERVATION_SIZE)
    assert np.isfinite(observation).all()


def test_a_walker_is_not_told_of_an_impairment() -> None:
    healthy = walker()
    weak = dataclasses.replace(GENERIC_BODY, impairments=(drop_foot(Side.LEFT, 1.0),))
    environment = WalkingEnvironment([healthy, dataclasses.replace(healthy, body=weak)], seed=0)
    environment.state[1], environment.phase[1] = environment.state[0], environment.phase[0]
    environment.sensor[1] = environment.sensor[0]

    np.testing.assert_array_equal(*environment.observation())


def test_a_walker_without_a_policy_falls_and_the_cause_has_a_name() -> None:
    environment = WalkingEnvironment([walker()] * 8, seed=1)
    causes: set[str] = set()
    for _ in range(250):
        step = environment.step(np.full((8, 14), 2.0))
        assert (step.reward[step.terminated] == 0.0).all()
        causes |= {cause for cause, fell in environment.falls().items() if fell.any()}
        environment.reset(step.terminated)

    assert causes


def test_a_restart_touches_only_the_marked_walkers() -> None:
    environment = WalkingEnvironment([walker()] * 3, seed=2)
    walk(environment, 3)
    before = environment.state.copy()

    environment.reset(np.array([False, True, False]))

    np.testing.assert_array_equal(environment.state[[0, 2]], before[[0, 2]])
    assert not np.array_equal(environment.state[1], before[1])


def test_an_episode_is_cut_at_its_length() -> None:
    environment = WalkingEnvironment([walker()], seed=2, episode_s=0.1)

    cuts = [bool(environment.step(np.zeros((1, 14))).truncated[0]) for _ in range(5)]

    assert cuts == [False, False, False, False, True]


def test_exo_torque_bends_the_hip_in_the_direction_of_flexion() -> None:
    angles = []
    for torque in (-15.0, 15.0):
        environment = WalkingEnvironment([walker("Hippo_L1")], seed=4)
        for _ in range(8):
            environment.step(np.zeros((1, 14)), lambda _world, nm=torque: np.full((1, 2), nm))
        angles.append(environment.joint_angle_rad[0, [0, 7]])

    assert (angles[1] > angles[0]).all()


def test_the_exo_is_asked_every_10_ms() -> None:
    environment = WalkingEnvironment([walker("Hippo_L1")], seed=4)
    calls = []

    environment.step(np.zeros((1, 14)), lambda _: (calls.append(1), np.zeros((1, 2)))[1])

    assert len(calls) == 2


def test_a_stride_is_kept_by_its_fourier_series() -> None:
    reference = normal_reference()
    samples = len(reference.angle_rad)
    phases = np.arange(samples) / samples
    bank = StrideBank([reference] * samples)

    # Six harmonics keep each joint's stride within half a degree.
    assert np.degrees(np.abs(bank.angle(phases) - reference.angle_rad)).max() < 0.5
    slope = (bank.angle(phases + 1e-6) - bank.angle(phases - 1e-6)) / 2e-6 / reference.period_s
    np.testing.assert_allclose(bank.velocity(phases), slope, atol=1e-4)


def test_usual_loads_carry_the_body_and_grow_with_speed() -> None:
    samples = 200
    phases, leg_m = np.arange(samples) / samples, np.full(samples, 0.9)
    reference = normal_reference()
    slow, usual = (
        StrideBank([dataclasses.replace(reference, speed_m_s=speed)] * samples).load(phases, leg_m)
        for speed in (0.6, 1.26)
    )

    assert usual.sum(axis=1).mean() == pytest.approx(1.0, abs=0.005)
    assert usual[0, 0] == 0.0 and np.abs(np.diff(usual, axis=0)).max() < 0.06  # handed over softly
    assert slow.max() < 1.1 < usual.max() < 1.3


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"angle_rad": np.full((50, 14), np.nan)}, "SIM-001"),
        ({"angle_rad": np.zeros((2 * HARMONICS, 14))}, "SIM-001"),
        ({"speed_m_s": 0.2}, "SIM-002"),
        ({"speed_m_s": 2.5}, "SIM-002"),
        ({"speed_m_s": float("nan")}, "SIM-002"),
        ({"period_s": 0.3}, "SIM-003"),
        ({"period_s": 4.0}, "SIM-003"),
        ({"angle_rad": np.full((50, 14), 3.0)}, "SIM-004"),
    ],
)
def test_a_stride_that_cannot_be_taught_is_refused_with_advice(changes: dict, code: str) -> None:
    reference: GaitReference = dataclasses.replace(normal_reference(), **changes)

    with pytest.raises(UserError) as refused:
        check_reference(reference)

    assert refused.value.advice.code == code
