"""`exotwin bench assist --deficits`: does a trained exo help the side that a deficit weakens, and how?

Six deficits of the left leg. The generic twin walks by the shipped policy made symmetric, so that what
differs between its legs is the deficit's; a painful leg limps in the rhythm that `antalgic_reference`
assumes. Controllers are trained by the offline stage only, on level walking at three speeds, to keep the
bench short. They are judged on starts that chose nothing, against the table that was written down before any
training (`core.learning.exo.expected_assistance`). Everything is simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from app.bench.assist import profile_numbers
from app.bench.told import tell
from app.train.virtual_people import Person, twin_of
from core.devices.profiles import load_profile, session_limits
from core.domain.arrays import FloatArray
from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import SIDES, JointKind, Side
from core.domain.controller import Aim, ExoController
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.motion import GaitCycles
from core.domain.muscles import MuscleGroup
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.domain.walk_measures import SYMMETRY_PARTS, WalkMeasures, WalkRatios
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.gait.similarity import compare_cycles
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.expected_assistance import expected_assistance
from core.learning.exo.gyro_exo import wear
from core.learning.exo.lessons import LESSONS
from core.learning.exo.measures import measured, record_walk
from core.learning.exo.offline_stage import OfflineStage
from core.learning.exo.sided_help import choice_seeds
from core.learning.exo.study import Study, study_twin
from core.learning.exo.torque_profile import assistance_profile
from core.learning.exo.training import BestController
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.walked_cycles import walked_cycles
from core.learning.gait.symmetric_policy import symmetric_policy
from core.simulation.environment.impaired_actuation import FULL_MOMENT_NM
from core.simulation.reference_gait.antalgic import antalgic_reference
from core.statistics.study import study
from core.statistics.table import LEAST_SUBJECTS
from core.statistics.told import rounded, study_values
from core.tasks.policy_files import shipped_policy
from core.twin.impairments import pain_severities

DEVICE = "Hippo_L1"
SEVERITY = 0.6
TRAINING_SEEDS = (0, 1, 2)
HELD_OUT = tuple(range(20_010, 20_013))  # seeds of starts that chose nothing; 20000 to 20002 chose a price
WALKERS, SECONDS = 16, 4.0
TRAINING_WALKERS = 16
TAUGHT = ("level", "level-0.9", "level-1.5")
ROUNDS = (200, 150, 150, 150, 150)  # gradient steps
SELECTION_WALKERS, SELECTION_S = 16, 4.0
LEAST_RATIO, MOST_HEALTHY_RATIO = 1.3, 1.05
AFFECTED = Side.LEFT
_K, _G = ImpairmentKind, MuscleGroup
DEFICITS: dict[str, Impairment] = {
    "weak hip flexors": Impairment(_K.WEAKNESS, SEVERITY, AFFECTED, _G.HIP_FLEXORS),
    "weak plantarflexors": Impairment(_K.WEAKNESS, SEVERITY, AFFECTED, _G.PLANTARFLEXORS),
    "weak hip abductors": Impairment(_K.WEAKNESS, SEVERITY, AFFECTED, _G.HIP_ABDUCTORS),
    "weak dorsiflexors": Impairment(_K.WEAKNESS, SEVERITY, AFFECTED, _G.DORSIFLEXORS),
    "stiff knee": Impairment(_K.STIFFNESS, SEVERITY, AFFECTED, joint=JointKind.KNEE),
    "painful leg": Impairment(_K.PAIN, SEVERITY, AFFECTED),
}
Tell = Callable[[str, dict[str, Any]], None]


def bench_deficits(
    names: Sequence[str] = tuple(DEFICITS), tell: Tell = tell, *, healthy: bool = True
) -> dict[str, Any]:
    """Blocks of numbers by deficit, ready for JSON, and how many deficits reach each goal."""
    torch.set_num_threads(1)
    self_walks = [_walk(_twin(()), None, seed) for seed in HELD_OUT]
    numbers: dict[str, Any] = {"conditions": _conditions()}
    blocks = {}
    for name in names:
        blocks[name] = _deficit(name, self_walks, tell)
        tell(name, blocks[name])
    if healthy:
        numbers["healthy"] = _healthy()
        tell("healthy", numbers["healthy"])
    return numbers | {"deficits": blocks, "reached": _reached(blocks), "statistics": _statistics(blocks)}


def _deficit(name: str, self_walks: list[_Walks], tell: Tell) -> dict[str, Any]:
    impairment = DEFICITS[name]
    twin = _twin((impairment,))
    without = [_walk(twin, None, seed) for seed in HELD_OUT]
    before, study = WalkMeasures.joined([one.measures for one in without]), _study(twin)
    runs = []
    for seed in TRAINING_SEEDS:
        controller = _train(twin, study, seed)
        runs.append({"training_seed": seed} | _run(controller, twin, impairment, without, self_walks))
        tell(f"{name}, training seed {seed}", runs[-1])
    ratios = [run["torque_ratio"] for run in runs]
    return {
        "without_exo": _symmetry(before),
        "correlation_without_exo": _correlations(without, self_walks),
        "by_training_seed": runs,
        "energy_and_symmetry_better": sum(run["energy_better"] and run["symmetry_better"] for run in runs),
        "torque_ratio_mean": round(float(np.mean(ratios)), 3),
        "more_on_the_affected_side": sum(ratio > 1.0 for ratio in ratios),
        "as_written_down_before": sum(run["expected_nm_kg"] > 0.0 for run in runs),
        "falls_not_more": sum(run["falls"] <= before.falls for run in runs),
        "correlation_rises": sum(run["correlation_rises_at_every_affected_joint"] for run in runs),
    }


def _run(
    controller: ExoController,
    twin: TwinInExo,
    impairment: Impairment,
    without: list[_Walks],
    self_walks: list[_Walks],
) -> dict[str, Any]:
    """One training's controller, judged on the starts that chose nothing."""
    assisted = [_walk(twin, controller, start) for start in HELD_OUT]
    before, after = (WalkMeasures.joined([one.measures for one in walks]) for walks in (without, assisted))
    ratios = WalkRatios.between(after, before)
    umberger, bhargava = (one.mean for one in ratios.by_model)
    profile = AssistanceProfile.joined([one.profile for one in assisted])
    expected = expected_assistance(impairment)
    assert expected is not None
    return {
        "metabolic_ratio": round(ratios.metabolic_of_both.mean, 4),
        "umberger_ratio": round(umberger, 4),
        "bhargava_ratio": round(bhargava, 4),
        "speed_ratio": round(float(ratios.speed.mean()), 4),
        "metabolic_ratio_per_metre": round(
            WalkRatios.between(after, before, per_metre=True).metabolic_of_both.mean, 4
        ),
        "activation_by_leg": [round(float(one), 4) for one in _by_leg(after, before)],
        **_symmetry(after),
        "energy_better": max(umberger, bhargava) < 1.0,
        "symmetry_better": _asymmetry(after) < _asymmetry(before),
        "torque_ratio": round(expected.ratio(profile, AFFECTED), 3),
        "asymmetry_index": round(profile.asymmetry, 3),
        "expected_nm_kg": round(expected.more_nm_kg(profile, AFFECTED), 4),
        "help": profile_numbers(profile),
        **_likeness(impairment, assisted, without, self_walks),
        "falls": after.falls,
        "falls_without_exo": before.falls,
        "starts": after.starts,
        "negative_work_fraction": round(float(after.negative_work_fraction.mean()), 4),
    }


def _healthy() -> dict[str, Any]:
    """Torque ratio of a healthy twin, which is trained as it always was."""
    twin, ratios = _twin(()), []
    study = _study(twin)
    for seed in TRAINING_SEEDS:
        controller = _train(twin, study, seed)
        profile = AssistanceProfile.joined([_walk(twin, controller, start).profile for start in HELD_OUT])
        left, right = (profile.rms_nm_kg(side) for side in SIDES)
        ratios.append(round(max(left, right) / min(left, right), 3))
    return {"torque_ratio": ratios, "below_1.05": all(ratio < MOST_HEALTHY_RATIO for ratio in ratios)}


def _study(twin: TwinInExo) -> Study:
    lessons = tuple(lesson for lesson in LESSONS if lesson.key in TAUGHT)
    limits = session_limits(load_profile(DEVICE))
    return study_twin(twin, limits, seed=0, watch=lambda _: None, lessons=lessons, walkers=TRAINING_WALKERS)


def _train(twin: TwinInExo, study: Study, seed: int) -> ExoController:
    """The offline stage, as a session begins; the choice is made on other starts than the judging."""
    limits = session_limits(load_profile(DEVICE))
    seeds = choice_seeds(seed, study.sided)
    evaluator = WalkEvaluator(twin, seeds=seeds, walkers=SELECTION_WALKERS, seconds=SELECTION_S, threads=1)
    best = BestController(evaluator, Aim.MUSCLES, sided=study.sided)
    for controller in OfflineStage(
        twin, study, limits, Aim.MUSCLES, seed=seed, rounds=ROUNDS, walkers=TRAINING_WALKERS
    ):
        best.consider(controller)
    assert best.controller is not None
    return best.controller


# Walks


@dataclass(frozen=True, slots=True, eq=False)
class _Walks:
    """Walks from the starts of one seed."""

    measures: WalkMeasures
    profile: AssistanceProfile
    cycles: tuple[GaitCycles, GaitCycles]


def _twin(impairments: tuple[Impairment, ...]) -> TwinInExo:
    body = replace(GENERIC_BODY, impairments=impairments)
    stride = antalgic_reference(normal_walk(Leg.of(body.scale)), pain_severities([body])[0])
    return twin_of(Person("generic", body, stride), DEVICE, symmetric_policy(shipped_policy()))


def _walk(twin: TwinInExo, controller: ExoController | None, seed: int, *, worn: bool = False) -> _Walks:
    """16 walkers with this controller; without one, with or without the exo worn."""
    walkers = twin.walkers(WALKERS, worn=worn or controller is not None)
    environment = twin.environment(walkers, seed=seed, threads=1)
    exo = None if controller is None else wear(controller, environment, seed=seed)
    recording, body = record_walk(environment, twin.walking, exo, SECONDS), twin.policy.body
    return _Walks(
        measured(recording, environment, body),
        assistance_profile(recording, environment, body),
        walked_cycles(recording),
    )


# Numbers


def _affected(impairment: Impairment) -> tuple[str, ...]:
    """Joints that the impairment acts on: those that the weak group moves, or all sagittal ones with pain."""
    if impairment.joint is not None:
        return (impairment.joint.value,)
    if impairment.group is None:
        return tuple(joint.value for joint in (JointKind.HIP_FLEXION, JointKind.KNEE, JointKind.ANKLE))
    return tuple(joint.value for joint in FULL_MOMENT_NM[impairment.group])


def _correlations(walks: list[_Walks], self_walks: list[_Walks]) -> dict[str, float]:
    """Pearson r of the affected leg's mean cycles with those of the same body without the impairment."""
    side = SIDES.index(AFFECTED)
    by_seed = [
        compare_cycles(one.cycles[side], other.cycles[side])
        for one, other in zip(walks, self_walks, strict=True)
    ]
    return {
        joint.value: round(float(np.mean([seed[joint].correlation for seed in by_seed])), 5)
        for joint in JointKind
        if joint is not JointKind.TOES
    }


def _likeness(
    impairment: Impairment, assisted: list[_Walks], without: list[_Walks], self_walks: list[_Walks]
) -> dict[str, Any]:
    """Correlations with the gait of the same body without the impairment, and what the exo adds to them."""
    found, plain = _correlations(assisted, self_walks), _correlations(without, self_walks)
    gains = {joint: round(r - plain[joint], 5) for joint, r in found.items()}
    return {
        "correlation": found,
        "correlation_gain": gains,
        "correlation_rises_at_every_affected_joint": all(
            gains[joint] > 0.0 for joint in _affected(impairment)
        ),
    }


def _symmetry(walks: WalkMeasures) -> dict[str, Any]:
    assert walks.symmetry_index is not None
    parts = zip(SYMMETRY_PARTS, walks.symmetry_index.mean(axis=0), strict=True)
    return {
        "symmetry_index": {name: round(float(value), 4) for name, value in parts},
        "asymmetry": round(_asymmetry(walks), 4),
        "asymmetry_by_seed": np.abs(walks.symmetry_index).mean(axis=1).round(4).tolist(),
    }


def _asymmetry(walks: WalkMeasures) -> float:
    """Mean of the parts of the symmetry index without their signs; 0 for equal legs."""
    assert walks.symmetry_index is not None
    return float(np.abs(walks.symmetry_index.mean(axis=0)).mean())


def _by_leg(walks: WalkMeasures, to: WalkMeasures) -> FloatArray:
    """(2,) mean activation of each leg over that of the walks `to`."""
    assert walks.leg_activation is not None and to.leg_activation is not None
    ratio: FloatArray = (walks.leg_activation / to.leg_activation).mean(axis=0)
    return ratio


def _reached(blocks: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """How many deficits reach each goal in all training seeds."""
    seeds = len(TRAINING_SEEDS)

    def count(name: str) -> int:
        return sum(block[name] == seeds for block in blocks.values())

    ratios = [[run["torque_ratio"] for run in block["by_training_seed"]] for block in blocks.values()]
    return {
        "deficits": len(blocks),
        "energy_and_symmetry_better": count("energy_and_symmetry_better"),
        "torque_ratio_at_least_1.3": sum(min(found) >= LEAST_RATIO for found in ratios),
        "help_as_written_down_before": count("as_written_down_before"),
        "falls_not_more": count("falls_not_more"),
        "correlation_rises_at_every_affected_joint": count("correlation_rises"),
    }


def _statistics(blocks: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """Tests over deficits, each of which counts once, with the mean of its training seeds."""
    if len(blocks) < LEAST_SUBJECTS:
        return None
    found: dict[str, Any] = {"who": f"{len(blocks)} deficits of one virtual body, simulated"}
    for name, without in (("metabolic_ratio", None), ("asymmetry", "asymmetry")):
        after = [np.mean([run[name] for run in block["by_training_seed"]]) for block in blocks.values()]
        before = [1.0 if without is None else block["without_exo"][without] for block in blocks.values()]
        pair = np.column_stack([before, after])
        found[name] = rounded(study_values(study(name, ("without exo", "with the exo"), pair)))
    return found


def _conditions() -> dict[str, Any]:
    body: BodyParameters = GENERIC_BODY
    return {
        "simulated": True,
        "body": f"generic, {body.height_m:.2f} m, {body.mass_kg:.0f} kg; left leg impaired by {SEVERITY}",
        "walks_by": "the shipped policy of torques, made symmetric",
        "exo": f"{DEVICE}, {load_profile(DEVICE).mass_kg} kg, "
        f"at most {session_limits(load_profile(DEVICE)).peak_nm:g} N m",
        "taught": list(TAUGHT),
        "training": "offline stage only, no PPO; one study of each twin for all training seeds",
        "walkers": WALKERS,
        "held_out_seeds": list(HELD_OUT),
        "seconds": SECONDS,
    }
