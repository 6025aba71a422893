"""Claims about cables: what is asked is what the person's joint gets, and a cable never pushes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mujoco
import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, Joint, JointKind, Side
from core.domain.controller import TorqueDirection
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.learning.exo.twin_in_exo import TwinInExo
from core.simulation.model.exo_model import exo_model, worn_model
from core.simulation.model.exo_transmission import ExoTransmission
from core.simulation.model.joint_coupling import velocity_columns
from core.twin.body import Fidelity
from core.twin.scaling import scales_for_height
from tests.learning.exo.twins import policy_of, shipped_policy

CABLES, MOTORS, ANKLES = "HMEDI_L1", "Hippo_L1", "OpenExo_L1"
DEEP_RAD = 1.5  # from there on the cable runs ever closer to the joint's axis
TALL = BodyParameters(1.85, 90.0, scales_for_height(1.85))


def hips_at(model: Any, angle_rad: float) -> Any:
    data = mujoco.MjData(model)
    for side in SIDES:
        data.joint(Joint.of(JointKind.HIP_FLEXION, side).value).qpos = angle_rad
    mujoco.mj_forward(model, data)
    return data


def received_nm(model: Any, angle_rad: float, control: FloatArray) -> FloatArray:
    """Torque (2,) about both hips that these controls of the exo add."""
    data = hips_at(model, angle_rad)
    without = data.qfrc_actuator.copy()
    data.ctrl[len(JOINTS) :] = control
    mujoco.mj_forward(model, data)
    hips = velocity_columns(model)[list(JointKind.HIP_FLEXION.columns)]
    added: FloatArray = (data.qfrc_actuator - without)[hips]
    return added


@pytest.mark.parametrize("body", [GENERIC_BODY, TALL], ids=["generic", "tall"])
def test_one_newton_metre_asked_of_a_cable_is_one_at_the_joint_over_its_range(body: BodyParameters) -> None:
    model = worn_model(body, Fidelity.FAST, CABLES, surfaces=False)
    exo = ExoTransmission([model], JointKind.HIP_FLEXION)
    low, high = model.joint("hip_flexion_l").range
    for angle in np.linspace(low, high, 23):  # not the angles at which the arm was measured
        control, given = exo.driven(np.full((1, 2), angle), np.array([[-1.0, -0.5]]))
        if angle < DEEP_RAD:
            assert given[0] == pytest.approx([-1.0, -0.5])
        assert received_nm(model, angle, control[0]) == pytest.approx(given[0], abs=0.02)


def test_a_cable_that_extends_never_flexes_and_ends_at_its_largest_tension() -> None:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, CABLES, surfaces=False)
    exo, neutral = ExoTransmission([model], JointKind.HIP_FLEXION), np.zeros((1, 2))

    control, given = exo.driven(neutral, np.array([[5.0, -50.0]]))

    assert control[0].tolist() == [0.0, 100.0]
    assert given[0, 0] == 0.0 and given[0, 1] == pytest.approx(-10.3, abs=0.05)
    assert exo_model(CABLES).direction is TorqueDirection.EXTENSION
    assert exo_model(ANKLES).direction is TorqueDirection.EXTENSION
    assert exo_model(MOTORS).direction is TorqueDirection.BOTH


def test_motors_get_the_torque_itself_within_what_the_device_can_do() -> None:
    models = [worn_model(GENERIC_BODY, Fidelity.FAST, MOTORS, surfaces=False)] * 2
    asked = np.array([[3.0, -5.0], [400.0, 0.0]])

    control, given = ExoTransmission(models, JointKind.HIP_FLEXION).driven(np.zeros((2, 2)), asked)

    assert control.tolist() == given.tolist() == [[3.0, -5.0], [100.0, 0.0]]


@pytest.fixture(scope="module")
def cable_walk() -> Iterator[Any]:
    twin = TwinInExo(policy_of(shipped_policy()), CABLES)
    yield twin.environment(twin.walkers(2, worn=True), seed=0, threads=1), twin.walking


def test_a_walk_with_cables_knows_the_torque_that_the_joint_got(cable_walk: Any) -> None:
    environment, walking = cable_walk
    environment.step(walking.act(environment.observation()), lambda _: np.array([[-4.0, 6.0]] * 2))

    assert environment.exo_torque_nm == pytest.approx(np.array([[-4.0, 0.0]] * 2))
    tension = environment.control[:, len(JOINTS) :]
    assert (tension[:, SIDES.index(Side.LEFT)] > 30.0).all()
    assert (tension[:, SIDES.index(Side.RIGHT)] == 0.0).all()
