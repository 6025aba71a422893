"""The 416-muscle body is actuated by its leg muscles as the 80-muscle body is."""

from __future__ import annotations

from functools import cache
from typing import Any

import mujoco
import numpy as np
import pytest

from core.domain.body import Side
from core.domain.muscles import Muscle
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.simulation.analysis.muscle_analysis import muscle_analysis
from core.simulation.environment.actuation import ActuationInputs, MuscleActuation
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker, actuation_of
from core.simulation.model.exo_model import worn_model
from core.simulation.model.joint_coupling import FullPose, velocity_columns
from core.simulation.model.model_sensors import SensorEvaluator
from core.simulation.muscles.coordination import CoordinationNetwork
from core.simulation.muscles.leg_muscles import leg_columns, moment_arm_polynomial
from core.simulation.physics.batch import BatchPhysics
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity

pytestmark = pytest.mark.slow

ROWS = 5
LEG_MUSCLES = 80
every_muscle_fidelity = pytest.mark.parametrize("fidelity", [Fidelity.STANDARD, Fidelity.FULL])


@cache
def body(fidelity: Fidelity) -> Any:
    return worn_model(GENERIC_BODY, fidelity, None, surfaces=False)


@cache
def driven(fidelity: Fidelity) -> MuscleActuation:
    network = shipped_policy(muscles=True).coordination
    assert network is not None
    return MuscleActuation([body(fidelity)] * ROWS, [GENERIC_BODY] * ROWS, CoordinationNetwork(network))


@cache
def inputs(fidelity: Fidelity) -> ActuationInputs:
    """Poses of the normal stride in the air; its movement and the leg muscles' activation are drawn."""
    model, rng = body(fidelity), np.random.default_rng(3)
    angle = normal_reference().angle_rad[:: len(normal_reference().angle_rad) // ROWS][:ROWS]
    velocity = rng.normal(0.0, 1.0, angle.shape)
    pose, physics = FullPose(model), BatchPhysics([model] * ROWS, threads=1)
    root = np.repeat([[0.0, 0.0, 2.0, 1.0, 0.0, 0.0, 0.0]], ROWS, axis=0)
    state = physics.at_rest(pose.position(root, angle), pose.velocity(angle, velocity))
    activation = state[:, 1 + model.nq + model.nv :]
    activation[:, leg_columns(model).ravel()] = rng.uniform(0.0, 1.0, (ROWS, LEG_MUSCLES))
    sensor = SensorEvaluator([model] * ROWS).evaluate(state, np.arange(ROWS))
    phase, walking = np.arange(ROWS) / ROWS, np.ones(ROWS)
    return ActuationInputs(angle + 0.1, angle, velocity, state, sensor, phase, walking)


@every_muscle_fidelity
def test_the_actuation_reports_the_joint_torques_of_the_physics(fidelity: Fidelity) -> None:
    model, given = body(fidelity), inputs(fidelity)
    data = mujoco.MjData(model)
    arms = np.zeros((ROWS, 1, model.nv))
    for row, state in enumerate(given.state):
        mujoco.mj_setState(model, data, state, mujoco.mjtState.mjSTATE_FULLPHYSICS)
        mujoco.mj_forward(model, data)
        arms[row, 0] = data.qfrc_actuator

    physics_torque = FullPose(model).joint_moment_arms(arms, given.angle_rad)[:, 0]

    # the moment arms are polynomials, a fraction of a millimetre off, and every muscle pulls
    assert np.sqrt(np.mean((driven(fidelity).torque_nm(given) - physics_torque) ** 2)) < 3.0
    assert np.abs(physics_torque).max() > 100.0


def test_equal_leg_activations_make_equal_joint_torques_in_80_and_416_muscles() -> None:
    torques = []
    for fidelity in (Fidelity.STANDARD, Fidelity.FULL):
        model, data = body(fidelity), mujoco.MjData(body(fidelity))
        mujoco.mj_setState(model, data, inputs(fidelity).state[0], mujoco.mjtState.mjSTATE_FULLPHYSICS)
        mujoco.mj_forward(model, data)
        torques.append(data.qfrc_actuator[velocity_columns(model)])

    np.testing.assert_allclose(torques[1], torques[0], atol=1e-9)
    np.testing.assert_allclose(
        driven(Fidelity.FULL).torque_nm(inputs(Fidelity.FULL)),
        driven(Fidelity.STANDARD).torque_nm(inputs(Fidelity.STANDARD)),
        atol=1e-3,
    )


def test_the_actuation_excites_the_leg_muscles_as_in_80_muscles_and_no_other() -> None:
    model = body(Fidelity.FULL)
    legs = leg_columns(model).ravel()
    others = np.setdiff1d(np.arange(model.nu), legs)

    control = driven(Fidelity.FULL).control(inputs(Fidelity.FULL))

    assert control.shape == (ROWS, model.nu) == (ROWS, 416)
    assert (control[:, others] == 0.0).all() and len(others) == 416 - LEG_MUSCLES
    standard = driven(Fidelity.STANDARD).control(inputs(Fidelity.STANDARD))
    assert standard.max() > 0.2
    np.testing.assert_allclose(control[:, legs], standard, atol=1e-4)


def test_effort_is_that_of_the_legs_whatever_muscles_the_upper_body_has() -> None:
    efforts = [driven(fidelity).effort(inputs(fidelity)) for fidelity in (Fidelity.STANDARD, Fidelity.FULL)]

    np.testing.assert_allclose(efforts[1], efforts[0], rtol=1e-6)
    assert (efforts[0] > 0.2).all()  # of uniform activations: a third


def test_legs_become_rows_right_leg_first_and_muscles_again() -> None:
    model, leg_muscles = body(Fidelity.FULL), driven(Fidelity.FULL).leg_muscles
    names = [model.actuator(number).name for number in range(model.nu)]
    by_walker = np.arange(model.nu, dtype=np.float64)[None].repeat(ROWS, axis=0)

    rows = leg_muscles.legs(by_walker)

    assert {names[int(column)][-2:] for column in rows[0]} == {"_r"}
    assert {names[int(column)][-2:] for column in rows[-1]} == {"_l"}
    legs = leg_columns(model).ravel()
    np.testing.assert_array_equal(leg_muscles.walkers(rows)[:, legs], by_walker[:, legs])


def test_moment_arms_of_the_legs_are_the_same_in_80_and_416_muscles() -> None:
    standard, full = (
        moment_arm_polynomial(body(fidelity)) for fidelity in (Fidelity.STANDARD, Fidelity.FULL)
    )

    np.testing.assert_allclose(full, standard, atol=1e-6)


def test_the_policy_trained_with_80_muscles_walks_on_416() -> None:
    walkers = [Walker(body(Fidelity.FULL), GENERIC_BODY, normal_reference())] * 2
    policy = shipped_policy(muscles=True)
    environment = WalkingEnvironment(walkers, seed=4, actuation=actuation_of(walkers, policy), threads=1)

    fell = np.zeros(2, dtype=np.bool_)
    for _ in range(150):
        fell |= environment.step(policy.act(environment.observation())).terminated

    assert not fell.any()
    assert (environment.walked_m > 2.5).all()


def test_the_muscle_analysis_of_416_muscles_is_of_the_leg_muscles() -> None:
    model = body(Fidelity.FULL)
    state, control = np.zeros((20, 1 + model.nq + model.nv + model.na)), np.zeros((20, model.nu))
    state[:, 0], state[:, 1 : 1 + model.nq] = 0.01 * np.arange(20), model.qpos0
    soleus = model.actuator(Muscle.SOLEUS.on(Side.RIGHT)).id
    state[:, 1 + model.nq + model.nv + soleus] = 0.5

    facts = muscle_analysis(model, state, control)

    assert set(facts.muscle_names) == {muscle.on(side) for muscle in Muscle for side in Side}
    active = [
        name for name, fraction in zip(facts.muscle_names, facts.activation[0], strict=True) if fraction > 0
    ]
    assert active == [Muscle.SOLEUS.on(Side.RIGHT)]
    assert facts.force_n[0, facts.muscle_names.index(active[0])] > 500.0
