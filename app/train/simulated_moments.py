"""Simulated people with exactly known hip moments: what the shipped networks are trained on.

Bodies of 1.22 to 1.92 m, light and heavy, healthy strides and strides as patients show at many speeds, and
weak, stiff or limited legs walk by the shipped policy, moved by joint torques. What muscles and ligaments do
at a joint is then what its actuator, its springs and its stops do, mean over 10 ms: exact, and free of force
plates. The motion is told as laboratories and cameras tell it, with markers a little beside their places,
skin that moves, lengths and events that are a little wrong (`Blur`): networks and weights that only ever met
exact motion would trust it too far. All else is found as it is for a recorded walk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from app.train.moment_parts import Parts
from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES
from core.domain.motion import Kinematics, Stride
from core.domain.twin import BodyParameters, SegmentScale
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
TOLD = 2  # times that every person's walk is told, each time blurred anew
_TOLD_MARK = ", told "
TOGETHER = 16  # people in one batch: each has a model of its own in memory
_HEIGHTS_M, _MASSES = (1.22, 1.92), (0.7, 1.3)
_IMPAIRED_HEIGHTS_M, _IMPAIRED_MASSES = (1.4, 1.9), (0.75, 1.25)
_EVERY_IMPAIRED, _EVERY_ODD = 5, 4  # of five people one is impaired, one walks as patients do
_FULL_PHYSICS = mujoco.mjtState.mjSTATE_FULLPHYSICS
_STOP = mujoco.mjtConstraint.mjCNSTR_LIMIT_JOINT


@dataclass(frozen=True, slots=True)
class Blur:
    """Standard deviations of what a measurement adds: of the order in which angles differ between
    laboratories and skin moves over bone (McGinley et al. 2009, Gait & Posture 29:360; Leardini et al. 2005,
    ibid. 21:212), rounded here and fitted to nothing."""

    joint_deg: float = 2.5  # constant, by joint
    skin_deg: float = 1.5  # with the stride and at twice its rate
    pelvis_deg: float = 2.5  # constant, about each axis
    pelvis_m: float = 0.002  # with the stride and at twice its rate
    length: float = 0.03  # of a segment
    event_s: float = 0.015


BLUR = Blur()


@dataclass(frozen=True, slots=True, eq=False)
class _Recorded:
    """Axes: T frames of 10 ms."""

    position: FloatArray  # (T, nq) in the middle of a frame
    moment_nm: FloatArray  # (T, 14)
    vertical_n: FloatArray  # (T, 2)


def simulated_walks(
    people: int, seed: int, report: Callable[[str], None], parts: Parts | None = None
) -> tuple[MeasuredWalk, ...]:
    """Of all that did not fall. Repeatable by the seed; `parts` keep every batch."""
    random = np.random.default_rng(seed)
    networks = shipped_policy()
    found: list[MeasuredWalk] = []
    for first in range(0, people, TOGETHER):
        numbers = range(first, min(first + TOGETHER, people))
        walkers = [_walker(number, random) for number in numbers]
        names = [f"simulated {number}" for number in numbers]
        make = partial(_batch, names, walkers, networks, seed + first)
        found += make() if parts is None else parts.walks(first, make)
        strides = sum(len(one.moment_nm_kg) for one in found)
        walked = len({person_of(one) for one in found})
        report(f"{walked} of {numbers.stop} simulated people walked, {strides} strides")
    return tuple(found)


def _batch(
    names: list[str], walkers: list[Walker], networks: PolicyNetworks, seed: int
) -> tuple[MeasuredWalk, ...]:
    return tuple(_walked(names, walkers, networks, seed))


def person_of(walk: MeasuredWalk) -> str:
    """Whose walk it is: the same person's is told several times."""
    return walk.name.partition(_TOLD_MARK)[0]


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
        recorded = _replayed(walker.model, *own)
        for time in range(TOLD):
            random = np.random.default_rng((seed, column, time))
            name = f"{names[column]}{_TOLD_MARK}{time + 1}"
            measured = _measured(name, walker.body, walker.model, recorded, random)
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


def _measured(
    name: str, body: BodyParameters, model: Any, recorded: _Recorded, random: np.random.Generator
) -> MeasuredWalk:
    time_s = FRAME_S * np.arange(len(recorded.position), dtype=float)
    position = recorded.position
    exact = Kinematics(time_s, position[:, position_columns(model)], position[:, :3], position[:, 3:7])
    strides = _strides(recorded.vertical_n)
    stride_s = float(np.mean([s.end_s - s.start_s for s in strides] or [1.0]))
    dynamics = BodyDynamics.of(_blurred_body(replace(body, impairments=()), random))
    course = course_of_motion(_blurred(exact, stride_s, random))
    walk = leg_walk(dynamics, course, time_s, _blurred_strides(strides, random))
    moments = [
        over_stride(stride, time_s, recorded.moment_nm[:, hip_columns(stride.side)] / body.mass_kg)
        for stride in walk.strides
    ]
    return MeasuredWalk(name, walk, np.array(moments).reshape(walk.physics_nm_kg.shape), simulated=True)


def _blurred(exact: Kinematics, stride_s: float, random: np.random.Generator) -> Kinematics:
    """The motion as it would have been measured."""
    joints = exact.angle_rad.shape[1]
    off = np.radians(random.normal(0.0, BLUR.joint_deg, joints))
    skin = np.radians(_swinging(exact.time_s, stride_s, BLUR.skin_deg, joints, random))
    turn = Rotation.from_rotvec(np.radians(random.normal(0.0, BLUR.pelvis_deg, 3)))
    pelvis = Rotation.from_quat(exact.pelvis_quaternion, scalar_first=True) * turn
    place = exact.pelvis_position_m + _swinging(exact.time_s, stride_s, BLUR.pelvis_m, 3, random)
    return Kinematics(exact.time_s, exact.angle_rad + off + skin, place, pelvis.as_quat(scalar_first=True))


def _swinging(
    time_s: FloatArray, stride_s: float, size: float, columns: int, random: np.random.Generator
) -> FloatArray:
    """Artefacts (T, columns) that come again with every stride: waves of random height at one and two times
    its rate."""
    found = np.zeros((len(time_s), columns))
    for rate in (1.0, 2.0):
        phase, height = random.uniform(0.0, 2.0 * np.pi, columns), random.normal(0.0, size, columns)
        found += height / rate * np.sin(2.0 * np.pi * rate * time_s[:, None] / stride_s + phase)
    return found


def _blurred_body(body: BodyParameters, random: np.random.Generator) -> BodyParameters:
    scale = {key: value * float(random.normal(1.0, BLUR.length)) for key, value in asdict(body.scale).items()}
    return replace(body, scale=SegmentScale(**scale))


def _blurred_strides(strides: tuple[Stride, ...], random: np.random.Generator) -> tuple[Stride, ...]:
    """With events a little beside their times; the end of a stride stays the beginning of the next one."""
    strikes = {(one.side, at_s) for one in strides for at_s in (one.start_s, one.end_s)}
    moved = {strike: strike[1] + float(random.normal(0.0, BLUR.event_s)) for strike in sorted(strikes)}
    return tuple(
        Stride(
            one.side,
            moved[one.side, one.start_s],
            one.toe_off_s + float(random.normal(0.0, BLUR.event_s)),
            moved[one.side, one.end_s],
        )
        for one in strides
    )


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
