"""Train a twin's policy to imitate the person's gait, from the shipped base policy, in minutes."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import torch

from core.domain.findings import worst_first
from core.domain.motion import GaitReference, Motion
from core.domain.record import RecordKind
from core.domain.twin import BodyParameters, GaitPolicy, Twin
from core.errors import refuse
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.gait.stride import stride_of
from core.jobs.values import JobContext, Params
from core.learning.gait.evaluation import Evaluation, evaluate
from core.learning.gait.findings import gait_findings
from core.learning.gait.imitation import GaitProgress, gait_learner
from core.learning.gait.stairs import practising_walkers
from core.learning.rl.training_loop import train_until
from core.session.stops import refuse_stopped_motion
from core.simulation.analysis.rollout import body_poses, packed_scene
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker, actuation_of
from core.simulation.model.exo_model import worn_model
from core.simulation.model.joint_coupling import ROOT_POSITIONS, FullPose
from core.simulation.physics.flight_recorder import FlightRecorder
from core.simulation.reference_gait.foot_contact_correction import correct_foot_contact
from core.simulation.reference_gait.reference_strides import check_reference
from core.simulation.reference_gait.stride_convention import check_file_convention
from core.store.repository import Store, open_store
from core.tasks.capacity import require_free_space
from core.tasks.physics_used import notes_physics, physics_settings
from core.tasks.policy_files import replace_file, resuming, shipped_policy
from core.twin.body import Fidelity
from core.vault import files

WALKERS = 128  # environments in parallel: enough for two cores; more do not learn faster per second
CHECKPOINT = "checkpoint.pt"
RECORDINGS = "breakdowns"  # folder of the flight recordings
PICTURE_EVERY_S = 12.0
PICTURE_STRIP_S = 2.0  # a stride and a half
FIDELITIES = {fidelity.value: fidelity for fidelity in (Fidelity.FAST, Fidelity.STANDARD, Fidelity.FULL)}
TRAINING_FIDELITY = {**{each: each for each in Fidelity}, Fidelity.FULL: Fidelity.STANDARD}
MEMORY_GB = {Fidelity.FAST: 1.0, Fidelity.STANDARD: 1.2, Fidelity.FULL: 1.2}
DISK_GB = 0.3  # checkpoint, the one before it, flight recordings and the result
DIVERGED_LIMIT = 0.01  # fraction of control steps; a healthy body has none
EVALUATION_STARTS = 32  # enough for a steady median
EVALUATION_S = 20.0
MEASURED_FASTER = 2.5  # control steps per second, against those of learning; measured on the demo patient
EVALUATION_SEED = 10_000  # never a seed of training: the start states must be new


@notes_physics
def run(params: Params, context: JobContext) -> str:
    """Train for `minutes` on TWIN `twin_id`; returns the GAIT_POLICY record's id.

    The stride is that of MOTION `motion_id`, else `stride` (`core.gait.stride.stride_of`), else a normal one.
    `fidelity` "fast" (the default) moves the joints by torques, "standard" by 80 muscles. "full" trains with
    80 muscles too: 416 are too slow for training, and the policy can drive them afterwards.
    """
    twin_id, minutes = str(params["twin_id"]), float(str(params["minutes"]))
    seed, fidelity = int(str(params.get("seed", 0))), chosen_fidelity(params.get("fidelity"))
    _check_minutes(minutes)
    require_free_space(context.work_dir, memory_gb=MEMORY_GB[fidelity], disk_gb=DISK_GB)
    torch.set_num_threads(1)  # small networks: a second thread costs more in synchronisation than it gains
    with open_store(context.spec.data_dir) as store:
        twin = store.load(twin_id, Twin)
        reference, source, synthetic = _stride(params, store, twin.body)
        check_reference(reference, leg=Leg.of(twin.body.scale))
        budget = GaitBudget(60.0 * minutes)
        policy = learned_policy(
            twin.body, reference, fidelity, budget, seed, context, synthetic=twin.synthetic or synthetic
        )
        return store.save(
            RecordKind.GAIT_POLICY,
            policy,
            visit_id=store.info(twin_id).visit_id,
            inputs=(twin_id, *source),
            summary=_summary(policy),
            operator=context.spec.operator,
            seed=seed,
            settings={"minutes": minutes, "walkers": WALKERS, "fidelity": fidelity.value}
            | physics_settings(),
        )


@dataclass(frozen=True, slots=True)
class GaitBudget:
    """Seconds, or iterations: only these give the same policy on every PC."""

    seconds: float = math.inf
    iterations: int | None = None

    def seconds_at(self, progress: GaitProgress) -> float:
        """All that is planned, at the speed so far."""
        if self.iterations is None:
            return self.seconds
        return progress.elapsed_s / progress.iteration * self.iterations


def learned_policy(
    body: BodyParameters,
    reference: GaitReference,
    fidelity: Fidelity,
    budget: GaitBudget,
    seed: int,
    context: JobContext,
    *,
    synthetic: bool,
) -> GaitPolicy:
    """What this body learns of this stride from the shipped policy, and how well it walks."""
    context.progress(0.0, "Setting up the person's body in simulation")
    training = _GaitTraining(body, reference, fidelity, budget, seed, context)
    training.train()
    return training.result(synthetic=synthetic)


def chosen_fidelity(requested: object) -> Fidelity:
    """Refuses (TRN-006) a fidelity that is not for training."""
    try:
        return FIDELITIES[str(requested or Fidelity.FAST.value)]
    except KeyError as error:
        raise refuse(
            "TRN-006",
            f"The twin cannot learn at the fidelity {requested}.",
            "It learns with joint torques (fast) or with 80 muscles (standard, full).",
            f"Choose one of: {', '.join(FIDELITIES)}.",
        ) from error


def _stride(
    params: Params, store: Store, body: BodyParameters
) -> tuple[GaitReference, tuple[str, ...], bool]:
    """The reference stride, the record it comes from, and whether it is synthetic."""
    if params.get("motion_id"):
        motion_id = str(params["motion_id"])
        motion = store.load(motion_id, Motion)
        refuse_stopped_motion(store, motion_id)
        assert motion.reference is not None  # else refused
        return motion.reference, (motion_id,), motion.synthetic
    leg, stride = Leg.of(body.scale), params.get("stride")
    if isinstance(stride, dict):
        given = stride_of(dict(stride), leg)
        check_file_convention(given, leg)
        return given, (), False
    return normal_walk(leg), (), True


class _GaitTraining:
    """The training run of one twin inside a job."""

    def __init__(
        self,
        body: BodyParameters,
        reference: GaitReference,
        fidelity: Fidelity,
        budget: GaitBudget,
        seed: int,
        context: JobContext,
    ) -> None:
        muscles = fidelity is not Fidelity.FAST
        model = worn_model(body, TRAINING_FIDELITY[fidelity], None, surfaces=False)
        self._walker = Walker(model, body, reference)
        self._start = shipped_policy(muscles=muscles)
        # Muscles do not climb stairs yet: there all walk the person's own walk.
        walkers = [self._walker] * WALKERS if muscles else practising_walkers(self._walker, WALKERS)
        self._learner = gait_learner(walkers, start=self._start, seed=seed, muscles=muscles)
        self._recorders = [
            FlightRecorder(context.work_dir / RECORDINGS / f"collector_{number}", seed=seed)
            for number in range(len(self._learner.environments))
        ]
        for environment, recorder in zip(self._learner.environments, self._recorders, strict=True):
            environment.physics.recorder = recorder
        self._budget = budget
        self._context = context
        self._checkpoint = context.work_dir / CHECKPOINT
        self._last_picture_s = -PICTURE_EVERY_S
        self._told_fraction = 0.0
        if self._checkpoint.is_file():
            with resuming():
                self._learner.load_checkpoint(files.read_bytes(self._checkpoint))
            context.message(f"Continues after {self._learner.elapsed_s:.0f} s of learning")

    def train(self) -> None:
        train_until(
            self._learner,
            budget_s=self._budget.seconds,
            clock=time.monotonic,
            watch=self._on_progress,
            save=lambda content: replace_file(self._checkpoint, content),
            enough=self._enough,
        )

    def _enough(self) -> bool:
        most = self._budget.iterations
        return most is not None and self._learner.iterations >= most

    def result(self, *, synthetic: bool) -> GaitPolicy:
        """The better of the best and the latest policy, from start states new to both.

        The first updates can unlearn what the shipped policy could: where neither stays on its feet, that one
        is measured too.
        """
        self._context.progress(self._told_fraction, "Measuring how well the twin walks")
        learner = self._learner
        measured = [self._measured(networks) for networks in learner.candidates]
        if all(evaluation.falls_per_minute > 0.0 for _, evaluation in measured):
            measured.append(self._measured(self._start))
        networks, evaluation = max(measured, key=lambda one: one[1].rank)
        reference = self._walker.reference
        correction = correct_foot_contact(reference, self._walker.body.scale)
        return GaitPolicy(
            body=self._walker.body,
            reference=reference,
            policy=networks.policy,
            value=networks.value,
            log_std=networks.log_std,
            observation_mean=networks.observation_mean,
            observation_std=networks.observation_std,
            curves=learner.curves(),
            control_steps=learner.control_steps,
            control_steps_per_s=learner.control_steps / max(learner.elapsed_s, 1e-9),
            walk_seconds_median=evaluation.walk_seconds_median,
            joint_rmse_deg=evaluation.joint_rmse_deg,
            findings=worst_first(
                gait_findings(evaluation, reference, correction, learned=networks is not self._start)
            ),
            synthetic=synthetic,
            coordination=networks.coordination,
        )

    def _measured(self, networks: PolicyNetworks) -> tuple[PolicyNetworks, Evaluation]:
        self._context.check_cancelled()
        walkers = [self._walker] * EVALUATION_STARTS
        return networks, evaluate(walkers, networks, seed=EVALUATION_SEED, length_s=EVALUATION_S)

    def _on_progress(self, progress: GaitProgress) -> None:
        self._context.check_cancelled()
        self._check_physics(progress)
        self._context.sample(
            walk_seconds=progress.walk_seconds,
            falls_per_minute=progress.falls_per_minute,
            similarity=progress.similarity,
            reward=progress.reward,
        )
        self._told_fraction = done_fraction(progress, self._budget.seconds_at(progress))
        self._context.progress(
            self._told_fraction,
            f"Learning to walk: {progress.walk_seconds:.1f} s without a fall",
        )
        if progress.elapsed_s - self._last_picture_s >= PICTURE_EVERY_S:
            self._last_picture_s = progress.elapsed_s
            self._picture()

    def _check_physics(self, progress: GaitProgress) -> None:
        if self._learner.divergences > DIVERGED_LIMIT * progress.control_steps:
            raise refuse(
                "SIM-005",
                "The simulation of this body breaks down.",
                "Its masses or lengths make the physics unstable.",
                f"Check the person's height and mass, then personalize again{self._replay_hint()}",
            )

    def _replay_hint(self) -> str:
        files = (recorder.newest() for recorder in self._recorders)
        file = next((file for file in files if file is not None), None)
        return f"; `exotwin replay {file}` tells what broke first." if file is not None else "."

    def _picture(self) -> None:
        """Show a short strip of the twin walking with the latest policy."""
        networks = self._learner.latest
        seed = len(self._learner.curves()[0].time_s)
        environment = WalkingEnvironment(
            [self._walker], seed=seed, actuation=actuation_of([self._walker], networks), threads=1
        )
        roots, angles = [], []
        for number in range(round(PICTURE_STRIP_S / CONTROL_STEP_S)):
            environment.step(networks.act(environment.observation()))
            if number % 2 == 0:  # 25 pictures per second
                roots.append(environment.physics.position(environment.state)[0, :ROOT_POSITIONS].copy())
                angles.append(environment.joint_angle_rad[0])
        positions = FullPose(worn_model(self._walker.body, Fidelity.FAST, None)).position(
            np.array(roots), np.array(angles)
        )
        body = self._walker.body
        names, position, quaternion = body_poses(body, positions, None)
        scene = packed_scene(body, None, names)
        self._context.picture("twin", body_position_m=position, body_quaternion=quaternion, **scene)


def done_fraction(progress: GaitProgress, budget_s: float) -> float:
    """Of the whole job, in time: measuring the two candidates follows, in which nothing is learned."""
    measured_steps = 2 * EVALUATION_STARTS * EVALUATION_S / CONTROL_STEP_S
    measuring_s = measured_steps / max(MEASURED_FASTER * progress.control_steps_per_s, 1.0)
    return min(progress.elapsed_s, budget_s) / (budget_s + measuring_s)


def _check_minutes(minutes: float) -> None:
    if not 0.05 <= minutes <= 24 * 60:
        raise refuse(
            "TRN-001",
            f"{minutes:g} minutes of learning are not possible.",
            "Learning needs between 3 seconds and a day.",
            "Choose some minutes; five are a good start.",
        )


def _summary(policy: GaitPolicy) -> str:
    return (
        f"walks {policy.walk_seconds_median:.1f} s, "
        f"{policy.joint_rmse_deg:.1f} degrees from the person's own joint angles"
    )
