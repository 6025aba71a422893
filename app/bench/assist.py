"""`exotwin bench assist`: how much an exo helps in simulation, against the same walks without it.

The generic twin walks by the shipped policies; the exo is Hippo_L1 with its mass. Controllers are trained
here, with seeds that no walk of the evaluation has. Each block holds ratios with exo / without exo, 16
walkers x 5 seeds.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from app.train.virtual_people import default_twin
from core.devices.profiles import load_default_controller, load_generic_controller, load_profile
from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import SIDES
from core.domain.controller import Aim, ExoController, TorqueLimits
from core.domain.scenario import LEVEL_WALKING
from core.domain.walk_measures import WalkMeasures, WalkRatios
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.lesson_scores import LessonEvaluators
from core.learning.exo.offline_stage import OfflineStage
from core.learning.exo.study import study_twin
from core.learning.exo.training import BestController, ExoLearner
from core.learning.exo.twin_in_exo import TwinInExo

DEVICE = "Hippo_L1"
SEED = 0
HELD_OUT = tuple(range(20_000, 20_005))  # seeds of starts that chose nothing
SELECTION_S = 4.0
FIRST_PEAK_NM, FULL_PEAK_NM = 12.0, 18.0
LONGEST_S = 175.0  # of training at 12 N m: the three minutes that are promised
ITERATIONS = 90  # of PPO by torques
MUSCLE_ITERATIONS = 60
SPEEDS_M_S = (0.75, 1.0, 1.25, 1.5, 1.75)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A controller, and how long it took."""

    controller: ExoController
    training_s: float
    first_s: float  # until the first controller
    first_metabolic_ratio: float  # of that one, on the walks of selection
    iterations: int
    cpu_s: dict[str, float]  # of the training's parts
    lessons: dict[str, float]  # key: how well the surrogate explains its muscles' costs, 0..1


def bench_assist(*, quick: bool) -> dict[str, Any]:
    """Blocks of numbers by name, ready for JSON; `quick` has the two at the torque of a first session."""
    torch.set_num_threads(1)
    evaluator = WalkEvaluator(default_twin(DEVICE), seeds=HELD_OUT)
    trained = train(evaluator.twin, FIRST_PEAK_NM, ITERATIONS, longest_s=LONGEST_S)
    numbers: dict[str, Any] = {"conditions": _conditions()}
    numbers["worn_without_torque"] = block(evaluator.worn_without_torque, evaluator)
    numbers["default_12nm"] = _worn(evaluator, within(load_default_controller(DEVICE), FIRST_PEAK_NM))
    numbers["torque_12nm"] = _trained(evaluator, trained)
    return numbers if quick else numbers | _longer(evaluator, trained)


def _longer(evaluator: WalkEvaluator, trained_12: Trained) -> dict[str, Any]:
    twin = evaluator.twin
    generic = within(load_generic_controller(DEVICE), FIRST_PEAK_NM)
    numbers: dict[str, Any] = {"generic_12nm": _worn(evaluator, generic)}
    numbers["energy_12nm"] = _trained(evaluator, train(twin, FIRST_PEAK_NM, ITERATIONS, aim=Aim.ENERGY))
    numbers["with_the_leg_12nm"] = _trained(
        evaluator, train(twin, FIRST_PEAK_NM, ITERATIONS, aim=Aim.WITH_THE_LEG)
    )
    trained_18 = train(twin, FULL_PEAK_NM, ITERATIONS)
    numbers["torque_18nm"] = _trained(evaluator, trained_18)
    numbers["speeds_12nm"] = dict(_by_speed(twin, trained_12.controller))
    numbers["speeds_18nm"] = dict(_by_speed(twin, trained_18.controller))
    muscles = WalkEvaluator(default_twin(DEVICE, muscles=True), seeds=HELD_OUT)
    numbers["muscles80_worn_without_torque"] = block(muscles.worn_without_torque, muscles, per_metre=True)
    by_muscles = train(muscles.twin, FULL_PEAK_NM, MUSCLE_ITERATIONS)
    numbers["muscles80_18nm"] = _trained(muscles, by_muscles, per_metre=True)
    return numbers


def within(controller: ExoController, peak_nm: float) -> ExoController:
    """The controller with at most so much torque."""
    limits = dataclasses.replace(load_profile(DEVICE).limits, peak_nm=peak_nm)
    return dataclasses.replace(controller, limits=limits)


def train(
    twin: TwinInExo,
    peak_nm: float,
    iterations: int,
    *,
    aim: Aim = Aim.MUSCLES,
    seed: int = SEED,
    longest_s: float = float("inf"),
) -> Trained:
    """Study, offline stage and PPO, as a session does it; PPO ends before `longest_s` are over."""
    started, cpu = time.monotonic(), [time.process_time()]
    limits: TorqueLimits = dataclasses.replace(load_profile(twin.device_id).limits, peak_nm=peak_nm)
    study = study_twin(twin, limits, seed=seed, watch=lambda sentence: None)
    cpu.append(time.process_time())
    evaluator = WalkEvaluator(twin, seeds=(seed + 1,), seconds=SELECTION_S)
    others = LessonEvaluators(twin, study.lessons[1:], seed=seed + 1)
    best = BestController(evaluator, aim, others, study.sided)
    offline = OfflineStage(twin, study, limits, aim, seed=seed)
    first_s, first_ratio = _taught_offline(offline, best, started)
    assert best.controller is not None
    study = offline.with_prices(study)
    cpu.append(time.process_time())
    learner = ExoLearner(twin, study, best.controller, aim, seed=seed, best=best)
    while learner.iterations < iterations and time.monotonic() - started < longest_s:
        learner.learn_iteration(time.monotonic, learner.iterations / iterations)
    assert best.controller is not None
    cpu.append(time.process_time())
    return Trained(
        best.controller,
        time.monotonic() - started,
        first_s,
        first_ratio,
        learner.iterations,
        dict(zip(("study", "offline", "ppo"), np.diff(cpu).tolist(), strict=True)),
        study.explained_by_lesson,
    )


def _taught_offline(offline: OfflineStage, best: BestController, started: float) -> tuple[float, float]:
    """Let `best` consider all controllers: when [s] the first was there, and its metabolic ratio."""
    first_s = first_ratio = float("nan")
    for number, controller in enumerate(offline):
        if number == 0:
            first_s = time.monotonic() - started
        score = best.consider(controller)
        if number == 0:
            first_ratio = score.metabolic_ratio
    return first_s, first_ratio


def _worn(evaluator: WalkEvaluator, controller: ExoController) -> dict[str, float]:
    return block(evaluator.worn(controller), evaluator)


def _trained(evaluator: WalkEvaluator, trained: Trained, *, per_metre: bool = False) -> dict[str, Any]:
    return block(evaluator.worn(trained.controller), evaluator, per_metre=per_metre) | {
        "training_s": round(trained.training_s, 1),
        "iterations": trained.iterations,
        "first_controller_s": round(trained.first_s, 1),
        "first_controller_metabolic_ratio": round(trained.first_metabolic_ratio, 4),
    }


def block(walks: WalkMeasures, evaluator: WalkEvaluator, *, per_metre: bool = False) -> dict[str, Any]:
    """Ratios of these walks to those without the exo, ready for JSON."""
    ratios = WalkRatios.between(walks, evaluator.without_exo, per_metre=per_metre)
    return ratio_numbers(walks, evaluator.without_exo, per_metre=per_metre) | {
        "peak_activation_ratio": round(float(ratios.activation_peak.mean()), 4),
        "joint_effort_ratio": round(float(ratios.joint_effort.mean()), 4),
        "falls_per_minute": round(walks.falls_per_minute, 3),
        "falls_without_exo": evaluator.without_exo.falls,
        "starts": walks.starts,
        "exo_power_w": round(float(walks.exo_power_w.mean()), 2),
        "per_metre": per_metre,
    }


def ratio_numbers(walks: WalkMeasures, without: WalkMeasures, *, per_metre: bool) -> dict[str, Any]:
    """What every part of this bench tells of walks against the walks `without` the exo."""
    ratios = WalkRatios.between(walks, without, per_metre=per_metre)
    both, (umberger, bhargava) = ratios.metabolic_of_both, ratios.by_model
    return {
        "metabolic_ratio": round(both.mean, 4),
        "metabolic_ratio_interval": [round(both.low, 4), round(both.high, 4)],
        "umberger_ratio": round(umberger.mean, 4),
        "bhargava_ratio": round(bhargava.mean, 4),
        "activation_ratio": round(float(ratios.activation.mean()), 4),
        "positive_power_ratio": round(float(ratios.positive_power.mean()), 4),
        "speed_ratio": round(float(ratios.speed.mean()), 4),
        "negative_work_fraction": round(float(walks.negative_work_fraction.mean()), 4),
        "exo_peak_nm": round(float(walks.exo_peak_nm.max()), 2),
        "falls": walks.falls,
    }


def profile_numbers(profile: AssistanceProfile) -> dict[str, Any]:
    """Size and timing of the help on each side."""
    numbers: dict[str, Any] = {"strides": list(profile.strides)}
    for side in SIDES:
        if profile.strides[SIDES.index(side)] == 0:
            continue
        numbers[side.value] = {"rms_nm_kg": round(profile.rms_nm_kg(side), 4)} | {
            name: [round(value, 3) for value in profile.peak(side, flexion=flexion)]
            for name, flexion in (("flexion_peak_nm_kg_at", True), ("extension_peak_nm_kg_at", False))
        }
    return numbers


def _by_speed(twin: TwinInExo, controller: ExoController) -> Iterator[tuple[str, dict[str, Any]]]:
    for speed in SPEEDS_M_S:
        scenario = dataclasses.replace(LEVEL_WALKING, key=f"level-{speed}", speed_m_s=speed)
        evaluator = WalkEvaluator(twin, seeds=HELD_OUT, scenario=scenario)
        yield f"{speed:g}_m_s", block(evaluator.worn(controller), evaluator)


def _conditions() -> dict[str, Any]:
    return {
        "simulated": True,
        "body": "generic, 1.70 m, 75 kg, healthy",
        "exo": f"{DEVICE}, {load_profile(DEVICE).mass_kg} kg, worn in every block",
        "walkers": 16,
        "seeds": len(HELD_OUT),
        "seconds": 5.0,
        "training_seed": SEED,
    }
