"""Walks of a twin with its controller and imperfect sensors, tick by tick as the exo reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray, IntArray
from core.domain.body import JointKind
from core.domain.controller import ExoController
from core.domain.gait_envelope import SensedWalks
from core.learning.exo.environment import TRAINING_FAULTS
from core.learning.exo.gyro_exo import SensingExo, wear
from core.learning.exo.worn_controller import WalkingPolicy
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_sensors import Faults
from core.simulation.model.shank_gyros import ShankGyros

WALKERS = 32  # with their own mounting errors and delays of the sensors
SECONDS = 8.0  # each: six or more strides
SETTLE_S = 1.0  # after a start from the reference, and
STUMBLE_S = 1.0  # before a fall: not counted


def sensed_walks(
    environment: WalkingEnvironment,
    walkers: Sequence[Walker],
    networks: PolicyNetworks,
    controller: ExoController,
    *,
    seed: int,
    seconds: float = SECONDS,
    faults: Faults = TRAINING_FAULTS,
) -> SensedWalks:
    """Let the `walkers` of `environment` walk with `controller` for `seconds`; who falls starts anew.

    Walkers with the same stride, ground, start and stop are one activity. The same arguments give the same
    walks.
    """
    policy = WalkingPolicy(networks)
    recorder = _Recorder(wear(controller, environment, faults=faults, seed=seed))
    fell: list[BoolArray] = []
    began: list[BoolArray] = [np.ones(len(walkers), np.bool_)]
    for _ in range(round(seconds / CONTROL_STEP_S)):
        step = environment.step(policy.act(environment.observation()), recorder)
        done = step.terminated | step.truncated
        fell.append(step.terminated)
        began.append(done)
        if done.any():
            environment.reset(done)
            recorder.exo.reset(done, environment)
    counted = _counted(np.array(began[:-1]), np.array(fell))
    return recorder.walks(walkers, counted, controller.control_hz)


class _Recorder:
    """The `assist` of an environment that keeps what its exo reads and gives: lists of (N, 2), one a tick."""

    def __init__(self, exo: SensingExo) -> None:
        self.exo = exo
        self.angle_rad: list[Float32Array] = []
        self.velocity_rad_s: list[Float32Array] = []
        self.torque_nm: list[FloatArray] = []
        self.shank_rad_s: list[FloatArray] = []  # of ankles; true, as what it is for needs no more
        self._gyros: ShankGyros | None = None

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        torque = self.exo(environment)
        angle, velocity = self.exo.reading
        self.angle_rad.append(angle)
        self.velocity_rad_s.append(velocity)
        self.torque_nm.append(torque)
        if environment.exo_joint is JointKind.ANKLE:
            self._feel_shanks(environment)
        return torque

    def _feel_shanks(self, environment: WalkingEnvironment) -> None:
        physics, state = environment.physics, environment.state
        if self._gyros is None:
            self._gyros = ShankGyros(physics.models)
        self.shank_rad_s.append(self._gyros.read(physics.position(state), physics.velocity(state)))

    def walks(self, walkers: Sequence[Walker], counted: BoolArray, rate_hz: float) -> SensedWalks:
        """What was kept; `counted` are steps of the environment (S, N), each of some ticks."""
        columns = list(walkers[0].exo_joint.columns)
        taught = [walker.reference.angle_rad[:, columns] for walker in walkers]
        return SensedWalks(
            rate_hz,
            np.array(self.angle_rad, np.float64),
            np.array(self.velocity_rad_s, np.float64),
            np.array(self.torque_nm),
            np.repeat(counted, len(self.torque_nm) // len(counted), axis=0),
            _activities(walkers),
            np.array([angle.min(axis=0) for angle in taught]),
            np.array([angle.max(axis=0) for angle in taught]),
            np.array(self.shank_rad_s) if self.shank_rad_s else None,
        )


def _counted(began: BoolArray, fell: BoolArray) -> BoolArray:
    """Steps (T, N) neither within a second after a start nor within the last one before a fall."""
    counted = np.ones(began.shape, np.bool_)
    settle, stumble = round(SETTLE_S / CONTROL_STEP_S), round(STUMBLE_S / CONTROL_STEP_S)
    for time, walker in np.argwhere(began):
        counted[time : time + settle, walker] = False
    for time, walker in np.argwhere(fell):
        counted[max(0, time + 1 - stumble) : time + 1, walker] = False
    return counted


def _activities(walkers: Sequence[Walker]) -> IntArray:
    """(N,) the number of each walker's activity, in order of appearance."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(_activity(walker), len(numbers)) for walker in walkers], np.int64)


def _activity(walker: Walker) -> object:
    """Alike for walkers who do the same, however their strides were made."""
    stride = walker.reference
    return stride.period_s, stride.speed_m_s, stride.angle_rad.tobytes(), walker.ground, walker.onset
