"""Files that ship for each exo: its profile, and controllers that were not made for the patient."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

import resources
from core.domain.belt_profile import BeltGeometry
from core.domain.body import JointKind
from core.domain.controller import DeviceProfile, ExoController, TorqueDirection, TorqueLimits
from core.domain.twin import Network
from core.errors import refuse

FOLDER = "devices"
CONTROLLERS = "policies"
MOST_STRANGERS = 8


def device_ids() -> tuple[str, ...]:
    """Every exo that is known, by name; whether a twin can wear it is in its profile."""
    return tuple(sorted(path.stem for path in resources.path(FOLDER).glob("*.toml")))


def trainable_ids() -> tuple[str, ...]:
    """Every exo that a controller can be trained for, by name."""
    return tuple(device_id for device_id in device_ids() if load_profile(device_id).trainable)


def trainable_profile(device_id: str) -> DeviceProfile:
    """Profile of an exo that a twin can wear. Raises UserError EXO-030 or EXO-043 (not to be worn)."""
    profile = load_profile(device_id)
    if not profile.trainable:
        raise refuse(
            "EXO-043",
            f"No controller can be made for {profile.name}.",
            profile.worn_by_no_twin,
            f"Choose one of these for the patient: {', '.join(trainable_ids())}.",
        )
    return profile


@lru_cache(maxsize=8)
def load_profile(device_id: str) -> DeviceProfile:
    """Profile of one exo. Raises UserError EXO-030 when the program does not know it."""
    if device_id not in device_ids():
        raise refuse(
            "EXO-030",
            f"The exo {device_id} cannot be used.",
            f"This program knows: {', '.join(device_ids()) or 'none'}.",
            f"Choose one of these; a twin, and so a patient, can wear: {', '.join(trainable_ids())}.",
        )
    values = tomllib.loads(resources.path(f"{FOLDER}/{device_id}.toml").read_text("utf-8"))
    limits = {**values["limits"], "direction": TorqueDirection(values["limits"].get("direction", "both"))}
    belt = None if "belt" not in values else BeltGeometry(**values["belt"])
    known = {**values, "joint": JointKind(values["joint"]), "limits": TorqueLimits(**limits), "belt": belt}
    return DeviceProfile(**known)


def belt_of(device_id: str) -> BeltGeometry | None:
    """Where the band of this exo runs by its profile, else where that of the first exo with one does."""
    named = load_profile(device_id).belt
    known = (load_profile(other).belt for other in device_ids())
    return named or next((belt for belt in known if belt is not None), None)


def require_training(device_id: str) -> DeviceProfile:
    """Profile of an exo that controllers can be trained and compared for.

    Raises UserError EXO-030 (not known), EXO-043 (no twin can wear it) or EXO-031 (a controller that every
    training starts from, or is compared with, does not ship for it).
    """
    profile = trainable_profile(device_id)
    load_default_controller(device_id)
    load_generic_controller(device_id)
    return profile


def session_limits(profile: DeviceProfile) -> TorqueLimits:
    """Limits of a first session: the device's own, with the gentler peak torque."""
    own = profile.limits
    return replace(own, peak_nm=min(own.peak_nm, profile.first_session_peak_nm))


def for_first_session(controller: ExoController, device_id: str) -> ExoController:
    """The same controller within the limits of a first session with this exo."""
    limits = session_limits(load_profile(device_id))
    return replace(controller, limits=controller.limits.tightest(limits))


def load_default_controller(device_id: str) -> ExoController:
    """The shipped law for anybody. Raises UserError EXO-031 when there is none."""
    return _shipped_controller("default", device_id)


def load_generic_controller(device_id: str) -> ExoController:
    """The shipped controller that learned on a crowd. Raises UserError EXO-031 when there is none."""
    return _shipped_controller("generic", device_id)


def load_walking_controller(device_id: str) -> ExoController:
    """The shipped teacher of controllers from thigh gyros, who gives all the torque of the exo.

    Raises UserError EXO-031 when there is none.
    """
    return _shipped_controller("walking", device_id)


def load_stranger_controllers(device_id: str) -> tuple[ExoController, ...]:
    """Shipped controllers that learned for other virtual people, at most MOST_STRANGERS; none is no error."""
    path = resources.path(f"{CONTROLLERS}/stranger_controllers_{device_id}.npz")
    if not path.is_file():
        return ()
    with np.load(path, allow_pickle=False) as arrays:
        strangers = strangers_of({name: arrays[name] for name in arrays.files})
    return tuple(_of_device(one, device_id) for one in strangers)


def _shipped_controller(kind: str, device_id: str) -> ExoController:
    path = resources.path(f"{CONTROLLERS}/{kind}_controller_{device_id}.npz")
    if not path.is_file():
        raise refuse(
            "EXO-031",
            f"There is no {kind} controller for {device_id}.",
            f"The installation holds those of: {', '.join(_with_controller(kind)) or 'no exo'}. "
            "A training starts from the one of its exo, and is compared with it.",
            "Choose one of these exos for the patient, or install ExoTwin again if a file was lost.",
        )
    with np.load(path, allow_pickle=False) as arrays:
        return _of_device(controller_of({name: arrays[name] for name in arrays.files}), device_id)


def _with_controller(kind: str) -> tuple[str, ...]:
    """The exos that such a controller ships for."""
    start = f"{kind}_controller_"
    return tuple(
        sorted(path.stem.removeprefix(start) for path in resources.path(CONTROLLERS).glob(f"{start}*.npz"))
    )


def _of_device(controller: ExoController, device_id: str) -> ExoController:
    """The controller for the joint and within the limits of this exo."""
    profile = load_profile(device_id)
    return replace(controller, joint=profile.joint, limits=controller.limits.tightest(profile.limits))


def stranger_arrays(controllers: Sequence[ExoController]) -> dict[str, np.ndarray[Any, Any]]:
    """Several controllers as named arrays, ready for one npz file."""
    return {
        f"{number}_{name}": array
        for number, controller in enumerate(controllers)
        for name, array in controller_arrays(controller).items()
    }


def strangers_of(arrays: dict[str, np.ndarray[Any, Any]]) -> tuple[ExoController, ...]:
    """The inverse of `stranger_arrays`; those beyond MOST_STRANGERS are left out."""
    found = []
    for number in range(MOST_STRANGERS):
        own = f"{number}_"
        parts = {name.removeprefix(own): array for name, array in arrays.items() if name.startswith(own)}
        if parts:
            found.append(controller_of(parts))
    return tuple(found)


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
    peak, torque_rate, joint_range = (float(value) for value in arrays["limits"])
    limits = TorqueLimits(peak, torque_rate, joint_range)
    return ExoController(network, scale, low_pass, kp, kd, rate, limits)
