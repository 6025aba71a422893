"""A batch gives what each body would give alone, also on different grounds and under outside forces."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.scenario import LEVEL_GROUND, scenario_of
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.simulation.model.exo_model import worn_model
from core.simulation.physics.batch import BatchPhysics
from core.twin.body import Fidelity
from core.twin.scaling import scales_for_height

TALL = BodyParameters(1.9, 95.0, scales_for_height(1.9))


def models() -> list[mujoco.MjModel]:
    up, down = scenario_of("stairs-up"), scenario_of("ramp-down-5")
    assert up is not None and down is not None
    pairs = ((GENERIC_BODY, LEVEL_GROUND), (GENERIC_BODY, up.ground), (TALL, down.ground))
    return [worn_model(body, Fidelity.FAST, None, ground=ground) for body, ground in pairs]


def in_the_air(physics: BatchPhysics, count: int) -> np.ndarray:
    state = np.zeros((count, physics.state_size))
    state[:, 3], state[:, 4] = 1.02, 1.0
    return state


@pytest.mark.slow
def test_bodies_on_level_ground_ramps_and_stairs_share_a_batch() -> None:
    several = models()
    batch = BatchPhysics(several, threads=1)
    state, control = in_the_air(batch, 3), np.random.default_rng(0).normal(0.0, 0.1, (3, 14))
    together = batch.advance(state, control, 60)
    for row, model in enumerate(several):
        alone = BatchPhysics([model], threads=1).advance(state[row : row + 1], control[row : row + 1], 60)
        np.testing.assert_array_equal(together.state[row], alone.state[0])
        np.testing.assert_array_equal(together.sensor[row], alone.sensor[0])


@pytest.mark.slow
def test_a_force_moves_the_centre_of_mass_by_newtons_law_and_is_gone_afterwards() -> None:
    model = models()[0]
    batch = BatchPhysics([model], threads=1)
    state = in_the_air(batch, 1)
    state[:, 3] = 3.0
    force = np.zeros((1, model.nbody, 6))
    force[0, model.body("pelvis").id, 0] = 100.0
    pushed = batch.advance(state, np.zeros((1, 14)), 50, force=force)
    free = batch.advance(state, np.zeros((1, 14)), 50)
    again = batch.advance(state, np.zeros((1, 14)), 50)
    moved = _centre(model, pushed.state[0]) - _centre(model, free.state[0])
    expected = 0.5 * 100.0 / float(model.body_mass.sum()) * 0.1**2
    assert moved[0] == pytest.approx(expected, rel=0.03)  # steps of 2 ms in 0.1 s: 2 %
    np.testing.assert_array_equal(free.state, again.state)


def _centre(model: mujoco.MjModel, state: np.ndarray) -> np.ndarray:
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, state, mujoco.mjtState.mjSTATE_FULLPHYSICS)
    mujoco.mj_forward(model, data)
    return np.array(data.subtree_com[0])
