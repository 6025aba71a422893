"""Base of the vectorised environments: batched physics, readings of the state, and the exo's control loop.

All members of a batch take a control step of 20 ms together; the controller of a worn exo runs every 10 ms.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray, IntArray
from core.domain.body import SIDES, JointKind
from core.simulation.model.exo_transmission import ExoTransmission
from core.simulation.model.joint_coupling import position_columns, velocity_columns
from core.simulation.model.model_sensors import SensorColumns
from core.simulation.physics.backend import batch_physics
from core.simulation.physics.batch import Advance

CONTROL_STEP_S = 0.02  # 50 Hz: a reaction is possible ten times within a step's double support
EXO_STEP_S = 0.01  # the exo's own rate, 100 Hz
EPISODE_S = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class StepResult:
    """Result of one control step, named as in Gymnasium. Axis: N walkers."""

    reward: FloatArray  # (N,)
    terminated: BoolArray  # (N,) the walker fell
    truncated: BoolArray  # (N,) the episode reached its full length
    reward_terms: dict[str, float]  # mean of every reward term
    counted: BoolArray | None = None  # (N,) whose episodes tell how far training is; None: all


Assist = Callable[[Any], FloatArray]
"""Exo torque (N, 2) about its joints, flexion positive [N m], for the environment whose walkers wear it."""


class BatchEnvironment(ABC):
    """N walkers in lockstep. Subclasses define observation, action, reward and termination."""

    def __init__(
        self,
        models: Sequence[mujoco.MjModel],
        *,
        actuators: int,
        seed: int,
        episode_s: float,
        threads: int,
        exo_joint: JointKind = JointKind.HIP_FLEXION,
    ) -> None:
        """`actuators` move the body; what a model has beyond are the exo's two motors, of `exo_joint`."""
        model = models[0]
        self.size = len(models)
        self.physics = batch_physics(models, threads=threads)
        self.with_exo = model.nu > actuators
        self.exo_joint = exo_joint
        self.exo_columns = list(exo_joint.columns)
        self._transmission = ExoTransmission(models, exo_joint) if self.with_exo else None
        self.divergences = 0  # control steps in which the physics of a walker broke down
        self.exo_torque_nm: FloatArray = np.zeros((self.size, len(SIDES)))  # that the joints get
        self._since_step_s = 0.0  # of the interval that begins, within a control step
        self.control: FloatArray = np.zeros((self.size, model.nu))  # of all actuators in the last interval
        self.state: FloatArray = np.zeros((self.size, self.physics.state_size))
        self.sensor: FloatArray = np.zeros((self.size, model.nsensordata))
        self._seed, self._resets = seed, 0
        self._age: IntArray = np.zeros(self.size, dtype=np.int64)  # control steps since the start
        self._start_m: FloatArray = np.zeros(self.size)
        self._episode_steps: IntArray = np.full(self.size, round(episode_s / CONTROL_STEP_S))
        self._position, self._velocity = position_columns(model), velocity_columns(model)
        self._sensors = SensorColumns.of(model)

    # Readings

    @property
    def time_s(self) -> FloatArray:
        """(N,) since each walker's start."""
        return np.asarray(CONTROL_STEP_S * self._age, dtype=np.float64)

    @property
    def _tick_s(self) -> FloatArray:
        """(N,) the same to the interval that begins."""
        return self.time_s + self._since_step_s

    @property
    def joint_angle_rad(self) -> FloatArray:
        """(N, 14)"""
        return self.physics.position(self.state)[:, self._position]

    @property
    def joint_velocity_rad_s(self) -> FloatArray:
        """(N, 14)"""
        return self.physics.velocity(self.state)[:, self._velocity]

    @property
    def exo_reading(self) -> tuple[FloatArray, FloatArray]:
        """Angle and velocity (N, 2) of the assisted joints as they reach a worn exo's sensors."""
        return self._exo_motion

    @property
    def _exo_motion(self) -> tuple[FloatArray, FloatArray]:
        """True angle and velocity (N, 2) of the assisted joints."""
        return self.joint_angle_rad[:, self.exo_columns], self.joint_velocity_rad_s[:, self.exo_columns]

    @property
    def ground_force_n(self) -> FloatArray:
        """(N, 2, 3) on the feet, world axes."""
        return self._sensors.ground_force_n(self.sensor)

    @property
    def heel_ahead_m(self) -> FloatArray:
        """(N, 2) how far ahead along the walkway each heel is."""
        return self._sensors.heel_ahead_m(self.sensor)

    @property
    def walked_m(self) -> FloatArray:
        """(N,) distance ahead since the start."""
        return self._forward_m - self._start_m

    @property
    def forward_m(self) -> FloatArray:
        """(N,) distance ahead along the walkway."""
        return self._forward_m

    @property
    def _forward_m(self) -> FloatArray:
        return -self.physics.position(self.state)[:, 1]

    # Defined by subclasses

    @abstractmethod
    def observation(self) -> Float32Array:
        """Observation of the policy (N, O)."""

    @abstractmethod
    def step(self, action: FloatArray, assist: Assist | None = None) -> StepResult:
        """Take one control step with `action` (N, A)."""

    @abstractmethod
    def reset(self, which: BoolArray) -> None:
        """Start the marked walkers (N,) anew."""

    @abstractmethod
    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes, so that `load_state_dict` continues exactly here."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from a `state_dict`."""

    # Shared

    def exo_control(self, torque_nm: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The exo's controls (N, 2) for these torques (N, 2) about its joints, and what they give now.

        Controls are torques, or tensions [N] of cables; see `ExoTransmission`.
        """
        if self._transmission is None:
            return np.zeros_like(torque_nm), np.zeros_like(torque_nm)
        return self._transmission.driven(self.joint_angle_rad[:, self.exo_columns], torque_nm)

    def stagger_episodes(self, seed: int) -> None:
        """Randomise the episodes' ages: in phase, rewards would rise and fall with their starts."""
        self._age = np.random.default_rng(seed).integers(0, int(self._episode_steps.max()), self.size)
        self._age %= self._episode_steps

    def _next_reset(self) -> np.random.Generator:
        """Random generator of one reset, determined by the seed and the number of earlier resets."""
        rng = np.random.default_rng((self._seed, self._resets))
        self._resets += 1
        return rng

    @abstractmethod
    def _body_control(self) -> FloatArray:
        """Controls (N, actuators) of the bodies themselves for the coming interval."""

    def _advance(self, interval_s: float, assist: Assist | None) -> BoolArray:
        """Physics of one control step, controls every `interval_s`. Returns which walkers diverged (N,)."""
        diverged = np.zeros(self.size, dtype=np.bool_)
        steps = round(interval_s / self.physics.time_step_s)
        for number in range(round(CONTROL_STEP_S / interval_s)):
            self._since_step_s = number * interval_s
            control = self._body_control()
            if self.with_exo:
                asked = self.exo_torque_nm if assist is None else self._exo_torque(assist)
                exo, self.exo_torque_nm = self.exo_control(asked)
                control = np.concatenate([control, exo], axis=1)
            self.control = control
            advance = self._physics_steps(control, steps)
            self.state, self.sensor = advance.state, advance.sensor
            diverged |= advance.diverged
        self._since_step_s = 0.0
        self.divergences += int(diverged.sum())
        return diverged

    def _exo_torque(self, assist: Assist) -> FloatArray:
        """Torque (N, 2) that the exo gives in the coming interval."""
        return assist(self)

    def _physics_steps(self, control: FloatArray, steps: int) -> Advance:
        return self.physics.advance(self.state, control, steps)
