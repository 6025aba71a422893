"""A twin in a scenario: time to a fall and its cause, tracking error, distance, and the full recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.domain.arrays import Float32Array, FloatArray, frozen
from core.domain.motion import GaitReference
from core.domain.rollout import GaitLabel, Rollout
from core.domain.scenario import GaitKind, GroundKind, Scenario
from core.domain.twin import BodyParameters
from core.gait.course import course_of
from core.gait.cycles import cut_cycles
from core.gait.scenario_reference import scenario_reference
from core.simulation.analysis.gait_events import detected_strides
from core.simulation.analysis.muscle_analysis import estimated_facts, muscle_analysis
from core.simulation.analysis.rollout import SETTLE_S, playback_of
from core.simulation.environment.batch_environment import CONTROL_STEP_S, Assist
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.tracking_rewards import FLEXION
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import exo_model, worn_model
from core.simulation.model.joint_coupling import ROOT_POSITIONS, position_columns
from core.simulation.model.model_sensors import SensorColumns
from core.simulation.model.straps import Strap
from core.simulation.reference_gait.gait_initiation import STEADY, GaitOnset
from core.twin.body import Fidelity

Act = Callable[[Float32Array], FloatArray]  # observation (N, O) -> action (N, 14)
STANDS_FIRST_S = 1.0  # before a walk that starts
STANDS_LAST_S = 2.0  # after a walk that stops
AFTERMATH_S = 3.0  # a fall this soon after a disturbance is put down to it
KEEPS_UP_FRACTION = 0.7  # of the commanded distance; less is another, slower movement
FELL_BEHIND = "fell behind the asked speed"
BROKE_DOWN = "the physics broke down"
NOT_THERE = "did not reach the end"
_CONTACT_N = 5.0
_PLACES = {
    GroundKind.STAIRS: "on the stairs",
    GroundKind.RAMP: "on the ramp",
    GroundKind.COURSE: "on the course",
}


@dataclass(frozen=True, slots=True, eq=False)
class ScenarioRun:
    """N randomised starts. A successful walk has an empty cause; without a fall `fell_at_s` is NaN."""

    scenario: Scenario
    length_s: float
    survived_s: FloatArray  # (N,)
    fell_at_s: FloatArray  # (N,)
    cause: tuple[str, ...]  # N, in words: "after the trip: sank down"
    rmse_deg: FloatArray  # (N,) hip, knee and ankle flexion against the reference, NaN for short walks
    distance_m: FloatArray  # (N,)

    def __post_init__(self) -> None:
        for name in ("survived_s", "fell_at_s", "rmse_deg", "distance_m"):
            frozen(self, name, (len(self.cause),))

    @property
    def success_rate(self) -> float:
        """Fraction of the starts without a fall that kept up to the end."""
        return float(np.mean([not cause for cause in self.cause]))


def scenario_walker(
    scenario: Scenario,
    body: BodyParameters,
    own: GaitReference | None,
    *,
    length_s: float,
    fidelity: Fidelity = Fidelity.FAST,
    device_id: str | None = None,
    straps: tuple[Strap, ...] = (),
) -> Walker:
    """The walker of a scenario: its terrain, reference, start and stop, and perturbation.

    The exo of `device_id` is fixed rigidly, or held by `straps`.
    """
    model = worn_model(body, fidelity, device_id, ground=scenario.ground, surfaces=False, straps=straps)
    reference = scenario_reference(scenario, body, own)
    onset = GaitOnset(STANDS_FIRST_S, length_s - STANDS_LAST_S) if scenario.start_and_stop else STEADY
    course = course_of(scenario, body, own) if scenario.gait is GaitKind.COURSE else None
    walker = Walker(model, body, reference, scenario.ground, onset, scenario.disturbance, course=course)
    if device_id is None:
        return walker
    exo = exo_model(device_id)
    return replace(
        walker, exo_joint=exo.joint, toes_rad=exo.toes_rad, exo_disturbance=scenario.exo_disturbance
    )


def run_scenario(
    scenario: Scenario,
    environment: WalkingEnvironment,
    act: Act,
    length_s: float,
    assist: Assist | None = None,
) -> ScenarioRun:
    """Let every walker of `environment` go through the scenario once with this policy.

    A course is also to be done: within the time its end is reached.
    """
    count = environment.size
    cause, fell_at_s = [""] * count, np.full(count, np.nan)
    perturbed_s = _perturbed_s(environment)
    distance, commanded, squares, samples = (np.zeros(count) for _ in range(4))
    for number in range(1, round(length_s / CONTROL_STEP_S) + 1):
        step = environment.step(act(environment.observation()), assist)
        up = np.isnan(fell_at_s)
        distance[up] = environment.walked_m[up]
        commanded += CONTROL_STEP_S * environment.strides.speed_m_s
        if number * CONTROL_STEP_S > SETTLE_S:
            error = environment.own_error_rad[:, FLEXION]
            squares[up] += (error[up] ** 2).mean(axis=1)
            samples[up] += 1
        for row in np.flatnonzero(step.terminated & up):
            fell_at_s[row] = number * CONTROL_STEP_S
            cause[row] = fall_in_words(
                scenario, _cause(environment, int(row)), fell_at_s[row], perturbed_s[row]
            )
        if not np.isnan(fell_at_s).any():
            break
        environment.reset(step.terminated)
    for row in np.flatnonzero(np.isnan(fell_at_s) & (distance < KEEPS_UP_FRACTION * commanded)):
        cause[row] = FELL_BEHIND
    goal_m = scenario.ground.goal_m
    for row in np.flatnonzero(np.isnan(fell_at_s) & (goal_m > 0.0) & (environment.forward_m < goal_m)):
        cause[row] = NOT_THERE
    rmse = np.degrees(np.sqrt(squares / np.where(samples > 0, samples, np.nan)))
    survived = np.where(np.isnan(fell_at_s), length_s, fell_at_s)
    return ScenarioRun(scenario, length_s, survived, fell_at_s, tuple(cause), rmse, distance)


def fall_in_words(scenario: Scenario, cause: str, fell_at_s: float, perturbed_s: float) -> str:
    """The cause of a fall with what led to it: "after the trip: sank down", "on the stairs: tipped over"."""
    if scenario.disturbance is not None and 0.0 <= fell_at_s - perturbed_s <= AFTERMATH_S:
        return f"after the {scenario.disturbance.kind.value}: {cause}"
    place = _PLACES.get(scenario.ground.kind)
    if place is None and scenario.gait is GaitKind.RUN:
        place = "while running"
    return f"{place}: {cause}" if place is not None else cause


@dataclass(frozen=True, slots=True, eq=False)
class ScenarioTrace:
    """Recording of one walker in a scenario, at the end of each control step. Axes: T steps, 14 joints."""

    fell_at_s: float | None
    fall_cause: str  # "" without a fall
    time_s: FloatArray  # (T,)
    root: FloatArray  # (T, 7) pelvis position m and quaternion w x y z
    angle_rad: FloatArray  # (T, 14)
    velocity_rad_s: FloatArray  # (T, 14)
    reference_rad: FloatArray  # (T, 14) of the reference
    reference_speed_m_s: FloatArray  # (T,)
    torque_nm: FloatArray  # (T, 14) of the body itself
    exo_torque_nm: FloatArray  # (T, 2)
    ground_force_n: FloatArray  # (T, 2, 3) on the feet, world axes
    ground_point_m: FloatArray  # (T, 2, 3) NaN in the air
    state: FloatArray  # (T, S) as the physics orders it
    control: FloatArray  # (T, U) of all actuators during the step


def trace_scenario(
    scenario: Scenario,
    walker: Walker,
    environment: WalkingEnvironment,
    act: Act,
    length_s: float,
    assist: Assist | None = None,
) -> ScenarioTrace:
    """Let `walker`, the only one of `environment`, go through the scenario, and record everything."""
    perturbed_s = float(_perturbed_s(environment)[0])
    columns = SensorColumns.of(walker.model)
    rows: list[tuple[FloatArray, ...]] = []
    fell_at_s: float | None = None
    cause = ""
    for _ in range(round(length_s / CONTROL_STEP_S)):
        step = environment.step(act(environment.observation()), assist)
        rows.append(_sample(environment, columns))
        if step.terminated[0]:
            fell_at_s = len(rows) * CONTROL_STEP_S
            cause = fall_in_words(scenario, _cause(environment, 0), fell_at_s, perturbed_s)
            break
    arrays = [np.concatenate(parts) for parts in zip(*rows, strict=True)]
    time_s = CONTROL_STEP_S * np.arange(1, len(rows) + 1, dtype=np.float64)
    return ScenarioTrace(fell_at_s, cause, time_s, *arrays)


def scenario_rollout(
    label: GaitLabel, walker: Walker, trace: ScenarioTrace, device_id: str | None = None
) -> Rollout:
    """The trace with body poses, strides and muscles: the body's own, or estimated if torques moved it.

    An exo, if one is named, is drawn where it sits at rest, also one held by straps. Ground forces are those
    at the end of each control step, not means over it.
    """
    body = walker.body
    fast = worn_model(body, Fidelity.FAST, None)
    qpos = np.zeros((len(trace.time_s), fast.nq))
    qpos[:, :ROOT_POSITIONS], qpos[:, position_columns(fast)] = trace.root, trace.angle_rad
    strides = detected_strides(body, trace.time_s, qpos, trace.angle_rad, after_s=SETTLE_S)
    if walker.model.na:
        muscles = muscle_analysis(walker.model, trace.state, trace.control)
    else:
        muscles = estimated_facts(body, trace.angle_rad, trace.velocity_rad_s, trace.torque_nm)
    playback = playback_of(body, qpos, device_id)
    order = [muscles.muscle_names.index(name) for name in playback.muscle_names]
    walked_s = len(trace.time_s) * CONTROL_STEP_S
    ahead = trace.root[0, 1] - trace.root[-1, 1]
    return Rollout(
        label=label,
        time_s=trace.time_s - CONTROL_STEP_S,
        joint_angle_rad=trace.angle_rad,
        joint_velocity_rad_s=trace.velocity_rad_s,
        joint_torque_nm=trace.torque_nm,
        exo_torque_nm=trace.exo_torque_nm,
        ground_force_n=trace.ground_force_n,
        centre_of_pressure_m=trace.ground_point_m,
        activation=muscles.activation[:, order].astype(np.float64),
        playback=playback,
        cycles=cut_cycles(trace.time_s, trace.angle_rad, strides),
        speed_m_s=float(ahead) / max(walked_s - CONTROL_STEP_S, CONTROL_STEP_S),
        walked_s=walked_s,
        fell_at_s=trace.fell_at_s,
        fall_cause=trace.fall_cause,
        muscles=muscles,
        exo_joint=walker.exo_joint,
    )


def _perturbed_s(environment: WalkingEnvironment) -> FloatArray:
    return environment.perturbations.begins_s(
        environment.time_s, environment.phase, environment.strides.period_s
    )


def _cause(environment: WalkingEnvironment, row: int) -> str:
    causes = [cause for cause, fell in environment.falls().items() if fell[row]]
    return causes[0] if causes else BROKE_DOWN


def _sample(environment: WalkingEnvironment, columns: SensorColumns) -> tuple[FloatArray, ...]:
    """Everything of one moment, in the order of ScenarioTrace, each with a first axis of length 1."""
    force = environment.ground_force_n
    point = columns.ground_point_m(environment.sensor)
    in_the_air = np.abs(force).sum(axis=2) < _CONTACT_N
    return (
        environment.physics.position(environment.state)[:, :ROOT_POSITIONS].copy(),
        environment.joint_angle_rad.copy(),
        environment.joint_velocity_rad_s.copy(),
        environment.strides.angle(environment.phase),
        environment.strides.speed_m_s.copy(),
        environment.joint_torque_nm,
        environment.exo_torque_nm.copy(),
        force,
        np.where(in_the_air[:, :, None], np.nan, point),
        environment.state.copy(),
        environment.control.copy(),
    )
