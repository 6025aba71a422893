"""Walks of all lessons, recorded for training: what the exo sees in every tick, and what the muscles cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import BoolArray, FloatArray, IntArray
from core.domain.body import JOINTS, SIDES
from core.domain.rollout import MuscleAnalysis
from core.domain.walk_measures import SYMMETRY_PARTS
from core.learning.exo.lessons import LessonPlan
from core.learning.exo.measures import Exo, WalkRecording, record_walk
from core.learning.exo.surrogate import Frames
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.walk_symmetry import symmetry_index
from core.simulation.analysis.muscle_analysis import estimated_facts, muscle_analysis
from core.simulation.environment.batch_environment import CONTROL_STEP_S, EXO_STEP_S
from core.simulation.environment.tracking import WalkingEnvironment

FRAMES_BETWEEN = 5  # control steps from one frame to the next
_TICKS = round(CONTROL_STEP_S / EXO_STEP_S)


@dataclass(frozen=True, slots=True, eq=False)
class LessonWalks:
    """One recording of all lessons. Axes: T ticks of 10 ms, N walkers, 14 joints. No ticks without an exo."""

    lesson: IntArray  # (N,)
    settled: BoolArray  # (T, N) what counts
    angle_rad: FloatArray  # (T, N, 14)
    velocity_rad_s: FloatArray  # (T, N, 14)
    total_nm: FloatArray  # (T, N, 14) of the body and the exo together
    frames: Frames  # with exact costs; none of walks that were not priced
    falls: IntArray  # (N,)
    speed_m_s: FloatArray  # (N,) mean
    pace: FloatArray  # (N,) distance walked / distance asked for
    step_index: float = 0.0  # symmetry index of step length in the first lesson; 0 where it is not known


def record_lessons(
    twin: TwinInExo,
    plan: LessonPlan,
    exo_for: Callable[[WalkingEnvironment], Exo] | None,
    *,
    worn: bool,
    seed: int,
    seconds: float,
    vary_nm: float = 0.0,
    priced: bool = True,
) -> LessonWalks:
    """Let the twin walk all lessons of `plan`; `exo_for` makes the exo that assists, None for no torque.

    With `vary_nm` every frame of a torque-driven walk is priced twice: as it was, and with up to so much more
    or less torque of the assisted joints. Walks that are not `priced` have no frames.
    """
    walkers = [twin.walker(plan.lessons[number], worn=worn, length_s=seconds) for number in plan.number]
    environment = twin.environment(walkers, seed=seed)
    recorder = _TickRecorder(environment, None if exo_for is None else exo_for(environment))
    recording = record_walk(environment, twin.walking, recorder if worn else None, seconds)
    lesson = np.array(plan.number)
    counted = np.maximum(recording.settled.sum(axis=0), 1)
    speed = np.where(recording.settled, recording.speed_m_s, 0.0).sum(axis=0) / counted
    asked = np.where(recording.settled, recording.asked_m_s, 0.0).sum(axis=0) / counted
    angle, velocity, total = recorder.arrays()
    return LessonWalks(
        lesson,
        np.repeat(recording.settled, _TICKS, axis=0),
        angle,
        velocity,
        total,
        _frames(twin, recording, environment, lesson, vary_nm, seed) if priced else Frames.none(),
        recording.falls,
        speed,
        speed / np.maximum(asked, 1e-9),
        _step_index(recording, lesson),
    )


def _step_index(recording: WalkRecording, lesson: IntArray) -> float:
    """Symmetry index of step length of the walkers in the first lesson, the person's own walk."""
    own = lesson == 0
    found = symmetry_index(recording.settled[:, own], recording.ground_n[:, own], recording.heel_m[:, own])
    return float(np.nan_to_num(found[SYMMETRY_PARTS.index("step length")]))


class _TickRecorder:
    """An assist that records every tick, and passes on the torque of another one, or none."""

    def __init__(self, environment: WalkingEnvironment, inner: Exo | None) -> None:
        self._inner = inner
        self._none = np.zeros((environment.size, len(SIDES)))
        self._rows: list[tuple[FloatArray, FloatArray, FloatArray]] = []

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        total = environment.joint_torque_nm
        if len(self._rows) % _TICKS == 0 and environment.quantities is not None:
            # A control step begins: its new target makes the torque jump from that of the step before.
            total = 0.5 * (total + environment.quantities.torque_nm)
        total[:, environment.exo_columns] += environment.exo_torque_nm
        self._rows.append((environment.joint_angle_rad, environment.joint_velocity_rad_s, total))
        return self._none if self._inner is None else self._inner(environment)

    def reset(self, which: BoolArray, environment: WalkingEnvironment) -> None:
        if self._inner is not None:
            self._inner.reset(which, environment)

    def arrays(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Angle, velocity and total torque (T, N, 14)."""
        if not self._rows:
            none = np.zeros((0, len(self._none), len(JOINTS)))
            return none, none, none
        angle, velocity, total = (np.array(values) for values in zip(*self._rows, strict=True))
        return angle, velocity, total


def _frames(
    twin: TwinInExo,
    recording: WalkRecording,
    environment: WalkingEnvironment,
    lesson: IntArray,
    vary_nm: float,
    seed: int,
) -> Frames:
    """Frames of what counts, with their exact costs; see `record_lessons`."""
    rows = np.zeros_like(recording.settled)
    rows[::FRAMES_BETWEEN] = recording.settled[::FRAMES_BETWEEN]
    time, walker = np.nonzero(rows)
    angle, velocity, torque = (
        values[time, walker]
        for values in (recording.angle_rad, recording.velocity_rad_s, recording.torque_nm)
    )

    def estimated(torque_nm: FloatArray) -> FloatArray:
        return _costs(estimated_facts(twin.policy.body, angle, velocity, torque_nm))

    known = estimated(torque)
    costs = _costs_of_muscles(recording, environment)[time, walker] if recording.state.size else known
    walked = np.ones(len(time), np.bool_)
    frames = Frames(lesson[walker], angle, velocity, torque, costs, walked)
    if vary_nm == 0.0:
        return frames
    varied = torque.copy()
    change = np.random.default_rng(seed).uniform(-vary_nm, vary_nm, (len(torque), len(SIDES)))
    varied[:, environment.exo_columns] += change
    # Muscles that walk cost other than estimated ones: only what a change of torque adds is estimated.
    varied_costs = np.maximum(costs + estimated(varied) - known, 0.0)
    return Frames.joined([frames, Frames(lesson[walker], angle, velocity, varied, varied_costs, ~walked)])


def _costs_of_muscles(recording: WalkRecording, environment: WalkingEnvironment) -> FloatArray:
    """COSTS (T, N, 4) of walks by muscles."""
    walks = [
        _costs(muscle_analysis(model, recording.state[:, row], recording.control[:, row]))
        for row, model in enumerate(environment.physics.models)
    ]
    return np.stack(walks, axis=1)


def _costs(facts: MuscleAnalysis) -> FloatArray:
    """COSTS (F, 4)."""
    activation = facts.activation.astype(np.float64)
    means = (activation.mean(axis=1), (activation**2).mean(axis=1))
    return np.stack([*means, *facts.metabolic_w.T], axis=1)
