"""Walkers who are asked to show their reference gait: what they see, what they may do, when they fall.

All walkers of a batch take a control step together. A step is 20 ms: the action shifts the joint targets away
from the reference, servos pull towards the targets, and the physics answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.body import JOINTS, SIDES
from core.domain.motion import GaitReference
from core.domain.scenario import LEVEL_GROUND, Disturbance, Ground
from core.domain.twin import BodyParameters
from core.domain.units import GRAVITY_M_S2
from core.simulation.environment.actuation import Drive, Limbs, MuscleDrive, TorqueDrive
from core.simulation.environment.impaired_actuation import LateReactions, impaired
from core.simulation.environment.observation import Observer, Sight
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking_rewards import (
    RUNNING_M_S,
    WALKING_REWARD,
    Moment,
    RewardTerm,
    load_limit,
    pains,
    total,
    usual_power_w_kg,
)
from core.simulation.model.joint_coupling import joint_addresses, rotation_matrices
from core.simulation.model.model_sensors import Senses, SensorColumns
from core.simulation.muscles.coordination import CoordinationNetwork
from core.simulation.physics.batch import BatchPhysics
from core.simulation.physics.perturbations import Mishaps
from core.simulation.reference_gait.antalgic import painless_phase
from core.simulation.reference_gait.foot_contact_correction import taught_stride
from core.simulation.reference_gait.gait_initiation import STEADY, Pace, PacedStrides
from core.simulation.reference_gait.initial_states import Starts
from core.simulation.reference_gait.terrain_batch import Grounds
from core.twin.body import STRENGTH

CONTROL_STEP_S = 0.02  # 50 Hz: a reaction is possible ten times within a step's double support
EXO_STEP_S = 0.01  # the exo's own rate, 100 Hz
ACTION_LIMIT = 2.0  # an action of this size moves a target by the joint's reach
ACTION_SIZE = len(JOINTS)
EPISODE_S = 10.0
FOOT_M = 0.25  # heel to toe of the generic body, where its foot can touch the ground
STEPS_DRAW = 0.1  # of the difference to the treads, each step: timing is regained within 0.2 s
LOOK_AHEAD_S = 0.1  # the policy sees the reference this far ahead


@dataclass(frozen=True, slots=True, eq=False)
class Walker:
    """One member of a batch. `model` stands on `ground`; an exo's two motors [N m] follow its actuators."""

    model: mujoco.MjModel
    body: BodyParameters
    reference: GaitReference
    ground: Ground = LEVEL_GROUND
    pace: Pace = STEADY
    disturbance: Disturbance | None = None


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
        drive: Drive | None = None,
        episode_s: float = EPISODE_S,
        reward: tuple[RewardTerm, ...] = WALKING_REWARD,
        threads: int = 2,
    ) -> None:
        """`drive` moves the joints; without one the walkers' own servos do (FAST bodies)."""
        models = [walker.model for walker in walkers]
        bodies = [walker.body for walker in walkers]
        model = models[0]
        self.size, self._seed, self._reward = len(walkers), seed, reward
        taught = [taught_stride(one.reference, one.body.scale, one.ground) for one in walkers]
        paces = [walker.pace for walker in walkers]
        self.strides = PacedStrides(taught, paces)
        self._own_strides = PacedStrides([walker.reference for walker in walkers], paces)
        self.physics = BatchPhysics(models, threads=threads)
        self.drive: Drive = drive if drive is not None else TorqueDrive(models, CONTROL_STEP_S)
        self.with_exo = model.nu > self.drive.actuators
        self._interval_s = min(self.drive.interval_s, EXO_STEP_S if self.with_exo else CONTROL_STEP_S)
        self._moved_by = impaired(self.drive, models, bodies, self._interval_s)
        self._reactions = LateReactions(bodies, CONTROL_STEP_S)
        self._pain = pains(bodies)
        self._position, self._velocity = joint_addresses(model)
        self._sensors = SensorColumns.of(model)
        self._senses = Senses(models)
        self._reach_rad = np.array([STRENGTH[joint.kind].reach_rad for joint in JOINTS]) / ACTION_LIMIT
        self._grounds = Grounds([walker.ground for walker in walkers])
        self._weight_n = np.array([GRAVITY_M_S2 * body.mass_kg for body in bodies])
        self._foot_m = np.array([FOOT_M * body.scale.foot for body in bodies])
        self._observer = Observer(bodies, self._grounds.climb)
        self._starts = Starts(models, taught, [walker.ground for walker in walkers], self.strides)
        self.mishaps = Mishaps([walker.disturbance for walker in walkers], models, bodies)
        self._episode_steps = round(episode_s / CONTROL_STEP_S)
        self._clear(model)
        self.restart(np.ones(self.size, dtype=np.bool_))

    def _clear(self, model: mujoco.MjModel) -> None:
        """All that changes from step to step, before the first start."""
        self.target_rad: FloatArray = np.zeros((self.size, ACTION_SIZE))
        self.exo_torque_nm: FloatArray = np.zeros((self.size, len(SIDES)))
        self.control: FloatArray = np.zeros((self.size, model.nu))  # of all actuators, given last
        self._start_m: FloatArray = np.zeros(self.size)
        self._action: FloatArray = np.zeros((self.size, ACTION_SIZE))
        self.moment: Moment | None = None  # of the last step, as the rewards saw it
        self.divergences = 0  # control steps in which the physics of a walker broke down
        self._restarts = 0
        self._age = np.zeros(self.size, dtype=np.int64)
        self.phase: FloatArray = np.zeros(self.size)
        self.state: FloatArray = np.zeros((self.size, self.physics.state_size))
        self.sensor: FloatArray = np.zeros((self.size, model.nsensordata))

    # What can be seen

    @property
    def time_s(self) -> FloatArray:
        """(N,) since each walker's start."""
        return np.asarray(CONTROL_STEP_S * self._age, dtype=np.float64)

    @property
    def joint_angle_rad(self) -> FloatArray:
        """(N, 14)"""
        return self.physics.position(self.state)[:, self._position]

    @property
    def joint_velocity_rad_s(self) -> FloatArray:
        """(N, 14)"""
        return self.physics.velocity(self.state)[:, self._velocity]

    @property
    def own_error_rad(self) -> FloatArray:
        """(N, 14) against the person's own stride, which need not stand on the ground."""
        self._own_strides.at(self.time_s)
        return self.joint_angle_rad - self._own_strides.angle(self.phase)

    @property
    def joint_torque_nm(self) -> FloatArray:
        """(N, 14) of the body itself."""
        return self._moved_by.torque_nm(self._limbs())

    @property
    def joint_limit_nm(self) -> FloatArray:
        """(N, 14) the largest torque of each joint."""
        return self.drive.servos.limit_nm

    @property
    def ground_force_n(self) -> FloatArray:
        """(N, 2, 3) on the feet, world axes."""
        return self._sensors.ground_force_n(self.sensor)

    @property
    def walked_m(self) -> FloatArray:
        """(N,) distance ahead since the start."""
        return self._forward_m - self._start_m

    @property
    def walking(self) -> FloatArray:
        """(N,) 1 where feet roll from heel to toe, 0 on stairs, in running and in standing."""
        running = self.strides.speed_m_s > RUNNING_M_S
        return np.where(running, 0.0, self._grounds.even * self.strides.amplitude)

    @property
    def _forward_m(self) -> FloatArray:
        return -self.physics.position(self.state)[:, 1]

    @property
    def _relative_height(self) -> FloatArray:
        """(N,) pelvis above the walkway's line, against the usual."""
        above = self.physics.position(self.state)[:, 2] - self._grounds.line_m(self._forward_m)
        relative: FloatArray = above / self._starts.usual_m
        return relative

    def observation(self) -> Float32Array:
        """What the policy sees (N, OBSERVATION_SIZE), as in `observation.LAYOUT`."""
        position, velocity = self.physics.position(self.state), self.physics.velocity(self.state)
        sight = Sight(
            height=self._relative_height,
            rotation=rotation_matrices(position[:, 3:7]),
            velocity_m_s=velocity[:, :3],
            spin_rad_s=velocity[:, 3:6],
            angle_rad=self.joint_angle_rad,
            angular_velocity_rad_s=self.joint_velocity_rad_s,
            phase=self.phase,
            drift_m=position[:, 0],
            soon_rad=self.strides.angle(self._coming_phase()),
            ahead_rad=self.strides.angle(self.phase + LOOK_AHEAD_S / self.strides.period_s),
            speed_m_s=self.strides.speed_m_s,
            period_s=self.strides.period_s,
            ground_m=self._grounds.ahead_m(self._forward_m),
            load_n=self.ground_force_n[:, :, 2],
        )
        return self._observer.observe(sight)

    # What can be done

    def step(self, action: FloatArray, assist: Assist | None = None) -> Step:
        """Take one control step with `action` (N, 14); `assist` is asked every 10 ms when an exo is worn."""
        action = np.clip(action, -ACTION_LIMIT, ACTION_LIMIT)
        coming = self._coming_phase()
        self.target_rad = self.target(self._reactions(action))
        diverged = self._advance(assist)
        self.phase = coming % 1.0
        self._age += 1
        self.strides.at(self.time_s)
        self.moment = self._moment(action)
        self._action = action
        reward, terms = total(self._reward, self.moment)
        self.divergences += int(diverged.sum())
        fell = diverged | np.any(list(self.falls().values()), axis=0)
        reward[fell] = 0.0
        return Step(reward, fell, self._age >= self._episode_steps, terms)

    def target(self, action: FloatArray) -> FloatArray:
        """Joint targets (N, 14) that `action` (N, 14) asks for in the coming control step."""
        limited = np.clip(action, -ACTION_LIMIT, ACTION_LIMIT)
        target: FloatArray = self.strides.angle(self._coming_phase()) + self._reach_rad * limited
        return target

    def _coming_phase(self) -> FloatArray:
        """Phase (N,) after this step. It runs with time; on stairs it is drawn to where the treads are."""
        phase = self.phase + CONTROL_STEP_S / self.strides.period_s
        return phase + STEPS_DRAW * self._grounds.ahead_of_phase(self._forward_m, phase)

    def falls(self) -> Mapping[str, BoolArray]:
        """Why a walker counts as fallen, by cause (N,), after the last step."""
        height = self._relative_height
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
        self.strides.at(self.time_s)
        self._action[which] = 0.0
        self.state[which] = self.physics.at_rest(*self._starts.draw(self.phase, rng))[which]
        self._start_m = np.where(which, self._forward_m, self._start_m)
        self.sensor[which] = self._senses.feel(self.state, np.flatnonzero(which))
        self.exo_torque_nm[which] = 0.0
        self._moved_by.restart(which)
        self._reactions.restart(which)

    def memory(self) -> dict[str, np.ndarray]:
        """All that changes, so that `recall` continues exactly here."""
        own = {name: getattr(self, name) for name in _MEMORY}
        drive = {f"{_DRIVE}{name}": array for name, array in self._moved_by.memory().items()}
        late = {f"{_LATE}{name}": array for name, array in self._reactions.memory().items()}
        return own | drive | late | {"counters": np.array([self._seed, self._restarts])}

    def recall(self, memory: Mapping[str, np.ndarray]) -> None:
        for name in _MEMORY:
            setattr(self, name, np.array(memory[name]))
        self.strides.at(self.time_s)
        drive = {name: array for name, array in memory.items() if name.startswith(_DRIVE)}
        self._moved_by.recall({name.removeprefix(_DRIVE): np.array(array) for name, array in drive.items()})
        late = {name: array for name, array in memory.items() if name.startswith(_LATE)}
        self._reactions.recall({name.removeprefix(_LATE): array for name, array in late.items()})
        self._seed, self._restarts = (int(count) for count in memory["counters"])

    # Inside

    def _limbs(self) -> Limbs:
        return Limbs(
            self.target_rad,
            self.joint_angle_rad,
            self.joint_velocity_rad_s,
            self.state,
            self.sensor,
            self.phase,
            self.walking,
        )

    def _advance(self, assist: Assist | None) -> BoolArray:
        """Physics of one control step. Returns who diverged (N,)."""
        interval_s = self._interval_s
        diverged = np.zeros(self.size, dtype=np.bool_)
        for _ in range(round(CONTROL_STEP_S / interval_s)):
            control = self._moved_by.control(self._limbs())
            if self.with_exo:
                if assist is not None:
                    self.exo_torque_nm = assist(self)
                control = np.concatenate([control, self.exo_torque_nm], axis=1)
            self.control = control
            diverged |= self._physics_steps(control, interval_s)
        return diverged

    def _physics_steps(self, control: FloatArray, duration_s: float) -> BoolArray:
        steps = round(duration_s / self.physics.time_step_s)
        if self.mishaps.expected:
            now = (self.time_s, self.phase, self.strides.period_s)
            force, models = self.mishaps.force(*now), self.mishaps.models(*now)
            advance = self.physics.advance(self.state, control, steps, force=force, models=models)
        else:
            advance = self.physics.advance(self.state, control, steps)
        self.state, self.sensor = advance.state, advance.sensor
        return advance.diverged

    def _power_w_kg(self, limbs: Limbs) -> FloatArray:
        """(N,) positive power of all joints per body mass."""
        power_w = np.maximum(self._moved_by.torque_nm(limbs) * limbs.velocity_rad_s, 0.0)
        per_mass: FloatArray = power_w.sum(axis=1) * GRAVITY_M_S2 / self._weight_n
        return per_mass

    def _moment(self, action: FloatArray) -> Moment:
        position, velocity = self.physics.position(self.state), self.physics.velocity(self.state)
        rotation, limbs = rotation_matrices(position[:, 3:7]), self._limbs()
        speed = self.strides.speed_m_s
        _, rise = self._starts.height_and_climb(self.phase)
        painless = painless_phase(self.phase, self.strides.right_strike, self._pain)
        return Moment(
            angle_error_rad=limbs.angle_rad - self.strides.angle(self.phase),
            velocity_error_rad_s=limbs.velocity_rad_s - self.strides.velocity(self.phase),
            forward_error_m_s=-velocity[:, 1] - speed,
            sideways_m_s=velocity[:, 0],
            rise_error_m_s=velocity[:, 2] + self._grounds.climb * velocity[:, 1] - rise,
            upright=rotation[:, 2, 2],
            sway=rotation[:, 2, 0],
            heading=rotation[:, 1, 1],
            drift_m=position[:, 0],
            action=action,
            action_change=action - self._action,
            effort=self._moved_by.effort(limbs),
            power_w_kg=self._power_w_kg(limbs),
            usual_w_kg=usual_power_w_kg(speed, self._grounds.climb),
            load=self.ground_force_n[:, :, 2] / self._weight_n[:, None],
            left_load=self.strides.left_load(painless),
            usual_load=self.strides.load(painless, self._starts.usual_m),
            roll=self._sensors.roll_m(self.sensor) / self._foot_m[:, None],
            stance=self.strides.stance(self.phase),
            rolls=limbs.walking,
            load_limit=load_limit(speed, self._grounds.even),
            pain=self._pain,
        )


def drive_of(walkers: Sequence[Walker], networks: PolicyNetworks) -> Drive:
    """What moves walkers by this policy: their muscles if it has learned to coordinate them, else servos."""
    if networks.coordination is None:
        return TorqueDrive([walker.model for walker in walkers], CONTROL_STEP_S)
    return muscle_drive(walkers, CoordinationNetwork(networks.coordination))


def muscle_drive(walkers: Sequence[Walker], network: CoordinationNetwork | None) -> MuscleDrive:
    """The muscles of walkers; without a network every demand is solved exactly."""
    return MuscleDrive([walker.model for walker in walkers], [walker.body for walker in walkers], network)


_MEMORY = ("state", "sensor", "phase", "_age", "_start_m", "_action")  # what changes from step to step
_DRIVE, _LATE = "drive_", "late_"
