"""Files that ship for each exo: its profile, and the generic default controller."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import Any

import numpy as np

import resources
from core.domain.controller import DeviceProfile, ExoController, TorqueLimits
from core.domain.twin import Network
from core.errors import refuse

FOLDER = "devices"
CONTROLLERS = "policies"


def device_ids() -> tuple[str, ...]:
    """Every exo that can be used, by name."""
    return tuple(sorted(path.stem for path in resources.path(FOLDER).glob("*.toml")))


@lru_cache(maxsize=8)
def load_profile(device_id: str) -> DeviceProfile:
    """Profile of one exo. Raises UserError EXO-030 when the program does not know it."""
    if device_id not in device_ids():
        raise refuse(
            "EXO-030",
            f"The exo {device_id} cannot be used.",
            f"This program has profiles for: {', '.join(device_ids()) or 'none'}.",
            "Choose one of these for the patient.",
        )
    values = tomllib.loads(resources.path(f"{FOLDER}/{device_id}.toml").read_text("utf-8"))
    return DeviceProfile(**{**values, "limits": TorqueLimits(**values["limits"])})


def session_limits(profile: DeviceProfile) -> TorqueLimits:
    """Limits of a first session: the device's own, with the gentler peak torque."""
    own = profile.limits
    return own.tightest(TorqueLimits(profile.first_session_peak_nm, own.rate_nm_s, own.hip_range_rad))


def load_default_controller(device_id: str) -> ExoController:
    """The shipped generic controller of an exo. Raises UserError EXO-031 when it is missing."""
    path = resources.path(f"{CONTROLLERS}/default_controller_{device_id}.npz")
    if not path.is_file():
        raise refuse(
            "EXO-031",
            f"The default controller of {device_id} is missing.",
            "A file of the installation is not there.",
            "Install ExoTwin again.",
        )
    with np.load(path, allow_pickle=False) as arrays:
        return controller_of({name: arrays[name] for name in arrays.files})


def controller_arrays(controller: ExoController) -> dict[str, np.ndarray[Any, Any]]:
    """A controller as named arrays, ready for one npz file."""
    limits = controller.limits
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "gains": np.array([controller.velocity_scale, controller.low_pass_hz, controller.kp_nm_rad,
                           controller.kd_nm_s_rad, controller.control_hz]),
        "limits": np.array([limits.peak_nm, limits.rate_nm_s, limits.hip_range_rad]),
    }  # fmt: skip
    network = controller.network
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        arrays[f"weight_{layer}"] = weight
        arrays[f"bias_{layer}"] = bias
    return arrays


def controller_of(arrays: dict[str, np.ndarray[Any, Any]]) -> ExoController:
    """The inverse of `controller_arrays`."""
    layers = range(sum(name.startswith("weight_") for name in arrays))
    network = Network(
        tuple(arrays[f"weight_{layer}"] for layer in layers),
        tuple(arrays[f"bias_{layer}"] for layer in layers),
        "relu",
    )
    scale, low_pass, kp, kd, rate = (float(value) for value in arrays["gains"])
    limits = TorqueLimits(*(float(value) for value in arrays["limits"]))
    return ExoController(network, scale, low_pass, kp, kd, rate, limits)
