"""Claims about walkers without a reference: synergies excite muscles, rewards are the stated numbers."""

from __future__ import annotations

import dataclasses

import mujoco
import numpy as np
import pytest

from core.domain.body import Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup
from core.domain.scenario import Ground, GroundKind
from core.domain.twin import GENERIC_BODY
from core.simulation.environment import predictive_rewards as rewards
from core.simulation.environment.neural_delay import NeuralDelay
from core.simulation.environment.predictive import PredictiveEnvironment
from core.simulation.environment.predictive_rewards import PREDICTIVE_REWARD, StepQuantities
from core.simulation.environment.reward_term import weighted_reward
from core.simulation.environment.synergy_action import ACTION_LIMIT, actions_for, excitations
from core.simulation.model.model_sensors import SensorColumns
from tests.simulation.environment.predictive_walkers import (
    FULL,
    SYNERGIES,
    environment,
    lean_model,
    plain_synergies,
)


def walk(world: PredictiveEnvironment, steps: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        step = world.step(rng.normal(0.0, 0.5, (world.size, world.action_size)))
        world.reset(step.terminated | step.truncated)
    return world.observation()


# Synergies move muscles


def test_any_action_excites_muscles_between_nothing_and_all() -> None:
    action = np.random.default_rng(0).normal(0.0, 5.0, (50, SYNERGIES + 80))

    excitation = excitations(action, plain_synergies())

    assert excitation.min() == 0.0 and excitation.max() == 1.0


def test_a_synergy_excites_its_muscles_together_and_no_others() -> None:
    action = np.zeros((1, SYNERGIES + 80))
    action[0, :SYNERGIES] = -ACTION_LIMIT
    action[0, 2] = ACTION_LIMIT

    excitation = excitations(action, plain_synergies())[0]

    assert excitation[2::4] == pytest.approx(1.0)
    assert excitation.sum() == pytest.approx(20.0)


def test_an_excitation_is_reached_by_the_action_that_is_computed_for_it() -> None:
    synergies = plain_synergies()
    timing = np.random.default_rng(1).uniform(0.1, 0.8, (6, SYNERGIES))
    wanted = timing @ synergies + np.random.default_rng(2).uniform(-0.05, 0.05, (6, 80))

    made = excitations(actions_for(wanted, synergies, timing), synergies)

    np.testing.assert_allclose(made, wanted, atol=1e-12)


def test_excited_muscles_become_active_after_the_walkers_latency() -> None:
    rise = []
    for latency_s in (0.0, 0.02):
        world = environment(1, latency_s=latency_s)
        action = np.zeros((1, world.action_size))
        action[0, :SYNERGIES] = ACTION_LIMIT
        world.step(action)
        rise.append(float(world.activation.mean()))

    assert rise[0] > 0.4
    assert rise[1] == pytest.approx(0.1, abs=0.01)  # still what the standing body had


# Rewards on tiny inputs


def quantities(**changes: object) -> StepQuantities:
    still = StepQuantities(
        forward_error_m_s=np.zeros(1),
        sideways_m_s=np.zeros(1),
        upright=np.ones(1),
        heading=np.ones(1),
        drift_m=np.zeros(1),
        activation=np.zeros((1, 2)),
        muscle_fraction=np.array([0.75, 0.25]),
        head_acceleration_m_s2=np.zeros((1, 3)),
        beyond_range_rad=np.zeros((1, 14)),
        load=np.array([[1.0, 0.0]]),
        pain=np.zeros((1, 2)),
        residual=np.zeros((1, 2)),
    )
    return dataclasses.replace(still, **changes)


def test_nothing_wrong_earns_everything() -> None:
    reward, terms = weighted_reward(PREDICTIVE_REWARD, quantities())

    assert reward[0] == pytest.approx(1.0)
    assert set(terms) == {term.name for term in PREDICTIVE_REWARD}


@pytest.mark.parametrize(
    ("term", "changes", "value"),
    [
        ("progress", {"forward_error_m_s": np.array([-0.5])}, np.exp(-1.0)),
        ("progress", {"sideways_m_s": np.array([0.5])}, np.exp(-1.0)),
        ("posture", {"upright": np.array([0.9]), "heading": np.array([0.9])}, np.exp(-1.2)),
        ("posture", {"drift_m": np.array([0.5])}, np.exp(-1.0)),
        ("steady_head", {"head_acceleration_m_s2": np.array([[3.0, 0.0, 4.0]])}, np.exp(-0.5)),
        ("gentleness", {"load": np.array([[1.2, 0.0]])}, 1.0),
        ("gentleness", {"load": np.array([[1.75, 1.75]])}, np.exp(-2.0)),
        ("pain", {"pain": np.array([[0.5, 0.0]]), "load": np.array([[0.8, 1.0]])}, -0.4),
        ("synergy_residual", {"residual": np.array([[1.0, -3.0]])}, -5.0),
    ],
)
def test_each_term_is_the_stated_number(term: str, changes: dict, value: float) -> None:
    assert getattr(rewards, term)(quantities(**changes))[0] == pytest.approx(value)


def test_a_large_muscle_costs_more_effort_than_a_small_one() -> None:
    large, small = (quantities(activation=np.array([active])) for active in ([1.0, 0.0], [0.0, 1.0]))

    assert rewards.effort(large)[0] == 0.75 and rewards.effort(small)[0] == 0.25
    assert rewards.economy(large)[0] < rewards.economy(small)[0] < 1.0


def test_four_degrees_beyond_a_joints_range_lose_half_the_comfort() -> None:
    beyond = np.zeros((1, 14))
    beyond[0, 3] = np.radians(4.0)

    assert rewards.comfort(quantities(beyond_range_rad=beyond))[0] == pytest.approx(0.5, abs=0.02)


# The world


def test_the_same_seed_and_actions_give_the_same_walk() -> None:
    first, second = (environment(4, seed=5, threads=threads, latency_s=0.01) for threads in (1, 2))

    np.testing.assert_array_equal(walk(first, 30), walk(second, 30))


def test_a_walker_walks_in_a_batch_as_it_does_alone() -> None:
    batch, alone = environment(3, seed=6), environment(1, seed=6)
    memory = batch.state_dict()
    first = {name: array[:1] for name, array in memory.items() if len(array) == batch.size}
    alone.load_state_dict(memory | first | {"delay_ring": memory["delay_ring"][:, :1]})
    rng = np.random.default_rng(1)

    for _ in range(15):
        action = rng.normal(0.0, 0.5, (3, batch.action_size))
        batch.step(action)
        alone.step(action[:1])

    np.testing.assert_array_equal(batch.state[0], alone.state[0])


def test_an_environment_continues_exactly_from_its_memory() -> None:
    one, other = (environment(3, seed=5, latency_s=0.02, episode_s=0.3) for _ in range(2))
    walk(one, 20)

    other.load_state_dict({name: array.copy() for name, array in one.state_dict().items()})

    np.testing.assert_array_equal(walk(one, 20, seed=9), walk(other, 20, seed=9))


def test_an_observation_holds_body_muscles_and_the_wanted_speed_but_no_clock() -> None:
    world = environment(2, speeds_m_s=(0.95, 1.05))

    seen = world.observation()

    assert seen.shape == (2, 46 + 80)
    assert np.isfinite(seen).all()
    np.testing.assert_allclose(seen[:, 44], world.command_m_s, rtol=1e-6)
    before = seen.copy()
    world.state[:, 0] += 0.37  # time alone
    np.testing.assert_array_equal(world.observation(), before)


def test_walks_begin_from_recorded_moments_near_the_commanded_speed() -> None:
    slow, fast = environment(3, speeds_m_s=(0.0, 0.1)), environment(3, speeds_m_s=(0.9, 1.0))

    assert np.abs(slow.physics.velocity(slow.state)[:, 1]).max() < 0.01
    np.testing.assert_allclose(fast.physics.velocity(fast.state)[:, 1], -1.0)
    assert (slow.load.sum(axis=1) > 0.0).all()


def test_on_a_ramp_the_start_follows_the_slope() -> None:
    ramp = Ground(GroundKind.RAMP, slope_rad=np.radians(6.0))

    level, up = environment(2, speeds_m_s=(1.0, 1.0)), environment(2, speeds_m_s=(1.0, 1.0), ground=ramp)

    hips = up.joint_angle_rad[:, [0, 7]] - level.joint_angle_rad[:, [0, 7]]
    np.testing.assert_allclose(hips, np.radians(6.0), atol=1e-9)
    assert (up.physics.velocity(up.state)[:, 2] > 0.1).all()
    assert up.observation()[0, 45] == pytest.approx(np.tan(np.radians(6.0)), rel=1e-5)


def test_a_body_whose_muscles_go_slack_falls_and_earns_nothing_for_it() -> None:
    world = environment(4, seed=2)
    slack = np.full((4, world.action_size), -ACTION_LIMIT)
    causes: set[str] = set()

    for _ in range(80):
        step = world.step(slack)
        assert (step.reward[step.terminated] == 0.0).all()
        causes |= {cause for cause, who in world.falls().items() if who.any()}
        if step.terminated.all():
            break

    assert "sank down" in causes or "tipped over" in causes


def test_a_restart_touches_only_the_marked_walkers() -> None:
    world = environment(3, seed=2)
    for _ in range(3):
        world.step(np.zeros((3, world.action_size)))
    before = world.state.copy()

    world.reset(np.array([False, True, False]))

    np.testing.assert_array_equal(world.state[[0, 2]], before[[0, 2]])
    assert not np.array_equal(world.state[1], before[1])
    assert world.time_s.tolist() == pytest.approx([0.06, 0.0, 0.06])


def test_an_episode_is_cut_at_its_length() -> None:
    world = environment(1, episode_s=0.06)

    assert [bool(world.step(np.zeros((1, world.action_size))).truncated[0]) for _ in range(3)] == [
        False,
        False,
        True,
    ]


def test_a_leg_that_hurts_makes_standing_on_it_worse() -> None:
    sore = dataclasses.replace(GENERIC_BODY, impairments=(Impairment(ImpairmentKind.PAIN, 0.8, Side.LEFT),))
    healthy, hurting = environment(1), environment(1, body=sore)
    action = np.zeros((1, healthy.action_size))

    gained = [world.step(action) for world in (healthy, hurting)]

    assert gained[1].reward_terms["pain"] < -0.1
    assert gained[0].reward_terms["pain"] == 0.0
    assert gained[1].reward[0] < gained[0].reward[0]


def test_a_body_that_reacts_late_excites_its_muscles_later() -> None:
    late = dataclasses.replace(GENERIC_BODY, impairments=(Impairment(ImpairmentKind.DELAY, 0.4),))
    active = []
    for body in (GENERIC_BODY, late):
        world = environment(1, body=body)
        action = np.zeros((1, world.action_size))
        action[0, :SYNERGIES] = ACTION_LIMIT
        world.step(action)
        active.append(float(world.activation.mean()))

    assert active[0] > 0.4
    assert active[1] == pytest.approx(0.1, abs=0.01)


def test_a_spastic_muscle_that_is_stretched_gets_more_than_was_decided() -> None:
    calf = Impairment(ImpairmentKind.SPASTICITY, 1.0, Side.LEFT, group=MuscleGroup.PLANTARFLEXORS)
    spastic = dataclasses.replace(GENERIC_BODY, impairments=(calf,))
    model = lean_model()
    nerves = [NeuralDelay([model], [body], [0.0], 0.01) for body in (GENERIC_BODY, spastic)]
    sensor = np.zeros((1, model.nsensordata))
    sensor[0, SensorColumns.of(model).speed] = 0.5  # every muscle is stretched by half a metre per second
    state = environment(1).state

    for _ in range(6):
        plain, more = (path(np.full((1, 80), 0.2), state, sensor) for path in nerves)

    soleus = [model.actuator(f"soleus_{side}").id for side in "lr"]
    assert (plain == 0.2).all()
    assert more[0, soleus[0]] > 0.3
    assert more[0, soleus[1]] == pytest.approx(0.2)


def test_an_exo_is_asked_every_10_ms_and_moves_the_hips() -> None:
    angles = []
    for torque in (-15.0, 15.0):
        world = environment(1, device="Hippo_L1")
        calls = []

        def assist(_: PredictiveEnvironment, nm: float = torque, calls: list = calls) -> np.ndarray:
            calls.append(nm)
            return np.full((1, 2), nm)

        for _ in range(5):
            world.step(np.zeros((1, world.action_size)), assist)
        assert len(calls) == 10
        angles.append(world.joint_angle_rad[0, [0, 7]])

    assert (angles[1] > angles[0]).all()


def test_the_heads_acceleration_is_that_of_the_simulated_head() -> None:
    world, model = environment(1), lean_model()
    data, speeds = mujoco.MjData(model), []
    for _ in range(2):
        mujoco.mj_setState(model, data, world.state[0], FULL)
        mujoco.mj_forward(model, data)
        velocity = np.zeros(6)
        head = model.body("head").id
        mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_BODY, head, velocity, 0)
        speeds.append(velocity[3:])
        if len(speeds) == 1:
            world.step(np.full((1, world.action_size), 0.5))

    assert world.quantities is not None
    expected = (speeds[1] - speeds[0]) / 0.02
    np.testing.assert_allclose(world.quantities.head_acceleration_m_s2[0], expected, atol=1e-6)
