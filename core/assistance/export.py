"""A planned profile as JSON: the sum of sines, and the splines of OpenExo that are nearest to it."""

from __future__ import annotations

from typing import Any

from core.assistance.curves import conventional_n, peak_of, torque_nm
from core.assistance.splines import ANKLE_SHARE, PERCENT, franks_collins_hip, spline_of, zhang_collins
from core.domain.belt_profile import BeltProfile
from core.domain.body import JointKind

SCHEMA = "exotwin-assistance-profile-1"
_FORMULA = (
    "amplitude_n * edge(t) * max(0, sum(a * sin(b * t + c))); t: gait cycle from 0 to 1; edge: raised cosine "
    "over `edge` at both ends of the window, 0 outside"
)
_AS_READ = "as OpenExo's code reads them, which is not as it documents them"


def profile_json(profile: BeltProfile) -> dict[str, Any]:
    """All that another exo needs to give it, with units in the names; plain values."""
    window, geometry = profile.shape.window, profile.geometry
    return {
        "schema": SCHEMA,
        "what": "force of a band ahead of the hip over the gait cycle, one for both sides",
        "given_on_a_person": False,
        "moments": profile.source,
        "synthetic": profile.synthetic,
        "strides": {"left": profile.strides[0], "right": profile.strides[1]},
        "mass_kg": profile.mass_kg,
        "geometry": {
            "actuator_above_hip_m": geometry.above_m,
            "actuator_ahead_of_hip_m": geometry.ahead_m,
            "band_end_along_thigh_m": geometry.along_m,
        },
        "window": {"first": window.first, "last": window.last, "edge": window.edge, "unit": "gait cycle"},
        "sum_of_sines": {
            "force_n": _FORMULA,
            "amplitude_n": profile.amplitude_n,
            "order": profile.order,
            "terms": [
                dict(zip(("a", "b", "c"), map(float, term), strict=True)) for term in profile.shape.terms
            ],
            "rrmse": profile.fit.rrmse,
            "r2": profile.fit.r2,
        },
        "orders": [{"order": one.order, "rrmse": one.rrmse, "r2": one.r2} for one in profile.orders],
        "peak_at": peak_of(profile.shape),
        "whole_moment_force_n": profile.full_force_n,
        "conventional": {
            "amplitude_n": profile.amplitude_n,
            "skew": profile.conventional_skew,
            "offset_n": 0.0,
        },
        "curves": _curves(profile),
        "openexo": _openexo(profile),
    }


def _curves(profile: BeltProfile) -> dict[str, Any]:
    cycle = PERCENT / 100.0
    window = profile.shape.window
    before = conventional_n(cycle, window, profile.amplitude_n, profile.conventional_skew)
    return {
        "gait_cycle_percent": PERCENT.tolist(),
        "force_n": profile.force_n(cycle).tolist(),
        "torque_nm": torque_nm(profile).tolist(),
        "conventional_force_n": before.tolist(),
        "hip_flexion_moment_nm_kg": profile.moment_nm_kg.tolist(),
        "hip_flexion_rad": profile.angle_rad.tolist(),
    }


def _openexo(profile: BeltProfile) -> dict[str, Any]:
    ankle, hip = (spline_of(profile, joint) for joint in (JointKind.ANKLE, JointKind.HIP_FLEXION))
    told: dict[str, Any] = {}
    if hip is not None:
        told["franks_collins_hip"] = {
            "note": f"the band's torque about the hip; parameters {_AS_READ}",
            "parameters": franks_collins_hip(hip.nodes),
            "rrmse_of_peak": hip.rrmse,
        }
    if ankle is not None:
        told["zhang_collins"] = {
            "note": f"plantarflexion by {100.0 * ANKLE_SHARE:g} % of the person's own ankle moment",
            "parameters": zhang_collins(ankle.nodes),
            "rrmse_of_peak": ankle.rrmse,
        }
    return told
