"""A pupil with thigh gyros against its teacher while the gait changes, and its lag.

Simulated. A walk onto a ramp is spliced from two walks at a moment in which both thighs move alike, since no
ground of the simulation has both; starts, stops and changes of speed are walked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from core.domain.arrays import Float32Array, FloatArray
from core.domain.body import SIDES
from core.domain.controller import ExoController
from core.domain.scenario import COURSE, LEVEL_GROUND, Ground, GroundKind
from core.exo_core.controller import Controller
from core.gait.course import BLEND_STRIDES, Course
from core.gait.scenario_reference import scenario_reference
from core.learning.exo.gyro_exo import GyroExo
from core.learning.exo.pupil_walks import PupilWalks, pupil_walks
from core.learning.exo.student_scores import SETTLED_TICKS, compared, judge
from core.learning.exo.teachers import TwinTeacher, walk_at
from core.learning.exo.temporal_student import GYRO_FAULTS
from core.simulation.environment.batch_environment import CONTROL_STEP_S, BatchEnvironment
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker

_STARTS_S, _STOPS_S = 9.0, (0.95, 2.8, 5.0, 8.0)  # of a walk: stands until, begun, stops from, stands again
_SPEEDS_M_S, _CHANGES_M = (0.9, 1.5, 0.9), (5.0, 11.0)
_COURSE_S, _STAIRS_M = 13.0, 60.0  # the stairs of the course are never reached
_ALIKE_TICKS, _AFTER_TICKS = 20, 100  # by which a moment is chosen, and what is judged after it
_LAG_SPEED_M_S, _BINS = 1.25, 100
_NEAR_PEAK = 0.95  # of the largest value


def bench_transitions(
    teacher: TwinTeacher, pupil: ExoController, core: Controller, *, walkers: int, seed: int
) -> dict[str, Any]:
    mass_kg = teacher.mass_kg
    return {
        **_starts_and_stops(teacher, pupil, core, walkers, seed),
        "speed up and down": _between_speeds(teacher, pupil, core, 3 * walkers, seed + 1),
        **_onto_ramps(teacher, pupil, core, walkers, seed + 2),
        "peak_lag_ms": _peak_lags(teacher, pupil, 3 * walkers, seed + 3),
        "mass_kg": round(mass_kg, 1),
    }


def _told(pairs: list[tuple[Float32Array, Float32Array]], mass_kg: float) -> dict[str, float]:
    """Of torques of the pupil and of its teacher [N m]."""
    own, told = (
        np.concatenate([pair[which] for pair in pairs]).astype(np.float64) / mass_kg for which in (0, 1)
    )
    found = compared("", own, told)
    return {
        "r": round(found.correlation, 4),
        "rmse_nm_kg": round(found.rmse_nm_kg, 4),
        "teacher_rms_nm_kg": round(found.teacher_rms_nm_kg, 4),
    }


def _by_core(walks: PupilWalks, core: Controller) -> list[tuple[Float32Array, Float32Array]]:
    """Torque (T, 2) of the core and of the teacher of every walker that did not fall."""
    found = []
    for walker in np.flatnonzero(walks.falls == 0):
        core.reset()
        own = core.run(walks.angle_rad[:, walker], walks.turning_rad_s[:, walker])
        found.append((own, walks.teacher_nm[:, walker]))
    return found


def _starts_and_stops(
    teacher: TwinTeacher, pupil: ExoController, core: Controller, walkers: int, seed: int
) -> dict[str, Any]:
    scenarios = [walk_at(speed, 0.0, start_and_stop=True) for speed in (0.9, 1.2, 1.5)]
    walks = judge(
        teacher, pupil, scenarios, walkers=walkers, seconds=_STARTS_S, seed=seed, faults=GYRO_FAULTS
    )
    pairs = _by_core(walks, core)
    stands, begun, slows, rests = (round(100 * moment) for moment in _STOPS_S)
    parts = {"stands": slice(30, stands), "starts": slice(stands, begun), "stops": slice(slows, rests)}
    numbers: dict[str, Any] = {
        name: _told([(own[part], told[part]) for own, told in pairs], teacher.mass_kg)
        for name, part in parts.items()
    }
    quiet = [np.abs(own[parts["stands"]]) for own, _ in pairs]
    numbers["stands"]["largest_nm"] = round(float(np.max(quiet)), 2)
    numbers["stands"]["falls_of_all"] = [int((walks.falls > 0).sum()), len(walks.falls)]
    return numbers


def _between_speeds(
    teacher: TwinTeacher, pupil: ExoController, core: Controller, walkers: int, seed: int
) -> dict[str, Any]:
    """One course on the level: slow, fast, slow again, each stride blended into the next."""
    course, twin = _course(teacher), teacher.twin
    like = twin.walker(replace(COURSE, ground=_ground()), worn=True)
    walker: Walker = replace(like, reference=course.strides[0], course=course)
    taught = teacher.taught([walker] * walkers, seed=seed, seconds=_COURSE_S)
    exo = GyroExo(pupil, taught.environment, faults=GYRO_FAULTS, seed=seed)
    walks = pupil_walks(taught, exo, _COURSE_S, beta=0.0, seed=seed)
    pairs = [(own[SETTLED_TICKS:], told[SETTLED_TICKS:]) for own, told in _by_core(walks, core)]
    return _told(pairs, teacher.mass_kg) | {"falls": int(walks.falls.sum()), "walkers": walkers}


def _ground() -> Ground:
    return replace(COURSE.ground, level_m=_STAIRS_M, kind=GroundKind.COURSE)


def _course(teacher: TwinTeacher) -> Course:
    body, own = teacher.twin.policy.body, teacher.twin.policy.reference
    level = [
        replace(COURSE, gait=walk_at(1.0, 0.0).gait, speed_m_s=one, ground=LEVEL_GROUND)
        for one in _SPEEDS_M_S
    ]
    strides = [scenario_reference(leg, body, own) for leg in level]
    steps = Ground(GroundKind.STAIRS, rise_m=COURSE.ground.rise_m, tread_m=COURSE.ground.tread_m)
    length = [one.period_s * one.speed_m_s for one in strides]
    blend = tuple(BLEND_STRIDES * 0.5 * (length[n] + length[n + 1]) for n in range(len(length) - 1))
    legs = (*strides, strides[-1], strides[-1])
    return Course(
        legs,
        (*(leg.ground for leg in level), steps, LEVEL_GROUND),
        (*_CHANGES_M, _STAIRS_M, _STAIRS_M + 5.0),
        (*blend, length[-1], length[-1]),
        _STAIRS_M,
    )


def _onto_ramps(
    teacher: TwinTeacher, pupil: ExoController, core: Controller, walkers: int, seed: int
) -> dict[str, Any]:
    """The second after the change from one walk to another of the same speed."""
    numbers = {}
    for name, first, second in (
        ("level to ramp up", 0.0, 5.0),
        ("ramp up to level", 5.0, 0.0),
        ("level to ramp down", 0.0, -5.0),
    ):
        scenarios = [walk_at(_LAG_SPEED_M_S, slope) for slope in (first, second)]
        walks = judge(teacher, pupil, scenarios, walkers=walkers, seconds=5.0, seed=seed, faults=GYRO_FAULTS)
        pairs = []
        for walker in range(walkers):
            if walks.falls[[walker, walkers + walker]].any():
                continue
            until, begins = _alike(walks, walker, walkers + walker)
            angle, turning, teacher_nm = (
                np.concatenate(
                    [values[:until, walker], values[begins : begins + _AFTER_TICKS, walkers + walker]]
                )
                for values in (walks.angle_rad, walks.turning_rad_s, walks.teacher_nm)
            )
            core.reset()
            pairs.append((core.run(angle, turning)[until:], teacher_nm[until:]))
        numbers[f"{name} (spliced)"] = _told(pairs, teacher.mass_kg)
    return numbers


def _alike(walks: PupilWalks, first: int, second: int) -> tuple[int, int]:
    """A tick of one walker, and the one of another that was before it most like it."""
    until = 3 * SETTLED_TICKS
    moments = [
        np.hstack([5.0 * walks.angle_rad[:, one], walks.turning_rad_s[:, one]]) for one in (first, second)
    ]
    wanted = moments[0][until - _ALIKE_TICKS : until]
    places = range(SETTLED_TICKS, len(walks.age) - _AFTER_TICKS)
    distance = [float(np.sum((moments[1][place - _ALIKE_TICKS : place] - wanted) ** 2)) for place in places]
    return until, places[int(np.argmin(distance))]


def _peak_lags(teacher: TwinTeacher, pupil: ExoController, walkers: int, seed: int) -> dict[str, Any]:
    """How long after the hip's own peak moment the exo's comes [ms], on the mean cycle of both legs.

    The hip's moment is that of the body and the exo together: what the walk asks for.
    """
    taught = teacher.walks([walk_at(_LAG_SPEED_M_S, 0.0)] * walkers, seed=seed, seconds=6.0)
    exo = GyroExo(pupil, taught.environment, faults=GYRO_FAULTS, seed=seed)
    recorder = _Moments(exo)
    environment = taught.environment
    assert isinstance(environment, WalkingEnvironment)
    for _ in range(round(6.0 / CONTROL_STEP_S)):
        environment.step(taught.act(environment.observation()), recorder)
    hip, given = recorder.cycles()
    period_ms = 1e3 * float(environment.strides.period_s[0])
    return {
        "extension": round(_later(_peak(-hip), _peak(-given)) * period_ms),
        "flexion": round(_later(_peak(hip), _peak(given)) * period_ms),
        "speed_m_s": _LAG_SPEED_M_S,
        "stride_ms": round(period_ms),
    }


def _peak(values: FloatArray) -> float:
    """Middle of where a cycle is largest (0..1): an exo at its limit has a plateau, not a peak."""
    top = np.flatnonzero(values >= _NEAR_PEAK * values.max())
    return float(np.angle(np.exp(2j * np.pi * top / len(values)).mean()) / (2.0 * np.pi)) % 1.0


def _later(first: float, second: float) -> float:
    """From one phase to another, -0.5 to 0.5."""
    return (second - first + 0.5) % 1.0 - 0.5


class _Moments:
    """An `assist` that keeps phase, hip moment and the exo's torque of every tick."""

    def __init__(self, exo: GyroExo) -> None:
        self._exo = exo
        self._rows: list[tuple[FloatArray, FloatArray, FloatArray]] = []

    def __call__(self, environment: BatchEnvironment) -> FloatArray:
        assert isinstance(environment, WalkingEnvironment)
        given = environment.exo_torque_nm.copy()
        total = environment.joint_torque_nm[:, environment.exo_columns] + given
        self._rows.append((environment.phase.copy(), total, given))
        return self._exo(environment)

    def cycles(self) -> tuple[FloatArray, FloatArray]:
        """Mean hip moment and exo torque (B,) over the cycle of a leg from its own contact."""
        phase, hip, given = (np.array(values)[SETTLED_TICKS:] for values in zip(*self._rows, strict=True))
        bins = [(_BINS * ((phase + 0.5 * side) % 1.0)).astype(int) for side in range(len(SIDES))]
        return tuple(  # type: ignore[return-value]
            np.array(
                [
                    np.mean(
                        np.concatenate([values[..., side][bins[side] == one] for side in range(len(SIDES))])
                    )
                    for one in range(_BINS)
                ]
            )
            for values in (hip, given)
        )
