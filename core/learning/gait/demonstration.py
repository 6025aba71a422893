"""Demonstrations of a tracking policy for a predictive one: states of its walks, and its excitations there.

A predictive policy observes no reference. Its episodes start from states of a walking body (reference-state
initialisation; Peng et al. 2018, ACM Trans Graph 37:143), and before PPO it is fitted once to the excitations
of a tracking policy (DAgger; Ross et al. 2011).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.simulation.environment.actuation import MuscleActuation
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.predictive import RecordedStarts
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker, muscle_actuation
from core.simulation.muscles.activation_dynamics import excitation_for
from core.simulation.muscles.activation_prior import ActivationPriors
from core.simulation.muscles.coordination import CoordinationNetwork, coordination_problem, leg_traits
from core.simulation.muscles.leg_muscles import LegMuscles, leg_rows
from core.simulation.reference_gait.reference_strides import StrideBank

DROPPED_BEFORE_FALL_S = 0.3  # the last states before a fall are no walking
EXPLORATION_STD = 0.1  # of the tracking policy's actions, so that states beside its mean path are recorded
PHASES = 64  # of the stride, at which its poses are tabulated
_WINDOW = 0.15  # around the expected phase, in which a pose is searched; in turns
_CORRECTION = 0.3  # fraction of the phase error that is corrected per step
_VELOCITY_WEIGHT_S = 0.1  # a velocity of 10 rad/s counts like an angle of 1 rad
_Y_IN_STATE = 2  # after time and x; walking goes towards negative y


@dataclass(frozen=True, slots=True, eq=False)
class Demonstration:
    """Recorded states of walks. Axes: K states, S state and Y sensor values, M muscles."""

    state: FloatArray  # (K, S)
    sensor: FloatArray  # (K, Y)
    phase: FloatArray  # (K,) of the reference, in turns
    speed_m_s: FloatArray  # (K,) mean of the walk
    walker: FloatArray  # (K,) number of the walker
    seconds: float  # mean length of the walks, falls included
    muscles: int

    def __post_init__(self) -> None:
        frozen(self, "state", (None, None))
        count = len(self.state)
        frozen(self, "sensor", (count, None))
        for name in ("phase", "speed_m_s", "walker"):
            frozen(self, name, (count,))

    @property
    def activation(self) -> FloatArray:
        """(K, M)"""
        activation: FloatArray = self.state[:, -self.muscles :]
        return activation

    def starts(self) -> RecordedStarts:
        return RecordedStarts(self.state, self.sensor, self.speed_m_s)

    def arrays(self) -> dict[str, np.ndarray]:
        """Named arrays, ready for a file."""
        return {name: np.asarray(getattr(self, name)) for name in _FIELDS}

    @staticmethod
    def of(arrays: Mapping[str, np.ndarray]) -> Demonstration:
        """The inverse of `arrays`. Raises KeyError when something is missing."""
        state, sensor, phase, speed_m_s, walker, seconds, muscles = (arrays[name] for name in _FIELDS)
        return Demonstration(state, sensor, phase, speed_m_s, walker, float(seconds), int(muscles))


_FIELDS = ("state", "sensor", "phase", "speed_m_s", "walker", "seconds", "muscles")


def demonstrate(
    walkers: Sequence[Walker],
    networks: PolicyNetworks,
    *,
    seconds: float,
    seed: int,
    threads: int = 2,
) -> Demonstration:
    """Let `walkers` with muscles track their references, and record their states except shortly before falls.

    Every walker walks for `seconds` and is reset after a fall. For a policy without a coordination network
    every coordination problem is solved exactly, which is slower.
    """
    actuation = _muscle_actuation(walkers, networks)
    environment = WalkingEnvironment(
        walkers, seed=seed, actuation=actuation, episode_s=2 * seconds, threads=threads
    )
    rng = np.random.default_rng(seed)
    recorder = _StateRecorder(environment)
    for _ in range(round(seconds / CONTROL_STEP_S)):
        action = networks.act(environment.observation())
        step = environment.step(action + rng.normal(0.0, EXPLORATION_STD, action.shape))
        recorder.add(environment, step.terminated)
        environment.reset(step.terminated)
    return recorder.demonstration()


def _muscle_actuation(walkers: Sequence[Walker], networks: PolicyNetworks) -> MuscleActuation:
    coordination = networks.coordination
    return muscle_actuation(walkers, None if coordination is None else CoordinationNetwork(coordination))


class _StateRecorder:
    """Records the states of every walk; those shortly before a fall are dropped."""

    def __init__(self, environment: WalkingEnvironment) -> None:
        self._running: list[list[tuple[FloatArray, FloatArray, float]]] = [
            [] for _ in range(environment.size)
        ]
        self._kept: list[tuple[FloatArray, FloatArray, float, float, int]] = []
        self._lengths: list[int] = []
        self._dropped = round(DROPPED_BEFORE_FALL_S / CONTROL_STEP_S)
        self._muscles = environment.actuation.actuators

    def add(self, environment: WalkingEnvironment, terminated: np.ndarray) -> None:
        for row in range(environment.size):
            if terminated[row]:
                self._end_walk(row, self._dropped)
                continue
            recorded = (
                environment.state[row].copy(),
                environment.sensor[row].copy(),
                float(environment.phase[row]),
            )
            self._running[row].append(recorded)

    def demonstration(self) -> Demonstration:
        for row in range(len(self._running)):
            self._end_walk(row, 0)
        state, sensor, phase, speed, walker = zip(*self._kept, strict=True)
        return Demonstration(
            np.array(state),
            np.array(sensor),
            np.array(phase),
            np.array(speed),
            np.array(walker),
            float(np.mean(self._lengths)) * CONTROL_STEP_S,
            self._muscles,
        )

    def _end_walk(self, row: int, dropped: int) -> None:
        walk = self._running[row]
        self._running[row] = []
        if walk:
            self._lengths.append(len(walk))
        kept = walk[: len(walk) - dropped]
        if len(kept) < 2:
            return
        distance_m = float(kept[0][0][_Y_IN_STATE] - kept[-1][0][_Y_IN_STATE])
        speed = distance_m / ((len(kept) - 1) * CONTROL_STEP_S)
        self._kept += [(state, sensor, phase, speed, row) for state, sensor, phase in kept]


class TrackingExpert:
    """The excitations of a tracking policy in any state of its walkers. Axes: N walkers, M muscles.

    Its gait phase is estimated from the pose, so that its excitations depend on the state alone: a policy
    without a phase can imitate them.
    """

    def __init__(self, walkers: Sequence[Walker], networks: PolicyNetworks) -> None:
        models, bodies = [walker.model for walker in walkers], [walker.body for walker in walkers]
        actuation = _muscle_actuation(walkers, networks)
        self._networks, self._coordination = networks, actuation.network
        self._environment = WalkingEnvironment(walkers, seed=0, actuation=actuation, threads=1)
        self._joint_pd = actuation.joint_pd
        self._leg_muscles = LegMuscles(models)
        self._traits = leg_traits(bodies)
        self._priors = ActivationPriors(models[0], bodies)
        self._phases = PhaseEstimator(self._environment.strides)
        self.phase: FloatArray = np.zeros(len(walkers))

    def excitation(self, state: FloatArray, sensor: FloatArray) -> FloatArray:
        """Excitations (N, M) for the coming control step from states (N, S) and sensor values (N, Y)."""
        environment = self._environment
        environment.state, environment.sensor = state, sensor
        angle, velocity = environment.joint_angle_rad, environment.joint_velocity_rad_s
        self.phase = self._phases.corrected(self.phase, angle, velocity)
        environment.phase = self.phase
        target = environment.target(self._networks.act(environment.observation()))
        self.phase = (self.phase + CONTROL_STEP_S / environment.strides.period_s) % 1.0
        predicted_angle = angle + 0.5 * CONTROL_STEP_S * velocity
        torque = leg_rows(self._joint_pd.torque_nm(target, predicted_angle, velocity))
        torques = self._leg_muscles.torques(angle, sensor)
        problem = coordination_problem(
            torques,
            torque,
            leg_rows(angle),
            leg_rows(velocity),
            self._traits,
            self._priors.at(self.phase, environment.walking),
        )
        activation = problem.exact() if self._coordination is None else self._coordination.activation(problem)
        return excitation_for(
            self._leg_muscles.walkers(self._leg_muscles.activation(state)),
            self._leg_muscles.walkers(activation),
            CONTROL_STEP_S,
        )


class PhaseEstimator:
    """Estimates the gait phase of N walkers by comparing their poses with those of their references."""

    def __init__(self, strides: StrideBank) -> None:
        count = len(strides.period_s)
        grid = [np.full(count, number / PHASES) for number in range(PHASES)]
        angle = np.stack([strides.angle(phase) for phase in grid])
        velocity = np.stack([strides.velocity(phase) for phase in grid])
        self._reference = np.concatenate(
            [angle, _VELOCITY_WEIGHT_S * velocity], axis=2
        )  # (P, N, 28), P phases
        self._phase = np.arange(PHASES)[:, None] / PHASES

    def nearest(self, near: FloatArray, angle: FloatArray, velocity: FloatArray) -> FloatArray:
        """Phase (N,) of the most similar pose within a window around the phases `near` (N,)."""
        pose = np.concatenate([angle, _VELOCITY_WEIGHT_S * velocity], axis=1)
        difference = ((self._reference - pose) ** 2).sum(axis=2)
        distance = np.abs((self._phase - near + 0.5) % 1.0 - 0.5)
        difference[distance > _WINDOW] = np.inf
        nearest: FloatArray = difference.argmin(axis=0) / PHASES
        return nearest

    def corrected(self, phase: FloatArray, angle: FloatArray, velocity: FloatArray) -> FloatArray:
        """`phase` (N,), moved a fraction of the way to that of the nearest pose."""
        error = (self.nearest(phase, angle, velocity) - phase + 0.5) % 1.0 - 0.5
        corrected: FloatArray = (phase + _CORRECTION * error) % 1.0
        return corrected
