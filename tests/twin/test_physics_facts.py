"""Physics facts that every simulated body obeys."""

from functools import cache

import mujoco
import numpy as np
import pytest

from core.domain.body import JOINTS, SIDES
from core.domain.twin import GENERIC_BODY
from core.simulation.model.model_sensors import SensorColumns, add_sensors
from core.simulation.physics.batch import BatchPhysics
from core.twin.body import Fidelity, body_spec
from core.twin.scaling import neutral_pose

LEGS = (Fidelity.FAST, Fidelity.LUMPED, Fidelity.STANDARD)
GRAVITY_M_S2 = 9.81


@cache
def generic(fidelity: Fidelity) -> mujoco.MjModel:
    spec = body_spec(GENERIC_BODY, fidelity, surfaces=False)
    add_sensors(spec)
    return spec.compile()


def momentum(model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
    """Velocity of the whole body's centre of mass (3,)."""
    mujoco.mj_subtreeVel(model, data)
    return np.array(data.subtree_linvel[0])


@pytest.mark.slow
@pytest.mark.parametrize("fidelity", LEGS)
def test_a_body_in_the_air_falls_with_g_whatever_its_muscles_do(fidelity):
    model = generic(fidelity)
    data = mujoco.MjData(model)
    data.qpos[:] = neutral_pose(model)
    data.qpos[2] = 5.0
    data.ctrl[:] = 0.3
    for _ in range(100):
        mujoco.mj_step(model, data)
    mujoco.mj_forward(model, data)

    np.testing.assert_allclose(momentum(model, data), [0.0, 0.0, -GRAVITY_M_S2 * data.time], atol=0.01)
    bent = data.qpos[7:] - neutral_pose(model)[7:]
    assert np.abs(bent).max() > 0.05  # it did move


def standing_statue() -> tuple[mujoco.MjModel, mujoco.MjData]:
    """The servo-driven body with stiff joints, leaning so that its mass is above the middle of its feet."""
    spec = body_spec(GENERIC_BODY, Fidelity.FAST)
    add_sensors(spec)
    for servo in spec.actuators:
        servo.gainprm[0] *= 30.0
        servo.biasprm[1:3] = np.array(servo.biasprm[1:3]) * 30.0
        servo.forcerange = [-1000.0, 1000.0]
    model = spec.compile()
    data = mujoco.MjData(model)
    ankles = [model.joint(f"ankle_angle_{side.suffix}").qposadr[0] for side in SIDES]
    mujoco.mj_forward(model, data)
    middle_m = 0.5 * (data.body("calcn_l").xpos[1] + data.body("toes_l").xpos[1])
    lean = (data.subtree_com[0, 1] - middle_m) / (data.subtree_com[0, 2] - data.body("talus_l").xpos[2])
    data.qpos[ankles] = lean
    data.qpos[3:7] = [np.cos(lean / 2), np.sin(lean / 2), 0.0, 0.0]
    mujoco.mj_forward(model, data)
    sole = min(
        data.geom_xpos[geom, 2] - model.geom_size[geom, 0]
        for geom in range(model.ngeom)
        if model.geom(geom).name.startswith("foot_col1")
    )
    data.qpos[2] -= sole
    data.ctrl[:] = data.qpos[[model.joint(joint.value).qposadr[0] for joint in JOINTS]]
    return model, data


def test_two_feet_carry_the_weight_of_a_standing_body_below_its_centre_of_mass():
    model, data = standing_statue()
    columns = SensorColumns.of(model)
    forces, points = [], []
    for step in range(1000):
        mujoco.mj_step(model, data)
        if step >= 800:
            forces.append(columns.ground_force_n(data.sensordata[None])[0])
            points.append(columns.ground_point_m(data.sensordata[None])[0])
    force, point = np.mean(forces, axis=0), np.mean(points, axis=0)
    mujoco.mj_forward(model, data)

    weight_n = GENERIC_BODY.mass_kg * GRAVITY_M_S2
    assert np.abs(data.qvel).max() < 0.02  # it has settled
    assert force[:, 2].sum() == pytest.approx(weight_n, rel=0.01)
    assert np.abs(force[:, :2].sum(axis=0)).max() < 0.01 * weight_n
    assert force[0, 2] == pytest.approx(force[1, 2], rel=0.05)
    centre_of_pressure_m = (force[:, 2] @ point[:, :2]) / force[:, 2].sum()
    np.testing.assert_allclose(centre_of_pressure_m, data.subtree_com[0, :2], atol=0.003)


@pytest.mark.parametrize(
    ("fidelity", "muscle", "joint"),
    [
        (Fidelity.STANDARD, "soleus_r", "ankle_angle_r"),
        (Fidelity.STANDARD, "tibant_l", "ankle_angle_l"),
        (Fidelity.STANDARD, "vasint_r", "knee_angle_r"),
        (Fidelity.STANDARD, "glmax2_l", "hip_flexion_l"),
        (Fidelity.LUMPED, "soleus_r", "ankle_angle_r"),
        (Fidelity.LUMPED, "vasti_l", "knee_angle_l"),
    ],
)
def test_at_optimal_length_and_rest_a_muscle_pulls_its_peak_force_times_activation(fidelity, muscle, joint):
    model = generic(fidelity)
    own = model.actuator(muscle).id
    shortest, longest = model.actuator_gainprm[own, :2]
    reach = model.actuator_lengthrange[own]
    fibre_m = (reach[1] - reach[0]) / (longest - shortest)
    optimal_m = reach[0] + (1.0 - shortest) * fibre_m
    data = mujoco.MjData(model)

    def excess_m(angle_rad: float) -> float:
        data.qpos[:] = neutral_pose(model)
        data.qpos[model.joint(joint).qposadr[0]] = angle_rad
        follow(model, data)
        mujoco.mj_forward(model, data)
        return float(data.actuator_length[own] - optimal_m)

    low, high = model.joint(joint).range
    assert excess_m(low) * excess_m(high) < 0, "the joint does not reach the optimal length"
    rising = excess_m(high) > 0
    for _ in range(50):
        middle = 0.5 * (low + high)
        if (excess_m(middle) > 0) == rising:
            high = middle
        else:
            low = middle
    for activation in (0.0, 0.25, 1.0):
        data.act[:] = activation
        mujoco.mj_forward(model, data)
        expected = -activation * model.actuator_gainprm[own, 2]
        assert data.actuator_force[own] == pytest.approx(expected, rel=1e-3, abs=1e-3)


def follow(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Put coupled joints where their polynomials want them."""
    for index in range(model.neq):
        driver, driven = model.eq_obj2id[index], model.eq_obj1id[index]
        angle = data.qpos[model.jnt_qposadr[driver]]
        value = np.polynomial.polynomial.polyval(angle, model.eq_data[index, :5])
        data.qpos[model.jnt_qposadr[driven]] = value


@pytest.mark.parametrize("fidelity", [Fidelity.LUMPED, Fidelity.STANDARD])
def test_moment_arms_are_the_slope_of_muscle_length(fidelity):
    model = generic(fidelity)
    data = mujoco.MjData(model)
    rng = np.random.default_rng(3)
    angle = model.jnt_qposadr[[model.joint(joint.value).id for joint in JOINTS]]
    low, high = model.jnt_range[[model.joint(joint.value).id for joint in JOINTS]].T
    for _ in range(3):
        data.qpos[:] = neutral_pose(model)
        data.qpos[angle] = np.clip(rng.normal(0.15, 0.2, len(JOINTS)), low, high)
        follow(model, data)
        here = data.qpos.copy()
        mujoco.mj_fwdPosition(model, data)
        arms = np.zeros((model.nu, model.nv))
        mujoco.mju_sparse2dense(
            arms, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
        )
        slopes = np.empty_like(arms)
        for dof in range(model.nv):
            lengths = []
            for step in (1e-5, -1e-5):
                push = np.zeros(model.nv)
                push[dof] = 1.0
                data.qpos[:] = here
                mujoco.mj_integratePos(model, data.qpos, push, step)
                mujoco.mj_fwdPosition(model, data)
                lengths.append(data.actuator_length.copy())
            slopes[:, dof] = (lengths[0] - lengths[1]) / 2e-5
        np.testing.assert_allclose(arms, slopes, atol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("fidelity", LEGS)
def test_the_energy_of_a_passive_swing_decays(fidelity):
    spec = body_spec(GENERIC_BODY, fidelity, surfaces=False)
    spec.delete(spec.joint("root"))  # the pelvis is held in the air
    spec.body("Full Body").pos = [0.0, 0.0, 2.0]
    spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_ACTUATION)
    spec.option.enableflags |= int(mujoco.mjtEnableBit.mjENBL_ENERGY)
    model = spec.compile()
    data = mujoco.MjData(model)
    data.qpos[:] = neutral_pose(model)
    for side in SIDES:
        data.qpos[model.joint(f"hip_flexion_{side.suffix}").qposadr[0]] = 0.6
    mujoco.mj_forward(model, data)
    energies = [data.energy.sum()]
    for _ in range(20):
        for _ in range(50):
            mujoco.mj_step(model, data)
        mujoco.mj_forward(model, data)
        energies.append(data.energy.sum())

    swing_j = energies[0] - energies[-1]
    assert swing_j > 5.0
    assert np.diff(energies).max() < 0.01 * swing_j


@pytest.mark.parametrize("fidelity", [Fidelity.LUMPED, Fidelity.STANDARD])
def test_a_batch_of_muscle_bodies_gives_what_each_gives_alone(fidelity):
    model = generic(fidelity)
    rng = np.random.default_rng(1)
    physics, alone = BatchPhysics([model] * 3, threads=2), BatchPhysics([model], threads=1)
    position = np.repeat(neutral_pose(model)[None], 3, axis=0)
    position[:, 2] = [0.9, 0.95, 1.2]
    state = physics.at_rest(position, rng.normal(0.0, 0.1, (3, model.nv)))
    control = rng.uniform(0.0, 0.5, (3, model.nu))

    together = physics.advance(state, control, 25)

    for number in range(3):
        single = alone.advance(state[[number]], control[[number]], 25)
        np.testing.assert_array_equal(together.state[number], single.state[0])
        np.testing.assert_array_equal(together.sensor[number], single.sensor[0])
    assert np.abs(together.state - state).max() > 0.01
