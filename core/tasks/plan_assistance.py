"""The moments of a recorded walk to the force that a belt gives over the gait cycle."""

from __future__ import annotations

import numpy as np

from core.assistance.profile import USUAL_AMPLITUDE_N, HipStrides, plan
from core.devices.profiles import belt_of
from core.domain.belt_profile import MOST_ORDERS, BeltGeometry, BeltProfile
from core.domain.body import JointKind
from core.domain.kinetics import Kinetics
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.session.stops import refuse_stopped_motion
from core.store.repository import Store, open_store

_HIP, _ANKLE = (tuple(JointKind).index(kind) for kind in (JointKind.HIP_FLEXION, JointKind.ANKLE))


def run(params: Params, context: JobContext) -> str:
    """Plan the assistance of a belt from KINETICS `kinetics_id`; returns the BELT_PROFILE record's id.

    `amplitude_n` is the largest force, 35 N by default. `above_m`, `ahead_m` and `along_m` tell where the
    band runs, in metres from the hip joint: up to the actuator, forward to it, and down the thigh to the
    band's end; what is not told is that of exo `device`, or of the belt that the program knows. Refuses
    MOT-034 (sides in doubt), MOT-064 (a finding stops), ASP-001 (no hip moment), ASP-002 (too few strides),
    ASP-003 (the band cannot flex the hip) and ASP-006 (no such force).
    """
    kinetics_id = str(params["kinetics_id"])
    amplitude_n = float(str(params.get("amplitude_n", USUAL_AMPLITUDE_N)))
    with open_store(context.spec.data_dir) as store:
        context.progress(0.0, "Reading the moments")
        kinetics = store.load(kinetics_id, Kinetics)
        motion_id = motion_of(store, kinetics_id)
        refuse_stopped_motion(store, motion_id)
        motion = store.load(motion_id, Motion)
        visit_id = store.info(kinetics_id).visit_id
        geometry = _geometry(params, str(params.get("device") or store.subject_of(visit_id).device))

        def check(order: int) -> None:
            context.check_cancelled()
            context.progress(0.05 + 0.9 * (order - 1) / MOST_ORDERS, "Fitting sums of sines")

        profile = plan(hip_strides(motion, kinetics), geometry, amplitude_n=amplitude_n, check=check)
        return store.save(
            RecordKind.BELT_PROFILE,
            profile,
            visit_id=visit_id,
            inputs=(motion_id, kinetics_id),
            summary=summary(profile),
            operator=context.spec.operator,
            settings={"amplitude_n": amplitude_n},
        )


def summary(profile: BeltProfile) -> str:
    left, right = profile.strides
    return (
        f"{profile.amplitude_n:g} N at most, sum of {profile.order} sines within "
        f"{100.0 * profile.fit.rrmse:.2f} %, from {left} left and {right} right strides"
    )


def hip_strides(motion: Motion, kinetics: Kinetics) -> HipStrides:
    """Both sides' strides together: a belt pulls alike on both."""
    left, right = (len(side.moment_nm_kg) for side in kinetics.cycles)
    durations_s = [stride.end_s - stride.start_s for stride in motion.strides]
    return HipStrides(
        moment_nm_kg=np.concatenate([side.moment_nm_kg[:, :, _HIP] for side in kinetics.cycles]),
        angle_rad=np.concatenate([side.angle_rad[:, :, _HIP] for side in motion.cycles]),
        strides=(left, right),
        stride_s=float(np.mean(durations_s)) if durations_s else 1.0,
        mass_kg=kinetics.mass_kg,
        source=kinetics.source,
        synthetic=motion.synthetic or kinetics.synthetic,
        ankle_nm_kg=np.concatenate([side.moment_nm_kg[:, :, _ANKLE] for side in kinetics.cycles]),
    )


def motion_of(store: Store, kinetics_id: str) -> str:
    """The motion that the moments are of. Refuses ASP-001 a record that is no moments."""
    for name, _ in store.info(kinetics_id).provenance.inputs:
        if store.info(name).kind is RecordKind.MOTION:
            return name
    raise refuse(
        "ASP-001",
        "No assistance can be planned from this record.",
        "It is not made from a recorded motion.",
        "Find forces and moments on the Motion page first, then plan from those.",
    )


def _geometry(params: Params, device_id: str) -> BeltGeometry:
    usual = belt_of(device_id)
    assert usual is not None, "an exo with a belt ships"
    told = {name: params.get(f"{name}_m") for name in ("above", "ahead", "along")}
    return BeltGeometry(
        *(getattr(usual, f"{name}_m") if value is None else float(str(value)) for name, value in told.items())
    )
