"""Real walks drive a pupil with thigh gyros: nobody wore an exo in them, so its torque changes nothing.

One adult on a treadmill (61 s) and six young people (a few strides each). The gyros are computed from the
recorded motion. The controller was made for the generic twin; its torque goes to people of 25 to 75 kg here,
of which only signs and times count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.kinetics_opensim import WALKS, read_walk, table_of
from app.bench.kinetics_pig import PEOPLE
from app.bench.recorded_walks import WALK36, required_file
from core.domain.arrays import Float32Array, FloatArray
from core.domain.body import SIDES
from core.domain.controller import ExoController
from core.exo_core.controller import Controller
from core.kinetics.smoothing import low_pass
from core.laboratory.c3d import read_c3d
from core.laboratory.trial import read_trial
from core.learning.exo.student_scores import streamed

_RATE_HZ = 100.0
_GYRO_HZ = 15.0  # what a gyro on a strap still tells; markers are noisier
_MOMENT_HZ = 6.0
_SETTLED = 50  # ticks
_LAGS_S = np.arange(-0.2, 0.5, 0.01)
_FOLDER = "multi-subject-c3d"


@dataclass(frozen=True, slots=True, eq=False)
class _Felt:
    """One recorded walk. Axes: T ticks of 10 ms, 2 sides. NaN moments where no plate was hit alone."""

    name: str
    thigh_rad_s: FloatArray  # (T, 2) lower end forward
    hip_rad: FloatArray  # (T, 2) flexion
    hip_rad_s: FloatArray  # (T, 2)
    moment: FloatArray  # (T, 2) of the hip, flexion positive, any unit


def bench_recorded(recordings: Path, core: Controller, teacher: ExoController) -> dict[str, Any]:
    """By walk and over all six young people: real motion, the controllers' torque open loop.

    Beside the pupil its teacher, which reads the hips' angles of the same walks.
    """

    def pupil_nm(walk: _Felt) -> Float32Array:
        core.reset()
        thighs = walk.thigh_rad_s.astype(np.float32)
        return core.run(0.0 * thighs, thighs)

    def teacher_nm(walk: _Felt) -> Float32Array:
        return streamed(teacher, walk.hip_rad, walk.hip_rad_s)

    adult, young = _walk36(recordings), list(_young_people(recordings))
    return {
        "real_motion": True,
        "walk36": _judged([adult], pupil_nm),
        "walk36, teacher": _judged([adult], teacher_nm),
        "six young people": _judged(young, pupil_nm),
        "six young people, teacher": _judged(young, teacher_nm),
        "by_person": {one.name: _judged([one], pupil_nm) for one in young},
    }


def _judged(walks: list[_Felt], torque_of: Callable[[_Felt], Float32Array]) -> dict[str, Any]:
    """Share of positive work against the measured hip's movement, and the lag behind its measured moment."""
    worked = braked = with_muscles = against_muscles = seconds = 0.0
    pairs = []
    for walk in walks:
        torque = torque_of(walk)[_SETTLED:].astype(np.float64)
        power = torque * walk.hip_rad_s[_SETTLED:]
        worked += float(np.maximum(power, 0.0).sum())
        braked += float(np.maximum(-power, 0.0).sum())
        seconds += len(torque) / _RATE_HZ
        moment = walk.moment[_SETTLED:]
        measured = moment * walk.hip_rad_s[_SETTLED:]
        known = np.isfinite(measured)
        alike = np.abs(power[known]) * (np.sign(power[known]) == np.sign(measured[known]))
        with_muscles += float(alike.sum())
        against_muscles += float(np.abs(power[known]).sum() - alike.sum())
        pairs.append((torque, moment))
    return {
        "seconds": round(seconds, 1),
        "positive_work_share": round(worked / max(worked + braked, 1e-9), 3),
        "work_where_hip_power_has_its_sign": round(
            with_muscles / max(with_muscles + against_muscles, 1e-9), 3
        ),
        "lag_behind_hip_moment_ms": _lag_ms(pairs),
    }


def _lag_ms(pairs: list[tuple[FloatArray, FloatArray]]) -> int | None:
    """The shift by which the torque resembles the hip's moment most; None where no moment is known."""
    shifts = np.round(_LAGS_S * _RATE_HZ).astype(int)
    found = []
    for shift in shifts:
        own, told = [], []
        for torque, moment in pairs:
            rows = np.arange(len(moment))
            later = rows + shift
            inside = (later >= 0) & (later < len(moment))
            for side in range(len(SIDES)):
                use = inside & np.isfinite(moment[:, side])
                own.append(torque[later[use], side])
                told.append(moment[use, side])
        a, b = np.concatenate(own), np.concatenate(told)
        found.append(float(np.corrcoef(a, b)[0, 1]) if len(a) > _SETTLED else -1.0)
    return round(1e3 * float(_LAGS_S[int(np.argmax(found))])) if max(found) > 0.0 else None


def _walk36(recordings: Path) -> _Felt:
    """Thigh by pelvis tilt and hip flexion: both turn about the axis to the right."""
    data = read_walk(recordings, next(walk for walk in WALKS if walk.name == "walk36"))
    columns = {name: data.value[:, number] for number, name in enumerate(data.model.coordinates)}
    hips = np.stack([columns[f"hip_flexion_{side.suffix}"] for side in SIDES], axis=1)
    thighs = hips + columns["pelvis_tilt"][:, None]
    table, _ = table_of(required_file(recordings, f"{WALK36}/id.sto"))
    found = np.stack([table[f"hip_flexion_{side.suffix}_moment"] for side in SIDES], axis=1)
    moment = np.stack(
        [np.interp(data.time_s, table["time"], found[:, side]) for side in range(len(SIDES))], axis=1
    )
    moment = low_pass(moment, _RATE_HZ, _MOMENT_HZ)
    return _Felt("walk36", _rate(thighs), hips, _rate(hips), moment)


def _young_people(recordings: Path) -> Iterator[_Felt]:
    for name, (_, walk) in PEOPLE.items():
        path = required_file(recordings, f"{_FOLDER}/{name}/{name}{walk}.c3d")
        trial, outputs = read_trial(path), read_c3d(path)
        thigh = np.stack([_turning(trial, side.suffix.upper()) for side in SIDES], axis=1)
        angle, moment = (
            np.stack([_output(outputs, f"{side.suffix.upper()}{what}") for side in SIDES], axis=1)
            for what in ("HipAngles", "HipMoment")
        )
        rows = _longest(np.all(np.isfinite([thigh, angle]), axis=(0, 2)))
        hips = np.radians(angle[rows])
        # Plug-in-Gait's moment is extension positive, and zero where no plate was hit.
        told = np.where(moment[rows] == 0.0, np.nan, -moment[rows])
        yield _Felt(name, low_pass(thigh[rows], _RATE_HZ, _GYRO_HZ), hips, _rate(hips), told)


def _output(file: Any, label: str) -> FloatArray:
    """Sagittal component (T,)."""
    column = list(file.output_labels).index(label)
    return np.asarray(file.outputs[:, column, 0], dtype=np.float64)


def _turning(trial: Any, letter: str) -> FloatArray:
    """Turning (T,) of a Plug-in-Gait thigh about its own axis to the right, by its points."""
    knee, hip, left = (
        np.asarray(trial.marker_m[:, trial.marker_names.index(f"{letter}FE{point}")], dtype=np.float64)
        for point in "OPL"
    )
    up, right = _unit(hip - knee), _unit(knee - left)
    forward = _unit(np.cross(up, right))
    # Of a frame that turns, the turning about one axis is the rate of the next along the third.
    rate = np.gradient(up, 1.0 / _RATE_HZ, axis=0)
    return -np.asarray((rate * forward).sum(axis=1))


def _unit(vector: FloatArray) -> FloatArray:
    found: FloatArray = vector / np.linalg.norm(vector, axis=-1, keepdims=True)
    return found


def _rate(angle_rad: FloatArray) -> FloatArray:
    found: FloatArray = np.gradient(low_pass(angle_rad, _RATE_HZ, _GYRO_HZ), 1.0 / _RATE_HZ, axis=0)
    return found


def _longest(known: np.ndarray) -> slice:
    """The longest run without gaps."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(int), [0]])))
    begins, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - begins)) if len(begins) else 0
    return slice(int(begins[best]), int(ends[best])) if len(begins) else slice(0, 0)
