"""Job: make a controller that needs one gyro on each thigh and nothing else, from one that knows more."""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from core.devices.profiles import require_training
from core.domain.assistance import trained_assistance
from core.domain.controller import Aim, MeasuredGait, TrainedController
from core.domain.distillation import LEAST_CORRELATION, MOST_RMSE_NM_KG, Distillation
from core.domain.findings import Finding, Severity, worst_first
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.domain.scenario import LEVEL_WALKING, GaitKind
from core.domain.twin import GaitPolicy
from core.domain.walk_measures import WalkMeasures, WalkRatios
from core.errors import Advice, UserError, refuse
from core.jobs.values import JobContext, Params
from core.learning.exo.distil import Pupil, distil
from core.learning.exo.envelope_walks import WALKERS as ENVELOPE_WALKERS
from core.learning.exo.lessons import OTHER_LESSONS
from core.learning.exo.teachers import SLOPES_DEG, SPEEDS_M_S, Teacher, TwinTeacher, walk_at
from core.learning.exo.temporal_student import BY_MUSCLES, DistillationSizes
from core.learning.exo.twin_in_exo import TwinInExo
from core.session.exo_ready import check_ready
from core.store.repository import Store, open_store
from core.tasks import judged_walks
from core.tasks.gait_envelope import WALKERS_OF_OTHERS as ENVELOPE_WALKERS_OF_OTHERS
from core.tasks.gait_envelope import judged_envelope, lesson_walkers
from core.tasks.physics_used import notes_physics, physics_settings
from core.tasks.teacher_files import found_teacher, no_teacher
from core.tasks.training_findings import gait_findings
from core.twin.body import Fidelity

SIZES = DistillationSizes()
_TAUGHT = 0.75  # of the job, when the pupil is taught and judged
_ENVELOPE_WALKS = (
    LEVEL_WALKING,
    *(walk_at(speed, 0.0) for speed in SPEEDS_M_S),
    *(walk_at(1.2, slope) for slope in SLOPES_DEG if slope),
    walk_at(1.2, 0.0, start_and_stop=True),
    *(lesson for lesson in OTHER_LESSONS if lesson.gait is not GaitKind.WALK),
)


@notes_physics
def run(params: Params, context: JobContext) -> str:
    """Distil CONTROLLER `controller_id` into one that reads thigh gyros alone; returns the new CONTROLLER.

    In its place `policy_id`, a GAIT_POLICY, with `teacher` "generic", "default" or "walking" (what ships for
    `device`, by default the patient's) or a file distils that. Optional `seed`. The pupil walks with the twin
    that its teacher was trained on, and is judged on the person's. Refuses TRN-060 (the twin falls with the
    teacher), TRN-061 (no such teacher), TRN-062 (an exo of another joint), TRN-063 (no twin) and TRN-064 (a
    teacher with no more than gyros itself).
    """
    seed = int(str(params.get("seed", 0)))
    torch.set_num_threads(1)  # the networks are small; the physics has its own threads
    with open_store(context.spec.data_dir) as store:
        if params.get("controller_id"):
            return distil_record(store, str(params["controller_id"]), context, seed=seed)
        return _distil_named(store, params, context, seed)


def distil_record(
    store: Store, controller_id: str, context: JobContext, *, seed: int, begins: float = 0.0
) -> str:
    """The record of the pupil of this CONTROLLER. `begins` is what of the job is over already."""
    if store.info(controller_id).kind is not RecordKind.CONTROLLER:
        raise no_teacher(controller_id, "It is no controller of the record.")
    trained = store.load(controller_id, TrainedController)
    policy_id = _policy_of(store, controller_id)
    policy = trained.walking or store.load(policy_id, GaitPolicy)
    check_ready(policy)
    twin = TwinInExo(policy, trained.device_id)
    teacher = TwinTeacher(twin, trained.controller, "this person's controller")
    pupil = taught_controller(teacher, twin, trained, controller_id, context, seed=seed, begins=begins)
    return _save(store, pupil, (policy_id, controller_id), context, seed)


def taught_controller(
    teacher: Teacher,
    twin: TwinInExo,
    trained: TrainedController | None,
    teacher_id: str,
    context: JobContext,
    *,
    seed: int,
    begins: float = 0.0,
) -> TrainedController:
    """What the pupil's record holds, for the person of `twin`. `trained` is that of its teacher, if any."""

    def watch(fraction: float, sentence: str) -> None:
        context.check_cancelled()
        context.progress(begins + (1.0 - begins) * _TAUGHT * fraction, sentence)

    sizes = SIZES if twin.fidelity is Fidelity.FAST else _smaller(SIZES)
    pupil = distil(teacher, teacher_id=teacher_id, seed=seed, watch=watch, clock=time.monotonic, sizes=sizes)
    watch(1.0, "Measuring what the exo brings")
    return _judged(twin, trained, pupil.worn_by(twin.policy.body.mass_kg), seed=seed)


def _smaller(sizes: DistillationSizes) -> DistillationSizes:
    """Never more than was asked for, and no more walks than muscles can bear."""
    most = BY_MUSCLES
    return replace(
        sizes,
        walkers=min(sizes.walkers, most.walkers),
        own=min(sizes.own, most.own),
        seconds=min(sizes.seconds, most.seconds),
    )


def _judged(
    twin: TwinInExo, trained: TrainedController | None, pupil: Pupil, *, seed: int
) -> TrainedController:
    controller = pupil.controller
    held_out = judged_walks.evaluator(twin)  # walks that chose nothing
    gaits: dict[GaitLabel, WalkMeasures] = {
        GaitLabel.WITHOUT_EXO: held_out.without_exo,
        GaitLabel.WORN_WITHOUT_TORQUE: held_out.worn_without_torque,
        GaitLabel.PERSONALIZED_CONTROLLER: held_out.worn(controller),
    }
    worn = gaits[GaitLabel.PERSONALIZED_CONTROLLER]
    walkers = lesson_walkers(twin, _ENVELOPE_WALKS, own=ENVELOPE_WALKERS, others=ENVELOPE_WALKERS_OF_OTHERS)
    return TrainedController(
        controller=controller,
        device_id=twin.device_id,
        curves=pupil.curves,
        control_steps=pupil.evidence.ticks // 2,
        control_steps_per_s=pupil.ticks_per_s / 2.0,
        effort_ratio_with_exo=float(WalkRatios.between(worn, held_out.without_exo).joint_effort.mean()),
        falls_per_minute=worn.falls_per_minute,
        findings=worst_first((*distillation_findings(pupil.evidence), *gait_findings(gaits))),
        synthetic=twin.policy.synthetic,
        walking=None if trained is None else trained.walking,
        aim=Aim.MUSCLES if trained is None else trained.aim,
        gaits=tuple(MeasuredGait(label.value, measures) for label, measures in gaits.items()),
        envelope=judged_envelope(twin.policy, controller, twin.device_id, seed=seed, walkers=walkers),
        distilled=pupil.evidence,
    )


def distillation_findings(evidence: Distillation) -> tuple[Finding, ...]:
    """What is worth telling of how near a pupil came."""
    found, overall = [], evidence.overall
    if not evidence.alike:
        found.append(
            _warning(
                "TRN-065",
                "The controller from thigh gyros does not do what its teacher does.",
                f"Over all judged walks their torques correlate by {overall.correlation:.2f} "
                f"({LEAST_CORRELATION} is asked for) and differ by {overall.rmse_nm_kg:.3f} N·m/kg "
                f"(at most {MOST_RMSE_NM_KG}).",
                "Use the controller with encoders, or train it again: an abrupt teacher is hard to foresee.",
            )
        )
    if evidence.stands_helped:
        found.append(
            _warning(
                "TRN-066",
                "The controller from thigh gyros pushes somebody who stands.",
                f"It gave up to {evidence.standing_nm:.1f} N·m while nobody walked.",
                "Use the controller with encoders, or make this one again.",
            )
        )
    return tuple(found)


def _distil_named(store: Store, params: Params, context: JobContext, seed: int) -> str:
    policy_id = str(params.get("policy_id") or "")
    if not policy_id:
        raise _no_twin("Neither a controller nor a twin was named.")
    policy, info = store.load(policy_id, GaitPolicy), store.info(policy_id)
    check_ready(policy)
    device_id = str(params.get("device") or store.subject_of(info.visit_id).device)
    require_training(device_id)
    twin = TwinInExo(policy, device_id)
    teacher = found_teacher(str(params.get("teacher") or "generic"), twin)
    pupil = taught_controller(teacher, twin, None, "", context, seed=seed)
    return _save(store, pupil, (policy_id,), context, seed)


def _save(
    store: Store, trained: TrainedController, inputs: tuple[str, ...], context: JobContext, seed: int
) -> str:
    assert trained.distilled is not None
    return store.save(
        RecordKind.CONTROLLER,
        trained,
        visit_id=store.info(inputs[0]).visit_id,
        inputs=inputs,
        summary=f"From thigh gyros alone: {trained.distilled.words}. "
        f"{trained_assistance(trained).told_of('The controller')}",
        operator=context.spec.operator,
        seed=seed,
        settings={"device": trained.device_id, "sensors": trained.sensors.value} | physics_settings(),
    )


def _policy_of(store: Store, controller_id: str) -> str:
    for name, _ in store.info(controller_id).provenance.inputs:
        if store.info(name).kind is RecordKind.GAIT_POLICY:
            return name
    raise _no_twin("The twin that this controller was trained on is not in the record.")


def _no_twin(why: str) -> UserError:
    return refuse(
        "TRN-063",
        "There is no twin for this teacher to walk with.",
        why,
        "Let a twin learn to walk on the Personalize page and train a controller for it, then try again.",
    )


def _warning(code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(Severity.WARNING, Advice(what, why, next_step, code))
