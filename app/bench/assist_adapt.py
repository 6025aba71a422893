"""`exotwin bench assist --adapt`: a controller adapted to a wearer who walks otherwise than the twin.

Seeds 500 and 501 chose how the job learns (`core/learning/exo/fine_tuning.py`); no held-out one did.
The wearer is simulated: the generic body, whose legs swing less and quicker than the twin's. One walk of it
is recorded; the product's own job adapts the controller to that. Judged on walks of the wearer from seeds
that chose nothing, beside a control: the same fine-tuning on a walk of the twin itself.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from app.bench.assist import FIRST_PEAK_NM, HELD_OUT, SEED
from app.train.virtual_people import default_twin
from core.deploy.worn_gait import gait_of_walk
from core.devices.profiles import load_profile
from core.domain.adaptation import MOST_TORQUE_CHANGE
from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind
from core.domain.controller import Aim, ExoController, TrainedController
from core.domain.exo_walk import ExoWalk, TorqueMatch
from core.domain.motion import GaitReference
from core.domain.record import Provenance, RecordInfo, RecordKind
from core.domain.walk_measures import Estimate, WalkMeasures
from core.errors import UserError
from core.jobs.values import JobSpec, SilentContext
from core.learning.exo.envelope_walks import sensed_walks
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.offline_stage import OfflineStage
from core.learning.exo.study import study_twin
from core.learning.exo.twin_in_exo import TwinInExo
from core.session.adaptable import AdaptableWalk
from core.tasks.adapt_controller import adapt

DEVICE = "Hippo_L1"
CADENCE, RANGE = 1.1, 0.8  # of the wearer, over those of the twin
RECORDED_SEED, RECORDED_S = 900, 30.0
_SIDE_PLANE = (JointKind.HIP_FLEXION, JointKind.KNEE, JointKind.ANKLE)


def bench_adapt(walkers: int = 8) -> dict[str, Any]:
    """Numbers by name, ready for JSON; `walkers` of each held-out seed."""
    torch.set_num_threads(1)
    twin = default_twin(DEVICE)
    wearer = TwinInExo(dataclasses.replace(twin.policy, reference=other_gait(twin.policy.reference)), DEVICE)
    old = trained_on(twin)
    evaluator = WalkEvaluator(wearer, seeds=HELD_OUT, walkers=walkers)
    was = evaluator.worn(old)
    return {
        "conditions": {
            "simulated": True,
            "wearer": f"generic body, cadence x {CADENCE}, range of hips, knees and ankles x {RANGE}",
            "walk_seed": RECORDED_SEED,
            "walk_s": RECORDED_S,
            "training_seed": SEED,
            "held_out_seeds": list(HELD_OUT),
            "walkers": walkers,
        },
        "bound_on_the_recorded_walk": least_within_bound(recorded(wearer, old)),
        "before": _numbers(was, was, evaluator),
        "adapted": _after(twin, wearer, old, was, evaluator),
        "control_adapted_to_the_twin_itself": _after(twin, twin, old, was, evaluator),
    }


def other_gait(reference: GaitReference) -> GaitReference:
    """The stride of the wearer."""
    angle = reference.angle_rad.copy()
    for joint in JOINTS:
        if joint.kind in _SIDE_PLANE:
            column = angle[:, joint.column]
            angle[:, joint.column] = column.mean() + RANGE * (column - column.mean())
    return GaitReference(reference.period_s / CADENCE, reference.speed_m_s * CADENCE * RANGE, angle)


def trained_on(twin: TwinInExo) -> ExoController:
    """The controller of the offline stage, as a first training gives it."""
    limits = dataclasses.replace(load_profile(DEVICE).limits, peak_nm=FIRST_PEAK_NM)
    study = study_twin(twin, limits, seed=SEED, watch=lambda sentence: None)
    *_, last = OfflineStage(twin, study, limits, Aim.MUSCLES, seed=SEED)
    return last


def recorded(wearer: TwinInExo, controller: ExoController, seconds: float = RECORDED_S) -> ExoWalk:
    """One walk as the exo's own sensors tell it."""
    walkers = wearer.walkers(1, worn=True)
    environment = wearer.environment(walkers, seed=RECORDED_SEED, threads=1, episode_s=2.0 * seconds)
    walks = sensed_walks(
        environment, walkers, wearer.networks, controller, seed=RECORDED_SEED, seconds=seconds
    )
    torque = walks.torque_nm[:, 0]
    ticks = len(torque)
    return ExoWalk(
        time_s=np.arange(ticks) / walks.rate_hz,
        angle_rad=walks.angle_rad[:, 0],
        velocity_rad_s=walks.velocity_rad_s[:, 0],
        command_nm=torque,
        delivered_nm=torque,
        predicted_nm=torque,
        assisting=walks.counted[:, 0],
        limit_nm=controller.limits.peak_nm,
        strides=(0, 0),
        lost_ticks=0,
        match=TorqueMatch((1.0, 1.0), (0.0, 0.0), ticks / walks.rate_hz),
        package_sha256="",
        device_serial="simulated",
        on_trial=True,
        virtual=True,
        end="",
    )


def least_within_bound(walk: ExoWalk) -> dict[str, float]:
    """Share of work against the leg in this walk, and the least of any torque within the adaptation's bound.

    The motion and the peak stay, and every tick is as much with the leg as the bound lets it be.
    """
    torque, speed = walk.delivered_nm[walk.assisting], walk.velocity_rad_s[walk.assisting]
    pushed = torque + MOST_TORQUE_CHANGE * walk.limit_nm * np.sign(speed)
    least = np.clip(pushed, -walk.limit_nm, walk.limit_nm)

    def against(given: FloatArray) -> float:
        power = given * speed
        return float(np.maximum(-power, 0.0).sum() / np.abs(power).sum())

    before, after = against(torque), against(least)
    return {
        "before": round(before, 4),
        "least": round(after, 4),
        "largest_fall": round(1.0 - after / before, 4),
    }


def worn_walk(walk: ExoWalk, controller: ExoController) -> AdaptableWalk:
    """The walk as the job reads it from the record."""
    source = Provenance((), "bench", "", RECORDED_SEED, "{}")
    info = RecordInfo("walk", RecordKind.WALK, "", datetime.now(UTC), "", 1, "simulated walk", source)
    trained = TrainedController(controller, DEVICE, (), 0, 0.0, 1.0, 0.0, aim=Aim.MUSCLES)
    return AdaptableWalk(info, walk, gait_of_walk(walk), "controller", trained)


def _after(
    twin: TwinInExo, walks: TwinInExo, old: ExoController, was: WalkMeasures, evaluator: WalkEvaluator
) -> dict[str, Any]:
    """After an adaptation to a walk of `walks`; why not, where it is refused."""
    context = SilentContext(JobSpec("bench", "adapt_controller", {}, Path()), Path())
    try:
        found = adapt(worn_walk(recorded(walks, old), old), twin.policy, context, seed=SEED)
    except UserError as error:
        return {"refused": error.advice.one_line()}
    assert found.adapted is not None
    return _numbers(evaluator.worn(found.controller), was, evaluator) | {
        "torque_change_of_peak": round(found.adapted.torque_change, 4),
        "walked": dataclasses.asdict(found.adapted.walked),
        "twin_before": dataclasses.asdict(found.adapted.twin),
        "twin_followed": dataclasses.asdict(found.adapted.followed),
    }


def _numbers(walks: WalkMeasures, was: WalkMeasures, evaluator: WalkEvaluator) -> dict[str, Any]:
    """Walks of the wearer, and their change against `was`, paired seed by seed."""
    change = Estimate.of(walks.negative_work_fraction / was.negative_work_fraction - 1.0)
    cost = Estimate.of((walks.metabolic_j_kg_m / was.metabolic_j_kg_m).mean(axis=1))
    without = Estimate.of((walks.metabolic_w_kg / evaluator.without_exo.metabolic_w_kg).mean(axis=1))
    return {
        "negative_work_fraction": round(float(walks.negative_work_fraction.mean()), 4),
        "negative_work_change": _rounded(change),
        "cost_to_before": _rounded(cost),
        "metabolic_ratio_to_no_exo": _rounded(without),
        "exo_power_w": round(float(walks.exo_power_w.mean()), 2),
        "falls": walks.falls,
        "starts": walks.starts,
    }


def _rounded(estimate: Estimate) -> list[float]:
    """Mean and 95 % interval over the seeds."""
    return [round(value, 4) for value in (estimate.mean, estimate.low, estimate.high)]
