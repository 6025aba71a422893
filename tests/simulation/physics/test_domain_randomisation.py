"""Claims about bodies that differ a little: within their ranges, and the same for the same seed."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.twin import GENERIC_BODY
from core.simulation.model.exo_model import worn_model
from core.simulation.physics.delay_line import DelayedValues
from core.simulation.physics.domain_randomisation import (
    NO_RANDOMISATION,
    RandomisationRanges,
    Variation,
    altered_model,
    draw,
    ticks,
)
from core.twin.body import Fidelity


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return worn_model(GENERIC_BODY, Fidelity.STANDARD, None, surfaces=False)


def test_every_draw_stays_in_its_range() -> None:
    ranges = RandomisationRanges()

    drawn = draw(ranges, 200, 5, seed=1)

    strongest = ranges.strength[1] * ranges.each_muscle[1]
    weakest = ranges.strength[0] * ranges.each_muscle[0]
    for one in drawn:
        assert ranges.mass[0] <= one.mass_factor <= ranges.mass[1]
        assert ranges.friction[0] <= one.friction_factor <= ranges.friction[1]
        assert ranges.latency_s[0] <= one.latency_s <= ranges.latency_s[1]
        assert weakest <= one.strength_factor.min() and one.strength_factor.max() <= strongest
    masses = [one.mass_factor for one in drawn]
    assert max(masses) > 1.09 and min(masses) < 0.91


def test_draws_depend_on_seed_and_member_alone() -> None:
    few, many, other = (
        draw(RandomisationRanges(), 3, 4, seed=7),
        draw(RandomisationRanges(), 9, 4, seed=7),
        draw(RandomisationRanges(), 3, 4, seed=8),
    )

    assert [one.mass_factor for one in few] == [one.mass_factor for one in many[:3]]
    assert few[0].mass_factor != other[0].mass_factor
    assert len({one.mass_factor for one in many}) == 9


def test_impossible_ranges_are_refused() -> None:
    with pytest.raises(ValueError, match="mass"):
        RandomisationRanges(mass=(0.0, 1.0))
    with pytest.raises(ValueError, match="latency_s"):
        RandomisationRanges(latency_s=(0.02, 0.01))


def test_mass_strength_and_friction_change_by_their_share(model: mujoco.MjModel) -> None:
    fraction = np.linspace(0.5, 1.5, model.nu)
    before = model.body_mass.copy()

    altered = altered_model(model, Variation(1.2, fraction, 0.5, 0.0))

    np.testing.assert_allclose(altered.body_mass, 1.2 * before)
    np.testing.assert_allclose(altered.dof_M0[:3], 1.2 * model.dof_M0[:3])  # as MuJoCo derives it
    np.testing.assert_allclose(altered.actuator_gainprm[:, 2], fraction * model.actuator_gainprm[:, 2])
    assert altered.geom("floor").friction[0] == pytest.approx(0.5 * model.geom("floor").friction[0])
    np.testing.assert_array_equal(model.body_mass, before)  # the shared model stays as it was


def test_without_spread_the_physics_is_unchanged(model: mujoco.MjModel) -> None:
    altered = altered_model(model, draw(NO_RANDOMISATION, 1, model.nu, seed=0)[0])

    ends = []
    for one in (model, altered):
        data = mujoco.MjData(one)
        data.qpos[2] += 1.0
        data.ctrl[:] = 0.3
        for _ in range(50):
            mujoco.mj_step(one, data)
        ends.append(data.qpos.copy())

    np.testing.assert_allclose(ends[0], ends[1], atol=1e-9)


def test_half_the_strength_is_half_the_force(model: mujoco.MjModel) -> None:
    weak = altered_model(model, Variation(1.0, np.full(model.nu, 0.5), 1.0, 0.0))

    forces = []
    for one in (model, weak):
        data = mujoco.MjData(one)
        data.act[:] = 0.6
        mujoco.mj_forward(one, data)
        forces.append(data.actuator_force.copy())

    np.testing.assert_allclose(forces[1], 0.5 * forces[0], rtol=1e-9)


def test_a_delay_line_gives_each_member_its_own_past() -> None:
    line = DelayedValues(np.array([0, 1, 3]), 1)

    seen = [line(np.full((3, 1), float(tick)))[:, 0].tolist() for tick in range(1, 6)]

    assert seen == [[1, 0, 0], [2, 1, 0], [3, 2, 0], [4, 3, 1], [5, 4, 2]]


def test_a_delay_line_starts_from_what_it_is_filled_with_and_continues_from_its_memory() -> None:
    line, other = DelayedValues(np.array([2, 2]), 2), DelayedValues(np.array([2, 2]), 2)
    line.fill(np.array([True, False]), np.full((2, 2), 0.4))
    first = line(np.ones((2, 2)))
    other.load_state_dict(line.state_dict())

    np.testing.assert_array_equal(first, [[0.4, 0.4], [0.0, 0.0]])
    for _ in range(3):
        np.testing.assert_array_equal(line(np.ones((2, 2))), other(np.ones((2, 2))))


def test_a_delay_is_a_whole_number_of_ticks() -> None:
    assert [ticks(delay, 0.01) for delay in (0.0, 0.004, 0.0149, 0.03)] == [0, 0, 1, 3]
