"""Reading `--plant`: a recorded motion, or a description of wearer, sensors and motors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JointKind
from core.domain.outside_arrays import read_arrays
from core.domain.outside_json import read_json_file
from core.errors import refuse
from core.virtual_exo.drive import DriveSettings
from core.virtual_exo.plant import PlantSettings
from core.virtual_exo.sensors import SensorSettings
from core.virtual_exo.wearer import WearerMotion, plain_ankle_walk, plain_walk

_SAMPLES_HZ = 200.0
# What a recorded motion holds; `lean` is that of the shank, the foot forward.
_COLUMNS = {
    JointKind.HIP_FLEXION: ("thigh_angle_rad",),
    JointKind.ANKLE: ("ankle_angle_rad", "shank_lean_rad"),
}
_DESCRIPTION = {"walk", "stand_s", "seed", "sensors", "drive"}


def load_plant(path: Path, joint: JointKind = JointKind.HIP_FLEXION) -> PlantSettings:
    """Read a `.npz` or `.json` with `time_s` (T,) and `thigh_angle_rad` (T, 2), left then right.

    For an exo at the ankle it holds `ankle_angle_rad` and `shank_lean_rad` instead.

    A `.json` may instead say `walk` (`stride_s`, `swing_rad`; at the ankle `stride_s`, `size`), and in both
    cases `stand_s`, `seed`, `sensors` and `drive` with the fields of `SensorSettings` and `DriveSettings`. A
    recorded motion repeats from its last sample to the first. Raises UserError EXO-020.
    """
    try:
        if path.suffix.lower() != ".json":
            return PlantSettings(_replayed(read_arrays(path), joint))
        return _described(read_json_file(path), joint)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise _unusable(path, joint, str(error)) from error


def _described(values: Mapping[str, Any], joint: JointKind) -> PlantSettings:
    recorded = {"time_s", *_COLUMNS[joint]}
    unknown = set(values) - recorded - _DESCRIPTION
    if unknown:
        raise ValueError(f"nobody knows {', '.join(sorted(unknown))}.")
    default = PlantSettings.usual(joint)
    motion = default.motion
    if recorded & set(values):
        motion = _replayed(values, joint)
    elif "walk" in values:
        motion = _walk(**values["walk"]) if joint is JointKind.HIP_FLEXION else _ankle_walk(**values["walk"])
    return PlantSettings(
        motion,
        float(values.get("stand_s", default.stand_s)),
        int(values.get("seed", default.seed)),
        SensorSettings(**_numbers(SensorSettings, values.get("sensors", {}))),
        DriveSettings(**_numbers(DriveSettings, values.get("drive", {}))),
    )


def _walk(stride_s: float = 1.1, swing_rad: float = 0.3) -> WearerMotion:
    return plain_walk(float(stride_s), float(swing_rad))


def _ankle_walk(stride_s: float = 1.1, size: float = 1.0) -> WearerMotion:
    return plain_ankle_walk(float(stride_s), float(size))


def _numbers(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers, booleans and tuples of numbers for the fields of a settings class, by their declaration."""
    known = {item.name: item.default for item in fields(kind)}
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"nobody knows {name}; there is {', '.join(known)}.")
        default = known[name]
        if isinstance(default, tuple):
            if len(value) != len(default):
                raise ValueError(f"{name} needs {len(default)} numbers.")
            found[name] = tuple(float(one) for one in value)
        else:
            found[name] = bool(value) if isinstance(default, bool) else float(value)
    return found


def _replayed(recorded: Mapping[str, Any], joint: JointKind) -> WearerMotion:
    time_s = np.asarray(recorded["time_s"], float)
    valid = time_s.ndim == 1 and len(time_s) >= 3 and (np.diff(time_s) > 0).all()
    angles = [np.asarray(recorded[name], float) for name in _COLUMNS[joint]]
    if not valid or not all(one.shape == (len(time_s), 2) and np.isfinite(one).all() for one in angles):
        raise ValueError("time must increase, with one left and one right angle per time.")
    period_s = float(time_s[-1] - time_s[0] + np.diff(time_s).mean())
    motions = [motion for angle in angles for motion in _repeating(time_s, angle, period_s)]
    return WearerMotion(period_s, *motions)


def _repeating(time_s: FloatArray, angle: FloatArray, period_s: float) -> tuple[FloatArray, FloatArray]:
    """Evenly spaced angle and velocity (T, 2) of a motion that begins again after its end."""
    count = max(3, round(period_s * _SAMPLES_HZ))
    even = np.arange(count) * period_s / count
    wrapped_s = np.append(time_s - time_s[0], period_s)
    wrapped: FloatArray = np.vstack([angle, angle[:1]])
    samples = np.stack([np.interp(even, wrapped_s, wrapped[:, side]) for side in (0, 1)], axis=1)
    velocity = (np.roll(samples, -1, axis=0) - np.roll(samples, 1, axis=0)) / (2.0 * period_s / count)
    return samples, velocity


def _unusable(path: Path, joint: JointKind, why: str) -> Exception:
    return refuse(
        "EXO-020",
        f"The wearer in {path.name} cannot be used.",
        f"The reason: {why}",
        f"Give a .npz or .json file with time_s (T) and {' and '.join(_COLUMNS[joint])} (T, 2).",
    )
