"""How fast a twin or its exo's controller learns, against MuJoCo's bare threaded rollout of the same walk.

Learning and the bare rollout take turns in short slices, so that whatever else the PC does slows both. The
bare rollout has the learner's models, threads, walkers, first states and controls, and takes all physics
steps of an iteration in one call: without observations, policy or learning in between.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import mujoco
import numpy as np
import psutil
import torch
from mujoco import rollout

from app.bench.assist import DEVICE
from app.train.virtual_people import default_twin
from core.devices.profiles import load_default_controller
from core.domain.arrays import FloatArray
from core.domain.controller import Aim
from core.domain.twin import GENERIC_BODY
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.lesson_walks import record_lessons
from core.learning.exo.lessons import LESSONS, LessonPlan
from core.learning.exo.study import Study
from core.learning.exo.surrogate import SurrogateCost
from core.learning.exo.training import CRITIC_ITERATIONS, BestController, ExoLearner
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.gait.imitation import gait_learner
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.simulation.physics.batch import Advance, Physics
from core.tasks.learn_gait import WALKERS
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity

THREADS = 2
SLICES = 7  # of learning and of the bare rollout in turn
STEPS = 8192  # control steps of all walkers together in a slice
WARM_UP_ITERATIONS = 2
STUDY_WALKERS, STUDY_S = 2, 3.0  # of each lesson
SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class RecordedRollout:
    """The states and controls of one iteration. Axes: N walkers, K physics steps, U controls."""

    state: FloatArray  # (N, S) at its start
    control: FloatArray  # (N, K, U)


@dataclass(frozen=True, slots=True)
class Slice:
    """What the same number of physics steps took, by the clock and on all cores together."""

    learning_s: float
    bare_s: float
    learning_cpu_s: float
    bare_cpu_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Learning:
    """One kind of learning, ready to run."""

    iterate: Callable[[], object]  # one iteration of PPO
    environments: Sequence[WalkingEnvironment]
    horizon: int
    epochs: int

    @property
    def walkers(self) -> int:
        return sum(environment.size for environment in self.environments)

    @property
    def iterations(self) -> int:
        """In a slice."""
        return max(1, STEPS // (self.horizon * self.walkers))


def bench_simulation() -> dict[str, Any]:
    """Throughput of learning to walk and of training the exo, each by torques and by muscles."""
    torch.set_num_threads(1)  # as the job that learns does
    numbers: dict[str, Any] = {}
    for name, learning in STAGES.items():
        numbers |= {f"{name}.{key}": value for key, value in _stage(learning()).items()}
    return numbers | {
        "threads": THREADS,
        "slices": SLICES,
        "cores": psutil.cpu_count(logical=False),
        "load_average": round(psutil.getloadavg()[0], 2),
        "mujoco": mujoco.__version__,
    }


def _walking(fidelity: Fidelity) -> Learning:
    """A trained policy learns on: hardly any episode ends early."""
    muscles = fidelity is not Fidelity.FAST
    model = worn_model(GENERIC_BODY, fidelity, None, surfaces=False)
    walker = Walker(model, GENERIC_BODY, normal_walk(Leg.of(GENERIC_BODY.scale)))
    start = shipped_policy(muscles=muscles)
    learner = gait_learner([walker] * WALKERS, start=start, seed=SEED, muscles=muscles)
    horizon, epochs = learner.settings.horizon, learner.settings.epochs
    return Learning(lambda: learner.learn_iteration(time.monotonic), learner.environments, horizon, epochs)


def _exo(fidelity: Fidelity) -> Learning:
    """The default controller learns on, in all lessons."""
    twin = default_twin(DEVICE, muscles=fidelity is not Fidelity.FAST)
    study, start = _short_study(default_twin(DEVICE, muscles=False)), load_default_controller(DEVICE)
    best = BestController(WalkEvaluator(twin, seeds=()), Aim.MUSCLES)
    learner = ExoLearner(twin, study, start, Aim.MUSCLES, seed=SEED, best=best)

    def iterate() -> None:
        # Neither the shorter updates of the beginning nor the walks that choose the best controller.
        learner.iterations = CRITIC_ITERATIONS
        learner.learn_iteration(time.monotonic, 0.5)

    walking = [environment.walking for environment in learner.environments]
    return Learning(iterate, walking, learner.settings.horizon, learner.settings.epochs)


STAGES: dict[str, Callable[[], Learning]] = {
    "torque": lambda: _walking(Fidelity.FAST),
    "muscles80": lambda: _walking(Fidelity.STANDARD),
    "exo_torque": lambda: _exo(Fidelity.FAST),
    "exo_muscles80": lambda: _exo(Fidelity.STANDARD),
}


def _short_study(twin: TwinInExo) -> Study:
    """A few short walks: what is learned is not measured, only how fast."""
    plan = LessonPlan.of(LESSONS, STUDY_WALKERS * len(LESSONS))
    walks = record_lessons(twin, plan, None, worn=True, seed=SEED, seconds=STUDY_S)
    assert walks.frames is not None
    surrogate = SurrogateCost(walks.frames, sided=False, seed=SEED)
    cost = np.tile(walks.frames.costs.mean(axis=0), (len(LESSONS), 1))
    return Study(LESSONS, surrogate, cost, np.ones(len(LESSONS)), (walks,), symmetric=True)


def _stage(learning: Learning) -> dict[str, Any]:
    """Numbers of one kind of learning."""
    for _ in range(WARM_UP_ITERATIONS):
        learning.iterate()
    models = [model for environment in learning.environments for model in environment.physics.models]
    with rollout.Rollout(nthread=THREADS) as bare:
        data = [mujoco.MjData(models[0]) for _ in range(THREADS)]
        slices = [_slice(learning, bare, models, data) for _ in range(SLICES)]
    steps = learning.iterations * learning.horizon * learning.walkers
    time_step_s = learning.environments[0].physics.time_step_s
    return {
        **_rates(slices, steps, time_step_s),
        "walkers": learning.walkers,
        "epochs": learning.epochs,
        "physics_step_s": time_step_s,
        "control_step_s": CONTROL_STEP_S,
    }


def _slice(learning: Learning, bare: Any, models: list[Any], data: list[Any]) -> Slice:
    """Time some iterations, record the controls of another one, and time its bare rollout."""
    each = range(learning.iterations)
    learning_s, learning_cpu_s = _seconds(lambda: [learning.iterate() for _ in each])
    recorded = _recorded_rollout(learning)
    steps = recorded.control.shape[1]
    bare_s, bare_cpu_s = _seconds(
        lambda: [bare.rollout(models, data, recorded.state, recorded.control, nstep=steps) for _ in each]
    )
    return Slice(learning_s, bare_s, learning_cpu_s, bare_cpu_s)


def _recorded_rollout(learning: Learning) -> RecordedRollout:
    environments = learning.environments
    states = [environment.state.copy() for environment in environments]
    physics = [environment.physics for environment in environments]
    recorders = [_RecordingPhysics(each) for each in physics]
    for environment, recorder in zip(environments, recorders, strict=True):
        environment.physics = cast(Physics, recorder)
    learning.iterate()
    for environment, own in zip(environments, physics, strict=True):
        environment.physics = own
    controls = [np.concatenate(recorder.controls, axis=1) for recorder in recorders]
    return RecordedRollout(np.concatenate(states), np.concatenate(controls))


class _RecordingPhysics:
    """Physics that records its controls."""

    def __init__(self, physics: Physics) -> None:
        self._physics = physics
        self.controls: list[FloatArray] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._physics, name)

    def advance(self, state: FloatArray, control: FloatArray, steps: int) -> Advance:
        self.controls.append(np.repeat(control[:, None], steps, axis=1))
        return self._physics.advance(state, control, steps)


def _rates(slices: list[Slice], steps: int, time_step_s: float) -> dict[str, float]:
    """Medians over the slices, and how far the ratio varied. `steps` control steps were taken in each."""
    ratios = [one.bare_s / one.learning_s for one in slices]
    learned = steps / statistics.median(one.learning_s for one in slices)
    bare = steps / statistics.median(one.bare_s for one in slices)
    work = statistics.median(one.bare_cpu_s / one.learning_cpu_s for one in slices)
    return {
        "ratio_to_rollout": round(statistics.median(ratios), 3),
        "ratio_lowest": round(min(ratios), 3),
        "ratio_highest": round(max(ratios), 3),
        "cpu_ratio_to_rollout": round(work, 3),  # hardly changed by what else the PC does
        "control_steps_per_s": round(learned),
        "physics_steps_per_s": round(learned * CONTROL_STEP_S / time_step_s),
        "simulated_s_per_s": round(learned * CONTROL_STEP_S, 1),
        "bare_control_steps_per_s": round(bare),
        "bare_simulated_s_per_s": round(bare * CONTROL_STEP_S, 1),
    }


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """By the clock, and of all threads of this program."""
    started, cpu_started = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - cpu_started
