"""Walkers without a reference: muscles in synergies, a commanded speed and slope, and nothing to imitate.

There is no phase clock. A clock of a given period would prescribe the cadence, which a predictive gait must
find by itself: a weak or hurting body walks at another one. The phase of the stride can be read from the
joints, the loads under the feet and the muscles' activations, all of which are seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray, IntArray, frozen
from core.domain.body import JOINTS, SIDES, JointKind
from core.domain.impairment import ImpairmentKind
from core.domain.scenario import LEVEL_GROUND, Ground
from core.domain.twin import BodyParameters
from core.domain.units import GRAVITY_M_S2
from core.simulation.environment.neural_delay import Nerves
from core.simulation.environment.observation import WEIGHT_LIMIT
from core.simulation.environment.predictive_rewards import (
    PREDICTIVE_REWARD,
    Bearing,
    PredictiveTerm,
    effort,
    weighed,
)
from core.simulation.environment.synergy_action import ACTION_LIMIT, excitations
from core.simulation.environment.tracking import CONTROL_STEP_S, EXO_STEP_S, Step
from core.simulation.model.joint_coupling import joint_addresses
from core.simulation.model.model_sensors import SensorColumns
from core.simulation.muscles.metabolics import MetabolicMuscles
from core.simulation.physics.batch import BatchPhysics
from core.simulation.reference_gait.terrain_batch import Grounds

TICK_S = EXO_STEP_S  # delays are whole ticks; an exo is asked every tick
EPISODE_S = 10.0
SIMILAR_SPEED_M_S = 0.15  # starts this near the command are taken as equally good
_HIPS = np.array([joint.column for joint in JOINTS if joint.kind is JointKind.HIP_FLEXION])
_HEAD, _ROOT = "head", "root"
_MEMORY = ("state", "sensor", "origin", "command_m_s", "_age", "_start_m", "_head_m_s")


@dataclass(frozen=True, slots=True, eq=False)
class PredictiveWalker:
    """One member of a batch. An exo's two hip motors [N m] follow the muscles of `model`."""

    model: mujoco.MjModel
    body: BodyParameters
    speeds_m_s: tuple[float, float]  # a command is drawn from this range at every start
    ground: Ground = LEVEL_GROUND
    latency_s: float = 0.0  # from a decision to the muscles, beside the body's own delay


@dataclass(frozen=True, slots=True, eq=False)
class Starts:
    """Moments of recorded walks on the level, to begin from. Axes: K moments, S state and Y sensor values."""

    state: FloatArray  # (K, S) with the muscles' activations
    sensor: FloatArray  # (K, Y)
    speed_m_s: FloatArray  # (K,) of the walk around the moment

    def __post_init__(self) -> None:
        frozen(self, "state", (None, None))
        frozen(self, "sensor", (len(self.state), None))
        frozen(self, "speed_m_s", (len(self.state),))


Assist = Callable[
    ["PredictiveEnvironment"], FloatArray
]  # exo torque (N, 2) on the hips, flexion positive [N m]


class PredictiveEnvironment:
    """N walkers. Same seed, walkers, starts and actions: same walk.

    An action (N, A) is the use of every synergy, then what is added to every muscle. Axes: M muscles.
    """

    def __init__(
        self,
        walkers: Sequence[PredictiveWalker],
        starts: Starts,
        synergies: FloatArray,
        *,
        seed: int,
        episode_s: float = EPISODE_S,
        reward: tuple[PredictiveTerm, ...] = PREDICTIVE_REWARD,
        threads: int = 2,
    ) -> None:
        """`synergies` (S, M): weights of every synergy, see `core.learning.gait.synergies`."""
        model = walkers[0].model
        self.size = len(walkers)
        self.synergies = np.array(synergies, dtype=np.float64)
        self.muscles = int(model.na)
        self.action_size = len(synergies) + self.muscles
        self.physics = BatchPhysics([walker.model for walker in walkers], threads=threads)
        self.with_exo = model.nu > self.muscles
        self.exo_torque_nm: FloatArray = np.zeros((self.size, len(SIDES)))
        self.excitation: FloatArray = np.zeros((self.size, self.muscles))
        self.bearing: Bearing | None = None  # of the last step, as the rewards saw it
        self.divergences = 0
        self._reward = reward
        self._bodies = _Bodies.of(walkers)
        self._position, self._velocity = joint_addresses(model)
        self._sensors = SensorColumns.of(model)
        self._grounds = Grounds([walker.ground for walker in walkers])
        models, bodies = [walker.model for walker in walkers], [walker.body for walker in walkers]
        self._nerves = Nerves(models, bodies, [walker.latency_s for walker in walkers], TICK_S)
        self._starts = starts
        self._speeds = np.array([walker.speeds_m_s for walker in walkers])
        self._level = float(np.median(self.physics.position(starts.state)[:, 2]))
        self._episode_steps = round(episode_s / CONTROL_STEP_S)
        self._seed, self._restarts = seed, 0
        self._age = np.zeros(self.size, dtype=np.int64)
        self._clear(model)
        self.restart(np.ones(self.size, dtype=np.bool_))

    def _clear(self, model: mujoco.MjModel) -> None:
        """All that changes from start to start, before the first."""
        self.origin: IntArray = np.zeros(self.size, dtype=np.int64)  # the recorded moment of each start
        self.command_m_s: FloatArray = np.zeros(self.size)
        self._start_m: FloatArray = np.zeros(self.size)
        self._head_m_s: FloatArray = np.zeros((self.size, 3))
        self.state: FloatArray = np.zeros((self.size, self.physics.state_size))
        self.sensor: FloatArray = np.zeros((self.size, model.nsensordata))

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
    def activation(self) -> FloatArray:
        """(N, M)"""
        activation: FloatArray = self.state[:, -self.muscles :]
        return activation

    @property
    def load(self) -> FloatArray:
        """Vertical force under each foot (N, 2), body weights."""
        force = self._sensors.ground_force_n(self.sensor)[:, :, 2]
        load: FloatArray = force / self._bodies.weight_n[:, None]
        return load

    @property
    def walked_m(self) -> FloatArray:
        """(N,) distance ahead since the start."""
        return self._forward_m - self._start_m

    @property
    def seconds(self) -> FloatArray:
        """(N,) since the start."""
        return np.asarray(CONTROL_STEP_S * self._age, dtype=np.float64)

    @property
    def climb(self) -> FloatArray:
        """(N,) metres up per metre ahead."""
        climb: FloatArray = self._grounds.climb
        return climb

    @property
    def _forward_m(self) -> FloatArray:
        return -self.physics.position(self.state)[:, 1]

    @property
    def _relative_height(self) -> FloatArray:
        above = self.physics.position(self.state)[:, 2] - self._grounds.line_m(self._forward_m)
        height: FloatArray = above / self._level
        return height

    def observation(self) -> Float32Array:
        """What the policy sees (N, 46 + M): body, loads, muscles, and the wanted speed and slope."""
        position, velocity = self.physics.position(self.state), self.physics.velocity(self.state)
        rotation = rotations(position[:, 3:7])
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
            np.stack([self.command_m_s, self._grounds.climb], axis=1),
            self.activation,
        )
        return np.concatenate(parts, axis=1).astype(np.float32)

    # What can be done

    def step(self, action: FloatArray, assist: Assist | None = None) -> Step:
        """Take one control step with `action` (N, A); `assist` is asked every 10 ms when an exo is worn."""
        action = np.clip(action, -ACTION_LIMIT, ACTION_LIMIT)
        self.excitation = excitations(action, self.synergies)
        diverged = self._advance(assist)
        self._age += 1
        self.bearing = self._bear(action)
        reward, terms = weighed(self._reward, self.bearing)
        self.divergences += int(diverged.sum())
        fell = diverged | np.any(list(self.falls().values()), axis=0)
        reward[fell] = 0.0
        terms["effort"] = float(effort(self.bearing).mean())
        terms["speed_error_m_s"] = float(np.abs(self.bearing.forward_error_m_s).mean())
        return Step(reward, fell, self._age >= self._episode_steps, terms)

    def falls(self) -> Mapping[str, BoolArray]:
        """Why a walker counts as fallen, by cause (N,), in the present state."""
        position = self.physics.position(self.state)
        rotation = rotations(position[:, 3:7])
        return {
            "sank down": self._relative_height < 0.75,
            "tipped over": rotation[:, 2, 2] < 0.7,
            "turned away": rotation[:, 1, 1] < 0.6,
            "left the line": np.abs(position[:, 0]) > 1.0,
        }

    def restart(self, which: BoolArray) -> None:
        """Put the marked walkers (N,) into a recorded moment near a newly commanded speed."""
        rows = np.flatnonzero(which)
        if not len(rows):
            return
        rng = np.random.default_rng((self._seed, self._restarts))
        self._restarts += 1
        self.command_m_s[rows] = rng.uniform(*self._speeds[rows].T)
        picks = np.array([self._pick(self.command_m_s[row], rng) for row in rows])
        self.origin[rows] = picks
        self.state[rows] = self._start_state(rows, picks, rng)
        self.sensor[rows] = self._starts.sensor[picks]
        self._age[rows] = 0
        self._start_m[rows] = self._forward_m[rows]
        self._head_m_s[rows] = self._head_velocity()[rows]
        self.exo_torque_nm[rows] = 0.0
        self._nerves.restart(which, self.activation)

    def memory(self) -> dict[str, np.ndarray]:
        """All that changes, so that `recall` continues exactly here."""
        own = {name: np.array(getattr(self, name)) for name in _MEMORY}
        return own | self._nerves.memory() | {"counters": np.array([self._seed, self._restarts])}

    def recall(self, memory: Mapping[str, np.ndarray]) -> None:
        for name in _MEMORY:
            setattr(self, name, np.array(memory[name]))
        self._nerves.recall(memory)
        self._seed, self._restarts = (int(count) for count in memory["counters"])

    # Inside

    def _advance(self, assist: Assist | None) -> BoolArray:
        """Physics of one control step. Returns who diverged (N,)."""
        diverged = np.zeros(self.size, dtype=np.bool_)
        steps = round(TICK_S / self.physics.time_step_s)
        for _ in range(round(CONTROL_STEP_S / TICK_S)):
            control = self._nerves(self.excitation, self.state, self.sensor)
            if self.with_exo:
                if assist is not None:
                    self.exo_torque_nm = assist(self)
                control = np.concatenate([control, self.exo_torque_nm], axis=1)
            advance = self.physics.advance(self.state, control, steps)
            self.state, self.sensor = advance.state, advance.sensor
            diverged |= advance.diverged
        return diverged

    def _bear(self, action: FloatArray) -> Bearing:
        position, velocity = self.physics.position(self.state), self.physics.velocity(self.state)
        rotation, bodies = rotations(position[:, 3:7]), self._bodies
        head, angle = self._head_velocity(), self.joint_angle_rad
        acceleration = (head - self._head_m_s) / CONTROL_STEP_S
        self._head_m_s = head
        beyond = np.maximum(bodies.lowest_rad - angle, 0.0) + np.maximum(angle - bodies.highest_rad, 0.0)
        return Bearing(
            forward_error_m_s=-velocity[:, 1] - self.command_m_s,
            sideways_m_s=velocity[:, 0],
            upright=rotation[:, 2, 2],
            heading=rotation[:, 1, 1],
            drift_m=position[:, 0],
            activation=self.activation,
            muscle_share=bodies.muscle_share,
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
        head: FloatArray = velocity[:, :3] + np.einsum("nij,nj->ni", rotations(position[:, 3:7]), swing)
        return head

    def _pick(self, speed_m_s: float, rng: np.random.Generator) -> int:
        """One of the recorded moments near this speed."""
        apart = np.abs(self._starts.speed_m_s - speed_m_s)
        near = np.flatnonzero(apart <= max(SIMILAR_SPEED_M_S, float(apart.min()) + 1e-9))
        return int(rng.choice(near))

    def _start_state(self, rows: IntArray, picks: IntArray, rng: np.random.Generator) -> FloatArray:
        """States (R, S): recorded ones at the start of the walkway, a little disturbed.

        On a ramp the legs are turned at the hips by its slope, so that the feet meet the ground as they did
        on the level, below an upright trunk.
        """
        state = self._starts.state[picks]
        climb = self._grounds.climb[rows]
        position, velocity = self.physics.position(state), self.physics.velocity(state)
        state[:, 0] = 0.0
        position[:, :2] = 0.0
        position[:, 2] += 0.005 * (climb != 0.0)
        columns = self._position[_HIPS]
        position[:, columns] += np.arctan(climb)[:, None]
        velocity[:, 2] -= velocity[:, 1] * climb
        velocity[:, self._velocity] += rng.normal(0.0, 0.05, (len(rows), len(JOINTS)))
        return state


def rotations(quaternion: FloatArray) -> FloatArray:
    """Rotation matrices (N, 3, 3) of unit quaternions (N, 4) w x y z."""
    w, x, y, z = quaternion.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


@dataclass(frozen=True, slots=True, eq=False)
class _Bodies:
    """What never changes about N walkers."""

    weight_n: FloatArray  # (N,)
    lowest_rad: FloatArray  # (N, 14) ends of the joints' ranges
    highest_rad: FloatArray  # (N, 14)
    muscle_share: FloatArray  # (M,) of all muscle volume
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
            muscle_share=mass / mass.sum(),
            head_m=np.array([_head(model) for model in models]),
            pain=np.array([_pain(walker.body) for walker in walkers]),
        )


def _head(model: mujoco.MjModel) -> FloatArray:
    """Centre of the head's mass from the root's origin, in the root's frame. (3,)"""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    root = int(model.joint(_ROOT).bodyid[0])
    apart = data.xipos[model.body(_HEAD).id] - data.xpos[root]
    place: FloatArray = data.xmat[root].reshape(3, 3).T @ apart
    return place


def _pain(body: BodyParameters) -> tuple[float, float]:
    left, right = (
        max(
            (
                one.severity
                for one in body.impairments
                if one.kind is ImpairmentKind.PAIN and one.side is side
            ),
            default=0.0,
        )
        for side in SIDES
    )
    return left, right
