"""Walkers who are asked to show their reference gait: what they see, what they may do, when they fall.

All walkers of a batch take a control step together. A step is 20 ms: the action shifts the joint targets away
from the reference, servos pull towards the targets, and the physics answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from core.domain.arrays import Float32Array, FloatArray
from core.domain.body import JOINTS, SIDES
from core.domain.motion import GaitReference
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.simulation.physics import BatchPhysics
from core.simulation.reference import StrideBank
from core.simulation.rewards import WALKING_REWARD, Moment, RewardTerm, total
from core.simulation.stance import HEIGHT_SAMPLES, joint_addresses, joint_limits, standing_heights

BoolArray = np.ndarray[tuple[int], np.dtype[np.bool_]]

CONTROL_STEP_S = 0.02  # 50 Hz: a reaction is possible ten times within a step's double support
EXO_STEP_S = 0.01  # the exo's own rate, 100 Hz
TARGET_REACH_RAD = 0.4  # how far an action of 1 moves a target
ACTION_LIMIT = 2.0
ACTION_SIZE = len(JOINTS)
EPISODE_S = 10.0
LOOK_AHEAD_S = 0.1  # the policy sees the reference this far ahead
OBSERVATION_SIZE = 79


@dataclass(frozen=True, slots=True, eq=False)
class Walker:
    """One member of a batch. `model` is FAST; with an exo its two motors [N m] follow the 14 servos."""

    model: mujoco.MjModel
    body: BodyParameters
    reference: GaitReference


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one control step brought. Axis: N walkers."""

    reward: FloatArray  # (N,)
    fell: BoolArray  # (N,) the episode ended badly
    cut: BoolArray  # (N,) the episode reached its full length
    terms: dict[str, float]  # mean of every reward term


Assist = Callable[["WalkingEnvironment"], FloatArray]  # exo torque (N, 2) on the hips, flexion positive [N m]


class WalkingEnvironment:
    """N walkers. Same seed, walkers and actions: same walk."""

    def __init__(
        self,
        walkers: Sequence[Walker],
        *,
        seed: int,
        episode_s: float = EPISODE_S,
        reward: tuple[RewardTerm, ...] = WALKING_REWARD,
        threads: int = 2,
    ) -> None:
        model = walkers[0].model
        self.size = len(walkers)
        self.strides = StrideBank([walker.reference for walker in walkers])
        self.physics = BatchPhysics([walker.model for walker in walkers], threads=threads)
        self.with_exo = model.nu > ACTION_SIZE
        self.target_rad: FloatArray = np.zeros((self.size, ACTION_SIZE))
        self.exo_torque_nm: FloatArray = np.zeros((self.size, len(SIDES)))
        self.moment: Moment | None = None  # of the last step, as the rewards saw it
        self.divergences = 0  # control steps in which the physics of a walker broke down
        self._reward = reward
        self._position, self._velocity = joint_addresses(model)
        self._servos = _Servos.of(walkers)
        self._bodies = _body_sizes(walkers)
        self._limits = joint_limits(model)
        self._heights = _heights(walkers)
        self._level = self._heights.mean(axis=1)
        self._episode_steps = round(episode_s / CONTROL_STEP_S)
        self._seed = seed
        self._restarts = 0
        self._age = np.zeros(self.size, dtype=np.int64)
        self.phase: FloatArray = np.zeros(self.size)
        self.state: FloatArray = np.zeros((self.size, self.physics.state_size))
        self.restart(np.ones(self.size, dtype=np.bool_))

    # What can be seen

    @property
    def joint_angle_rad(self) -> FloatArray:
        """(N, 14)"""
        return self.physics.position(self.state)[:, self._position]

    @property
    def joint_velocity_rad_s(self) -> FloatArray:
        """(N, 14)"""
        return self.physics.velocity(self.state)[:, self._velocity]

    @property
    def angle_error_rad(self) -> FloatArray:
        """(N, 14) against the reference at this phase."""
        return self.joint_angle_rad - self.strides.angle(self.phase)

    @property
    def joint_torque_nm(self) -> FloatArray:
        """(N, 14) of the body itself, by the servos' law."""
        return self._servos.torque(self.target_rad, self.joint_angle_rad, self.joint_velocity_rad_s)

    @property
    def joint_limit_nm(self) -> FloatArray:
        """(N, 14) the largest torque of each joint."""
        return self._servos.limit_nm

    @property
    def walked_m(self) -> FloatArray:
        """(N,) distance ahead since the start."""
        return -self.physics.position(self.state)[:, 1]

    def observation(self) -> Float32Array:
        """What the policy sees (N, OBSERVATION_SIZE): the body, the moving reference, and how big it is."""
        position, velocity = self.physics.position(self.state), self.physics.velocity(self.state)
        rotation = _rotation(position[:, 3:7])
        turn = 2 * np.pi * self.phase
        ahead = self.phase + LOOK_AHEAD_S / self.strides.period_s
        soon = self.phase + CONTROL_STEP_S / self.strides.period_s
        parts = (
            position[:, 2:3] / self._level[:, None] - 1.0,
            rotation[:, 2],  # up, in the pelvis frame
            rotation[:, 1],  # backwards along the walkway, in the pelvis frame
            np.einsum("nij,ni->nj", rotation, velocity[:, :3]),
            0.2 * velocity[:, 3:6],
            self.joint_angle_rad,
            0.1 * self.joint_velocity_rad_s,
            np.stack([np.sin(turn), np.cos(turn), position[:, 0]], axis=1),
            self.strides.angle(soon),
            self.strides.angle(ahead),
            np.stack([self.strides.speed_m_s, self.strides.period_s], axis=1),
            self._bodies,
        )
        return np.concatenate(parts, axis=1).astype(np.float32)

    # What can be done

    def step(self, action: FloatArray, assist: Assist | None = None) -> Step:
        """Take one control step with `action` (N, 14); `assist` is asked every 10 ms when an exo is worn."""
        action = np.clip(action, -ACTION_LIMIT, ACTION_LIMIT)
        coming = self.phase + CONTROL_STEP_S / self.strides.period_s
        self.target_rad = self.strides.angle(coming) + TARGET_REACH_RAD * action
        diverged = self._advance(assist)
        self.phase = coming % 1.0
        self._age += 1
        self.moment = self._moment(action)
        reward, terms = total(self._reward, self.moment)
        self.divergences += int(diverged.sum())
        fell = diverged | np.any(list(self.falls().values()), axis=0)
        reward[fell] = 0.0
        return Step(reward, fell, self._age >= self._episode_steps, terms)

    def falls(self) -> Mapping[str, BoolArray]:
        """Why a walker counts as fallen, by cause (N,), after the last step."""
        height = self.physics.position(self.state)[:, 2] / self._level
        moment = self.moment if self.moment is not None else self._moment(np.zeros((self.size, ACTION_SIZE)))
        return {
            "sank down": height < 0.78,
            "tipped over": moment.upright < 0.75,
            "turned away": moment.heading < 0.7,
            "left the line": np.abs(moment.drift_m) > 0.6,
            "lost the gait": np.abs(moment.angle_error_rad).max(axis=1) > 1.2,
        }

    def restart(self, which: BoolArray) -> None:
        """Put the marked walkers (N,) back on their feet at a random phase of their stride."""
        count = int(which.sum())
        if count == 0:
            return
        rng = np.random.default_rng((self._seed, self._restarts))
        self._restarts += 1
        phase = self.phase.copy()
        phase[which] = rng.random(count)
        self.phase = phase
        self._age[which] = 0
        self.state[which] = self._start_state(rng)[which]
        self.exo_torque_nm[which] = 0.0

    def memory(self) -> dict[str, np.ndarray]:
        """All that changes, so that `recall` continues exactly here."""
        counters = np.array([self._seed, self._restarts])
        return {"state": self.state, "phase": self.phase, "age": self._age, "counters": counters}

    def recall(self, memory: Mapping[str, np.ndarray]) -> None:
        self.state = np.array(memory["state"])
        self.phase = np.array(memory["phase"])
        self._age = np.array(memory["age"])
        self._seed, self._restarts = (int(count) for count in memory["counters"])

    # Inside

    def _advance(self, assist: Assist | None) -> BoolArray:
        """Physics of one control step. Returns who diverged (N,)."""
        if not self.with_exo:
            return self._physics_steps(self.target_rad, CONTROL_STEP_S)
        diverged = np.zeros(self.size, dtype=np.bool_)
        for _ in range(round(CONTROL_STEP_S / EXO_STEP_S)):
            if assist is not None:
                self.exo_torque_nm = assist(self)
            control = np.concatenate([self.target_rad, self.exo_torque_nm], axis=1)
            diverged |= self._physics_steps(control, EXO_STEP_S)
        return diverged

    def _physics_steps(self, control: FloatArray, duration_s: float) -> BoolArray:
        steps = round(duration_s / self.physics.time_step_s)
        advance = self.physics.advance(self.state, control, steps)
        self.state = advance.state
        return advance.diverged

    def _moment(self, action: FloatArray) -> Moment:
        position, velocity = self.physics.position(self.state), self.physics.velocity(self.state)
        rotation = _rotation(position[:, 3:7])
        return Moment(
            angle_error_rad=self.angle_error_rad,
            velocity_error_rad_s=self.joint_velocity_rad_s - self.strides.velocity(self.phase),
            forward_error_m_s=-velocity[:, 1] - self.strides.speed_m_s,
            sideways_m_s=velocity[:, 0],
            upright=rotation[:, 2, 2],
            heading=rotation[:, 1, 1],
            drift_m=position[:, 0],
            action=action,
        )

    def _start_state(self, rng: np.random.Generator) -> FloatArray:
        """States (N, S) on the reference at `phase`, a little disturbed."""
        model_position = np.zeros_like(self.physics.position(self.state))
        model_velocity = np.zeros_like(self.physics.velocity(self.state))
        height, climb = self._height_and_climb()
        angle = self.strides.angle(self.phase) + rng.normal(0.0, 0.02, (self.size, ACTION_SIZE))
        model_position[:, 2] = height + 0.005
        model_position[:, 3] = 1.0
        model_position[:, self._position] = np.clip(angle, *self._limits)
        model_velocity[:, 1] = -self.strides.speed_m_s + rng.normal(0.0, 0.05, self.size)
        model_velocity[:, 2] = climb
        noise = rng.normal(0.0, 0.05, (self.size, ACTION_SIZE))
        model_velocity[:, self._velocity] = self.strides.velocity(self.phase) + noise
        return self.physics.at_rest(model_position, model_velocity)

    def _height_and_climb(self) -> tuple[FloatArray, FloatArray]:
        """Pelvis height (N,) and its rate of change at each walker's phase."""
        place = self.phase * HEIGHT_SAMPLES
        before = np.floor(place).astype(int) % HEIGHT_SAMPLES
        rows = np.arange(self.size)
        low, high = self._heights[rows, before], self._heights[rows, (before + 1) % HEIGHT_SAMPLES]
        rise = high - low
        return low + (place % 1.0) * rise, rise * HEIGHT_SAMPLES / self.strides.period_s


@dataclass(frozen=True, slots=True, eq=False)
class _Servos:
    """The servos' law, as MuJoCo applies it. Axes: N walkers, 14 joints."""

    stiffness_nm_rad: FloatArray
    damping_nm_s_rad: FloatArray
    limit_nm: FloatArray

    @staticmethod
    def of(walkers: Sequence[Walker]) -> _Servos:
        models = [walker.model for walker in walkers]
        return _Servos(
            np.stack([model.actuator_gainprm[:ACTION_SIZE, 0] for model in models]),
            np.stack([-model.actuator_biasprm[:ACTION_SIZE, 2] for model in models]),
            np.stack([model.actuator_forcerange[:ACTION_SIZE, 1] for model in models]),
        )

    def torque(self, target: FloatArray, angle: FloatArray, velocity: FloatArray) -> FloatArray:
        wish = self.stiffness_nm_rad * (target - angle) - self.damping_nm_s_rad * velocity
        return np.clip(wish, -self.limit_nm, self.limit_nm)


def _rotation(quaternion: FloatArray) -> FloatArray:
    """Rotation matrices (N, 3, 3) of unit quaternions (N, 4) w x y z."""
    w, x, y, z = quaternion.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def _body_sizes(walkers: Sequence[Walker]) -> FloatArray:
    """(N, 5) height, mass, thigh, shank and foot against the generic body."""
    sizes = [
        (
            walker.body.height_m / GENERIC_BODY.height_m,
            walker.body.mass_kg / GENERIC_BODY.mass_kg,
            walker.body.scale.thigh,
            walker.body.scale.shank,
            walker.body.scale.foot,
        )
        for walker in walkers
    ]
    return np.array(sizes) - 1.0


def _heights(walkers: Sequence[Walker]) -> FloatArray:
    """Pelvis heights (N, HEIGHT_SAMPLES) over the phase; equal walkers are computed once."""
    known: dict[tuple[int, int], FloatArray] = {}
    for walker in walkers:
        key = (id(walker.model), id(walker.reference))
        if key not in known:
            known[key] = standing_heights(walker.model, StrideBank([walker.reference]))
    return np.stack([known[id(walker.model), id(walker.reference)] for walker in walkers])
