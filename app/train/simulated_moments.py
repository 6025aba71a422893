"""Simulated people with exactly known hip moments: what the shipped networks are trained on.

Bodies of 1.22 to 1.92 m, light and heavy, healthy strides and strides as patients show at many speeds, and
weak, stiff or limited legs walk by the shipped policy, moved by joint torques. What muscles and ligaments do
at a joint is then what its actuator, its springs and its stops do, mean over 10 ms: exact, and free of force
plates. All else is found as it is for a recorded walk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES
from core.domain.motion import Kinematics, Stride
from core.domain.twin import BodyParameters
from core.estimation.features import over_stride
from core.estimation.newton_euler import hip_columns
from core.estimation.walks import MeasuredWalk, leg_walk
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.kinetics.body_dynamics import BodyDynamics, course_of_motion
from core.learning.gait.base_policy import HEALTHY, IMPAIRED, impaired_body, varied_body, varied_reference
from core.simulation.analysis.ground_reactions import CONTACT_N, ground_contacts
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker, actuation_of
from core.simulation.model.exo_model import worn_model
from core.simulation.model.joint_coupling import position_columns, velocity_columns
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity

FRAME_S = 0.01
WALK_S, SETTLE_S, LEAST_S = 6.0, 1.0, 3.5  # who falls earlier than the last is left out
TOGETHER = 16  # people in one batch: each has a model of its own in memory
_HEIGHTS_M, _MASSES = (1.22, 1.92), (0.7, 1.3)
_IMPAIRED_HEIGHTS_M, _IMPAIRED_MASSES = (1.4, 1.9), (0.75, 1.25)
_EVERY_IMPAIRED, _EVERY_ODD = 5, 4  # of five people one is impaired, one walks as patients do
_FULL_PHYSICS = mujoco.mjtState.mjSTATE_FULLPHYSICS
_STOP = mujoco.mjtConstraint.mjCNSTR_LIMIT_JOINT


@dataclass(frozen=True, slots=True, eq=False)
class _Recorded:
    """Axes: T frames of 10 ms."""

    position: FloatArray  # (T, nq) in the middle of a frame
    moment_nm: FloatArray  # (T, 14)
    vertical_n: FloatArray  # (T, 2)


def simulated_walks(people: int, seed: int, report: Callable[[str], None]) -> tuple[MeasuredWalk, ...]:
    """Of all that did not fall. Repeatable by the seed."""
    random = np.random.default_rng(seed)
    networks, found = shipped_policy(), []
    for first in range(0, people, TOGETHER):
        numbers = range(first, min(first + TOGETHER, people))
        walkers = [_walker(number, random) for number in numbers]
        names = [f"simulated {number}" for number in numbers]
        found += list(_walked(names, walkers, networks, seed + first))
        strides = sum(len(one.moment_nm_kg) for one in found)
        report(f"{len(found)} of {numbers.stop} simulated people walked, {strides} strides")
    return tuple(found)


def _walker(number: int, random: np.random.Generator) -> Walker:
    if number % _EVERY_IMPAIRED == _EVERY_IMPAIRED - 1:
        ill = impaired_body(random)
        height_m, mass = (float(random.uniform(*span)) for span in (_IMPAIRED_HEIGHTS_M, _IMPAIRED_MASSES))
        body = replace(varied_body(height_m, mass, random), impairments=ill.impairments)
        stride = normal_walk(Leg.of(body.scale))
    else:
        height_m, mass = (float(random.uniform(*span)) for span in (_HEIGHTS_M, _MASSES))
        body = varied_body(height_m, mass, random)
        odd = number % _EVERY_IMPAIRED == _EVERY_ODD - 1
        stride = varied_reference(body, IMPAIRED if odd else HEALTHY, random)
    return Walker(worn_model(body, Fidelity.FAST, None, surfaces=False), body, stride)


def _walked(
    names: list[str], walkers: list[Walker], networks: PolicyNetworks, seed: int
) -> Iterator[MeasuredWalk]:
    environment = WalkingEnvironment(
        walkers, seed=seed, actuation=actuation_of(walkers, networks), episode_s=2.0 * WALK_S, threads=1
    )
    states, controls = [environment.state.copy()], []
    steps = np.zeros(len(walkers), dtype=int)
    up = np.ones(len(walkers), dtype=bool)
    for _ in range(round(WALK_S / CONTROL_STEP_S)):
        up &= ~environment.step(networks.act(environment.observation())).terminated
        steps += up
        states.append(environment.state.copy())
        controls.append(environment.control.copy())
    for column, walker in enumerate(walkers):
        last = steps[column]
        if last * CONTROL_STEP_S < LEAST_S:
            continue
        own = (np.array([each[column] for each in part[:last]]) for part in (states, controls))
        measured = _measured(names[column], walker.body, walker.model, _replayed(walker.model, *own))
        if len(measured.moment_nm_kg):
            yield measured


def _replayed(model: Any, states: FloatArray, controls: FloatArray) -> _Recorded:
    """Step the physics again, and read the joints' moments at every step."""
    data, columns = mujoco.MjData(model), velocity_columns(model)
    feet = _foot_of_geom(model)
    each = round(FRAME_S / model.opt.timestep)
    frames = round(CONTROL_STEP_S / FRAME_S) * len(states)
    position, moment = np.zeros((frames, model.nq)), np.zeros((frames, len(JOINTS)))
    vertical = np.zeros((frames, len(SIDES)))
    for frame in range(frames):
        step, part = divmod(frame, round(CONTROL_STEP_S / FRAME_S))
        if not part:
            mujoco.mj_setState(model, data, states[step], _FULL_PHYSICS)
            data.ctrl[:] = controls[step]
        for tick in range(each):
            if tick == each // 2:
                position[frame] = data.qpos
            mujoco.mj_step(model, data)
            given = data.qfrc_actuator + data.qfrc_passive + _stops(model, data)
            moment[frame] += given[columns] / each
            vertical[frame] += _vertical_n(model, data, feet) / each
    return _Recorded(position, moment, vertical)


def _stops(model: Any, data: Any) -> FloatArray:
    """What the ends of the joints' ranges do, on all degrees of freedom."""
    at_end = data.efc_type == _STOP
    if not at_end.any():
        return np.zeros(model.nv)
    return np.asarray(data.efc_J.reshape(-1, model.nv)[at_end].T @ data.efc_force[at_end])


def _foot_of_geom(model: Any) -> list[int | None]:
    """Column of the side whose foot a geom is; None for others."""
    bodies = {
        model.body(f"{bone}_{side.suffix}").id: column
        for column, side in enumerate(SIDES)
        for bone in ("calcn", "toes")
    }
    return [bodies.get(int(body)) for body in model.geom_bodyid]


def _vertical_n(model: Any, data: Any, feet: list[int | None]) -> FloatArray:
    found, wrench = np.zeros(len(SIDES)), np.zeros(6)
    for number in range(data.ncon):
        contact = data.contact[number]
        first, second = feet[contact.geom1], feet[contact.geom2]
        side, sign = (second, 1.0) if second is not None else (first, -1.0)
        if side is not None:
            mujoco.mj_contactForce(model, data, number, wrench)
            found[side] += sign * (contact.frame.reshape(3, 3).T @ wrench[:3])[2]
    return found


def _measured(name: str, body: BodyParameters, model: Any, recorded: _Recorded) -> MeasuredWalk:
    time_s = FRAME_S * np.arange(len(recorded.position), dtype=float)
    position = recorded.position
    kinematics = Kinematics(time_s, position[:, position_columns(model)], position[:, :3], position[:, 3:7])
    dynamics = BodyDynamics.of(replace(body, impairments=()))
    walk = leg_walk(dynamics, course_of_motion(kinematics), time_s, _strides(recorded.vertical_n))
    moments = [
        over_stride(stride, time_s, recorded.moment_nm[:, hip_columns(stride.side)] / body.mass_kg)
        for stride in walk.strides
    ]
    return MeasuredWalk(name, walk, np.array(moments).reshape(walk.physics_nm_kg.shape), simulated=True)


def _strides(vertical_n: FloatArray) -> tuple[Stride, ...]:
    """Of both feet; none where one of them never walked."""
    found = [
        ground_contacts(side, vertical_n[:, column], FRAME_S, after_s=SETTLE_S)
        for column, side in enumerate(SIDES)
        if (vertical_n[:, column] > CONTACT_N).any()
    ]
    if len(found) < len(SIDES) or not all(found):
        return ()
    return tuple(sorted((*found[0], *found[1]), key=lambda stride: stride.start_s))
