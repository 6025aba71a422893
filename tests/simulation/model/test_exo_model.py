"""Claims about the exo on the body."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from assist_sim.registry import DEVICE_CONFIGS

from core.devices.profiles import (
    controller_arrays,
    controller_of,
    device_ids,
    load_profile,
    session_limits,
)
from core.domain.body import JOINTS, Joint, JointKind
from core.domain.twin import GENERIC_BODY
from core.errors import UserError
from core.simulation.model.exo_model import (
    attach_exo,
    exo_bodies,
    exo_model,
    require_motors,
    worn_model,
)
from core.simulation.model.exo_sensors import PERFECT, Encoder, Faults, VirtualSensors
from core.simulation.model.joint_coupling import velocity_columns
from core.twin.body import Fidelity, body_spec
from tests.exo_core.test_numpy_runtime import random_controller
from tests.refusals import refused

DEVICE = "Hippo_L1"
ENCODERS = (Encoder(Joint.HIP_FLEXION_L), Encoder(Joint.HIP_FLEXION_R))


@pytest.mark.slow
@pytest.mark.parametrize("fidelity", [Fidelity.FAST, Fidelity.STANDARD])
def test_the_exo_adds_its_mass_and_two_motors_left_then_right(fidelity: Fidelity) -> None:
    bare, worn = worn_model(GENERIC_BODY, fidelity, None), worn_model(GENERIC_BODY, fidelity, DEVICE)
    assert [worn.actuator(bare.nu + side).name for side in range(2)] == ["Exo_L", "Exo_R"]
    assert worn.nu == bare.nu + 2 and worn.nq == bare.nq
    assert worn.body_mass.sum() - bare.body_mass.sum() == pytest.approx(
        load_profile(DEVICE).mass_kg, abs=0.01
    )


def test_one_newton_metre_of_control_is_one_newton_metre_of_hip_flexion() -> None:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, DEVICE)
    data = mujoco.MjData(model)
    data.ctrl[len(JOINTS) :] = [3.0, -5.0]
    mujoco.mj_forward(model, data)
    hips = velocity_columns(model)[list(JointKind.HIP_FLEXION.columns)]
    joint_pd = data.actuator_force[list(JointKind.HIP_FLEXION.columns)]
    np.testing.assert_allclose(data.qfrc_actuator[hips] - joint_pd, [3.0, -5.0], atol=1e-9)


def test_the_exo_touches_nothing_and_weighs_the_same_in_both_fidelities() -> None:
    fast = worn_model(GENERIC_BODY, Fidelity.FAST, DEVICE)
    full = worn_model(GENERIC_BODY, Fidelity.STANDARD, DEVICE)
    for body in exo_bodies(fast, DEVICE):
        twin = full.body(fast.body(body).name).id
        np.testing.assert_allclose(fast.body_mass[body], full.body_mass[twin])
        np.testing.assert_allclose(fast.body_inertia[body], full.body_inertia[twin])
    own = np.isin(full.geom_bodyid, exo_bodies(full, DEVICE))
    assert own.any() and not full.geom_contype[own].any() and not full.geom_conaffinity[own].any()


@pytest.mark.slow
def test_what_cannot_be_worn_or_trained_is_refused() -> None:
    with refused("SIM-010"):
        attach_exo(body_spec(GENERIC_BODY, Fidelity.FAST), "Nonsense_L1")
    for device in ("Hippo_L1", "HMEDI_L1", "OpenExo_L1"):
        require_motors(device)
    with refused("SIM-011"):
        require_motors("Anatomics_L1")  # a shoe
    with refused("SIM-011"):
        _ = exo_model("Anatomics_L1").joint
    with refused("SIM-022"):
        require_motors("UTAnkleExo_L2")
    with refused("SIM-012"):
        worn_model(GENERIC_BODY, Fidelity.FAST, "NEUankle_L1")
    with refused("SIM-012"):
        require_motors("NEUankle_L1")


def test_perfect_sensors_without_a_model_report_what_is_true() -> None:
    sensors = VirtualSensors(None, ENCODERS, 3, rate_hz=100.0, faults=PERFECT, seed=0)
    true = np.arange(12.0).reshape(3, 4)

    np.testing.assert_array_equal(sensors.read_true(true), true)


def test_late_sensors_report_the_past_and_noise_has_the_stated_size() -> None:
    faults = Faults(angle_noise_rad=0.01, delay_s=0.03)
    sensors = VirtualSensors(None, ENCODERS, 400, rate_hz=100.0, faults=faults, seed=0)
    for tick in range(50):
        readings = sensors.read_true(np.full((400, 4), float(tick)))[:, 0::2]
    delays = 49 - np.round(readings)
    assert set(delays.astype(int).ravel()) == {0, 1, 2, 3}
    assert np.std(readings - np.round(readings)) == pytest.approx(0.01, rel=0.1)


def test_sensors_go_on_where_their_state_was_saved() -> None:
    faults = Faults(angle_noise_rad=0.01, delay_s=0.03, dropout=0.3)
    one, other = (
        VirtualSensors(None, ENCODERS, 5, rate_hz=100.0, faults=faults, seed=seed) for seed in (0, 1)
    )
    for tick in range(7):
        one.read_true(np.full((5, 4), float(tick)))

    other.load_state_dict(one.state_dict())

    for tick in range(7, 14):
        true = np.full((5, 4), float(tick))
        np.testing.assert_array_equal(one.read_true(true), other.read_true(true))


def test_profiles_are_complete_and_unknown_devices_are_refused() -> None:
    for device in device_ids():
        profile = load_profile(device)
        assert profile.id == device
        assert session_limits(profile).peak_nm == min(profile.first_session_peak_nm, profile.limits.peak_nm)
    with refused("EXO-030"):
        load_profile("Nonsense_L1")


def test_a_controller_survives_its_file() -> None:
    controller = random_controller()
    again = controller_of({name: np.array(array) for name, array in controller_arrays(controller).items()})
    assert again.limits == controller.limits and again.kp_nm_rad == controller.kp_nm_rad
    for one, other in zip(again.network.weights, controller.network.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_device_of_assist_sim_ends_in_anything_but_a_model_or_advice() -> None:
    """Every device is tried on the body that learns; what it says is advice, never a traceback."""
    told: dict[str, str] = {}
    for device in DEVICE_CONFIGS:
        try:
            require_motors(device)
            worn_model(GENERIC_BODY, Fidelity.FAST, device, surfaces=False)
        except UserError as error:
            told[device] = error.advice.code
    assert told == {
        "Anatomics_L1": "SIM-011",
        "KFoot_L1": "SIM-012",
        "NEUankle_L1": "SIM-012",
        "OpenSourceLeg_A_L1": "SIM-012",
        "OpenSourceLeg_KA_L1": "SIM-012",
        "STRIDE_L2": "SIM-021",
        "UTAnkleExo_L2": "SIM-022",
    }


@pytest.mark.parametrize("device", ["KFoot_L1", "OpenSourceLeg_KA_L1", "STRIDE_L2"])
def test_mechanisms_that_are_not_simulated_are_refused_where_they_would_be_attached(device: str) -> None:
    with refused("SIM-021"):
        exo_model(device)


def test_who_can_be_trained_is_what_the_profile_says() -> None:
    for device in device_ids():
        if load_profile(device).trainable:
            require_motors(device)
        else:
            with pytest.raises(UserError):
                require_motors(device)
