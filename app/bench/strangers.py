"""`exotwin bench strangers`: does a controller of one's own help more than a stranger's?

Eight virtual people, four sizes and four deficits of one leg; for each a controller is trained as in a
session, and all eight walk with all eight controllers, and with the generic one. Simulated; starts that
chose nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from app.train.exo_base import PPO_ITERATIONS, personal
from app.train.virtual_people import twin_of, virtual_people
from core.devices.profiles import load_generic_controller, load_profile, session_limits
from core.domain.arrays import FloatArray
from core.domain.controller import ExoController
from core.domain.walk_measures import WalkRatios
from core.learning.exo.evaluation import WalkEvaluator
from core.statistics.paired import PairedT, paired_t
from core.statistics.study import study
from core.statistics.told import rounded, study_values

DEVICE = "Hippo_L1"
HELD_OUT = tuple(range(30_000, 30_003))
SEED = 0
AS_GOOD = 0.01  # the own controller counts as best when no stranger's is better by more


def bench_strangers(controllers: tuple[ExoController, ...] = ()) -> dict[str, Any]:
    """The matrix of metabolic ratios, wearer by controller, and what it says; trains missing controllers."""
    torch.set_num_threads(1)
    limits = session_limits(load_profile(DEVICE))
    people = virtual_people()
    twins = [twin_of(person, DEVICE) for person in people]
    own = controllers or tuple(personal(twin, limits, SEED) for twin in twins)
    worn = (*own, load_generic_controller(DEVICE))
    rows = [_ratios(WalkEvaluator(twin, seeds=HELD_OUT), worn) for twin in twins]
    ratio, cost = (np.array(part) for part in zip(*rows, strict=True))  # each (8, 9)
    return {
        "people": [person.name for person in people],
        "iterations": PPO_ITERATIONS,
        "seeds": len(HELD_OUT),
        "metabolic_ratio": np.round(
            ratio, 4
        ).tolist(),  # rows: wearer; columns: controllers, the generic last
        **_verdict("metabolic", ratio),
        **_verdict("aim", cost),
        "simulated": True,
    }


def _ratios(
    evaluator: WalkEvaluator, controllers: tuple[ExoController, ...]
) -> tuple[list[float], list[float]]:
    """Metabolic ratio, and the mean of it and of activation, of one wearer with every controller."""
    metabolic, both = [], []
    for controller in controllers:
        ratios = WalkRatios.between(evaluator.worn(controller), evaluator.without_exo, per_metre=True)
        metabolic.append(ratios.metabolic_of_both.mean)
        both.append(0.5 * (metabolic[-1] + float(ratios.activation.mean())))
    return metabolic, both


def _verdict(name: str, ratio: FloatArray) -> dict[str, Any]:
    """Of a matrix (P, P + 1): how often the own controller is best, and its gain over the others.

    A person counts once, with the mean of the strangers' controllers.
    """
    people = len(ratio)
    own, strangers = np.diag(ratio), ratio[:, :people]
    best = own <= strangers.min(axis=1) + AS_GOOD
    other = (strangers.sum(axis=1) - own) / (people - 1)
    generic = ratio[:, -1]
    over_strangers, over_generic = paired_t(own, other), paired_t(own, generic)
    found = study(name, ("own", "strangers", "generic"), np.column_stack([own, other, generic]))
    return {
        f"{name}.own_best_or_within_1_percent": int(best.sum()),
        f"{name}.own": np.round(own, 4).tolist(),
        f"{name}.gain_over_strangers": _interval(over_strangers),
        f"{name}.gain_over_generic": _interval(over_generic),
        f"{name}.statistics": {"who": f"{people} virtual people, simulated"} | rounded(study_values(found)),
    }


def _interval(gain: PairedT) -> list[float]:
    return [round(value, 4) for value in (gain.change, gain.low, gain.high)]
