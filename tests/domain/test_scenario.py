"""Claims about situations: the ground is as high as its numbers say, and every situation can be named."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.scenario import (
    DISTURBED,
    EXO_FAILURES,
    LEVEL_GROUND,
    MILD_SLIP,
    SCENARIOS,
    STEP_RISE_M,
    STEP_TREAD_M,
    STEPS_AHEAD,
    STEPS_BEHIND,
    Ground,
    GroundKind,
    ground_height_m,
    scenario_of,
    tread_number,
)

UP = Ground(GroundKind.STAIRS, rise_m=STEP_RISE_M, tread_m=STEP_TREAD_M)
DOWN = Ground(GroundKind.STAIRS, rise_m=-STEP_RISE_M, tread_m=STEP_TREAD_M)


def test_level_ground_is_flat_in_any_shape() -> None:
    assert not ground_height_m(LEVEL_GROUND, np.array([[-3.0, 0.0], [1.0, 900.0]])).any()


@pytest.mark.parametrize("degrees", [-10.0, 5.0])
def test_a_ramp_rises_by_its_slope_and_starts_at_height_zero(degrees: float) -> None:
    ramp = Ground(GroundKind.RAMP, slope_rad=np.radians(degrees))
    height = ground_height_m(ramp, np.array([0.0, 1.0, 10.0]))
    assert height[0] == 0.0
    assert np.degrees(np.arctan2(height[2] - height[1], 9.0)) == pytest.approx(degrees)
    assert ramp.climb == pytest.approx(height[1])


@pytest.mark.parametrize("stairs", [UP, DOWN], ids=["up", "down"])
def test_stairs_are_flat_on_a_tread_and_jump_by_one_rise_at_its_edge(stairs: Ground) -> None:
    edges = stairs.first_middle_m + STEP_TREAD_M * (np.arange(5) + 0.5)
    before, after = ground_height_m(stairs, edges - 1e-6), ground_height_m(stairs, edges + 1e-6)
    np.testing.assert_allclose(after - before, stairs.rise_m)
    np.testing.assert_array_equal(before[1:], after[:-1])


@pytest.mark.parametrize("stairs", [UP, DOWN], ids=["up", "down"])
def test_the_start_is_on_the_tread_at_height_zero(stairs: Ground) -> None:
    assert ground_height_m(stairs, np.array([0.0, stairs.first_middle_m])).tolist() == [0.0, 0.0]


def test_stairs_climb_on_average_what_one_step_does() -> None:
    treads = ground_height_m(UP, UP.first_middle_m + STEP_TREAD_M * np.arange(11))
    assert (treads[10] - treads[0]) / (10 * STEP_TREAD_M) == pytest.approx(UP.climb)
    assert UP.climb == -DOWN.climb > 0.0


def test_landings_end_the_stairs_on_both_sides() -> None:
    far = np.array([-100.0, 100.0])
    assert tread_number(UP, far).tolist() == [-STEPS_BEHIND, STEPS_AHEAD]
    np.testing.assert_allclose(
        ground_height_m(DOWN, far), STEP_RISE_M * np.array([STEPS_BEHIND, -STEPS_AHEAD])
    )


def test_every_situation_has_a_key_and_a_name_of_its_own_and_is_found_by_the_key() -> None:
    every = (*SCENARIOS, *EXO_FAILURES, MILD_SLIP)
    assert len({one.key for one in every}) == len({one.name for one in every}) == len(every)
    assert all(scenario_of(one.key) is one for one in every)
    assert scenario_of("moon") is None


def test_the_battery_has_twelve_disturbances_nine_of_them_failures_of_the_exo() -> None:
    assert len(DISTURBED) == len(set(DISTURBED)) == 12
    assert sum(one.exo_disturbance is not None for one in DISTURBED) == 9
    assert all((one.exo_disturbance is None) != (one.disturbance is None) for one in DISTURBED)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.key)
def test_the_name_of_a_situation_agrees_with_its_ground(scenario) -> None:
    climb = scenario.ground.climb
    assert ("up" in scenario.key.split("-")) == (climb > 0.0)
    assert ("down" in scenario.key.split("-")) == (climb < 0.0)
    if scenario.ground.kind is GroundKind.RAMP:
        assert f"{round(abs(np.degrees(scenario.ground.slope_rad)))}°" in scenario.name
    if scenario.speed_m_s is not None:
        assert f"{scenario.speed_m_s:.1f} m/s" in scenario.name
