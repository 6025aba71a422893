"""Claims about the virtual handrail: it holds who falls, by no more than a hand can, and nobody else."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.simulation.environment.handrail import (
    FREE_M,
    FREE_TILT_RAD,
    HAND_M,
    MOST_BW,
    SIDE_M,
    Handrail,
    TrunkReference,
)
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.twin.body import Fidelity

WEIGHT_N, HEIGHT_M, TICK_S = 700.0, 0.95, 0.01
SIDEWAYS, AHEAD, UP, YAW = 0, 1, 2, 5


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return worn_model(GENERIC_BODY, Fidelity.FAST, None, surfaces=False)


def held(
    model: mujoco.MjModel,
    *,
    x_m: float = 0.0,
    z_m: float = HEIGHT_M,
    tilt_rad: float = 0.0,
    turn_rad: float = 0.0,
    velocity: tuple[float, ...] = (),
) -> tuple[FloatArray, Handrail]:
    """Force on the trunk (6,) of one person at rest in this place: tilted to the left, turned to the left."""
    handrail = Handrail([model], np.array([WEIGHT_N]))
    position, speed = np.zeros((1, model.nq)), np.zeros((1, model.nv))
    position[0, :3] = x_m, 0.0, z_m
    tilt = np.array([np.cos(tilt_rad / 2), 0.0, np.sin(tilt_rad / 2), 0.0])  # about the way back
    turn = np.array([np.cos(turn_rad / 2), 0.0, 0.0, np.sin(turn_rad / 2)])
    mujoco.mju_mulQuat(position[0, 3:7], turn, tilt)
    speed[0, : len(velocity)] = velocity
    reference = TrunkReference(np.array([HEIGHT_M]), np.zeros(1))
    force = handrail.force(position, speed, reference, TICK_S)
    assert not np.delete(force[0], model.body("torso").id, axis=0).any()
    return force[0, model.body("torso").id], handrail


def test_who_walks_upright_in_the_middle_gets_nothing_however_fast_the_trunk_moves(model) -> None:
    force, handrail = held(model, x_m=0.9 * SIDE_M, z_m=HEIGHT_M - 0.9 * FREE_M, velocity=(0.5, -1.5, 0.4))

    assert not force.any() and not handrail.held.any() and not handrail.support_bw.any()


def test_a_trunk_that_tilts_is_pulled_back(model) -> None:
    left, handrail = held(model, tilt_rad=1.5 * FREE_TILT_RAD)
    right, _ = held(model, tilt_rad=-1.5 * FREE_TILT_RAD)

    assert left[SIDEWAYS] < -0.05 * WEIGHT_N
    assert right[SIDEWAYS] == pytest.approx(-left[SIDEWAYS])
    assert handrail.held.all()


def test_a_body_that_sinks_is_pulled_up_and_one_that_rises_is_not_pushed_down(model) -> None:
    sinks, _ = held(model, z_m=HEIGHT_M - 1.5 * FREE_M)
    rises, _ = held(model, z_m=HEIGHT_M + 3.0 * FREE_M)

    assert sinks[UP] > 0.2 * WEIGHT_N
    assert not rises.any()


def test_the_grip_begins_softly_at_the_edge_of_the_free_space(model) -> None:
    edge, touched = held(model, z_m=HEIGHT_M - 1.02 * FREE_M)
    inside, leaned = held(model, z_m=HEIGHT_M - 1.1 * FREE_M)

    assert 0.0 < edge[UP] < 0.05 * WEIGHT_N < inside[UP]
    assert not touched.held.any() and leaned.held.all()  # a touch is no support


def test_a_hand_carries_half_a_body_weight_at_most(model) -> None:
    force, handrail = held(
        model, z_m=HEIGHT_M - 0.5, tilt_rad=1.0, turn_rad=1.5, velocity=(3.0, 3.0, -3.0, 5.0, 5.0, 5.0)
    )

    assert np.linalg.norm(force[:3]) == pytest.approx(MOST_BW * WEIGHT_N)
    assert abs(force[YAW]) <= MOST_BW * WEIGHT_N * HAND_M * (1 + 1e-9)
    assert handrail.support_bw[0] <= 2 * MOST_BW * (1 + 1e-9)


def test_who_comes_to_the_side_of_the_stairs_is_pushed_back_and_who_turns_is_turned_back(model) -> None:
    beside, _ = held(model, x_m=SIDE_M + 0.05)
    turned, _ = held(model, turn_rad=0.8)

    assert beside[SIDEWAYS] < -0.1 * WEIGHT_N
    assert turned[YAW] < 0.0


def test_the_usual_place_follows_a_crouched_walk_so_that_only_a_sudden_drop_counts(model) -> None:
    handrail = Handrail([model], np.array([WEIGHT_N]))
    position, speed = np.zeros((1, model.nq)), np.zeros((1, model.nv))
    position[0, :7] = 0.0, 0.0, HEIGHT_M - 0.05, 1.0, 0.0, 0.0, 0.0
    reference = TrunkReference(np.array([HEIGHT_M]), np.zeros(1))
    for _ in range(200):
        handrail.force(position, speed, reference, TICK_S)
    position[0, 2] -= 0.05

    assert not handrail.force(position, speed, reference, TICK_S).any()
    position[0, 2] -= 0.04
    assert handrail.force(position, speed, reference, TICK_S).any()


def test_a_walk_that_never_needs_the_handrail_is_the_walk_without_it() -> None:
    worn = worn_model(GENERIC_BODY, Fidelity.FAST, "Hippo_L1", surfaces=False)
    walker = Walker(worn, GENERIC_BODY, normal_reference())
    bare, railed = (
        WalkingEnvironment([walker] * 2, seed=4, threads=1, handrail=handrail) for handrail in (False, True)
    )
    for _ in range(6):
        for environment in (bare, railed):
            environment.step(np.zeros((2, 14)))

    assert railed.handrail is not None and not railed.handrail.held.any()
    np.testing.assert_array_equal(bare.state, railed.state)


def test_the_handrail_keeps_up_who_would_sink_without_it() -> None:
    """Nobody moves the legs: with the handrail the body is higher after half a second."""
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None, surfaces=False)
    walker = Walker(model, GENERIC_BODY, normal_reference())
    heights = []
    for handrail in (False, True):
        environment = WalkingEnvironment([walker] * 2, seed=4, threads=1, handrail=handrail)
        for _ in range(30):
            environment.step(np.full((2, 14), 2.0))
        heights.append(environment.physics.position(environment.state)[:, 2])

    assert (heights[1] > heights[0] + 0.02).all()
