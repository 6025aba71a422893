"""Starts, stops and perturbations come in time, and falls are reported with their time and cause."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.body import JOINTS, SIDES, Joint, JointKind, Side
from core.domain.scenario import Disturbance, DisturbanceKind, Scenario, scenario_of
from core.domain.twin import GENERIC_BODY
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.simulation.analysis.scenario import fall_in_words, run_scenario, scenario_walker, trace_scenario
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.model.exo_model import worn_model
from core.simulation.physics.perturbations import SLIP_PHASE, TRIP_PHASE, Perturbations, slippery
from core.simulation.reference_gait.gait_initiation import STANDING_RAD, STEADY, GaitOnset, PhasedStrides
from core.simulation.reference_gait.reference_strides import StrideBank
from core.twin.body import Fidelity, is_foot_geom

WALK = normal_walk(Leg.of(GENERIC_BODY.scale))


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return worn_model(GENERIC_BODY, Fidelity.FAST, None, surfaces=False)


def scenario(key: str) -> Scenario:
    found = scenario_of(key)
    assert found is not None
    return found


def still(observation: np.ndarray) -> np.ndarray:
    return np.zeros((len(observation), len(JOINTS)))


# Starting and stopping


def test_a_walk_without_start_and_stop_is_exactly_the_stride() -> None:
    plain, steady = StrideBank([WALK]), PhasedStrides([WALK], [STEADY])
    steady.set_time(np.array([4.0]))
    phase = np.array([0.3])
    np.testing.assert_array_equal(steady.angle(phase), plain.angle(phase))
    np.testing.assert_array_equal(steady.velocity(phase), plain.velocity(phase))
    assert steady.speed_m_s[0] == plain.speed_m_s[0]


def test_the_speed_rises_from_nothing_to_the_strides_and_falls_back_to_nothing() -> None:
    strides = PhasedStrides([WALK], [GaitOnset(1.0, 6.0)])
    speeds = []
    for time_s in (0.0, 1.0, 1.7, 3.0, 5.3, 6.0, 9.0):
        strides.set_time(np.array([time_s]))
        speeds.append(float(strides.speed_m_s[0]) / WALK.speed_m_s)
    assert speeds[0] == speeds[1] == speeds[5] == speeds[6] == 0.0
    assert speeds[3] == pytest.approx(1.0)
    assert 0.3 < speeds[2] < 0.6
    assert speeds[2] == pytest.approx(speeds[4])


def test_angles_and_velocities_fit_each_other_while_the_stride_grows() -> None:
    strides = PhasedStrides([WALK], [GaitOnset(1.0, 6.0)])
    time_s, phase, step_s = 1.6, 0.4, 1e-5
    strides.set_time(np.array([time_s]))
    before, velocity = strides.angle(np.array([phase])), strides.velocity(np.array([phase]))
    turned = phase + step_s / float(strides.period_s[0])
    strides.set_time(np.array([time_s + step_s]))
    np.testing.assert_allclose((strides.angle(np.array([turned])) - before) / step_s, velocity, atol=1e-3)


def test_who_is_to_start_stands_first() -> None:
    walker = scenario_walker(scenario("start-stop"), GENERIC_BODY, None, length_s=10.0)
    environment = WalkingEnvironment([walker] * 4, seed=0, threads=1)
    assert np.abs(environment.joint_angle_rad - STANDING_RAD).max() < 0.15
    weight = GENERIC_BODY.mass_kg * 9.81
    for _ in range(10):
        environment.step(still(environment.observation()))
    assert 0.7 < environment.ground_force_n[:, :, 2].sum(axis=1).mean() / weight < 1.3
    assert np.abs(environment.walked_m).max() < 0.05


# Mishaps


def perturbations(model: mujoco.MjModel, kind: DisturbanceKind) -> Perturbations:
    one = Disturbance(kind, at_s=3.0, duration_s=0.1, forward_n_kg=-2.0, sideways_n_kg=1.0, friction=0.05)
    return Perturbations([one, None], [model, model], [GENERIC_BODY, GENERIC_BODY])


def active_times(one: Perturbations, period_s: float, phase_at_0: float) -> list[tuple[float, float, object]]:
    found = []
    for number in range(400):
        time_s = number * CONTROL_STEP_S
        phase = (phase_at_0 + time_s / period_s) % 1.0
        now = (np.full(2, time_s), np.full(2, phase), np.full(2, period_s))
        force, models = one.force(*now), one.models(*now)
        if force is not None or models is not None:
            found.append((time_s, phase, force if force is not None else models))
    return found


@pytest.mark.parametrize("phase_at_0", [0.0, 0.2, 0.45, 0.7, 0.95])
def test_a_trip_holds_the_foot_that_swings_and_only_once(model: mujoco.MjModel, phase_at_0: float) -> None:
    times = active_times(perturbations(model, DisturbanceKind.TRIP), 1.1, phase_at_0)
    assert len(times) == 5  # 0.1 s
    time_s, phase, force = times[0]
    assert 3.0 <= time_s <= 3.0 + 0.55 + CONTROL_STEP_S
    side = int(np.abs(phase - TRIP_PHASE) > 0.25)  # the right foot swings half a stride later
    foot = model.body(f"calcn_{SIDES[side].suffix}").id
    assert force[0, foot, 1] == pytest.approx(2.0 * GENERIC_BODY.mass_kg)  # backwards is +y
    assert np.count_nonzero(force[0].any(axis=1)) == 1
    assert not force[1].any()


@pytest.mark.parametrize("phase_at_0", [0.1, 0.6])
def test_a_slip_makes_the_landing_foot_slippery(model: mujoco.MjModel, phase_at_0: float) -> None:
    times = active_times(perturbations(model, DisturbanceKind.SLIP), 1.1, phase_at_0)
    _, phase, models = times[0]
    assert min(abs(phase - SLIP_PHASE - half) for half in (0.0, 0.5)) < 0.03
    assert models[1] is model
    landing = Side.LEFT if abs(phase - SLIP_PHASE) < 0.25 else Side.RIGHT
    for geom in range(model.ngeom):
        name = model.geom(geom).name
        wanted = (
            0.05 if is_foot_geom(name) and name.endswith(landing.suffix) else model.geom_friction[geom, 0]
        )
        assert models[0].geom_friction[geom, 0] == wanted


def test_a_slippery_foot_slides_where_the_other_holds(model: mujoco.MjModel) -> None:
    slid = {}
    for side in SIDES:
        changed = slippery(model, side, 0.02)
        data = mujoco.MjData(changed)
        data.qpos[2] = 0.935
        data.qpos[[model.joint(joint.value).qposadr[0] for joint in JOINTS]] = STANDING_RAD
        knees = [Joint.of(JointKind.HIP_ADDUCTION, one) for one in SIDES]
        data.qpos[[model.joint(joint.value).qposadr[0] for joint in knees]] = -0.3  # legs apart
        for _ in range(150):
            mujoco.mj_step(changed, data)
        slid[side] = [abs(data.xpos[model.body(f"calcn_{one.suffix}").id, 0]) for one in SIDES]
    assert slid[Side.LEFT][0] > slid[Side.RIGHT][0] + 0.01
    assert slid[Side.RIGHT][1] > slid[Side.LEFT][1] + 0.01


def test_a_push_to_the_left_moves_the_body_to_the_left() -> None:
    walks = []
    for sideways in (0.0, 3.0):
        push = Disturbance(DisturbanceKind.PUSH, at_s=0.1, duration_s=0.2, sideways_n_kg=sideways)
        item = Scenario("push", "Push", disturbance=push)
        environment = WalkingEnvironment(
            [scenario_walker(item, GENERIC_BODY, None, length_s=2.0)], seed=5, threads=1
        )
        for _ in range(15):
            environment.step(still(environment.observation()))
        walks.append(float(environment.physics.velocity(environment.state)[0, 0]))
    assert 0.3 < walks[1] - walks[0] < 0.9  # 3 N/kg for 0.2 s, less what the feet hold back


# Falls


def test_every_kind_of_scenario_runs_and_tells_when_and_why_a_twin_without_skill_falls() -> None:
    for item in (scenario(key) for key in ("run-3.0", "start-stop", "push", "trip", "slip", "stairs-down")):
        walker = scenario_walker(item, GENERIC_BODY, None, length_s=4.0)
        environment = WalkingEnvironment([walker] * 2, seed=1, episode_s=10.0, threads=1)
        tried = run_scenario(item, environment, still, 4.0)
        assert tried.success_rate < 1.0, item.key
        for fell_at_s, survived_s, cause in zip(tried.fell_at_s, tried.survived_s, tried.cause, strict=True):
            assert np.isnan(fell_at_s) == (cause == "")
            assert survived_s == (4.0 if cause == "" else fell_at_s)


def test_a_fall_after_a_trip_is_put_down_to_it() -> None:
    trip, stairs = scenario("trip"), scenario("stairs-up")
    assert fall_in_words(trip, "sank down", 4.0, 3.2) == "after the trip: sank down"
    assert fall_in_words(trip, "sank down", 2.0, 3.2) == "sank down"
    assert fall_in_words(trip, "sank down", 9.0, 3.2) == "sank down"
    assert fall_in_words(stairs, "tipped over", 2.0, np.inf) == "on the stairs: tipped over"


def test_a_trace_ends_with_the_fall_and_feels_the_ground() -> None:
    item = scenario("ramp-up-5")
    walker = scenario_walker(item, GENERIC_BODY, None, length_s=4.0)
    environment = WalkingEnvironment([walker], seed=1, threads=1)
    trace = trace_scenario(item, walker, environment, still, 4.0)
    assert trace.fall_cause.startswith("on the ramp: ")
    assert trace.fell_at_s == pytest.approx(float(trace.time_s[-1]))
    assert trace.ground_force_n[:, :, 2].sum(axis=1).max() > 0.5 * GENERIC_BODY.mass_kg * 9.81
    assert np.isfinite(trace.ground_point_m[trace.ground_force_n[:, :, 2] > 50.0]).all()
