"""Training of a walking teacher: a controller with encoders that pupils with two gyros are to imitate.

It learns what a personal controller learns, but on walks alone, on slopes and at all speeds, with all the
torque of the exo, and to spare muscles first. The generic body walks by the shipped policy. Everything is
simulated. Resumable: a run that was ended goes on from its last checkpoint.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from app.train.default_controllers import write_controllers
from app.train.virtual_people import default_twin
from core.devices.profiles import CONTROLLERS, controller_arrays, require_training
from core.domain.controller import ExoController, TorqueLimits
from core.domain.scenario import LEVEL_WALKING, Scenario
from core.domain.walk_measures import WalkRatios
from core.learning.exo.aims import TEACHING
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.lesson_scores import LessonEvaluators
from core.learning.exo.offline_stage import OfflineStage
from core.learning.exo.study import Study, study_twin
from core.learning.exo.teachers import walk_at
from core.learning.exo.training import EVALUATE_EVERY, BestController, ExoLearner
from core.learning.exo.twin_in_exo import TwinInExo
from core.tasks.policy_files import replace_file, resuming

NAME = "walking_controller_{device_id}"
LESSONS: tuple[Scenario, ...] = (
    LEVEL_WALKING,
    *(walk_at(speed, slope) for speed in (0.75, 1.0, 1.25, 1.5, 1.75) for slope in (0.0, 5.0, -5.0)),
)
JUDGED_SPEEDS_M_S, JUDGED_SLOPES_DEG = (0.75, 1.25, 1.75), (0.0, 5.0)
JUDGED_SEEDS = (80_000, 80_001)  # of starts that nothing was learned or chosen on
OFFLINE_STEPS = (300, 1200, 1200)
CHECKPOINT = "walking_teacher_{device_id}_{seed}.pt"  # of one training only: another goes on with its own
SELECTION_S = 4.0
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class WalkingTeacherRequest:
    """What is trained, and how much."""

    device_id: str
    out: Path  # folder of resources: the controller and its card go into `policies`, checkpoints beside
    seed: int = 0
    iterations: int = 180  # of PPO
    lessons: tuple[Scenario, ...] = LESSONS
    walkers: int | None = None  # of PPO; None: as many as a session has
    judged_walkers: int = 8


def make_walking_teacher(request: WalkingTeacherRequest, report: Report) -> dict[str, Any]:
    """Train, judge and write the controller; returns the card that is written beside it.

    Refuses exos that no twin can wear, and (TRN-014) a checkpoint that cannot be read.
    """
    torch.set_num_threads(1)
    limits = require_training(request.device_id).limits
    twin = default_twin(request.device_id)
    study = study_twin(twin, limits, seed=request.seed, watch=report, lessons=request.lessons)
    first = _taught_offline(twin, study, limits, request.seed, report)
    teacher = _learned(request, twin, study, first, report)
    card = {
        "device": request.device_id,
        "what": "teacher of controllers from two thigh gyros: walks alone, all the torque of the exo",
        "peak_nm": limits.peak_nm,
        "lessons": [lesson.name for lesson in study.lessons],
        "iterations": request.iterations,
        "seed": request.seed,
        "per_metre_against_no_exo": judged(twin, teacher, walkers=request.judged_walkers),
        "simulated": True,
    }
    name = NAME.format(device_id=request.device_id)
    write_controllers(request.out / CONTROLLERS, name, controller_arrays(teacher), card)
    _checkpoint(request).unlink(missing_ok=True)
    return card


def _checkpoint(request: WalkingTeacherRequest) -> Path:
    return request.out / CHECKPOINT.format(device_id=request.device_id, seed=request.seed)


def judged(twin: TwinInExo, teacher: ExoController, *, walkers: int) -> dict[str, dict[str, float]]:
    """What it changes per metre against the same walks without an exo, by walk; the exo's mass counts."""
    found = {}
    for slope in JUDGED_SLOPES_DEG:
        for speed in JUDGED_SPEEDS_M_S:
            scenario = walk_at(speed, slope)
            evaluator = WalkEvaluator(twin, seeds=JUDGED_SEEDS, scenario=scenario, walkers=walkers)
            walks = evaluator.worn(teacher)
            ratios = WalkRatios.between(walks, evaluator.without_exo, per_metre=True)
            found[scenario.name] = {
                "activation": round(float(ratios.activation.mean()) - 1.0, 4),
                "positive_power": round(float(ratios.positive_power.mean()) - 1.0, 4),
                "metabolic": round(ratios.metabolic_of_both.mean - 1.0, 4),
                "speed": round(float(ratios.speed.mean()) - 1.0, 4),
                "negative_work_fraction": round(float(walks.negative_work_fraction.mean()), 4),
                "falls": walks.falls,
                "falls_without_exo": evaluator.without_exo.falls,
            }
    return found


def _taught_offline(
    twin: TwinInExo, study: Study, limits: TorqueLimits, seed: int, report: Report
) -> ExoController:
    report("learns on recorded walks")
    *_, last = OfflineStage(twin, study, limits, TEACHING, seed=seed, rounds=OFFLINE_STEPS)
    return last


def _learned(
    request: WalkingTeacherRequest, twin: TwinInExo, study: Study, first: ExoController, report: Report
) -> ExoController:
    """The best controller that PPO came to, from its checkpoint if there is one."""
    seed, checkpoint = request.seed, _checkpoint(request)
    evaluator = WalkEvaluator(twin, seeds=(seed + 1,), seconds=SELECTION_S)
    best = BestController(evaluator, TEACHING, LessonEvaluators(twin, study.lessons[1:], seed=seed + 1))
    best.consider(first)
    learner = ExoLearner(twin, study, first, TEACHING, seed=seed, best=best, walker_count=request.walkers)
    if checkpoint.exists():
        with resuming():
            learner.load_checkpoint(checkpoint.read_bytes())
    while learner.iterations < request.iterations:
        progress = learner.learn_iteration(time.monotonic, learner.iterations / request.iterations)
        if learner.iterations % EVALUATE_EVERY == 0:
            replace_file(checkpoint, learner.save_checkpoint())
            report(
                f"{learner.iterations} of {request.iterations}: activation {progress.activation_ratio:.3f}, "
                f"power {progress.metabolic_ratio:.3f} of that without the exo"
            )
    learner.consider_latest()
    assert best.controller is not None
    return best.controller
