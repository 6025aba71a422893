"""A planned profile of a belt to a controller that follows it, as the exo runs controllers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch

from core.assistance.curves import torque_nm
from core.assistance.splines import PERCENT, spline_of
from core.devices.profiles import session_limits, trainable_profile
from core.domain.arrays import FloatArray
from core.domain.assistance import trained_assistance
from core.domain.assistance_profile import AssistanceProfile
from core.domain.belt_profile import BeltProfile
from core.domain.body import JointKind
from core.domain.controller import (
    DeviceProfile,
    ExoController,
    MeasuredGait,
    TorqueDirection,
    TorqueLimits,
    TrainedController,
)
from core.domain.findings import Finding, Severity, worst_first
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.domain.twin import GaitPolicy
from core.domain.walk_measures import WalkMeasures, WalkRatios
from core.errors import Advice, refuse
from core.jobs.values import JobContext, Params
from core.learning.exo import phase_teaching
from core.learning.exo.phase_teaching import teach_profile
from core.learning.exo.twin_in_exo import TwinInExo
from core.session.exo_ready import check_ready
from core.store.repository import open_store
from core.tasks import judged_walks
from core.tasks.gait_envelope import judged_envelope
from core.tasks.physics_used import notes_physics, physics_settings
from core.tasks.training_findings import gait_findings

SINES, SPLINE = "sines", "spline"
HEADROOM = 1.1  # of the profile's largest torque: the exo's limit in this controller
LIKE = 0.9  # least correlation over the cycle with which it counts as followed
_TRAIN_ON = "TRN-012"  # costs more: advises a longer training, which this is not; the verdict tells the cost
_TAUGHT, _JUDGED = 0.7, 0.9  # of the job, when each part is over


@notes_physics
def run(params: Params, context: JobContext) -> str:
    """Teach BELT_PROFILE `profile_id` on the walk of GAIT_POLICY `policy_id`; returns the CONTROLLER's id.

    `device` is the exo that gives the torque, the patient's own by default; `seed` of the walks. At the hip
    it is what the band would give; `form` "spline" takes the spline for OpenExo's hip instead. At the ankle
    it is the spline for OpenExo's ankle. Both sides get the same, by what the exo sees of both joints.
    Refuses ASP-008 (the exo cannot give it), EXO-030 and EXO-043 (nobody can wear it),
    TRN-020 (a twin of another version).
    """
    profile_id, policy_id = str(params["profile_id"]), str(params["policy_id"])
    seed = int(str(params.get("seed", 0)))
    torch.set_num_threads(1)  # the networks are small; the physics has its own threads
    with open_store(context.spec.data_dir) as store:
        context.progress(0.0, "Reading the profile")
        profile, policy = store.load(profile_id, BeltProfile), store.load(policy_id, GaitPolicy)
        check_ready(policy)
        visit_id = store.info(policy_id).visit_id
        device_id = str(params.get("device") or store.subject_of(visit_id).device)
        form = str(params.get("form", SINES))
        trained = follow(profile, policy, device_id, context, seed=seed, form=form)
        return store.save(
            RecordKind.CONTROLLER,
            trained,
            visit_id=visit_id,
            inputs=(policy_id, profile_id),
            summary=f"Follows a planned profile. {trained_assistance(trained).told_of('The controller')}",
            operator=context.spec.operator,
            seed=seed,
            settings={"device": device_id, "amplitude_n": profile.amplitude_n, "form": form}
            | physics_settings(),
        )


def follow(
    profile: BeltProfile,
    policy: GaitPolicy,
    device_id: str,
    context: JobContext,
    *,
    seed: int,
    form: str = SINES,
) -> TrainedController:
    """The controller with what it does, measured as that of a training. Refuses ASP-008."""
    device = trainable_profile(device_id)
    torque = _torque(profile, device, form)
    limits = _limits(device, torque)
    torque = np.clip(torque, limits.lowest_nm, limits.highest_nm)
    twin = TwinInExo(policy, device_id)

    def watch(number: int) -> None:
        context.check_cancelled()
        context.progress(0.02 + (_TAUGHT - 0.02) * number / phase_teaching.ROUNDS, "Teaching the profile")

    controller, _ = teach_profile(twin, torque, limits, seed, watch)
    context.progress(_TAUGHT, "Measuring what the exo brings")
    held_out = judged_walks.evaluator(twin)  # walks that taught nothing
    worn, given = held_out.profiled(controller)
    context.check_cancelled()
    context.progress(_JUDGED, "Finding the limits of this gait")
    gaits = {
        GaitLabel.WITHOUT_EXO: held_out.without_exo,
        GaitLabel.WORN_WITHOUT_TORQUE: held_out.worn_without_torque,
        GaitLabel.PERSONALIZED_CONTROLLER: worn,
    }
    trained = _with_evidence(controller, device_id, gaits)
    follows = _followed(profile, torque, given, policy.body.mass_kg)
    return replace(
        trained,
        findings=worst_first((follows, *trained.findings)),
        synthetic=policy.synthetic or profile.synthetic,
        envelope=judged_envelope(policy, controller, device_id, seed=seed),
    )


def _with_evidence(
    controller: ExoController, device_id: str, gaits: dict[GaitLabel, WalkMeasures]
) -> TrainedController:
    """What the walks show of it, as of one that was trained."""
    without, worn = gaits[GaitLabel.WITHOUT_EXO], gaits[GaitLabel.PERSONALIZED_CONTROLLER]
    told = [one for one in gait_findings(gaits) if one.advice.code != _TRAIN_ON]
    return TrainedController(
        controller=controller,
        device_id=device_id,
        curves=(),
        control_steps=0,
        control_steps_per_s=0.0,
        effort_ratio_with_exo=float(WalkRatios.between(worn, without).joint_effort.mean()),
        falls_per_minute=worn.falls_per_minute,
        findings=tuple(told),
        gaits=tuple(MeasuredGait(label.value, measures) for label, measures in gaits.items()),
    )


def _torque(profile: BeltProfile, device: DeviceProfile, form: str) -> FloatArray:
    """(CYCLE_POINTS,) for the joint that this exo turns. Refuses ASP-008."""
    ankle = device.joint is JointKind.ANKLE
    if form not in (SINES, SPLINE):
        raise refuse(
            "ASP-008",
            f"No exo can be taught the form {form} of a profile.",
            f"There are {SINES} and {SPLINE}.",
            f"Choose one of these; {SINES} is usual.",
        )
    spline = spline_of(profile, device.joint) if ankle or form == SPLINE else None
    if ankle and spline is None:
        raise refuse(
            "ASP-008",
            f"{device.name} cannot be taught this profile.",
            "It turns the ankle, and this profile knows no push-off of the ankle.",
            "Plan the assistance again from a walk whose ankle moments are known.",
        )
    return torque_nm(profile) if spline is None else spline.nodes.at(PERCENT)


def _limits(device: DeviceProfile, torque: FloatArray) -> TorqueLimits:
    """Of a first session, the profile's way only, and hardly more than it takes. Refuses ASP-008."""
    ankle = device.joint is JointKind.ANKLE
    way = TorqueDirection.EXTENSION if ankle else TorqueDirection.FLEXION
    if device.limits.direction not in (TorqueDirection.BOTH, way):
        raise refuse(
            "ASP-008",
            f"{device.name} cannot give this profile.",
            f"It gives {device.limits.direction.at(device.joint)}; the profile needs {way.at(device.joint)}.",
            "Choose Hippo_L1 for the patient, or keep the profile for a belt of your own.",
        )
    first = session_limits(device)
    peak_nm = min(first.peak_nm, HEADROOM * float(np.abs(torque).max()))
    return replace(first, peak_nm=peak_nm, direction=way)


def _followed(profile: BeltProfile, torque: FloatArray, given: AssistanceProfile, mass_kg: float) -> Finding:
    """How near the torque over the gait cycle of walks that taught nothing comes to the profile."""
    what = (
        "a share of the ankle's own push-off"
        if given.joint is JointKind.ANKLE
        else f"the belt's profile of {profile.amplitude_n:g} N"
    )
    sides = given.torque_nm_kg[np.array(given.strides) > 0]
    whole, mean = len(sides) > 0, mass_kg * sides.sum(axis=0) / max(len(sides), 1)
    like = float(np.corrcoef(mean, torque)[0, 1]) if np.ptp(mean) > 0.0 else math.nan
    apart = float(np.sqrt(np.mean((mean - torque) ** 2)))
    how = (
        f"Over the gait cycle of simulated walks it correlates with the profile by {like:.2f} and is "
        f"{apart:.1f} N·m beside it on average."
        if whole
        else "The twin made no whole stride with it."
    )
    return Finding(
        Severity.NOTE if like >= LIKE else Severity.WARNING,
        Advice(
            f"This controller follows {what}; it did not learn to help.",
            how,
            "Compare it with the others before it is released; plan another force where it does not help.",
            "ASP-009",
        ),
    )
