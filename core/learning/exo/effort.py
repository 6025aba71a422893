"""How hard a walk is, and what the exo did to it.

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
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.learning.exo.worn_controller import WalkingPolicy, WornExo
from core.simulation.environment.batch_environment import CONTROL_STEP_S, StepResult
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.tracking_rewards import SIMILARITY
from core.simulation.model.exo_model import HIP_COLUMNS
from core.twin.body import STRENGTH

WORKING = np.array([joint.kind is not JointKind.TOES for joint in JOINTS])
STUMBLE_S = 1.0  # how long a fall announces itself by large torques
SETTLE_S = 1.0  # the artificial start is not counted


@dataclass(frozen=True, slots=True)
class ExoWork:
    """What the exo delivered to the hips."""

    peak_nm: float
    mean_power_w: float  # both sides together, positive when it helps
    negative_fraction: float  # work taken out / all work exchanged, 0..1; Luo 2024 report about 0.035


@dataclass(frozen=True, slots=True)
class WalkMeasure:
    """One batch of walks in numbers."""

    effort: float
    hip_effort: float  # the assisted joints only
    falls_per_minute: float
    similarity: float  # 0..1, the walkers' own measure of joint angles against the reference
    work: ExoWork


def joint_strength_nm(body: BodyParameters) -> FloatArray:
    """Largest torque (14,) of each joint of this body, as its FAST model has it."""
    fraction = body.mass_kg / GENERIC_BODY.mass_kg
    return np.array([STRENGTH[joint.kind].limit_nm for joint in JOINTS]) * fraction


def effort_of(torque_nm: FloatArray, strength_nm: FloatArray) -> FloatArray:
    """Effort (...,) for torques and strengths (..., 14)."""
    effort: FloatArray = np.mean((torque_nm / strength_nm)[..., WORKING] ** 2, axis=-1)
    return effort


def hip_effort_of(torque_nm: FloatArray, strength_nm: FloatArray) -> FloatArray:
    """The same (...,) for the two hip flexion joints, where the exo helps."""
    effort: FloatArray = np.mean((torque_nm / strength_nm)[..., HIP_COLUMNS] ** 2, axis=-1)
    return effort


def effort_change(ratio: float) -> str:
    """An effort ratio in words: `-7 %` for 0.93, with a true minus sign."""
    percent = round(100.0 * (ratio - 1.0))
    sign = "\u2212" if percent < 0 else "+" if percent > 0 else "±"
    return f"{sign}{abs(percent)} %"


def measure_walk(
    world: WalkingEnvironment, policy: WalkingPolicy, exo: WornExo | None, seconds: float
) -> WalkMeasure:
    """Let all walkers of `world` walk for `seconds`; who falls is counted and put back on the feet.

    `exo` is None when none is worn or when it is worn without torque: the world's models decide. The first
    second after every start and the stumble before a fall do not count as effort, unless nobody walks longer:
    falls have their own number.
    """
    seen = _Seen()
    age_s = np.zeros(world.size)
    for _ in range(round(seconds / CONTROL_STEP_S)):
        step = world.step(policy.act(world.observation()), exo)
        age_s += CONTROL_STEP_S
        ended = step.terminated | step.truncated
        seen.add(world, step, settled=(age_s > SETTLE_S) & ~step.terminated)
        if ended.any():
            age_s[ended] = 0.0
            world.reset(ended)
            if exo is not None:
                exo.begin(ended, world)
    return seen.measure(falls_per_minute=seen.falls / (seconds * world.size / 60.0))


class _Seen:
    """Gathers the numbers of a walk. Axes: T steps, N walkers."""

    def __init__(self) -> None:
        self.falls = 0
        self._settled: list[BoolArray] = []
        self._fell: list[BoolArray] = []
        self._effort: list[FloatArray] = []
        self._hip: list[FloatArray] = []
        self._pose: list[float] = []
        self._torque: list[FloatArray] = []
        self._power: list[FloatArray] = []

    def add(self, world: WalkingEnvironment, step: StepResult, *, settled: BoolArray) -> None:
        torque, strength = world.joint_torque_nm, world.joint_limit_nm
        self.falls += int(step.terminated.sum())
        self._settled.append(settled)
        self._fell.append(step.terminated)
        self._effort.append(effort_of(torque, strength))
        self._hip.append(hip_effort_of(torque, strength))
        self._pose.append(step.reward_terms[SIMILARITY])
        self._torque.append(world.exo_torque_nm.copy())
        self._power.append(world.exo_torque_nm * world.joint_velocity_rad_s[:, HIP_COLUMNS])

    def measure(self, *, falls_per_minute: float) -> WalkMeasure:
        counted = np.array(self._settled)
        stumble = round(STUMBLE_S / CONTROL_STEP_S)
        for time, walker in np.argwhere(np.array(self._fell)):
            counted[max(0, time - stumble) : time + 1, walker] = False
        if not counted.any():
            counted[:] = True
        return WalkMeasure(
            float(np.array(self._effort)[counted].mean()),
            float(np.array(self._hip)[counted].mean()),
            falls_per_minute,
            float(np.mean(_settled(np.array(self._pose)))),
            _work(np.array(self._torque)[counted], np.array(self._power)[counted]),
        )


def _settled(values: FloatArray) -> FloatArray:
    """Without the first second, when there is more."""
    skip = round(SETTLE_S / CONTROL_STEP_S)
    return values[skip:] if len(values) > skip else values


def _work(torque_nm: FloatArray, power_w: FloatArray) -> ExoWork:
    """For torque and power (T, ..., 2)."""
    given, taken = float(np.maximum(power_w, 0.0).sum()), float(np.maximum(-power_w, 0.0).sum())
    exchanged = given + taken
    return ExoWork(
        float(np.abs(torque_nm).max(initial=0.0)),
        float(power_w.sum(axis=-1).mean()),
        taken / exchanged if exchanged > 0 else 0.0,
    )
