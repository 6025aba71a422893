"""One controller in every situation: walks, ramps, a run, stairs, and a course of them. Simulated.

The generic twin walks by the shipped policy. Its controller is trained here once on all lessons, with seeds
that no walk of the evaluation has; nobody tells it the activity or the phase of the stride. Ratios are with
exo / without exo, per metre, walk for walk from the same starts, the exo's mass counted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch

from app.bench.assist import (
    DEVICE,
    FULL_PEAK_NM,
    ITERATIONS,
    SEED,
    SPEEDS_M_S,
    Trained,
    profile_numbers,
    ratio_numbers,
    train,
)
from app.bench.assist_falls import bench_falls
from app.bench.told import tell
from app.train.virtual_people import default_twin
from core.devices.profiles import load_default_controller, load_profile
from core.domain.controller import ExoController
from core.domain.scenario import COURSE, LEVEL_WALKING, Scenario, scenario_of
from core.domain.walk_measures import WalkMeasures
from core.learning.exo.evaluation import EVALUATION_S, EVALUATION_WALKERS, WalkEvaluator
from core.learning.exo.gyro_exo import wear
from core.learning.exo.twin_in_exo import TwinInExo
from core.simulation.analysis.scenario import run_scenario

SEEDS = (20_000, 20_001, 20_002)  # of starts that chose nothing
SITUATIONS: tuple[Scenario, ...] = (
    *(
        dataclasses.replace(
            LEVEL_WALKING, key=f"level-{speed:g}", name=f"Level, {speed:g} m/s", speed_m_s=speed
        )
        for speed in SPEEDS_M_S
    ),
    *(
        scenario
        for key in ("ramp-up-5", "ramp-down-5", "run-2.0", "stairs-up", "stairs-down")
        if (scenario := scenario_of(key)) is not None
    ),
)
Report = Callable[[str, Any], None]


def bench_situations(
    *,
    iterations: int = ITERATIONS,
    seeds: tuple[int, ...] = SEEDS,
    walkers: int = EVALUATION_WALKERS,
    report: Report = tell,
) -> dict[str, Any]:
    """Blocks of numbers by name, ready for JSON; each goes to `report` as soon as it is there."""
    torch.set_num_threads(1)
    twin = default_twin(DEVICE)
    trained = train(twin, FULL_PEAK_NM, iterations)
    numbers: dict[str, Any] = {
        "conditions": _conditions(iterations, seeds, walkers),
        "training": training_block(trained),
    }
    report("training", numbers["training"])
    situations = numbers["situations"] = {}
    for scenario in SITUATIONS:
        evaluator = WalkEvaluator(twin, seeds=seeds, scenario=scenario, walkers=walkers)
        situations[scenario.key] = situation_block(evaluator, trained.controller)
        report(scenario.key, situations[scenario.key])
    numbers["below_no_exo_by_both_models"] = {key: one["below_no_exo"] for key, one in situations.items()}
    numbers["course"] = course_block(twin, trained.controller, seeds, walkers)
    report("course", numbers["course"])
    return numbers | bench_falls(iterations=iterations, report=report)


def training_block(trained: Trained) -> dict[str, Any]:
    return {
        "training_s": round(trained.training_s, 1),
        "training_cpu_s": {part: round(spent, 1) for part, spent in trained.cpu_s.items()},
        "first_controller_s": round(trained.first_s, 1),
        "iterations": trained.iterations,
        "explained_by_lesson": {key: round(part, 3) for key, part in trained.lessons.items()},
    }


def situation_block(evaluator: WalkEvaluator, trained: ExoController) -> dict[str, Any]:
    """One situation: no exo, worn without torque, the default and the trained controller."""
    without = evaluator.without_exo
    measures, profile = evaluator.profiled(trained)
    own = _ratios(measures, without)
    return {
        "no_exo": _plain(without),
        "worn_without_torque": _ratios(evaluator.worn_without_torque, without),
        "default": _ratios(evaluator.worn(load_default_controller(DEVICE)), without),
        "trained": own | {"torque": profile_numbers(profile)},
        "below_no_exo": own["umberger_ratio"] < 1.0 and own["bhargava_ratio"] < 1.0,
    }


def course_block(
    twin: TwinInExo, trained: ExoController, seeds: tuple[int, ...], walkers: int
) -> dict[str, Any]:
    """How many of all starts complete the course in each condition, and what ended the others."""
    conditions: dict[str, tuple[ExoController | None, bool]] = {
        "no_exo": (None, False),
        "worn_without_torque": (None, True),
        "default": (load_default_controller(DEVICE), True),
        "trained": (trained, True),
    }
    return {name: _course(twin, *condition, seeds, walkers) for name, condition in conditions.items()}


def _course(
    twin: TwinInExo, controller: ExoController | None, worn: bool, seeds: tuple[int, ...], walkers: int
) -> dict[str, Any]:
    causes: list[str] = []
    for seed in seeds:
        batch = twin.walkers(walkers, worn=worn, scenario=COURSE)
        environment = twin.environment(batch, seed=seed, episode_s=2.0 * COURSE.usual_s)
        exo = None if controller is None else wear(controller, environment, seed=seed)
        causes += run_scenario(COURSE, environment, twin.walking.act, COURSE.usual_s, exo).cause
    return {
        "completed": sum(not cause for cause in causes),
        "starts": len(causes),
        "causes": {cause: causes.count(cause) for cause in sorted(set(causes)) if cause},
    }


def _plain(walks: WalkMeasures) -> dict[str, Any]:
    umberger, bhargava = walks.metabolic_j_kg_m.mean(axis=0)
    return {
        "umberger_j_kg_m": round(float(umberger), 3),
        "bhargava_j_kg_m": round(float(bhargava), 3),
        "speed_m_s": round(float(walks.speed_m_s.mean()), 3),
        "falls": walks.falls,
        "starts": walks.starts,
    }


def _ratios(walks: WalkMeasures, without: WalkMeasures) -> dict[str, Any]:
    return ratio_numbers(walks, without, per_metre=True)


def _conditions(iterations: int, seeds: tuple[int, ...], walkers: int) -> dict[str, Any]:
    return {
        "simulated": True,
        "body": "generic, 1.70 m, 75 kg, healthy, moved by ideal torques",
        "muscles": "estimated by static optimisation",
        "exo": f"{DEVICE}, {load_profile(DEVICE).mass_kg} kg, at most {FULL_PEAK_NM:g} N m",
        "walkers": walkers,
        "seeds": list(seeds),
        "seconds": EVALUATION_S,
        "training_seed": SEED,
        "iterations": iterations,
        "activity_or_phase_input": False,
    }
