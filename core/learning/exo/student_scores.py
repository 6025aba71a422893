"""How near a pupil comes to its teacher: torque against torque in the same moments of simulated walks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.controller import ExoController
from core.domain.distillation import Agreement
from core.domain.scenario import Scenario
from core.exo_core.numpy_runtime import ExoRuntime
from core.learning.exo.gyro_exo import GyroExo
from core.learning.exo.pupil_walks import PupilWalks, pupil_walks
from core.learning.exo.teachers import Teacher, walk_at
from core.simulation.model.exo_sensors import Faults

JUDGED_SPEEDS_M_S = (0.75, 1.25, 1.75)
JUDGED_SLOPES_DEG = (-5.0, 0.0, 5.0)
SETTLED_TICKS = 100  # after a start in mid-stride: not judged
_STANDS_TICKS = 500
_SWAY_HZ = 0.4


def judged_walks() -> list[Scenario]:
    """Three speeds on three slopes."""
    return [walk_at(speed, slope) for speed in JUDGED_SPEEDS_M_S for slope in JUDGED_SLOPES_DEG]


def judge(
    teacher: Teacher,
    controller: ExoController,
    scenarios: Sequence[Scenario],
    *,
    walkers: int,
    seconds: float,
    seed: int,
    faults: Faults,
) -> PupilWalks:
    """Walks with the pupil's torque, `walkers` of each scenario side by side."""
    each = [one for one in scenarios for _ in range(walkers)]
    taught = teacher.walks(each, seed=seed, seconds=seconds)
    pupil = GyroExo(controller, taught.environment, faults=faults, seed=seed)
    return pupil_walks(taught, pupil, seconds, beta=0.0, seed=seed)


def agreements(
    walks: PupilWalks, scenarios: Sequence[Scenario], walkers: int, mass_kg: float
) -> tuple[Agreement, ...]:
    """Of each scenario of `judge`."""
    found = []
    for number, scenario in enumerate(scenarios):
        rows = slice(walkers * number, walkers * (number + 1))
        found.append(agreement(scenario.name, (walks,), mass_kg, rows))
    return tuple(found)


def agreement(name: str, walks: Sequence[PupilWalks], mass_kg: float, rows: slice = slice(None)) -> Agreement:
    """Over all ticks that count, of the walkers in `rows`."""
    kept = [_counted(one)[:, rows] for one in walks]
    own = _joined([one.pupil_nm[:, rows] for one in walks], kept) / mass_kg
    told = _joined([one.teacher_nm[:, rows] for one in walks], kept) / mass_kg
    return compared(name, own, told)


def compared(name: str, own: FloatArray, told: FloatArray) -> Agreement:
    """Of torques of any equal shape [N m/kg]."""
    rms = float(np.sqrt(np.mean(told**2))) if told.size else 0.0
    if not told.size or own.std() == 0.0 or told.std() == 0.0:
        error = float(np.sqrt(np.mean((own - told) ** 2))) if told.size else float("nan")
        return Agreement(name, 0.0, error, rms)
    correlation = float(np.corrcoef(own.ravel(), told.ravel())[0, 1])
    return Agreement(name, correlation, float(np.sqrt(np.mean((own - told) ** 2))), rms)


def standing_nm(controller: ExoController, faults: Faults, *, seed: int, people: int = 4) -> float:
    """The largest torque [N m] while somebody stands and sways, with the faults of the sensors."""
    rng, largest = np.random.default_rng(seed), 0.0
    sway = np.sin(2.0 * np.pi * _SWAY_HZ * np.arange(_STANDS_TICKS) / controller.control_hz)[:, None]
    for _ in range(people):
        bias = rng.uniform(-faults.gyroscope_bias_rad_s, faults.gyroscope_bias_rad_s, 2)
        noise = rng.normal(0.0, faults.gyroscope_noise_rad_s, (_STANDS_TICKS, 2))
        torque = streamed(controller, 0.0 * noise, 0.02 * sway + bias + noise)
        largest = max(largest, float(np.abs(torque).max()))
    return largest


def streamed(controller: ExoController, angle_rad: FloatArray, turning_rad_s: FloatArray) -> Float32Array:
    """Torque (T, 2) [N m] as the exo computes it, for what its sensors read (T, 2)."""
    runtime = ExoRuntime(controller)
    rows = zip(angle_rad.astype(np.float32), turning_rad_s.astype(np.float32), strict=True)
    return np.array([runtime.step(angle, turning) for angle, turning in rows], np.float32)


def _counted(walks: PupilWalks) -> BoolArray:
    settled: BoolArray = walks.counted & (walks.age >= SETTLED_TICKS)
    return settled


def _joined(values: Sequence[Float32Array], kept: Sequence[BoolArray]) -> FloatArray:
    return np.concatenate([one[rows] for one, rows in zip(values, kept, strict=True)]).astype(np.float64)
