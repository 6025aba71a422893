"""The world around the virtual exo: a wearer who walks, and two motors."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.domain.arrays import Float32Array, FloatArray
from core.errors import refuse

MOTOR_TIME_CONSTANT_S = 0.015  # first-order torque tracking


@dataclass(frozen=True, slots=True, eq=False)
class WearerMotion:
    """Thigh motion, repeated for ever. Axes: T samples, 2 sides (left, right)."""

    period_s: float
    angle_rad: FloatArray  # (T, 2) evenly spaced over the period; flexion positive
    velocity_rad_s: FloatArray  # (T, 2)

    def at(self, time_s: float) -> tuple[Float32Array, Float32Array]:
        """Angle and velocity (2,) at a time since the start."""
        count = len(self.angle_rad)
        position = time_s / self.period_s % 1.0 * count
        first = int(position) % count
        share = position - int(position)
        second = (first + 1) % count
        return (
            ((1 - share) * self.angle_rad[first] + share * self.angle_rad[second]).astype(np.float32),
            ((1 - share) * self.velocity_rad_s[first] + share * self.velocity_rad_s[second]).astype(
                np.float32
            ),
        )


def normal_walk(period_s: float = 1.1, samples: int = 220) -> WearerMotion:
    """A plain walk: the first two harmonics of a thigh, the sides half a cycle apart."""
    cycle = 2.0 * np.pi * np.arange(samples)[:, None] / samples + np.array([[0.0, np.pi]])
    angle = 0.1 + 0.3 * np.cos(cycle) + 0.04 * np.cos(2.0 * cycle + 0.8)
    velocity = 2.0 * np.pi / period_s * (-0.3 * np.sin(cycle) - 0.08 * np.sin(2.0 * cycle + 0.8))
    return WearerMotion(period_s, angle, velocity)


def load_motion(path: Path) -> WearerMotion:
    """Read a `.npz` or `.json` with `time_s` (T,) and `thigh_angle_rad` (T, 2), left then right.

    The motion is repeated from the last sample to the first. Raises UserError EXO-020.
    """
    try:
        time_s, angle = _arrays(path)
        good = time_s.ndim == 1 and angle.shape == (len(time_s), 2) and len(time_s) >= 3
        steps = np.diff(time_s) if good else np.zeros(1)
        good = good and bool((steps > 0).all())
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise _unusable(path, repr(error)) from error
    if not good:
        raise _unusable(path, "time must increase, with one left and one right angle per time.")
    period_s = float(time_s[-1] - time_s[0] + steps.mean())
    count = max(3, round(period_s * 200.0))
    even = np.arange(count) * period_s / count
    wrapped_s = np.append(time_s - time_s[0], period_s)
    wrapped = np.vstack([angle, angle[:1]])
    samples = np.stack([np.interp(even, wrapped_s, wrapped[:, side]) for side in (0, 1)], axis=1)
    velocity = (np.roll(samples, -1, axis=0) - np.roll(samples, 1, axis=0)) / (2.0 * period_s / count)
    return WearerMotion(period_s, samples, velocity)


def _arrays(path: Path) -> tuple[FloatArray, FloatArray]:
    if path.suffix.lower() == ".json":
        values = json.loads(path.read_text(encoding="utf-8"))
        return np.asarray(values["time_s"], float), np.asarray(values["thigh_angle_rad"], float)
    with np.load(path, allow_pickle=False) as archive:
        return np.asarray(archive["time_s"], float), np.asarray(archive["thigh_angle_rad"], float)


def _unusable(path: Path, why: str) -> Exception:
    return refuse(
        "EXO-020",
        f"The wearer's motion in {path.name} cannot be used.",
        why,
        "Give a .npz or .json file with time_s (T) and thigh_angle_rad (T, 2).",
    )


class Motors:
    """Both motors follow the command with a first-order lag."""

    def __init__(self, tick_s: float) -> None:
        self._share = np.float32(1.0 - np.exp(-tick_s / MOTOR_TIME_CONSTANT_S))
        self.torque_nm: Float32Array = np.zeros(2, np.float32)

    def follow(self, command_nm: Float32Array) -> Float32Array:
        self.torque_nm = (self.torque_nm + self._share * (command_nm - self.torque_nm)).astype(np.float32)
        return self.torque_nm
