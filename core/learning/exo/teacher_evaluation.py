"""Matched walks of a predictive twin: without an exo, with one that gives nothing, and assisted.

At every speed and slope all three begin with the same recorded moments. What counts begins a second after the
start and ends a second before a fall. Everything here is simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.controller import TorqueLimits
from core.errors import refuse
from core.learning.exo.privileged_teacher import PrivilegedActor, PrivilegedTeacher
from core.learning.exo.teacher_environment import TeacherEnvironment, UnassistedEffort
from core.learning.exo.worn_controller import WalkingPolicy
from core.learning.gait.predictive_twin import PredictiveTwin
from core.simulation.analysis.muscle_analysis import muscle_analysis
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.predictive_rewards import effort

SPEEDS_M_S = (0.75, 1.0, 1.25, 1.5, 1.75)
SLOPES_DEG = (-10.0, -5.0, 0.0, 5.0, 10.0)
SETTLE_S, STUMBLE_S = 1.0, 1.0  # after the start and before a fall: not counted


class Arm(StrEnum):
    """What is worn. The values are printed."""

    NO_EXO = "no exo"
    IDLE = "worn without torque"
    ASSISTED = "assisted"


@dataclass(frozen=True, slots=True)
class MatchedWalk:
    """Simulated walks of one arm at one speed and slope; NaN where nobody walked long enough."""

    arm: Arm
    asked_m_s: float
    slope_deg: float
    survived: float  # fraction that did not fall
    speed_m_s: float
    activation: float  # mean of the leg muscles
    positive_power_w_kg: float  # of the muscles at all joints
    metabolic_w_kg: float  # mean of both models
    effort: float
    exo_peak_nm: float
    exo_negative_share: float  # of its work


@dataclass(frozen=True, slots=True)
class WalkLength:
    """How much is walked for every number."""

    walkers: int = 8
    seconds: float = 8.0
    seed: int = 4242


def unassisted_effort(
    twin: PredictiveTwin,
    speeds_m_s: Sequence[float],
    slopes_deg: Sequence[float],
    length: WalkLength = WalkLength(),
) -> UnassistedEffort:
    """Mean effort of the twin without an exo over speeds and slopes, both rising.

    Where nobody walks long enough, the largest effort stands in. Refuses (TRN-053) who cannot walk anywhere.
    """
    efforts = [
        [_Recorded(twin, speed, slope, None, length).walk(None).effort for speed in speeds_m_s]
        for slope in slopes_deg
    ]
    found = np.array(efforts)
    if np.isnan(found).all():
        raise refuse(
            "TRN-053",
            "This person cannot teach an exo.",
            "Without one it falls within three seconds at every speed and slope.",
            "Train the walk for longer: `exotwin train predictive` goes on where it stopped.",
        )
    return UnassistedEffort(
        np.array(slopes_deg), np.array(speeds_m_s), np.where(np.isnan(found), np.nanmax(found), found)
    )


def matched_walks(
    twin: PredictiveTwin,
    teacher: PrivilegedTeacher,
    limits: TorqueLimits,
    speed_m_s: float,
    slope_deg: float,
    length: WalkLength = WalkLength(),
    *,
    adapted: PredictiveTwin | None = None,
) -> tuple[MatchedWalk, ...]:
    """The three arms; with `adapted`, who learned with the exo, both worn arms are that person's."""
    policy, worn = PrivilegedActor(teacher), adapted or twin
    return (
        _Recorded(twin, speed_m_s, slope_deg, None, length).matched(Arm.NO_EXO, None, limits),
        _Recorded(worn, speed_m_s, slope_deg, teacher.device_id, length).matched(Arm.IDLE, None, limits),
        _Recorded(worn, speed_m_s, slope_deg, teacher.device_id, length).matched(
            Arm.ASSISTED, policy, limits
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """T control steps of N walkers."""

    settled: BoolArray  # (T, N)
    state: FloatArray  # (T, N, S)
    control: FloatArray  # (T, N, U)
    exo_nm: FloatArray  # (T, N, 2)
    exo_rad_s: FloatArray  # (T, N, 2)
    speed_m_s: FloatArray  # (T, N)
    efforts: FloatArray  # (T, N)
    fell: BoolArray  # (N,)

    @property
    def effort(self) -> float:
        return _mean(self.efforts, self.settled)


class _Recorded:
    """Walks at one speed and slope, bare or in an exo."""

    def __init__(
        self,
        twin: PredictiveTwin,
        speed_m_s: float,
        slope_deg: float,
        device_id: str | None,
        length: WalkLength,
    ) -> None:
        self._twin, self._speed_m_s, self._slope_deg, self._length = twin, speed_m_s, slope_deg, length
        walkers = twin.walkers_at(speed_m_s, slope_deg, length.walkers, device_id=device_id)
        self._environment = twin.environment(walkers, seed=length.seed, episode_s=2 * length.seconds)
        self._walking = WalkingPolicy(twin.networks)

    def matched(self, arm: Arm, teacher: PrivilegedActor | None, limits: TorqueLimits) -> MatchedWalk:
        walk = self.walk(teacher, limits)
        activation, positive_w, metabolic_w = self._muscles(walk)
        mass_kg = self._twin.body.mass_kg
        power = walk.exo_nm * walk.exo_rad_s * walk.settled[:, :, None]
        worked, braked = float(np.maximum(power, 0.0).sum()), float(np.maximum(-power, 0.0).sum())
        return MatchedWalk(
            arm,
            self._speed_m_s,
            self._slope_deg,
            survived=float(1.0 - walk.fell.mean()),
            speed_m_s=_mean(walk.speed_m_s, walk.settled),
            activation=activation,
            positive_power_w_kg=positive_w / mass_kg,
            metabolic_w_kg=metabolic_w / mass_kg,
            effort=walk.effort,
            exo_peak_nm=float(np.abs(walk.exo_nm[walk.settled]).max(initial=0.0)),
            exo_negative_share=braked / max(worked + braked, 1e-9),
        )

    def walk(self, teacher: PrivilegedActor | None, limits: TorqueLimits | None = None) -> _Walk:
        """Every walker once, until it falls or the time is over."""
        step = self._stepper(teacher, limits)
        environment, rows = self._environment, []
        walking = np.ones(environment.size, np.bool_)
        ended = np.zeros(environment.size)  # steps until the fall
        for _ in range(round(self._length.seconds / CONTROL_STEP_S)):
            before_m = environment.walked_m
            fell = step()
            assert environment.quantities is not None
            walking &= ~fell
            ended += walking
            rows.append(
                (
                    environment.state.copy(),
                    environment.control.copy(),
                    environment.exo_torque_nm.copy(),
                    environment.joint_velocity_rad_s[:, environment.exo_columns],
                    (environment.walked_m - before_m) / CONTROL_STEP_S,
                    effort(environment.quantities),
                )
            )
        state, control, exo_nm, exo_rad_s, speed, efforts = (np.array(one) for one in zip(*rows, strict=True))
        settled = self._settled(len(rows), ended, walking)
        return _Walk(settled, state, control, exo_nm, exo_rad_s, speed, efforts, ~walking)

    def _stepper(
        self, teacher: PrivilegedActor | None, limits: TorqueLimits | None
    ) -> Callable[[], BoolArray]:
        """Takes one step and tells who fell."""
        environment, walking = self._environment, self._walking
        if teacher is None or limits is None:
            return lambda: environment.step(walking.act(environment.observation())).terminated
        one = np.ones((1, 1))
        worn = TeacherEnvironment(environment, walking, limits, UnassistedEffort(one[0], one[0], one))
        return lambda: worn.step(teacher.act(worn.observation())).terminated

    def _settled(self, steps: int, ended: FloatArray, walking: BoolArray) -> BoolArray:
        number = np.arange(steps)[:, None]
        last = np.where(walking, steps, ended - round(STUMBLE_S / CONTROL_STEP_S))
        settled: BoolArray = (number >= round(SETTLE_S / CONTROL_STEP_S)) & (number < last[None])
        return settled

    def _muscles(self, walk: _Walk) -> tuple[float, float, float]:
        """Mean activation, positive power of the joints [W], and metabolic power [W]."""
        parts: list[tuple[FloatArray, FloatArray, FloatArray]] = []
        for number, model in enumerate(self._environment.physics.models):
            settled = walk.settled[:, number]
            if not settled.any():
                continue
            facts = muscle_analysis(model, walk.state[settled, number], walk.control[settled, number])
            positive = np.maximum(facts.power_w, 0.0).sum(axis=1)
            parts.append((facts.activation.mean(axis=1), positive, facts.metabolic_w.mean(axis=1)))
        if not parts:
            return (float("nan"),) * 3
        activation, positive, metabolic = (np.concatenate(values) for values in zip(*parts, strict=True))
        return float(activation.mean()), float(positive.mean()), float(metabolic.mean())


def _mean(values: FloatArray, settled: BoolArray) -> float:
    return float(values[settled].mean()) if settled.any() else float("nan")
