"""The teacher's environment: a predictive walker in an exo whose controller sees what no exo can measure.

The teacher reads the whole state of body, loads and muscles, speed and slope of the walk, and its own torque;
nothing tells it the phase of the stride. What it learns, a network with two gyros is taught afterwards
(Song et al. 2026, arXiv 2603.04166). Axes: N walkers, 2 sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray, frozen
from core.domain.body import SIDES, JointKind
from core.domain.controller import ExoController, NetworkOutput, TorqueLimits
from core.domain.twin import Network
from core.exo_core.numpy_runtime import TorqueShaper
from core.learning.exo.both_act import WalkingActor
from core.learning.exo.worn_controller import CONTROL_HZ, LOW_PASS_HZ
from core.simulation.environment.batch_environment import BatchEnvironment, StepResult
from core.simulation.environment.predictive import PredictiveEnvironment
from core.simulation.environment.predictive_rewards import effort
from core.simulation.environment.state_dict import load_with_prefix, with_prefix


@dataclass(frozen=True, slots=True, eq=False)
class UnassistedEffort:
    """Mean effort of the same walker without an exo. Axes: G slopes, V speeds, both rising."""

    slope_deg: FloatArray  # (G,)
    speed_m_s: FloatArray  # (V,)
    effort: FloatArray  # (G, V) squared activation weighted by muscle volume

    def __post_init__(self) -> None:
        frozen(self, "slope_deg", (None,))
        frozen(self, "speed_m_s", (None,))
        frozen(self, "effort", (len(self.slope_deg), len(self.speed_m_s)))

    def at(self, slope_deg: FloatArray, speed_m_s: FloatArray) -> FloatArray:
        """(N,) between the speeds linearly; of the slope that is nearest."""
        rows = np.abs(self.slope_deg[None] - slope_deg[:, None]).argmin(axis=1)
        found = [
            np.interp(v, self.speed_m_s, self.effort[row]) for row, v in zip(rows, speed_m_s, strict=True)
        ]
        return np.array(found)


@dataclass(frozen=True, slots=True)
class TeacherReward:
    """Beside the reward of the walk itself, which counts whole. Weights are ours."""

    relief: float = 0.3  # for effort below that of the same walk without an exo
    change: float = 0.05  # against the squared change of torque, in peaks per control step
    braking: float = 0.1  # against work taken out of the person
    braking_scale_w: float = 25.0  # power that counts as one


class AskedTorque:
    """Torque that a teacher asks for and the exo gives, through its own low-pass and limits: an `assist`."""

    def __init__(self, walking: BatchEnvironment, limits: TorqueLimits) -> None:
        self._peak_nm = limits.peak_nm
        self._shaper = TorqueShaper(_torque_law(limits, walking.exo_joint), walking.size)
        self.asked_nm: FloatArray = np.zeros((walking.size, len(SIDES)))

    def observation(self, walking: PredictiveEnvironment) -> Float32Array:
        """(N, O + 4): the walker's own observation, and torque given and asked for, over the peak."""
        scaled = (walking.exo_torque_nm / self._peak_nm, self.asked_nm / self._peak_nm)
        return np.concatenate([walking.observation(), *scaled], axis=1, dtype=np.float32)

    def ask(self, action: FloatArray) -> None:
        """From the next tick on, for an action (N, 2)."""
        self.asked_nm = self._peak_nm * np.tanh(action)

    def __call__(self, walking: BatchEnvironment) -> FloatArray:
        """Torque (N, 2) of a tick."""
        columns = walking.exo_columns
        angle, velocity = walking.joint_angle_rad[:, columns], walking.joint_velocity_rad_s[:, columns]
        readings = (self.asked_nm, angle, velocity)
        given = self._shaper.step(*(reading.astype(np.float32) for reading in readings))
        return given.astype(np.float64)

    def reset(self, which: BoolArray) -> None:
        self._shaper.reset(which)
        self.asked_nm = np.where(which[:, None], 0.0, self.asked_nm)

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes from tick to tick."""
        return {"asked": self.asked_nm.copy()} | with_prefix("shaper_", self._shaper)

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        self.asked_nm = np.array(state["asked"])
        load_with_prefix("shaper_", self._shaper, state)


class TeacherEnvironment:
    """N walkers in the exo. An action (N, 2) is the inverse hyperbolic tangent of torque over peak torque."""

    def __init__(
        self,
        walking: PredictiveEnvironment,
        policy: WalkingActor,
        limits: TorqueLimits,
        unassisted: UnassistedEffort,
        reward: TeacherReward = TeacherReward(),
    ) -> None:
        self.size, self.walking, self.policy = walking.size, walking, policy
        self.walking_step: StepResult | None = None
        self._limits, self._unassisted, self._reward = limits, unassisted, reward
        self._slope_deg = np.degrees(np.arctan(walking.climb))
        self._torque = AskedTorque(walking, limits)

    @property
    def torque_nm(self) -> FloatArray:
        """(N, 2) that the joints get."""
        return self.walking.exo_torque_nm

    def observation(self) -> Float32Array:
        """(N, O + 4), see `AskedTorque`."""
        return self._torque.observation(self.walking)

    def step(self, action: FloatArray) -> StepResult:
        """One control step: two ticks of the exo with the same torque asked for."""
        before = self._torque.asked_nm
        self._torque.ask(action)
        walked = self.policy.act(self.walking.observation())
        step = self.walking.step(walked, self._torque)
        self.walking_step = step
        reward, terms = self._rewards(step, before)
        return StepResult(reward, step.terminated, step.truncated, terms)

    def reset(self, which: BoolArray) -> None:
        self.walking.reset(which)
        self._torque.reset(which)

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes, so that `load_state_dict` continues exactly here."""
        own = {"exo_torque_nm": self.walking.exo_torque_nm.copy()}
        return own | with_prefix("walking_", self.walking) | with_prefix("torque_", self._torque)

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        load_with_prefix("walking_", self.walking, state)
        load_with_prefix("torque_", self._torque, state)
        self.walking.exo_torque_nm = np.array(state["exo_torque_nm"])

    def _rewards(self, step: StepResult, before: FloatArray) -> tuple[FloatArray, dict[str, float]]:
        walking, weights = self.walking, self._reward
        assert walking.quantities is not None
        usual = self._unassisted.at(self._slope_deg, walking.command_m_s)
        ratio = effort(walking.quantities) / usual
        power = walking.exo_torque_nm * walking.joint_velocity_rad_s[:, walking.exo_columns]
        braking = np.maximum(-power, 0.0).sum(axis=1) / weights.braking_scale_w
        change = (((self._torque.asked_nm - before) / self._limits.peak_nm) ** 2).sum(axis=1)
        reward = (
            step.reward
            + weights.relief * np.clip(1.0 - ratio, -2.0, 1.0)
            - weights.change * change
            - weights.braking * np.minimum(braking, 2.0)
        )
        reward = np.where(step.terminated, 0.0, np.nan_to_num(reward))
        alive = ~step.terminated
        terms = {
            "effort_ratio": float(ratio[alive].mean()) if alive.any() else 1.0,
            "exo_power_w": float(power.sum(axis=1).mean()),
            "speed_error_m_s": step.reward_terms["speed_error_m_s"],
        }
        return reward, terms


def _torque_law(limits: TorqueLimits, joint: JointKind) -> ExoController:
    """Low-pass and limits of an exo whose network gives torque; of no network."""
    none = Network((np.zeros((2, 2), np.float32),), (np.zeros(2, np.float32),), "relu")
    return ExoController(
        none, 1.0, LOW_PASS_HZ, 0.0, 0.0, CONTROL_HZ, limits, output=NetworkOutput.TORQUE, joint=joint
    )
