"""What may be different or go wrong while a person wears the exo, for training to be ready for it.

After the domain randomisation and the disturbances of Luo et al. 2024 (Nature 630:353, eq. 16 and extended
data); the ranges are ours. Models are drawn once per training, as all of its randomisation is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.domain.body import SIDES, JointKind
from core.domain.scenario import Disturbance, DisturbanceKind, ExoDisturbance, ExoDisturbanceKind
from core.simulation.environment.batch_environment import EPISODE_S
from core.simulation.environment.walker import Walker
from core.simulation.model.joint_coupling import velocity_columns

HINGE_FRICTION_NM = (0.0, 1.0)
FAILING, PUSHED = 0.15, 0.1  # of the walkers
PUSH_N_KG = 1.0  # at most, to either side
_HALTS_S, _FREEZES_S = (0.1, 0.5), (0.03, 0.1)
_AT_S = (1.0, 0.8 * EPISODE_S)


def add_hinge_friction(model: Any, joint: JointKind, rng: np.random.Generator) -> None:
    """Friction of the exo's own hinges, left and right alike; changes the model."""
    model.dof_frictionloss[velocity_columns(model)[list(joint.columns)]] += rng.uniform(*HINGE_FRICTION_NM)


def disturbed_walkers(walkers: Sequence[Walker], rng: np.random.Generator) -> list[Walker]:
    """Some of the walkers with a failure of their exo in every walk, others with a push."""
    drawn = list(walkers)
    order = rng.permutation(len(drawn))
    failing, pushed = (round(share * len(drawn)) for share in (FAILING, PUSHED))
    for row in order[:failing]:
        drawn[row] = replace(drawn[row], exo_disturbance=_failure(rng))
    for row in order[failing : failing + pushed]:
        if drawn[row].disturbance is None:
            drawn[row] = replace(drawn[row], disturbance=_push(rng))
    return drawn


def _failure(rng: np.random.Generator) -> ExoDisturbance:
    kind = (
        ExoDisturbanceKind.HALT,
        ExoDisturbanceKind.FROZEN_TORQUE,
        ExoDisturbanceKind.FROZEN_SENSOR,
    )[int(rng.integers(3))]
    sides = (SIDES[:1], SIDES[1:], SIDES)[int(rng.integers(3))]
    span = _FREEZES_S if kind is ExoDisturbanceKind.FROZEN_SENSOR else _HALTS_S
    return ExoDisturbance(kind, sides, float(rng.uniform(*_AT_S)), float(rng.uniform(*span)))


def _push(rng: np.random.Generator) -> Disturbance:
    sideways = float(rng.uniform(-PUSH_N_KG, PUSH_N_KG))
    return Disturbance(DisturbanceKind.PUSH, float(rng.uniform(*_AT_S)), sideways_n_kg=sideways)
