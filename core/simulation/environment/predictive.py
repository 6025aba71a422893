"""Environment of predictive gait: muscle synergies as actions, a commanded speed and slope, no reference.

There is no phase clock. A clock of a given period would prescribe the cadence, which a predictive gait must
find by itself: a weak or hurting body walks at another one. The phase of the stride can be read from the
joints, the loads under the feet and the muscles' activations, all of which are observed. Where walks begin is
given (`RecordedStarts`): moments of walks of a policy that does track a reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray, IntArray, frozen
from core.domain.body import JOINTS, JointKind
from core.domain.scenario import LEVEL_GROUND, Ground
from core.domain.twin import BodyParameters
from core.domain.units import GRAVITY_M_S2
from core.simulation.environment.batch_environment import (
    CONTROL_STEP_S,
    EPISODE_S,
    EXO_STEP_S,
    Assist,
    BatchEnvironment,
    StepResult,
)
from core.simulation.environment.neural_delay import NeuralDelay
from core.simulation.environment.observation import WEIGHT_LIMIT
from core.simulation.environment.predictive_rewards import PREDICTIVE_REWARD, StepQuantities, effort
from core.simulation.environment.reward_term import RewardTerm, weighted_reward
from core.simulation.environment.synergy_action import ACTION_LIMIT, excitations
from core.simulation.model.joint_coupling import rotation_matrices
from core.simulation.muscles.metabolics import MetabolicMuscles
from core.simulation.reference_gait.terrain_batch import TerrainBatch
from core.twin.impairments import pain_severities

TICK_S = EXO_STEP_S  # delays are whole ticks; an exo's controller runs every tick
SIMILAR_SPEED_M_S = 0.15  # recorded moments this near the command are drawn with equal probability
_HIPS = np.array([joint.column for joint in JOINTS if joint.kind is JointKind.HIP_FLEXION])
_HEAD, _ROOT = "head", "root"
# What changes from step to step. These names are keys of stored checkpoints.
_STATE = ("state", "sensor", "origin", "command_m_s", "_age", "_start_m", "_head_m_s")


@dataclass(frozen=True, slots=True, eq=False)
class PredictiveWalker:
    """One member of a batch. An exo's two hip motors [N m] follow the muscles of `model`."""

    model: mujoco.MjModel
    body: BodyParameters
    speeds_m_s: tuple[float, float]  # a command is drawn from this range at every start
    ground: Ground = LEVEL_GROUND
    latency_s: float = 0.0  # from excitation to the muscles, beside the body's own delay


@dataclass(frozen=True, slots=True, eq=False)
class RecordedStarts:
    """Initial states from recorded walks on the level. Axes: K moments, S state and Y sensor values."""

    state: FloatArray  # (K, S) with the muscles' activations
    sensor: FloatArray  # (K, Y)
    speed_m_s: FloatArray  # (K,) of the walk around the moment

    def __post_init__(self) -> None:
        frozen(self, "state", (None, None))
        frozen(self, "sensor", (len(self.state), None))
        frozen(self, "speed_m_s", (len(self.state),))


class PredictiveEnvironment(BatchEnvironment):
    """N walkers. Same seed, walkers, starts and actions: same walk.

    An action (N, A) is the activation of every synergy, then a residual for every muscle. Axes: M muscles.
    """

    def __init__(
        self,
        walkers: Sequence[PredictiveWalker],
        starts: RecordedStarts,
        synergies: FloatArray,
        *,
        seed: int,
        episode_s: float = EPISODE_S,
        reward: tuple[RewardTerm[StepQuantities], ...] = PREDICTIVE_REWARD,
        threads: int = 2,
    ) -> None:
        """`synergies` (S, M): weights of every synergy, see `core.learning.gait.synergies`."""
        models, bodies = [walker.model for walker in walkers], [walker.body for walker in walkers]
        self.muscles = int(models[0].na)
        super().__init__(models, actuators=self.muscles, seed=seed, episode_s=episode_s, threads=threads)
        self.synergies = np.array(synergies, dtype=np.float64)
        self.action_size = len(synergies) + self.muscles
        self._reward = reward
        self._bodies = _Bodies.of(walkers)
        self._terrain = TerrainBatch([walker.ground for walker in walkers])
        self._neural_delay = NeuralDelay(models, bodies, [walker.latency_s for walker in walkers], TICK_S)
        self._starts = starts
        self._speeds = np.array([walker.speeds_m_s for walker in walkers])
        self._nominal_height_m = float(np.median(self.physics.position(starts.state)[:, 2]))
        self.excitation: FloatArray = np.zeros((self.size, self.muscles))
        self.quantities: StepQuantities | None = None  # of the last step, as the rewards saw it
        self.origin: IntArray = np.zeros(self.size, dtype=np.int64)  # the recorded moment of each start
        self.command_m_s: FloatArray = np.zeros(self.size)
        self._head_m_s: FloatArray = np.zeros((self.size, 3))
        self.reset(np.ones(self.size, dtype=np.bool_))

    # Readings

    @property
    def activation(self) -> FloatArray:
        """(N, M)"""
        activation: FloatArray = self.state[:, -self.muscles :]
        return activation

    @property
    def load(self) -> FloatArray:
        """Vertical force under each foot (N, 2), body weights."""
        load: FloatArray = self.ground_force_n[:, :, 2] / self._bodies.weight_n[:, None]
        return load

    @property
    def climb(self) -> FloatArray:
        """(N,) metres up per metre ahead."""
        climb: FloatArray = self._terrain.climb
        return climb

    @property
    def _relative_height(self) -> FloatArray:
        above = self.physics.position(self.state)[:, 2] - self._terrain.line_m(self._forward_m)
        height: FloatArray = above / self._nominal_height_m
        return height

    def observation(self) -> Float32Array:
        """Observation of the policy (N, 46 + M): body, loads, muscles, commanded speed and slope."""
        position, velocity = self.physics.position(self.state), self.physics.velocity(self.state)
        rotation = rotation_matrices(position[:, 3:7])
        parts = (
            self._relative_height[:, None] - 1.0,
            rotation[:, 2],  # up, in the trunk's frame
            rotation[:, 1],  # backwards along the walkway, in the trunk's frame
            np.einsum("nij,ni->nj", rotation, velocity[:, :3]),
            0.2 * velocity[:, 3:6],
            self.joint_angle_rad,
            0.1 * self.joint_velocity_rad_s,
            position[:, :1],  # sideways from the line
            np.minimum(self.load, WEIGHT_LIMIT),
            np.stack([self.command_m_s, self._terrain.climb], axis=1),
            self.activation,
        )
        return np.concatenate(parts, axis=1).astype(np.float32)

    # Stepping

    def step(self, action: FloatArray, assist: Assist | None = None) -> StepResult:
        """Take one control step with `action` (N, A); `assist` is called every 10 ms when an exo is worn."""
        action = np.clip(action, -ACTION_LIMIT, ACTION_LIMIT)
        self.excitation = excitations(action, self.synergies)
        diverged = self._advance(TICK_S, assist)
        self._age += 1
        self.quantities = self._step_quantities(action)
        reward, terms = weighted_reward(self._reward, self.quantities)
        fell = diverged | np.any(list(self.falls().values()), axis=0)
        reward[fell] = 0.0
        terms["effort"] = float(effort(self.quantities).mean())
        terms["speed_error_m_s"] = float(np.abs(self.quantities.forward_error_m_s).mean())
        return StepResult(reward, fell, self._age >= self._episode_steps, terms)

    def falls(self) -> Mapping[str, BoolArray]:
        """Conditions of termination by cause (N,), in the present state."""
        position = self.physics.position(self.state)
        rotation = rotation_matrices(position[:, 3:7])
        return {
            "sank down": self._relative_height < 0.75,
            "tipped over": rotation[:, 2, 2] < 0.7,
            "turned away": rotation[:, 1, 1] < 0.6,
            "left the line": np.abs(position[:, 0]) > 1.0,
        }

    def reset(self, which: BoolArray) -> None:
        """Put the marked walkers (N,) into a recorded moment near a newly commanded speed."""
        rows = np.flatnonzero(which)
        if not len(rows):
            return
        rng = self._next_reset()
        self.command_m_s[rows] = rng.uniform(*self._speeds[rows].T)
        picks = np.array([self._pick(self.command_m_s[row], rng) for row in rows])
        self.origin[rows] = picks
        self.state[rows] = self._start_state(rows, picks, rng)
        self.sensor[rows] = self._starts.sensor[picks]
        self._age[rows] = 0
        self._start_m[rows] = self._forward_m[rows]
        self._head_m_s[rows] = self._head_velocity()[rows]
        self.exo_torque_nm[rows] = 0.0
        self._neural_delay.reset(which, self.activation)

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that changes, so that `load_state_dict` continues exactly here."""
        own = {name: np.array(getattr(self, name)) for name in _STATE}
        return own | self._neural_delay.state_dict() | {"counters": np.array([self._seed, self._resets])}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        for name in _STATE:
            setattr(self, name, np.array(state[name]))
        self._neural_delay.load_state_dict(state)
        self._seed, self._resets = (int(count) for count in state["counters"])

    # Inside

    def _body_control(self) -> FloatArray:
        return self._neural_delay(self.excitation, self.state, self.sensor)

    def _step_quantities(self, action: FloatArray) -> StepQuantities:
        position, velocity = self.physics.position(self.state), self.physics.velocity(self.state)
        rotation, bodies = rotation_matrices(position[:, 3:7]), self._bodies
        head, angle = self._head_velocity(), self.joint_angle_rad
        acceleration = (head - self._head_m_s) / CONTROL_STEP_S
        self._head_m_s = head
        beyond = np.maximum(bodies.lowest_rad - angle, 0.0) + np.maximum(angle - bodies.highest_rad, 0.0)
        return StepQuantities(
            forward_error_m_s=-velocity[:, 1] - self.command_m_s,
            sideways_m_s=velocity[:, 0],
            upright=rotation[:, 2, 2],
            heading=rotation[:, 1, 1],
            drift_m=position[:, 0],
            activation=self.activation,
            muscle_fraction=bodies.muscle_fraction,
            head_acceleration_m_s2=acceleration,
            beyond_range_rad=beyond,
            load=self.load,
            pain=bodies.pain,
            residual=action[:, len(self.synergies) :],
        )

    def _head_velocity(self) -> FloatArray:
        """(N, 3) m/s: trunk and head are one rigid body that the root moves."""
        position, velocity = self.physics.position(self.state), self.physics.velocity(self.state)
        swing = np.cross(velocity[:, 3:6], self._bodies.head_m)
        head: FloatArray = velocity[:, :3] + np.einsum(
            "nij,nj->ni", rotation_matrices(position[:, 3:7]), swing
        )
        return head

    def _pick(self, speed_m_s: float, rng: np.random.Generator) -> int:
        """One of the recorded moments near this speed."""
        apart = np.abs(self._starts.speed_m_s - speed_m_s)
        near = np.flatnonzero(apart <= max(SIMILAR_SPEED_M_S, float(apart.min()) + 1e-9))
        return int(rng.choice(near))

    def _start_state(self, rows: IntArray, picks: IntArray, rng: np.random.Generator) -> FloatArray:
        """States (R, S): recorded ones with noise, moved to the start of the walkway.

        On a ramp the legs are turned at the hips by its slope, so that the feet meet the ground as they did
        on the level, below an upright trunk.
        """
        state = self._starts.state[picks]
        climb = self._terrain.climb[rows]
        position, velocity = self.physics.position(state), self.physics.velocity(state)
        state[:, 0] = 0.0
        position[:, :2] = 0.0
        position[:, 2] += 0.005 * (climb != 0.0)
        columns = self._position[_HIPS]
        position[:, columns] += np.arctan(climb)[:, None]
        velocity[:, 2] -= velocity[:, 1] * climb
        velocity[:, self._velocity] += rng.normal(0.0, 0.05, (len(rows), len(JOINTS)))
        return state


@dataclass(frozen=True, slots=True, eq=False)
class _Bodies:
    """Constants of N walkers."""

    weight_n: FloatArray  # (N,)
    lowest_rad: FloatArray  # (N, 14) ends of the joints' ranges
    highest_rad: FloatArray  # (N, 14)
    muscle_fraction: FloatArray  # (M,) of all muscle volume
    head_m: FloatArray  # (N, 3) from the root's origin, in its frame
    pain: FloatArray  # (N, 2)

    @staticmethod
    def of(walkers: Sequence[PredictiveWalker]) -> _Bodies:
        models = [walker.model for walker in walkers]
        joints = [models[0].joint(joint.value).id for joint in JOINTS]
        mass = MetabolicMuscles.of(models[0]).mass_kg
        ranges = np.array([model.jnt_range[joints] for model in models])
        return _Bodies(
            weight_n=np.array([GRAVITY_M_S2 * float(model.body_mass.sum()) for model in models]),
            lowest_rad=ranges[:, :, 0],
            highest_rad=ranges[:, :, 1],
            muscle_fraction=mass / mass.sum(),
            head_m=np.array([_head(model) for model in models]),
            pain=pain_severities([walker.body for walker in walkers]),
        )


def _head(model: mujoco.MjModel) -> FloatArray:
    """Centre of the head's mass from the root's origin, in the root's frame. (3,)"""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    root = int(model.joint(_ROOT).bodyid[0])
    apart = data.xipos[model.body(_HEAD).id] - data.xpos[root]
    place: FloatArray = data.xmat[root].reshape(3, 3).T @ apart
    return place
