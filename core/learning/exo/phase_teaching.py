"""A torque over the gait cycle, taught to the exo's own network: a controller that follows a plan.

The firmware runs networks that see both joints over 30 ms and know no gait cycle. On walks of a twin the
cycle is known by the ground's force; there the network learns which torque belongs to what it sees. First the
exo gives nothing, then what was learned, as that moves the legs otherwise. It learns to follow, not to help.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.body import SIDES
from core.domain.controller import ExoController, TorqueLimits
from core.domain.motion import CYCLE_POINTS
from core.domain.scenario import LEVEL_WALKING, Scenario
from core.exo_core.numpy_runtime import HISTORY
from core.learning.exo.distillation import JointTrack, fitted_controller, idle_controller, torque_samples
from core.learning.exo.lessons import LESSONS
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import CONTROL_HZ, WornExo
from core.simulation.analysis.ground_reactions import ground_contacts
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.tracking import WalkingEnvironment

WALKERS = 8  # of each lesson
SECONDS = 8.0
STEPS = 3000  # of the network's training, in each round
ROUNDS = 2  # the second on walks with the torque of the first
SPEEDS = ("level-0.9", "level-1.2")  # lessons beside the own walk: nobody keeps one speed
_STANDING_TICKS = 400
_STANDING_RAD = (0.05, 0.2)  # mean and spread of the angle of people who stand
_SWAY_RAD = 0.02
_CYCLE = np.linspace(0.0, 1.0, CYCLE_POINTS)


@dataclass(frozen=True, slots=True, eq=False)
class CycleTrack:
    """The joints of one walker at 100 Hz and the torque that is due. Axes: T ticks, 2 sides."""

    joints: JointTrack
    torque_nm: FloatArray  # (T, 2)
    known: BoolArray  # (T,) where both sides are within a whole stride


def teach_profile(
    twin: TwinInExo,
    torque_nm: FloatArray,
    limits: TorqueLimits,
    seed: int,
    watch: Callable[[int], None] = lambda _: None,
) -> tuple[ExoController, float]:
    """A controller for a torque (CYCLE_POINTS,) of either side, and its RMS error [N m] on its own walks.

    `watch` is told the number of each round before it begins, and once at the end.
    """
    tracks: list[CycleTrack] = []
    controller, error_nm = None, float("nan")
    for number in range(ROUNDS):
        watch(number)
        for place, lesson in enumerate(_lessons()):
            tracks += cycle_tracks(twin, lesson, torque_nm, controller, seed + 10 * number + place)
        inputs, targets = _samples(tracks, seed)
        controller, error_nm = fitted_controller(
            inputs, targets, limits, seed, joint=twin.exo_joint, steps=STEPS
        )
    watch(ROUNDS)
    assert controller is not None
    return controller, error_nm


def cycle_tracks(
    twin: TwinInExo,
    lesson: Scenario,
    torque_nm: FloatArray,
    controller: ExoController | None,
    seed: int,
) -> list[CycleTrack]:
    """Walkers of a lesson who did not fall, with the exo that gives nothing or what `controller` does."""
    environment = twin.environment(twin.walkers(WALKERS, worn=True, scenario=lesson), seed=seed)
    recorder = _Recorder(environment, controller)
    walking, standing = twin.walking, np.ones(environment.size, np.bool_)
    ground = []
    for _ in range(round(SECONDS / CONTROL_STEP_S)):
        step = environment.step(walking.act(environment.observation()), recorder)
        ground.append(environment.ground_force_n[:, :, 2].copy())
        standing &= ~(step.terminated | step.truncated)
    angle, velocity, force = np.array(recorder.angle), np.array(recorder.velocity), np.array(ground)
    return [
        _due(JointTrack(angle[:, walker], velocity[:, walker]), force[:, walker], torque_nm)
        for walker in np.flatnonzero(standing)
    ]


def _due(joints: JointTrack, force_n: FloatArray, torque_nm: FloatArray) -> CycleTrack:
    """By the strides that the ground's force (K, 2) shows, of K control steps."""
    time_s = np.arange(len(joints.angle_rad)) / CONTROL_HZ
    due, known = np.zeros((len(time_s), len(SIDES))), np.zeros((len(time_s), len(SIDES)), np.bool_)
    for column, side in enumerate(SIDES):
        for stride in ground_contacts(side, force_n[:, column], CONTROL_STEP_S):
            inside = (time_s >= stride.start_s) & (time_s < stride.end_s)
            cycle = (time_s[inside] - stride.start_s) / (stride.end_s - stride.start_s)
            due[inside, column] = np.interp(cycle, _CYCLE, torque_nm)
            known[inside, column] = True
    return CycleTrack(joints, due, np.asarray(known.all(axis=1)))


def _samples(tracks: Sequence[CycleTrack], seed: int) -> tuple[Float32Array, Float32Array]:
    """Of all ticks whose whole history and torque are known, and of people who stand, who get nothing."""
    parts = []
    for track in tracks:
        inputs, targets = torque_samples(track.joints, track.torque_nm)
        first, last = HISTORY, HISTORY + len(inputs)
        ahead = len(track.known) - last  # by which targets lie ahead of what is seen
        known = track.known[first:last] & track.known[first + ahead : last + ahead]
        parts.append((inputs[known], targets[known]))
    parts.append(torque_samples(_standing(seed), np.zeros((_STANDING_TICKS, len(SIDES)))))
    seen, wanted = zip(*parts, strict=True)
    return np.concatenate(seen), np.concatenate(wanted)


def _standing(seed: int) -> JointTrack:
    rng = np.random.default_rng(seed)
    shape = (_STANDING_TICKS, len(SIDES))
    posture = np.repeat(rng.normal(*_STANDING_RAD, (_STANDING_TICKS // 20, len(SIDES))), 20, axis=0)
    return JointTrack(posture + rng.normal(0.0, _SWAY_RAD, shape), rng.normal(0.0, 0.05, shape))


def _lessons() -> list[Scenario]:
    by_key = {lesson.key: lesson for lesson in LESSONS}
    return [LEVEL_WALKING, *(by_key[key] for key in SPEEDS if key in by_key)]


class _Recorder(WornExo):
    """Keeps what its sensors read; gives the torque of a controller, or none."""

    def __init__(self, environment: WalkingEnvironment, controller: ExoController | None) -> None:
        self._gives = controller is not None
        super().__init__(controller or idle_controller(environment.exo_joint), environment)
        self.angle: list[FloatArray] = []
        self.velocity: list[FloatArray] = []

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        inputs = self.read_sensors(environment)
        angle, velocity = self.reading
        self.angle.append(angle.astype(np.float64))
        self.velocity.append(velocity.astype(np.float64))
        return self.torque_nm(self.act(inputs)) if self._gives else np.zeros((environment.size, len(SIDES)))
