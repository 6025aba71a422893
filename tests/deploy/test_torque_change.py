"""Claims about the bound of what an adaptation may change."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core.deploy.golden import reference_torque
from core.deploy.torque_change import TorqueChange, between
from core.domain.adaptation import MOST_TORQUE_CHANGE
from core.domain.controller import ExoController, TorqueLimits
from core.domain.exo_walk import ExoWalk, TorqueMatch
from core.domain.twin import Network
from core.learning.exo.worn_controller import SIZES, exo_controller

LIMITS = TorqueLimits(12.0, 150.0, 1.4)


def controller(seed: int, size: float = 1.0) -> ExoController:
    """Any network of the usual sizes, whose targets are near the angles of walking."""
    random = np.random.default_rng(seed)
    pairs = list(zip(SIZES[1:], SIZES[:-1], strict=True))
    weights = tuple(
        (size * random.normal(0.0, 0.7, pair) / np.sqrt(pair[1])).astype(np.float32) for pair in pairs
    )
    return exo_controller(Network(weights, tuple(np.zeros(n, np.float32) for n, _ in pairs), "relu"), LIMITS)


def a_walk(seconds: float = 3.0) -> ExoWalk:
    time_s = np.arange(0.0, seconds, 0.01)
    phase = 2.0 * np.pi * time_s[:, None] / 1.1 + np.array([[0.0, np.pi]])
    torque = np.zeros((len(time_s), 2))
    return ExoWalk(
        time_s=time_s,
        angle_rad=0.4 * np.cos(phase),
        velocity_rad_s=-2.3 * np.sin(phase),
        command_nm=torque,
        delivered_nm=torque,
        predicted_nm=torque,
        assisting=np.ones(len(time_s), np.bool_),
        limit_nm=12.0,
        strides=(5, 5),
        lost_ticks=0,
        match=TorqueMatch((1.0, 1.0), (0.0, 0.0), seconds),
        package_sha256="",
        device_serial="",
        on_trial=True,
        virtual=True,
        end="",
    )


def test_the_change_is_that_of_the_exos_own_code_tick_by_tick() -> None:
    old, new, walk = controller(0), between(controller(0), controller(1), 0.1), a_walk()
    angle, velocity = walk.angle_rad.astype(np.float32), walk.velocity_rad_s.astype(np.float32)
    exact = [reference_torque(one, angle, velocity) for one in (old, new)]
    measured = TorqueChange(old, walk)
    pieces = measured._along(new)[measured._counted]
    assert len(pieces) == len(walk.time_s)
    walked = float(np.abs(exact[1] - exact[0]).max()) / LIMITS.peak_nm
    assert measured.largest(new) >= walked - 1e-4
    assert measured.largest(old) == 0.0


def test_what_changes_too_much_is_drawn_back_within_a_fifth_of_the_peak() -> None:
    old, new = controller(0), controller(1)
    change = TorqueChange(old, a_walk())
    assert change.largest(new) > MOST_TORQUE_CHANGE
    drawn = change.drawn_back(new)
    assert 0.5 * MOST_TORQUE_CHANGE < change.largest(drawn) <= MOST_TORQUE_CHANGE
    assert drawn.limits == old.limits


def test_what_is_within_the_bound_stays_as_it_was_learned() -> None:
    old = controller(0)
    weights = tuple(weight * np.float32(1.001) for weight in old.network.weights)
    new = dataclasses.replace(old, network=dataclasses.replace(old.network, weights=weights))
    assert TorqueChange(old, a_walk()).drawn_back(new) is new


def test_the_golden_ticks_count_beside_the_walk() -> None:
    """A walk of a person who stands says nothing of what the exo does in a stride."""
    old, new = controller(0), controller(1)
    still = dataclasses.replace(a_walk(), angle_rad=np.zeros((300, 2)), velocity_rad_s=np.zeros((300, 2)))
    assert TorqueChange(old, still).largest(new) == pytest.approx(
        float(np.abs(_golden(new) - _golden(old)).max()) / LIMITS.peak_nm, rel=1e-6
    )


def _golden(one: ExoController) -> np.ndarray:
    from core.deploy.golden import golden_vectors

    return golden_vectors(one).torque_nm
