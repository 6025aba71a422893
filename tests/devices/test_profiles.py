"""Claims about the controllers that ship for an exo."""

from __future__ import annotations

import io
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
from tests.refusals import code_of

DEVICE = "Hippo_L1"


def torque_gains(controllers: tuple[ExoController, ...]) -> list[float]:
    return [controller.kp_nm_rad for controller in controllers]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In place of what ships; empty."""
    monkeypatch.setattr(resources, "path", lambda name: tmp_path / Path(name).name)
    return tmp_path


def test_every_exo_has_a_default_and_a_generic_controller() -> None:
    for device in profiles.device_ids():
        for load in (load_default_controller, load_generic_controller):
            limits = for_first_session(load(device), device).limits
            assert limits == limits.tightest(session_limits(load_profile(device)))


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
