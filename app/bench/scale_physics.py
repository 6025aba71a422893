"""MuJoCo Warp against MuJoCo in C: agreement on a walk, and steps per second of both.

The walk is that of the shipped policy with the exo worn. Every control interval of it is taken by both, each
time from the state it had in C. Without a graphics card Warp's kernels run on the processor, one body after
another, which is slow: its speed then says nothing of a graphics card.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

import mujoco
import numpy as np

from app.bench.assist import DEVICE
from app.train.virtual_people import default_twin
from core.domain.arrays import FloatArray
from core.domain.scenario import LEVEL_WALKING
from core.domain.units import GRAVITY_M_S2
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.model.model_sensors import SensorColumns
from core.simulation.physics.backend import cuda_devices
from core.simulation.physics.batch import STATE, Advance, BatchPhysics, Physics

if TYPE_CHECKING:
    from core.simulation.physics.warp_batch import WarpPhysics

SECONDS, WALKERS, SEED = 2.0, 2, 0
QUICK_SECONDS = 0.4
TIMED_BODIES = (16, 64, 256, 1024, 4096)
TIMED_STEPS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """What one call of a batch's physics was given. N walkers."""

    state: FloatArray  # (N, S)
    control: FloatArray  # (N, U)
    steps: int
    force: FloatArray | None  # (N, bodies, 6)


@dataclass(frozen=True, slots=True, eq=False)
class RecordedWalk:
    """The intervals of a walk, in their order."""

    models: list[mujoco.MjModel]
    intervals: list[Interval]


@dataclass(frozen=True, slots=True)
class Difference:
    """Largest differences of two advances from the same state, over the walkers."""

    position: float  # rad or m
    velocity: float  # rad/s or m/s
    activation: float
    actuator_force: float  # N of muscles, N m of joints, at the beginning
    ground_force_weights: float


def bench_physics(*, quick: bool) -> dict[str, Any]:
    """Agreement on a walk by torques and, unless `quick`, by 80 muscles; steps/s of growing batches."""
    if find_spec("mujoco_warp") is None:
        return {"skipped": "the extra “gpu” is not installed"}
    device = "cuda" if cuda_devices() else "cpu"
    seconds = QUICK_SECONDS if quick else SECONDS
    with tempfile.TemporaryDirectory() as folder:
        import warp

        if device == "cpu":
            warp.config.kernel_cache_dir = warp.config.kernel_cache_dir or folder
        walks = {"torques": recorded_walk(muscles=False, seconds=seconds)}
        if not quick:
            walks["80 muscles"] = recorded_walk(muscles=True, seconds=seconds)
        return {
            "device": device,
            "agreement": {name: _agreement(walk, device) for name, walk in walks.items()},
            "steps_per_s": {name: _speeds(walk, device, quick=quick) for name, walk in walks.items()},
        }


def recorded_walk(*, muscles: bool, seconds: float = SECONDS, walkers: int = WALKERS) -> RecordedWalk:
    """The default twin walks with the exo, which gives no torque, by the shipped policy."""
    twin = default_twin(DEVICE, muscles=muscles)
    environment = twin.environment(
        twin.walkers(walkers, worn=True, scenario=LEVEL_WALKING), seed=SEED, threads=1
    )
    recorder = _Recorder(environment.physics)
    environment.physics = cast(Physics, recorder)
    for _ in range(round(seconds / CONTROL_STEP_S)):
        environment.step(twin.networks.act(environment.observation()))
    return RecordedWalk(recorder.models, recorder.intervals)


def differences(walk: RecordedWalk, physics: WarpPhysics | PhysicsInC) -> list[Difference]:
    """Of `physics` from C, interval by interval."""
    c = PhysicsInC(walk.models, threads=1)
    columns = SensorColumns.of(walk.models[0])
    weight_n = GRAVITY_M_S2 * float(walk.models[0].body_mass.sum())
    found = []
    for one in walk.intervals:
        ours, theirs = (
            each.advance(one.state, one.control, one.steps, force=one.force) for each in (c, physics)
        )
        ground = [columns.ground_force_n(each.sensor) for each in (ours, theirs)]
        found.append(
            Difference(
                _largest(c.position(ours.state), c.position(theirs.state)),
                _largest(c.velocity(ours.state), c.velocity(theirs.state)),
                _largest(c.activation(ours.state), c.activation(theirs.state)),
                _largest(
                    *(each.actuator_force(one.state, one.control, force=one.force) for each in (c, physics))
                ),
                _largest(*ground) / weight_n,
            )
        )
    return found


class PhysicsInC(BatchPhysics):
    """That of a PC without a graphics card; it also tells what actuators give, as that of a card does."""

    def actuator_force(
        self, state: FloatArray, control: FloatArray, *, force: FloatArray | None = None
    ) -> FloatArray:
        """Forces (N, U) [N], torques [N m], with which actuators begin a step, whatever `force` is."""
        found = []
        for model, at, asked in zip(self.models, state, control, strict=True):
            data = mujoco.MjData(model)
            mujoco.mj_setState(model, data, at, STATE)
            data.ctrl[:] = asked
            mujoco.mj_forward(model, data)
            found.append(data.actuator_force.copy())
        return np.array(found)


class _Recorder:
    """Physics that notes what it is given."""

    def __init__(self, physics: Physics) -> None:
        self._physics = physics
        self.intervals: list[Interval] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._physics, name)

    def advance(
        self,
        state: FloatArray,
        control: FloatArray,
        steps: int,
        *,
        force: FloatArray | None = None,
        models: Sequence[mujoco.MjModel] | None = None,
    ) -> Advance:
        self.intervals.append(Interval(state.copy(), control.copy(), steps, force))
        return self._physics.advance(state, control, steps, force=force, models=models)


def _agreement(walk: RecordedWalk, device: str) -> dict[str, Any]:
    from core.simulation.physics.warp_batch import WarpPhysics

    found = differences(walk, WarpPhysics(walk.models, device=device))
    told: dict[str, Any] = {"intervals": len(found), "walkers": len(walk.models)}
    for name in Difference.__slots__:
        values = np.array([getattr(one, name) for one in found])
        told[name] = {"median": _short(np.median(values)), "largest": _short(values.max())}
    return told


def _speeds(walk: RecordedWalk, device: str, *, quick: bool) -> list[dict[str, Any]]:
    """Physics steps of all bodies together per second, in turn."""
    from core.simulation.physics.warp_batch import WarpPhysics

    first, told = walk.intervals[0], []
    sizes = TIMED_BODIES if device == "cuda" else TIMED_BODIES[:1] if quick else TIMED_BODIES[:2]
    for bodies in sizes:
        models = [walk.models[0]] * bodies
        state, control = (np.repeat(part[:1], bodies, axis=0) for part in (first.state, first.control))
        c, warped = BatchPhysics(models, threads=2), WarpPhysics(models, device=device)
        warped.advance(state, control, 2)  # compiles, and records the step on a graphics card
        seconds: dict[str, float] = {}
        for _ in range(2):
            for name, physics in (("c", c), ("warp", warped)):
                started = time.perf_counter()
                physics.advance(state, control, TIMED_STEPS)
                taken = time.perf_counter() - started
                seconds[name] = min(taken, seconds.get(name, taken))
        rates = {name: round(bodies * TIMED_STEPS / taken) for name, taken in seconds.items()}
        told.append({"bodies": bodies, **rates, "ratio": round(rates["warp"] / rates["c"], 4)})
    return told


def _largest(one: FloatArray, other: FloatArray) -> float:
    return float(np.abs(one - other).max(initial=0.0))


def _short(value: float) -> float:
    return float(f"{value:.2g}")
