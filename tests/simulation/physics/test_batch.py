"""Claims about batched physics and the body it moves."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.body import JOINTS
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.gait.norms import normal_reference
from core.simulation.physics.batch import BatchPhysics
from core.simulation.reference_gait.initial_states import standing_heights
from core.simulation.reference_gait.reference_strides import StrideBank
from core.twin.body import STRENGTH, Fidelity, compile_body
from core.twin.scaling import scales_for_height

GRAVITY_M_S2 = 9.81


@pytest.fixture(scope="module")
def generic() -> mujoco.MjModel:
    return compile_body(GENERIC_BODY, Fidelity.FAST)


def standing(physics: BatchPhysics, model: mujoco.MjModel, height_m: float, count: int = 1) -> np.ndarray:
    position = np.zeros((count, model.nq))
    position[:, 2], position[:, 3] = height_m, 1.0
    return physics.at_rest(position, np.zeros((count, model.nv)))


def test_a_body_in_the_air_falls_freely(generic: mujoco.MjModel) -> None:
    physics = BatchPhysics([generic], threads=1)
    start = standing(physics, generic, 3.0)

    end = physics.advance(start, np.zeros((1, 14)), 100).state

    data = mujoco.MjData(generic)
    heights = []
    for state in (start, end):
        mujoco.mj_setState(generic, data, state[0], mujoco.mjtState.mjSTATE_FULLPHYSICS)
        mujoco.mj_forward(generic, data)
        heights.append(data.subtree_com[0, 2])
    fallen = 0.5 * GRAVITY_M_S2 * 0.2**2
    # The semi-implicit step of 2 ms falls 1 % further than the parabola in 0.2 s.
    assert heights[0] - heights[1] == pytest.approx(fallen, rel=0.015)


def test_the_floor_carries_the_weight_of_a_standing_body(generic: mujoco.MjModel) -> None:
    data = mujoco.MjData(generic)
    data.qpos[2] = 0.93
    forces = []
    for number in range(150):
        mujoco.mj_step(generic, data)
        if number >= 100:
            forces.append(sum(contact_force(generic, data, contact) for contact in range(data.ncon)))

    weight = generic.body_mass.sum() * GRAVITY_M_S2
    # Averaged over 0.1 s while the servos still settle.
    assert np.mean(forces) == pytest.approx(weight, rel=0.1)


def contact_force(model: mujoco.MjModel, data: mujoco.MjData, contact: int) -> float:
    force = np.zeros(6)
    mujoco.mj_contactForce(model, data, contact, force)
    return float(force[0])


def test_a_batch_moves_every_body_as_if_it_were_alone(generic: mujoco.MjModel) -> None:
    tall = BodyParameters(1.85, 90.0, scales_for_height(1.85))
    models = [generic, compile_body(tall, Fidelity.FAST), generic]
    rng = np.random.default_rng(0)
    together = BatchPhysics(models, threads=2)
    start = standing(together, generic, 0.95, 3)
    control = rng.normal(0.0, 0.2, (3, 14))

    batch = together.advance(start, control, 50).state

    for row, model in enumerate(models):
        alone = BatchPhysics([model], threads=1).advance(start[[row]], control[[row]], 50).state
        np.testing.assert_array_equal(batch[row], alone[0])


def test_a_body_whose_numbers_explode_is_reported_and_kept_finite(generic: mujoco.MjModel) -> None:
    physics = BatchPhysics([generic, generic], threads=1)
    start = standing(physics, generic, 0.93, 2)
    start[1, 1 + generic.nq] = 1e9  # m/s

    advance = physics.advance(start, np.zeros((2, 14)), 10)

    assert advance.diverged.tolist() == [False, True]
    assert np.isfinite(advance.state).all()


def test_both_fidelities_have_the_same_masses_and_the_joints_in_order(generic: mujoco.MjModel) -> None:
    full = compile_body(GENERIC_BODY, Fidelity.STANDARD)

    assert generic.body_mass.sum() == pytest.approx(full.body_mass.sum())
    assert [generic.actuator(number).name for number in range(generic.nu)] == [
        joint.value for joint in JOINTS
    ]
    assert full.nu == 80


def test_strength_grows_with_body_mass() -> None:
    heavy = compile_body(BodyParameters(1.70, 150.0), Fidelity.FAST)

    limits = heavy.actuator_forcerange[:, 1]

    expected = [150.0 / GENERIC_BODY.mass_kg * STRENGTH[joint.kind].highest_nm for joint in JOINTS]
    np.testing.assert_allclose(limits, expected)


def test_a_walker_starts_with_its_lowest_foot_on_the_floor(generic: mujoco.MjModel) -> None:
    heights = standing_heights(generic, StrideBank([normal_reference()]))

    # Hip height of an adult of 1.70 m: higher in mid-stance than in double support.
    assert 0.80 < heights.min() < heights.max() < 1.0
