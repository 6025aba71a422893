"""Walks in which a pupil feels by thigh gyros, its teacher tells what it would give, and either assists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray, IntArray
from core.learning.exo.gyro_exo import GyroExo
from core.learning.exo.teachers import TaughtWalks
from core.simulation.environment.batch_environment import CONTROL_STEP_S, EXO_STEP_S, BatchEnvironment

TICKS = round(CONTROL_STEP_S / EXO_STEP_S)  # of the exo in one step of the person
STUMBLE_S = 1.0  # before a fall: neither learned nor judged


@dataclass(frozen=True, slots=True, eq=False)
class PupilWalks:
    """What was felt and told in every tick. Axes: T ticks, N walkers, 2 sides."""

    angle_rad: Float32Array  # (T, N, 2) that the exo measured
    turning_rad_s: Float32Array  # (T, N, 2) that its gyros measured
    pupil_nm: Float32Array  # (T, N, 2) of the pupil
    teacher_nm: Float32Array  # (T, N, 2) of the teacher in the same moments
    age: IntArray  # (T, N) ticks since the walker's start
    counted: BoolArray  # (T, N) not within a second before a fall
    falls: IntArray  # (N,)


def pupil_walks(taught: TaughtWalks, pupil: GyroExo, seconds: float, *, beta: float, seed: int) -> PupilWalks:
    """Let all walkers walk for `seconds`; in every episode the teacher assists with probability `beta`."""
    environment = taught.environment
    recorder = _Recorder(taught, pupil, beta, np.random.default_rng(seed))
    fell: list[BoolArray] = []
    for _ in range(round(seconds / CONTROL_STEP_S)):
        step = environment.step(taught.act(environment.observation()), recorder)
        fell.append(step.terminated)
        done = step.terminated | step.truncated
        if done.any():
            environment.reset(done)
            recorder.reset(done, environment)
    return recorder.walks(np.array(fell))


class _Recorder:
    """The `assist` of an environment: asks both, keeps everything, and gives one's torque."""

    def __init__(self, taught: TaughtWalks, pupil: GyroExo, beta: float, rng: np.random.Generator) -> None:
        self._teacher, self._pupil, self._beta, self._rng = taught.teacher, pupil, beta, rng
        count = taught.environment.size
        self._age = np.zeros(count, np.int64)
        self._by_teacher = self._rng.random(count) < beta
        self._rows: list[tuple[np.ndarray, ...]] = []

    def __call__(self, environment: BatchEnvironment) -> FloatArray:
        told = self._teacher(environment)
        own = self._pupil(environment)
        angle, turning = self._pupil.reading
        row = (angle, turning, own.astype(np.float32), told.astype(np.float32), self._age.copy())
        self._rows.append(row)
        self._age += 1
        return np.where(self._by_teacher[:, None], told, own)

    def reset(self, which: BoolArray, environment: BatchEnvironment) -> None:
        self._teacher.reset(which, environment)
        self._pupil.reset(which, environment)
        self._age[which] = 0
        self._by_teacher[which] = self._rng.random(int(which.sum())) < self._beta

    def walks(self, fell: BoolArray) -> PupilWalks:
        """What was kept, for falls in steps (S, N)."""
        angle, turning, own, told, age = (np.array(column) for column in zip(*self._rows, strict=True))
        counted = np.ones(age.shape, np.bool_)
        stumble = round(STUMBLE_S / EXO_STEP_S)
        for step, walker in np.argwhere(fell):
            end = TICKS * (int(step) + 1)
            counted[max(0, end - stumble) : end, walker] = False
        return PupilWalks(angle, turning, own, told, age, counted, fell.sum(axis=0))
