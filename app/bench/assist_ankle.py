"""`exotwin bench assist --ankle`: exos at the ankle, by the same reward and weights as at the hip.

A controller is trained for each exo as a session does it, at the exo's own limits. Its torque over the gait
cycle is held against published peaks and curves, metabolic cost per metre against the same walks without it;
the exo's mass counts in every block. Seeds of the walks that are judged chose nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import torch

from app.bench.assist import SEED, SPEEDS_M_S, block, train
from app.bench.told import tell
from app.train.virtual_people import default_twin
from core.devices.profiles import load_profile, trainable_ids
from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import SIDES, JointKind
from core.domain.controller import DeviceProfile, ExoController, TorqueDirection
from core.domain.scenario import LEVEL_WALKING
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.published import TIMING_TOLERANCE, agreement, band_of
from core.learning.exo.twin_in_exo import TwinInExo

SEEDS = tuple(range(20_000, 20_003))
ITERATIONS = 90  # of PPO, as in a session
CURVE_STEP = 5  # percent of the cycle between the points that are printed


def bench_ankle(report: Callable[[str, Any], None] = tell) -> dict[str, Any]:
    """Blocks of numbers by name for every ankle exo that a twin can wear, ready for JSON.

    Each goes to `report` as soon as it is there.
    """
    torch.set_num_threads(1)
    found: dict[str, dict[str, Any]] = {}
    for device in ankle_exos():
        found[device] = {}
        for name, numbers in ankle_blocks(device):
            found[device][name] = numbers
            report(f"{device}, {name}", numbers)
    return found


def ankle_exos() -> tuple[str, ...]:
    """Exos of the ankle that controllers can be trained for."""
    return tuple(device for device in trainable_ids() if load_profile(device).joint is JointKind.ANKLE)


def ankle_blocks(device: str, *, iterations: int = ITERATIONS) -> Iterator[tuple[str, dict[str, Any]]]:
    """The blocks of one exo, each as soon as it is known."""
    twin, profile = default_twin(device), load_profile(device)
    yield "conditions", _conditions(twin, profile)
    trained = train(twin, profile.limits.peak_nm, iterations)
    yield "training", {"training_s": round(trained.training_s, 1), "iterations": trained.iterations}
    yield from judged(twin, trained.controller)


def judged(twin: TwinInExo, controller: ExoController) -> Iterator[tuple[str, dict[str, Any]]]:
    """The blocks about one controller, on walks that chose nothing."""
    evaluator = WalkEvaluator(twin, seeds=SEEDS)
    walks, torque = evaluator.profiled(controller)
    yield "profile", _profile(torque, twin, controller)
    yield "own_walk", block(walks, evaluator, per_metre=True)
    yield "worn_without_torque", block(evaluator.worn_without_torque, evaluator, per_metre=True)
    for speed in SPEEDS_M_S:
        scenario = dataclasses.replace(LEVEL_WALKING, key=f"level-{speed}", speed_m_s=speed)
        at_speed = WalkEvaluator(twin, seeds=SEEDS, scenario=scenario)
        yield f"{speed:g}_m_s", block(at_speed.worn(controller), at_speed, per_metre=True)


def _profile(torque: AssistanceProfile, twin: TwinInExo, controller: ExoController) -> dict[str, Any]:
    """Peak, time and shape of each side's push-off torque beside the published ones."""
    mass_kg, found = twin.policy.body.mass_kg, {}
    for row, side in enumerate(SIDES):
        judged = agreement(
            torque,
            side,
            TorqueDirection.EXTENSION,
            mass_kg=mass_kg,
            device_peak_nm=controller.limits.peak_nm,
        )
        assert judged is not None, "ankle torque has a published band"
        found[side.value] = {
            "peak_nm_kg": round(judged.peak_nm_kg, 3),
            "peak_percent": round(100.0 * judged.peak_at, 1),
            "inside_published_size": judged.inside_size,
            "inside_published_time": judged.inside_time,
            "at_device_limit": judged.at_device_limit,
            "r_with_published_curve": round(judged.correlation, 3),
            "strides": torque.strides[row],
            "nm_kg_by_percent": [round(float(value), 3) for value in torque.torque_nm_kg[row, ::CURVE_STEP]],
        }
    return found


def _conditions(twin: TwinInExo, profile: DeviceProfile) -> dict[str, Any]:
    band = band_of(profile.joint, TorqueDirection.EXTENSION, twin.policy.body.mass_kg)
    assert band is not None, "ankle torque has a published band"
    (low, high), (early, late) = band
    return {
        "simulated": True,
        "body": "generic, 1.70 m, 75 kg, healthy, walks by the shipped policy",
        "exo": f"{profile.id}, {profile.mass_kg} kg, worn in every block",
        "device_peak_nm_kg": round(profile.limits.peak_nm / twin.policy.body.mass_kg, 3),
        "published_peak_nm_kg": [round(low, 3), round(high, 3)],
        "published_percent": [100.0 * early, 100.0 * late],
        "time_tolerance_percent": 100.0 * TIMING_TOLERANCE,
        "walkers": 16,
        "seeds": len(SEEDS),
        "training_seed": SEED,
    }
