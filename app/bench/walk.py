"""`exotwin bench walk`: the shipped policy walks, and its walk is held against people who really walked.

Ground reactions are taken at every physics step and low-passed at 20 Hz, as gait laboratories do; stances are
cut from the forces alone, in recordings and simulation alike. Curves are compared over the whole gait cycle
(zero in swing) and, stricter, over stance alone. `people` says how alike real people are to one another by
the same measure: more cannot be asked of a simulation. Activations are compared with EMG envelopes without
any shift in time, though real muscle answers its EMG some hundredths of a second late.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from app.bench.gait_curves import EmgGroup, Stances, correlation
from app.bench.recorded_walks import Envelopes, RecordedWalk, recorded_walks
from app.bench.simulated_walk import EvaluatedWalk, evaluate_walk, shipped_walk
from core.domain.arrays import FloatArray
from core.domain.scenario import SCENARIOS
from core.simulation.muscles.metabolics import BASAL_W_KG
from core.twin.body import Fidelity

TRANSPORT_STARTS, TRANSPORT_S = 8, 10.0  # a few steady strides of each; more change the third digit


def bench_walk(
    recordings: Path, fidelity: Fidelity, starts: int, seconds: float, seed: int
) -> dict[str, Any]:
    """All numbers of one evaluation, ready for JSON. Raises UserError PC-026, SIM-020."""
    people = recorded_walks(recordings)
    walk = evaluate_walk(shipped_walk(fidelity, starts), seconds=seconds, seed=seed)
    numbers: dict[str, Any] = {
        "conditions": _conditions(fidelity, starts, seconds, seed, walk),
        "survived_fraction": walk.survived_fraction,
        "walked_s_median": walk.walked_s_median,
        "flexion_rmse_deg": walk.flexion_rmse_deg,
        "speed_m_s": walk.speed_m_s,
    }
    if walk.ground is not None:
        numbers |= _against_all(walk.ground, walk.emg, people)
        if walk.has_muscles:
            numbers |= _excitation_against(walk, people)
        numbers["sources"] = {person.name: _against(walk, person) for person in people}
    numbers["metabolic_net_w_kg"] = {rate.model: rate.net_w_kg for rate in walk.metabolic}
    numbers["cost_of_transport_j_kg_m"] = costs_of_transport(fidelity, seed)
    numbers["people"] = people_alike(people)
    rounded: dict[str, Any] = _rounded(numbers)
    return rounded


def costs_of_transport(fidelity: Fidelity, seed: int) -> dict[str, Any]:
    """Gross metabolic cost per distance at the level scenarios; that of people is lowest near 1.3 m/s.

    By the speed that was asked for; what was not walked to its end by anybody is missing.
    """
    asked = [scenario for scenario in SCENARIOS if scenario.key.startswith("level-")]
    costs: dict[str, Any] = {}
    for scenario in asked:
        walk = evaluate_walk(
            shipped_walk(fidelity, TRANSPORT_STARTS, scenario), seconds=TRANSPORT_S, seed=seed
        )
        if walk.metabolic:
            gross = {rate.model: rate.gross_w_kg / walk.speed_m_s for rate in walk.metabolic}
            costs[f"{scenario.speed_m_s:.1f}"] = {"speed_m_s": walk.speed_m_s, **gross}
    return costs


def _against_all(ground: Stances, emg: Envelopes, people: tuple[RecordedWalk, ...]) -> dict[str, Any]:
    """Against the mean curve of all sources, and the mean over the sources taken one by one."""
    numbers = ground_against(ground, [person.ground for person in people if person.ground is not None])
    numbers["vertical_grf_peaks_bw"] = list(ground.peaks_bw)
    numbers["stance_fraction"] = ground.stance_fraction
    held_out = [person for person in people if person.held_out]
    grounds = [person.ground for person in held_out if person.ground is not None]
    numbers["held_out"] = ground_against(ground, grounds) | _emg_against(emg, held_out)
    return numbers | _emg_against(emg, people)


def _excitation_against(walk: EvaluatedWalk, people: tuple[RecordedWalk, ...]) -> dict[str, Any]:
    """EMG is a muscle's excitation, its activation follows: the same comparison by excitation."""
    found = _emg_against(walk.excitation, people)
    return {name.replace("activation", "excitation"): value for name, value in found.items()}


def ground_against(ground: Stances, others: list[Stances]) -> dict[str, Any]:
    """`..._r` against the mean cycle of the others; `..._r_each` is the mean of r with each of them."""
    numbers: dict[str, Any] = {}
    for name in ("vertical", "fore_aft"):
        own = ground.mean_cycle(name)
        cycles = [other.mean_cycle(name) for other in others]
        numbers[f"{name}_grf_r"] = correlation(own, np.mean(cycles, axis=0))
        numbers[f"{name}_grf_r_each"] = float(np.mean([correlation(own, cycle) for cycle in cycles]))
        stances = [other.mean_stance(name) for other in others]
        numbers[f"{name}_grf_stance_r"] = correlation(ground.mean_stance(name), np.mean(stances, axis=0))
    return numbers


def _emg_against(emg: Envelopes, people: Any) -> dict[str, Any]:
    """r of each muscle with the mean envelope of all sources that recorded it."""
    found = {
        group.value: correlation(emg[group], np.mean(curves, axis=0))
        for group in EmgGroup
        if group in emg and (curves := _curves(group, people))
    }
    if not found:
        return {"activation_r": {}}
    values = list(found.values())
    return {
        "activation_r": found,
        "activation_r_mean": float(np.mean(values)),
        "activation_r_min": float(np.min(values)),
    }


def _curves(group: EmgGroup, people: Any) -> list[FloatArray]:
    return [person.emg[group] for person in people if group in person.emg]


def _against(walk: EvaluatedWalk, person: RecordedWalk) -> dict[str, Any]:
    numbers: dict[str, Any] = {"about": person.about, "held_out": person.held_out}
    if person.ground is not None and walk.ground is not None:
        found = ground_against(walk.ground, [person.ground])
        numbers |= {name: value for name, value in found.items() if not name.endswith("_each")}
        numbers["vertical_grf_peaks_bw"] = list(person.ground.peaks_bw)
        numbers["stance_fraction"] = person.ground.stance_fraction
    if person.emg:
        numbers |= _emg_against(walk.emg, [person])
    return numbers


def people_alike(people: tuple[RecordedWalk, ...]) -> dict[str, Any]:
    """How alike the recordings are: mean of r of each source with the mean of the others."""
    grounds = [person.ground for person in people if person.ground is not None]
    numbers: dict[str, Any] = {}
    for name in ("vertical", "fore_aft"):
        numbers[f"{name}_grf_r"] = _one_against_others([ground.mean_cycle(name) for ground in grounds])
        numbers[f"{name}_grf_stance_r"] = _one_against_others(
            [ground.mean_stance(name) for ground in grounds]
        )
    alike = {
        group.value: _one_against_others(curves)
        for group in EmgGroup
        if len(curves := _curves(group, people)) > 1
    }
    return numbers | {"activation_r": alike, "activation_r_mean": float(np.mean(list(alike.values())))}


def _one_against_others(curves: list[FloatArray]) -> float:
    found = [
        correlation(curve, np.mean(curves[:number] + curves[number + 1 :], axis=0))
        for number, curve in enumerate(curves)
    ]
    return float(np.mean(found))


def _conditions(
    fidelity: Fidelity, starts: int, seconds: float, seed: int, walk: EvaluatedWalk
) -> dict[str, Any]:
    return {
        "fidelity": fidelity.value,
        "policy": walk.policy,
        "body": "generic, 1.70 m, 75 kg",
        "ground": "level",
        "starts": starts,
        "seconds": seconds,
        "seed": seed,
        "curves_from": f"{walk.curve_walkers} walkers that stayed on their feet, {walk.stances} stances",
        "activation": "simulated; torques move muscles from their textbook timing"
        if walk.has_muscles
        else "estimated by static optimisation",
        "metabolic": f"modelled leg muscles only; gross adds {BASAL_W_KG} W/kg; tendons rigid but the calf's",
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return round(float(value), 3) if isinstance(value, float) else value
