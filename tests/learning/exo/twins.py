"""Twins for the tests of exo training: one that walks by the shipped policy, and one that never learned."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from core.domain.body import Side
from core.domain.controller import TorqueLimits
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscles import MuscleGroup
from core.domain.twin import GENERIC_BODY, BodyParameters, GaitPolicy, Network
from core.gait.norms import normal_reference
from core.learning.exo.twin_in_exo import TwinInExo
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import ACTION_SIZE
from core.tasks.policy_files import shipped_policy

DEVICE = "Hippo_L1"
LIMITS = TorqueLimits(12.0, 150.0, 1.396)
WEAK_LEFT = replace(
    GENERIC_BODY,
    impairments=(Impairment(ImpairmentKind.WEAKNESS, 0.5, Side.LEFT, MuscleGroup.HIP_FLEXORS),),
)


def walking_twin(body: BodyParameters = GENERIC_BODY, *, muscles: bool = False) -> TwinInExo:
    """Walks with the normal stride by the shipped policy."""
    return TwinInExo(policy_of(shipped_policy(muscles=muscles), body), DEVICE)


def untrained_twin() -> TwinInExo:
    """Its joint PD follows the normal stride until it falls."""
    networks = PolicyNetworks(
        constant((OBSERVATION_SIZE, 8, ACTION_SIZE), "silu"),
        constant((OBSERVATION_SIZE, 8, 1), "silu"),
        np.full(ACTION_SIZE, -1.0, np.float32),
        np.zeros(OBSERVATION_SIZE),
        np.ones(OBSERVATION_SIZE),
    )
    return TwinInExo(policy_of(networks), DEVICE)


def policy_of(networks: PolicyNetworks, body: BodyParameters = GENERIC_BODY) -> GaitPolicy:
    return GaitPolicy(
        body=body,
        reference=normal_reference(),
        policy=networks.policy,
        value=networks.value,
        log_std=networks.log_std,
        observation_mean=networks.observation_mean,
        observation_std=networks.observation_std,
        curves=(),
        control_steps=1,
        control_steps_per_s=1.0,
        walk_seconds_median=10.0,
        joint_rmse_deg=5.0,
        synthetic=True,
        coordination=networks.coordination,
    )


def constant(sizes: tuple[int, ...], activation: str, output: float = 0.0) -> Network:
    """A network whose weights are zero: it always gives `output`."""
    weights = tuple(np.zeros((b, a), np.float32) for a, b in itertools.pairwise(sizes))
    biases = [np.zeros(b, np.float32) for b in sizes[1:]]
    biases[-1] += np.float32(output)
    return Network(weights, tuple(biases), activation)
