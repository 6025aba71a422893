"""`exotwin bench student`: a controller from two thigh gyros against the controller that taught it.

The generic twin walks by the shipped policy with Hippo_L1; everything but the block `recorded` is simulated.
The pupil's torque is that of the C core, which reads the bytes of its package and what the simulated gyros
measured while the pupil itself assisted: with noise 0.05 rad/s, bias up to 0.05 rad/s, up to 15 degrees of
misplacement, 0 to 20 ms of delay and one sample in a hundred lost. No walk here was learned on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import radians
from pathlib import Path
from typing import Any

import numpy as np
import torch

from app.bench.student_recorded import bench_recorded
from app.bench.student_transitions import bench_transitions
from app.bench.told import tell
from app.train.virtual_people import default_twin
from core.deploy.keys.signature import PrivateKey
from core.deploy.manifest import Origin
from core.deploy.package import build_package, parse_package
from core.devices.profiles import load_profile, load_walking_controller
from core.domain.controller import ExoController, TrainedController
from core.domain.distillation import Agreement
from core.domain.gait_envelope import NOBODYS_GAIT
from core.domain.walk_measures import WalkRatios
from core.exo_core.controller import Controller
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.gyro_exo import GyroExo
from core.learning.exo.pupil_walks import PupilWalks, pupil_walks
from core.learning.exo.student_scores import (
    JUDGED_SPEEDS_M_S,
    SETTLED_TICKS,
    compared,
    judge,
    judged_walks,
    standing_nm,
    streamed,
)
from core.learning.exo.teachers import TwinTeacher, walk_at
from core.learning.exo.temporal_student import GYRO_FAULTS, DistillationSizes, Distiller
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.model.exo_sensors import Faults
from core.tasks.teacher_files import shipped_teacher

DEVICE = "Hippo_L1"
SEED = 0
HELD_OUT = 70_000  # seeds of starts that nothing was learned on
MISPLACED_DEG = (0.0, 5.0, 10.0, 15.0, 20.0)
HELP_SLOPES_DEG = (0.0, 5.0)
_TURNS, _TURN_STEPS = 12, 10


@dataclass(frozen=True, slots=True)
class _Sizes:
    walkers: int  # of each walk
    seconds: float
    help_walkers: int


def bench_student(recordings: Path, *, quick: bool) -> dict[str, Any]:
    """Blocks of numbers by name, ready for JSON.

    `quick` has the generic controller (12 N m) for a teacher; else it is the walking one (18 N m). Both ship.
    """
    torch.set_num_threads(1)
    teacher, words = _teacher(quick=quick)
    sizes = _Sizes(2, 6.0, 4) if quick else _Sizes(4, 8.0, 8)
    pupil, training = _taught(teacher, DistillationSizes())
    core = Controller(package_bytes(pupil))
    numbers: dict[str, Any] = {"simulated": True, "teacher": words, "training": training}
    blocks: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("tick", lambda: _tick(pupil, core)),
        ("standing_nm", lambda: round(standing_nm(pupil, GYRO_FAULTS, seed=HELD_OUT), 2)),
        ("recorded", lambda: bench_recorded(recordings, core, teacher.controller)),
        ("agreement", lambda: _agreement(teacher, pupil, core, sizes)),
        (
            "transitions",
            lambda: bench_transitions(teacher, pupil, core, walkers=sizes.walkers, seed=HELD_OUT + 50),
        ),
        ("misplacement", lambda: _misplacement(teacher, pupil, core, sizes)),
        ("help", lambda: _help(teacher, pupil, sizes)),
    )
    tell("training", training)
    for name, block in blocks:
        numbers[name] = block()
        tell(name, numbers[name])
    return numbers


def package_bytes(controller: ExoController) -> bytes:
    """The bytes that would go to the exo, signed by a key of this bench."""
    trained = TrainedController(
        controller, DEVICE, (), 0, 0.0, 1.0, 0.0, synthetic=True, envelope=NOBODYS_GAIT
    )
    origin = Origin("0" * 32, "0" * 32, "1.0.0", datetime.now(UTC), "", ())
    built = build_package(trained, load_profile(DEVICE), origin, PrivateKey.from_seed(bytes(32)))
    return parse_package(built.archive).device_bytes


def _teacher(*, quick: bool) -> tuple[TwinTeacher, str]:
    twin = default_twin(DEVICE)
    if quick:
        return TwinTeacher(twin, shipped_teacher("generic", DEVICE), "generic"), "generic, 12 N m"
    walking = load_walking_controller(DEVICE)
    return TwinTeacher(twin, walking, "walking"), f"walking, {walking.limits.peak_nm:g} N m"


def _taught(teacher: TwinTeacher, sizes: DistillationSizes) -> tuple[ExoController, dict[str, Any]]:
    """The pupil, how long it took, and how fast its walks were against the same walks by themselves."""
    began, cpu = time.monotonic(), time.process_time()
    distiller = Distiller(teacher, seed=SEED, sizes=sizes)
    rounds = [round(told.rmse_nm_kg, 4) for told in distiller]
    numbers = {
        "seconds": round(time.monotonic() - began, 1),
        "processor_seconds": round(time.process_time() - cpu, 1),
        "ticks": distiller.ticks,
        "rmse_before_each_round_nm_kg": rounds,
        "collecting_over_bare": round(_collecting_over_bare(teacher, distiller.controller), 3),
    }
    return distiller.controller, numbers


def _collecting_over_bare(teacher: TwinTeacher, controller: ExoController) -> float:
    """Speed of walks with pupil and teacher over the same walks without, in turns; the best turn of each.

    On a PC that does other things a mean would measure those.
    """
    taught = teacher.walks(judged_walks() * 5, seed=SEED, seconds=60.0)
    environment = taught.environment
    pupil = GyroExo(controller, environment, faults=GYRO_FAULTS, seed=SEED)
    best = {"bare": float("inf"), "collecting": float("inf")}
    for _ in range(_TURNS):
        for name in best:
            began = time.monotonic()
            if name == "bare":
                for _ in range(_TURN_STEPS):
                    environment.step(taught.act(environment.observation()), None)
            else:
                pupil_walks(taught, pupil, _TURN_STEPS * CONTROL_STEP_S, beta=0.0, seed=SEED)
            best[name] = min(best[name], time.monotonic() - began)
    return best["bare"] / best["collecting"]


def _agreement(teacher: TwinTeacher, pupil: ExoController, core: Controller, sizes: _Sizes) -> dict[str, Any]:
    scenarios = judged_walks()
    walks = judge(
        teacher,
        pupil,
        scenarios,
        walkers=sizes.walkers,
        seconds=sizes.seconds,
        seed=HELD_OUT,
        faults=GYRO_FAULTS,
    )
    numbers: dict[str, Any] = {}
    for number, scenario in enumerate(scenarios):
        rows = range(sizes.walkers * number, sizes.walkers * (number + 1))
        numbers[scenario.name] = told(by_core(scenario.name, walks, core, teacher.mass_kg, rows))
    everything = range(walks.age.shape[1])
    return numbers | {
        "all": told(by_core("all", walks, core, teacher.mass_kg, everything)),
        "falls": int(walks.falls.sum()),
        "walkers_each": sizes.walkers,
        "core_from_simulation_nm": _largest_difference(walks, core),
    }


def by_core(name: str, walks: PupilWalks, core: Controller, mass_kg: float, rows: range) -> Agreement:
    """Of the torque that the C core gives for what the gyros of these walkers told, where nobody fell."""
    own, told_nm = [], []
    for walker in rows:
        if walks.falls[walker]:
            continue
        own.append(_core_nm(walks, core, walker)[SETTLED_TICKS:])
        told_nm.append(walks.teacher_nm[SETTLED_TICKS : _length(walks, walker), walker])
    if not own:
        return Agreement(name, float("nan"), float("nan"))
    both = (np.concatenate(part).astype(np.float64) / mass_kg for part in (own, told_nm))
    return compared(name, *both)


def told(found: Agreement) -> dict[str, float]:
    return {
        "r": round(found.correlation, 4),
        "rmse_nm_kg": round(found.rmse_nm_kg, 4),
        "teacher_rms_nm_kg": round(found.teacher_rms_nm_kg, 4),
    }


def _length(walks: PupilWalks, walker: int) -> int:
    """Ticks of the first episode."""
    again = np.flatnonzero(walks.age[1:, walker] == 0)
    return int(again[0]) + 1 if len(again) else len(walks.age)


def _core_nm(walks: PupilWalks, core: Controller, walker: int) -> np.ndarray[Any, Any]:
    length = _length(walks, walker)
    core.reset()
    return core.run(walks.angle_rad[:length, walker], walks.turning_rad_s[:length, walker])


def _largest_difference(walks: PupilWalks, core: Controller) -> float:
    """Between the C core and the simulation's own torque, whose sums have another order [N m]."""
    walker = int(np.argmin(walks.falls))
    own = walks.pupil_nm[: _length(walks, walker), walker]
    return float(np.abs(_core_nm(walks, core, walker) - own).max())


def _misplacement(
    teacher: TwinTeacher, pupil: ExoController, core: Controller, sizes: _Sizes
) -> dict[str, Any]:
    return {
        f"{degrees:.0f} deg": _misplaced(teacher, pupil, core, degrees, sizes) for degrees in MISPLACED_DEG
    }


def _misplaced(
    teacher: TwinTeacher, pupil: ExoController, core: Controller, degrees: float, sizes: _Sizes
) -> dict[str, float]:
    """Both gyros turned by just so much, each about an axis of its own."""
    turn = radians(degrees)
    faults: Faults = replace(GYRO_FAULTS, misplacement_least_rad=turn, misplacement_rad=turn)
    scenarios = judged_walks()
    walks = judge(
        teacher, pupil, scenarios, walkers=sizes.walkers, seconds=5.0, seed=HELD_OUT + 7, faults=faults
    )
    found = by_core("", walks, core, teacher.mass_kg, range(walks.age.shape[1]))
    return told(found) | {"falls": int(walks.falls.sum())}


def _help(teacher: TwinTeacher, pupil: ExoController, sizes: _Sizes) -> dict[str, Any]:
    """Mean activation and positive joint power per metre over those without the exo; the pupil's sensors
    are faulty, the teacher's perfect."""
    numbers = {}
    for slope in HELP_SLOPES_DEG:
        for speed in JUDGED_SPEEDS_M_S:
            scenario = walk_at(speed, slope)
            evaluator = WalkEvaluator(
                teacher.twin,
                seeds=(HELD_OUT + 11, HELD_OUT + 12),
                scenario=scenario,
                walkers=sizes.help_walkers,
                faults=GYRO_FAULTS,
            )
            perfect = WalkEvaluator(
                teacher.twin, seeds=evaluator.seeds, scenario=scenario, walkers=sizes.help_walkers
            )
            without = evaluator.without_exo
            numbers[scenario.name] = {
                name: _less(WalkRatios.between(walks, without, per_metre=True)) | {"falls": walks.falls}
                for name, walks in (
                    ("pupil", evaluator.worn(pupil)),
                    ("teacher", perfect.worn(teacher.controller)),
                )
            }
    return numbers


def _less(ratios: WalkRatios) -> dict[str, float]:
    return {
        "activation": round(float(ratios.activation.mean()) - 1.0, 4),
        "positive_power": round(float(ratios.positive_power.mean()) - 1.0, 4),
        "metabolic": round(ratios.metabolic_of_both.mean - 1.0, 4),
    }


def _tick(pupil: ExoController, core: Controller) -> dict[str, Any]:
    """Bits of the core against numpy, and its time here; instructions on a Cortex-M7: see `long_bits`."""
    rng = np.random.default_rng(SEED)
    angle, turning = rng.normal(0.0, 0.3, (200, 2)), rng.normal(0.0, 2.0, (200, 2))
    core.reset()
    given = core.run(angle.astype(np.float32), turning.astype(np.float32))
    equal = given.tobytes() == streamed(pupil, angle, turning).tobytes()
    began = time.process_time()
    for _ in range(10):
        core.run(angle.astype(np.float32), turning.astype(np.float32))
    here_us = 1e6 * (time.process_time() - began) / 2000.0
    products = sum(weight.size for weight in pupil.network.weights)
    return {"bit_equal_to_numpy": equal, "products": products, "here_us": round(here_us, 1)}
