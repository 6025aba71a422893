"""How fast a twin learns, against MuJoCo's bare threaded rollout of the same walk in the same run.

Learning and the bare rollout take turns in short slices, so that whatever else the PC does slows both. The
bare rollout has the learner's model, threads, walkers, first states and controls, and takes all physics steps
of a round in one call: nothing looks at the walkers in between, nobody decides, nothing is learned.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import mujoco
import numpy as np
import psutil
import torch
from mujoco import rollout

from core.domain.arrays import FloatArray
from core.domain.twin import GENERIC_BODY
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk
from core.learning.gait.imitation import GaitLearner, gait_learner
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.tracking import Walker
from core.simulation.model.exo_model import worn_model
from core.simulation.physics.batch import Advance, BatchPhysics
from core.tasks.learn_gait import WALKERS
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity

THREADS = 2
SLICES = 7  # of learning and of the bare rollout in turn
ROUNDS = 2  # of learning per slice
WARM_UP_ROUNDS = 2
STAGES = {"torque": Fidelity.FAST, "muscles80": Fidelity.STANDARD}
SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class WalkResult:
    """The physics of one round as it was asked for. Axes: N walkers, K physics steps, U controls."""

    state: FloatArray  # (N, S) at its start
    control: FloatArray  # (N, K, U)


@dataclass(frozen=True, slots=True)
class Slice:
    """What the same number of physics steps took, by the clock and on all cores together."""

    learning_s: float
    bare_s: float
    learning_cpu_s: float
    bare_cpu_s: float


def bench_simulation() -> dict[str, Any]:
    """Throughput of learning in both stages, and the conditions."""
    torch.set_num_threads(1)  # as the job that learns does
    numbers: dict[str, Any] = {}
    for name, fidelity in STAGES.items():
        numbers |= {f"{name}.{key}": value for key, value in _stage(fidelity).items()}
    return numbers | {
        "threads": THREADS,
        "walkers": WALKERS,
        "slices": SLICES,
        "cores": psutil.cpu_count(logical=False),
        "load_average": round(psutil.getloadavg()[0], 2),
        "mujoco": mujoco.__version__,
    }


def _stage(fidelity: Fidelity) -> dict[str, Any]:
    """Numbers of one stage of learning."""
    muscles = fidelity is not Fidelity.FAST
    model = worn_model(GENERIC_BODY, fidelity, None, surfaces=False)
    walker = Walker(model, GENERIC_BODY, normal_walk(Leg.of(GENERIC_BODY.scale)))
    start = shipped_policy(muscles=muscles)  # the walkers walk and hardly fall
    learner = gait_learner([walker] * WALKERS, start=start, seed=SEED, muscles=muscles)
    for _ in range(WARM_UP_ROUNDS):
        learner.learn_iteration(time.monotonic)
    with rollout.Rollout(nthread=THREADS) as bare:
        data = [mujoco.MjData(model) for _ in range(THREADS)]
        slices = [_slice(learner, bare, [model] * WALKERS, data) for _ in range(SLICES)]
    steps = ROUNDS * learner.settings.horizon * WALKERS
    return {
        **_rates(slices, steps, model.opt.timestep),
        "epochs": learner.settings.epochs,
        "physics_step_s": model.opt.timestep,
        "control_step_s": CONTROL_STEP_S,
    }


def _slice(learner: GaitLearner, bare: Any, models: list[Any], data: list[Any]) -> Slice:
    """Learn some rounds by the clock, another to note its walk, and walk that again without learning."""
    learning_s, learning_cpu_s = _seconds(
        lambda: [learner.learn_iteration(time.monotonic) for _ in range(ROUNDS)]
    )
    walk = _walk(learner)
    steps = walk.control.shape[1]
    bare_s, bare_cpu_s = _seconds(
        lambda: [bare.rollout(models, data, walk.state, walk.control, nstep=steps) for _ in range(ROUNDS)]
    )
    return Slice(learning_s, bare_s, learning_cpu_s, bare_cpu_s)


def _walk(learner: GaitLearner) -> WalkResult:
    worlds = learner.environments
    states = [world.state.copy() for world in worlds]
    physics = [world.physics for world in worlds]
    recorders = [_Recorder(each) for each in physics]
    for world, recorder in zip(worlds, recorders, strict=True):
        world.physics = cast(BatchPhysics, recorder)
    learner.learn_iteration(time.monotonic)
    for world, own in zip(worlds, physics, strict=True):
        world.physics = own
    controls = [np.concatenate(recorder.controls, axis=1) for recorder in recorders]
    return WalkResult(np.concatenate(states), np.concatenate(controls))


class _Recorder:
    """Physics that writes down its controls."""

    def __init__(self, physics: BatchPhysics) -> None:
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
