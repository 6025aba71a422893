"""Train the exo controller for this person's twin, within the limits of a first session."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

import numpy as np
import torch

from core.devices.profiles import (
    for_first_session,
    load_default_controller,
    require_training,
    session_limits,
)
from core.domain.assistance import trained_assistance
from core.domain.body import JointKind
from core.domain.controller import (
    Aim,
    ExoController,
    ExoSensors,
    MeasuredGait,
    TorqueLimits,
    TrainedController,
)
from core.domain.findings import Finding, worst_first
from core.domain.gait_envelope import GaitEnvelope
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.domain.twin import GaitPolicy
from core.domain.walk_measures import WalkRatios
from core.errors import JobCancelled
from core.jobs.values import JobContext, Params
from core.learning.exo.effort import change_words
from core.learning.exo.envelope_walks import WALKERS as ENVELOPE_WALKERS
from core.learning.exo.evaluation import EVALUATION_WALKERS, WalkEvaluator
from core.learning.exo.lesson_scores import LessonEvaluators
from core.learning.exo.offline_stage import OFFLINE_STEPS, OfflineStage, offline_steps
from core.learning.exo.sided_help import choice_seeds
from core.learning.exo.study import Study, study_twin
from core.learning.exo.teachers import not_at_the_hip
from core.learning.exo.training import (
    CURVES,
    EVALUATE_EVERY,
    BestController,
    ExoLearner,
    ExoProgress,
    check_checkpoint,
)
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import WornExo
from core.learning.rl.training_loop import CHECKPOINT_EVERY_S
from core.session.exo_ready import check_ready
from core.simulation.analysis.rollout import body_poses, packed_scene, trace_walk
from core.simulation.model.joint_coupling import ROOT_POSITIONS
from core.store.repository import Store, open_store
from core.tasks import judged_walks
from core.tasks.distil_controller import distil_record
from core.tasks.gait_envelope import WALKERS_OF_OTHERS as ENVELOPE_WALKERS_OF_OTHERS
from core.tasks.gait_envelope import judged_envelope, lesson_walkers
from core.tasks.physics_used import notes_physics, physics_settings
from core.tasks.policy_files import replace_file, resuming, shipped_policy
from core.tasks.training_course import TrainingCourse
from core.tasks.training_findings import time_findings, training_findings
from core.tasks.training_plan import (
    CALIBRATED_ITERATIONS,
    Calibration,
    store_calibration,
    stored_calibration,
    threads,
)
from core.tasks.training_request import (
    asked_aim,
    asked_iterations,
    asked_minutes,
    asked_sensors,
    trains_muscles,
)
from core.vault import files

CHECKPOINT = "checkpoint.pt"
TEACHER = "teacher.txt"  # which record was trained, while it is distilled: a job that goes on keeps it
EARLIER_CHECKPOINT = "getting_used.pt"  # of versions in which the twin first got used to the exo
PICTURE_EVERY_S = 15.0
PICTURE_STRIP_S = 2.0  # a stride and a half
QUICK_MINUTES = 1.0  # in less only the first round of the offline stage is worth its time
_TEACHER_SHARE = 0.7  # of a job that also makes a controller from thigh gyros
SELECTION_S = 4.0  # of every walk by which controllers are chosen


@notes_physics
def run(params: Params, context: JobContext) -> str:
    """Train for `minutes` on GAIT_POLICY `policy_id` with exo `device`; returns the CONTROLLER's id.

    `aim` is the value of an `Aim`, "muscles" by default. `fidelity` "fast" trains by joint torques,
    "standard" by 80 muscles with the exo held by straps; without it the twin's own policy decides.
    `iterations` replaces the plan that `minutes` make on this PC; a training is repeated exactly with both.
    `sensors` "thigh gyros" then distils what was trained, which is kept as well, into a controller that
    needs no encoders (see `distil_controller`); "encoders" by default.
    Refuses (EXO-030, EXO-031, EXO-043) an exo that no controller can be trained and compared for, and
    (TRN-062) thigh gyros for one that does not turn the hips.
    """
    sensors, seed = asked_sensors(params.get("sensors")), int(str(params.get("seed", 0)))
    torch.set_num_threads(1)  # the networks are small; the physics has its own threads
    with open_store(context.spec.data_dir) as store:
        if sensors is ExoSensors.ENCODERS:
            return _trained_record(store, params, context, seed, share=1.0)
        teacher = context.work_dir / TEACHER
        if not teacher.is_file():
            trained_id = _trained_record(store, params, context, seed, share=_TEACHER_SHARE)
            replace_file(teacher, trained_id.encode())
        teacher_id = files.read_bytes(teacher).decode()
        return distil_record(store, teacher_id, context, seed=seed, begins=_TEACHER_SHARE)


def _trained_record(store: Store, params: Params, context: JobContext, seed: int, *, share: float) -> str:
    """The CONTROLLER of a training with encoders, which is this `share` of the job."""
    policy_id = str(params["policy_id"])
    minutes, aim = asked_minutes(float(str(params["minutes"]))), asked_aim(params.get("aim"))
    policy = store.load(policy_id, GaitPolicy)
    check_ready(policy)
    visit_id = store.info(policy_id).visit_id
    device_id = str(params.get("device") or store.subject_of(visit_id).device)
    limits = session_limits(require_training(device_id))
    walking = walking_policy(policy, params.get("fidelity"))
    twin = TwinInExo(walking, device_id)
    if share < 1.0 and twin.exo_joint is not JointKind.HIP_FLEXION:
        raise not_at_the_hip(device_id)
    context.progress(0.0, "Putting the exo on the twin")
    training = _ControllerTraining(twin, limits, aim, minutes, seed, context)
    training.share = share
    trained = training.train(asked_iterations(params.get("iterations")))
    if walking is not policy:
        trained = dataclasses.replace(trained, walking=walking)
    return store.save(
        RecordKind.CONTROLLER,
        trained,
        visit_id=visit_id,
        inputs=(policy_id,),
        summary=trained_assistance(trained).told_of("The controller"),
        operator=context.spec.operator,
        seed=seed,
        settings={
            "minutes": minutes,
            "device": device_id,
            "aim": aim.value,
            "fidelity": twin.fidelity.value,
            "iterations": training.iterations,
        }
        | physics_settings(),
    )


def starting_controller(device_id: str) -> ExoController:
    """The shipped default controller within the limits of a first session."""
    return for_first_session(load_default_controller(device_id), device_id)


def walking_policy(policy: GaitPolicy, fidelity: object) -> GaitPolicy:
    """The policy that walks in training: the twin's own, or the shipped one of the other kind of body.

    Refuses (TRN-006) another fidelity than "fast" and "standard".
    """
    if fidelity is None:
        return policy
    muscles = trains_muscles(fidelity)
    if muscles == (policy.coordination is not None):
        return policy
    shipped = shipped_policy(muscles=muscles)
    return dataclasses.replace(
        policy,
        policy=shipped.policy,
        value=shipped.value,
        log_std=shipped.log_std,
        observation_mean=shipped.observation_mean,
        observation_std=shipped.observation_std,
        coordination=shipped.coordination,
    )


class _ControllerTraining:
    """One training run inside a job: study, offline stage, PPO, and the measuring of the best."""

    def __init__(
        self,
        twin: TwinInExo,
        limits: TorqueLimits,
        aim: Aim,
        minutes: float,
        seed: int,
        context: JobContext,
    ) -> None:
        self._twin, self._limits, self._aim = twin, limits, aim
        self._minutes, self._seed, self._context = minutes, seed, context
        self._checkpoint = context.work_dir / CHECKPOINT
        self._started, self._started_cpu = time.monotonic(), time.process_time()
        self._last_picture_s = self._saved_s = self._started
        self._scoring_s = 0.0  # processor time of one controller's score
        self.iterations = 0  # of PPO, as planned: repeats this training exactly
        self.share = 1.0  # of the job that the training is
        self._parts_studied, self._told_fraction = 0, 0.0

    def train(self, iterations: int | None) -> TrainedController:
        """`iterations` of PPO, or as many as fit into the minutes."""
        self._check_checkpoint()
        self._plan_course(OFFLINE_STEPS, iterations)
        study = study_twin(self._twin, self._limits, seed=self._seed, watch=self._on_study)
        evaluator = self._evaluator(choice_seeds(self._seed, study.sided), SELECTION_S)
        # A first controller in less than a minute is the only one: there is no choice to look at lessons for.
        others = LessonEvaluators(self._twin, study.lessons[1:], seed=self._seed + 1)
        quick = self._minutes < QUICK_MINUTES
        best = BestController(evaluator, self._aim, None if quick else others, study.sided)
        learner = self._prepared(study, best, iterations)
        self._learn(learner, iterations)
        self._tell(self._course.learned(1.0), "Measuring what the exo brings")
        return self._result(learner, study)

    def _check_checkpoint(self) -> None:
        """Refuse (TRN-014) what cannot go on, before the twin is studied, which takes a while."""
        with resuming():
            if (self._context.work_dir / EARLIER_CHECKPOINT).exists():
                raise ValueError("trainings of earlier versions began otherwise")
            if self._checkpoint.is_file():
                check_checkpoint(files.read_bytes(self._checkpoint))

    def _evaluator(self, seeds: Sequence[int], seconds: float) -> WalkEvaluator:
        return WalkEvaluator(self._twin, seeds=seeds, walkers=EVALUATION_WALKERS, seconds=seconds)

    def _plan_course(self, rounds: tuple[int, ...], iterations: int | None) -> None:
        """How long the stages take is known as far as this PC was calibrated."""
        quick = self._minutes < QUICK_MINUTES
        known = stored_calibration(self._context.spec.data_dir, self._twin.fidelity.value)
        self._course = TrainingCourse.planned(
            rounds[:1] if quick else rounds, self._minutes, known, iterations
        )

    def _prepared(self, study: Study, best: BestController, iterations: int | None) -> ExoLearner:
        """The learner after the offline stage, or where an interrupted training stood."""
        resumes = self._checkpoint.is_file()
        if resumes:
            start = starting_controller(self._twin.device_id)
        else:
            start, study = self._offline(study, best, iterations)
        learner = ExoLearner(self._twin, study, start, self._aim, seed=self._seed, best=best)
        if resumes:
            with resuming():
                learner.load_checkpoint(files.read_bytes(self._checkpoint))
            self._context.message(f"Continues after {learner.iterations} iterations")
        return learner

    def _offline(
        self, study: Study, best: BestController, iterations: int | None
    ) -> tuple[ExoController, Study]:
        """The best controller of the offline stage, whose rounds are shown, and what PPO goes on with."""
        steps = offline_steps(study, quick=self._minutes < QUICK_MINUTES)
        self._plan_course(steps, iterations)
        rounds = OfflineStage(self._twin, study, self._limits, self._aim, seed=self._seed, rounds=steps)
        for number, controller in enumerate(rounds, start=1):
            before_s = time.process_time()
            score = best.consider(controller)
            self._scoring_s = time.process_time() - before_s
            self._context.check_cancelled()
            self._tell(
                self._course.offline(number),
                f"First controllers: metabolic rate {change_words(score.metabolic_ratio)} with the exo",
            )
            self._picture(controller)
        assert best.controller is not None
        return best.controller, rounds.with_prices(study)

    def _learn(self, learner: ExoLearner, iterations: int | None) -> None:
        """PPO until the plan is done; a plan for this PC is made once and kept."""
        kind, context = self._twin.fidelity.value, self._context
        calibration = stored_calibration(context.spec.data_dir, kind)
        planned = iterations
        if planned is None and calibration is not None:
            planned = calibration.iterations(self._minutes)
        preparation_s, measured = time.process_time() - self._started_cpu, []
        try:
            while planned is None or learner.iterations < planned:
                before_s, calibrating = time.process_time(), learner.iterations < CALIBRATED_ITERATIONS
                # Nothing is spent while a PC may have no plan yet: the first training here is as all later.
                spent = 0.0 if planned is None or calibrating else learner.iterations / planned
                progress = learner.learn_iteration(time.monotonic, spent)
                measured.append(time.process_time() - before_s)
                if planned is None and len(measured) == CALIBRATED_ITERATIONS:
                    iteration_s = float(np.median(measured[1:])) + self._scoring_s / EVALUATE_EVERY
                    calibration = Calibration(preparation_s, iteration_s / threads())
                    store_calibration(context.spec.data_dir, kind, calibration)
                    planned = calibration.iterations(self._minutes)
                    self._plan_course(self._course.rounds, planned)
                self._on_progress(progress, learner, planned or CALIBRATED_ITERATIONS)
        except JobCancelled:
            replace_file(self._checkpoint, learner.save_checkpoint())
            raise
        replace_file(self._checkpoint, learner.save_checkpoint())
        self.iterations = planned
        learner.consider_latest()

    def _result(self, learner: ExoLearner, study: Study) -> TrainedController:
        controller = learner.best.controller
        assert controller is not None
        held_out = judged_walks.evaluator(self._twin)  # walks that chose nothing
        gaits = {
            GaitLabel.WITHOUT_EXO: held_out.without_exo,
            GaitLabel.WORN_WITHOUT_TORQUE: held_out.worn_without_torque,
            GaitLabel.PERSONALIZED_CONTROLLER: held_out.worn(controller),
        }
        worn = gaits[GaitLabel.PERSONALIZED_CONTROLLER]
        ratios = WalkRatios.between(worn, held_out.without_exo)
        return TrainedController(
            controller=controller,
            device_id=self._twin.device_id,
            curves=learner.curves(),
            control_steps=learner.control_steps,
            control_steps_per_s=learner.control_steps / max(learner.elapsed_s, 1e-9),
            effort_ratio_with_exo=float(ratios.joint_effort.mean()),
            falls_per_minute=worn.falls_per_minute,
            findings=worst_first((*training_findings(gaits, study), *self._told_time())),
            synthetic=self._twin.policy.synthetic,
            aim=self._aim,
            gaits=tuple(MeasuredGait(label.value, measures) for label, measures in gaits.items()),
            envelope=self._envelope(controller, study),
        )

    def _told_time(self) -> tuple[Finding, ...]:
        return time_findings((time.monotonic() - self._started) / 60.0, self._minutes, self.iterations)

    def _envelope(self, controller: ExoController, study: Study) -> GaitEnvelope | None:
        """Of the walks of all lessons with this controller."""
        twin = self._twin
        walkers = lesson_walkers(twin, study.lessons, own=ENVELOPE_WALKERS, others=ENVELOPE_WALKERS_OF_OTHERS)
        return judged_envelope(twin.policy, controller, twin.device_id, seed=self._seed, walkers=walkers)

    # Reports

    def _on_study(self, sentence: str) -> None:
        self._context.check_cancelled()
        # A resumed training studies the twin again, and how long that takes says nothing of the rest.
        resumes = self._checkpoint.is_file()
        self._tell(None if resumes else self._course.studied(self._parts_studied), sentence)
        self._parts_studied += 1

    def _tell(self, fraction: float | None, sentence: str) -> None:
        """The bar never goes back, also where a plan is made anew."""
        if fraction is not None:
            fraction = self._told_fraction = max(self._told_fraction, self.share * fraction)
        self._context.progress(fraction, sentence)

    def _on_progress(self, progress: ExoProgress, learner: ExoLearner, planned: int) -> None:
        self._context.sample(**{name: getattr(progress, name) for name in CURVES})
        self._tell(
            self._course.learned(min(1.0, progress.iterations / max(1, planned))),
            f"Metabolic rate {change_words(progress.metabolic_ratio)} with the exo in all lessons, "
            f"{progress.falls_per_minute:.1f} falls per minute",
        )
        now_s = time.monotonic()
        if now_s - self._saved_s >= CHECKPOINT_EVERY_S:
            self._saved_s = now_s
            replace_file(self._checkpoint, learner.save_checkpoint())
        if now_s - self._last_picture_s >= PICTURE_EVERY_S:
            self._last_picture_s = now_s
            self._picture(learner.latest())
        self._context.check_cancelled()

    def _picture(self, controller: ExoController) -> None:
        """Show a short strip of the twin walking with this controller."""
        twin = self._twin
        environment = twin.environment(twin.walkers(1, worn=True), seed=self._seed, threads=1)
        trace = trace_walk(environment, twin.networks.act, WornExo(controller, environment), PICTURE_STRIP_S)
        positions = trace.state[1::2, 1 : 1 + ROOT_POSITIONS + trace.target_rad.shape[1]]
        body = twin.policy.body
        names, position, quaternion = body_poses(body, np.array(positions), twin.device_id)
        scene = packed_scene(body, twin.device_id, names)
        self._context.picture("twin", body_position_m=position, body_quaternion=quaternion, **scene)
