"""Makes the shipped default controllers: a developer's job, run from a terminal.

`python -c "from app.train.default_controllers import make; ..."` writes the controller and its card below
`resources/policies`; `tune` repeats the choice of the law's gain and delay.
"""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.train.virtual_people import default_twin
from core.devices.profiles import CONTROLLERS, controller_arrays, load_profile, session_limits
from core.domain.body import JointKind
from core.domain.controller import TorqueLimits
from core.domain.scenario import LEVEL_WALKING
from core.domain.twin import GENERIC_BODY
from core.domain.walk_measures import WalkMeasures, WalkRatios
from core.learning.exo.delayed_output_feedback import DelayedOutputFeedback
from core.learning.exo.distillation import (
    DEFAULT_LAWS,
    JointTrack,
    distil_law,
    record_joints,
    varied_tracks,
)
from core.learning.exo.evaluation import EVALUATION_SEEDS, WalkEvaluator
from core.learning.exo.training import LEAST_SPEED_RATIO
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.gait.base_policy import HEALTHY, varied_reference
from core.simulation.environment.tracking import WalkingEnvironment
from core.tasks.policy_files import replace_file

WALKERS = 48  # the generic body at different speeds and ranges of motion
SECONDS = 8.0
GAINS_NM = (10.0, 14.0, 18.0, 22.0)  # a larger gain only holds the torque at its limit for longer
DELAYS_S = (0.10, 0.12, 0.15, 0.18, 0.20)
_JOINT_WORDS = {JointKind.HIP_FLEXION: "hip", JointKind.ANKLE: "ankle"}
TUNING_SEED = 1000  # added to the seed: the card's own walks tune nothing


@dataclass(frozen=True, slots=True)
class TunedLaw:
    """Delayed output feedback on the default twin, simulated."""

    gain_nm: float
    delay_s: float
    metabolic_ratio: float  # mean of both models, to the same walks without the exo
    speed_ratio: float


def make(
    device_id: str, resources_folder: Path, seed: int = 0, *, seeds: int = EVALUATION_SEEDS
) -> dict[str, Any]:
    """Distil the default law into a controller for this exo; returns the card that is written beside it.

    The card's numbers are of walks with so many `seeds`.
    """
    limits, twin = session_limits(load_profile(device_id)), default_twin(device_id)
    tracks, joint = _tracks(twin, seed), twin.exo_joint
    varied = varied_tracks(tracks, seed, joint)
    controller, error_nm = distil_law(varied, limits, seed, joint=joint)
    evaluator = WalkEvaluator(twin, seeds=range(seed, seed + seeds))
    card = {
        "device": device_id,
        "what": f"{_JOINT_WORDS[joint]} assistance by one law for any wearer; "
        "what personal controllers are compared with",
        "law": DEFAULT_LAWS[joint].words,
        "taught_on": f"{len(tracks)} simulated walks of the generic body, {SECONDS:g} s each, and variations",
        "torque_error_nm": round(error_nm, 2),
        "seeds": seeds,
        "on_default_twin": numbers_of(evaluator.worn(controller), evaluator.without_exo),
        "worn_without_torque": numbers_of(evaluator.worn_without_torque, evaluator.without_exo),
        "simulated": True,
    }
    write_controllers(
        resources_folder / CONTROLLERS, f"default_controller_{device_id}", controller_arrays(controller), card
    )
    return card


def tune(
    device_id: str,
    seed: int = 0,
    *,
    gains_nm: Sequence[float] = GAINS_NM,
    delays_s: Sequence[float] = DELAYS_S,
    evaluator: WalkEvaluator | None = None,
) -> tuple[TunedLaw, ...]:
    """The law of hips with every gain and delay, within the limits of a first session; the best first.

    The best has the least metabolic ratio of those that do not slow the walk down.
    """
    limits = session_limits(load_profile(device_id))
    seeds = range(seed + TUNING_SEED, seed + TUNING_SEED + EVALUATION_SEEDS)
    evaluator = evaluator or WalkEvaluator(default_twin(device_id), seeds=seeds)
    laws = [
        _tried(evaluator, gain_nm, delay_s, limits)
        for gain_nm, delay_s in itertools.product(gains_nm, delays_s)
    ]
    return tuple(sorted(laws, key=lambda law: (law.speed_ratio < LEAST_SPEED_RATIO, law.metabolic_ratio)))


def _tried(evaluator: WalkEvaluator, gain_nm: float, delay_s: float, limits: TorqueLimits) -> TunedLaw:
    walks = evaluator.assisted(
        lambda environment, _: DelayedOutputFeedback(environment, gain_nm, delay_s, limits)
    )
    ratios = WalkRatios.between(walks, evaluator.without_exo)
    return TunedLaw(gain_nm, delay_s, ratios.metabolic_of_both.mean, float(ratios.speed.mean()))


def numbers_of(walks: WalkMeasures, without_exo: WalkMeasures) -> dict[str, float]:
    """Means over the seeds; every ratio is to the same walks without the exo."""
    ratios = WalkRatios.between(walks, without_exo)
    umberger, bhargava = ratios.by_model
    return {
        "metabolic_ratio": round(ratios.metabolic_of_both.mean, 3),
        "umberger_ratio": round(umberger.mean, 3),
        "bhargava_ratio": round(bhargava.mean, 3),
        "activation_ratio": round(float(ratios.activation.mean()), 3),
        "positive_power_ratio": round(float(ratios.positive_power.mean()), 3),
        "joint_effort_ratio": round(float(ratios.joint_effort.mean()), 3),
        "speed_ratio": round(float(ratios.speed.mean()), 3),
        "peak_torque_nm": round(float(walks.exo_peak_nm.max()), 1),
        "negative_work_fraction": round(float(walks.negative_work_fraction.mean()), 3),
        "falls_per_minute": round(walks.falls_per_minute, 2),
    }


def _tracks(twin: TwinInExo, seed: int) -> list[JointTrack]:
    """The assisted joints of the generic body, at its own stride and at others, with the exo worn."""
    rng = np.random.default_rng(seed)
    normal = twin.walker(LEVEL_WALKING, worn=True)
    others = [
        replace(normal, reference=varied_reference(GENERIC_BODY, HEALTHY, rng)) for _ in range(WALKERS - 8)
    ]
    environment = WalkingEnvironment([normal] * 8 + others, seed=seed)
    return record_joints(environment, twin.networks, SECONDS)


def write_controllers(folder: Path, name: str, arrays: dict[str, Any], card: dict[str, Any]) -> None:
    """One npz file and its card."""
    folder.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    replace_file(folder / f"{name}.npz", stream.getvalue())
    replace_file(folder / f"{name}.json", (json.dumps(card, indent=2) + "\n").encode())
