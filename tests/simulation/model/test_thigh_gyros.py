"""Claims about the gyroscopes on simulated thighs."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.body import SIDES
from core.domain.twin import GENERIC_BODY
from core.simulation.model.exo_model import worn_model
from core.simulation.model.exo_sensors import ImuSite
from core.simulation.model.thigh_gyros import SAGITTAL, ThighGyros
from core.twin.body import Fidelity


@pytest.mark.parametrize("fidelity", [Fidelity.FAST, Fidelity.STANDARD])
def test_thighs_turn_as_mujoco_says(fidelity: Fidelity) -> None:
    model = worn_model(GENERIC_BODY, fidelity, "Hippo_L1", surfaces=False)
    rng, data = np.random.default_rng(3), mujoco.MjData(model)
    position = model.qpos0 + rng.normal(0.0, 0.3, (4, model.nq))
    velocity = rng.normal(0.0, 2.0, (4, model.nv))

    turning = ThighGyros([model] * 4).read(position, velocity)

    found = np.zeros(6)
    for row in range(4):
        data.qpos[:], data.qvel[:] = position[row], velocity[row]
        mujoco.mj_forward(model, data)
        for side in SIDES:
            body = model.body(ImuSite.THIGH.body(side)).id
            mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, body, found, 1)
            np.testing.assert_allclose(turning[row, SIDES.index(side)], found[:3], atol=1e-9)


def test_a_thigh_that_swings_forward_turns_positively() -> None:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, "Hippo_L1", surfaces=False)
    velocity = np.zeros((1, model.nv))
    for side in SIDES:
        velocity[0, model.joint(f"hip_flexion_{side.suffix}").dofadr[0]] = 1.5

    turning = ThighGyros([model]).read(model.qpos0[None], velocity)

    np.testing.assert_allclose(turning[0, :, SAGITTAL], 1.5)
