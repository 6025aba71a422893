"""Environment of reference tracking: observation, action, reward and termination.

All walkers of a batch take a control step together. A step is 20 ms: the action shifts the joint targets away
from the reference, PD control pulls towards the targets, and the physics answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import mujoco
import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.body import JOINTS, SIDES, JointKind
from core.domain.twin import BodyParameters
from core.domain.units import GRAVITY_M_S2
from core.simulation.environment.actuation import Actuation, ActuationInputs, MuscleActuation, TorqueActuation
from core.simulation.environment.batch_environment import (
    CONTROL_STEP_S,
    EPISODE_S,
    EXO_STEP_S,
    Assist,
    BatchEnvironment,
    StepResult,
)
from core.simulation.environment.exo_disturbances import ExoDisturbances
from core.simulation.environment.handrail import Handrail, TrunkReference
from core.simulation.environment.impaired_actuation import ImpairedActuation, ReactionDelay, impaired
from core.simulation.environment.observation import ObservationEncoder, ObservationInputs
from core.simulation.environment.occasional import OccasionalImpairments, stride_begins
from core.simulation.environment.reward_term import RewardTerm, weighted_reward
from core.simulation.environment.state_dict import load_with_prefix, with_prefix
from core.simulation.environment.tracked_reference import TrackedReference
from core.simulation.environment.tracking_rewards import (
    RUNNING_M_S,
    WALKING_REWARD,
    StepQuantities,
    load_limit,
    positive_power_w,
    usual_power_w_kg,
)
from core.simulation.environment.walker import Walker
from core.simulation.model.joint_coupling import joint_limits, rotation_matrices
from core.simulation.model.model_sensors import SensorEvaluator
from core.simulation.physics.batch import Advance
from core.simulation.physics.perturbations import Perturbations
from core.simulation.reference_gait.antalgic import pain_free_phase
from core.simulation.reference_gait.terrain_batch import in_swing
from core.twin.body import STRENGTH
from core.twin.impairments import pain_severities

ACTION_LIMIT = 2.0  # an action of this size shifts a target by the joint's reach
ACTION_SIZE = len(JOINTS)
FOOT_M = 0.25  # heel to toe of the generic body, where its foot can touch the ground
LOOK_AHEAD_S = 0.1  # the observation holds the reference this far ahead


# What changes from step to step. These names and prefixes are keys of stored checkpoints.
_STATE = ("state", "sensor", "phase", "_age", "_start_m", "_action")
_ACTUATION, _REACTIONS, _OCCASIONAL, _EXO = "drive_", "late_", "occasional_", "exo_failures_"


class WalkingEnvironment(BatchEnvironment):
    """N walkers. Same seed, walkers and actions: same walk."""

    def __init__(
        self,
        walkers: Sequence[Walker],
        *,
        seed: int,
        actuation: Actuation | None = None,
        episode_s: float = EPISODE_S,
        reward: tuple[RewardTerm[StepQuantities], ...] = WALKING_REWARD,
        threads: int = 2,
        handrail: bool = False,
    ) -> None:
        """`actuation` moves the joints; without one the walkers' own position actuators do (FAST bodies).

        With a `handrail` walkers hold on to it before they fall.
        """
        bodies = [walker.body for walker in walkers]
        self._occasional = OccasionalImpairments(bodies, [walker.model for walker in walkers], seed)
        models = self._occasional.models
        self.actuation: Actuation = actuation or TorqueActuation(models, CONTROL_STEP_S)
        super().__init__(
            models,
            actuators=self.actuation.actuators,
            seed=seed,
            episode_s=episode_s,
            threads=threads,
            exo_joint=walkers[0].exo_joint,
        )
        self._reward = reward
        self.reference = TrackedReference(walkers, models)
        self.strides = self.reference.strides
        needed_s = EXO_STEP_S if self.with_exo or handrail else CONTROL_STEP_S
        self._interval_s = min(self.actuation.interval_s, needed_s)
        self._sensor_evaluator = SensorEvaluator(models)
        self._encoder = ObservationEncoder(bodies)
        self._set_bodies(bodies, models)
        self._set_disturbances(walkers, models, handrail=handrail)
        self._set_episodes(walkers, episode_s)
        self.reset(np.ones(self.size, dtype=np.bool_))

    def _set_bodies(self, bodies: Sequence[BodyParameters], models: list[mujoco.MjModel]) -> None:
        """What the bodies' sizes and impairments make of actions and loads."""
        self._impaired_actuation = impaired(
            self.actuation, models, bodies, self._interval_s, self._occasional
        )
        self._reaction_delay = ReactionDelay(bodies, CONTROL_STEP_S)
        self._pain = pain_severities(bodies)
        self._reach_rad = np.array([STRENGTH[joint.kind].reach_rad for joint in JOINTS]) / ACTION_LIMIT
        self._weight_n = np.array([GRAVITY_M_S2 * body.mass_kg for body in bodies])
        self._foot_m = np.array([FOOT_M * body.scale.foot for body in bodies])

    def _set_disturbances(
        self, walkers: Sequence[Walker], models: list[mujoco.MjModel], *, handrail: bool
    ) -> None:
        """What acts on the walkers from outside: pushes, a failing exo, stiff shoes, a rail."""
        bodies = [walker.body for walker in walkers]
        self.perturbations = Perturbations([walker.disturbance for walker in walkers], models, bodies)
        self._occasional.also_stiffen(self.perturbations.stand_ins)
        self.exo_disturbances = ExoDisturbances([walker.exo_disturbance for walker in walkers])
        self.handrail = Handrail(models, self._weight_n) if handrail else None
        self._toes_rad = np.array([walker.toes_rad or (-np.inf, np.inf) for walker in walkers])

    def _set_episodes(self, walkers: Sequence[Walker], episode_s: float) -> None:
        """How long episodes are, and what changes within them, before any begins."""
        self.target_rad: FloatArray = np.zeros((self.size, ACTION_SIZE))
        self.phase: FloatArray = np.zeros(self.size)
        self._action: FloatArray = np.zeros((self.size, ACTION_SIZE))
        self.quantities: StepQuantities | None = None  # of the last step, as the rewards saw it
        self._begun: ActuationInputs | None = None  # of the last step, with its targets
        length_s = np.array([walker.practice_s or episode_s for walker in walkers])
        self._episode_steps = np.round(length_s / CONTROL_STEP_S).astype(np.int64)
        self._counted = np.array([walker.practice_s is None for walker in walkers])

    # Readings

    @property
    def own_error_rad(self) -> FloatArray:
        """(N, 14) against the person's own stride, before the foot contact correction."""
        own = self.reference.own_angle_rad(self.phase, self._forward_m, self.time_s)
        return self.joint_angle_rad - own

    @property
    def exo_reading(self) -> tuple[FloatArray, FloatArray]:
        """Angle and velocity (N, 2) of the assisted joints as they reach a worn exo's sensors."""
        return self.exo_disturbances.reading(self._tick_s, *self._exo_motion)

    @property
    def joint_torque_nm(self) -> FloatArray:
        """(N, 14) of the body itself."""
        return self._impaired_actuation.torque_nm(self._actuation_inputs())

    @property
    def step_motion(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Joint angle, velocity and torque of the body (N, 14), as means of the last control step.

        Where ideal torques move the joints, a new target makes a torque jump that falls until the step's end:
        its value at one moment is no measure of the step. Muscles pull smoothly; there it is that of the end.
        """
        assert self.quantities is not None and self._begun is not None, "no step was taken"
        angle, velocity, torque = self.joint_angle_rad, self.joint_velocity_rad_s, self.quantities.torque_nm
        if isinstance(self.actuation, MuscleActuation):
            return angle, velocity, torque
        begun = self._begun
        first = self._impaired_actuation.torque_nm(begun)
        return (
            0.5 * (begun.angle_rad + angle),
            0.5 * (begun.velocity_rad_s + velocity),
            0.5 * (first + torque),
        )

    @property
    def walking(self) -> FloatArray:
        """(N,) 1 where feet roll from heel to toe, 0 on stairs, in running and in standing."""
        running = self.strides.speed_m_s > RUNNING_M_S
        return np.where(running, 0.0, self.reference.terrain.even * self.strides.amplitude)

    @property
    def _relative_height(self) -> FloatArray:
        """(N,) pelvis above the walkway's line, over its mean in the reference."""
        above = self.physics.position(self.state)[:, 2] - self.reference.terrain.line_m(self._forward_m)
        relative: FloatArray = above / self.reference.initial_states.typical_height_m
        return relative

    def observation(self) -> Float32Array:
        """Observation of the policy (N, OBSERVATION_SIZE), as in `observation.LAYOUT`."""
        position, velocity = self.physics.position(self.state), self.physics.velocity(self.state)
        inputs = ObservationInputs(
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
            climb=self.reference.terrain.climb,
            ground_m=self.reference.terrain.ahead_m(self._forward_m),
            load_n=self.ground_force_n[:, :, 2],
        )
        return self._encoder.encode(inputs)

    # Stepping

    def step(self, action: FloatArray, assist: Assist | None = None) -> StepResult:
        """Take one control step with `action` (N, 14); `assist` is called every 10 ms when an exo is worn."""
        action = np.clip(action, -ACTION_LIMIT, ACTION_LIMIT)
        coming = self._coming_phase()
        self._draw_occasional(stride_begins(self.phase, coming, self.strides.right_strike))
        self.target_rad = self.target(self._reaction_delay(action))
        self._begun = self._actuation_inputs()
        diverged = self._advance(self._interval_s, assist)
        self.phase = coming % 1.0
        self._age += 1
        self.reference.set_moment(self._forward_m, self.time_s)
        self.quantities = self._step_quantities(action)
        self._action = action
        reward, terms = weighted_reward(self._reward, self.quantities)
        fell = diverged | np.any(list(self.falls().values()), axis=0)
        reward[fell] = 0.0
        return StepResult(reward, fell, self._age >= self._episode_steps, terms, self._counted)

    def target(self, action: FloatArray) -> FloatArray:
        """Joint targets (N, 14) of `action` (N, 14) in the coming control step.

        Nobody pushes their toes against a shoe that does not bend, with all their strength and all the time.
        """
        limited = np.clip(action, -ACTION_LIMIT, ACTION_LIMIT)
        target: FloatArray = self.strides.angle(self._coming_phase()) + self._reach_rad * limited
        toes, (low, high) = list(JointKind.TOES.columns), self._toes_rad.T[..., None]
        target[:, toes] = np.clip(target[:, toes], low, high)
        return target

    def _coming_phase(self) -> FloatArray:
        """Phase (N,) after this step."""
        return self.reference.coming_phase(self.phase, self._forward_m)

    def falls(self) -> Mapping[str, BoolArray]:
        """Conditions of termination by cause (N,), after the last step."""
        height = self._relative_height
        quantities = self.quantities or self._step_quantities(np.zeros((self.size, ACTION_SIZE)))
        return {
            "sank down": height < 0.78,
            "tipped over": quantities.upright < 0.75,
            "turned away": quantities.heading < 0.7,
            "left the line": np.abs(quantities.drift_m) > 0.6,
            "lost the gait": np.abs(quantities.angle_error_rad).max(axis=1) > 1.2,
        }

    def reset(self, which: BoolArray) -> None:
        """Start a new episode of the marked walkers (N,) at a random phase of their stride.

        On stairs one foot swings: nobody has pushed off to lift the body over a foot that has just landed.
        """
        count = int(which.sum())
        if count == 0:
            return
        rng = self._next_reset()
        phase = self.phase.copy()
        drawn = rng.random(count)
        phase[which] = np.where(self.reference.terrain.on_stairs[which], in_swing(drawn), drawn)
        self.phase = phase
        self._age[which] = 0
        self.reference.set_moment(np.where(which, 0.0, self._forward_m), self.time_s)
        self._action[which] = 0.0
        self.state[which] = self.physics.at_rest(*self.reference.initial_states.draw(self.phase, rng))[which]
        self._start_m = np.where(which, self._forward_m, self._start_m)
        self.sensor[which] = self._sensor_evaluator.evaluate(self.state, np.flatnonzero(which))
        self.exo_torque_nm[which] = 0.0
        self._draw_occasional(np.repeat(which[:, None], len(SIDES), axis=1))
        self.exo_disturbances.reset(which, *self._exo_motion)
        if self.handrail is not None:
            self.handrail.reset(which, self.physics.position(self.state))
        self._impaired_actuation.reset(which)
        self._reaction_delay.reset(which)

    def start_like(self, other: WalkingEnvironment) -> None:
        """Give all walkers the initial state of the first walker of `other`, within their joint limits."""
        for name in ("state", "sensor", "phase", "_start_m"):
            setattr(self, name, np.repeat(getattr(other, name)[:1], self.size, axis=0))
        position = self.physics.position(self.state)
        for row, model in enumerate(self.physics.models):
            position[row, self._position] = np.clip(position[row, self._position], *joint_limits(model))

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes, so that `load_state_dict` continues exactly here."""
        own = {name: getattr(self, name) for name in _STATE}
        own |= with_prefix(_ACTUATION, self._impaired_actuation)
        own |= with_prefix(_REACTIONS, self._reaction_delay) | with_prefix(_OCCASIONAL, self._occasional)
        if self.exo_disturbances.expected:
            own |= with_prefix(_EXO, self.exo_disturbances)
        return own | {"counters": np.array([self._seed, self._resets])}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        for name in _STATE:
            setattr(self, name, np.array(state[name]))
        self.reference.set_moment(self._forward_m, self.time_s)
        load_with_prefix(_ACTUATION, self._impaired_actuation, state)
        load_with_prefix(_REACTIONS, self._reaction_delay, state)
        load_with_prefix(_OCCASIONAL, self._occasional, state)
        self._take_occasional()
        if self.exo_disturbances.expected:
            load_with_prefix(_EXO, self.exo_disturbances, state)
        self._seed, self._resets = (int(count) for count in state["counters"])

    # Inside

    def _draw_occasional(self, begins: BoolArray) -> None:
        """Draw what comes in some strides only where a leg's stride begins (N, 2)."""
        if self._occasional.draw(begins):
            self._take_occasional()

    def _take_occasional(self) -> None:
        if isinstance(self._impaired_actuation, ImpairedActuation):
            self._impaired_actuation.draw()

    def _actuation_inputs(self) -> ActuationInputs:
        return ActuationInputs(
            self.target_rad,
            self.joint_angle_rad,
            self.joint_velocity_rad_s,
            self.state,
            self.sensor,
            self.phase,
            self.walking,
        )

    def _body_control(self) -> FloatArray:
        return self._impaired_actuation.control(self._actuation_inputs())

    def _exo_torque(self, assist: Assist) -> FloatArray:
        if not self.exo_disturbances.expected:
            return super()._exo_torque(assist)
        self.exo_disturbances.observe(self._tick_s, *self._exo_motion)
        return self.exo_disturbances.torque_nm(self._tick_s, assist(self), self.exo_torque_nm)

    def _physics_steps(self, control: FloatArray, steps: int) -> Advance:
        if self.handrail is None and not self.perturbations.expected:
            return super()._physics_steps(control, steps)
        now = (self.time_s, self.phase, self.strides.period_s)
        force, models = self.perturbations.force(*now), self.perturbations.models(*now)
        if self.handrail is not None:
            position, velocity = self.physics.position(self.state), self.physics.velocity(self.state)
            reference = TrunkReference.of(
                self.reference.initial_states,
                self.reference.terrain,
                self.strides,
                self.phase,
                self.forward_m,
            )
            held = self.handrail.force(position, velocity, reference, steps * self.physics.time_step_s)
            force = held if force is None else held + force
        return self.physics.advance(self.state, control, steps, force=force, models=models)

    def _step_quantities(self, action: FloatArray) -> StepQuantities:
        position, velocity = self.physics.position(self.state), self.physics.velocity(self.state)
        rotation, inputs = rotation_matrices(position[:, 3:7]), self._actuation_inputs()
        speed, torque_nm = self.strides.speed_m_s, self._impaired_actuation.torque_nm(inputs)
        _, rise = self.reference.initial_states.height_and_climb(self.phase)
        pain_free = pain_free_phase(self.phase, self.strides.right_strike, self._pain)
        return StepQuantities(
            angle_error_rad=inputs.angle_rad - self.strides.angle(self.phase),
            velocity_error_rad_s=inputs.velocity_rad_s - self.strides.velocity(self.phase),
            forward_error_m_s=-velocity[:, 1] - speed,
            sideways_m_s=velocity[:, 0],
            rise_error_m_s=velocity[:, 2] + self.reference.terrain.climb * velocity[:, 1] - rise,
            upright=rotation[:, 2, 2],
            sway=rotation[:, 2, 0],
            heading=rotation[:, 1, 1],
            drift_m=position[:, 0],
            action=action,
            action_change=action - self._action,
            effort=self._impaired_actuation.effort(inputs),
            torque_nm=torque_nm,
            power_w_kg=positive_power_w(torque_nm, inputs.velocity_rad_s) * GRAVITY_M_S2 / self._weight_n,
            usual_w_kg=usual_power_w_kg(speed, self.reference.terrain.climb),
            load=self.ground_force_n[:, :, 2] / self._weight_n[:, None],
            left_load=self.strides.left_load(pain_free),
            usual_load=self.strides.load(pain_free, self.reference.initial_states.typical_height_m),
            roll=self._sensors.roll_m(self.sensor) / self._foot_m[:, None],
            stance=self.strides.stance(self.phase),
            rolls=inputs.walking,
            load_limit=load_limit(speed, self.reference.terrain.even),
            pain=self._pain,
        )
