"""A tracking policy whose actions are all zero, and walkers with muscles that follow it."""

from __future__ import annotations

import numpy as np

from core.domain.body import JOINTS
from core.domain.twin import GENERIC_BODY, Network
from core.gait.norms import normal_reference
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.twin.body import Fidelity


def standing_policy(observations: int = OBSERVATION_SIZE) -> PolicyNetworks:
    """Every action is zero: joint targets are the reference itself."""
    joints = len(JOINTS)
    policy = Network((np.zeros((joints, observations)),), (np.zeros(joints),), "silu")
    value = Network((np.zeros((1, observations)),), (np.zeros(1),), "silu")
    return PolicyNetworks(
        policy, value, np.full(joints, -1.0, np.float32), np.zeros(observations), np.ones(observations)
    )


def muscled_walkers(count: int) -> list[Walker]:
    """The generic body with 26 muscles."""
    model = worn_model(GENERIC_BODY, Fidelity.LUMPED, None, surfaces=False)
    return [Walker(model, GENERIC_BODY, normal_reference())] * count
