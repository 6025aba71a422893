"""The effort of a walk, and the mechanical work of the exo in it.

Effort is the mean over time and joints of (torque of the body itself / strength of the joint) squared: 0 for
no effort, 1 for every joint at its limit all the time. The toes do not count: tendon and sole carry them, not
muscles. It is a number of joints, in simulation: it knows no muscles, so neither their activation nor the
energy they take, nor opposite muscles that work against each other; holding a torque costs as much as moving
with it. The effort ratio compares a walk with the exo (worn, so with its mass) with the same person's walk
without it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import JOINTS, JointKind
from core.learning.exo.worn_controller import WalkingPolicy, WornExo
from core.simulation.environment.batch_environment import CONTROL_STEP_S, StepResult
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.tracking_rewards import SIMILARITY
from core.simulation.model.exo_model import HIP_COLUMNS

WORKING = np.array([joint.kind is not JointKind.TOES for joint in JOINTS])
STUMBLE_S = 1.0  # before a fall, with large torques: not counted as effort
SETTLE_S = 1.0  # after a start from the reference: not counted


@dataclass(frozen=True, slots=True)
class ExoWork:
    """Torque, power and work of the exo at the hips."""

    peak_nm: float
    mean_power_w: float  # both sides together, positive when it helps
    negative_fraction: float  # negative work / all work exchanged, 0..1; Luo 2024 report about 0.035


@dataclass(frozen=True, slots=True)
class WalkMeasure:
    """One batch of walks in numbers."""

    effort: float
    hip_effort: float  # the assisted joints only
    falls_per_minute: float
    similarity: float  # 0..1, of the joint angles to the reference
    work: ExoWork


def effort_of(torque_nm: FloatArray, strength_nm: FloatArray) -> FloatArray:
    """Effort (...,) for torques and strengths (..., 14)."""
    effort: FloatArray = np.mean((torque_nm / strength_nm)[..., WORKING] ** 2, axis=-1)
    return effort


def hip_effort_of(torque_nm: FloatArray, strength_nm: FloatArray) -> FloatArray:
    """The same (...,) for the two hip flexion joints, which the exo assists."""
    effort: FloatArray = np.mean((torque_nm / strength_nm)[..., HIP_COLUMNS] ** 2, axis=-1)
    return effort


def effort_change(ratio: float) -> str:
    """An effort ratio in words: `-7 %` for 0.93, with a true minus sign."""
    percent = round(100.0 * (ratio - 1.0))
    sign = "\u2212" if percent < 0 else "+" if percent > 0 else "±"
    return f"{sign}{abs(percent)} %"


def measure_walk(
    environment: WalkingEnvironment, policy: WalkingPolicy, exo: WornExo | None, seconds: float
) -> WalkMeasure:
    """Let all walkers of `environment` walk for `seconds`; falls are counted and the walkers reset.

    `exo` is None without an exo or when it gives no torque; whether it is worn is in the models. The first
    second after every start and the last before a fall do not count as effort, unless no walk is longer:
    falls have their own number.
    """
    recorder = _WalkRecorder()
    age_s = np.zeros(environment.size)
    for _ in range(round(seconds / CONTROL_STEP_S)):
        step = environment.step(policy.act(environment.observation()), exo)
        age_s += CONTROL_STEP_S
        done = step.terminated | step.truncated
        recorder.add(environment, step, settled=(age_s > SETTLE_S) & ~step.terminated)
        if done.any():
            age_s[done] = 0.0
            environment.reset(done)
            if exo is not None:
                exo.reset(done, environment)
    return recorder.measure(falls_per_minute=recorder.falls / (seconds * environment.size / 60.0))


class _WalkRecorder:
    """Records what `WalkMeasure` is made of. Axes: T steps, N walkers."""

    def __init__(self) -> None:
        self.falls = 0
        self._settled: list[BoolArray] = []
        self._terminated: list[BoolArray] = []
        self._effort: list[FloatArray] = []
        self._hip_effort: list[FloatArray] = []
        self._similarity: list[float] = []
        self._torque: list[FloatArray] = []
        self._power: list[FloatArray] = []

    def add(self, environment: WalkingEnvironment, step: StepResult, *, settled: BoolArray) -> None:
        torque, strength = environment.joint_torque_nm, environment.joint_limit_nm
        self.falls += int(step.terminated.sum())
        self._settled.append(settled)
        self._terminated.append(step.terminated)
        self._effort.append(effort_of(torque, strength))
        self._hip_effort.append(hip_effort_of(torque, strength))
        self._similarity.append(step.reward_terms[SIMILARITY])
        self._torque.append(environment.exo_torque_nm.copy())
        self._power.append(environment.exo_torque_nm * environment.joint_velocity_rad_s[:, HIP_COLUMNS])

    def measure(self, *, falls_per_minute: float) -> WalkMeasure:
        counted = np.array(self._settled)
        stumble_steps = round(STUMBLE_S / CONTROL_STEP_S)
        for time, walker in np.argwhere(np.array(self._terminated)):
            counted[max(0, time - stumble_steps) : time + 1, walker] = False
        if not counted.any():
            counted[:] = True
        return WalkMeasure(
            float(np.array(self._effort)[counted].mean()),
            float(np.array(self._hip_effort)[counted].mean()),
            falls_per_minute,
            float(np.mean(_without_start(np.array(self._similarity)))),
            _work(np.array(self._torque)[counted], np.array(self._power)[counted]),
        )


def _without_start(values: FloatArray) -> FloatArray:
    """Without the first second, when there is more."""
    skip = round(SETTLE_S / CONTROL_STEP_S)
    return values[skip:] if len(values) > skip else values


def _work(torque_nm: FloatArray, power_w: FloatArray) -> ExoWork:
    """For torque and power (T, ..., 2)."""
    positive, negative = float(np.maximum(power_w, 0.0).sum()), float(np.maximum(-power_w, 0.0).sum())
    exchanged = positive + negative
    return ExoWork(
        float(np.abs(torque_nm).max(initial=0.0)),
        float(power_w.sum(axis=-1).mean()),
        negative / exchanged if exchanged > 0 else 0.0,
    )
