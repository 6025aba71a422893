"""How fast a twin learns, against MuJoCo's bare threaded rollout of the same walk in the same run.

Learning and the bare rollout take turns in short slices, so that whatever else the PC does slows both. The
bare rollout has the learner's model, threads, walkers, first states and controls, and takes all physics steps
of a round in one call: nothing looks at the walkers in between, nobody decides, nothing is learned.
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

from core.domain.arrays import FloatArray
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.learning.crew import walking_crews
from core.learning.imitation import GaitLearner
from core.simulation.exo import worn_model
from core.simulation.physics import Advance, BatchPhysics
from core.simulation.policy import PolicyNetworks
from core.simulation.walking import CONTROL_STEP_S, Walker, WalkingEnvironment
from core.tasks.learn_gait import WALKERS
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity

THREADS = 2
SLICES = 7  # of learning and of the bare rollout in turn
ROUNDS = 2  # of learning per slice
WARM_UP_ROUNDS = 2
SEED = 0
Worlds = tuple[WalkingEnvironment, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """The physics of one round as it was asked for. Axes: N walkers, K physics steps, U controls."""

    state: FloatArray  # (N, S) at its start
    control: FloatArray  # (N, K, U)


@dataclass(frozen=True, slots=True)
class Slice:
    """Wall time of the same number of physics steps."""

    learning_s: float
    bare_s: float


def bench_simulation() -> dict[str, Any]:
    """Throughput of learning in the torque stage, and the conditions."""
    torch.set_num_threads(1)  # as the job that learns does
    walker = Walker(worn_model(GENERIC_BODY, Fidelity.FAST, None), GENERIC_BODY, normal_reference())
    return {
        **{f"torque.{name}": value for name, value in _stage([walker] * WALKERS).items()},
        "threads": THREADS,
        "walkers": WALKERS,
        "slices": SLICES,
        "cores": psutil.cpu_count(logical=False),
        "load_average": round(psutil.getloadavg()[0], 2),
        "mujoco": mujoco.__version__,
    }


def _stage(walkers: Sequence[Walker]) -> dict[str, Any]:
    """Numbers of one stage of learning."""
    worlds = walking_crews(walkers, seed=SEED)
    learner, start = _learner(worlds)
    for _ in range(WARM_UP_ROUNDS):
        learner.learn_round(time.monotonic)
    crews = [walkers[number :: len(worlds)] for number in range(len(worlds))]  # as they were shared out
    models = [walker.model for crew in crews for walker in crew]
    with rollout.Rollout(nthread=THREADS) as bare:
        data = [mujoco.MjData(models[0]) for _ in range(THREADS)]
        slices = [_slice(worlds, learner, bare, models, data) for _ in range(SLICES)]
    steps = ROUNDS * learner.settings.horizon * len(walkers)
    step_s = worlds[0].physics.time_step_s
    return {
        **_rates(slices, steps, step_s),
        "start": start,
        "epochs": learner.settings.epochs,
        "physics_step_s": step_s,
        "control_step_s": CONTROL_STEP_S,
    }


def _learner(worlds: Worlds) -> tuple[GaitLearner, str]:
    """From the shipped policy when it fits: then the walkers walk and hardly fall."""
    networks: PolicyNetworks | None = shipped_policy()
    try:
        return GaitLearner(worlds, start=networks, seed=SEED), "shipped policy"
    except ValueError:  # of another layout of what is seen
        return GaitLearner(worlds, seed=SEED), "from scratch"


def _slice(worlds: Worlds, learner: GaitLearner, bare: Any, models: list[Any], data: list[Any]) -> Slice:
    """Learn some rounds by the clock, another to note its walk, and walk that again without learning."""
    learning_s = _seconds(lambda: [learner.learn_round(time.monotonic) for _ in range(ROUNDS)])
    walk = _walk(worlds, learner)
    steps = walk.control.shape[1]
    bare_s = _seconds(
        lambda: [bare.rollout(models, data, walk.state, walk.control, nstep=steps) for _ in range(ROUNDS)]
    )
    return Slice(learning_s, bare_s)


def _walk(worlds: Worlds, learner: GaitLearner) -> Walk:
    states = [world.state.copy() for world in worlds]
    physics = [world.physics for world in worlds]
    recorders = [_Recorder(each) for each in physics]
    for world, recorder in zip(worlds, recorders, strict=True):
        world.physics = cast(BatchPhysics, recorder)
    learner.learn_round(time.monotonic)
    for world, own in zip(worlds, physics, strict=True):
        world.physics = own
    controls = [np.concatenate(recorder.controls, axis=1) for recorder in recorders]
    return Walk(np.concatenate(states), np.concatenate(controls))


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
    return {
        "ratio_to_rollout": round(statistics.median(ratios), 3),
        "ratio_lowest": round(min(ratios), 3),
        "ratio_highest": round(max(ratios), 3),
        "control_steps_per_s": round(learned),
        "physics_steps_per_s": round(learned * CONTROL_STEP_S / time_step_s),
        "simulated_s_per_s": round(learned * CONTROL_STEP_S, 1),
        "bare_control_steps_per_s": round(bare),
        "bare_simulated_s_per_s": round(bare * CONTROL_STEP_S, 1),
    }


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
