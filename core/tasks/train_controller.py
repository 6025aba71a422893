"""Train the exo controller for this person's twin, within the limits of a first session."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import numpy as np
import torch

from core.devices.profiles import load_default_controller, load_profile, session_limits
from core.domain.controller import ExoController, TrainedController
from core.domain.findings import Finding, Severity, worst_first
from core.domain.record import RecordKind
from core.domain.twin import GaitPolicy
from core.errors import Advice, refuse
from core.jobs.values import JobContext, Params
from core.learning.exo.accommodation import Accommodation, AccommodationProgress
from core.learning.exo.effort import effort_change
from core.learning.exo.environment import walkers_of
from core.learning.exo.training import WALKERS, ControllerScore, ExoLearner, ExoProgress, learn_exo
from core.learning.exo.worn_controller import WornExo
from core.learning.rl.training_loop import train_until
from core.session.exo_ready import check_ready
from core.simulation.analysis.rollout import body_poses, packed_scene, trace_walk
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.model.joint_coupling import ROOT_POSITIONS
from core.store.repository import open_store
from core.tasks.gait_envelope import judged_envelope
from core.tasks.policy_files import replace_file, resuming

CHECKPOINT = "checkpoint.pt"
ACCOMMODATION_CHECKPOINT = "getting_used.pt"  # stored name, kept so that older checkpoints resume
ACCOMMODATION_FRACTION = 0.3  # of the time, for accommodation: the twin adapts to the exo
ACCOMMODATION_LONGEST_S = 180.0  # longer brings little
PICTURE_EVERY_S = 15.0
PICTURE_STRIP_S = 2.0  # a stride and a half
MANY_FALLS = 1.0  # per minute, more than without the exo


def run(params: Params, context: JobContext) -> str:
    """Train for `minutes` on GAIT_POLICY `policy_id` with exo `device`; returns the CONTROLLER's id."""
    policy_id, seed = str(params["policy_id"]), int(str(params.get("seed", 0)))
    minutes = _minutes(float(str(params["minutes"])))
    torch.set_num_threads(1)  # the networks are small; the physics has its own threads
    with open_store(context.spec.data_dir) as store:
        policy = store.load(policy_id, GaitPolicy)
        check_ready(policy)
        visit_id = store.info(policy_id).visit_id
        device_id = str(params.get("device") or store.subject_of(visit_id).device)
        start = starting_controller(device_id)
        context.progress(0.0, "Putting the exo on the twin")
        training = _ControllerTraining(policy, device_id, start, minutes, seed, context)
        trained = training.train()
        return store.save(
            RecordKind.CONTROLLER,
            trained,
            visit_id=visit_id,
            inputs=(policy_id,),
            summary=f"Effort {effort_change(trained.effort_ratio_with_exo)} with the exo (simulated)",
            operator=context.spec.operator,
            seed=seed,
            settings={"minutes": minutes, "device": device_id},
        )


def starting_controller(device_id: str) -> ExoController:
    """The shipped default controller within the limits of a first session."""
    limits = session_limits(load_profile(device_id))
    default = load_default_controller(device_id)
    return dataclasses.replace(default, limits=default.limits.tightest(limits))


class _ControllerTraining:
    """One training run inside a job: accommodation, then the controller."""

    def __init__(
        self,
        policy: GaitPolicy,
        device_id: str,
        start: ExoController,
        minutes: float,
        seed: int,
        context: JobContext,
    ) -> None:
        self._device_id, self._seed, self._context = device_id, seed, context
        self._accommodation_s = min(ACCOMMODATION_FRACTION * 60.0 * minutes, ACCOMMODATION_LONGEST_S)
        self._budget_s = 60.0 * minutes - self._accommodation_s
        self._checkpoint = context.work_dir / CHECKPOINT
        self._last_picture_s = -PICTURE_EVERY_S
        self._policy = self._accommodated(policy, start)
        context.progress(self._fraction(0.0), "Measuring the walk without the exo")
        self._learner = ExoLearner(
            self._policy, device_id, start, seed=seed, budget_s=self._budget_s, walker_count=WALKERS
        )
        self._resume(self._learner, self._checkpoint)

    def _accommodated(self, policy: GaitPolicy, start: ExoController) -> GaitPolicy:
        learner = Accommodation(policy, self._device_id, start, seed=self._seed, walkers=WALKERS)
        checkpoint = self._context.work_dir / ACCOMMODATION_CHECKPOINT
        self._resume(learner, checkpoint)
        train_until(
            learner,
            budget_s=self._accommodation_s,
            clock=time.monotonic,
            watch=self._on_accommodation_progress,
            save=lambda content: replace_file(checkpoint, content),
        )
        return learner.policy()

    def _resume(self, learner: Accommodation | ExoLearner, checkpoint: Path) -> None:
        if not checkpoint.is_file():
            return
        with resuming():
            learner.load_checkpoint(checkpoint.read_bytes())
        self._context.message(f"Continues after {learner.elapsed_s:.0f} s")

    def train(self) -> TrainedController:
        learner = self._learner
        learn_exo(
            learner,
            clock=time.monotonic,
            watch=self._on_progress,
            save=lambda content: replace_file(self._checkpoint, content),
        )
        self._context.progress(0.98, "Measuring what the exo brings")
        score = learner.final_score()
        return TrainedController(
            controller=learner.best,
            device_id=self._device_id,
            curves=learner.curves(),
            control_steps=learner.control_steps,
            control_steps_per_s=learner.control_steps / max(learner.elapsed_s, 1e-9),
            effort_ratio_with_exo=score.effort_ratio,
            falls_per_minute=score.measure.falls_per_minute,
            findings=worst_first(_findings(score, learner.evaluator.evaluate(None), learner)),
            synthetic=self._policy.synthetic,
            walking=self._policy,
            envelope=judged_envelope(self._policy, learner.best, self._device_id, seed=self._seed),
        )

    def _fraction(self, elapsed_s: float) -> float:
        """Fraction of the whole job after `elapsed_s` of controller training."""
        return min(0.97, (self._accommodation_s + elapsed_s) / (self._accommodation_s + self._budget_s))

    def _on_accommodation_progress(self, progress: AccommodationProgress) -> None:
        self._context.check_cancelled()
        self._context.sample(falls_per_minute=progress.falls_per_minute, similarity=progress.similarity)
        self._context.progress(
            self._fraction(min(0.0, progress.elapsed_s - self._accommodation_s)),
            "The twin gets used to wearing the exo",
        )

    def _on_progress(self, progress: ExoProgress) -> None:
        self._context.check_cancelled()
        self._context.sample(
            effort_ratio=progress.effort_ratio,
            falls_per_minute=progress.falls_per_minute,
            similarity=progress.similarity,
        )
        self._context.progress(
            self._fraction(progress.elapsed_s),
            f"Effort {effort_change(progress.effort_ratio)} with the exo, "
            f"{progress.falls_per_minute:.1f} falls per minute",
        )
        if progress.elapsed_s - self._last_picture_s >= PICTURE_EVERY_S:
            self._last_picture_s = progress.elapsed_s
            self._picture()

    def _picture(self) -> None:
        """Show a short strip of the twin walking with the latest controller."""
        walkers = walkers_of(self._policy.body, self._policy.reference, self._device_id, 1)
        environment = WalkingEnvironment(walkers, seed=self._learner.control_steps, threads=1)
        networks = PolicyNetworks.from_policy(self._policy)
        exo = WornExo(self._learner.latest(), environment)
        trace = trace_walk(environment, networks.act, exo, PICTURE_STRIP_S)
        positions = trace.state[1::2, 1 : 1 + ROOT_POSITIONS + trace.target_rad.shape[1]]
        body = self._policy.body
        names, position, quaternion = body_poses(body, np.array(positions), self._device_id)
        scene = packed_scene(body, self._device_id, names)
        self._context.picture("twin", body_position_m=position, body_quaternion=quaternion, **scene)


def _minutes(minutes: float) -> float:
    if 0.05 <= minutes <= 24 * 60:
        return minutes
    raise refuse(
        "TRN-010",
        f"{minutes:g} minutes of training are not possible.",
        "Training needs between 3 seconds and a day.",
        "Choose some minutes; three are a good start.",
    )


def _findings(score: ControllerScore, no_torque: ControllerScore, learner: ExoLearner) -> tuple[Finding, ...]:
    found = [
        _note(
            "TRN-011",
            f"The exo's mass alone changes the effort: {effort_change(no_torque.effort_ratio)} when it is "
            f"worn without torque.",
            f"With torque the effort changes by {effort_change(score.effort_ratio)}, "
            f"at the assisted hips by {effort_change(score.hip_effort_ratio)}.",
            "These are simulation results; watch the person at the first session.",
        )
    ]
    if score.effort_ratio >= 1.0:
        found.append(
            _warning(
                "TRN-012",
                "The controller does not lower the effort of walking.",
                "The exo's torque does not outweigh its mass for this gait.",
                "Train again for longer. If it stays so, this exo does not help this walk.",
            )
        )
    if score.measure.falls_per_minute > learner.evaluator.without_exo.falls_per_minute + MANY_FALLS:
        found.append(
            _warning(
                "TRN-013",
                "The twin falls more often with the exo than without.",
                f"{score.measure.falls_per_minute:.1f} falls per minute instead of "
                f"{learner.evaluator.without_exo.falls_per_minute:.1f}.",
                "Train again for longer before this controller is used.",
            )
        )
    return tuple(found)


def _note(code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(Severity.NOTE, Advice(what, why, next_step, code))


def _warning(code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(Severity.WARNING, Advice(what, why, next_step, code))
