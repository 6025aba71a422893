"""`exotwin bench scenarios`: the shipped policy in every scenario, from random starts it has not seen."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from core.domain.scenario import SCENARIOS, Scenario
from core.domain.twin import GENERIC_BODY
from core.simulation.analysis.scenario import run_scenario, scenario_walker
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import actuation_of
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity


def bench_scenarios(fidelity: Fidelity, starts: int, seconds: float, seed: int) -> dict[str, Any]:
    """Success rate and more of every scenario, ready for JSON.

    A walk succeeds without a fall and with at least 70 % of the commanded distance.
    """
    networks = shipped_policy(muscles=fidelity is not Fidelity.FAST)
    numbers: dict[str, Any] = {
        "conditions": {
            "fidelity": fidelity.value,
            "body": "generic, 1.70 m, 75 kg",
            "starts": starts,
            "seconds": seconds,
            "seed": seed,
        }
    }
    return numbers | {
        scenario.key: _evaluated(scenario, networks, fidelity, starts, seconds, seed)
        for scenario in SCENARIOS
    }


def _evaluated(
    scenario: Scenario, networks: PolicyNetworks, fidelity: Fidelity, starts: int, seconds: float, seed: int
) -> dict[str, Any]:
    walker = scenario_walker(scenario, GENERIC_BODY, None, length_s=seconds, fidelity=fidelity)
    walkers = [walker] * starts
    environment = WalkingEnvironment(
        walkers, seed=seed, actuation=actuation_of(walkers, networks), episode_s=2 * seconds
    )
    run = run_scenario(scenario, environment, networks.act, seconds)
    return {
        "success_rate": run.success_rate,
        "survived_s_median": float(np.median(run.survived_s)),
        "distance_m_mean": round(float(run.distance_m.mean()), 1),
        "flexion_rmse_deg": round(float(np.nanmean(run.rmse_deg)), 1)
        if np.isfinite(run.rmse_deg).any()
        else None,
        "causes": dict(Counter(cause for cause in run.cause if cause)),
    }
