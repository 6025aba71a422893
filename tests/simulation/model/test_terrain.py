"""The walkways stand where the height formula says, and carry the body by the feet alone."""

from __future__ import annotations

import copy

import mujoco
import numpy as np
import pytest

from core.domain.body import Side
from core.domain.scenario import (
    LEVEL_GROUND,
    SCENARIOS,
    STEP_RISE_M,
    STEP_TREAD_M,
    STEPS_AHEAD,
    STEPS_BEHIND,
    Ground,
    GroundKind,
    ground_height_m,
)
from core.domain.twin import GENERIC_BODY
from core.simulation.model.exo_model import worn_model
from core.simulation.model.model_sensors import SensorColumns
from core.simulation.physics.batch import BatchPhysics
from core.simulation.physics.perturbations import slippery
from core.simulation.reference_gait.terrain_batch import TerrainBatch, in_swing
from core.twin.body import Fidelity

UP = Ground(GroundKind.STAIRS, rise_m=STEP_RISE_M, tread_m=STEP_TREAD_M)
DOWN = Ground(GroundKind.STAIRS, rise_m=-STEP_RISE_M, tread_m=STEP_TREAD_M)
RAMP = Ground(GroundKind.RAMP, slope_rad=float(np.radians(10)))
ALL = tuple(dict.fromkeys(scenario.ground for scenario in SCENARIOS))


@pytest.mark.slow
@pytest.mark.parametrize("ground", ALL, ids=lambda ground: f"{ground.kind.value} {ground.climb:+.2f}")
def test_the_height_formula_tells_where_a_ray_from_above_meets_the_walkway(ground: Ground) -> None:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None, ground=ground, surfaces=False)
    data = mujoco.MjData(model)
    data.qpos[2] = 200.0  # the body is out of the way
    mujoco.mj_kinematics(model, data)
    forward = np.random.default_rng(0).uniform(-3.0, 22.0, 80)
    hit = np.zeros(1, np.int32)
    met = []
    for ahead in forward:
        start = np.array([0.1, -ahead, 100.0])
        distance = mujoco.mj_ray(model, data, start, np.array([0.0, 0.0, -1.0]), None, 1, -1, hit)
        met.append(100.0 - distance)
    np.testing.assert_allclose(met, ground_height_m(ground, forward), atol=1e-9)


def test_every_walkway_starts_at_height_zero() -> None:
    assert [float(ground_height_m(ground, np.zeros(()))) for ground in ALL] == [0.0] * len(ALL)


@pytest.mark.parametrize(("ground", "sign"), [(UP, 1.0), (DOWN, -1.0)])
def test_stairs_rise_17_cm_every_29_cm_and_end_in_landings(ground: Ground, sign: float) -> None:
    middles = ground.first_middle_m + STEP_TREAD_M * np.arange(45)
    np.testing.assert_allclose(np.diff(ground_height_m(ground, middles)), sign * 0.17)
    landings = ground_height_m(ground, np.array([-20.0, 40.0]))
    np.testing.assert_allclose(landings, sign * 0.17 * np.array([-STEPS_BEHIND, STEPS_AHEAD]))


@pytest.mark.parametrize("ground", [UP, DOWN, RAMP])
def test_a_body_dropped_on_any_walkway_is_carried_by_it(ground: Ground) -> None:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None, ground=ground, surfaces=False)
    data = mujoco.MjData(model)
    data.qpos[:7] = [
        0.0,
        -10 * STEP_TREAD_M,
        ground_height_m(ground, np.array(10 * STEP_TREAD_M)) + 1.0,
        1,
        0,
        0,
        0,
    ]
    supported_n = []
    for _ in range(150):
        mujoco.mj_step(model, data)
        supported_n.append(SensorColumns.of(model).ground_force_n(data.sensordata[None])[0, :, 2].sum())
    weight = 9.81 * float(model.body_mass.sum())
    assert 0.7 * weight < np.mean(supported_n[100:]) < 1.6 * weight


def test_feet_slide_down_a_slippery_ramp_and_hold_on_a_rough_one() -> None:
    slid = []
    for friction in (0.02, 1.0):
        ground = Ground(GroundKind.RAMP, slope_rad=float(np.radians(10)), friction=friction)
        model = worn_model(GENERIC_BODY, Fidelity.FAST, None, ground=ground, surfaces=False)
        data = mujoco.MjData(model)
        data.qpos[:7] = [0.0, 0.0, 0.97, 1, 0, 0, 0]
        place = []
        for _ in range(150):
            mujoco.mj_step(model, data)
            place.append(float(data.xpos[model.body("calcn_l").id, 1]))
        slid.append(place[-1] - place[75])
    assert slid[0] > 0.03  # downhill is towards +y
    assert abs(slid[1]) < 0.01


def landing(model: mujoco.MjModel, iterations: int) -> np.ndarray:
    """Speeds after a body has come down sideways; `iterations` of the solver, 0: as the model has it."""
    solved = copy.copy(model)
    solved.opt.iterations = solved.opt.ls_iterations = iterations
    physics = BatchPhysics([model], threads=1)
    state = physics.at_rest(model.qpos0[None], np.zeros((1, model.nv)))
    physics.velocity(state)[0, :4] = 1.0, -1.0, -1.0, 2.0
    models = [solved] if iterations else [model]
    return physics.velocity(physics.advance(state, np.zeros((1, model.nu)), 60, models=models).state)


def on_floor(friction: float) -> mujoco.MjModel:
    return worn_model(GENERIC_BODY, Fidelity.FAST, None, ground=Ground(friction=friction), surfaces=False)


def test_contacts_of_feet_that_slip_are_solved_to_the_end() -> None:
    floor, foot = on_floor(0.1), slippery(on_floor(1.0), Side.LEFT, 0.1)
    for model in (floor, foot):
        assert np.abs(landing(model, 0) - landing(model, 100)).max() < 1e-9
    assert np.abs(landing(floor, 6) - landing(floor, 100)).max() > 1.0


def test_where_feet_hold_policies_walk_on_the_bits_that_they_learned_on() -> None:
    model = on_floor(1.0)
    assert (model.opt.iterations, model.opt.ls_iterations) == (6, 6)
    assert np.array_equal(landing(model, 0), landing(model, 6))
    assert np.abs(landing(model, 0) - landing(model, 100)).max() < 1e-9


def test_the_stride_on_stairs_is_drawn_to_the_treads_and_nowhere_else() -> None:
    up = Ground(GroundKind.STAIRS, rise_m=0.17, tread_m=0.29)
    grounds = TerrainBatch([up, up, up, LEVEL_GROUND])

    ahead = grounds.ahead_of_phase(np.array([0.29, 0.58, 0.60, 0.9]), np.array([0.4, 0.9, 0.0, 0.3]))

    np.testing.assert_allclose(ahead, [0.1, 0.1, 0.02 / 0.58, 0.0], atol=1e-9)


def test_a_walk_on_stairs_begins_in_the_swing_of_one_foot() -> None:
    """No push-off came before it: over a foot that has just landed the body would sink."""
    phase = in_swing(np.linspace(0.0, 1.0, 101)[:-1])
    assert ((phase % 0.5 >= 0.25) & (phase < 1.0)).all()
    assert (phase < 0.5).sum() == (phase > 0.5).sum() == 50
