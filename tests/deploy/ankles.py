"""Small real controllers and packages of exos at the ankle, and of exos that turn one way."""

from __future__ import annotations

from dataclasses import replace

from core.deploy.package import PackageFile, parse_package
from core.devices.profiles import load_profile
from core.domain.controller import NetworkOutput, TorqueDirection, TorqueLimits, TrainedController
from core.domain.gait_envelope import GaitEnvelope
from tests.deploy.controllers import SMALL, built, trained

ANKLE = "DephyExoBoot_L1"
SUIT = "HMEDI_L1"  # a hip exo that extends only


def trained_for(
    device: str = ANKLE, seed: int = 1, *, peak_nm: float = 12.0, envelope: GaitEnvelope | None = None
) -> TrainedController:
    """A random controller whose torque goes both ways, but for its limits."""
    made, profile = trained(seed, hidden=SMALL), load_profile(device)
    limits = TorqueLimits(
        min(peak_nm, profile.limits.peak_nm),
        profile.limits.rate_nm_s,
        profile.limits.hip_range_rad,
        profile.limits.direction,
    )
    own = replace(made.controller, joint=profile.joint, limits=limits)
    return replace(made, controller=own, device_id=device, envelope=envelope or made.envelope)


def package_for(device: str = ANKLE, seed: int = 1, **changes: object) -> PackageFile:
    made = trained_for(device, seed, **changes)  # type: ignore[arg-type]
    return parse_package(built(made, profile=load_profile(device)).archive)


def one_way(direction: TorqueDirection, output: NetworkOutput, seed: int = 5) -> TrainedController:
    """For Hippo, which turns both ways: a controller may give less than its exo."""
    made = trained(seed, hidden=SMALL)
    limits = replace(made.controller.limits, direction=direction)
    return replace(made, controller=replace(made.controller, limits=limits, output=output))
