"""Claims about straps: linear bushings between an exo and its wearer."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.body import JOINTS, Joint
from core.domain.twin import GENERIC_BODY
from core.simulation.model.exo_model import exo_model, worn_model
from core.simulation.model.straps import CUFF, Bushing, Strap, StrapColumns, add_strap
from core.simulation.physics.batch import BatchPhysics
from core.twin.body import Fidelity

DEVICE = "Hippo_L1"
STIFFNESS = np.array([*CUFF.stiffness_n_m, *CUFF.stiffness_nm_rad])
DAMPING = np.array([*CUFF.damping_n_s_m, *CUFF.damping_nm_s_rad])


def strapped(mass_kg: float = 0.5, bushing: Bushing = CUFF) -> tuple[mujoco.MjModel, StrapColumns]:
    """A cuff on a limb that does not move, in a room without gravity."""
    spec = mujoco.MjSpec()
    spec.option.timestep, spec.option.gravity = 0.002, [0.0, 0.0, 0.0]
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.worldbody.add_body(name="limb")
    cuff = add_strap(spec, Strap("limb", bushing), "cuff", np.array([0.0, -0.2, 0.0]))
    cuff.add_geom(size=[0.05, 0.05, 0.05], mass=mass_kg)
    model = spec.compile()
    return model, StrapColumns.of(model, "cuff")


def test_the_force_of_a_bushing_is_linear_in_six_distances_and_six_speeds() -> None:
    model, columns = strapped()
    rng = np.random.default_rng(0)
    for _ in range(5):
        data = mujoco.MjData(model)
        data.qpos[columns.position] = distance = rng.normal(0.0, 0.01, 6)
        data.qvel[columns.velocity] = speed = rng.normal(0.0, 0.1, 6)
        mujoco.mj_forward(model, data)
        expected = STIFFNESS * distance + DAMPING * speed
        np.testing.assert_allclose(-data.qfrc_passive[columns.velocity], expected, rtol=1e-12)
        np.testing.assert_allclose(columns.load(CUFF, data.qpos, data.qvel), expected, rtol=1e-12)


def test_a_cuff_gives_way_by_force_over_stiffness_and_twice_as_far_for_twice_the_force() -> None:
    model, columns = strapped()
    load = np.array([100.0, -40.0, 60.0, 0.0, 0.0, 0.0])
    given = []
    for factor in (1.0, 2.0):
        data = mujoco.MjData(model)
        data.body("cuff").xfrc_applied[:] = factor * load
        mujoco.mj_step(model, data, 500)
        given.append(data.qpos[columns.position].copy())
    np.testing.assert_allclose(given[0], load / STIFFNESS, rtol=1e-3, atol=1e-9)
    np.testing.assert_allclose(given[1], 2.0 * given[0], rtol=1e-3, atol=1e-9)


def test_a_kicked_cuff_of_five_grams_comes_to_rest_and_too_little_damping_is_not_accepted() -> None:
    model, columns = strapped(mass_kg=0.005)
    data = mujoco.MjData(model)
    data.qvel[columns.velocity] = 1.0
    mujoco.mj_step(model, data, 500)
    assert np.abs(data.qpos).max() < 1e-6 and not any(warning.number for warning in data.warning)

    loose = Bushing((1e4,) * 3, (5.0,) * 3, (100.0,) * 3, (1.0,) * 3)
    with pytest.raises(ValueError, match="damping"):
        strapped(bushing=loose)


def test_straps_add_six_freedoms_each_and_change_neither_mass_nor_motors() -> None:
    exo = exo_model(DEVICE)
    rigid = worn_model(GENERIC_BODY, Fidelity.FAST, DEVICE)
    soft = worn_model(GENERIC_BODY, Fidelity.FAST, DEVICE, straps=exo.straps)
    assert [strap.limb for strap in exo.straps] == ["pelvis", "femur_r", "femur_l"]
    assert soft.nv == rigid.nv + 18
    assert soft.body_mass.sum() == pytest.approx(rigid.body_mass.sum())
    assert [soft.actuator(number).name for number in range(soft.nu)] == [
        rigid.actuator(number).name for number in range(rigid.nu)
    ]
    for part in ("Hippo_L1_hippo_thigh_l", "Hippo_L1_hippo_backplate"):
        np.testing.assert_allclose(_place(soft, part), _place(rigid, part), atol=1e-9)


def _place(model: mujoco.MjModel, body: str) -> np.ndarray:
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return np.concatenate([data.body(body).xpos, data.body(body).xquat])


@pytest.mark.slow
@pytest.mark.parametrize(("device", "joint"), [(DEVICE, Joint.HIP_FLEXION_L), ("OpenExo_L1", Joint.ANKLE_L)])
def test_the_motor_turns_the_straps_and_through_them_the_joint(device: str, joint: Joint) -> None:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, device, straps=exo_model(device).straps)
    data = mujoco.MjData(model)
    data.actuator("Exo_L").ctrl = -8.0
    mujoco.mj_forward(model, data)
    freedom = model.joint(joint.value).dofadr[0]
    servo = data.actuator_force[: len(JOINTS)][joint.column]
    assert data.qfrc_actuator[freedom] - servo == pytest.approx(-8.0, rel=1e-6)
    held = "femur_l" if joint is Joint.HIP_FLEXION_L else "tibia_l"
    moments = data.qfrc_actuator[StrapColumns.of(model, f"{device}_strap_{held}").velocity][3:]
    assert np.linalg.norm(moments) == pytest.approx(8.0, rel=1e-6)


def test_a_body_in_straps_steps_at_two_milliseconds_without_breaking_down() -> None:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, DEVICE, straps=exo_model(DEVICE).straps)
    physics = BatchPhysics([model] * 2, threads=1)
    position = np.zeros((2, model.nq))
    position[:, 2], position[:, 3] = 0.95, 1.0
    state = physics.at_rest(position, np.zeros((2, model.nv)))
    control = np.zeros((2, model.nu))
    control[:, -2:] = [18.0, -18.0]
    columns = StrapColumns.of(model, "Hippo_L1_strap_femur_l")
    for _ in range(30):
        advance = physics.advance(state, control, 10)
        assert not advance.diverged.any()
        state = advance.state
    given = physics.position(state)[:, columns.position]
    assert np.abs(given[:, :3]).max() < 0.02  # m
    assert 0.02 < np.abs(given[:, 5]).max() < 0.08  # rad: 18 N m on 450 N m/rad, and the cuff's own weight
