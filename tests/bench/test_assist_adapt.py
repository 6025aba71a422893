"""Claims about the bench of adapted controllers: its wearer, and what the bound leaves possible."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from app.bench.assist_adapt import CADENCE, RANGE, least_within_bound, other_gait
from core.domain.body import Joint, JointKind, Side
from core.gait.norms import normal_reference
from tests.deploy.test_torque_change import a_walk


def test_the_wearers_legs_swing_less_and_quicker_than_the_twins() -> None:
    own = normal_reference()
    wearer = other_gait(own)
    hip = Joint.of(JointKind.HIP_FLEXION, Side.LEFT).column
    assert own.period_s / wearer.period_s == pytest.approx(CADENCE)
    assert np.ptp(wearer.angle_rad[:, hip]) == pytest.approx(RANGE * np.ptp(own.angle_rad[:, hip]))
    assert wearer.speed_m_s == pytest.approx(CADENCE * RANGE * own.speed_m_s)


def test_the_least_within_the_bound_is_what_no_torque_within_it_undercuts() -> None:
    walk = a_walk()
    torque = 8.0 * np.sign(np.roll(walk.velocity_rad_s, 8, axis=0))  # late by 80 ms
    walk = dataclasses.replace(walk, delivered_nm=torque)
    found = least_within_bound(walk)
    assert 0.0 < found["least"] < found["before"]

    random, power = np.random.default_rng(0), walk.velocity_rad_s
    for _ in range(20):
        change = 2.4 * random.uniform(-1.0, 1.0, torque.shape)
        given = (torque + change) * power
        assert np.maximum(-given, 0.0).sum() / np.abs(given).sum() >= found["least"] - 1e-4
