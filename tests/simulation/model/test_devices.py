"""Claims about the devices of assist-sim on a body: the joints they drive and what they weigh."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.body import Joint, JointKind, Side
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.simulation.model.exo_model import attach_exo, exo_bodies, exo_model, worn_model
from core.simulation.model.joint_coupling import position_columns
from core.twin.body import Fidelity, body_spec, is_foot_geom
from core.twin.scaling import scales_for_height

pytestmark = pytest.mark.slow

TALL = BodyParameters(1.85, 90.0, scales_for_height(1.85))
HIPS = (Joint.HIP_FLEXION_L, Joint.HIP_FLEXION_R)
ANKLES = (Joint.ANKLE_L, Joint.ANKLE_R)
DRIVEN = {
    "Hippo_L1": (HIPS, 4.9),
    "HMEDI_L1": (HIPS, 4.5),
    "DephyExoBoot_L1": (ANKLES, 4.7),
    "UTAnkleExo_L2": (ANKLES, 1.9),
    "Humotech_L1": (ANKLES, 5.0),
    "OpenExo_L1": (ANKLES, 3.9),
}


@pytest.mark.parametrize("device", DRIVEN)
def test_a_device_drives_its_joints_and_comes_with_its_mass_at_every_fidelity(device: str) -> None:
    joints, mass_kg = DRIVEN[device]
    exo = exo_model(device)
    assert exo.joints == joints and exo.mass_kg == pytest.approx(mass_kg, abs=0.05)
    assert not exo.prosthesis
    for fidelity in (Fidelity.FAST, Fidelity.STANDARD):
        bare = worn_model(TALL, fidelity, None, surfaces=False)
        worn = worn_model(TALL, fidelity, device, surfaces=False)
        names = [worn.actuator(number).name for number in range(worn.nu)]
        assert names == [bare.actuator(number).name for number in range(bare.nu)] + ["Exo_L", "Exo_R"]
        assert worn.body_mass.sum() - bare.body_mass.sum() == pytest.approx(exo.mass_kg, abs=1e-6)
        for motor in exo.motors:
            assert worn.actuator(motor.name).ctrlrange == pytest.approx(motor.control)


def test_ankle_exos_push_the_foot_down_and_hip_cables_pull_the_thigh_back() -> None:
    for device in ("OpenExo_L1", "HMEDI_L1", "UTAnkleExo_L2"):
        for motor in exo_model(device).motors:
            lowest, highest = motor.torque_nm
            assert lowest < -5.0 and highest <= 0.0, motor
            assert motor.cable == (device != "OpenExo_L1")
            if motor.cable:
                assert motor.control[0] == 0.0 < motor.control[1]  # cables do not push


@pytest.mark.parametrize(("device", "motor"), [("UTAnkleExo_L2", Side.LEFT), ("HMEDI_L1", Side.RIGHT)])
def test_a_pulled_cable_moves_the_joint_it_assists_on_its_side(device: str, motor: Side) -> None:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, device)
    angles = []
    for pulled in (False, True):
        data = mujoco.MjData(model)
        data.qpos[2] = 2.0  # in the air
        if pulled:
            data.actuator(f"Exo_{motor.suffix.upper()}").ctrl = exo_model(device).motors[0].control[1]
        mujoco.mj_step(model, data, 150)
        angles.append(data.qpos[position_columns(model)].copy())
    moved = angles[1] - angles[0]
    kind = exo_model(device).joints[0].kind
    assert moved[Joint.of(kind, motor).column] < -0.02
    assert abs(moved[Joint.of(kind, motor.other).column]) < 0.005


def test_a_prosthesis_takes_the_foot_off_and_stands_where_it_stood() -> None:
    spec = body_spec(TALL, Fidelity.FAST)
    own = spec.copy().compile()
    attach_exo(spec, "NEUankle_L1")
    model = spec.compile()
    assert exo_model("NEUankle_L1").prosthesis
    assert exo_model("NEUankle_L1").joints == (Joint.of(JointKind.ANKLE, Side.RIGHT),)
    removed = {Joint.ANKLE_R, Joint.SUBTALAR_R, Joint.TOES_R}
    left = {model.joint(number).name for number in range(model.njnt)}
    assert not removed & left and "ankle_angle_l" in left
    soles = [
        {
            own.geom(geom).name: data_geom
            for geom, data_geom in enumerate(_places(own))
            if _is_sole(own, geom)
        },
        {model.geom(geom).name: place for geom, place in enumerate(_places(model)) if _is_sole(model, geom)},
    ]
    assert soles[0].keys() == soles[1].keys()
    for name, place in soles[0].items():
        np.testing.assert_allclose(soles[1][name], place, atol=1e-6)
    foot = model.geom_bodyid[model.geom("foot_col1_r").id]
    assert foot in exo_bodies(model, "NEUankle_L1")


def _is_sole(model: mujoco.MjModel, geom: int) -> bool:
    return is_foot_geom(model.geom(geom).name)


def _places(model: mujoco.MjModel) -> np.ndarray:
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return data.geom_xpos.copy()


def test_the_other_bodies_of_myo_sim_wear_an_exo_too() -> None:
    bare = worn_model(GENERIC_BODY, Fidelity.LUMPED, None, surfaces=False)
    worn = worn_model(GENERIC_BODY, Fidelity.LUMPED, "Hippo_L1", surfaces=False)
    assert worn.nu == bare.nu + 2 and worn.nq == bare.nq
    assert worn.actuator(worn.nu - 1).name == "Exo_R"
