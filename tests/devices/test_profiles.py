"""Claims about the controllers that ship for an exo."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import resources
from core.devices import profiles
from core.devices.profiles import (
    for_first_session,
    load_default_controller,
    load_generic_controller,
    load_profile,
    load_stranger_controllers,
    session_limits,
    stranger_arrays,
    strangers_of,
)
from core.domain.controller import ExoController
from core.errors import UserError
from core.exo_core.library import Library
from core.exo_core.library import load as load_core
from core.exo_core.safety import Limits, Profile, Supervisor, joint_number
from core.simulation.model.exo_model import exo_model, require_motors
from tests.refusals import code_of, refused

DEVICE = "Hippo_L1"


def torque_gains(controllers: tuple[ExoController, ...]) -> list[float]:
    return [controller.kp_nm_rad for controller in controllers]


@pytest.fixture
def core() -> Library:
    return load_core()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In place of what ships; empty."""
    monkeypatch.setattr(resources, "path", lambda name: tmp_path / Path(name).name)
    return tmp_path


def test_controllers_that_ship_keep_the_limits_of_a_first_session_with_their_exo() -> None:
    shipped = 0
    for device in profiles.trainable_ids():
        for load in (load_default_controller, load_generic_controller):
            if code_of_missing(load, device):
                continue
            shipped += 1
            controller = for_first_session(load(device), device)
            assert controller.limits == controller.limits.tightest(session_limits(load_profile(device)))
            assert controller.joint is load_profile(device).joint
    assert not code_of_missing(load_default_controller, DEVICE) and shipped >= 2


def code_of_missing(load: Callable[[str], ExoController], device: str) -> str:
    """ "" when it ships."""
    try:
        load(device)
    except UserError as error:
        assert DEVICE in error.advice.why  # names the exos that have one
        return error.advice.code
    return ""


def test_whoever_names_an_unknown_exo_is_told_which_a_patient_can_wear() -> None:
    with pytest.raises(UserError) as refusal:
        load_profile("Rocket_L1")
    offered = refusal.value.advice.next_step
    assert all(device in offered for device in profiles.trainable_ids())
    assert "NEUankle_L1" not in offered and "UTAnkleExo_L2" not in offered


def test_what_no_twin_can_wear_is_known_but_not_offered() -> None:
    """The profile says at once what the simulation would say after a while."""
    hidden = set(profiles.device_ids()) - set(profiles.trainable_ids())
    assert hidden == {"NEUankle_L1", "UTAnkleExo_L2"}
    for device, code in (("NEUankle_L1", "SIM-012"), ("UTAnkleExo_L2", "SIM-022")):
        with pytest.raises(UserError) as simulated:
            require_motors(device)
        assert simulated.value.advice.code == code
        assert load_profile(device).worn_by_no_twin
        with refused("EXO-043"):
            profiles.require_training(device)
    for device in profiles.trainable_ids():
        require_motors(device)


def test_profiles_are_those_of_the_simulated_exos() -> None:
    """Joint, mass and the way that it turns are what assist-sim has, and no peak is beyond its motors."""
    for device in profiles.trainable_ids():
        profile, model = load_profile(device), exo_model(device)
        assert profile.joint is model.joint and profile.mass_kg == pytest.approx(model.mass_kg, abs=0.01)
        for motor in model.motors:
            low, high = motor.torque_nm
            assert low <= profile.limits.lowest_nm and profile.limits.highest_nm <= high
        assert profile.first_session_peak_nm < profile.limits.peak_nm


def test_no_profile_is_weaker_than_the_firmware(core: Library) -> None:
    for device in profiles.device_ids():
        profile = load_profile(device)
        own = Limits.of(profile.limits)
        supervisor = Supervisor(Profile(own, joint=joint_number(profile.joint)), core)
        held = supervisor.limits
        assert (held.peak_nm, held.rate_nm_s, held.direction) == (own.peak_nm, own.rate_nm_s, own.direction)
        assert held.hip_range_rad == pytest.approx(own.hip_range_rad, abs=1e-6)


def test_limits_of_a_first_session_only_ever_tighten() -> None:
    default = load_default_controller(DEVICE)
    gentle = replace(default, limits=replace(default.limits, peak_nm=3.0))
    assert for_first_session(gentle, DEVICE).limits.peak_nm == 3.0
    strong = replace(default, limits=replace(default.limits, peak_nm=30.0))
    assert for_first_session(strong, DEVICE).limits.peak_nm == 12.0


@pytest.mark.parametrize("load", [load_default_controller, load_generic_controller])
def test_a_controller_that_is_missing_is_told(folder: Path, load: object) -> None:
    assert callable(load) and code_of(load, DEVICE) == "EXO-031"


def test_strangers_come_back_as_they_were_written(folder: Path) -> None:
    own = profiles.controller_of(stored(resources_default()))
    several = tuple(replace(own, kp_nm_rad=own.kp_nm_rad + number) for number in range(10))
    stream = io.BytesIO()
    np.savez_compressed(stream, **stranger_arrays(several))
    (folder / f"stranger_controllers_{DEVICE}.npz").write_bytes(stream.getvalue())

    found = load_stranger_controllers(DEVICE)

    assert torque_gains(found) == torque_gains(several[: profiles.MOST_STRANGERS])
    np.testing.assert_array_equal(found[0].network.weights[0], own.network.weights[0])
    assert found[0].limits == own.limits and found[0].control_hz == own.control_hz


def test_without_a_file_or_without_controllers_in_it_there_are_no_strangers(folder: Path) -> None:
    assert load_stranger_controllers(DEVICE) == ()
    assert strangers_of({"other": np.zeros(3)}) == ()


def resources_default() -> Path:
    return Path(resources.__file__).parent / "policies" / f"default_controller_{DEVICE}.npz"


def stored(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}
