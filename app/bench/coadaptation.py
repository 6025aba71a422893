"""`exotwin bench coadaptation`: what a person's adaptation to the exo brings, beside learning on without it.

The 80-muscle twin learns in two copies for as many iterations: one wears the assisting exo, and motion,
coordination and exo learn together; the other wears it without torque, and motion and coordination learn
alone. What adaptation brings is what the first gains beyond the second. Simulated.
"""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import torch

from app.bench.assist import DEVICE, FULL_PEAK_NM, HELD_OUT, SEED
from app.train.virtual_people import default_twin
from core.devices.profiles import load_profile
from core.domain.controller import Aim, ExoController
from core.domain.walk_measures import WalkMeasures, WalkRatios
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.joint_training import JointLearner
from core.learning.exo.offline_stage import OfflineStage
from core.learning.exo.study import Study, study_twin
from core.learning.exo.twin_in_exo import TwinInExo

ITERATIONS = 30
SEEDS = HELD_OUT[:3]


def bench_coadaptation(iterations: int = ITERATIONS) -> dict[str, Any]:
    """Ratios per metre, all to the walk without the exo before anybody learned."""
    torch.set_num_threads(1)
    limits = dataclasses.replace(load_profile(DEVICE).limits, peak_nm=FULL_PEAK_NM)
    twin = default_twin(DEVICE, muscles=True)
    study = study_twin(twin, limits, seed=SEED, watch=lambda _: None)
    *_, start = OfflineStage(twin, study, limits, Aim.MUSCLES, seed=SEED)
    before = WalkEvaluator(twin, seeds=SEEDS)
    adapted, controller = _learned(twin, study, start, iterations, assists=True)
    control, _ = _learned(twin, study, start, iterations, assists=False)
    with_exo, alone = (WalkEvaluator(one, seeds=SEEDS) for one in (adapted, control))
    return {
        "iterations": iterations,
        "frozen.with_exo": _ratio(before.worn(start), before.without_exo),
        "adapted.with_exo": _ratio(with_exo.worn(controller), before.without_exo),
        "control.without_exo": _ratio(alone.without_exo, before.without_exo),
        "adapted_over_control": _ratio(with_exo.worn(controller), alone.without_exo),
        "control.with_exo": _ratio(alone.worn(start), alone.without_exo),
        "simulated": True,
    }


def _learned(
    twin: TwinInExo, study: Study, start: ExoController, iterations: int, *, assists: bool
) -> tuple[TwinInExo, ExoController]:
    learner = JointLearner(twin, study, start, Aim.MUSCLES, seed=SEED, assists=assists)
    for _ in range(iterations):
        learner.learn_iteration(time.monotonic)
    return dataclasses.replace(twin, policy=learner.policy()), learner.controller()


def _ratio(walks: WalkMeasures, to: WalkMeasures) -> dict[str, float]:
    ratios = WalkRatios.between(walks, to, per_metre=True)
    return {
        "metabolic": round(ratios.metabolic_of_both.mean, 4),
        "positive_power": round(float(ratios.positive_power.mean()), 4),
        "activation": round(float(ratios.activation.mean()), 4),
        "speed": round(float(ratios.speed.mean()), 4),
        "falls": float(walks.falls),
    }
