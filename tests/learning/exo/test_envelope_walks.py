"""Claims about the walks that an envelope is taken from."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.domain.body import JointKind
from core.domain.gait_envelope import SensedWalks
from core.domain.twin import GENERIC_BODY
from core.gait.leg import Leg
from core.gait.scenario_reference import at_speed, normal_walk
from core.learning.exo.envelope_walks import SETTLE_S, STUMBLE_S, sensed_walks
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.simulation.model.exo_sensors import PERFECT, Faults
from core.tasks.policy_files import shipped_policy
from core.tasks.train_controller import starting_controller
from core.twin.body import Fidelity

DEVICE, RATE_HZ = "Hippo_L1", 100
LEG = Leg.of(GENERIC_BODY.scale)
STRIDES = (normal_walk(LEG), at_speed(normal_walk(LEG), LEG, 0.9))


@cache
def walkers() -> list[Walker]:
    """Two at the usual speed, one slower."""
    model = worn_model(GENERIC_BODY, Fidelity.FAST, DEVICE, surfaces=False)
    return [Walker(model, GENERIC_BODY, replace(STRIDES[number])) for number in (0, 0, 1)]


def walks(
    faults: Faults = PERFECT, networks: PolicyNetworks | None = None, seconds: float = 3.0
) -> SensedWalks:
    return sensed_walks(
        WalkingEnvironment(walkers(), seed=2),
        walkers(),
        networks or shipped_policy(),
        starting_controller(DEVICE),
        seed=2,
        seconds=seconds,
        faults=faults,
    )


@pytest.mark.slow
def test_they_are_what_the_exo_reads_and_gives_at_its_own_rate():
    found = walks()
    assert found.rate_hz == RATE_HZ and found.angle_rad.shape == (300, 3, 2)
    measured, change = found.velocity_rad_s, np.gradient(found.angle_rad, 1.0 / RATE_HZ, axis=0)
    assert np.corrcoef(measured[100:, 0, 0], change[100:, 0, 0])[0, 1] > 0.99
    assert 1.0 < np.abs(found.torque_nm).max() <= 12.0
    assert found.activity.tolist() == [0, 0, 1]
    hips = STRIDES[1].angle_rad[:, list(JointKind.HIP_FLEXION.columns)]
    np.testing.assert_allclose(found.taught_high_rad[2], hips.max(axis=0))


@pytest.mark.slow
def test_the_sensors_are_as_imperfect_as_in_training():
    offset = walks(Faults(angle_bias_rad=0.035)).angle_rad[0] - walks().angle_rad[0]
    assert 0.0 < np.abs(offset).max() <= 0.035
    assert len(np.unique(offset.round(6))) == 6  # every walker and side has its own


@pytest.mark.slow
def test_neither_starts_nor_falls_count():
    """A policy whose legs are lame falls at once, again and again."""
    shipped = shipped_policy()
    lame = tuple(np.zeros_like(weight) for weight in shipped.policy.weights)
    found = walks(networks=replace(shipped, policy=replace(shipped.policy, weights=lame)), seconds=8.0)
    usual = walks()
    assert not usual.counted[: round(SETTLE_S * RATE_HZ)].any() and usual.counted[120:].all()
    falls = np.abs(np.diff(found.angle_rad, axis=0)).max(axis=2) > 0.2  # a new start is a jump
    assert falls.any()
    for time, walker in np.argwhere(falls):
        stumble, settle = round(STUMBLE_S * RATE_HZ), round(SETTLE_S * RATE_HZ)
        assert not found.counted[max(0, time - stumble + 2) : time + settle - 2, walker].any()
